import Foundation
import Limbeck
import Testing

/// A tokenizer that is written to tensors and opened from them is the same; and whatever the tensors contain, tokenising stays in
/// bounds.
@Suite struct PackTokenizerTests {
    /// The complete result of tokenising a text.
    private struct Cut: Equatable {
        var tokens: Tokens
        var parts: [[Int32]]

        init(_ tokenizer: Tokenizer, _ text: [UInt8], pair: [UInt8]? = nil, special: Bool = true, maxLength: Int = 0) {
            tokens = tokenizer.tokens(text, pair: pair, addSpecialTokens: special, maxLength: maxLength)
            let part = TokenizerTests.Part(tokenizer, Array(text.prefix(500)))
            parts = [part.ids, part.words, part.starts.map { Int32($0) }, part.ends.map { Int32($0) }]
        }
    }

    @Test(arguments: PackTokenizerCase.all) func roundTrip(_ item: PackTokenizerCase) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(seed: seed)
        let tokenizer = try item.open()
        let sample = PackTokenizerSample(tokenizer)
        let packed = try sample.open()
        #expect(PackTokenizerSample(packed).tensors.map(\.bytes) == sample.tensors.map(\.bytes))
        #expect(packed.packed.description == tokenizer.packed.description)
        #expect(packed.kind == tokenizer.kind && packed.vocabularySize == tokenizer.vocabularySize)
        #expect(
            [packed.cls, packed.sep, packed.mask, packed.pad, packed.unk]
                == [tokenizer.cls, tokenizer.sep, tokenizer.mask, tokenizer.pad, tokenizer.unk])
        #expect(packed.marksContinuations == tokenizer.marksContinuations)
        for id in -1...Int32(tokenizer.vocabularySize) {
            let token = tokenizer.token(id)
            #expect(packed.token(id) == token)
            if let token { #expect(packed.id(of: token) == tokenizer.id(of: token)) }
        }
        for (text, pair, special, maxLength) in try texts(item, &random) {
            let expected = Cut(tokenizer, text, pair: pair, special: special, maxLength: maxLength)
            #expect(
                Cut(packed, text, pair: pair, special: special, maxLength: maxLength) == expected,
                "seed \(seed): \(String(decoding: text, as: UTF8.self).debugDescription)")
        }
    }

    /// The texts of the golden file, if there is one, random ones, and long words.
    private func texts(_ item: PackTokenizerCase, _ random: inout Random) throws -> [([UInt8], [UInt8]?, Bool, Int)] {
        let name = item.testDescription.split(separator: "/").last?.split(separator: ".").first ?? ""
        var texts: [([UInt8], [UInt8]?, Bool, Int)] = []
        if TokenizerGoldenTests.names.contains(String(name)) {
            for golden in try TokenizerGoldenTests.cases(String(name)) {
                texts.append((golden.text, golden.pair, golden.addsSpecialTokens, golden.maxLength))
            }
        }
        for _ in 0..<200 { texts.append((PackTokenizerCase.text(&random), nil, true, 0)) }
        for piece in ["ab", "é▁", "a\u{301}"] { texts.append((Array(String(repeating: piece, count: 3000).utf8), nil, false, 0)) }
        return texts
    }

    // MARK: Damage

    /// Opens a corrupted sample and, if that succeeds, tokenises texts; all results are in bounds. Returns whether it opened.
    @discardableResult
    private func cut(_ sample: PackTokenizerSample, _ texts: [[UInt8]], _ about: @autoclosure () -> String) -> Bool {
        guard let tokenizer = try? sample.open() else { return false }
        let ids = 0..<tokenizer.vocabularySize
        for text in texts {
            let tokens = tokenizer.tokens(text, pair: text, maxLength: 50)
            #expect(tokens.ids.allSatisfy { ids.contains($0) }, "\(about())")
            #expect(tokens.ends.allSatisfy { $0 <= text.count }, "\(about())")
            let part = TokenizerTests.Part(tokenizer, Array(text.prefix(500)))
            #expect(part.ids.allSatisfy { ids.contains(Int($0)) }, "\(about())")
            text.withUnsafeBytes { text in
                var (starts, ends, ids) = (part.starts, part.ends, part.ids)
                let count = ids.count
                ids.withUnsafeMutableBufferPointer { ids in
                    starts.withUnsafeMutableBufferPointer { starts in
                        ends.withUnsafeMutableBufferPointer { ends in
                            let buffer = TokenBuffer(
                                ids: ids.baseAddress, starts: starts.baseAddress, ends: ends.baseAddress, capacity: count)
                            tokenizer.trim(text, buffer, count: count)
                        }
                    }
                }
            }
        }
        for id in [Int32(0), 5, 300] { _ = tokenizer.token(id) }
        return true
    }

    private static let long = Array((String(repeating: "ab▁", count: 400) + " " + String(repeating: "é", count: 1500)).utf8)

    private func texts(_ random: inout Random) -> [[UInt8]] { (0..<8).map { _ in PackTokenizerCase.text(&random) } }

    /// Random numbers in each table in turn, and truncated tables. LIMBECK_DAMAGE_ROUNDS sets the number of rounds, by default one.
    @Test(arguments: PackTokenizerCase.small) func damagedTables(_ item: PackTokenizerCase) throws {
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(seed: seed)
        let sample = PackTokenizerSample(try item.open())
        let rounds = ProcessInfo.processInfo.environment["LIMBECK_DAMAGE_ROUNDS"].flatMap { Int($0) } ?? 1
        var opened = 0
        for round in 0..<rounds {
            for place in sample.tensors.indices {
                for kind in 0..<12 {
                    var spoilt = sample
                    spoil(&spoilt.tensors[place], kind, &random)
                    let texts = texts(&random) + (round == 0 && kind < 3 ? [Self.long] : [])
                    if cut(spoilt, texts, "seed \(seed): round \(round), \(sample.tensors[place].name), \(kind)") { opened += 1 }
                }
            }
        }
        // Not all corruption is detected, since not all of it matters.
        #expect(opened > 0)
    }

    private func spoil(_ tensor: inout PackTokenizerSample.Tensor, _ kind: Int, _ random: inout Random) {
        let count = tensor.bytes.count
        switch kind {
        case 0:
            for index in tensor.bytes.indices { tensor.bytes[index] = UInt8.random(in: 0...255, using: &random) }
        case 1:
            for index in tensor.bytes.indices { tensor.bytes[index] = 0 }
        case 2:
            for index in tensor.bytes.indices { tensor.bytes[index] = 255 }
        case 3:
            let row = count / tensor.shape[0]
            tensor.shape[0] /= 2
            tensor.bytes.removeLast(count - row * tensor.shape[0])
        default:
            for _ in 0..<(1 << (kind % 6)) {
                let word = Int.random(in: 0..<max(1, count / 4), using: &random) * 4
                guard word + 4 <= count else { continue }
                let old = tensor.bytes[word..<word + 4].reversed().reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
                let values: [UInt32] = [
                    0, 1, 2, 255, 256, .max, .max - 1, 1 << 31 - 1, 1 << 31, old &+ 1, old &- 1, old ^ 1, old << 1,
                    old &+ 256, UInt32(truncatingIfNeeded: random.next()), UInt32.random(in: 0..<600, using: &random),
                ]
                let value = values.randomElement(using: &random) ?? 0
                for byte in 0..<4 { tensor.bytes[word + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(byte))) }
            }
        }
    }

    /// Numbers of every table, one at a time: every one of them if LIMBECK_DAMAGE_ROUNDS is set, which takes a while.
    @Test(arguments: PackTokenizerCase.small) func everyNumber(_ item: PackTokenizerCase) throws {
        let isThorough = ProcessInfo.processInfo.environment["LIMBECK_DAMAGE_ROUNDS"] != nil
        let seed = UInt64.random(in: .min ... .max)
        var random = Random(seed: seed)
        let sample = PackTokenizerSample(try item.open())
        let texts = texts(&random)
        for place in sample.tensors.indices {
            let words = sample.tensors[place].bytes.count / 4
            let step = isThorough ? 1 : max(1, words / 16)
            var word = 0
            while word < words {
                var spoilt = sample
                let values = [UInt32.max, 0, UInt32(truncatingIfNeeded: random.next()), .random(in: 0..<999, using: &random)]
                let value = values.randomElement(using: &random) ?? 0
                spoilt.set(sample.tensors[place].name, word, value)
                cut(spoilt, texts, "seed \(seed): \(sample.tensors[place].name)[\(word)] = \(value)")
                word += step
            }
        }
    }
}
