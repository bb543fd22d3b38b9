/// The tokens of a text, or of a pair, for Swift programs.
public struct Encoding: Sendable {
    public var ids: [Int32]
    /// The token types for the model.
    public var types: [Int32]
    /// The offsets of each token in its text, in bytes; empty for special tokens that were added.
    public var ranges: [Range<Int>]
}

extension Tokenizer {
    /// Tokenises a text, or a pair. `maxLength` truncates, longest first, to that many tokens including the special ones.
    public func encode(
        _ text: String, pair: String? = nil, addSpecialTokens: Bool = true, maxLength: Int = 0
    ) -> Encoding {
        var text = text
        guard var pair else {
            return text.withUTF8 {
                encode(UnsafeRawBufferPointer($0), nil, addSpecialTokens: addSpecialTokens, maxLength: maxLength)
            }
        }
        return text.withUTF8 { text in
            pair.withUTF8 { pair in
                encode(
                    UnsafeRawBufferPointer(text), UnsafeRawBufferPointer(pair), addSpecialTokens: addSpecialTokens,
                    maxLength: maxLength)
            }
        }
    }

    private func encode(_ text: Text, _ pair: Text?, addSpecialTokens: Bool, maxLength: Int) -> Encoding {
        let count = encode(
            text, pair: pair, addSpecialTokens: addSpecialTokens, maxLength: maxLength, into: .counting)
        var ids = [Int32](repeating: 0, count: count)
        var types = ids
        var starts = [UInt32](repeating: 0, count: count)
        var ends = starts
        ids.withUnsafeMutableBufferPointer { ids in
            types.withUnsafeMutableBufferPointer { types in
                starts.withUnsafeMutableBufferPointer { starts in
                    ends.withUnsafeMutableBufferPointer { ends in
                        let buffer = TokenBuffer(
                            ids: ids.baseAddress, types: types.baseAddress, starts: starts.baseAddress,
                            ends: ends.baseAddress, capacity: count)
                        _ = encode(
                            text, pair: pair, addSpecialTokens: addSpecialTokens, maxLength: maxLength, into: buffer)
                    }
                }
            }
        }
        return Encoding(ids: ids, types: types, ranges: zip(starts, ends).map { Int($0)..<Int($1) })
    }
}
