// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CLimbeck

// The rest of limbeck.h, in its order: text in, answers out; ids in, numbers out.

// MARK: Text in, answers out

@c @implementation
public func limbeck_embed(
    _ session: OpaquePointer!, _ texts: UnsafePointer<UnsafePointer<CChar>?>!, _ text_bytes: UnsafePointer<Int>!,
    _ text_count: Int, _ options: UnsafePointer<limbeck_embed_options>!, _ vectors: UnsafeMutablePointer<Float>!,
    _ capacity: Int
) -> Int32 {
    serve(session) { session throws(LimbeckError) in
        let texts = try Limbeck.texts(texts, text_bytes, text_count, "texts", "text")
        let options = try Limbeck.options(options)
        let vectors = try output(vectors, capacity, "vectors")
        try session.embed(
            texts,
            options: EmbedOptions(
                pooling: try choice(options.pooling, "pooling"), normalize: try flag(options.normalize, "normalize"),
                dimensions: Int(options.dimensions), maxLength: Int(options.max_length)),
            prompt: try prompt(options.prompt, options.prompt_bytes, options.prompt_name, options.prompt_name_bytes),
            into: vectors)
    }
}

@c @implementation
public func limbeck_classify(
    _ session: OpaquePointer!, _ texts: UnsafePointer<UnsafePointer<CChar>?>!, _ text_bytes: UnsafePointer<Int>!,
    _ pairs: UnsafePointer<UnsafePointer<CChar>?>!, _ pair_bytes: UnsafePointer<Int>!, _ text_count: Int,
    _ options: UnsafePointer<limbeck_classify_options>!, _ scores: UnsafeMutablePointer<Float>!, _ capacity: Int
) -> Int32 {
    serve(session) { session throws(LimbeckError) in
        let texts = try Limbeck.texts(texts, text_bytes, text_count, "texts", "text")
        let seconds = pairs == nil ? nil : try Limbeck.texts(pairs, pair_bytes, text_count, "pairs", "pair")
        let given = try ClassifyArguments(options)
        try session.classify(
            texts, pairs: seconds, options: given.options, prompt: given.prompt, exits: given.exits,
            into: try output(scores, capacity, "scores"), layers: given.layers)
    }
}

@c @implementation
public func limbeck_rerank(
    _ session: OpaquePointer!, _ query: UnsafePointer<CChar>!, _ query_bytes: Int,
    _ documents: UnsafePointer<UnsafePointer<CChar>?>!, _ document_bytes: UnsafePointer<Int>!, _ document_count: Int,
    _ options: UnsafePointer<limbeck_classify_options>!, _ scores: UnsafeMutablePointer<Float>!, _ capacity: Int
) -> Int32 {
    serve(session) { session throws(LimbeckError) in
        let query = try text(query, query_bytes, "query")
        let documents = try texts(documents, document_bytes, document_count, "documents", "document")
        let given = try ClassifyArguments(options)
        try session.rerank(
            query: query, documents: documents, options: given.options, prompt: given.prompt, exits: given.exits,
            into: try output(scores, capacity, "scores"), layers: given.layers)
    }
}

private struct ClassifyArguments {
    let options: ClassifyOptions
    let prompt: PromptChoice
    let exits: ExitChoice
    let layers: UnsafeMutableBufferPointer<UInt32>?

    init(_ pointer: UnsafePointer<limbeck_classify_options>?) throws(LimbeckError) {
        let given = try Limbeck.options(pointer)
        options = ClassifyOptions(
            scores: try choice(given.scores, "scores"), temperature: given.temperature == 0 ? 1 : given.temperature,
            maxLength: Int(given.max_length))
        prompt = try Limbeck.prompt(given.prompt, given.prompt_bytes, given.prompt_name, given.prompt_name_bytes)
        exits = ExitChoice(
            thresholds: try input(given.exit_thresholds, given.exit_threshold_count, "exit_thresholds"),
            patience: Int(given.exit_patience), rule: try choice(given.exit_rule, "exit_rule"))
        let layers = try output(given.layers, given.layer_capacity, "layers")
        self.layers = given.layers == nil ? nil : layers
    }
}

@c @implementation
public func limbeck_tag(
    _ session: OpaquePointer!, _ text: UnsafePointer<CChar>!, _ text_bytes: Int,
    _ options: UnsafePointer<limbeck_tag_options>!, _ spans: UnsafeMutablePointer<limbeck_span>!, _ capacity: Int,
    _ count: UnsafeMutablePointer<Int>!
) -> Int32 {
    serve(session, count) { session throws(LimbeckError) in
        let text = try Limbeck.text(text, text_bytes, "text")
        let options = try Limbeck.options(options)
        let needed = try session.tag(
            text,
            options: TagOptions(
                aggregation: try choice(options.aggregation, "aggregation") ?? .simple,
                keepOutside: try isSet(options.keep_outside, "keep_outside"),
                maxLength: Int(options.max_length)),
            into: try results(spans, capacity, "spans"))
        try report(needed, capacity, count)
    }
}

