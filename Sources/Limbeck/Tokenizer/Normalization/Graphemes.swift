import CUnicodeTables

/// The properties of a scalar for grapheme cluster boundaries; bits as scripts/make-unicode-tables.py writes them.
struct GraphemeRecord {
    private let bits: UInt8

    /// `scalar` must be below 0x110000.
    @inline(__always)
    init(_ scalar: UInt32) { bits = UInt8(truncatingIfNeeded: limbeck_scalar_record(scalar) >> 16) }

    /// Grapheme_Cluster_Break
    enum Break {
        static let other: UInt8 = 0
        static let carriageReturn: UInt8 = 1
        static let lineFeed: UInt8 = 2
        static let control: UInt8 = 3
        static let extend: UInt8 = 4
        static let joiner: UInt8 = 5
        static let regionalIndicator: UInt8 = 6
        static let prepend: UInt8 = 7
        static let spacingMark: UInt8 = 8
        static let leading: UInt8 = 9
        static let vowel: UInt8 = 10
        static let trailing: UInt8 = 11
        static let leadingVowel: UInt8 = 12
        static let leadingVowelTrailing: UInt8 = 13
    }

    @inline(__always) var kind: UInt8 { bits & 15 }
    /// Indic_Conjunct_Break
    @inline(__always) var isConsonant: Bool { bits >> 4 & 3 == 1 }
    @inline(__always) var isConjunctExtend: Bool { bits >> 4 & 3 == 2 }
    @inline(__always) var isLinker: Bool { bits >> 4 & 3 == 3 }
    @inline(__always) var isPictograph: Bool { bits & 1 << 6 != 0 }
    /// Its general category is M.
    @inline(__always) var isMark: Bool { bits & 1 << 7 != 0 }
}

/// Finds the boundaries of extended grapheme clusters, scalar by scalar (Unicode Standard Annex #29).
struct GraphemeBreaker {
    private typealias Break = GraphemeRecord.Break

    private var last: UInt8?
    /// The preceding run of regional indicators has odd length.
    private var isFlagOpen = false
    /// 1: preceded by a pictograph and its extenders; 2: followed by a joiner.
    private var pictograph = 0
    /// 1: preceded by a consonant and its extenders; 2: with a linker.
    private var conjunct = 0

    /// Whether a cluster begins with this scalar.
    @inline(__always)
    mutating func begins(_ scalar: UInt32) -> Bool {
        let record = GraphemeRecord(scalar)
        let begins = last.map { breaks($0, record) } ?? true
        take(record)
        return begins
    }

    @inline(__always)
    private func breaks(_ last: UInt8, _ next: GraphemeRecord) -> Bool {
        let kind = next.kind
        if last == Break.other, kind == Break.other {
            return !(conjunct == 2 && next.isConsonant || pictograph == 2 && next.isPictograph)
        }
        if last == Break.carriageReturn, kind == Break.lineFeed { return false }
        if last >= Break.carriageReturn, last <= Break.control { return true }
        if kind >= Break.carriageReturn, kind <= Break.control { return true }
        switch last {
        case Break.leading:
            if kind >= Break.leading, kind != Break.trailing { return false }
        case Break.leadingVowel, Break.vowel:
            if kind == Break.vowel || kind == Break.trailing { return false }
        case Break.leadingVowelTrailing, Break.trailing:
            if kind == Break.trailing { return false }
        case Break.prepend: return false
        case Break.regionalIndicator:
            if kind == Break.regionalIndicator { return !isFlagOpen }
        default: break
        }
        if kind == Break.extend || kind == Break.joiner || kind == Break.spacingMark { return false }
        return !(conjunct == 2 && next.isConsonant || pictograph == 2 && next.isPictograph)
    }

    @inline(__always)
    private mutating func take(_ record: GraphemeRecord) {
        let kind = record.kind
        last = kind
        isFlagOpen = kind == Break.regionalIndicator && !isFlagOpen
        if record.isPictograph {
            pictograph = 1
        } else if pictograph != 0 {
            pictograph =
                pictograph == 1 && kind == Break.extend
                ? 1 : pictograph == 1 && kind == Break.joiner ? 2 : 0
        }
        if record.isConsonant {
            conjunct = 1
        } else if conjunct != 0 {
            conjunct = record.isLinker ? 2 : record.isConjunctExtend ? conjunct : 0
        }
    }
}
