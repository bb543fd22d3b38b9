import CPlatform
import KernelInterface

// The int8 GEMM microkernel: up to `tileRows` rows of unsigned bytes times one panel (depth / 4, 32, 4) -> sums (rows, 32), whose
// rows are `sumStride` vectors apart. The depth is a multiple of `depthStep`. Sums are exact, so tiles may have any shape. The
// accumulators must be named locals. `smallTile` requires every byte of a row to be at most 127, which is faster on CPUs without an
// instruction for unsigned times signed bytes with 32-bit sums.

typealias Sums = SIMD16<Int32>

#if KERNELS_AMX

@inline(__always) var tileRows: Int { 32 }
var blockRows: Int { 32 }
var depthStep: Int { 64 }
@inline(__always) func beginTiles() { limbeck_tiles_begin() }
@inline(__always) func endTiles() { limbeck_tiles_end() }

/// Reads whole tiles of 16 rows. The vector units, otherwise idle, run the epilogue of the previous tile meanwhile.
@inline(__always) func tile(
    _ a: UnsafePointer<UInt8>, _ stride: Int, _ rows: Int, _ depth: Int, _ panel: UnsafePointer<Int8>,
    into sums: UnsafeMutablePointer<Sums>, _ sumStride: Int, beside epilogue: inout TileEpilogue, of job: IntegerProduct,
    _ activate: Kernels.ActivateRows
) {
    let isTall = rows > 16, pace = (tileRows * depthStep + depth - 1) / depth
    limbeck_tiles_clear()
    var k = 0
    while k < depth {
        // The hardware prefetcher does not recognise that two tiles with a gap in every row are one stream.
        limbeck_tiles_prefetch(panel + k * panelColumns + 1024)
        limbeck_tiles_step(a + k, stride, panel + k * panelColumns, isTall)
        epilogue.run(pace, of: job, activate)
        k += depthStep
    }
    limbeck_tiles_store(sums, sumStride * 64, isTall)
}

@inline(__always) func smallTile(
    _ a: UnsafePointer<UInt8>, _ stride: Int, _ rows: Int, _ depth: Int, _ panel: UnsafePointer<Int8>,
    into sums: UnsafeMutablePointer<Sums>, _ sumStride: Int
) {
    let isTall = rows > 16
    limbeck_tiles_clear()
    var k = 0
    while k < depth {
        limbeck_tiles_step(a + k, stride, panel + k * panelColumns, isTall)
        k += depthStep
    }
    limbeck_tiles_store(sums, sumStride * 64, isTall)
}

#else

var blockRows: Int { 48 }
var depthStep: Int { 4 }
@inline(__always) func beginTiles() {}
@inline(__always) func endTiles() {}

private protocol Dots {
    static func dot(_ a: Sums, _ columns: Sums, _ sum: Sums) -> Sums
    /// Accumulates the correction that `dot` omits; it is the same for all rows, and `complete` adds it at the end.
    static func omitted(_ half: Sums, _ columns: Sums) -> Sums
    static func complete(_ sum: Sums, _ half: Sums) -> Sums
}

private enum Bytes: Dots {
    @inline(__always) static func dot(_ a: Sums, _ columns: Sums, _ sum: Sums) -> Sums { limbeck_dot(sum, a, columns) }
    @inline(__always) static func omitted(_ half: Sums, _ columns: Sums) -> Sums { limbeck_omitted(half, columns) }
    @inline(__always) static func complete(_ sum: Sums, _ half: Sums) -> Sums { limbeck_complete(sum, half) }
}

#if KERNELS_SMALL_BYTES
private enum SmallBytes: Dots {
    @inline(__always) static func dot(_ a: Sums, _ columns: Sums, _ sum: Sums) -> Sums { limbeck_small_dot(sum, a, columns) }
    @inline(__always) static func omitted(_ half: Sums, _ columns: Sums) -> Sums { half }
    @inline(__always) static func complete(_ sum: Sums, _ half: Sums) -> Sums { sum }
}
#else
private typealias SmallBytes = Bytes
#endif

