import Limbeck
import LimbeckDistil
import Testing

@Suite struct MaskingTests {
    /// The known answers of Random123's Philox4x32-10.
    @Test func philox() {
        #expect(Philox.block((0, 0, 0, 0), (0, 0)) == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
        let ones = UInt32.max
        #expect(Philox.block((ones, ones, ones, ones), (ones, ones)) == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
        #expect(
            Philox.block((0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), (0xa409_3822, 0x299f_31d0))
                == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
    }

    @Test func streams() {
        func numbers(_ seed: UInt64, _ stream: UInt64) -> [UInt32] {
            var random = Philox(seed: seed, stream: stream)
            return (0..<9).map { _ in random.next() }
        }
        let first = numbers(0, 0)
        #expect(first[0...3] == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
        #expect(Set(first).count == 9)
        for (seed, stream) in [(1, 0), (1 << 32, 0), (0, 1), (0, 1 << 32)] as [(UInt64, UInt64)] {
            #expect(Set(numbers(seed, stream)).isDisjoint(with: first))
        }
        var random = Philox(seed: 5, stream: 6)
        var counts = [Int](repeating: 0, count: 7)
        for _ in 0..<70_000 { counts[Int(random.uniform(below: 7))] += 1 }
        // Within five standard deviations, 93 each.
        #expect(counts.allSatisfy { abs($0 - 10_000) < 465 })
        #expect((0..<100).allSatisfy { _ in random.uniform(below: 1) == 0 })
    }

