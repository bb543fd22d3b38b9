#if SentencePiece
    import CSentencePiece

    /// A .model file that libsentencepiece has opened.
    final class SentencePieceFile {
        private let handle: UnsafeMutableRawPointer
        private var isTaken = false
        let count: Int32
        let unknown: Int32

        init(_ bytes: UnsafeRawBufferPointer, _ rule: SentencePieceRule, file: String) throws(LimbeckError) {
            try SentencePieceCheck.check(bytes, file: file)
            var message = [CChar](repeating: 0, count: 200)
            let opened =
                switch rule {
                case .albert:
                    NumberCommas.lowered(bytes).withUnsafeBytes {
                        limbeck_sentencepiece_open($0.baseAddress, $0.count, &message, message.count)
                    }
                case .camembert, .debertaV2, .xlmRoberta:
                    limbeck_sentencepiece_open(bytes.baseAddress, bytes.count, &message, message.count)
                }
            guard let handle = opened else {
                let reason = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                throw LimbeckError(
                    .fileMalformed,
                    "\(file): no model of SentencePiece: \(String(decoding: reason, as: UTF8.self))")
            }
            self.handle = handle
            count = limbeck_sentencepiece_count(handle)
            unknown = limbeck_sentencepiece_unknown(handle)
        }

        deinit { if !isTaken { limbeck_sentencepiece_close(handle) } }

        /// Gives the handle to another owner.
        func take() -> UnsafeMutableRawPointer {
            isTaken = true
            return handle
        }

        func withPiece<Result>(_ id: Int32, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
            var count = 0
            let text = limbeck_sentencepiece_piece(handle, id, &count)
            return body(UnsafeRawBufferPointer(start: text, count: text == nil ? 0 : count))
        }
    }
#endif
