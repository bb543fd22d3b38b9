import Limbeck
import Testing

/// Bad arguments and odd texts: a clear status, or a defined answer.
@Suite struct AnswersHostileTests {
    func session(_ name: String) throws -> Session { try AnswersGoldenTests.session(name, options: .init(threads: 1)) }

    func status(_ body: () throws -> Void) -> LimbeckError.Status? {
        do { try body() } catch { return (error as? LimbeckError)?.status }
        return nil
    }

    @Test func aModelAnswersWhatItsHeadCan() throws {
        for name in ["classify", "rerank-one-label", "tag", "answer", "fill", "embed"] {
            let session = try session(name), can = session.model.answers
            #expect(can.contains(.classify) == (status { _ = try session.classify(["a"]) } != .unsupported))
            #expect(can.contains(.rerank) == (status { _ = try session.rerank(query: "a", documents: ["b"]) } != .unsupported))
            #expect(can.contains(.tag) == (status { _ = try session.tag("a") } != .unsupported))
            #expect(can.contains(.answer) == (status { _ = try session.answer(question: "a", context: "b") } != .unsupported))
            #expect(can.contains(.fill) == (status { _ = try session.fill("[MASK]") } != .unsupported))
        }
    }

    @Test func textsNeedATokenizer() throws {
        for (name, ask) in [
            ("bert-sequence-2", { _ = try $0.classify(["a"]) }),
            ("bert-sequence-2", { _ = try $0.rerank(query: "a", documents: ["b"]) }),
            ("bert-token", { _ = try $0.tag("a") }), ("bert-answer", { _ = try $0.answer(question: "a", context: "b") }),
            ("bert-masked", { _ = try $0.fill("[MASK]") }), ("bert-pooler", { _ = try $0.embed(["a"]) }),
        ] as [(String, (Session) throws -> Void)] {
            let session = try Session(Model(path: Repository.path("Tests/golden/models/\(name)")), options: .init(threads: 1))
            #expect(status { try ask(session) } == .noTokenizer, "\(name)")
        }
    }

