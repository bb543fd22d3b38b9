import CPlatform
import KernelInterface

// The float GEMM microkernel. A tile keeps its accumulators in registers during the K loop, which runs in order, so each
// output element is one chain of FMAs, whatever the shape of the tile. The accumulators must be named locals: an array of
// them would spill to the stack.

/// Takes 16 finished sums: of one row of the block, and one half of the panel (columns 0..<16 or 16..<32). A type rather than a
/// closure: a closure of this size is called for every vector, split across four registers, which took a twentieth of the time.
protocol Epilogue {
    /// Prefetches the outputs of a tile before it is computed.
    func prepare(_ rows: Range<Int>)
    func callAsFunction(_ row: Int, _ half: Int, _ sums: Vector)
}

extension Epilogue {
    @inline(__always) func prepare(_ rows: Range<Int>) {}
}

/// (rows, depth) times one panel (depth, 32). `upcoming` is the memory read after it, to be prefetched; by default the next panel.
@inline(__always) func multiply(
    _ a: UnsafePointer<Float>, stride: Int, rows: Int, depth: Int, panel: UnsafePointer<Float>,
    upcoming: UnsafeRawBufferPointer? = nil, epilogue: some Epilogue
) {
    #if KERNELS_AVX512
    let steps = (rows + 7) / 8 * depth
    #else
    let steps = (rows + tileRows - 1) / tileRows * 2 * depth
    #endif
    let size = depth * panelColumns
    var prefetch = Prefetch(upcoming ?? UnsafeRawBufferPointer(start: panel + size, count: size * 4), steps: steps)
    let panel = UnsafeRawPointer(panel).assumingMemoryBound(to: Vector.self)
    var row = 0
    #if KERNELS_AVX512
    while rows - row > 4 {
        epilogue.prepare(row..<min(row + 8, rows))
        tall(a + row * stride, stride, row, min(rows - row, 8), depth, panel, &prefetch, epilogue)
        row += 8
    }
    if row < rows {
        epilogue.prepare(row..<rows)
        short(a + row * stride, stride, row, rows - row, depth, panel, &prefetch, epilogue)
    }
    #else
    while row < rows {
        let count = min(rows - row, tileRows)
        epilogue.prepare(row..<row + count)
        for half in 0..<2 {
            if count > 3 {
                tall(a + row * stride, stride, row, count, half, depth, panel + half, &prefetch, epilogue)
            } else {
                short(a + row * stride, stride, row, count, half, depth, panel + half, &prefetch, epilogue)
            }
        }
        row += count
    }
    #endif
}

/// Prefetches memory before its use, a part at every step of the K loops of a panel. If there is only one tile, a part is up to two
/// cache lines; a branch would cost more than prefetching a line twice.
private struct Prefetch {
    private var place: UnsafeRawPointer
    private let part: Int

    @inline(__always) init(_ upcoming: UnsafeRawBufferPointer, steps: Int) {
        place = upcoming.baseAddress!
        part = (upcoming.count + steps - 1) / steps
    }

    @inline(__always) mutating func step() {
        platform_prefetch(place)
        platform_prefetch(place + 64)
        place += part
    }
}

#if KERNELS_AVX512
// 32 registers of 16 lanes: an 8 x 32 tile uses 16 for sums, 2 for columns and one for a broadcast.

/// Up to 8 rows; rows past `rows` repeat the last one, and their sums are dropped.
@inline(__always) private func tall(
    _ a: UnsafePointer<Float>, _ stride: Int, _ row: Int, _ rows: Int, _ depth: Int, _ panel: UnsafePointer<Vector>,
    _ prefetch: inout Prefetch, _ epilogue: some Epilogue
) {
    let last = rows - 1
    let a0 = a, a1 = a + min(1, last) * stride, a2 = a + min(2, last) * stride, a3 = a + min(3, last) * stride
    let a4 = a + min(4, last) * stride, a5 = a + min(5, last) * stride
    let a6 = a + min(6, last) * stride, a7 = a + min(7, last) * stride
    var s00 = Vector(), s01 = Vector(), s10 = Vector(), s11 = Vector(), s20 = Vector(), s21 = Vector()
    var s30 = Vector(), s31 = Vector(), s40 = Vector(), s41 = Vector(), s50 = Vector(), s51 = Vector()
    var s60 = Vector(), s61 = Vector(), s70 = Vector(), s71 = Vector()
    for k in 0..<depth {
        let b0 = panel[2 * k], b1 = panel[2 * k + 1]
        prefetch.step()
        var x = all(a0[k]); s00 = fma(x, b0, s00); s01 = fma(x, b1, s01)
        x = all(a1[k]); s10 = fma(x, b0, s10); s11 = fma(x, b1, s11)
        x = all(a2[k]); s20 = fma(x, b0, s20); s21 = fma(x, b1, s21)
        x = all(a3[k]); s30 = fma(x, b0, s30); s31 = fma(x, b1, s31)
        x = all(a4[k]); s40 = fma(x, b0, s40); s41 = fma(x, b1, s41)
        x = all(a5[k]); s50 = fma(x, b0, s50); s51 = fma(x, b1, s51)
        x = all(a6[k]); s60 = fma(x, b0, s60); s61 = fma(x, b1, s61)
        x = all(a7[k]); s70 = fma(x, b0, s70); s71 = fma(x, b1, s71)
    }
    epilogue(row, 0, s00); epilogue(row, 1, s01)
    if rows > 1 { epilogue(row + 1, 0, s10); epilogue(row + 1, 1, s11) }
    if rows > 2 { epilogue(row + 2, 0, s20); epilogue(row + 2, 1, s21) }
    if rows > 3 { epilogue(row + 3, 0, s30); epilogue(row + 3, 1, s31) }
    if rows > 4 { epilogue(row + 4, 0, s40); epilogue(row + 4, 1, s41) }
    if rows > 5 { epilogue(row + 5, 0, s50); epilogue(row + 5, 1, s51) }
    if rows > 6 { epilogue(row + 6, 0, s60); epilogue(row + 6, 1, s61) }
    if rows > 7 { epilogue(row + 7, 0, s70); epilogue(row + 7, 1, s71) }
}

