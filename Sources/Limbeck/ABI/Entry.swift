// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CLimbeck

// One function per declaration of limbeck.h, in its order: handles, tokenizers, models and sessions. The compiler checks each
// against the header. limbeck_version() and limbeck_version_string() are in include/abi.c, beside the macros they read.

// MARK: Library

@c @implementation
public func limbeck_status_string(_ status: Int32) -> UnsafePointer<CChar>! {
    let sentence: StaticString =
        switch LimbeckError.Status(rawValue: status) {
        case .invalidArgument: "an argument is NULL or out of range"
        case .capacity: "a buffer is too small"
        case .idOutOfRange: "the model has no such token id, token type or layer"
        case .tooLong: "a sequence has more tokens than the model or the session takes"
        case .unsupported: "the model has no head for this task, or lacks this output"
        case .noTokenizer: "the model has no tokenizer"
        case .noMask: "the text has no mask token"
        case .interrupted: "the caller ended the call"
        case .fileNotFound: "a file was not found"
        case .fileUnreadable: "the operating system refused to open, read or map a file"
        case .fileMalformed: "a file violates its format"
        case .fileUnsupported: "a file is well-formed, but of a kind that is not supported"
        case .fileInconsistent: "a tensor is missing, or its shape contradicts the configuration"
        case .fileUnwritable: "the operating system refused to write a file"
        case .outOfMemory: "out of memory"
        case .threadsUnavailable: "the operating system refused to start a worker thread"
        case .kernelsUnavailable: "the requested instruction set is not available on this CPU"
        case nil: status == Int32(LIMBECK_OK) ? "success" : "an unknown status"
        }
    return UnsafeRawPointer(sentence.utf8Start).assumingMemoryBound(to: CChar.self)
}

// MARK: Tokenizer

@c @implementation
public func limbeck_tokenizer_open(
    _ path: UnsafePointer<CChar>!, _ path_bytes: Int, _ tokenizer: UnsafeMutablePointer<OpaquePointer?>!,
    _ message: UnsafeMutablePointer<CChar>!, _ message_capacity: Int
) -> Int32 {
    open(path, path_bytes, into: tokenizer, message: message, capacity: message_capacity) {
        path throws(LimbeckError) in try Tokenizer(path: path)
    }
}

@c @implementation
public func limbeck_tokenizer_close(_ tokenizer: OpaquePointer!) {
    release(tokenizer, Tokenizer.self)
}

@c @implementation
public func limbeck_tokenize(
    _ tokenizer: OpaquePointer!, _ text: UnsafePointer<CChar>!, _ text_bytes: Int, _ pair: UnsafePointer<CChar>!,
    _ pair_bytes: Int, _ options: UnsafePointer<limbeck_tokenize_options>!, _ ids: UnsafeMutablePointer<Int32>!,
    _ types: UnsafeMutablePointer<Int32>!, _ starts: UnsafeMutablePointer<UInt32>!,
    _ ends: UnsafeMutablePointer<UInt32>!, _ capacity: Int, _ count: UnsafeMutablePointer<Int>!
) -> Int32 {
    count?.pointee = 0
    return with(options) { options in
        explained(options.message, options.message_capacity) { () throws(LimbeckError) in
            try begin(count)
            let tokenizer: Tokenizer = try object(of: tokenizer)
            let text = try Limbeck.text(text, text_bytes, "text")
            let second = try Limbeck.text(pair, pair_bytes, "pair")
            let special = try flag(options.special_tokens, "special_tokens") ?? true
            // Any of the arrays may be NULL, so none is required, even if the capacity is not 0.
            guard capacity >= 0 else { throw invalid("capacity is more than memory has") }
            let tokens = TokenBuffer(ids: ids, types: types, starts: starts, ends: ends, capacity: capacity)
            let needed = tokenizer.encode(
                text, pair: pair == nil ? nil : second, addSpecialTokens: special, maxLength: Int(options.max_length), into: tokens)
            try report(needed, capacity, count)
        }
    }
}

@c @implementation
public func limbeck_tokenizer_vocab_size(_ tokenizer: OpaquePointer!) -> Int {
    guard tokenizer != nil, let tokenizer: Tokenizer = try? object(of: tokenizer) else { return 0 }
    return tokenizer.vocabularySize
}

@c @implementation
public func limbeck_tokenizer_token(
    _ tokenizer: OpaquePointer!, _ id: Int32, _ token: UnsafeMutablePointer<CChar>!, _ capacity: Int,
    _ count: UnsafeMutablePointer<Int>!
) -> Int32 {
    status { () throws(LimbeckError) in
        try begin(count)
        let tokenizer: Tokenizer = try object(of: tokenizer)
        guard let name = tokenizer.token(id) else { throw LimbeckError(.idOutOfRange, "no token has this id") }
        try copy(name, token, capacity, count)
    }
}

