// Members of a pack's description, which are required unless they are read as optional.

extension JSONValue {
    @inline(never) func required(_ key: String) throws(LimbeckError) -> JSONValue {
        guard let value = optional(key) else { throw mismatch("a value", expected: "an object with '\(key)'") }
        return value
    }

    @inline(never) func text(_ key: String) throws(LimbeckError) -> String {
        let value = try required(key)
        guard let text = value.string else { throw value.mismatch("'\(key)'", expected: "a string") }
        return text
    }

    @inline(never) func flag(_ key: String) throws(LimbeckError) -> Bool {
        let value = try required(key)
        guard let flag = value.bool else { throw value.mismatch("'\(key)'", expected: "true or false") }
        return flag
    }

    @inline(never) func integer(_ key: String, _ range: ClosedRange<Int>) throws(LimbeckError) -> Int {
        let value = try required(key)
        guard let number = value.int, range.contains(number) else {
            throw value.mismatch("'\(key)'", expected: "an integer from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// From 1 to 2^31 - 1.
    @inline(never) func size(_ key: String) throws(LimbeckError) -> Int { try integer(key, 1...Int(Int32.max)) }

    /// A float32, stored as its bits.
    func float(_ key: String) throws(LimbeckError) -> Float {
        Float(bitPattern: UInt32(truncatingIfNeeded: try integer(key, 0...Int(UInt32.max))))
    }

    /// The index of the value in a list of words.
    @inline(never) func choice(_ key: String, _ names: StaticString) throws(LimbeckError) -> Int {
        if let found = place(of: try text(key), in: names) { return found }
        throw try required(key).mismatch("'\(key)'", expected: "a known word")
    }

    @inline(never) func list(_ key: String) throws(LimbeckError) -> JSONElements {
        let value = try required(key)
        guard value.kind == .array else { throw value.mismatch("'\(key)'", expected: "an array") }
        return value.elements
    }
}
