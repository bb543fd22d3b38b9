import CFuzz
import CPlatform
import Limbeck

/// Ends the run with a message unless the condition holds.
func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
    if !condition { fatalError(message()) }
}

/// A copy of bytes in a heap block of exactly their size, so that AddressSanitizer sees a read of one byte too many.
func withExactCopy<Result>(_ bytes: some Collection<UInt8>, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { block.deallocate() }
    block.copyBytes(from: bytes)
    return body(UnsafeRawBufferPointer(block))
}

/// What stands between NUL bytes; the last part is the rest, NUL bytes and all. Missing parts are empty.
func parts(_ input: UnsafeRawBufferPointer, _ count: Int) -> [Slice<UnsafeRawBufferPointer>] {
    var parts: [Slice<UnsafeRawBufferPointer>] = []
    var rest = input[...]
    while parts.count < count - 1, let end = rest.firstIndex(of: 0) {
        parts.append(rest[..<end])
        rest = rest[(end + 1)...]
    }
    parts.append(rest)
    while parts.count < count { parts.append(rest[rest.endIndex...]) }
    return parts
}

/// Puts a file into the folder.
func file(_ path: String, _ bytes: some Collection<UInt8>) {
    withExactCopy(bytes) { fuzz_file(path, $0.baseAddress, $0.count) }
}

/// An error of opening is about files or memory, and says something.
func check(opening error: LimbeckError) {
    expect(error.status.rawValue >= 20 && error.status.rawValue <= 40, "status \(error.status) at opening")
    expect(error.message.utf8.count > 8, "a message of \(error.message.utf8.count) bytes")
}

/// The tokenizer of a folder or a file, if it opens; its files are put away.
func openTokenizer(_ path: String) -> Tokenizer? {
    defer { fuzz_clear() }
    do throws(LimbeckError) {
        return try Tokenizer(path: path)
    } catch {
        check(opening: error)
        return nil
    }
}

/// What a tokenizer must keep to with any text. `tidy` is for tokenizers whose added tokens do not take each other's white space.
struct TokenizerCheck {
    let tokenizer: Tokenizer
    var tidy: Bool

    struct Tokens: Equatable {
        var ids: [Int32]
        var types: [Int32]
        var starts: [UInt32]
        var ends: [UInt32]
        var words: [Int32]
        var count: Int
    }

    /// The tokens that fit into `capacity`, and the count of all.
    func encode(
        _ text: UnsafeRawBufferPointer, _ pair: UnsafeRawBufferPointer?, special: Bool, maxLength: Int, capacity: Int
    ) -> Tokens {
        // Heap blocks of exactly this size.
        func block<Element>(_ type: Element.Type) -> UnsafeMutablePointer<Element> { .allocate(capacity: capacity) }
        let ids = block(Int32.self), types = block(Int32.self), words = block(Int32.self)
        let starts = block(UInt32.self), ends = block(UInt32.self)
        defer {
            ids.deallocate()
            types.deallocate()
            words.deallocate()
            starts.deallocate()
            ends.deallocate()
        }
        let buffer = TokenBuffer(ids: ids, types: types, starts: starts, ends: ends, words: words, capacity: capacity)
        let count = tokenizer.encode(text, pair: pair, addSpecialTokens: special, maxLength: maxLength, into: buffer)
        let stored = min(count, capacity)
        func array<Element>(_ pointer: UnsafeMutablePointer<Element>) -> [Element] {
            Array(UnsafeBufferPointer(start: pointer, count: stored))
        }
        return Tokens(
            ids: array(ids), types: array(types), starts: array(starts), ends: array(ends), words: array(words), count: count)
    }

    /// Encodes and checks what must hold; returns the tokens.
    @discardableResult
    func run(_ text: UnsafeRawBufferPointer, _ pair: UnsafeRawBufferPointer?, special: Bool, maxLength: Int) -> Tokens {
        let count = tokenizer.encode(text, pair: pair, addSpecialTokens: special, maxLength: maxLength, into: .counting)
        let tokens = encode(text, pair, special: special, maxLength: maxLength, capacity: count)
        expect(tokens.count == count, "\(count) tokens counted, \(tokens.count) stored")
        expect(
            tokens == encode(text, pair, special: special, maxLength: maxLength, capacity: count), "a second time is different")

        let half = encode(text, pair, special: special, maxLength: maxLength, capacity: count / 2)
        expect(half.count == count, "\(count) tokens counted, \(half.count) with half the room")
        expect(half.ids.elementsEqual(tokens.ids.prefix(count / 2)), "other ids with half the room")
        expect(half.ends.elementsEqual(tokens.ends.prefix(count / 2)), "other offsets with half the room")

        if maxLength > 0 {
            let specials = special ? tokenizer.specialTokenCount(pair: pair != nil) : 0
            expect(count <= max(maxLength, specials), "\(count) tokens, truncated to \(maxLength)")
            let whole = encode(text, pair, special: special, maxLength: 0, capacity: count)
            expect(whole.count >= count, "\(whole.count) tokens, truncated to \(count)")
            expect(count == whole.count || count >= min(maxLength, whole.count), "truncated by too many: \(count) for \(maxLength)")
        }

        // Templates such as RoBERTa's give both texts one type: then nothing says which of them a token is of.
        let tidy = tidy && (pair == nil || tokens.types.contains(1))
        var previous: [(start: UInt32, end: UInt32, word: Int32)] = [(0, 0, 0), (0, 0, 0)]
        for index in 0..<count {
            let id = tokens.ids[index], start = tokens.starts[index], end = tokens.ends[index]
            expect(id >= 0 && Int(id) < tokenizer.vocabularySize, "id \(id) of \(tokenizer.vocabularySize)")
            guard tokens.words[index] >= 0 else {
                expect(start == 0 && end == 0, "a special token at \(start)..<\(end)")
                continue
            }
            expect(tokenizer.withTokenBytes(id) { $0.count } != nil, "no token has the id \(id)")
            let isSecond = tidy && tokens.types[index] == 1
            let whole = isSecond ? pair ?? text : text
            let bound = max(text.count, pair?.count ?? 0)
            expect(start <= end && end <= (tidy ? whole.count : bound), "token \(index) at \(start)..<\(end) of \(whole.count)")
            guard tidy else { continue }
            expect(isBoundary(whole, Int(start)) && isBoundary(whole, Int(end)), "\(start)..<\(end) cuts a character")
            let last = previous[isSecond ? 1 : 0]
            expect(start >= last.start && end >= last.end, "\(start)..<\(end) after \(last.start)..<\(last.end)")
            expect(tokens.words[index] == last.word || tokens.words[index] == last.word + 1, "word \(tokens.words[index])")
            previous[isSecond ? 1 : 0] = (start, end, tokens.words[index])
        }
        return tokens
    }

    /// Not between a lead byte and what belongs to it. Ill-formed UTF-8 has other boundaries, and those are not asked about.
    private func isBoundary(_ text: UnsafeRawBufferPointer, _ offset: Int) -> Bool {
        offset == text.count || text[offset] & 0xC0 != 0x80 || !isWellFormed(text)
    }

    private func isWellFormed(_ text: UnsafeRawBufferPointer) -> Bool { String(validating: text, as: UTF8.self) != nil }
}
