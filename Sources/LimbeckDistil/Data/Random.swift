/// Random numbers by counting: Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3", 2011). Any number of a
/// stream is there without those before it, so neither threads nor the cut into batches change what is drawn.
package struct Philox {
    package typealias Block = (UInt32, UInt32, UInt32, UInt32)

    private let key: (UInt32, UInt32)
    private let stream: UInt64
    private var counter: UInt64 = 0
    private var block: Block = (0, 0, 0, 0)
    /// Words of the block that are still to be given out.
    private var left = 0

    /// Streams of one seed are independent.
    package init(seed: UInt64, stream: UInt64) {
        (key, self.stream) = ((UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)), stream)
    }

    package mutating func next() -> UInt32 {
        if left == 0 {
            block = Philox.block(
                (
                    UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32),
                    UInt32(truncatingIfNeeded: stream),
                    UInt32(truncatingIfNeeded: stream >> 32)
                ), key)
            (counter, left) = (counter + 1, 4)
        }
        left -= 1
        return switch left {
        case 3: block.0
        case 2: block.1
        case 1: block.2
        default: block.3
        }
    }

    /// 0..<bound, each as likely as the others (Lemire, "Fast Random Integer Generation in an Interval", 2019).
    package mutating func uniform(below bound: UInt32) -> UInt32 {
        var product = UInt64(next()) * UInt64(bound)
        if UInt32(truncatingIfNeeded: product) < bound {
            let least = (0 &- bound) % bound
            while UInt32(truncatingIfNeeded: product) < least { product = UInt64(next()) * UInt64(bound) }
        }
        return UInt32(truncatingIfNeeded: product >> 32)
    }

    /// The four words at a counter.
    package static func block(_ counter: Block, _ key: (UInt32, UInt32)) -> Block {
        var (a, b, c, d) = counter, (key0, key1) = key
        for _ in 0..<10 {
            let x = UInt64(a) * 0xd251_1f53, y = UInt64(c) * 0xcd9e_8d57
            (a, b, c, d) = (
                UInt32(truncatingIfNeeded: y >> 32) ^ b ^ key0, UInt32(truncatingIfNeeded: y),
                UInt32(truncatingIfNeeded: x >> 32) ^ d ^ key1, UInt32(truncatingIfNeeded: x)
            )
            key0 &+= 0x9e37_79b9
            key1 &+= 0xbb67_ae85
        }
        return (a, b, c, d)
    }
}
