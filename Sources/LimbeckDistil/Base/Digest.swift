import Limbeck

/// Tells two pieces of data of one run from another's: xxh64 of the whole stripes of 32 bytes, which is all that it takes, and then the rest.
func digest(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var hash = xxh64(bytes)
    for byte in bytes[(bytes.count & ~31)...] { hash = hash &* 0x0000_0100_0000_01b3 ^ (UInt64(byte) &+ 1) }
    return hash
}