@c @implementation
public func limbeck_answer_question(
    _ session: OpaquePointer!, _ question: UnsafePointer<CChar>!, _ question_bytes: Int,
    _ context: UnsafePointer<CChar>!, _ context_bytes: Int, _ options: UnsafePointer<limbeck_answer_options>!,
    _ answers: UnsafeMutablePointer<limbeck_answer>!, _ capacity: Int, _ count: UnsafeMutablePointer<Int>!
) -> Int32 {
    serve(session, count) { session throws(LimbeckError) in
        let question = try text(question, question_bytes, "question")
        let context = try text(context, context_bytes, "context")
        let given = try Limbeck.options(options)
        var options = AnswerOptions(
            maxLength: Int(given.max_length), stride: Int(given.stride), allowNone: try isSet(given.allow_none, "allow_none"))
        if given.top_k != 0 { options.topK = Int(given.top_k) }
        if given.max_answer_length != 0 { options.maxAnswerLength = Int(given.max_answer_length) }
        let needed = try session.answer(
            question: question, context: context, options: options, into: try results(answers, capacity, "answers"))
        try report(needed, capacity, count)
    }
}

@c @implementation
public func limbeck_fill(
    _ session: OpaquePointer!, _ text: UnsafePointer<CChar>!, _ text_bytes: Int,
    _ options: UnsafePointer<limbeck_fill_options>!, _ candidates: UnsafeMutablePointer<limbeck_candidate>!,
    _ capacity: Int, _ count: UnsafeMutablePointer<Int>!
) -> Int32 {
    serve(session, count) { session throws(LimbeckError) in
        let text = try Limbeck.text(text, text_bytes, "text")
        let given = try Limbeck.options(options)
        var options = FillOptions(maxLength: Int(given.max_length))
        if given.top_k != 0 { options.topK = Int(given.top_k) }
        let needed = try session.fill(text, options: options, into: try results(candidates, capacity, "candidates"))
        try report(needed, capacity, count)
    }
}

// MARK: Ids in, numbers out

@c @implementation
public func limbeck_forward(
    _ session: OpaquePointer!, _ ids: UnsafePointer<Int32>!, _ types: UnsafePointer<Int32>!,
    _ lengths: UnsafePointer<Int>!, _ sequence_count: Int, _ output: UInt32, _ layer: Int32,
    _ values: UnsafeMutablePointer<Float>!, _ capacity: Int, _ count: UnsafeMutablePointer<Int>!
) -> Int32 {
    serve(session, count) { session throws(LimbeckError) in
        let batch = try Sequences(ids, types, lengths, sequence_count)
        guard let what: ForwardOutput = try choice(output, "output") else { throw invalid("output is 0, and has no default") }
        let needed = try session.forward(
            ids: batch.ids, types: batch.types, lengths: batch.lengths, output: what, layer: Int(layer),
            into: try Limbeck.output(values, capacity, "values"))
        try report(needed, capacity, count)
    }
}

@c @implementation
public func limbeck_exits(
    _ session: OpaquePointer!, _ ids: UnsafePointer<Int32>!, _ types: UnsafePointer<Int32>!,
    _ lengths: UnsafePointer<Int>!, _ sequence_count: Int, _ options: UnsafePointer<limbeck_classify_options>!,
    _ logits: UnsafeMutablePointer<Float>!, _ capacity: Int, _ count: UnsafeMutablePointer<Int>!
) -> Int32 {
    serve(session, count) { session throws(LimbeckError) in
        let batch = try Sequences(ids, types, lengths, sequence_count)
        let given = try ClassifyArguments(options)
        let needed = try session.forwardToExits(
            ids: batch.ids, types: batch.types, lengths: batch.lengths, given.exits,
            into: try Limbeck.output(logits, capacity, "logits"), layers: given.layers)
        try report(needed, capacity, count)
    }
}

/// Sequences of ids, back to back.
private struct Sequences {
    let ids: UnsafeBufferPointer<Int32>
    let types: UnsafeBufferPointer<Int32>?
    let lengths: UnsafeBufferPointer<Int>

    @inline(never) init(
        _ ids: UnsafePointer<Int32>?, _ types: UnsafePointer<Int32>?, _ lengths: UnsafePointer<Int>?, _ count: Int
    ) throws(LimbeckError) {
        self.lengths = try input(lengths, count, "lengths")
        var total = 0
        for length in self.lengths {
            let (sum, overflow) = total.addingReportingOverflow(length)
            guard length >= 0, !overflow else { throw invalid("lengths add up to more than memory has") }
            total = sum
        }
        self.ids = try input(ids, total, "ids")
        self.types = types == nil ? nil : try input(types, total, "types")
    }
}
