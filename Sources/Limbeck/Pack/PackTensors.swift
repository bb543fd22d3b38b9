/// The tensors of a pack by name, checked against what is expected of them as they are taken out. Views into the mapped file.
struct PackTensors {
    let file: String
    private let entries: [StoredTensor]
    private var names = NameTable()

    /// Of a safetensors file, whose names are distinct.
    init(_ file: Safetensors) {
        self.file = file.file
        entries = file.entries
        names.reserveCapacity(entries.count)
        for (place, entry) in entries.enumerated() { names.set(entry.name, place) }
    }

    func contains(_ name: String) -> Bool { names[name] != nil }

    /// At least `rows` rows of `row` elements each, `[]` for numbers without a second dimension; aligned to 64 bytes.
    @inline(never)
    func bytes(_ name: String, _ type: PackTensor.ElementType, rows: Int, row: [Int] = []) throws(LimbeckError) -> UnsafeRawPointer {
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
            throw LimbeckError(.fileMalformed, "\(file): tensor '\(name)' does not begin on a \(PackTensor.alignment)-byte boundary")
        }
        return base
    }

    @inline(never) func u8(_ name: String, rows: Int, row: [Int] = []) throws(LimbeckError) -> UnsafePointer<UInt8> {
        try bytes(name, .u8, rows: rows, row: row).assumingMemoryBound(to: UInt8.self)
    }

    @inline(never) func f32(_ name: String, rows: Int, row: [Int] = []) throws(LimbeckError) -> UnsafePointer<Float> {
        try bytes(name, .f32, rows: rows, row: row).assumingMemoryBound(to: Float.self)
    }

    @inline(never) func i32(_ name: String, rows: Int, row: [Int] = []) throws(LimbeckError) -> UnsafePointer<Int32> {
        try bytes(name, .i32, rows: rows, row: row).assumingMemoryBound(to: Int32.self)
    }
}
