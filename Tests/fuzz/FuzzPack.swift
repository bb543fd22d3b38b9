import CFuzz
import CPlatform
import Limbeck

/// A pack whose description, tensors or header are not what was written. What opens must compute without an error.
///
/// The input is a list of changes to the pack of a golden model: its first byte says of which, and each four bytes after it are one
/// change. The checksums are made to fit, except after a change of the header.
func fuzzPack(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = UnsafeRawBufferPointer(start: data, count: count)
    guard let first = input.first else { return 0 }
    var pack = packs[Int(first) % packs.count]
    var place = 1
    while place + 4 <= input.count {
        let at = Int(input[place + 1]) << 8 | Int(input[place + 2])
        pack.change(Int(input[place]), at, Int(input[place + 3]))
        place += 4
    }
    file("p.limbeck", pack.bytes)
    defer { fuzz_clear() }
    fuzz_limit(64 << 20)
    do throws(LimbeckError) {
        try run(try Model(path: "p.limbeck"), text: "ab b, a c")
    } catch {
        check(opening: error)
    }
    _ = try? Model.verify(path: "p.limbeck")
    return 0
}

/// One of each kind of part.
private let packs: [Pack] = [
    "models/bert-sequence-3", "models/mpnet-masked", "models/modernbert-answer", "models/deberta", "models/mobilebert-choice",
    "models/albert-masked", "models/nomic-sequence", "answers/embed", "cases/sentences/stages", "cases/sentences/activations",
    "cases/sentences/prompts-left-out", "cases/sentences/cross-encoder", "adaptive/fastbert-package", "adaptive/deebert-roberta",
].map { name in
    let golden = String(cString: fuzz_golden())
    let modules = ["1_Pooling", "2_Dense", "2_Dropout", "3_Dense", "4_Dense", "4_LayerNorm", "5_Dense", "5_Normalize", "6_Dense"]
    let own = [
        "config.json", "model.safetensors", "pytorch_model.bin", "vocab.txt", "tokenizer.json", "modules.json",
        "config_sentence_transformers.json",
    ]
    for file in own + modules.flatMap({ ["\($0)/config.json", "\($0)/model.safetensors"] }) {
        _ = fuzz_load("m/\(file)", "\(golden)/\(name)/\(file)")
    }
    defer { fuzz_clear() }
    do throws(LimbeckError) {
        try Model.pack("m", to: "m.limbeck", options: PackOptions(precision: .float32))
        return Pack(try MappedFile("m.limbeck", name: name))
    } catch { fatalError("\(name): \(error.message)") }
}

private struct Pack {
    private var tensors: [(name: String, dtype: String, shape: [Int], bytes: [UInt8])] = []
    /// Changes of the header after all others.
    private var header: [(place: Int, byte: Int)] = []

    init(_ mapping: MappedFile) {
        guard let file = try? Safetensors(mapping) else { fatalError("a pack that is none") }
        for entry in file.entries.dropLast() { tensors.append((entry.name, entry.dtype, entry.shape, Array(entry.bytes))) }
    }

    /// One change, of a kind, at a place, to something.
    mutating func change(_ kind: Int, _ place: Int, _ other: Int) {
        switch kind % 16 {
        case 0: header.append((place, other))
        case 1:
            let index = 1 + place % (tensors.count - 1)
            tensors[index].shape[0] = max(0, tensors[index].shape[0] + other - 128)
        case 2: tensors[1 + place % (tensors.count - 1)].dtype = ["F32", "I32", "I8", "U16", "F16", "U8"][other % 6]
        case 3..<6:
            let index = 1 + place % (tensors.count - 1)
            // Where tables have their first and last numbers.
            let at = other < 64 ? other : tensors[index].bytes.count - (256 - other)
            if tensors[index].bytes.indices.contains(at) { tensors[index].bytes[at] = UInt8(truncatingIfNeeded: place >> 8) }
        case 6: tensors.swapAt(1 + place % (tensors.count - 1), 1 + other % (tensors.count - 1))
        default: describe(place, other)
        }
    }

    /// Another value for a number or a word of the description, or that of another place.
    private mutating func describe(_ place: Int, _ other: Int) {
        let values = values(tensors[0].bytes)
        guard !values.isEmpty else { return }
        let numbers = ["0", "-1", "1", "2", "31", "33", "2147483647", "4611686018427387904", "null", "true", "[]", "{}"]
        let value = values[place % values.count]
        let new =
            other < numbers.count * 4
            ? Array(numbers[other % numbers.count].utf8)
            : Array(tensors[0].bytes[values[(place + other - 128 + values.count) % values.count]])
        tensors[0].bytes.replaceSubrange(value, with: new)
        while tensors[0].bytes.count % 64 != 0 { tensors[0].bytes.append(32) }
        tensors[0].shape = [tensors[0].bytes.count]
    }

    private func values(_ text: [UInt8]) -> [Range<Int>] {
        var values: [Range<Int>] = []
        var index = 0
        while index < text.count {
            let byte = text[index]
            var end = index + 1
            if byte == 34 {
                while end < text.count, text[end] != 34 { end += 1 }
                end = min(end + 1, text.count)
                if end < text.count, text[end] != 58 { values.append(index..<end) }
            } else if byte == 45 || 48...57 ~= byte {
                while end < text.count, 48...57 ~= text[end] { end += 1 }
                values.append(index..<end)
            }
            index = end
        }
        return values
    }

    var bytes: [UInt8] {
        let count = (tensors.count + 8) / 8 * 8
        var text = #"{"__metadata__":{"format":"limbeck","limbeck.version":"1","limbeck.endianness":"little"}"#
        var place = 0, data: [UInt8] = []
        for tensor in tensors + [("limbeck.checksums", "U64", [count], [UInt8](repeating: 0, count: count * 8))] {
            let size = tensor.shape.map { String($0) }.joined(separator: ",")
            let end = place + tensor.bytes.count
            text += ",\"\(tensor.name)\":{\"dtype\":\"\(tensor.dtype)\",\"shape\":[\(size)],\"data_offsets\":[\(place),\(end)]}"
            data += tensor.bytes
            place = end
        }
        text += "}"
        while (text.utf8.count + 8) % 64 != 0 { text += " " }
        var bytes = withUnsafeBytes(of: UInt64(text.utf8.count).littleEndian) { Array($0) } + text.utf8
        var sums = [bytes.withUnsafeBytes { xxh64($0) }]
        for tensor in tensors { sums.append(tensor.bytes.withUnsafeBytes { xxh64($0) }) }
        let end = bytes.count + data.count - count * 8
        bytes += data
        for (index, sum) in sums.enumerated() {
            withUnsafeBytes(of: sum.littleEndian) { bytes.replaceSubrange(end + index * 8..<end + index * 8 + 8, with: $0) }
        }
        for change in header { bytes[change.place % 2048] = UInt8(change.byte) }
        return bytes
    }
}
