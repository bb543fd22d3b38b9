/// The tables of a tokenizer in a pack: tensors of a mapped file, which are validated once and then used in place.
///
/// The first error in a number of the description is kept, and thrown when the next table is taken, or by `check`. Until then an
/// allowed value is returned instead.
final class PackedTables {
    private let tensors: PackTensors
    /// Keeps the file mapped.
    private let owner: AnyObject
    private var error: LimbeckError?

    init(_ tensors: PackTensors, owner: AnyObject) { (self.tensors, self.owner) = (tensors, owner) }

    var file: String { tensors.file }

    @inline(never)
    func check() throws(LimbeckError) {
        if let error { throw error }
    }

    /// `count` rows of `row` numbers each; an empty table has no tensor.
    func table<Element>(
        _ name: String, _ part: String, _ type: PackTensor.ElementType, _ count: Int, row: Int = 1
    ) throws(LimbeckError) -> Table<Element> {
        guard let start = try bytes(name, part, type, count, row) else { return Table() }
        return Table(start.assumingMemoryBound(to: Element.self), count: count, owner: owner)
    }

    @inline(never)
    private func bytes(
        _ name: String, _ part: String, _ type: PackTensor.ElementType, _ count: Int, _ row: Int
    ) throws(LimbeckError) -> UnsafeRawPointer? {
        try check()
        if count == 0 { return nil }
        return try tensors.bytes(name + part, type, rows: count, row: row == 1 ? [] : [row])
    }

    @inline(never)
    private func fail(_ found: LimbeckError) { error = error ?? found }

    /// Records an error unless `isSound`: the tensor has a number that leads outside of a table or into a cycle.
    @inline(never)
    func expect(_ isSound: Bool, _ name: String, _ part: String) {
        if isSound { return }
        fail(LimbeckError(.fileMalformed, "\(file): tensor '\(name)\(part)' has values that are not valid"))
    }

    /// Records that a value is not what was expected.
    @inline(never)
    func mismatch(_ value: JSONValue, _ key: String, expected: __owned Message) {
        fail(value.mismatch("'\(key)'", expected: expected))
    }

    @inline(never)
    func member(_ json: JSONValue, _ key: String) -> JSONValue {
        if let value = json.optional(key) { return value }
        fail(json.mismatch("a value", expected: "an object with '\(key)'"))
        return json
    }

    @inline(never)
    func number(_ json: JSONValue, _ key: String, in range: Range<Int>) -> Int {
        let value = member(json, key)
        if let number = value.int, range.contains(number) { return number }
        mismatch(value, key, expected: "an integer from \(range.lowerBound) to \(range.upperBound - 1)")
        return range.lowerBound
    }

    func id(_ json: JSONValue, _ key: String, below count: Int) -> Int32 {
        Int32(truncatingIfNeeded: number(json, key, in: 0..<count))
    }

    @inline(never)
    func optionalId(_ json: JSONValue, _ key: String, below count: Int) -> Int32? {
        json.optional(key) == nil ? nil : id(json, key, below: count)
    }

    @inline(never)
    func flag(_ json: JSONValue, _ key: String) -> Bool {
        let value = member(json, key)
        if let flag = value.bool { return flag }
        mismatch(value, key, expected: "true or false")
        return false
    }

    /// A flag that is only written if it is set.
    func optionalFlag(_ json: JSONValue, _ key: String) -> Bool { json.optional(key) != nil && flag(json, key) }

    @inline(never)
    func text(_ json: JSONValue, _ key: String) -> String {
        let value = member(json, key)
        if let text = value.string { return text }
        mismatch(value, key, expected: "a string")
        return ""
    }

    /// A Unicode scalar.
    @inline(never)
    func scalar(_ value: JSONValue, _ key: String) -> UInt32 {
        if let number = value.int, let scalar = UInt32(exactly: number), Unicode.Scalar(scalar) != nil { return scalar }
        mismatch(value, key, expected: "a Unicode scalar")
        return 0x20
    }
}

extension PackContents {
    /// Adds a table as rows of `row` numbers.
    mutating func add<Element>(
        _ name: String, _ part: String, _ type: PackTensor.ElementType, _ table: Table<Element>, row: Int = 1
    ) {
        add(name, part, type, UnsafeRawPointer(table.base), table.count, row, table.owner)
    }

    @inline(never)
    private mutating func add(
        _ name: String, _ part: String, _ type: PackTensor.ElementType, _ start: UnsafeRawPointer, _ count: Int, _ row: Int,
        _ owner: AnyObject?
    ) {
        guard count > 0, let owner else { return }
        add(name + part, type, row == 1 ? [count] : [count, row], start, owner: owner)
    }
}
