import CFuzz
import CPlatform
import Limbeck

/// A model folder. What opens must compute without an error.
///
/// The input is ten parts between NUL bytes: config.json; tokenizer.json if it begins with a brace, else vocab.txt; modules.json;
/// 1_Pooling/config.json; 2_Dense/config.json; config_sentence_transformers.json; sentence_bert_config.json; a text; the header of the weight
/// file; and its data. An empty part is a file that is not there. So that the fuzzer need not keep a length and many numbers right, the
/// header's length is put before it, and the data is repeated up to the largest number in the header. A header that does not begin with a
/// brace is the whole weight file as it is; an empty one is none. A part that begins with an "@" is another file: its name, a line break, and
/// what is in it. The weights of 2_Dense are always those of a layer from 8 to 4.
func fuzzModel(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = UnsafeRawBufferPointer(start: data, count: count)
    let parts = parts(input, 10)
    let tokenizer = parts[1].first == UInt8(ascii: "{") ? "tokenizer.json" : "vocab.txt"
    let names = [
        "config.json", tokenizer, "modules.json", "1_Pooling/config.json", "2_Dense/config.json",
        "config_sentence_transformers.json",
        "sentence_bert_config.json",
    ]
    for (name, part) in zip(names, parts) where !part.isEmpty { put(name, part) }
    if !parts[4].isEmpty { file("m/2_Dense/model.safetensors", dense) }
    let isHeader = parts[8].first == UInt8(ascii: "{")
    if parts[8].startIndex < input.endIndex {
        file("m/model.safetensors", isHeader ? weights(parts[8], parts[9]) : Array(input[parts[8].startIndex...]))
    }
    defer { fuzz_clear() }
    fuzz_limit(64 << 20)
    do throws(LimbeckError) {
        try run(try Model(path: "m"), text: String(decoding: parts[7], as: UTF8.self))
    } catch {
        check(opening: error)
    }
    return 0
}

/// A file of the folder, or another one if the part says so.
private func put(_ name: String, _ part: Slice<UnsafeRawBufferPointer>) {
    guard part.first == UInt8(ascii: "@") else { return file("m/\(name)", part) }
    let line = part.dropFirst().prefix { $0 != UInt8(ascii: "\n") }
    file("m/\(String(decoding: line, as: UTF8.self))", part[line.endIndex...].dropFirst())
}

/// A matrix of 4 rows of 8, and a bias.
private let dense: [UInt8] = {
    let header = #"""
        {"linear.weight":{"dtype":"F32","shape":[4,8],"data_offsets":[0,128]},"linear.bias":{"dtype":"F32","shape":[4],"data_offsets":[128,144]}}
        """#
    let numbers = (0..<36).map { Float($0 % 7) - 3 }
    return withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + header.utf8
        + numbers.withUnsafeBytes { Array($0) }
}()

private func weights(_ header: Slice<UnsafeRawBufferPointer>, _ data: Slice<UnsafeRawBufferPointer>) -> [UInt8] {
    var largest = 0, number = 0
    for byte in header {
        let digit = Int(byte) - 48
        number = 0...9 ~= digit ? min(number * 10 + digit, 1 << 20) : 0
        if number <= 1 << 16 { largest = max(largest, number) }
    }
    var bytes = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
    bytes += header
    let pattern = data.isEmpty ? [UInt8(0)] : Array(data)
    for index in 0..<largest { bytes.append(pattern[index % pattern.count]) }
    return bytes
}
