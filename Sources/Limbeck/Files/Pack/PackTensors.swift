/// The tensors of a pack by name, checked against what is expected when they are taken. They are views into the mapped file.
///
/// A class whose methods take plain numbers: each call may throw, and then has little to release.
final class PackTensors {
    let file: String
    private let entries: [StoredTensor]
    private var names = NameTable()

    /// The names in a safetensors file are distinct.
    init(_ file: Safetensors) {
        self.file = file.file
        entries = file.entries
        names.reserveCapacity(entries.count)
        for (place, entry) in entries.enumerated() { names.set(entry.name, place) }
    }

    func contains(_ name: String) -> Bool { names[name] != nil }

    /// At least `rows` rows of shape `row`, where `[]` means one element each; aligned to 64 bytes.
    @inline(never)
    func bytes(_ name: String, _ type: PackTensor.ElementType, rows: Int, row: [Int]) throws(LimbeckError) -> UnsafeRawPointer {
        guard let entry = names[name].map({ entries[$0] }) else {
            throw LimbeckError(.fileInconsistent, "\(file): no tensor '\(name)'")
        }
        guard entry.dtype == type.rawValue, entry.shape.count == row.count + 1, rows >= 1, entry.shape[0] >= rows,
            entry.shape.dropFirst().elementsEqual(row)
        else {
            throw LimbeckError(
                .fileInconsistent,
                """
                \(file): tensor '\(name)' is \(entry.dtype) \(describe(entry.shape)), expected \(type.rawValue) \
                \(describe([rows] + row)) or more rows
                """)
        }
        guard let base = entry.bytes.baseAddress, Int(bitPattern: base) % PackTensor.alignment == 0 else {
            throw LimbeckError(
                .fileMalformed, "\(file): tensor '\(name)' does not begin on a \(PackTensor.alignment)-byte boundary")
        }
        return base
    }

    /// Marks a dimension that the tensor does not have.
    static let none = -1

    /// The tensor that a member of the description names: at least `rows` rows of shape (a, b, c), or of as many dimensions as are
    /// given.
    @inline(never)
    func bytes(
        _ json: JSONValue, _ key: String, _ type: PackTensor.ElementType, _ rows: Int, by a: Int = PackTensors.none,
        _ b: Int = PackTensors.none, _ c: Int = PackTensors.none
    ) throws(LimbeckError) -> UnsafeRawPointer {
        try bytes(json.text(key), type, rows: rows, row: [a, b, c].filter { $0 != PackTensors.none })
    }

    func f32(
        _ json: JSONValue, _ key: String, _ rows: Int, by a: Int = PackTensors.none, _ b: Int = PackTensors.none
    ) throws(LimbeckError) -> UnsafePointer<Float> {
        try bytes(json, key, .f32, rows, by: a, b).assumingMemoryBound(to: Float.self)
    }

    /// The same; nil if the description does not name it.
    @inline(never)
    func optionalF32(
        _ json: JSONValue, _ key: String, _ rows: Int, by a: Int = PackTensors.none, _ b: Int = PackTensors.none
    ) throws(LimbeckError) -> UnsafePointer<Float>? {
        json.optional(key) == nil ? nil : try f32(json, key, rows, by: a, b)
    }

    func i32(
        _ json: JSONValue, _ key: String, _ rows: Int, by a: Int = PackTensors.none
    ) throws(LimbeckError) -> UnsafePointer<Int32> {
        try bytes(json, key, .i32, rows, by: a).assumingMemoryBound(to: Int32.self)
    }
}
