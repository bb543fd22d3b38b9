import CPlatform
import KernelInterface

// Training multiplies matrices that change at every step, by themselves and by their transposes; so they are packed at every step.

private typealias Four = SIMD4<Float>

/// Panels (m.rows, 32) of 32 columns each; panel p is at out + p * m.rows * 32.
func packRows(_ pointer: UnsafePointer<MatrixView>, panels: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    let m = pointer.pointee
    for panel in panels {
        let first = panel * panelColumns, target = out + first * m.rows
        let left = min(16, m.columns - first), right = min(16, m.columns - first - 16)
        for row in 0..<m.rows {
            let source = m.x + row * m.stride + first
            store(load(source, first: left), target + row * panelColumns)
            store(right > 0 ? load(source + 16, first: right) : Vector(), target + row * panelColumns + 16)
        }
    }
}

/// Panels (m.columns, 32) of 32 rows each; panel p is at out + p * m.columns * 32.
func packTransposed(_ pointer: UnsafePointer<MatrixView>, panels: Range<Int>, into out: UnsafeMutablePointer<Float>) {
    let m = pointer.pointee
    for panel in panels {
        let first = panel * panelColumns, target = out + first * m.columns
        let rows = min(panelColumns, m.rows - first)
        if rows < panelColumns {
            for i in 0..<2 * m.columns { store(Vector(), target + i * 16) }
        }
        var column = 0
        while column < m.columns {
            transpose(
                m.x + first * m.stride + column, m.stride, rows: rows, columns: min(16, m.columns - column),
                into: target + column * panelColumns, panelColumns)
            column += 16
        }
    }
}

/// Rows `columns` of m^T (m.columns, m.rows).
func transpose(
    _ pointer: UnsafePointer<MatrixView>, columns: Range<Int>, into out: UnsafeMutablePointer<Float>, stride: Int
) {
    let m = pointer.pointee
    var row = 0
    while row < m.rows {
        let rows = min(panelColumns, m.rows - row)
        var column = columns.lowerBound
        while column < columns.upperBound {
            transpose(
                m.x + row * m.stride + column, m.stride, rows: rows, columns: min(16, columns.upperBound - column),
                into: out + column * stride + row, stride)
            column += 16
        }
        row += panelColumns
    }
}

/// x (rows, columns) to out (columns, rows), at most 16 columns. Four rows at a time, whole cache lines of each, so that rows whose
/// distance is a multiple of 4096 bytes do not evict each other; the lines of `out` stay in the cache until they are full. The CPU does not
/// see that many rows coming by itself: with the prefetches, matrices beyond the caches take half the time.
@inline(never) private func transpose(
    _ x: UnsafePointer<Float>, _ stride: Int, rows: Int, columns: Int, into out: UnsafeMutablePointer<Float>, _ outStride: Int
) {
    var row = 0
    while row < rows {
        let source = x + row * stride, target = out + row
        for i in 0..<min(4, rows - row) { platform_prefetch(source + i * stride + 64) }
        var column = 0
        if rows - row >= 4 {
            while columns - column >= 4 {
                transpose(source + column, stride, into: target + column * outStride, outStride)
                column += 4
            }
        }
        for column in column..<columns {
            for i in 0..<min(4, rows - row) { target[column * outStride + i] = source[i * stride + column] }
        }
        row += 4
    }
}

/// 4 x 4: two rounds of interleaving, which every instruction set has for 4 lanes.
@inline(__always) private func transpose(
    _ x: UnsafePointer<Float>, _ stride: Int, into out: UnsafeMutablePointer<Float>, _ outStride: Int
) {
    let a = load4(x), b = load4(x + stride), c = load4(x + 2 * stride), d = load4(x + 3 * stride)
    let ac = lower(a, c), bd = lower(b, d), ac2 = upper(a, c), bd2 = upper(b, d)
    store4(lower(ac, bd), out)
    store4(upper(ac, bd), out + outStride)
    store4(lower(ac2, bd2), out + 2 * outStride)
    store4(upper(ac2, bd2), out + 3 * outStride)
}

@inline(__always) private func lower(_ a: Four, _ b: Four) -> Four { Four(a[0], b[0], a[1], b[1]) }
@inline(__always) private func upper(_ a: Four, _ b: Four) -> Four { Four(a[2], b[2], a[3], b[3]) }
@inline(__always) private func load4(_ x: UnsafePointer<Float>) -> Four { UnsafeRawPointer(x).loadUnaligned(as: Four.self) }
@inline(__always) private func store4(_ x: Four, _ out: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(out).storeBytes(of: x, as: Four.self)
}