    @Test func classifying() throws {
        let session = try session("classify")
        #expect(try session.classify([]).isEmpty)
        #expect(
            try session.classify(["", "  ", "\0", "\u{FFFD}"]).allSatisfy { $0.count == 3 && $0.allSatisfy { $0.score.isFinite } })
        for temperature in [0, -1, .nan, .infinity] as [Float] {
            #expect(status { _ = try session.classify(["a"], options: .init(temperature: temperature)) } == .invalidArgument)
        }
        for scores in [Scores.softmax, .sigmoid] {
            let options = ClassifyOptions(scores: scores, temperature: .leastNonzeroMagnitude)
            #expect(try session.classify(["a"], options: options)[0].allSatisfy { 0...1 ~= $0.score })
        }
        #expect(status { _ = try session.classify(["a", "b"], pairs: ["c"]) } == .invalidArgument)
        #expect(status { _ = try session.classify(["a"], options: .init(maxLength: -1)) } == .invalidArgument)
        for length in [1, 2, 3, Int.max] {
            #expect(try session.classify(["some words"], options: .init(maxLength: length))[0].count == 3)
        }
        let small = UnsafeMutableBufferPointer<Float>.allocate(capacity: 2)
        defer { small.deallocate() }
        let lengths = [0]
        lengths.withUnsafeBufferPointer { lengths in
            let texts = TextList(pointers: nil, lengths: lengths.baseAddress, count: 1)
            #expect(status { try session.classify(texts, pairs: nil, options: .init(), into: small) } == .capacity)
        }
        #expect(status { _ = try self.session("classify").rerank(query: "a", documents: ["b"]) } == .unsupported)
        #expect(try self.session("rerank-one-label").rerank(query: "", documents: []).isEmpty)
        #expect(try self.session("rerank-two-labels").rerank(query: "", documents: ["", "a"]).allSatisfy { 0...1 ~= $0 })
    }

    @Test func tagging() throws {
        let session = try session("tag"), options = TagOptions(aggregation: .max, keepOutside: true)
        for text in ["", "   ", "\n\t", "\u{200B}"] { #expect(try session.tag(text, options: options).isEmpty) }
        #expect(try session.tag("some words", options: .init(keepOutside: true, maxLength: 2)).isEmpty)
        #expect(try session.tag("some words", options: .init(aggregation: .none, keepOutside: true, maxLength: 3)).count == 1)
        let letters = String(repeating: "a", count: 1 << 20)
        #expect(try session.tag(letters, options: options).map(\.utf8Offsets) == [0..<1 << 20])
        // Ill-formed UTF-8, and less room than there are spans.
        let bytes: [UInt8] = [0xFF, 0x61, 0x20, 0xE2, 0x82, 0x20, 0xF0, 0x9F, 0x91, 0x8D, 0xC0, 0x80, 0x62]
        let one = UnsafeMutableBufferPointer<TagSpan>.allocate(capacity: 1)
        defer { one.deallocate() }
        let count = try bytes.withUnsafeBytes { text in
            try session.tag(text, options: .init(aggregation: .none, keepOutside: true), into: one)
        }
        #expect(count > 1)
        #expect(one[0].start < one[0].end && one[0].end <= bytes.count)
    }

    @Test func answering() throws {
        let session = try session("answer")
        for context in ["", "  ", "\u{200B}"] {
            #expect(try session.answer(question: "Who?", context: context).isEmpty)
            let none = try session.answer(question: "Who?", context: context, options: .init(topK: 3, allowNone: true))
            #expect(none.map(\.utf8Offsets) == [0..<0] && none[0].score == 1)
        }
        #expect(try session.answer(question: "", context: "word").map { String($0.text) } == ["word"])
        #expect(try session.answer(question: "Who?", context: "word", options: .init(topK: 1000)).count == 1)
        #expect(try session.answer(question: "Who?", context: "a b c", options: .init(topK: 9, maxAnswerLength: .max)).count == 6)
        let long = String(repeating: "many words, again and again. ", count: 20)
        func refusal(_ options: AnswerOptions, question: String = "Who?", context: String? = nil) -> LimbeckError.Status? {
            status { _ = try session.answer(question: question, context: context ?? long, options: options) }
        }
        #expect(refusal(.init(topK: 0)) == .invalidArgument)
        #expect(refusal(.init(topK: 1001)) == .invalidArgument)
        #expect(refusal(.init(topK: -1)) == .invalidArgument)
        #expect(refusal(.init(maxAnswerLength: 0)) == .invalidArgument)
        #expect(refusal(.init(maxLength: -1)) == .invalidArgument)
        #expect(refusal(.init(stride: -1)) == .invalidArgument)
        #expect(refusal(.init(maxLength: 20, stride: 21), context: "short") == .invalidArgument)
        #expect(refusal(.init(maxLength: 20, stride: 19)) == .invalidArgument)
        #expect(refusal(.init(maxLength: 20, stride: 19), context: "x") == nil)
        #expect(refusal(.init(), question: long) == .tooLong)
        // The question is one token, and there are three special ones.
        for length in 1...4 { #expect(refusal(.init(maxLength: length), question: "x") == .tooLong) }
        for length in 5...12 { #expect(refusal(.init(topK: 5, maxLength: length), question: "x") == nil, "\(length)") }
    }

    /// Added tokens matched in the expansion of one character are words that begin at one byte; windows must still make progress
    /// there.
    @Test func answeringWhereWordsBeginAtOneByte() throws {
        let jamo = ["\u{1112}", "\u{1161}", "\u{11AB}"].enumerated().map {
            #"{"id":\#(5 + $0),"content":"\#($1)","normalized":true}"#
        }
        let session = try answerer(added: "[\(jamo.joined(separator: ","))]")
        let answers = try session.answer(question: "a", context: "\u{D55C}\u{D55C} a", options: AnswerOptions(maxLength: 5))
        #expect(answers.count == 1)
    }

    /// A model that answers questions, all weights zero, with a tokenizer of six words and these added tokens.
    private func answerer(added: String) throws -> Session {
        var sample = Sample.bert
        sample.remove("classifier")
        sample.tensors.append(.init(name: "qa_outputs.weight", shape: [2, 8]))
        sample.tensors.append(.init(name: "qa_outputs.bias", shape: [2]))
        sample.set("architectures", #"["BertForQuestionAnswering"]"#)
        sample.set("id2label", nil)
        let post = #"{"type":"BertProcessing","cls":["[CLS]",1],"sep":["[SEP]",2]}"#
        sample.files["tokenizer.json"] = Array(TokenizerTests.json(added: added, post: post).utf8)
        return try Session(try sample.open(), options: SessionOptions(threads: 1))
    }

    /// The windows of a long context must not each search the whole text for the next added token: there are more windows than
    /// there would be time for.
    @Test(arguments: [false, true]) func answeringFromALongContextInLinearTime(hasToken: Bool) throws {
        let session = try answerer(added: #"[{"id":5,"content":"[X]","normalized":false}]"#)
        var context = String(repeating: String(repeating: "word", count: 100) + " ", count: 20_000)
        if hasToken { context += "[X]" }
        let start = ContinuousClock.now
        #expect(try session.answer(question: "a", context: context, options: .init(maxLength: 6)).count == 1)
        let time = ContinuousClock.now - start
        #expect(time < .seconds(10), "\(context.utf8.count) bytes took \(time)")
    }

    /// A context of thousands of windows: no additional memory, and there are answers.
    @Test func answeringFromABook() throws {
        let session = try session("answer")
        var random = Random(seed: 3), context = ""
        for _ in 0..<20_000 { context += "\(UInt16.random(in: 0...9999, using: &random))é " }
        let answers = try session.answer(
            question: "Which number?", context: context, options: .init(topK: 50, maxLength: 64, stride: 8))
        #expect(answers.count == 50)
        #expect(answers.map(\.score) == answers.map(\.score).sorted(by: >))
        for answer in answers { #expect(Array(context.utf8)[answer.utf8Offsets].elementsEqual(answer.text.utf8)) }
    }

    @Test func filling() throws {
        let session = try session("fill")
        for text in ["", "  ", "no mask here", "[mask]"] { #expect(status { _ = try session.fill(text) } == .noMask, "\(text)") }
        #expect(status { _ = try session.fill("one two [MASK]", options: .init(maxLength: 3)) } == .noMask)
        #expect(status { _ = try session.fill("[MASK]", options: .init(topK: 0)) } == .invalidArgument)
        let all = try session.fill("[MASK] [MASK]", options: .init(topK: .max))
        #expect(all.map(\.count) == [session.model.vocabSize, session.model.vocabSize])
        for mask in all {
            let scores: [Float] = mask.map(\.score)
            let sum: Float = scores.reduce(0, +)
            #expect(abs(sum - 1) < 1e-4)
            #expect(scores == scores.sorted(by: >))
            #expect(Set(mask.map(\.id)).count == mask.count)
        }
    }

    @Test func forwarding() throws {
        let session = try session("tag"), width = session.model.labels.count
        let logits = try session.forward([[2, 9, 3], [5]], output: .logits)
        #expect(logits.map(\.rows) == [3, 1] && logits.allSatisfy { $0.columns == width && $0.values.count == $0.rows * width })
        #expect(try session.forward([[2, 9, 3]], types: [[0, 0, 0]], output: .logits)[0] == logits[0])
        #expect(Array(logits[0][row: 2]) == (0..<width).map { logits[0][2, $0] })
        #expect(try session.forward([]).isEmpty)
        #expect(status { _ = try session.forward([[1]], types: [[0, 0]]) } == .invalidArgument)
        #expect(status { _ = try session.forward([[]]) } == .invalidArgument)
        #expect(status { _ = try session.forward([[-1]]) } == .idOutOfRange)
        #expect(try self.session("embed").forward([[2, 3], [2]], output: .pooled).map(\.rows) == [1, 1])
    }
}
