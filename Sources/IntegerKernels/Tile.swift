import CPlatform
import KernelInterface

// The inner loop of products of bytes. Sums are exact, so tiles may have any shape; they must be named locals.

/// What a finished sum is handed to: its row in the block, its half of the panel (columns 0..<16 or 16..<32), 16 sums.
typealias Finish = (_ row: Int, _ half: Int, _ sums: Sums) -> Void

#if KERNELS_AMX

@inline(__always) func beginProducts() { limbeck_tiles_begin() }
@inline(__always) func endProducts() { limbeck_tiles_end() }

/// (rows, depth) times one panel (depth / 4, 32, 4). Reads up to 15 rows more.
@inline(__always) func multiply(
    _ a: UnsafePointer<UInt8>, stride: Int, rows: Int, depth: Int, panel: UnsafePointer<Int8>, finish: Finish
) {
    withUnsafeTemporaryAllocation(byteCount: 32 * 32 * 4, alignment: 64) { sums in
        let sums = sums.baseAddress!.assumingMemoryBound(to: Int32.self)
        let vectors = UnsafeRawPointer(sums).assumingMemoryBound(to: Sums.self)
        var row = 0
        while row < rows {
            limbeck_tiles_product(a + row * stride, stride, depth, panel, rows - row > 16, sums)
            for index in 0..<min(32, rows - row) {
                finish(row + index, 0, vectors[2 * index])
                finish(row + index, 1, vectors[2 * index + 1])
            }
            row += 32
        }
    }
}

#else

@inline(__always) func beginProducts() {}
@inline(__always) func endProducts() {}

/// (rows, depth) times one panel (depth / 4, 32, 4).
@inline(__always) func multiply(
    _ a: UnsafePointer<UInt8>, stride: Int, rows: Int, depth: Int, panel: UnsafePointer<Int8>, finish: Finish
) {
    // Four bytes at a time, as the dot products take them.
    let a = UnsafeRawPointer(a).assumingMemoryBound(to: Int32.self)
    let panel = UnsafeRawPointer(panel).assumingMemoryBound(to: Sums.self)
    let (stride, steps) = (stride / 4, depth / 4)
    var row = 0
    #if KERNELS_AVX512
    while rows - row > 4 {
        tall(a + row * stride, stride, min(rows - row, 8), steps, panel) { finish(row + $0, $1, $2) }
        row += 8
    }
    if row < rows { short(a + row * stride, stride, rows - row, steps, panel) { finish(row + $0, $1, $2) } }
    #else
    while row < rows {
        for half in 0..<2 {
            short(a + row * stride, stride, min(rows - row, 4), steps, panel + half) { finish(row + $0, half, $1) }
        }
        row += 4
    }
    #endif
}

@inline(__always) private func dot(_ a: Sums, _ columns: Sums, _ sum: Sums) -> Sums { limbeck_dot(sum, a, columns) }

/// The four bytes of a row at a step, for all columns.
@inline(__always) private func all(_ bytes: Int32) -> Sums { limbeck_all_int(bytes) }

/// How many steps of the depth ahead of its use a panel is asked for.
@inline(__always) private var ahead: Int { 64 }

@inline(__always) private func prefetch(_ panel: UnsafePointer<Sums>, _ step: Int) {
    platform_prefetch(panel + 2 * (step + ahead))
}

#if KERNELS_AVX512

