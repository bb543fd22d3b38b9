/// Typed access to the members of an object. A missing member and null are the same, as in the Python classes that write these
/// files. A value of another type is an error that names file, key and position.
extension JSONValue {
    @inline(never) package func optional(_ key: String) -> JSONValue? {
        guard let value = self[key], !value.isNull else { return nil }
        return value
    }

    @inline(never) package func optionalString(_ key: String) throws(LimbeckError) -> String? {
        guard let value = optional(key) else { return nil }
        guard let string = value.string else { throw value.mismatch("'\(key)'", expected: "a string") }
        return string
    }

    @inline(never) package func optionalBool(_ key: String) throws(LimbeckError) -> Bool? {
        guard let value = optional(key) else { return nil }
        guard let bool = value.bool else { throw value.mismatch("'\(key)'", expected: "true or false") }
        return bool
    }

    /// A size or count: 1 to 2^31 - 1.
    @inline(never) package func optionalSize(_ key: String) throws(LimbeckError) -> Int? {
        guard let value = optional(key) else { return nil }
        guard let size = value.int, size >= 1, size <= Int(Int32.max) else {
            throw value.mismatch("'\(key)'", expected: "an integer from 1 to 2147483647")
        }
        return size
    }

    @inline(never) package func optionalDouble(_ key: String) throws(LimbeckError) -> Double? {
        guard let value = optional(key) else { return nil }
        guard let double = value.double else { throw value.mismatch("'\(key)'", expected: "a finite number") }
        return double
    }

    @inline(never) package func optionalObject(_ key: String) throws(LimbeckError) -> JSONValue? {
        guard let value = optional(key) else { return nil }
        guard value.kind == .object else { throw value.mismatch("'\(key)'", expected: "an object") }
        return value
    }

    /// The error that `what` is this value instead of what is expected.
    @inline(never) package func mismatch(_ what: Message, expected: __owned Message) -> LimbeckError {
        LimbeckError(.fileMalformed, "\(document.file): \(what) is \(described) at byte \(offset), expected \(expected)")
    }

    /// The value for a message: short values as they are written.
    var described: String {
        switch kind {
        case .null: "null"
        case .bool: bool == true ? "true" : "false"
        case .number: source.count <= 24 ? String(utf8: source) : "a long number"
        case .string: source.count <= 60 ? "'\(string ?? "")'" : "a long string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
