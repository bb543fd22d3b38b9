import CFuzz
import Limbeck

/// The files of a tokenizer. What opens cuts any text.
///
/// The input is five parts between NUL bytes: tokenizer.json if it begins with a brace, else vocab.txt; tokenizer_config.json; a text;
/// special_tokens_map.json; and added_tokens.json. An empty part is a file that is not there. If the first begins with "#version", it is
/// merges.txt, and the second vocab.json.
func fuzzTokenizer(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let parts = parts(UnsafeRawBufferPointer(start: data, count: count), 5)
    if parts[0].starts(with: "#version".utf8) {
        file("t/merges.txt", parts[0])
        file("t/vocab.json", parts[1])
    } else {
        file(parts[0].first == UInt8(ascii: "{") ? "t/tokenizer.json" : "t/vocab.txt", parts[0])
        if !parts[1].isEmpty { file("t/tokenizer_config.json", parts[1]) }
    }
    for (name, part) in zip(["special_tokens_map", "added_tokens"], parts[3...]) where !part.isEmpty {
        file("t/\(name).json", part)
    }
    guard let tokenizer = openTokenizer("t") else { return 0 }
    let size = tokenizer.vocabularySize
    for id in [-1, 0, 1, Int32(size) - 1, Int32(size), .max, .min] {
        if let token = tokenizer.token(id) { _ = tokenizer.id(of: token) }
    }
    expect(tokenizer.token(Int32(size)) == nil && tokenizer.token(-1) == nil, "a token out of range")
    let check = TokenizerCheck(tokenizer: tokenizer, tidy: false)
    withExactCopy(parts[2]) { text in
        withExactCopy(parts[2].suffix(parts[2].count / 3)) { pair in
            check.run(text, nil, special: true, maxLength: 0)
            check.run(text, pair, special: true, maxLength: 5)
            check.run(text, pair, special: false, maxLength: 4)
        }
    }
    return 0
}