    /// A sample whose sequences have these texts, masked in its stage.
    private func sample(_ masking: String, _ text: String) throws -> (CorpusSample, Corpus, Masker) {
        var sample = try CorpusSample()
        sample.stage = #", "masking": \#(masking)"#
        let recipe = try sample.recipe("texts", text)
        let corpus = try Corpus(recipe, configuration: sample.configuration, tokenizer: sample.tokenizer)
        return (sample, corpus, Masker(try #require(recipe.stages[0].masking), corpus, sample.configuration))
    }

    private func mask(_ corpus: Corpus, _ masker: Masker, _ sequence: Int, step: UInt32, number: Int) -> (
        ids: [Int32], labels: [Int32]
    ) {
        var ids = Array(corpus.ids[corpus.starts[sequence]..<corpus.starts[sequence + 1]])
        let labels = masker.mask(&ids, sequence: sequence, key: (42, step), number: number)
        return (ids, labels)
    }

    @Test func tokens() throws {
        let (_, corpus, masker) = try sample("{}", "the cats, zebra sitting dog a dog the cat\n")
        let original = Array(corpus.ids)
        var (chosen, masked, kept, seen) = (0, 0, 0, 0)
        var others = Set<Int32>()
        for step in 0..<4000 {
            let (ids, labels) = mask(corpus, masker, 0, step: UInt32(step), number: 0)
            for (place, id) in original.enumerated() {
                guard id > 4 else {
                    // Special tokens, and the unknown one, are neither changed nor predicted.
                    #expect(labels[place] == -100 && ids[place] == id)
                    continue
                }
                seen += 1
                guard labels[place] != -100 else {
                    #expect(ids[place] == id)
                    continue
                }
                #expect(labels[place] == id)
                chosen += 1
                if ids[place] == 4 { masked += 1 } else if ids[place] == id { kept += 1 } else { others.insert(ids[place]) }
            }
        }
        // 15 % of them, of which 80 % are masks; the rest stays or is any token, masks too: within five standard deviations.
        let part = Double(chosen) / Double(seen)
        #expect(abs(part - 0.15) < 5 * (0.15 * 0.85 / Double(seen)).squareRoot())
        let expected = 0.8 + 0.1 / 17
        #expect(abs(Double(masked) / Double(chosen) - expected) < 5 * (expected * (1 - expected) / Double(chosen)).squareRoot())
        #expect(abs(Double(kept) / Double(chosen) - (0.1 + 0.1 / 17)) < 5 * (0.106 * 0.894 / Double(chosen)).squareRoot())
        #expect(others.isSuperset(of: [0, 1, 2, 3]) && others.allSatisfy { 0..<17 ~= $0 })
    }

    @Test func partsOfMasks() throws {
        let text = "the cat sat\n"
        for (masking, expected) in [
            (#"{"probability": 1, "mask": 1, "random": 0}"#, [2, 4, 4, 4, 3]),
            (#"{"probability": 1, "mask": 0, "random": 0}"#, [2, 5, 6, 7, 3]),
        ] as [(String, [Int32])] {
            let (_, corpus, masker) = try sample(masking, text)
            let (ids, labels) = mask(corpus, masker, 0, step: 1, number: 2)
            #expect(ids == expected && labels == [-100, 5, 6, 7, -100])
        }
        let (_, corpus, masker) = try sample(#"{"probability": 1, "mask": 0, "random": 1}"#, text)
        #expect(Set((0..<200).map { mask(corpus, masker, 0, step: $0, number: 0).ids[1] }) == Set(0..<17))
    }

    @Test func addresses() throws {
        let (_, corpus, masker) = try sample(#"{"probability": 0.5}"#, "the cat sat dog a the cat sat dog a\nthe cat\n")
        let first = mask(corpus, masker, 0, step: 3, number: 5)
        #expect(first == mask(corpus, masker, 0, step: 3, number: 5))
        #expect(first != mask(corpus, masker, 0, step: 4, number: 5))
        #expect(first != mask(corpus, masker, 0, step: 3, number: 6))
        // The draw of a token depends on its place, not on what else the sequence has.
        let short = mask(corpus, masker, 1, step: 3, number: 5)
        #expect(Array(short.labels[..<3]) == Array(first.labels[..<3]) && Array(short.ids[..<3]) == Array(first.ids[..<3]))
    }

    @Test func wholeWords() throws {
        let (sample, corpus, masker) = try sample(#"{"probability": 0.5, "whole_word": true}"#, "cats sitting , cat sat\n")
        #expect(sample.words(corpus, 0) == "[CLS] cat ##s [UNK] , cat sat [SEP]")
        #expect(corpus.wordStarts == [true, true, false, true, true, true, true, true])
        var patterns = Set<[Bool]>(), pieces = Set<[Bool]>()
        for step in 0..<400 {
            let (ids, labels) = mask(corpus, masker, 0, step: UInt32(step), number: 0)
            patterns.insert(labels.map { $0 != -100 })
            #expect((labels[1] == -100) == (labels[2] == -100))
            if labels[1] != -100 { pieces.insert([ids[1] == 4, ids[2] == 4]) }
        }
        #expect(patterns.count == 16)
        // Each piece of a word has its own mask.
        #expect(pieces.count == 4)
    }

    @Test func wordStartsOfOtherVocabularies() throws {
        func starts(_ file: String, _ tokens: [String]) throws -> [Bool] {
            let tokenizer = try Tokenizer(path: Repository.path("Tests/golden/tokenizer/\(file).json"))
            return try tokens.map { !tokenizer.continuesWord(try #require(tokenizer.id(of: $0))) }
        }
        #expect(try starts("byte-level", ["Ġthe", "e", "a"]) == [true, false, false])
        #expect(try starts("unigram", ["▁the", "e", "▁"]) == [true, false, true])
        #expect(try starts("characters", ["▁", "e"]) == [true, false])
    }

    @Test func chineseWords() throws {
        var sample = try CorpusSample()
        sample.stage = #", "masking": {"probability": 0.5, "whole_word": true, "segmented": "words"}"#
        try sample.folder.write("使用 语言\n使用\u{3000}the cats 语 言\n使 用语\n", to: "words")
        let corpus = try sample.corpus("texts", "使用语言\n使用the cats语言\n使用言\n")
        #expect(sample.words(corpus, 1) == "[CLS] 使 用 the cat ##s 语 言 [SEP]")
        func starts(_ sequence: Int) -> [Bool] {
            Array(corpus.wordStarts[corpus.starts[sequence] + 1..<corpus.starts[sequence + 1] - 1])
        }
        #expect(starts(0) == [true, false, true, false])
        #expect(starts(1) == [true, false, true, true, false, true, true])
        // Another text: by characters.
        #expect(starts(2) == [true, true, true] && corpus.unaligned == 1)
        #expect(
            corpus.notes == [
                "\(sample.folder.path)/data: 1 of 3 texts differ from their segmented copies, and are masked by characters"
            ])
        let copy = "\(sample.folder.path)/words"
        try sample.folder.write("使用\n", to: "words")
        #expect(try sample.refusal("texts", "使用\n使\n") == "\(copy): 1 lines, and \(sample.folder.path)/data has more")
        try sample.folder.write("使用\n使\n", to: "words")
        #expect(try sample.refusal("texts", "使用\n") == "\(copy): more lines than the 1 of \(sample.folder.path)/data")
    }
}
