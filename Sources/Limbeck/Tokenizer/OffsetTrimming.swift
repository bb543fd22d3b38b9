/// The offset trimming of ByteLevel and RobertaProcessing as post-processors: it removes the white space at the ends of tokens from
/// their offsets.
///
/// As in the reference, the count comes from the vocabulary: the white-space characters at the ends of the token as the vocabulary
/// writes it. That many characters of the text are removed, white space or not, since an added space is not in the text. For an
/// added token, the white space in the text that it matched is counted.
final class OffsetTrimming: Sendable {
    struct Options: Sendable {
        /// A single space before the first token of a text stays: it is taken for the added one.
        var keepsFirstSpace: Bool
    }

    let options: Options
    let spaces: Table<Spaces>  // by id

    /// The leading and trailing white space of a token, in characters.
    struct Spaces {
        fileprivate var leading: UInt16 = 0
        fileprivate var trailing: UInt16 = 0
        /// 1 for an added token.
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

        /// That of the next `count` scalars without the first `skipped`.
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

    /// `withToken` calls a closure with the text of a token, if the id has one.
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

    /// The trimmed offsets of a token at `start..<end`. `isFirst`: it is the first of its text.
    @inline(__always)
    func trimmed(
        _ id: Int32, _ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int, isFirst: Bool
    ) -> (start: Int, end: Int) {
        let found = spaces[Int(id)]
        if found.leading == 0, found.trailing == 0 { return (start, end) }
        return trimmed(text, start, end, found, isFirst: isFirst)
    }

    /// The same for an added token. `isTaken`: it lies in white space that the previous token included; to count that again for
    /// every token would take quadratic time.
    func trimmedAdded(
        _ text: UnsafePointer<UInt8>, _ start: Int, _ end: Int, isTaken: Bool, isFirst: Bool
    ) -> (start: Int, end: Int) {
        if isTaken { return (end, end) }
        let found = Spaces(of: UnsafeRawBufferPointer(start: text + start, count: max(0, end - start)))
        return trimmed(text, start, end, found, isFirst: isFirst)
    }

    /// Trims the offsets of the first `count` tokens, as those at the beginning of a text.
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

    /// The same for a token with the given white space.
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
        // If the text has fewer characters before the end, nothing is trimmed.
        if trailing == 0 { end = max(stop, start) }
        return (start, end)
    }
}
