extension UnknownCharacter {
    /// How the member "model" of a BPE over characters represents characters that are not in its vocabulary.
    init(_ model: __shared TokenizerComponent, _ vocabulary: __shared Vocabulary) throws(LimbeckError) {
        try self.init(
            vocabulary, name: try model.optionalString("unk_token"), spellsBytes: try model.flag("byte_fallback") ?? false,
            fuses: try model.flag("fuse_unk") ?? false, file: model.file, "model.unk_token")
    }

    /// `key` is the key of the unknown token's name in the file.
    init(
        _ vocabulary: __shared Vocabulary, name: __shared String?, spellsBytes: Bool, fuses: Bool, file: __shared String,
        _ key: __shared String
    ) throws(LimbeckError) {
        if spellsBytes {
            let ids = try vocabulary.byteIds()
            var (missing, hasAny) = (-1, false)
            for byte in UInt8.min...UInt8.max where ByteAlphabet.isInText(byte) {
                if ids[Int(byte)] < 0 { missing = Int(byte) } else { hasAny = true }
            }
            if missing < 0 {
                self = .bytes(ids)
                return
            }
            // If some of these characters have tokens for their bytes and others do not, the reference puts the others behind them.
            guard !hasAny else {
                throw LimbeckError(
                    .fileUnsupported, "\(file): byte_fallback without a token for the byte \(missing) is not supported")
            }
        }
        guard let name else {
            throw LimbeckError(.fileUnsupported, "\(file): a BPE over characters without unk_token is not supported")
        }
        guard let id = vocabulary.id(of: name) else {
            throw LimbeckError(.fileInconsistent, "\(file): \(key) \"\(name)\" is not in the vocabulary")
        }
        self = .token(id, fuses: fuses)
    }
}

extension Vocabulary {
    /// The ids of "<0x00>" to "<0xFF>"; -1 if there is none.
    func byteIds() throws(LimbeckError) -> Table<Int32> {
        let digits = Array("0123456789ABCDEF".utf8)
        return try Table(
            (0..<256).map { byte in
                let name = Array("<0x".utf8) + [digits[byte >> 4], digits[byte & 15], UInt8(ascii: ">")]
                return id(of: name) ?? -1
            })
    }
}
