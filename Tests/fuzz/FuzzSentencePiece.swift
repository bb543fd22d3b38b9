import CFuzz
import Limbeck

/// A .model file, with the text that it cuts if it opens.
///
/// The input: a byte that says which tokenizer it is, one that says how long the text is, the text, and the file.
func fuzzSentencePiece(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = UnsafeRawBufferPointer(start: data, count: count)
    guard count >= 2 else { return 0 }
    let text = input[2...].prefix(Int(input[1]))
    let (name, config) = tokenizers[Int(input[0]) % tokenizers.count]
    file("t/\(name)", input[text.endIndex...])
    file("t/tokenizer_config.json", Array(config.utf8))
    guard let tokenizer = openTokenizer("t") else { return 0 }
    let check = TokenizerCheck(tokenizer: tokenizer, tidy: false)
    withExactCopy(text) { text in
        withExactCopy(text.suffix(text.count / 3)) { pair in
            check.run(text, nil, special: true, maxLength: 0)
            check.run(text, pair, special: true, maxLength: 5)
        }
    }
    return 0
}

private let tokenizers = [
    ("sentencepiece.bpe.model", "{}"),
    ("sentencepiece.bpe.model", #"{"tokenizer_class": "CamembertTokenizer"}"#),
    ("spiece.model", "{}"),
    ("spiece.model", #"{"do_lower_case": false, "keep_accents": true}"#),
    ("spm.model", "{}"),
    ("spm.model", #"{"do_lower_case": true, "split_by_punct": true}"#),
    ("tokenizer.model", #"{"tokenizer_class": "TokenizersBackend", "add_bos_token": true}"#),
    ("tokenizer.model", #"{"tokenizer_class": "TokenizersBackend", "legacy": false}"#),
]
