/// The word that is being collected for a BPE over characters.
///
/// No merge crosses an unknown character, and in most vocabularies none joins a "▁" to what precedes it. At these places the
/// collected part is tokenised, though the word goes on.
struct CharacterCollector: PieceCollector {
    // Retained by the owner of the collector.
    private unowned(unsafe) let model: CharacterPairs
    private let letters: (low: UInt64, high: UInt64)
    private var bytes: ByteCollector
    /// The offsets of unknown characters that form one token with any that follow.
    private var unknown: (start: Int, end: Int)?
    private var isEmpty = true
    private var followsMark = false

    private static let mark: UInt32 = 0x2581

    init(_ model: CharacterPairs, _ bytes: ByteCollector) {
        self.model = model
        self.bytes = bytes
        letters = model.letters
    }

    @inline(__always)
    mutating func append(byte: UInt8, _ start: Int, _ end: Int, into sink: inout TokenSink) {
        let bits = byte < 64 ? letters.low : letters.high
        guard bits &>> UInt64(byte & 63) & 1 != 0, unknown == nil else {
            return append(UInt32(byte), start, end, into: &sink)
        }
        bytes.room(into: &sink).pointee = byte
        bytes.append(1, start, end)
        isEmpty = false
        followsMark = false
    }

    @inline(never)
    mutating func append(_ scalar: UInt32, _ start: Int, _ end: Int, into sink: inout TokenSink) {
        let isMark = scalar == CharacterCollector.mark
        if isMark, !followsMark, model.table.marksBegin { bytes.endPart(into: &sink) }
        isEmpty = false
        followsMark = isMark
        let letter = bytes.room(into: &sink)
        let length = UTF8Reader.write(scalar, to: letter)
        let text = UnsafeRawBufferPointer(start: letter, count: length)
        if model.table.trie.value(of: text) != nil {
            endUnknown(into: &sink)
            bytes.append(length, start, end)
        } else {
            bytes.endPart(into: &sink)
            appendUnknown(text, start, end, into: &sink)
        }
    }

    private mutating func appendUnknown(_ text: UnsafeRawBufferPointer, _ start: Int, _ end: Int, into sink: inout TokenSink) {
        switch model.unknown {
        case .token(_, fuses: true): unknown = (unknown?.start ?? start, end)
        case .token(let id, fuses: false): sink.append(id, start, end)
        case .bytes(let ids): for byte in text { sink.append(ids[Int(byte)], start, end) }
        }
    }

    private mutating func endUnknown(into sink: inout TokenSink) {
        guard let place = unknown, case .token(let id, _) = model.unknown else { return }
        unknown = nil
        sink.append(id, place.start, place.end)
    }

    @inline(never)
    mutating func endWord(into sink: inout TokenSink) {
        if isEmpty { return }
        bytes.endPart(into: &sink)
        endUnknown(into: &sink)
        sink.endWord()
        (isEmpty, followsMark) = (true, false)
    }
}
