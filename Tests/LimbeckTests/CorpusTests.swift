import Limbeck
import LimbeckDistil
import Testing

/// A corpus from a few lines, with a vocabulary of a few words.
struct CorpusSample {
    static let vocabulary = [
        "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "##s", "##ting", "dog", ",", "使", "用", "语", "言", "a",
    ]

    let folder: TestFolder
    let tokenizer: Tokenizer
    var configuration: Configuration
    /// Members of the recipe and of its stage.
    var losses = #"{"loss": "cosine", "of": "vectors"}"#
    var stage = ""
    var more = ""

    init() throws {
        folder = try TestFolder()
        let path = try folder.write(Self.vocabulary.joined(separator: "\n") + "\n", to: "vocab.txt")
        tokenizer = try Tokenizer(path: path)
        configuration = try LoadedModel.load(ModelFolder(Repository.path("Tests/golden/models/bert-sequence-3"))).configuration
        configuration.vocabSize = tokenizer.vocabularySize
        configuration.labels = ["bad", "good", "none"]
    }

    func recipe(_ kind: String, _ text: String) throws -> Recipe {
        try recipe(kind, Array(text.utf8))
    }

    func recipe(_ kind: String, _ bytes: [UInt8]) throws -> Recipe {
        try folder.write(bytes, to: "data")
        let text = RecipeTests.text(loss: losses, stage: stage, more: more)
        return try Recipe(path: folder.write(text, to: "recipe.json"), overrides: [("data", #"{"\#(kind)": "data"}"#)])
    }

    func corpus(_ kind: String, _ text: String) throws -> Corpus { try corpus(kind, Array(text.utf8)) }

    func corpus(_ kind: String, _ bytes: [UInt8]) throws -> Corpus {
        try Corpus(recipe(kind, bytes), configuration: configuration, tokenizer: tokenizer)
    }

    /// The message without the path of the data.
    func refusal(_ kind: String, _ text: String) throws -> String {
        do {
            _ = try corpus(kind, text)
        } catch let error as LimbeckError {
            let path = "\(folder.path)/data: "
            return error.message.hasPrefix(path) ? String(error.message.dropFirst(path.count)) : error.message
        }
        Issue.record("not refused")
        return ""
    }

    func words(_ corpus: Corpus, _ sequence: Int) -> String {
        corpus.ids[corpus.starts[sequence]..<corpus.starts[sequence + 1]].map { Self.vocabulary[Int($0)] }.joined(separator: " ")
    }
}

@Suite struct CorpusTests {
    static let labels = #"{"loss": "cross_entropy", "of": "labels"}"#

    @Test func texts() throws {
        let sample = try CorpusSample()
        let corpus = try sample.corpus("texts", "\u{FEFF}the cats\tsat\r\n a dog \nthe")
        #expect(corpus.sequences == 3 && corpus.groups == 3 && corpus.groupStarts == [0, 1, 2, 3])
        #expect(sample.words(corpus, 0) == "[CLS] the cat ##s sat [SEP]")
        #expect(sample.words(corpus, 1) == "[CLS] a dog [SEP]")
        #expect(sample.words(corpus, 2) == "[CLS] the [SEP]")
        #expect(corpus.types == [UInt8](repeating: 0, count: 13) && corpus.labels.isEmpty && corpus.wordStarts.isEmpty)
        #expect(corpus.notes.isEmpty && corpus.truncated == 0 && corpus.illFormed == 0)
        #expect(corpus.tokens(of: [0, 2]) == 9 && corpus.counts()[5] == 2 && corpus.counts()[4] == 0)
    }

    @Test func truncatedAndIllFormed() throws {
        var sample = try CorpusSample()
        sample.more = #", "max_length": 4"#
        let corpus = try sample.corpus("texts", Array("the cat sat\ndog \u{E9}\n".utf8) + [0x61, 0xFF, 0x0A])
        #expect(sample.words(corpus, 0) == "[CLS] the cat [SEP]")
        #expect(sample.words(corpus, 1) == "[CLS] dog [UNK] [SEP]")
        // U+FFFD is removed by the normalizer, as by that of tokenizers.
        #expect(sample.words(corpus, 2) == "[CLS] a [SEP]")
        #expect(
            corpus.notes == [
                "\(sample.folder.path)/data: 1 of 3 texts were longer than the maximum and lost their ends",
                "\(sample.folder.path)/data: 1 of 3 texts are not UTF-8; what is not was read as U+FFFD",
            ])
    }

    @Test func labelled() throws {
        var sample = try CorpusSample()
        sample.losses = Self.labels
        let corpus = try sample.corpus("labelled", "good\tthe cat\nbad\ta dog\tthe dog\ngood\tsat\n")
        #expect(corpus.labels == [1, 0, 1] && corpus.labelNames == ["bad", "good", "none"])
        #expect(sample.words(corpus, 1) == "[CLS] a dog [SEP] the dog [SEP]")
        #expect(Array(corpus.types[corpus.starts[1]..<corpus.starts[2]]) == [0, 0, 0, 0, 1, 1, 1])
        // Numbers of labels that have no names.
        sample.configuration.labels = ["LABEL_0", "LABEL_1"]
        #expect(try sample.corpus("labelled", "1\tthe\nLABEL_0\ta\n").labels == [1, 0])
        // One output: numbers.
        sample.configuration.labels = ["LABEL_0"]
        #expect(try sample.corpus("labelled", "1.5\tthe\n-2e1\ta\n").labels == [1.5, -20])
        // Without a head, the labels of the file, by their bytes.
        sample.configuration.head = .none
        let sorted = try sample.corpus("labelled", "é\tthe\nb\ta\nB\ta\nb\tdog\n")
        #expect(sorted.labelNames == ["B", "b", "é"] && sorted.labels == [2, 1, 0, 1])
        // Labels that no loss reads are not looked at.
        sample.losses = try CorpusSample().losses
        #expect(try sample.corpus("labelled", "\tthe\n").labels.isEmpty)
    }

    @Test func pairs() throws {
        let sample = try CorpusSample()
        let corpus = try sample.corpus("pairs", "the cat\tcats\na\tdog\tsat\tthe\n")
        #expect(corpus.groupStarts == [0, 2, 6] && corpus.sequences == 6)
        #expect(sample.words(corpus, 1) == "[CLS] cat ##s [SEP]" && sample.words(corpus, 5) == "[CLS] the [SEP]")
    }

    @Test func tokens() throws {
        var sample = try CorpusSample()
        sample.losses =
            Self.labels + #", {"loss": "cross_entropy", "of": "masked_tokens"}, {"loss": "cross_entropy", "of": "spans"}"#
        let corpus = try sample.corpus(
            "tokens",
            """
            {"input_ids": [2, 5, 3], "token_type_ids": [0, 0, 1], "labels": 2, "masked_labels": [-100, 6, -100], "start": 1, "end": 2}
            {"input_ids": [2, 3], "labels": 0, "masked_labels": [-100, -100], "start": -100, "end": -100}
            """)
        #expect(corpus.ids == [2, 5, 3, 2, 3] && corpus.types == [0, 0, 1, 0, 0] && corpus.labels == [2, 0])
        #expect(corpus.maskedLabels == [-100, 6, -100, -100, -100] && corpus.starts == [0, 3, 5])
        #expect(corpus.spanStarts == [1, -100] && corpus.spanEnds == [2, -100])
        // One class may be all of a batch that somebody prepared.
        sample.losses = Self.labels
        #expect(try sample.corpus("tokens", #"{"input_ids": [2], "labels": 1}"#).labels == [1])
        sample.losses = #"{"loss": "cross_entropy", "of": "tokens"}"#
        sample.configuration.head = .token
        #expect(
            try sample.corpus("tokens", #"{"input_ids": [2, 5, 3], "labels": [-100, 2, 0]}"#).tokenLabels == [-100, 2, 0])
        sample.losses = #"{"loss": "kl", "of": "scores"}"#
        let groups = try sample.corpus(
            "tokens",
            """
            {"texts": [{"input_ids": [2, 3]}, {"input_ids": [2, 5, 3]}, {"input_ids": [2]}], "scores": [1.5, -2]}
            {"texts": [{"input_ids": [3]}, {"input_ids": [2]}, {"input_ids": [5]}], "scores": [0.25]}
            """)
        #expect(groups.groupStarts == [0, 3, 6] && groups.starts == [0, 2, 5, 6, 7, 8, 9])
        #expect(groups.scores == [1.5, -2, 0.25] && groups.scoreStarts == [0, 2, 3])
    }

    @Test(
        arguments: [
            ("texts", "", "an empty file, 0 bytes"), ("texts", "the\n\na\n", "line 2: an empty text"),
            ("texts", "the\n \t\n", "line 2: an empty text"), ("texts", "\u{200B}\n", "line 1: a text without tokens"),
            ("labelled", "good\n", "line 1: 1 fields between tabs, expected a label, a text, and perhaps a second text"),
            ("labelled", "good\ta\tb\tc\n", "line 1: 4 fields between tabs, expected a label, a text, and perhaps a second text"),
            ("labelled", "good\tthe\n\tthe\n", "line 2: no label before the tab"),
            ("labelled", "fine\tthe\n", "line 1: the label 'fine' is not one of the student's: bad, good, none"),
            ("labelled", "good\t\n", "line 1: an empty text"), ("labelled", "good\tthe\t \n", "line 1: an empty text"),
            ("labelled", "good\tthe\ngood\ta\n", "all labels are 'good', expected at least two classes"),
        ])
    func refusedLabels(kind: String, text: String, expected: String) throws {
        var sample = try CorpusSample()
        if kind == "labelled" { sample.losses = Self.labels }
        #expect(try sample.refusal(kind, text) == expected)
    }

    @Test(
        arguments: [
            ("{", "line 1: not JSON: it ends at byte 1, expected a key in quotes"),
            ("[]", "line 1: the line is an array at byte 0, expected an object"),
            ("{}", "line 1: no 'input_ids'"),
            (#"{"input_ids": []}"#, "line 1: no tokens"),
            (#"{"input_ids": [17]}"#, "line 1: 'input_ids' is 17 at byte 15, expected an integer from 0 to 16"),
            (#"{"input_ids": [-100]}"#, "line 1: 'input_ids' is -100 at byte 15, expected an integer from 0 to 16"),
            (#"{"input_ids": 2}"#, "line 1: 'input_ids' is 2 at byte 14, expected an array of integers"),
            (
                #"{"input_ids": [2], "attention_mask": [1]}"#,
                "line 1: 'attention_mask' is unknown, expected one of input_ids, token_type_ids, labels, masked_labels, start, end"
            ),
            (
                #"{"input_ids": [2], "token_type_ids": [2]}"#,
                "line 1: 'token_type_ids' is 2 at byte 38, expected an integer from 0 to 1"
            ),
            (#"{"input_ids": [2], "token_type_ids": [0, 0]}"#, "line 1: 2 'token_type_ids' for 1 tokens"),
            (#"{"input_ids": [2, 2, 2, 2, 2]}"#, "line 1: 5 tokens, expected at most 4"),
            (#"{"input_ids": [2], "labels": 3}"#, "line 1: 'labels' is 3 at byte 29, expected an integer from 0 to 2"),
            (#"{"input_ids": [2], "labels": 0.5}"#, "line 1: 'labels' is 0.5 at byte 29, expected an integer from 0 to 2"),
            (#"{"input_ids": [2]}"#, "line 1: no 'labels', which a loss needs"),
            (#"{"input_ids": [2], "labels": 0}"#, "line 1: no 'masked_labels', which a loss needs"),
            (
                #"{"input_ids": [2], "labels": 0, "masked_labels": [17]}"#,
                "line 1: 'masked_labels' is 17 at byte 50, expected an integer from 0 to 16, or -100 for none"
            ),
            (#"{"input_ids": [2], "labels": 0, "masked_labels": [1]}"#, "line 1: no 'start' and 'end', which a loss needs"),
            (
                #"{"input_ids": [2], "labels": 0, "masked_labels": [1], "start": 1, "end": 0}"#,
                "line 1: 'start' is 1 at byte 63, expected an integer from 0 to 0, or -100 for none"
            ),
        ])
    func refusedTokens(line: String, expected: String) throws {
        var sample = try CorpusSample()
        sample.losses =
            Self.labels + #", {"loss": "cross_entropy", "of": "masked_tokens"}, {"loss": "cross_entropy", "of": "spans"}"#
        sample.more = #", "max_length": 4"#
        #expect(try sample.refusal("tokens", line) == expected)
    }

    @Test(
        arguments: [
            (#"{"input_ids": [2]}"#, "line 1: no 'texts', which a loss needs"),
            (#"{"texts": 3}"#, "line 1: 'texts' is 3 at byte 10, expected an array of at least 3 texts"),
            (
                #"{"texts": [{"input_ids": [2]}, {"input_ids": [2]}]}"#,
                "line 1: 'texts' is an array at byte 10, expected an array of at least 3 texts"
            ),
            (#"{"texts": [1, 2, 3]}"#, "line 1: a text is 1 at byte 11, expected an object with 'input_ids'"),
            (#"{"texts": [{"labels": 1}, 2, 3]}"#, "line 1: 'labels' is unknown, expected one of input_ids, token_type_ids"),
            (#"{"texts": [], "input_ids": [2]}"#, "line 1: 'input_ids' is unknown, expected one of texts, scores"),
            (
                group(#", "scores": [1, 2, 3]"#),
                "line 1: 'scores' is an array at byte 82, expected an array of 2 scores, or 1 margins"
            ),
            (group(#", "scores": [1, true]"#), "line 1: 'scores' is true at byte 86, expected numbers"),
            (group(#", "scores": [1, 1e40]"#), "line 1: 'scores' is 1e40 at byte 86, expected numbers"),
            (
                group("") + "\n" + group(#", "scores": [1]"#),
                "line 2: 'scores' are in this line and not in all before it, or the reverse"
            ),
            (
                group(#", "scores": [1]"#) + "\n" + group(""),
                "line 2: 'scores' are in this line and not in all before it, or the reverse"
            ),
        ])
    func refusedGroups(lines: String, expected: String) throws {
        var sample = try CorpusSample()
        sample.losses = #"{"loss": "margin_mse", "of": "scores"}"#
        #expect(try sample.refusal("tokens", lines) == expected)
    }

    private static func group(_ more: String) -> String {
        #"{"texts": [{"input_ids": [2]}, {"input_ids": [2]}, {"input_ids": [5]}]\#(more)}"#
    }

    @Test func refusedForOtherReasons() throws {
        var sample = try CorpusSample()
        sample.losses = #"{"loss": "margin_mse", "of": "scores"}"#
        #expect(
            try sample.refusal("pairs", "the\ta\n")
                == "line 1: 2 texts between tabs, expected a query, a text that fits it, and one that does not")
        let alone = try Recipe(
            path: sample.folder.write(RecipeTests.text(loss: sample.losses), to: "alone.json"),
            overrides: [("data", #"{"tokens": "data"}"#), ("teacher", "null"), ("student", #"{"from": "s"}"#)])
        try sample.folder.write(Self.group(""), to: "data")
        let error = #expect(throws: LimbeckError.self) {
            try Corpus(alone, configuration: sample.configuration, tokenizer: sample.tokenizer)
        }
        #expect(error?.message.hasSuffix("data: no 'scores', which a loss needs, and there is no teacher to compute them") == true)

        sample = try CorpusSample()
        #expect(try sample.refusal("pairs", "the\n") == "line 1: 1 texts between tabs, expected a query, a text that fits it")
        sample.more = #", "max_length": 2"#
        #expect(try sample.refusal("texts", "the\n") == "'max_length' is 2, and 2 tokens of it are special")
        sample.more = #", "max_length": 25"#
        #expect(try sample.refusal("texts", "the\n") == "'max_length' is 25, and the student has 24 positions")
        sample.more = ""
        sample.configuration.vocabSize = 16
        #expect(
            try sample.refusal("texts", "the\n") == "the student's tokenizer has 17 ids, but its vocabulary has 16")
        let none = #expect(throws: LimbeckError.self) {
            try Corpus(sample.recipe("texts", "the\n"), configuration: sample.configuration, tokenizer: nil)
        }
        #expect(none?.status == .noTokenizer)
        sample.stage = #", "masking": {}"#
        let masked = #expect(throws: LimbeckError.self) {
            try Corpus(sample.recipe("tokens", #"{"input_ids": [2]}"#), configuration: sample.configuration, tokenizer: nil)
        }
        #expect(masked?.status == .noMask)
    }

    // MARK: Batches

    private func corpus(lengths: [Int]) throws -> Corpus {
        let lines = lengths.map { "{\"input_ids\": [" + [String](repeating: "5", count: $0).joined(separator: ",") + "]}" }
        return try CorpusSample().corpus("tokens", lines.joined(separator: "\n"))
    }

    @Test func batchesInOrder() throws {
        let batches = Batches(try corpus(lengths: [3, 1, 2, 5, 4]), seed: 1, sequences: 2, isShuffled: false)
        #expect(batches.count == 3)
        #expect(batches.epoch(0) == [[0, 1], [2, 3], [4]] && batches.epoch(1) == batches.epoch(0))
    }

    @Test func shuffledBatches() throws {
        var random = Random(seed: 3)
        let lengths = (0..<1001).map { _ in Int.random(in: 1...24, using: &random) }
        let corpus = try corpus(lengths: lengths)
        let batches = Batches(corpus, seed: 1, sequences: 4, isShuffled: true)
        #expect(batches.count == 251)
        for epoch in 0..<3 {
            let list = batches.epoch(epoch)
            #expect(list == batches.epoch(epoch) && list != batches.epoch(epoch + 1))
            #expect(list.count == 251 && list.flatMap { $0 }.sorted() == Array(0..<1001))
            #expect(list.filter { $0.count == 4 }.count == 250 && list.filter { $0.count == 1 }.count == 1)
            // Groups of one batch are of about the same length: of 200 in a bucket, neighbours.
            let spread = list.map { batch in batch.map { lengths[$0] }.max()! - batch.map { lengths[$0] }.min()! }
            #expect(Double(spread.reduce(0, +)) / 251 < 1)
            // The batches themselves are in no order.
            let means = list.map { lengths[$0[0]] }
            #expect(zip(means, means.dropFirst()).filter { $0 > $1 }.count > 80)
        }
        #expect(Batches(corpus, seed: 2, sequences: 4, isShuffled: true).epoch(0) != batches.epoch(0))
        // The orders come again, late.
        let period = Batches.period(groups: 1001)
        #expect(period > 3000 && batches.epoch(period) == batches.epoch(0) && batches.epoch(period - 1) != batches.epoch(0))
        #expect(Batches.period(groups: 1) == 4_000_000 && Batches.period(groups: 1 << 30) == 8)
        // One of the largest is at least as large as any other, in tokens and in pairs of them.
        let largest = batches.largest(epochs: 3)
        #expect(largest.count < 40)
        func sum(_ batch: [Int], _ power: Int) -> Int {
            batch.reduce(0) { $0 + (power == 1 ? lengths[$1] : lengths[$1] * lengths[$1]) }
        }
        for batch in (0..<3).flatMap({ batches.epoch($0) }) {
            #expect(largest.contains { sum($0, 1) >= sum(batch, 1) && sum($0, 2) >= sum(batch, 2) && $0.count >= batch.count })
        }
    }
}
