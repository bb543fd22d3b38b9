import Foundation
import Limbeck
import Testing

/// Packs that are truncated, corrupted or inconsistent. A pack that opens can be run; nothing traps, and nothing is read or written
/// out of bounds.
@Suite struct PackHostileTests {
    /// One of each kind of part: a relative bias, rotary and disentangled positions, trigrams, layers that share weights, a decoder, exits.
    static let names = [
        "models/bert-sequence-3", "models/mpnet-masked", "models/modernbert-answer", "models/deberta", "models/mobilebert-choice",
        "models/albert-masked", "cases/sentences/stages", "cases/sentences/activations", "cases/sentences/cross-encoder",
        "cases/sentences/prompts-left-out", "adaptive/fastbert-package",
    ]

    @Test(arguments: ["bert-token"]) func cutAnywhere(name: String) throws {
        let sample = try PackSample("Tests/golden/models/\(name)")
        let whole = try sample.bytes
        let header = Int(whole.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }) + 8
        for count in Array(0..<header) + Array(stride(from: header, to: whole.count, by: 997)) + [whole.count - 1] {
            try sample.write(Array(whole[..<count]))
            #expect(throws: LimbeckError.self, "\(count) of \(whole.count) bytes") { try Model(path: sample.path) }
        }
        try sample.write(whole + [0])
        #expect(throws: LimbeckError.self) { try Model(path: sample.path) }
    }

    /// A flipped bit in the header or the description is detected at opening; one in the weights by `verify`.
    @Test func flippedBits() throws {
        let sample = try PackSample("Tests/golden/models/bert-token")
        let whole = try sample.bytes
        let description = try PackParts(whole).tensors[0].bytes.count
        let header = Int(whole.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }) + 8
        var random = Random(seed: 3)
        for place in stride(from: 0, to: header + description, by: 3) {
            var bytes = whole
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            try sample.write(bytes)
            #expect(throws: LimbeckError.self, "byte \(place)") { try Model(path: sample.path) }
        }
        for place in stride(from: header + description, to: whole.count, by: 211) {
            var bytes = whole
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            try sample.write(bytes)
            let error = #expect(throws: LimbeckError.self, "byte \(place)") { try Model.verify(path: sample.path) }
            #expect(error?.status == .fileMalformed)
        }
    }

    @Test func versionsAndEndianness() throws {
        for (from, to, status, words) in [
            (#""limbeck.version":"1""#, #""limbeck.version":"9""#, .fileUnsupported, "newer"),
            (#""limbeck.version":"1""#, #""limbeck.version":"x""#, .fileMalformed, "limbeck.version"),
            (#""limbeck.version":"1""#, #""limbeck.vision.":"1""#, .fileMalformed, "limbeck.version"),
            (#""limbeck.endianness":"little""#, #""limbeck.endianness":"bigbig""#, .fileUnsupported, "endian"),
            (#""format":"limbeck""#, #""format":"limback""#, .fileUnreadable, "neither a pack"),
        ] as [(String, String, LimbeckError.Status, String)] {
            let sample = try PackSample("Tests/golden/models/bert-token")
            var bytes = try sample.bytes
            let place = try #require(bytes.firstRange(of: Array(from.utf8)))
            bytes.replaceSubrange(place, with: Array(to.utf8))
            try sample.write(PackParts.sealed(bytes))
            let error = #expect(throws: LimbeckError.self) { try Model(path: sample.path) }
            #expect(error?.status == status)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
    }

    /// A header whose length is not a multiple of 64: the tensors are not on boundaries.
    @Test func misaligned() throws {
        let sample = try PackSample("Tests/golden/models/bert-token")
        let bytes = try sample.bytes
        let length = bytes.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }
        for more in [1, 8, 32] {
            var moved = bytes
            moved.replaceSubrange(0..<8, with: withUnsafeBytes(of: length + UInt64(more)) { Array($0) })
            moved.insert(contentsOf: [UInt8](repeating: 32, count: more), at: Int(length) + 8)
            try sample.write(moved)
            let error = #expect(throws: LimbeckError.self) { try Model(path: sample.path) }
            #expect(error?.message.contains("boundary") == true)
        }
    }

    /// Every number and word of the description in turn is replaced; the checksums are updated.
    @Test(arguments: names) func everyValueOfTheDescription(name: String) throws {
        let sample = try PackSample("Tests/golden/\(name)")
        var parts = try PackParts(sample.bytes)
        let text = parts.description
        var opened = 0, refused = 0
        for value in values(text) {
            for other in value.others {
                parts.description = text
                parts.description.replaceSubrange(value.range, with: Array(other.utf8))
                try sample.write(parts.bytes)
                do {
                    compute(try Model(path: sample.path))
                    opened += 1
                } catch {
                    refused += 1
                    #expect(error.status == .fileMalformed || error.status == .fileInconsistent, "\(error.message)")
                }
            }
        }
        #expect(refused > 100 && opened > 10, "\(opened) opened, \(refused) refused")
    }

    /// The indices of position scores must stay in their tables.
    @Test func rowsOfPositions() throws {
        let sample = try PackSample("Tests/golden/models/deberta")
        let parts = try PackParts(sample.bytes)
        let place = try #require(parts.tensors.firstIndex { $0.name.hasSuffix(".rows") })
        let count = parts.tensors[place].bytes.count / 4
        for (index, number) in [(0, -1), (0, 5), (3, 1 << 20), (count / 2, -1), (7, Int(Int32.min)), (8, Int(Int32.max))] {
            var spoilt = parts
            withUnsafeBytes(of: Int32(number)) { spoilt.tensors[place].bytes.replaceSubrange(index * 4..<index * 4 + 4, with: $0) }
            try sample.write(spoilt.bytes)
            let error = #expect(throws: LimbeckError.self) { try Model(path: sample.path) }
            #expect(error?.message.contains("rows of positions") == true)
        }
    }

    /// Inconsistent descriptions of vectors and prompts.
    @Test func vectorsThatLie() throws {
        let sample = try PackSample("Tests/golden/cases/sentences/stages")
        let whole = try PackParts(sample.bytes)
        let long = String(repeating: "a", count: 16_385)
        for (from, to, words) in [
            (#""poolings":["mean"]"#, #""poolings":[]"#, "its list of poolings"),
            (#""poolings":["mean"]"#, #""poolings":["pooler"]"#, "a pooling"),
            (#""poolings":["mean"]"#, #""poolings":["mean","mean"]"#, "'inputs' is 8"),
            (#""kept":7"#, #""kept":13"#, "'kept' is 13"),
            (#""kept":7"#, #""kept":0"#, "'kept' is 0"), (#""unit_length":true"#, #""unit_length":false"#, "a stage"),
            (#""adds_inputs":true"#, #""adds_inputs":1"#, "'adds_inputs' is 1"),
            (#""adds_inputs":true"#, #""adds_inputs":false"#, nil),
            ("\"text\":\"\"", "\"text\":\"\(long)\"", "of 16385 bytes"),
            (#""leaves_prompt_out":false"#, #""leaves_prompt_out":0"#, "'leaves_prompt_out' is 0"),
            (#""similarity":"cosine""#, #""similarity":"maxsim""#, "'similarity' is 'maxsim'"),
            (#""default_prompt":0"#, #""default_prompt":4"#, "'default_prompt' is 4"),
            (#""default_prompt":0"#, #""default_prompt":-1"#, "'default_prompt' is -1"),
        ] as [(String, String, String?)] {
            var parts = whole
            if from.contains("prompt") && !from.contains("leaves") || from.contains("text") || from.contains("similarity") {
                // A model in which only these require more than format 1.
                parts = try PackParts(PackSample("Tests/golden/cases/sentences/prompts").bytes)
            }
            let place = try #require(parts.description.firstRange(of: Array(from.utf8)), "\(from)")
            parts.description.replaceSubrange(place, with: Array(to.utf8))
            try sample.write(parts.bytes)
            do throws(LimbeckError) {
                compute(try Model(path: sample.path))
                #expect(words == nil, "\(to) opened")
            } catch {
                #expect(words.map { error.message.contains($0) } == true, "\(to): \(error.message)")
            }
        }
    }

    /// A layer that adds its inputs has to have as many outputs, and so has what it adds.
    @Test func residualsThatDoNotFit() throws {
        for (name, from, to) in [
            ("stages", #""adds_inputs":false},{"norm""#, #""adds_inputs":true},{"norm""#),
            ("activations", #""adds":{"linear":{"inputs":12,"outputs":9"#, #""adds":{"linear":{"inputs":12,"outputs":8"#),
        ] {
            let sample = try PackSample("Tests/golden/cases/sentences/\(name)")
            var parts = try PackParts(sample.bytes)
            let place = try #require(parts.description.firstRange(of: Array(from.utf8)), "\(name)")
            parts.description.replaceSubrange(place, with: Array(to.utf8))
            try sample.write(parts.bytes)
            let error = #expect(throws: LimbeckError.self) { try Model(path: sample.path) }
            #expect(error?.message.contains("a stage whose widths differ") == true, "\(error?.message ?? "")")
        }
    }

    /// No packer writes a gate in float16 beside a matrix in float32, but such a pack opens: the kernels' scratch has room for it.
    @Test func gatesInFloat16() throws {
        let sample = try PackSample("Tests/golden/models/modernbert")
        let expected = try Session(Model(path: sample.path)).forward([[1, 2, 3]])[0].values
        var parts = try PackParts(sample.bytes)
        let gates = parts.tensors.indices.filter { parts.tensors[$0].name.hasSuffix(".gate.weight") }
        try #require(!gates.isEmpty)
        for index in gates {
            let numbers = parts.tensors[index].bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
            parts.tensors[index].dtype = "F16"
            parts.tensors[index].bytes = try numbers.flatMap { number in
                withUnsafeBytes(of: try #require(half(number)).littleEndian) { Array($0) }
            }
        }
        let pieces = try #require(String(data: Data(parts.description), encoding: .utf8)).components(separatedBy: #""gate":{"#)
        try #require(pieces.count == gates.count + 1)
        let edited = pieces[1...].map { piece in
            let place = piece.range(of: #""form":"float32""#)!
            return piece.replacingCharacters(in: place, with: #""form":"float16""#)
        }
        parts.description = Array(([pieces[0]] + edited).joined(separator: #""gate":{"#).utf8)
        try sample.write(parts.bytes)
        for tokens in [1, 64] {
            let session = try Session(Model(path: sample.path), options: SessionOptions(threads: 2, maxTokens: max(3, tokens)))
            let values = try session.forward([[1, 2, 3]])[0].values
            #expect(zip(values, expected).allSatisfy { abs($0 - $1) < 0.01 } && values != expected)
        }
    }

    /// Safetensors files that begin like packs.
    @Test func almostPacks() throws {
        let sample = try PackSample("Tests/golden/models/bert-token")
        let parts = try PackParts(sample.bytes)
        func refuses(_ words: String, _ spoil: (inout PackParts) -> Void) throws {
            var spoilt = parts
            spoil(&spoilt)
            try sample.write(spoilt.bytes)
            let error = #expect(throws: LimbeckError.self, "\(words)") { try Model(path: sample.path) }
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
        }
        try refuses("description first") { $0.tensors[0].name = "description" }
        try refuses("description first") { $0.tensors[0].dtype = "I8" }
        try refuses("description first") { $0.tensors.swapAt(0, 1) }
        try refuses("checksums") { $0.checksums = "sums" }
        try refuses("no tensor") { $0.tensors.remove(at: 3) }
        try refuses("expected F32") { $0.tensors[3].dtype = "I32" }
        try refuses("expected an object") { $0.description = Array("[]".utf8) }
        try refuses("'model'") { $0.description = Array("{}".utf8) }
        try refuses("description") { $0.description = Array("{".utf8) }
        for name in ["model", "embeddings", "blocks", "layers", "rotaries", "head"] {
            try refuses("'\(name)'") { parts in
                let place = parts.description.firstRange(of: Array("\"\(name)\":".utf8))!
                parts.description[place.lowerBound + 1] = UInt8(ascii: "X")
            }
        }
    }

    private struct Value {
        var range: Range<Int>
        var others: [String]
    }

    /// The numbers and words of a JSON text.
    private func values(_ text: [UInt8]) -> [Value] {
        var values: [Value] = []
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "\"") {
                let end = text[(index + 1)...].firstIndex(of: byte)! + 1
                let word = String(decoding: text[index + 1..<end - 1], as: UTF8.self)
                // A key is followed by a colon.
                if text[end] != UInt8(ascii: ":"), let others = Self.words[word] {
                    values.append(Value(range: index..<end, others: others.map { "\"\($0)\"" }))
                }
                index = end
            } else if byte == UInt8(ascii: "-") || (48...57).contains(byte) {
                let end = text[index...].firstIndex { !((48...57).contains($0) || $0 == UInt8(ascii: "-")) }!
                let number = Int(String(decoding: text[index..<end], as: UTF8.self))!
                let others = [0, -1, number - 1, number + 1, number + 33, 1 << 31 - 1, 1 << 62]
                values.append(
                    Value(range: index..<end, others: Set(others).subtracting([number]).map(String.init) + ["null", "1e9"]))
                index = end
            } else {
                index += 1
            }
        }
        return values
    }

    /// Words of lists, and their alternatives.
    private static let words: [String: [String]] = {
        let lists = [
            ["embedded", "hidden", "narrow", "projected", "context", "attended", "intermediate"],
            ["float32", "float16", "int8"], ["none", "sequence", "token", "span", "masked_lm", "detection"],
            ["embed", "trigrams", "product", "normalize", "rotate", "attention"],
            ["mean", "cls", "max", "pooler", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"], ["softmax", "sigmoid", "raw"],
            ["cosine", "dot", "euclidean", "manhattan"],
        ]
        var words: [String: [String]] = [:]
        for list in lists { for word in list { words[word] = list.filter { $0 != word } + ["", "elsewhere"] } }
        return words
    }()

    private func compute(_ model: Model) {
        guard let session = try? Session(model, options: SessionOptions(threads: 1, maxTokens: 40)) else { return }
        let lengths = [min(3, model.maxPositions), min(40, model.maxPositions)]
        let total = lengths.reduce(0, +)
        let ids = (0..<total).map { Int32(($0 * 7) % model.vocabSize) }
        for output in [ForwardOutput.hidden, .pooled, .logits, .branches] {
            _ = try? session.forward(ids: ids, lengths: lengths, output: output)
        }
        let rows = [Array(ids[..<lengths[0]]), Array(ids[lengths[0]...])]
        for options in [ExitOptions.threshold(0.5), .patience(1)] { _ = try? session.exits(rows, options: options) }
        if let part = try? Session(model, options: SessionOptions(threads: 1, maxTokens: 40, width: 0.5)) {
            _ = try? part.forward(ids: ids, lengths: lengths, output: .hidden)
        }
        guard model.embeddingSize <= 1 << 20 else { return }
        _ = try? session.embed(["the house", ""], options: EmbedOptions(prompt: "a "))
        for prompt in model.prompts { _ = try? session.embed(["the house"], options: EmbedOptions(promptName: prompt.name)) }
    }
}