@c @implementation
public func limbeck_tokenizer_id(
    _ tokenizer: OpaquePointer!, _ token: UnsafePointer<CChar>!, _ token_bytes: Int, _ id: UnsafeMutablePointer<Int32>!
) -> Int32 {
    status { () throws(LimbeckError) in
        guard let id else { throw isNull("id") }
        let tokenizer: Tokenizer = try object(of: tokenizer)
        guard let found = tokenizer.id(of: try text(token, token_bytes, "token")) else {
            throw LimbeckError(.idOutOfRange, "the vocabulary has no such token")
        }
        id.pointee = found
    }
}

// MARK: Model

@c @implementation
public func limbeck_model_open(
    _ path: UnsafePointer<CChar>!, _ path_bytes: Int, _ model: UnsafeMutablePointer<OpaquePointer?>!,
    _ message: UnsafeMutablePointer<CChar>!, _ message_capacity: Int
) -> Int32 {
    open(path, path_bytes, into: model, message: message, capacity: message_capacity) {
        path throws(LimbeckError) in try Model(path: path)
    }
}

@c @implementation
public func limbeck_model_close(_ model: OpaquePointer!) {
    release(model, Model.self)
}

@c @implementation
public func limbeck_model_info(_ model: OpaquePointer!, _ info: UnsafeMutablePointer<limbeck_model_info_t>!) -> Int32 {
    status { () throws(LimbeckError) in
        let model: Model = try object(of: model)
        var facts = limbeck_model_info_t()
        facts.family = model.family.rawValue
        facts.answers = model.answers.rawValue
        facts.has_tokenizer = model.tokenizer == nil ? 0 : 1
        facts.hidden_size = UInt32(clamping: model.hiddenSize)
        facts.layers = UInt32(clamping: model.layers)
        facts.attention_heads = UInt32(clamping: model.attentionHeads)
        facts.intermediate_size = UInt32(clamping: model.intermediateSize)
        facts.vocab_size = UInt32(clamping: model.vocabSize)
        facts.max_length = UInt32(clamping: model.maxLength)
        facts.max_positions = UInt32(clamping: model.maxPositions)
        facts.label_count = UInt32(clamping: model.labels.count)
        facts.embedding_size = UInt32(clamping: model.embeddingSize)
        facts.precision = model.precision.rawValue
        facts.parameters = UInt64(clamping: model.parameters)
        facts.mapped_bytes = UInt64(clamping: model.mappedBytes)
        facts.private_bytes = UInt64(clamping: model.privateBytes)
        facts.prompt_count = UInt32(clamping: model.prompts.count)
        facts.default_prompt = Int32(clamping: model.defaultPrompt ?? -1)
        facts.most_dimensions = UInt64(clamping: model.maxDimensions)
        facts.exits = UInt32(clamping: model.exits)
        facts.exit_rule = model.exitRule?.rawValue ?? 0
        facts.exit_threshold = model.exitThreshold
        facts.exit_patience = UInt32(clamping: model.exitPatience)
        try fill(info, facts)
    }
}

@c @implementation
public func limbeck_model_label(
    _ model: OpaquePointer!, _ label: Int32, _ name: UnsafeMutablePointer<CChar>!, _ capacity: Int,
    _ count: UnsafeMutablePointer<Int>!
) -> Int32 {
    status { () throws(LimbeckError) in
        try begin(count)
        let model: Model = try object(of: model)
        try requireLabel(label, of: model)
        try copy(model.labels[Int(label)], name, capacity, count)
    }
}

@c @implementation
public func limbeck_model_entity(
    _ model: OpaquePointer!, _ label: Int32, _ name: UnsafeMutablePointer<CChar>!, _ capacity: Int,
    _ count: UnsafeMutablePointer<Int>!
) -> Int32 {
    status { () throws(LimbeckError) in
        try begin(count)
        let model: Model = try object(of: model)
        try requireLabel(label, of: model)
        try copy(model.entity(Int(label)), name, capacity, count)
    }
}

private func requireLabel(_ label: Int32, of model: Model) throws(LimbeckError) {
    guard model.labels.indices.contains(Int(label)) else { throw LimbeckError(.idOutOfRange, "the model has no such label") }
}

@c @implementation
public func limbeck_model_prompt(
    _ model: OpaquePointer!, _ prompt: UInt32, _ name: UnsafeMutablePointer<CChar>!, _ name_capacity: Int,
    _ name_count: UnsafeMutablePointer<Int>!, _ text: UnsafeMutablePointer<CChar>!, _ text_capacity: Int,
    _ text_count: UnsafeMutablePointer<Int>!
) -> Int32 {
    status { () throws(LimbeckError) in
        try begin(name_count)
        try begin(text_count)
        let model: Model = try object(of: model)
        guard model.prompts.indices.contains(Int(prompt)) else {
            throw LimbeckError(.idOutOfRange, "the model has no such prompt")
        }
        let found = model.prompts[Int(prompt)]
        (name_count.pointee, text_count.pointee) = (found.name.utf8.count, found.text.utf8.count)
        if name != nil || name_capacity != 0 { try copy(found.name, name, name_capacity, name_count) }
        if text != nil || text_capacity != 0 { try copy(found.text, text, text_capacity, text_count) }
    }
}

