extension Session {
    /// One vector per text. -> vectors (texts, dimensions)
    package func embed(
        _ texts: TextList, options: EmbedOptions, prompt: PromptChoice = .standard,
        into vectors: UnsafeMutableBufferPointer<Float>
    ) throws(LimbeckError) {
        let plan = try VectorPlan(options, self)
        try need(texts.count, by: plan.kept, in: vectors.count)
        let length = try length(options.maxLength)
        // A cross-encoder's default prompt applies to pairs.
        let isForPairs = model.configuration.crossEncoderScores != nil
        let prompt = try prepare(prompt, length: length, isStandard: !isForPairs)

        try beginCall()
        try forEachBatch(of: texts, after: prompt, length: length) { () throws(LimbeckError) in
            try encode()
            try forEachBlock(of: 0..<batch.sequences) { block throws(LimbeckError) in
                let rows = try self.vectors(of: block, plan, promptTokens: prompt.tokens)
                for row in 0..<block.count {
                    let vector = vectors.baseAddress! + batch.origin[block.lowerBound + row] * plan.kept
                    copy(rows + row * scratch.headStride, to: vector, count: plan.kept)
                    if plan.normalizes { normalize(vector, plan.kept) }
                }
            }
        }
    }

    /// Throws `.capacity` unless `rows * width` numbers fit.
    func need(_ rows: Int, by width: Int, in capacity: Int) throws(LimbeckError) {
        let (count, overflow) = rows.multipliedReportingOverflow(by: width)
        guard !overflow, count <= capacity else {
            throw LimbeckError(.capacity, "\(rows) rows of \(width) numbers are needed, and there is room for \(capacity)")
        }
    }
}
