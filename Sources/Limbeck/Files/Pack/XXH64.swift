/// XXH64 with seed 0 (Collet, "xxHash fast digest algorithm", version 0.1.1), for whole stripes of 32 bytes only: sizes in a pack
/// are multiples of 64.
package func xxh64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    let p1: UInt64 = 0x9e37_79b1_85eb_ca87, p2: UInt64 = 0xc2b2_ae3d_27d4_eb4f, p3: UInt64 = 0x1656_67b1_9e37_79f9
    let p4: UInt64 = 0x85eb_ca77_c2b2_ae63
    func left(_ x: UInt64, _ count: UInt64) -> UInt64 { x &<< count | x &>> (64 &- count) }
    func step(_ sum: UInt64, _ lane: UInt64) -> UInt64 { left(sum &+ lane &* p2, 31) &* p1 }

    var a = p1 &+ p2, b = p2, c: UInt64 = 0, d = 0 &- p1
    guard let start = bytes.baseAddress, bytes.count >= 32 else { return 0 }
    var offset = 0
    while offset &+ 32 <= bytes.count {
        func lane(_ place: Int) -> UInt64 {
            UInt64(littleEndian: start.loadUnaligned(fromByteOffset: offset &+ place, as: UInt64.self))
        }
        a = step(a, lane(0))
        b = step(b, lane(8))
        c = step(c, lane(16))
        d = step(d, lane(24))
        offset &+= 32
    }
    var sum = left(a, 1) &+ left(b, 7) &+ left(c, 12) &+ left(d, 18)
    for lane in [a, b, c, d] { sum = (sum ^ step(0, lane)) &* p1 &+ p4 }
    sum &+= UInt64(bytes.count)
    sum = (sum ^ sum >> 33) &* p2
    sum = (sum ^ sum >> 29) &* p3
    return sum ^ sum >> 32
}
