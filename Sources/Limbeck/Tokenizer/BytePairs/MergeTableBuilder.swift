/// Checks merges in the order of their ranks, and keeps those that can happen.
struct MergeTableBuilder {
    struct Token {
        let left: UInt32
        let right: UInt32
        let bytes: UInt16
        let id: Int32
    }

    /// Pairs that merge have numbers of 21 bits.
    private static let mostTokens = 1 << 21

    private let file: String
    private let vocabulary: Vocabulary
    fileprivate(set) var tokens: [Token] = []
    /// The bytes of the tokens, and where each has them.
    private(set) var bytes: [UInt8] = []
    private(set) var keys: [ByteTrie.Key] = []
    private(set) var pairs: [UInt64]
    private(set) var shift: UInt64
    /// By id: the token that can be made, or `never`, or `wanted` by a merge that cannot happen without it.
    private var made: [UInt32]
    private static let never = UInt32.max
    private static let wanted = UInt32.max - 1

    init(_ vocabulary: Vocabulary, mergeCount: Int, file: String) throws(LimbeckError) {
        self.file = file
        self.vocabulary = vocabulary
        guard mergeCount <= MergeTableBuilder.mostTokens - 256 else {
            throw LimbeckError(.fileUnsupported, "\(file): \(mergeCount) merges, the most is \(MergeTableBuilder.mostTokens - 256)")
        }
        var bits: UInt64 = 4
        while 1 << bits < 2 * mergeCount { bits += 1 }
        shift = 64 - bits
        pairs = [UInt64](repeating: 0, count: 1 << bits)
        made = [UInt32](repeating: MergeTableBuilder.never, count: vocabulary.count)
        var text: [UInt8] = []
        for byte in UInt8.min...UInt8.max {
            text.removeAll(keepingCapacity: true)
            appendUTF8(ByteAlphabet.scalar(of: byte), to: &text)
            let id = vocabulary.id(of: text)
            guard id != nil || !ByteAlphabet.isInText(byte) else {
                throw LimbeckError(
                    .fileUnsupported,
                    "\(file): the vocabulary has no token for the byte \(Int(byte)), written \"\(String(decoding: text, as: UTF8.self))\"")
            }
            try append(Token(left: UInt32(byte), right: UInt32(byte), bytes: 1, id: id ?? 0), id: id)
            bytes.append(byte)
        }
    }

    private mutating func append(_ token: Token, id: Int32?) throws(LimbeckError) {
        if let id {
            let before = made[Int(id)]
            guard before == MergeTableBuilder.never else {
                throw LimbeckError(
                    .fileUnsupported,
                    before == MergeTableBuilder.wanted
                        ? "\(file): a merge makes the token \(id), which an earlier merge has used"
                        : "\(file): two tokens have the id \(id)")
            }
            made[Int(id)] = UInt32(tokens.count)
        }
        keys.append(
            ByteTrie.Key(start: UInt32(bytes.count), count: UInt32(token.bytes), value: Int32(truncatingIfNeeded: tokens.count)))
        tokens.append(token)
    }

    /// Adds the merge of the next rank; `place` says where it stands ("merge 7").
    mutating func add(_ left: [UInt8], _ right: [UInt8], _ place: @autoclosure () -> Message) throws(LimbeckError) {
        let parts = (try id(left, place()), try id(right, place()))
        let id = try id(left + right, place())
        let (a, b) = (made[Int(parts.0)], made[Int(parts.1)])
        // A part that no merge makes is never there. If one makes it later, ranks are no order of time: nothing writes such a file.
        if a >= MergeTableBuilder.wanted { made[Int(parts.0)] = MergeTableBuilder.wanted }
        if b >= MergeTableBuilder.wanted { made[Int(parts.1)] = MergeTableBuilder.wanted }
        guard a < MergeTableBuilder.wanted, b < MergeTableBuilder.wanted else { return }
        guard merged(a, b) == MergeTable.nothing else {
            throw LimbeckError(.fileUnsupported, "\(file): \(place()) is there twice")
        }
        // Where an earlier merge would take a part from one of them, the two never meet.
        guard PairHash.mayMeet(a, b, merged: { merged($0, $1) }, parts: { (tokens[Int($0)].left, tokens[Int($0)].right) })
        else { return }
        let count = Int(tokens[Int(a)].bytes) + Int(tokens[Int(b)].bytes)
        guard count <= MergeTable.longestToken else {
            throw LimbeckError(
                .fileUnsupported, "\(file): \(place()) makes a token of \(count) bytes, the most is \(MergeTable.longestToken)")
        }
        insert(a, b, UInt32(tokens.count))
        try append(Token(left: a, right: b, bytes: UInt16(count), id: id), id: id)
        for part in [a, b] {
            let key = keys[Int(part)]
            for index in Int(key.start)..<Int(key.start) + Int(key.count) { bytes.append(bytes[index]) }
        }
    }

    private func id(_ text: [UInt8], _ place: @autoclosure () -> Message) throws(LimbeckError) -> Int32 {
        guard let id = vocabulary.id(of: text) else {
            let token = String(decoding: text.prefix(100), as: UTF8.self)
            throw LimbeckError(.fileInconsistent, "\(file): \(place()) needs \"\(token)\", which is not in the vocabulary")
        }
        return id
    }

    private func merged(_ left: UInt32, _ right: UInt32) -> UInt32 {
        pairs.withUnsafeBufferPointer { slots in
            guard let start = slots.baseAddress else { return MergeTable.nothing }
            return PairHash.find(left, right, in: start, shift: shift, mask: slots.count - 1)
        }
    }

    private mutating func insert(_ left: UInt32, _ right: UInt32, _ token: UInt32) {
        let key = UInt64(left) << PairHash.tokenBits | UInt64(right)
        var slot = PairHash.slot(of: key, shift)
        while pairs[slot] != 0 { slot = (slot + 1) & (pairs.count - 1) }
        pairs[slot] = key << PairHash.tokenBits | UInt64(token)
    }
}