/// No units are idle during a tile, so the epilogue does not overlap with it.
func tile(
    _ a: UnsafePointer<UInt8>, _ stride: Int, _ rows: Int, _ depth: Int, _ panel: UnsafePointer<Int8>,
    into sums: UnsafeMutablePointer<Sums>, _ sumStride: Int, beside epilogue: inout TileEpilogue, of job: IntegerProduct,
    _ activate: Kernels.ActivateRows
) {
    tile(a, stride, rows, depth, panel, sums, sumStride, Bytes.self)
}

func smallTile(
    _ a: UnsafePointer<UInt8>, _ stride: Int, _ rows: Int, _ depth: Int, _ panel: UnsafePointer<Int8>,
    into sums: UnsafeMutablePointer<Sums>, _ sumStride: Int
) {
    tile(a, stride, rows, depth, panel, sums, sumStride, SmallBytes.self)
}

/// Broadcasts the four bytes of a row at one step of the K loop to all columns.
@inline(__always) private func all(_ bytes: Int32) -> Sums { limbeck_all_int(bytes) }

/// Prefetch distance within a panel, in steps of the K loop.
@inline(__always) private var ahead: Int { 64 }

@inline(__always) private func prefetch(_ panel: UnsafePointer<Sums>, _ step: Int) {
    platform_prefetch(panel + 2 * (step + ahead))
}

#if KERNELS_AVX512
// 32 registers of 16 sums.

@inline(__always) var tileRows: Int { 8 }

private func tile<D: Dots>(
    _ a: UnsafePointer<UInt8>, _ stride: Int, _ rows: Int, _ depth: Int, _ panel: UnsafePointer<Int8>,
    _ sums: UnsafeMutablePointer<Sums>, _ sumStride: Int, _ dots: D.Type
) {
    let a = UnsafeRawPointer(a).assumingMemoryBound(to: Int32.self), stride = stride / 4
    let panel = UnsafeRawPointer(panel).assumingMemoryBound(to: Sums.self)
    if rows > 4 {
        tall(a, stride, rows, depth / 4, panel, sums, sumStride, dots)
    } else {
        short(a, stride, rows, depth / 4, panel, sums, sumStride, dots)
    }
}

/// 5 to 8 rows; rows past `rows` repeat the last one.
@inline(__always) private func tall<D: Dots>(
    _ a: UnsafePointer<Int32>, _ stride: Int, _ rows: Int, _ steps: Int, _ panel: UnsafePointer<Sums>,
    _ sums: UnsafeMutablePointer<Sums>, _ sumStride: Int, _ dots: D.Type
) {
    let last = rows - 1
    let a0 = a, a1 = a + stride, a2 = a + 2 * stride, a3 = a + 3 * stride, a4 = a + 4 * stride
    let a5 = a + min(5, last) * stride, a6 = a + min(6, last) * stride, a7 = a + min(7, last) * stride
    var s00 = Sums(), s01 = Sums(), s10 = Sums(), s11 = Sums(), s20 = Sums(), s21 = Sums()
    var s30 = Sums(), s31 = Sums(), s40 = Sums(), s41 = Sums(), s50 = Sums(), s51 = Sums()
    var s60 = Sums(), s61 = Sums(), s70 = Sums(), s71 = Sums()
    for k in 0..<steps {
        let b0 = panel[2 * k], b1 = panel[2 * k + 1]
        prefetch(panel, k)
        prefetch(panel + 1, k)
        var x = all(a0[k]); s00 = D.dot(x, b0, s00); s01 = D.dot(x, b1, s01)
        x = all(a1[k]); s10 = D.dot(x, b0, s10); s11 = D.dot(x, b1, s11)
        x = all(a2[k]); s20 = D.dot(x, b0, s20); s21 = D.dot(x, b1, s21)
        x = all(a3[k]); s30 = D.dot(x, b0, s30); s31 = D.dot(x, b1, s31)
        x = all(a4[k]); s40 = D.dot(x, b0, s40); s41 = D.dot(x, b1, s41)
        x = all(a5[k]); s50 = D.dot(x, b0, s50); s51 = D.dot(x, b1, s51)
        x = all(a6[k]); s60 = D.dot(x, b0, s60); s61 = D.dot(x, b1, s61)
        x = all(a7[k]); s70 = D.dot(x, b0, s70); s71 = D.dot(x, b1, s71)
    }
    func put(_ row: Int, _ left: Sums, _ right: Sums) { (sums[row * sumStride], sums[row * sumStride + 1]) = (left, right) }
    put(0, s00, s01); put(1, s10, s11); put(2, s20, s21); put(3, s30, s31); put(4, s40, s41)
    if rows > 5 { put(5, s50, s51) }
    if rows > 6 { put(6, s60, s61) }
    if rows > 7 { put(7, s70, s71) }
}

