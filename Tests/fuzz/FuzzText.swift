import CFuzz
import Limbeck

/// Any bytes as a text, or as a pair, with tokenizers that are as they should be.
///
/// The input is a byte that picks the tokenizer and the options, one for the length to truncate to, and the text; for a pair a byte
/// more says where it is cut.
func fuzzText(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    guard count >= 3, let data else { return -1 }
    let check = checks[Int(data[0] & 7) % checks.count]
    let special = data[0] & 0x10 != 0
    let maxLength = Int(data[1])
    let text = UnsafeRawBufferPointer(start: data + 3, count: count - 3)
    guard data[0] & 0x20 != 0 else {
        withExactCopy(text) { text in
            let tokens = check.run(text, nil, special: special, maxLength: maxLength)
            // Ill-formed UTF-8 is what a host would have made of it.
            withExactCopy(String(decoding: text, as: UTF8.self).utf8) { repaired in
                let again = check.run(repaired, nil, special: special, maxLength: maxLength)
                expect(again.ids == tokens.ids, "other ids for repaired UTF-8")
            }
            let whole = check.run(text, nil, special: false, maxLength: 0)
            let cut = check.run(text, nil, special: false, maxLength: max(1, maxLength))
            expect(cut.ids.elementsEqual(whole.ids.prefix(max(1, maxLength))), "truncation changes what stays")
            expect(cut.ends.elementsEqual(whole.ends.prefix(max(1, maxLength))), "truncation moves what stays")
        }
        return 0
    }
    let middle = text.count * Int(data[2]) / 255
    withExactCopy(text[..<middle]) { first in
        withExactCopy(text[middle...]) { second in
            _ = check.run(first, second, special: special, maxLength: maxLength)
        }
    }
    return 0
}

/// Opened once. The folder of the repository's golden files comes in a variable.
private let checks: [TokenizerCheck] = {
    let golden = String(cString: fuzz_golden())
    let files = [
        ("answers/embed/tokenizer.json", true), ("answers/tag-cased/tokenizer.json", true), ("answers/embed/vocab.txt", true),
        ("../fuzz/tokenizers/added.json", false), ("../fuzz/tokenizers/plain.json", true),
        ("tokenizer/byte-level.json", true), ("tokenizer/byte-level-added-prefix.json", false),
        ("tokenizer/byte-level-whole-prefix.json", false), ("tokenizer/unigram.json", true),
        ("tokenizer/unigram-albert.json", true), ("tokenizer/unigram-added-first.json", false),
        ("tokenizer/unigram-bytes.json", false), ("tokenizer/unigram-steps.json", false),
        ("tokenizer/characters-bytes.json", false), ("tokenizer/characters-gemma-added.json", false),
        ("tokenizer/characters-added.json", false),
    ]
    __lsan_disable()
    defer { __lsan_enable() }
    return files.map { name, tidy in
        let path = "t/" + (name.utf8.last == UInt8(ascii: "t") ? "vocab.txt" : "tokenizer.json")
        guard fuzz_load(path, "\(golden)/\(name)") else { fatalError("\(golden)/\(name) is not there") }
        defer { fuzz_clear() }
        do throws(LimbeckError) {
            return TokenizerCheck(tokenizer: try Tokenizer(path: path), tidy: tidy)
        } catch {
            fatalError("\(name): \(error.message)")
        }
    }
}()
