/// Reads one pickle of protocol 2 to 5 as `torch.save` writes it: a stack of values, and a memo of values that are used again.
///
/// A pickle is a program. This reader supports the opcodes that build strings, numbers, tuples, lists and dicts, and the few calls
/// in `PickleCalls.swift`, which it interprets without executing them. Every other opcode and name is refused with an error that
/// names it.
struct PickleReader {
    /// The prefix of messages.
    let file: String
    var pickle = Pickle()
    var reader: ByteReader
    private var stack: [Pickle.Value] = []
    /// The stack positions at which open tuples, lists and dicts begin.
    private var marks: [Int] = []
    private var memo: [UInt32: Pickle.Value] = [:]
    /// The position of the current opcode, for messages.
    private var start = 0
    var storageNumbers = NameTable()

    /// Each opcode creates at most one value, so this bounds memory. A model of a thousand tensors has about 35 000.
    private static let maxOperations = 1 << 20

    /// Reads the pickle at `position`, and moves `position` to its end.
    static func read(
        _ bytes: UnsafeRawBufferPointer, at position: inout Int, file: String
    ) throws(LimbeckError) -> Pickle {
        var machine = PickleReader(file: file, reader: ByteReader(bytes, at: position))
        try machine.run()
        position = machine.reader.position
        return machine.pickle
    }

    private init(file: String, reader: ByteReader) {
        self.file = file
        self.reader = reader
    }

    private mutating func run() throws(LimbeckError) {
        guard reader.integer(UInt8.self) == 0x80, let version = reader.integer(UInt8.self) else {
            throw malformed("a pickle does not begin with its protocol")
        }
        guard 2...5 ~= version else {
            throw LimbeckError(
                .fileUnsupported, "\(file): pickle protocol \(version), expected 2 to 5")
        }
        for _ in 0..<PickleReader.maxOperations {
            start = reader.position
            let code = try number(UInt8.self)
            if code == UInt8(ascii: ".") {
                pickle.root = try pop()
                guard stack.isEmpty, marks.isEmpty else {
                    throw malformed("it ends with more than one value")
                }
                return
            }
            try step(code)
        }
        throw LimbeckError(
            .fileUnsupported,
            "\(file): a pickle of more than \(PickleReader.maxOperations) operations")
    }

