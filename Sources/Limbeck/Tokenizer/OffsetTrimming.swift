/// What ByteLevel and RobertaProcessing do as post-processors: the places of tokens without the
/// white space at their ends.
///
/// Counted is the white space that the vocabulary writes in a token, and so many characters of the
/// text are left out, spaces or not, as the reference does it: a space that was added is in no text.
/// Of an added token it is the white space in the text that it was found for.
final class OffsetTrimming: Sendable {
    struct Options: Sendable {
        /// A single space before the first token of a text stays: it is taken for the one that was
        /// added.
        var keepsFirstSpace: Bool
    }

    let options: Options
    /// By id.
    let spaces: Table<Spaces>

    /// The white space that a token begins and ends with, in characters.
    struct Spaces {
        fileprivate var leading: UInt16 = 0
        fileprivate var trailing: UInt16 = 0
        /// 1: of an added token.
        fileprivate var added: UInt16 = 0

        init() {}

        init(of token: UnsafeRawBufferPointer) {
            guard let bytes = token.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return }
            var isLeading = true
            var position = 0
            while position < token.count {
                let source = UTF8Reader.read(bytes, at: position, end: token.count)
                position = source.end
                take(source.scalar, &isLeading)
            }
        }

        /// Of the next `count` scalars without the first `skipped`.
        init<Scalars: ScalarSource>(of scalars: Scalars, skipped: Int, count: Int) {
            var scalars = scalars
            var isLeading = true
            for index in 0..<count {
                guard let scalar = scalars.next() else { return }
                if index >= skipped { take(scalar.scalar, &isLeading) }
            }
        }

        private mutating func take(_ scalar: UInt32, _ isLeading: inout Bool) {
            if ScalarRecord(scalar).isSpace || scalar == ByteAlphabet.space {
                if isLeading, leading < .max { leading += 1 }
                if trailing < .max { trailing += 1 }
            } else {
                isLeading = false
                trailing = 0
            }
        }
    }

    /// `withToken` calls a closure with the text of a token, if there is one of this id.
    init(
        _ options: Options, idCount: Int, added: [AddedToken],
        _ withToken: (Int32, (UnsafeRawBufferPointer) -> Void) -> Void
    ) throws(LimbeckError) {
        self.options = options
        var spaces = [Spaces](repeating: Spaces(), count: idCount)
        for id in 0..<idCount {
            withToken(Int32(truncatingIfNeeded: id)) { spaces[id] = Spaces(of: $0) }
        }
        for token in added { spaces[Int(token.id)].added = 1 }
        self.spaces = try Table(spaces)
    }

    init(_ options: Options, _ spaces: Table<Spaces>) { (self.options, self.spaces) = (options, spaces) }

    var memoryBytes: Int { spaces.memoryBytes }

    /// The place that is left of a token at `start..<end`; `isFirst`: of the first of its text.
    @inline(__always)
    func trimmed(
        _ id: Int32, _ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int, isFirst: Bool
    ) -> (start: Int, end: Int) {
        let found = spaces[Int(id)]
        if found.leading == 0, found.trailing == 0 { return (start, end) }
        return trimmed(text, start, end, found, isFirst: isFirst)
    }

    /// The same for an added token. `isTaken`: the token before took the white space that this one is in; to count it again for every
    /// token would take for ever.
    func trimmedAdded(
        _ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int, isTaken: Bool, isFirst: Bool
    ) -> (start: Int, end: Int) {
        if isTaken { return (end, end) }
        let found = Spaces(of: UnsafeRawBufferPointer(start: text + start, count: max(0, end - start)))
        return trimmed(text, start, end, found, isFirst: isFirst)
    }

    /// Trims the offsets of the first `count` tokens as the first of a text.
    func trim(_ text: UnsafePointer<UInt8>, _ tokens: TokenBuffer, count: Int) {
        guard let ids = tokens.ids, let starts = tokens.starts, let ends = tokens.ends else { return }
        var before = (start: 0, end: 0)
        for index in 0..<count {
            let (start, end, isFirst) = (Int(starts[index]), Int(ends[index]), index == 0)
            let isTaken = before.start < start && end <= before.end
            let place =
                spaces[Int(ids[index])].added != 0
                ? trimmedAdded(text, start, end, isTaken: isTaken, isFirst: isFirst)
                : trimmed(ids[index], text, start, end, isFirst: isFirst)
            before = (start, end)
            starts[index] = UInt32(truncatingIfNeeded: place.start)
            ends[index] = UInt32(truncatingIfNeeded: place.end)
        }
    }

    /// The same for a token with this white space.
    func trimmed(
        _ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ spaces: Spaces, isFirst: Bool
    ) -> (start: Int, end: Int) {
        var (start, end) = (start, end)
        var leading = spaces.leading
        if leading == 1, options.keepsFirstSpace, isFirst || start == 0 { leading = 0 }
        while leading > 0, start < end {
            start = UTF8Reader.read(text, at: start, end: end).end
            leading -= 1
        }
        var stop = end
        var trailing = spaces.trailing
        while trailing > 0, stop > 0 {
            stop = UTF8Reader.read(text, before: stop).start
            trailing -= 1
        }
        // Where the text has fewer characters before the end, nothing is left out.
        if trailing == 0 { end = max(stop, start) }
        return (start, end)
    }
}
