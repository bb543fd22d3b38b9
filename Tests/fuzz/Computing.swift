import CFuzz
import KernelInterface
import Limbeck

/// Computes all that a model says it answers, on every instruction set of this CPU: what opened must not fail.
func run(_ model: Model, text: String) throws(LimbeckError) {
    expect(model.hiddenSize > 0 && model.layers > 0 && model.vocabSize > 0, "a size of 0")
    expect(1...model.maxPositions ~= model.maxLength, "length \(model.maxLength) of \(model.maxPositions)")
    for label in 0..<model.labels.count { _ = model.entity(label) }
    guard model.layers <= 16, model.hiddenSize <= 1024 else { return }
    for kernels in [InstructionSet.portable, .avx2, .avx512] where kernels.isAvailable {
        let session: Session
        do throws(LimbeckError) {
            session = try Session(model, options: SessionOptions(threads: 1, maxTokens: 24, kernels: kernels))
        } catch {
            expect(error.status == .outOfMemory, error.message)
            continue
        }
        do throws(LimbeckError) {
            try forward(session)
            try answers(session, [text, "ab b, a c", "", "a a a a a a a a a a a a a a a a a a a a b", "[CLS] é 中 [MASK]"])
        } catch {
            fatalError("a model that opened fails: \(error.message)")
        }
    }
    for (width, depth) in [(0.5, 1), (0.34, 0.5)] {
        runPart(model, SessionOptions(threads: 1, maxTokens: 24, depth: .fraction(depth), width: width))
    }
}

/// Of a part of the model only the states: a session may be refused, for layers that cannot be cut or that are none.
private func runPart(_ model: Model, _ options: SessionOptions) {
    let session: Session
    do throws(LimbeckError) {
        session = try Session(model, options: options)
    } catch {
        expect([.unsupported, .invalidArgument, .outOfMemory].contains(error.status), error.message)
        return
    }
    do throws(LimbeckError) { try forward(session) } catch { fatalError("a part of a model that opened fails: \(error.message)") }
}

private func forward(_ session: Session) throws(LimbeckError) {
    let model = session.model
    let longest = min(model.maxPositions, 24)
    let lengths = [1, longest, min(3, longest)]
    let total = lengths.reduce(0, +)
    let ids = (0..<total).map { $0 % 2 == 0 ? Int32($0 % model.vocabSize) : Int32(model.vocabSize - 1) }
    for (output, needed) in [(ForwardOutput.hidden, true), (.pooled, false), (.logits, false), (.branches, false)] {
        for layer in output == .hidden ? [0, -1] : [-1] {
            do throws(LimbeckError) {
                let count = try forward(session, ids, lengths, output, layer, UnsafeMutableBufferPointer(start: nil, count: 0))
                guard count <= 1 << 20 else { continue }
                let out = UnsafeMutableBufferPointer<Float>.allocate(capacity: count)
                defer { out.deallocate() }
                expect(try forward(session, ids, lengths, output, layer, out) == count, "another count")
            } catch {
                guard error.status == .unsupported, !needed else { throw error }
            }
        }
    }
}

private func forward(
    _ session: Session, _ ids: [Int32], _ lengths: [Int], _ output: ForwardOutput, _ layer: Int,
    _ out: UnsafeMutableBufferPointer<Float>
) throws(LimbeckError) -> Int {
    try ids.withUnsafeBufferPointer { ids throws(LimbeckError) in
        try lengths.withUnsafeBufferPointer { lengths throws(LimbeckError) in
            try session.forward(ids: ids, types: nil, lengths: lengths, output: output, layer: layer, into: out)
        }
    }
}

/// Every answer the model says it gives. Only pairs may be refused, for the token types and the special tokens they take.
private func answers(_ session: Session, _ texts: [String]) throws(LimbeckError) {
    let model = session.model
    guard model.tokenizer != nil else { return }
    expect(model.embeddingSize <= 1 << 20, "vectors of \(model.embeddingSize) numbers")
    for vector in try session.embed(texts) { expect(vector.count == model.embeddingSize, "a vector of \(vector.count) numbers") }
    for prompt in model.prompts.prefix(3) { _ = try session.embed(texts, options: EmbedOptions(promptName: prompt.name)) }
    _ = try session.embed(texts, options: EmbedOptions(dimensions: 1, prompt: texts.first))
    if session.exits > 0 { try exits(session, texts) }
    for text in texts {
        let bytes = text.utf8.count
        if model.answers.contains(.classify) { expect(try session.classify([text]).count == 1, "no classes") }
        if model.answers.contains(.tag) {
            for aggregation in [Aggregation.none, .simple, .average] {
                for span in try session.tag(text, options: TagOptions(aggregation: aggregation, keepOutside: true)) {
                    expect(span.utf8Offsets.upperBound <= bytes, "a span outside the text")
                }
            }
        }
        if model.answers.contains(.fill) {
            do throws(LimbeckError) {
                expect(try !session.fill(text).isEmpty, "nothing for a mask")
            } catch {
                guard error.status == .noMask || error.status == .unsupported else { throw error }
            }
        }
        do throws(LimbeckError) {
            if model.answers.contains(.rerank) {
                for prompt in [nil, "b a"] {
                    _ = try session.rerank(query: "a b", documents: [text, "b"], options: ClassifyOptions(prompt: prompt))
                }
            }
            if model.answers.contains(.answer) {
                for stride in [0, 1] {
                    let options = AnswerOptions(topK: 2, maxLength: stride == 0 ? 0 : 6, stride: stride, allowNone: true)
                    for answer in try session.answer(question: "a", context: text, options: options) {
                        expect(answer.utf8Offsets.upperBound <= bytes, "an answer outside the text")
                    }
                }
            }
        } catch {
            guard error.status == .idOutOfRange || error.status == .tooLong || error.status == .invalidArgument else { throw error }
        }
    }
}

/// Exits by each rule. Only a rule that does not fit the number of outputs, or of labels of a text, may be refused.
private func exits(_ session: Session, _ texts: [String]) throws(LimbeckError) {
    for options in [ExitOptions.threshold(0.5), .patience(1), ExitOptions(thresholds: [0.1], rule: .entropy)] {
        var layers: [Int] = []
        do throws(LimbeckError) {
            _ = try session.classify(texts, options: ClassifyOptions(exit: options), layers: &layers)
            expect(layers.count == texts.count && layers.allSatisfy { 1...session.layers ~= $0 }, "layers \(layers)")
        } catch {
            guard error.status == .unsupported || error.status == .invalidArgument else { throw error }
        }
    }
}
