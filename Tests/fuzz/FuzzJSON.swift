import Limbeck

/// JSON: what parses can be read through and through.
func fuzzJSON(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    withExactCopy(UnsafeRawBufferPointer(start: data, count: count)) { bytes in
        do throws(LimbeckError) {
            walk(try JSONDocument(bytes, file: "a.json").root)
        } catch {
            expect(error.status == .fileMalformed && error.message.utf8.count > 8, "\(error.status): \(error.message)")
        }
    }
    return 0
}

private func walk(_ value: JSONValue) {
    expect(value.offset >= 0, "an offset below 0")
    switch value.kind {
    case .null: expect(value.isNull, "null")
    case .bool: expect(value.bool != nil, "a bool without a value")
    case .number:
        if let int = value.int { expect(value.double == Double(int), "\(int) is \(value.double ?? .nan)") }
    case .string:
        var bytes: [UInt8] = []
        value.text?.append(to: &bytes)
        expect(value.string?.utf8.elementsEqual(bytes) == true, "a string that is not UTF-8")
        if let inPlace = value.text?.utf8 { expect(inPlace.elementsEqual(bytes), "escapes missed") }
    case .array:
        var count = 0
        for element in value.elements {
            walk(element)
            count += 1
        }
        expect(count == value.count, "\(count) elements of \(value.count)")
    case .object:
        var count = 0
        for (key, member) in value.members {
            walk(member)
            if count < 4 { expect(value[key.string] != nil, "a member that is not found") }
            count += 1
        }
        expect(count == value.count, "\(count) members of \(value.count)")
    }
    let error = value.mismatch("it", expected: "something else")
    expect(error.status == .fileMalformed, "\(error.message)")
    _ = try? value.optionalSize("a")
    _ = try? value.optionalDouble("a")
    _ = try? value.optionalBool("a")
    _ = try? value.optionalString("a")
}