/// Up to 4 rows.
@inline(__always) private func short(
    _ a: UnsafePointer<Float>, _ stride: Int, _ row: Int, _ rows: Int, _ depth: Int, _ panel: UnsafePointer<Vector>,
    _ prefetch: inout Prefetch, _ epilogue: some Epilogue
) {
    let last = rows - 1
    let a0 = a, a1 = a + min(1, last) * stride, a2 = a + min(2, last) * stride, a3 = a + min(3, last) * stride
    var s00 = Vector(), s01 = Vector(), s10 = Vector(), s11 = Vector()
    var s20 = Vector(), s21 = Vector(), s30 = Vector(), s31 = Vector()
    for k in 0..<depth {
        let b0 = panel[2 * k], b1 = panel[2 * k + 1]
        prefetch.step()
        var x = all(a0[k]); s00 = fma(x, b0, s00); s01 = fma(x, b1, s01)
        x = all(a1[k]); s10 = fma(x, b0, s10); s11 = fma(x, b1, s11)
        x = all(a2[k]); s20 = fma(x, b0, s20); s21 = fma(x, b1, s21)
        x = all(a3[k]); s30 = fma(x, b0, s30); s31 = fma(x, b1, s31)
    }
    epilogue(row, 0, s00); epilogue(row, 1, s01)
    if rows > 1 { epilogue(row + 1, 0, s10); epilogue(row + 1, 1, s11) }
    if rows > 2 { epilogue(row + 2, 0, s20); epilogue(row + 2, 1, s21) }
    if rows > 3 { epilogue(row + 3, 0, s30); epilogue(row + 3, 1, s31) }
}
#else
// 16 registers of 8 lanes (AVX2): a 6 x 16 tile uses 12 for sums, 2 for columns and one for a broadcast. On arm64 (32 registers of
// 4 lanes) the same tile uses 24 for sums.

/// Where FMA is emulated, tall tiles gain nothing.
#if KERNELS_PORTABLE && !arch(arm64)
@inline(__always) private var tileRows: Int { 3 }
#else
@inline(__always) private var tileRows: Int { 6 }
#endif

/// Up to 6 rows of one half of a panel.
@inline(__always) private func tall(
    _ a: UnsafePointer<Float>, _ stride: Int, _ row: Int, _ rows: Int, _ half: Int, _ depth: Int, _ panel: UnsafePointer<Vector>,
    _ prefetch: inout Prefetch, _ epilogue: some Epilogue
) {
    let last = rows - 1
    let a0 = a, a1 = a + min(1, last) * stride, a2 = a + min(2, last) * stride, a3 = a + min(3, last) * stride
    let a4 = a + min(4, last) * stride, a5 = a + min(5, last) * stride
    var s0 = Vector(), s1 = Vector(), s2 = Vector(), s3 = Vector(), s4 = Vector(), s5 = Vector()
    for k in 0..<depth {
        let b = panel[2 * k]
        prefetch.step()
        s0 = fma(all(a0[k]), b, s0)
        s1 = fma(all(a1[k]), b, s1)
        s2 = fma(all(a2[k]), b, s2)
        s3 = fma(all(a3[k]), b, s3)
        s4 = fma(all(a4[k]), b, s4)
        s5 = fma(all(a5[k]), b, s5)
    }
    epilogue(row, half, s0)
    if rows > 1 { epilogue(row + 1, half, s1) }
    if rows > 2 { epilogue(row + 2, half, s2) }
    if rows > 3 { epilogue(row + 3, half, s3) }
    if rows > 4 { epilogue(row + 4, half, s4) }
    if rows > 5 { epilogue(row + 5, half, s5) }
}

/// Up to 3 rows of one half of a panel.
@inline(__always) private func short(
    _ a: UnsafePointer<Float>, _ stride: Int, _ row: Int, _ rows: Int, _ half: Int, _ depth: Int, _ panel: UnsafePointer<Vector>,
    _ prefetch: inout Prefetch, _ epilogue: some Epilogue
) {
    let last = rows - 1
    let a0 = a, a1 = a + min(1, last) * stride, a2 = a + min(2, last) * stride
    var s0 = Vector(), s1 = Vector(), s2 = Vector()
    for k in 0..<depth {
        let b = panel[2 * k]
        prefetch.step()
        s0 = fma(all(a0[k]), b, s0)
        s1 = fma(all(a1[k]), b, s1)
        s2 = fma(all(a2[k]), b, s2)
    }
    epilogue(row, half, s0)
    if rows > 1 { epilogue(row + 1, half, s1) }
    if rows > 2 { epilogue(row + 2, half, s2) }
}
#endif