    private mutating func step(_ code: UInt8) throws(LimbeckError) {
        switch code {
        case UInt8(ascii: "N"): stack.append(.none)
        case 0x88: stack.append(.bool(true))
        case 0x89: stack.append(.bool(false))
        case UInt8(ascii: "K"): stack.append(.int(Int(try number(UInt8.self))))
        case UInt8(ascii: "M"): stack.append(.int(Int(try number(UInt16.self))))
        case UInt8(ascii: "J"): stack.append(.int(Int(try number(Int32.self))))
        case 0x8A: try long()
        case UInt8(ascii: "G"):
            _ = try number(UInt64.self)
            stack.append(.other)
        // Strings, including the two opcodes of Python 2.
        case UInt8(ascii: "X"), UInt8(ascii: "T"): stack.append(.text(try counted(UInt32.self)))
        case 0x8C, UInt8(ascii: "U"): stack.append(.text(try counted(UInt8.self)))
        case 0x8D: stack.append(.text(try counted(UInt64.self)))
        case UInt8(ascii: "B"): try bytes(UInt32.self)
        case UInt8(ascii: "C"): try bytes(UInt8.self)
        case 0x8E: try bytes(UInt64.self)
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: ")"): tuple([])
        case 0x85...0x87: tuple(try pop(Int(code) - 0x84))
        case UInt8(ascii: "t"): tuple(try popToMark())
        case UInt8(ascii: "]"):
            stack.append(.list(pickle.lists.count))
            pickle.lists.append([])
        case UInt8(ascii: "}"): stack.append(newDict())
        case UInt8(ascii: "a"): try append([try pop()])
        case UInt8(ascii: "e"): try append(try popToMark())
        case UInt8(ascii: "s"): try set(try pop(2))
        case UInt8(ascii: "u"): try set(try popToMark())
        case UInt8(ascii: "q"): try remember(UInt32(try number(UInt8.self)))
        case UInt8(ascii: "r"): try remember(try number(UInt32.self))
        case 0x94: try remember(UInt32(memo.count))
        case UInt8(ascii: "h"): try recall(UInt32(try number(UInt8.self)))
        case UInt8(ascii: "j"): try recall(try number(UInt32.self))
        case 0x95:
            // A frame is a hint for buffering; the opcodes in it are the same.
            guard try number(UInt64.self) <= UInt64(reader.rest) else {
                throw malformed("a frame ends beyond the pickle")
            }
        case UInt8(ascii: "c"): try global()
        case 0x93:
            let names = try pop(2)
            guard case .text(let module) = names[0], case .text(let name) = names[1] else {
                throw malformed(
                    "a name that is \(names[0].kind) and \(names[1].kind), expected two strings")
            }
            stack.append(try global(module, name))
        case UInt8(ascii: "R"):
            let call = try pop(2)
            stack.append(try self.call(call[0], call[1]))
        case UInt8(ascii: "Q"): stack.append(try persistent(try pop()))
        case UInt8(ascii: "b"):
            // BUILD sets `_metadata`, which torch adds to an OrderedDict; it is not needed.
            let parts = try pop(2)
            guard case .dict = parts[0], case .dict = parts[1] else {
                throw malformed(
                    "\(parts[0].kind) gets \(parts[1].kind) as its state, expected two dicts")
            }
            stack.append(parts[0])
        default:
            throw LimbeckError(
                .fileUnsupported,
                "\(file): the operation \(PickleNames.operation(code)) at byte \(start) is not "
                    + "allowed: only tensors and plain containers are read")
        }
    }

    @inline(never) func malformed(_ message: __owned Message) -> LimbeckError {
        LimbeckError(
            .fileMalformed, "\(file): not a pickle of tensors at byte \(start): \(message)")
    }

    // MARK: - The stack

    @inline(never) private mutating func pop() throws(LimbeckError) -> Pickle.Value {
        guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
            throw malformed("a value is missing")
        }
        return value
    }

    @inline(never) private mutating func pop(_ count: Int) throws(LimbeckError) -> [Pickle.Value] {
        guard stack.count - (marks.last ?? 0) >= count else {
            throw malformed("a value is missing")
        }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    @inline(never) private mutating func popToMark() throws(LimbeckError) -> [Pickle.Value] {
        guard let mark = marks.popLast() else { throw malformed("a mark is missing") }
        defer { stack.removeLast(stack.count - mark) }
        return Array(stack[mark...])
    }

    @inline(never) private mutating func tuple(_ values: [Pickle.Value]) {
        stack.append(.tuple(pickle.tuples.count))
        pickle.tuples.append(values)
    }

    mutating func newDict() -> Pickle.Value {
        pickle.dicts.append([])
        return .dict(pickle.dicts.count - 1)
    }

    private var top: Pickle.Value? { stack.count > marks.last ?? 0 ? stack.last : nil }

    @inline(never) private mutating func append(_ values: [Pickle.Value]) throws(LimbeckError) {
        guard case .list(let list)? = top else {
            throw malformed("values for \(top?.kind ?? "nothing"), expected a list")
        }
        pickle.lists[list] += values
    }

    private mutating func set(_ pairs: [Pickle.Value]) throws(LimbeckError) {
        guard case .dict(let dict)? = top else {
            throw malformed("values for \(top?.kind ?? "nothing"), expected a dict")
        }
        guard pairs.count % 2 == 0 else { throw malformed("a key without a value") }
        for index in stride(from: 0, to: pairs.count, by: 2) {
            pickle.dicts[dict].append((pairs[index], pairs[index + 1]))
        }
    }

    @inline(never) private mutating func remember(_ index: UInt32) throws(LimbeckError) {
        guard let top else { throw malformed("a value is missing") }
        memo[index] = top
    }

    @inline(never) private mutating func recall(_ index: UInt32) throws(LimbeckError) {
        guard let value = memo[index] else {
            throw malformed("memo entry \(index) is missing")
        }
        stack.append(value)
    }

    // MARK: - Arguments

    private var cutShort: LimbeckError { malformed("it is cut short") }

    private mutating func number<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type)
        throws(LimbeckError) -> Number
    {
        guard let number = reader.integer(type) else { throw cutShort }
        return number
    }

    private mutating func counted<Count: FixedWidthInteger & BitwiseCopyable>(
        _ type: Count.Type
    ) throws(LimbeckError) -> UnsafeRawBufferPointer {
        guard let count = reader.size(type), let bytes = reader.take(count) else { throw cutShort }
        return bytes
    }

    private mutating func bytes<Count: FixedWidthInteger & BitwiseCopyable>(_ type: Count.Type)
        throws(LimbeckError)
    {
        _ = try counted(type)
        stack.append(.other)
    }

    /// A signed integer with a byte count before it.
    private mutating func long() throws(LimbeckError) {
        let bytes = try counted(UInt8.self)
        guard bytes.count <= 8 else { return stack.append(.other) }
        var value = 0
        for (index, byte) in bytes.enumerated() { value |= Int(byte) << (8 * index) }
        let unused = 64 - 8 * bytes.count
        stack.append(.int(bytes.isEmpty ? 0 : (value << unused) >> unused))
    }

    private mutating func global() throws(LimbeckError) {
        guard let module = reader.line(), let name = reader.line() else { throw cutShort }
        stack.append(try global(module, name))
    }
}