/// Up to 8 rows; rows past `rows` repeat the last one, and their sums are dropped.
@inline(__always) private func tall(
    _ a: UnsafePointer<Int32>, _ stride: Int, _ rows: Int, _ steps: Int, _ panel: UnsafePointer<Sums>, finish: Finish
) {
    let last = rows - 1
    let a0 = a, a1 = a + min(1, last) * stride, a2 = a + min(2, last) * stride, a3 = a + min(3, last) * stride
    let a4 = a + min(4, last) * stride, a5 = a + min(5, last) * stride
    let a6 = a + min(6, last) * stride, a7 = a + min(7, last) * stride
    var s00 = Sums(), s01 = Sums(), s10 = Sums(), s11 = Sums(), s20 = Sums(), s21 = Sums()
    var s30 = Sums(), s31 = Sums(), s40 = Sums(), s41 = Sums(), s50 = Sums(), s51 = Sums()
    var s60 = Sums(), s61 = Sums(), s70 = Sums(), s71 = Sums()
    for k in 0..<steps {
        let b0 = panel[2 * k], b1 = panel[2 * k + 1]
        prefetch(panel, k)
        prefetch(panel + 1, k)
        var x = all(a0[k]); s00 = dot(x, b0, s00); s01 = dot(x, b1, s01)
        x = all(a1[k]); s10 = dot(x, b0, s10); s11 = dot(x, b1, s11)
        x = all(a2[k]); s20 = dot(x, b0, s20); s21 = dot(x, b1, s21)
        x = all(a3[k]); s30 = dot(x, b0, s30); s31 = dot(x, b1, s31)
        x = all(a4[k]); s40 = dot(x, b0, s40); s41 = dot(x, b1, s41)
        x = all(a5[k]); s50 = dot(x, b0, s50); s51 = dot(x, b1, s51)
        x = all(a6[k]); s60 = dot(x, b0, s60); s61 = dot(x, b1, s61)
        x = all(a7[k]); s70 = dot(x, b0, s70); s71 = dot(x, b1, s71)
    }
    finish(0, 0, s00); finish(0, 1, s01)
    if rows > 1 { finish(1, 0, s10); finish(1, 1, s11) }
    if rows > 2 { finish(2, 0, s20); finish(2, 1, s21) }
    if rows > 3 { finish(3, 0, s30); finish(3, 1, s31) }
    if rows > 4 { finish(4, 0, s40); finish(4, 1, s41) }
    if rows > 5 { finish(5, 0, s50); finish(5, 1, s51) }
    if rows > 6 { finish(6, 0, s60); finish(6, 1, s61) }
    if rows > 7 { finish(7, 0, s70); finish(7, 1, s71) }
}

/// Up to 4 rows.
@inline(__always) private func short(
    _ a: UnsafePointer<Int32>, _ stride: Int, _ rows: Int, _ steps: Int, _ panel: UnsafePointer<Sums>, finish: Finish
) {
    let last = rows - 1
    let a0 = a, a1 = a + min(1, last) * stride, a2 = a + min(2, last) * stride, a3 = a + min(3, last) * stride
    var s00 = Sums(), s01 = Sums(), s10 = Sums(), s11 = Sums(), s20 = Sums(), s21 = Sums(), s30 = Sums(), s31 = Sums()
    for k in 0..<steps {
        let b0 = panel[2 * k], b1 = panel[2 * k + 1]
        prefetch(panel, k)
        prefetch(panel + 1, k)
        var x = all(a0[k]); s00 = dot(x, b0, s00); s01 = dot(x, b1, s01)
        x = all(a1[k]); s10 = dot(x, b0, s10); s11 = dot(x, b1, s11)
        x = all(a2[k]); s20 = dot(x, b0, s20); s21 = dot(x, b1, s21)
        x = all(a3[k]); s30 = dot(x, b0, s30); s31 = dot(x, b1, s31)
    }
    finish(0, 0, s00); finish(0, 1, s01)
    if rows > 1 { finish(1, 0, s10); finish(1, 1, s11) }
    if rows > 2 { finish(2, 0, s20); finish(2, 1, s21) }
    if rows > 3 { finish(3, 0, s30); finish(3, 1, s31) }
}

#else

/// Up to 4 rows of one half of a panel: 8 registers of 8 sums, and 4 of columns.
@inline(__always) private func short(
    _ a: UnsafePointer<Int32>, _ stride: Int, _ rows: Int, _ steps: Int, _ panel: UnsafePointer<Sums>,
    finish: (Int, Sums) -> Void
) {
    let last = rows - 1
    let a0 = a, a1 = a + min(1, last) * stride, a2 = a + min(2, last) * stride, a3 = a + min(3, last) * stride
    var s0 = Sums(), s1 = Sums(), s2 = Sums(), s3 = Sums()
    for k in 0..<steps {
        let b = panel[2 * k]
        prefetch(panel, k)
        s0 = dot(all(a0[k]), b, s0)
        s1 = dot(all(a1[k]), b, s1)
        s2 = dot(all(a2[k]), b, s2)
        s3 = dot(all(a3[k]), b, s3)
    }
    finish(0, s0)
    if rows > 1 { finish(1, s1) }
    if rows > 2 { finish(2, s2) }
    if rows > 3 { finish(3, s3) }
}

#endif
#endif
