/// A trie over bytes, stored as a double array.
///
///     child(node, byte) = base(node) ^ byte, if the parent of that unit is `node`
///
/// Each node has a unit, which stores the base of its children and its parent. Children of different nodes may be interleaved, so
/// the parent is compared to tell whose child a unit is. This is one load and one comparison per byte of text, and a vocabulary of
/// 30,000 tokens fits in the L2 cache. `TriePlaces` chooses the bases. They are less than the unit count, which is a multiple of
/// 256, and the exclusive or changes only the low eight bits: so no bounds check is needed.
///
/// (Aoe, "An efficient digital search algorithm by using a double-array structure", 1989; the exclusive or is from Yata's
/// darts-clone.)
final class ByteTrie: @unchecked Sendable {  // nothing changes after init
    /// A key for `init`: a range of bytes, and its value.
    struct Key {
        let start: UInt32
        let count: UInt32
        let value: Int32
    }

    struct Unit {
        /// `base << 1 | 1` if a key ends here, `base << 1` if not.
        var link: UInt32
        var parent: UInt32

        @inline(__always) var isKey: Bool { link & 1 != 0 }
    }

    static let root: UInt32 = 0
    static let nobody = UInt32.max

    /// The count is a multiple of 256.
    let unitTable: Table<Unit>
    /// The value of the key that ends at a unit; where none does, minus the depth of the node in bytes.
    let valueTable: Table<Int32>
    // The same tables as plain pointers: walking the trie must not touch the reference count of an owner.
    let units: UnsafePointer<Unit>
    let values: UnsafePointer<Int32>

    var unitCount: Int { unitTable.count }

    /// Of equal keys the last one wins.
    convenience init(_ keys: [Key], bytes: Table<UInt8>) throws(LimbeckError) {
        let places = TriePlaces(keys, bytes: bytes.raw)
        self.init(
            units: try Table(Array(UnsafeBufferPointer(start: places.units, count: places.count))),
            values: try Table(Array(UnsafeBufferPointer(start: places.values, count: places.count))))
    }

    init(units: Table<Unit>, values: Table<Int32>) {
        (unitTable, valueTable) = (units, values)
        (self.units, self.values) = (units.base, values.base)
    }

    var memoryBytes: Int { unitTable.memoryBytes + valueTable.memoryBytes }

    /// The child of `node` for `byte`, or nil.
    @inline(__always)
    func child(_ node: UInt32, _ byte: UInt8) -> UInt32? {
        let next = units[Int(node)].link >> 1 ^ UInt32(byte)
        return units[Int(next)].parent == node ? next : nil
    }

    /// The node reached by `bytes`, or nil.
    @_optimize(speed)
    func node(of bytes: UnsafeRawBufferPointer, from start: UInt32 = ByteTrie.root) -> UInt32? {
        var node = start
        for byte in bytes {
            guard let next = child(node, byte) else { return nil }
            node = next
        }
        return node
    }

    /// The value of the key `bytes`.
    func value(of bytes: UnsafeRawBufferPointer) -> Int32? {
        guard let node = node(of: bytes) else { return nil }
        return value(at: node)
    }

    func value(at node: UInt32) -> Int32? {
        units[Int(node)].isKey ? values[Int(node)] : nil
    }
}
