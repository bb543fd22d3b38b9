/// The template of special tokens around texts: the post-processor of tokenizer.json.
package struct Template: Sendable {
    package enum Piece: Sendable {
        case token(id: Int32, type: Int32)
        /// The first text (0) or the second (1).
        case text(index: Int, type: Int32)
    }

    var single: [Piece]
    var pair: [Piece]

    /// A limit, since every text gets all pieces; real templates have three to five.
    static let maxPieces = 64

    /// No special tokens; the second text has type 1.
    static let none = Template(
        single: [.text(index: 0, type: 0)], pair: [.text(index: 0, type: 0), .text(index: 1, type: 1)])

    /// [CLS] A [SEP] and [CLS] A [SEP] B [SEP].
    @inline(never) static func bert(cls: Int32, sep: Int32) -> Template {
        let single: [Piece] = [.token(id: cls, type: 0), .text(index: 0, type: 0), .token(id: sep, type: 0)]
        return Template(single: single, pair: single + [.text(index: 1, type: 1), .token(id: sep, type: 1)])
    }

    /// [CLS] A and [CLS] A [SEP] B [SEP]: FastBERT's code ends a pair, but not a single text (run_fastbert.py).
    static func fastBERT(cls: Int32, sep: Int32) -> Template {
        let both = bert(cls: cls, sep: sep)
        return Template(single: Array(both.single.prefix(2)), pair: both.pair)
    }

    /// <s> A </s> and <s> A </s></s> B </s>; all types are 0.
    @inline(never) static func roberta(cls: Int32, sep: Int32) -> Template {
        let single: [Piece] = [.token(id: cls, type: 0), .text(index: 0, type: 0), .token(id: sep, type: 0)]
        let second: [Piece] = [.token(id: sep, type: 0), .text(index: 1, type: 0), .token(id: sep, type: 0)]
        return Template(single: single, pair: single + second)
    }

    func pieces(pair isPair: Bool) -> [Piece] { isPair ? pair : single }

    /// Whether a type other than 0 occurs.
    var hasTypes: Bool {
        (single + pair).contains { piece in
            switch piece {
            case .token(_, let type), .text(_, let type): type != 0
            }
        }
    }

    /// The same with type 0 throughout, for a model without token types.
    var withoutTypes: Template {
        func cleared(_ pieces: [Piece]) -> [Piece] {
            pieces.map { piece in
                switch piece {
                case .token(let id, _): .token(id: id, type: 0)
                case .text(let index, _): .text(index: index, type: 0)
                }
            }
        }
        return Template(single: cleared(single), pair: cleared(pair))
    }

    /// The largest id of a special token, plus 1.
    var idBound: Int {
        var bound = 0
        for case .token(let id, _) in single + pair { bound = max(bound, Int(id) + 1) }
        return bound
    }

    /// The number of special tokens around a single text, or a pair.
    func specialCount(pair isPair: Bool) -> Int {
        var count = 0
        for piece in pieces(pair: isPair) {
            if case .token = piece { count += 1 }
        }
        return count
    }
}

/// Truncation of a pair, longest first, as in the reference: the longer text is shortened until both are equal, then both are.
enum LongestFirst {
    /// How many tokens are kept of texts with `first` and `second` tokens, for `room` tokens in total.
    static func keep(_ first: Int, _ second: Int, room: Int) -> (Int, Int) {
        guard first + second > room else { return (first, second) }
        var short = min(first, second)
        var long = short > room ? short : max(short, room - short)
        if short + long > room {
            short = room / 2
            long = short + room % 2
        }
        return first > second ? (long, short) : (short, long)
    }
}
