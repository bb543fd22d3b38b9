import CPlatform
import KernelInterface

// The inner loop of products of bytes: up to `tileRows` rows of bytes times one panel (depth / 4, 32, 4) -> sums (rows, 32). Sums
// are exact, so tiles may have any shape; they must be named locals. The depth is a multiple of 64.

typealias Sums = SIMD16<Int32>

#if KERNELS_AMX

@inline(__always) var tileRows: Int { 32 }
@inline(__always) func beginTiles() { limbeck_tiles_begin() }
@inline(__always) func endTiles() { limbeck_tiles_end() }

/// Reads whole tiles of 16 rows.
@inline(__always) func tile(
    _ a: UnsafePointer<UInt8>, _ stride: Int, _ rows: Int, _ depth: Int, _ panel: UnsafePointer<Int8>,
    into sums: UnsafeMutablePointer<Sums>
) {
    limbeck_tiles_product(a, stride, depth, panel, rows > 16, UnsafeMutableRawPointer(sums).assumingMemoryBound(to: Int32.self))
}

#else

@inline(__always) func beginTiles() {}
@inline(__always) func endTiles() {}

@inline(__always) private func dot(_ a: Sums, _ columns: Sums, _ sum: Sums) -> Sums { limbeck_dot(sum, a, columns) }

/// The four bytes of a row at a step, for all columns.
@inline(__always) private func all(_ bytes: Int32) -> Sums { limbeck_all_int(bytes) }

/// How many steps of the depth ahead of its use a panel is asked for.
@inline(__always) private var ahead: Int { 64 }

@inline(__always) private func prefetch(_ panel: UnsafePointer<Sums>, _ step: Int) {
    platform_prefetch(panel + 2 * (step + ahead))
}

#if KERNELS_AVX512
// 32 registers of 16 sums.

@inline(__always) var tileRows: Int { 8 }

func tile(
    _ a: UnsafePointer<UInt8>, _ stride: Int, _ rows: Int, _ depth: Int, _ panel: UnsafePointer<Int8>,
    into sums: UnsafeMutablePointer<Sums>
) {
    let a = UnsafeRawPointer(a).assumingMemoryBound(to: Int32.self), stride = stride / 4
    let panel = UnsafeRawPointer(panel).assumingMemoryBound(to: Sums.self)
    if rows > 4 { tall(a, stride, rows, depth / 4, panel, sums) } else { short(a, stride, rows, depth / 4, panel, sums) }
}

/// 5 to 8 rows; those past `rows` repeat the last one.
@inline(__always) private func tall(
    _ a: UnsafePointer<Int32>, _ stride: Int, _ rows: Int, _ steps: Int, _ panel: UnsafePointer<Sums>,
    _ sums: UnsafeMutablePointer<Sums>
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
        var x = all(a0[k]); s00 = dot(x, b0, s00); s01 = dot(x, b1, s01)
        x = all(a1[k]); s10 = dot(x, b0, s10); s11 = dot(x, b1, s11)
        x = all(a2[k]); s20 = dot(x, b0, s20); s21 = dot(x, b1, s21)
        x = all(a3[k]); s30 = dot(x, b0, s30); s31 = dot(x, b1, s31)
        x = all(a4[k]); s40 = dot(x, b0, s40); s41 = dot(x, b1, s41)
        x = all(a5[k]); s50 = dot(x, b0, s50); s51 = dot(x, b1, s51)
        x = all(a6[k]); s60 = dot(x, b0, s60); s61 = dot(x, b1, s61)
        x = all(a7[k]); s70 = dot(x, b0, s70); s71 = dot(x, b1, s71)
    }
    sums[0] = s00; sums[1] = s01; sums[2] = s10; sums[3] = s11; sums[4] = s20; sums[5] = s21; sums[6] = s30; sums[7] = s31
    sums[8] = s40; sums[9] = s41; sums[10] = s50; sums[11] = s51; sums[12] = s60; sums[13] = s61; sums[14] = s70; sums[15] = s71
}

/// 1 to 4 rows.
@inline(__always) private func short(
    _ a: UnsafePointer<Int32>, _ stride: Int, _ rows: Int, _ steps: Int, _ panel: UnsafePointer<Sums>,
    _ sums: UnsafeMutablePointer<Sums>
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
    sums[0] = s00; sums[1] = s01; sums[2] = s10; sums[3] = s11; sums[4] = s20; sums[5] = s21; sums[6] = s30; sums[7] = s31
}

#else
// 16 registers of 8 sums (AVX2): half of a panel at a time keeps 8 of sums and 4 of columns.

@inline(__always) var tileRows: Int { 4 }

func tile(
    _ a: UnsafePointer<UInt8>, _ stride: Int, _ rows: Int, _ depth: Int, _ panel: UnsafePointer<Int8>,
    into sums: UnsafeMutablePointer<Sums>
) {
    let a = UnsafeRawPointer(a).assumingMemoryBound(to: Int32.self), stride = stride / 4, last = rows - 1
    let a0 = a, a1 = a + min(1, last) * stride, a2 = a + min(2, last) * stride, a3 = a + min(3, last) * stride
    for half in 0..<2 {
        let panel = UnsafeRawPointer(panel).assumingMemoryBound(to: Sums.self) + half
        var s0 = Sums(), s1 = Sums(), s2 = Sums(), s3 = Sums()
        for k in 0..<depth / 4 {
            let b = panel[2 * k]
            prefetch(panel, k)
            s0 = dot(all(a0[k]), b, s0)
            s1 = dot(all(a1[k]), b, s1)
            s2 = dot(all(a2[k]), b, s2)
            s3 = dot(all(a3[k]), b, s3)
        }
        sums[half] = s0; sums[2 + half] = s1; sums[4 + half] = s2; sums[6 + half] = s3
    }
}

#endif
#endif