@c @implementation
public func limbeck_model_tokenizer(_ model: OpaquePointer!, _ tokenizer: UnsafeMutablePointer<OpaquePointer?>!) -> Int32 {
    status { () throws(LimbeckError) in
        guard let tokenizer else { throw isNull("tokenizer") }
        tokenizer.pointee = nil
        let model: Model = try object(of: model)
        guard let its = model.tokenizer else { throw LimbeckError(.noTokenizer, "the model has no tokenizer") }
        tokenizer.pointee = handle(to: its)
    }
}

// MARK: Pack

@c @implementation
public func limbeck_pack(
    _ path: UnsafePointer<CChar>!, _ path_bytes: Int, _ out: UnsafePointer<CChar>!, _ out_bytes: Int,
    _ options: UnsafePointer<limbeck_pack_options>!, _ message: UnsafeMutablePointer<CChar>!, _ message_capacity: Int
) -> Int32 {
    explained(message, message_capacity) { () throws(LimbeckError) in
        let source = try Limbeck.path(path, path_bytes)
        let target = try Limbeck.path(out, out_bytes)
        let given = try Limbeck.options(options)
        var options = PackOptions(
            precision: try choice(given.precision, "precision") ?? .int8,
            calibration: try strings(
                texts(given.calibration, given.calibration_bytes, given.calibration_count, "calibration", "calibration")),
            references: try strings(
                texts(given.references, given.reference_bytes, given.reference_count, "references", "reference")),
            interrupt: interruption(given.interrupt, given.context))
        if let progress = given.progress {
            let context = given.context
            options.progress = { stage, fraction in progress(context, stage.rawValue, fraction) }
        }
        try Model.pack(source, to: target, options: options)
    }
}

private func strings(_ texts: TextList) -> [String] { (0..<texts.count).map { String(decoding: texts[$0], as: UTF8.self) } }

private func interruption(
    _ asks: (@convention(c) (UnsafeMutableRawPointer?) -> Int32)?, _ context: UnsafeMutableRawPointer?
) -> (@Sendable () -> Bool)? {
    guard let asks else { return nil }
    // It is called on the thread of a call alone; as a number, the pointer may go there.
    let context = UInt(bitPattern: context)
    return { asks(UnsafeMutableRawPointer(bitPattern: context)) != 0 }
}

@c @implementation
public func limbeck_verify(
    _ path: UnsafePointer<CChar>!, _ path_bytes: Int, _ message: UnsafeMutablePointer<CChar>!, _ message_capacity: Int
) -> Int32 {
    explained(message, message_capacity) { () throws(LimbeckError) in
        try Model.verify(path: try Limbeck.path(path, path_bytes))
    }
}

@c @implementation
public func limbeck_set_exit_default(
    _ path: UnsafePointer<CChar>!, _ path_bytes: Int, _ threshold: Float, _ patience: UInt32,
    _ message: UnsafeMutablePointer<CChar>!, _ message_capacity: Int
) -> Int32 {
    explained(message, message_capacity) { () throws(LimbeckError) in
        try Model.setExitDefault(threshold: threshold, patience: Int(patience), ofPack: try Limbeck.path(path, path_bytes))
    }
}

// MARK: Session

@c @implementation
public func limbeck_session_new(
    _ model: OpaquePointer!, _ options: UnsafePointer<limbeck_session_options>!,
    _ session: UnsafeMutablePointer<OpaquePointer?>!
) -> Int32 {
    session?.pointee = nil
    return with(options) { options in
        explained(options.message, options.message_capacity) { () throws(LimbeckError) in
            guard let session else { throw isNull("session") }
            let model: Model = try object(of: model)
            let made = try Session(
                model,
                options: SessionOptions(
                    threads: Int(options.threads), maxTokens: Int(options.max_tokens),
                    kernels: try choice(options.kernels, "kernels"), interrupt: interruption(options.interrupt, options.context),
                    depth: try depth(options), width: options.width == 0 ? 1 : options.width))
            made.message = UnsafeMutableBufferPointer(start: options.message, count: options.message_capacity)
            session.pointee = handle(to: made)
        }
    }
}

private func depth(_ options: limbeck_session_options) throws(LimbeckError) -> Depth {
    guard options.depth == 0 || options.layers == 0 else { throw invalid("both depth and layers, expected one of them at most") }
    if options.layers > 0 { return .layers(Int(clamping: options.layers)) }
    return options.depth == 0 ? .full : .fraction(options.depth)
}

@c @implementation
public func limbeck_session_free(_ session: OpaquePointer!) {
    release(session, Session.self)
}

@c @implementation
public func limbeck_session_info(
    _ session: OpaquePointer!, _ info: UnsafeMutablePointer<limbeck_session_info_t>!
) -> Int32 {
    serve(session) { session throws(LimbeckError) in
        var facts = limbeck_session_info_t()
        facts.threads = UInt32(clamping: session.threads)
        facts.max_tokens = UInt32(clamping: session.maxTokens)
        facts.kernels = session.kernels.rawValue
        facts.memory_bytes = UInt64(clamping: session.memoryBytes)
        facts.layers = UInt64(clamping: session.layers)
        facts.exits = UInt64(clamping: session.exits)
        facts.heads = UInt64(clamping: session.attentionHeads)
        try fill(info, facts)
    }
}
