/// Splits a context into overlapping windows of tokens, each preceded by the question, as in the reference: all windows but the
/// last are full, and each begins `step` tokens after the previous one.
///
/// A context may be longer than any buffer. So each window is tokenised from the text again, from the start of the word in which it
/// begins. Words do not depend on the text before them. The exception are added tokens that are matched in the normalised text and
/// must not follow a word character: for one at the start of a window there is no text before it. The overlaps are tokenised twice,
/// which costs little compared with encoding them twice; the text beyond the window is searched for added tokens once.
struct AnswerWindows {
    private let question: Text
    private let context: Text
    private let tokenizer: Tokenizer
    private let pieces: [Template.Piece]
    /// The number of tokens of a full window: in total, and of the context.
    private let length: Int
    private let room: Int
    private let step: Int
    /// Whether a second window is possible: the requested overlap leaves room for new tokens.
    private let mayContinue: Bool

    /// Where the next window begins: this many tokens into this word of the context. nil: there is none.
    private var next: (word: Tokenizer.WordStart, tokens: Int)? = (.first, 0)
    /// The next added token of the context, as far as it is known.
    private var place = Tokenizer.Place()
    /// The number of tokens before the context in every window, and after it.
    private(set) var before = 0
    private(set) var after = 0

    /// `stride` 0: half a window, at most 128.
    init(question: Text, context: Text, tokenizer: Tokenizer, length: Int, stride: Int) throws(LimbeckError) {
        self.question = question
        self.context = context
        self.tokenizer = tokenizer
        self.length = length
        pieces = tokenizer.templatePieces(pair: true)
        let questionTokens = tokenizer.encode(question, into: .counting, limit: length)
        room = length - tokenizer.specialTokenCount(pair: true) - questionTokens
        guard room > 0 else {
            throw LimbeckError(.tooLong, "the question leaves no room for the context in a window of \(length) tokens")
        }
        guard 0...length ~= stride else {
            throw LimbeckError(.invalidArgument, "stride is \(stride), and must be 0 to \(length)")
        }
        var overlap = stride == 0 ? min(128, length / 2) : stride
        mayContinue = stride < room
        // The reference fails if its default does not fit.
        if overlap >= room { overlap = room / 2 }
        step = room - overlap
    }

    var isDone: Bool { next == nil }

    /// Adds the next window to the batch of a session. Returns false if there is none left, or no room for it in this batch.
    mutating func append(to session: Session) throws(LimbeckError) -> Bool {
        let start = session.batch.tokens
        guard let from = next, start + length <= session.maxTokens else { return false }
        // Beyond a batch there is room for the tokens that precede the window in its first word, and one to see what follows.
        let out = session.batch.room(extra: Batch.wordTokens)
        var count = 0
        for piece in pieces {
            switch piece {
            case .token(let id, let type):
                out.ids![count] = id
                out.types![count] = type
                out.words![count] = -1
                count += 1
            case .text(0, let type):
                let tokens = tokenizer.encode(question, into: out.advanced(by: count), limit: length)
                (out.types! + count).update(repeating: type, count: tokens)
                count += tokens
            case .text(_, let type):
                before = count
                let tokens = try cutContext(from: from, into: out.advanced(by: count))
                (out.types! + count).update(repeating: type, count: tokens)
                count += tokens
                after = -count
            }
        }
        after += count
        try session.checkRows(start..<start + count)
        session.close(count: count, index: 0)
        return true
    }

    /// Writes the tokens of one window of the context, and finds where the next one begins.
    private mutating func cutContext(from: (word: Tokenizer.WordStart, tokens: Int), into out: TokenBuffer) throws(LimbeckError)
        -> Int
    {
        let limit = from.tokens + room + 1
        let found = tokenizer.encode(context, from: from.word, into: out, limit: limit, &place) - from.tokens
        next = nil
        if found > room {
            guard mayContinue else {
                throw LimbeckError(
                    .invalidArgument, "stride must be less than \(room), the tokens of the context in a window with this question"
                )
            }
            let first = from.tokens + step
            var word = first
            while word > 0, out.words![word - 1] == out.words![first], first - word < Batch.wordTokens - 1 { word -= 1 }
            // Where added tokens are found in what one character becomes, several words begin at one byte. Then only more tokens into
            // it is further on.
            if out.starts![word] <= from.word.byte { word = 0 }
            let start = word == 0 ? from.word : tokenizer.wordStart(out.ids![word], at: Int(out.starts![word]), of: context)
            next = (start, first - word)
        }
        let count = max(0, min(found, room))
        for i in 0..<count {
            let source = from.tokens + i
            out.ids![i] = out.ids![source]
            out.starts![i] = out.starts![source]
            out.ends![i] = out.ends![source]
            out.words![i] = out.words![source]
        }
        tokenizer.trim(context, out, count: count)
        return count
    }
}