/// 1 to 4 rows.
@inline(__always) private func short<D: Dots>(
    _ a: UnsafePointer<Int32>, _ stride: Int, _ rows: Int, _ steps: Int, _ panel: UnsafePointer<Sums>,
    _ sums: UnsafeMutablePointer<Sums>, _ sumStride: Int, _ dots: D.Type
) {
    let last = rows - 1
    let a0 = a, a1 = a + min(1, last) * stride, a2 = a + min(2, last) * stride, a3 = a + min(3, last) * stride
    var s00 = Sums(), s01 = Sums(), s10 = Sums(), s11 = Sums(), s20 = Sums(), s21 = Sums(), s30 = Sums(), s31 = Sums()
    for k in 0..<steps {
        let b0 = panel[2 * k], b1 = panel[2 * k + 1]
        prefetch(panel, k)
        prefetch(panel + 1, k)
        var x = all(a0[k]); s00 = D.dot(x, b0, s00); s01 = D.dot(x, b1, s01)
        x = all(a1[k]); s10 = D.dot(x, b0, s10); s11 = D.dot(x, b1, s11)
        x = all(a2[k]); s20 = D.dot(x, b0, s20); s21 = D.dot(x, b1, s21)
        x = all(a3[k]); s30 = D.dot(x, b0, s30); s31 = D.dot(x, b1, s31)
    }
    func put(_ row: Int, _ left: Sums, _ right: Sums) { (sums[row * sumStride], sums[row * sumStride + 1]) = (left, right) }
    put(0, s00, s01)
    if rows > 1 { put(1, s10, s11) }
    if rows > 2 { put(2, s20, s21) }
    if rows > 3 { put(3, s30, s31) }
}

#else
// 16 registers of 8 sums (AVX2): half a panel at a time uses 8 registers for sums and 4 for columns. On arm64, of 32 registers of 4
// sums, 16 are for sums, 4 for columns and 4 for the omitted correction.

@inline(__always) var tileRows: Int { 4 }

private func tile<D: Dots>(
    _ a: UnsafePointer<UInt8>, _ stride: Int, _ rows: Int, _ depth: Int, _ panel: UnsafePointer<Int8>,
    _ sums: UnsafeMutablePointer<Sums>, _ sumStride: Int, _ dots: D.Type
) {
    let a = UnsafeRawPointer(a).assumingMemoryBound(to: Int32.self), stride = stride / 4, last = rows - 1
    let a0 = a, a1 = a + min(1, last) * stride, a2 = a + min(2, last) * stride, a3 = a + min(3, last) * stride
    for side in 0..<2 {
        let panel = UnsafeRawPointer(panel).assumingMemoryBound(to: Sums.self) + side
        var s0 = Sums(), s1 = Sums(), s2 = Sums(), s3 = Sums(), omitted = Sums()
        for k in 0..<depth / 4 {
            let b = panel[2 * k]
            prefetch(panel, k)
            omitted = D.omitted(omitted, b)
            s0 = D.dot(all(a0[k]), b, s0)
            s1 = D.dot(all(a1[k]), b, s1)
            s2 = D.dot(all(a2[k]), b, s2)
            s3 = D.dot(all(a3[k]), b, s3)
        }
        sums[side] = D.complete(s0, omitted)
        if rows > 1 { sums[sumStride + side] = D.complete(s1, omitted) }
        if rows > 2 { sums[2 * sumStride + side] = D.complete(s2, omitted) }
        if rows > 3 { sums[3 * sumStride + side] = D.complete(s3, omitted) }
    }
}

#endif
#endif
