extension Tokenizer {
    /// Adds every table as a tensor, and writes one object that describes them and everything else.
    func write(to contents: inout PackContents, _ json: inout JSONWriter) {
        json.object("vocabulary") { json in vocabulary.write("tokenizer.vocabulary", to: &contents, &json) }
        if let extra { json.object("extra") { json in extra.write("tokenizer.extra", to: &contents, &json) } }
        json.object("template") { json in template.write(to: &json) }
        for (key, isSet) in [("truncatesLeft", truncatesLeft), ("padsLeft", padsLeft)] where isSet {
            contents.needs(format: 2)
            json.write(key, true)
        }
        json.object("special") { json in
            for (key, id) in [("cls", cls), ("sep", sep), ("mask", mask), ("pad", pad), ("unk", unk)] {
                if let id { json.write(key, Int(id)) }
            }
        }
        json.object("model") { json in model.write(to: &contents, &json) }
        for (key, tokens) in [("literalTokens", literalTokens), ("normalizedTokens", normalizedTokens)] {
            if let tokens { json.object(key) { json in tokens.write("tokenizer." + key, to: &contents, &json) } }
        }
        if let trimming {
            json.object("trimming") { json in json.write("keepsFirstSpace", trimming.options.keepsFirstSpace) }
            contents.add("tokenizer", ".trimming", .u16, trimming.spaces, row: 3)
        }
    }

    /// Opens a packed tokenizer. Its tables are views of what `owner` keeps mapped; all indices in them are validated here.
    convenience init(_ tensors: __shared PackTensors, _ json: __shared JSONValue, owner: AnyObject) throws(LimbeckError) {
        try self.init(json, PackedTables(tensors, owner: owner))
    }

    /// A tensor of a pack, with its dtype as in safetensors; the bytes live as long as the tokenizer.
    package struct PackedTensor {
        package let name: String
        package let dtype: String
        package let shape: [Int]
        package let bytes: UnsafeRawBufferPointer
    }

    /// The tensors and the JSON description of the tokenizer in a pack.
    package var packed: (tensors: [PackedTensor], description: [UInt8]) {
        var (contents, json) = (PackContents(), JSONWriter())
        json.object { json in write(to: &contents, &json) }
        let tensors = contents.tensors.map {
            PackedTensor(name: $0.name, dtype: $0.type.rawValue, shape: $0.shape, bytes: $0.bytes)
        }
        return (tensors, json.text)
    }

    /// Opens a tokenizer from tensors that `owner` keeps alive.
    package convenience init(packed file: __shared Safetensors, _ description: __shared JSONValue, owner: AnyObject)
        throws(LimbeckError)
    {
        try self.init(PackTensors(file), description, owner: owner)
    }
}

extension Template {
    fileprivate func write(to json: inout JSONWriter) {
        for (key, pieces) in [("single", single), ("pair", pair)] {
            json.array(key) { json in
                for piece in pieces {
                    json.object { json in
                        switch piece {
                        case .token(let id, let type):
                            json.write("token", Int(id))
                            json.write("type", Int(type))
                        case .text(let index, let type):
                            json.write("text", index)
                            json.write("type", Int(type))
                        }
                    }
                }
            }
        }
    }

    init(_ json: JSONValue, _ tables: PackedTables) {
        self.init(
            single: Template.pieces("single", json, tables, texts: 1), pair: Template.pieces("pair", json, tables, texts: 2))
    }

    private static func pieces(_ key: String, _ json: JSONValue, _ tables: PackedTables, texts: Int) -> [Piece] {
        let list = tables.member(json, key)
        var pieces: [Piece] = []
        // How often each text occurs; the second is counted in units of 10,000.
        var seen = 0
        for element in list.elements where pieces.count < maxPieces {
            let type = Int32(truncatingIfNeeded: tables.number(element, "type", in: 0..<1 << 16))
            if let id = tables.optionalId(element, "token", below: Vocabulary.maximumCount) {
                pieces.append(.token(id: id, type: type))
            } else {
                let index = tables.number(element, "text", in: 0..<texts)
                seen += index == 0 ? 1 : 10_000
                pieces.append(.text(index: index, type: type))
            }
        }
        if seen != (texts == 1 ? 1 : 10_001) || list.count != pieces.count {
            tables.mismatch(list, key, expected: "each text once in at most \(maxPieces) pieces")
        }
        return pieces
    }
}

extension OffsetTrimming {
    /// nil: offsets are not trimmed.
    static func read(_ json: JSONValue, _ tables: PackedTables, idCount: Int) throws(LimbeckError) -> OffsetTrimming? {
        guard let part = json.optional("trimming") else { return nil }
        let options = Options(keepsFirstSpace: tables.flag(part, "keepsFirstSpace"))
        // Any values are safe: trimming stops at the ends of the text.
        return OffsetTrimming(options, try tables.table("tokenizer", ".trimming", .u16, idCount, row: 3))
    }
}
