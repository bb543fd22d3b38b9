import CPlatform
import KernelInterface

/// All float arithmetic is defined on 16 lanes with fused multiply-add (FMA), whatever the width of the registers. Therefore all
/// instruction sets give the same bits.
typealias Vector = SIMD16<Float>
typealias Bits = SIMD16<UInt32>

/// 1.5 * 2^23: added to a number below 2^22, it leaves the nearest integer in the low bits.
@inline(__always) var rounder: Float { 12_582_912 }

@inline(__always) func load(_ pointer: UnsafePointer<Float>) -> Vector {
    UnsafeRawPointer(pointer).loadUnaligned(as: Vector.self)
}

@inline(__always) func store(_ vector: Vector, _ pointer: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: vector, as: Vector.self)
}

/// Loads the first `count` lanes and sets the others to zero; reads nothing past them.
@inline(__always) func load(_ pointer: UnsafePointer<Float>, first count: Int) -> Vector {
    count >= 16 ? load(pointer) : part(pointer, count)
}

// Not inlined on the baseline CPU, where the conversion takes many instructions.
#if KERNELS_PORTABLE
@inline(never)
#else
@inline(__always)
#endif
func load(_ pointer: UnsafePointer<UInt16>, first count: Int) -> Vector {
    count >= 16 ? load(pointer) : part(pointer, count)
}

#if KERNELS_PORTABLE
@inline(never)
#else
@inline(__always)
#endif
func load(_ pointer: UnsafePointer<Int8>, first count: Int) -> Vector {
    count >= 16 ? load(pointer) : part(pointer, count)
}

// Not inlined: the end of a row is rare, and code that goes lane by lane is long.

@inline(never) private func part(_ pointer: UnsafePointer<Float>, _ count: Int) -> Vector {
    var vector = Vector()
    for lane in 0..<count { vector[lane] = pointer[lane] }
    return vector
}

@inline(never) private func part(_ pointer: UnsafePointer<UInt16>, _ count: Int) -> Vector {
    var halves = SIMD16<UInt16>()
    for lane in 0..<count { halves[lane] = pointer[lane] }
    return limbeck_floats_of_halves(halves)
}

@inline(never) private func part(_ pointer: UnsafePointer<Int8>, _ count: Int) -> Vector {
    var vector = Vector()
    for lane in 0..<count { vector[lane] = Float(pointer[lane]) }
    return vector
}

@inline(__always) func store(_ vector: Vector, _ pointer: UnsafeMutablePointer<Float>, first count: Int) {
    if count >= 16 { store(vector, pointer) } else { storePart(vector, pointer, count) }
}

@inline(never) private func storePart(_ vector: Vector, _ pointer: UnsafeMutablePointer<Float>, _ count: Int) {
    for lane in 0..<count { pointer[lane] = vector[lane] }
}

/// Loads 16 numbers of IEEE binary16.
@inline(__always) func load(_ pointer: UnsafePointer<UInt16>) -> Vector {
    limbeck_floats_of_halves(UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<UInt16>.self))
}

/// Loads 16 signed bytes.
@inline(__always) func load(_ pointer: UnsafePointer<Int8>) -> Vector {
    limbeck_floats_of_bytes(UnsafeRawPointer(pointer).loadUnaligned(as: SIMD16<Int8>.self))
}

@inline(__always) func bits(_ vector: Vector) -> Bits { unsafeBitCast(vector, to: Bits.self) }
@inline(__always) func floats(_ bits: Bits) -> Vector { unsafeBitCast(bits, to: Vector.self) }

@inline(__always) var lanes: Bits { Bits(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) }

/// Keeps the lanes below `count`, and replaces the others.
@inline(__always) func keep(_ vector: Vector, first count: Int, else other: Float) -> Vector {
    vector.replacing(with: Vector(repeating: other), where: lanes .>= Bits(repeating: UInt32(truncatingIfNeeded: count)))
}

/// Keeps the lanes of a range, and replaces the others; the range may extend past the lanes.
@inline(__always) func keep(_ vector: Vector, _ range: Range<Int>, else other: Float) -> Vector {
    let low = UInt32(truncatingIfNeeded: max(0, range.lowerBound)), high = UInt32(truncatingIfNeeded: range.upperBound)
    return vector.replacing(
        with: Vector(repeating: other), where: (lanes .< Bits(repeating: low)) .| (lanes .>= Bits(repeating: high)))
}

@inline(__always) func larger(_ a: Vector, _ b: Vector) -> Vector { a.replacing(with: b, where: a .< b) }
@inline(__always) func smaller(_ a: Vector, _ b: Vector) -> Vector { a.replacing(with: b, where: b .< a) }
@inline(__always) func magnitude(_ a: Vector) -> Vector { floats(bits(a) & Bits(repeating: 0x7fff_ffff)) }

/// Adds all lanes in one fixed tree: lane i with i + 8, then i + 4, i + 2, i + 1.
@inline(__always) func total(_ v: Vector) -> Float {
    let a = v.lowHalf + v.highHalf
    let b = a.lowHalf + a.highHalf
    let c = b.lowHalf + b.highHalf
    return c[0] + c[1]
}

@inline(__always) func largest(_ v: Vector) -> Float {
    let a = v.lowHalf.replacing(with: v.highHalf, where: v.lowHalf .< v.highHalf)
    let b = a.lowHalf.replacing(with: a.highHalf, where: a.lowHalf .< a.highHalf)
    let c = b.lowHalf.replacing(with: b.highHalf, where: b.lowHalf .< b.highHalf)
    return c[0] < c[1] ? c[1] : c[0]
}

#if KERNELS_PORTABLE && !arch(arm64)
/// Emulated, on CPUs without FMA. Not inlined: inlined, it made up a third of these kernels.
@inline(never) func fma(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { limbeck_emulated_fma(a, b, c) }
#else
@inline(__always) func fma(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector { c.addingProduct(a, b) }
#endif

@inline(__always) func all(_ value: Float) -> Vector { Vector(repeating: value) }
