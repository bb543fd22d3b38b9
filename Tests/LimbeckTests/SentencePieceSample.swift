/// A .model file to corrupt, written field by field with the numbers of sentencepiece_model.proto.
struct SentencePieceSample {
    struct Piece {
        var text: [UInt8]
        var score: Float
        /// The last valid one counts.
        var types: [UInt64]

        init(_ text: String, _ score: Float = -1, types: [UInt64] = [normal]) {
            self.init(Array(text.utf8), score, types: types)
        }
        init(_ text: [UInt8], _ score: Float = -1, types: [UInt64] = [normal]) {
            (self.text, self.score, self.types) = (text, score, types)
        }
    }

    static let normal: UInt64 = 1, unknown: UInt64 = 2, control: UInt64 = 3, userDefined: UInt64 = 4
    static let unigram: UInt64 = 1, bpe: UInt64 = 2, word: UInt64 = 3

    var pieces = [
        Piece("<unk>", 0, types: [unknown]), Piece("<s>", 0, types: [control]), Piece("</s>", 0, types: [control]), Piece("▁"),
        Piece("a"),
        Piece("b"), Piece("▁a"),
    ]
    var modelType = unigram
    var spellsBytes = false
    var charsmaps = [Charsmap().bytes]
    /// More options of the trainer.
    var trainer: [UInt8] = []
    /// Fields that no message has.
    var unknownFields: [UInt8] = []

    var bytes: [UInt8] {
        let pieces = pieces.flatMap { piece in
            let types = piece.types.flatMap { Protobuf.field(3, $0) }
            return Protobuf.field(1, Protobuf.field(1, piece.text) + Protobuf.field(2, piece.score) + types + unknownFields)
        }
        let options = Protobuf.field(3, modelType) + Protobuf.field(35, UInt64(spellsBytes ? 1 : 0)) + trainer + unknownFields
        return pieces + unknownFields + Protobuf.field(2, options)
            + charsmaps.flatMap { Protobuf.field(3, Protobuf.field(2, $0)) }
    }

    /// A charsmap that maps "a" to "b", unit by unit.
    struct Charsmap {
        /// The other units are unreachable.
        var units: [Int: UInt32] = [0: step(0, to: 1), 0x60: key | 0x61 | step(0x60, to: 2), 2: value(0)]
        var count = 256
        var pool: [UInt8] = [0x62, 0]

        static let key: UInt32 = 1 << 8
        static func value(_ place: UInt32) -> UInt32 { 1 << 31 | place }
        /// A unit at `index`, the children of which are at `base`.
        static func step(_ index: UInt32, to base: UInt32) -> UInt32 { (index ^ base) << 10 }

        var bytes: [UInt8] {
            let all = (0..<count).map { units[$0] ?? Charsmap.value(0) }
            return littleEndian(UInt32(4 * count)) + all.flatMap { littleEndian($0) } + pool
        }

        /// "a", "aa", and so on are keys.
        static func nested(_ keys: UInt32) -> Charsmap {
            var map = Charsmap()
            map.units = [0: step(0, to: 2 ^ 0x61)]
            for index in 2..<2 + keys { map.units[Int(index)] = key | 0x61 | step(index, to: (index + 1) ^ 0x61) }
            return map
        }
    }
}

/// The parts of a protobuf message.
enum Protobuf {
    static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, bytes) = (value, [UInt8]())
        while rest >= 0x80 {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    static func field(_ number: UInt64, _ value: UInt64) -> [UInt8] { varint(number << 3) + varint(value) }
    static func field(_ number: UInt64, _ value: Float) -> [UInt8] { varint(number << 3 | 5) + littleEndian(value.bitPattern) }
    static func field(_ number: UInt64, _ bytes: [UInt8]) -> [UInt8] {
        varint(number << 3 | 2) + varint(UInt64(bytes.count)) + bytes
    }
}
