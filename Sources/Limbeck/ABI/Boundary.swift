// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CLimbeck

// The rules of limbeck.h for all functions: handles, statuses, struct sizes, strings and buffers. Arguments are checked here, once,
// so that Entry.swift contains only what is specific to each function.

// MARK: Status

/// Runs the body of an entry point that has no place for a message; only the status is returned, see `limbeck_status_string()`.
func status(_ body: () throws(LimbeckError) -> Void) -> Int32 {
    do throws(LimbeckError) {
        try body()
        return Int32(LIMBECK_OK)
    } catch {
        return error.status.rawValue
    }
}

@inline(never) package func invalid(_ message: __owned Message) -> LimbeckError { LimbeckError(.invalidArgument, message) }

package func isNull(_ name: StaticString) -> LimbeckError { invalid("\(name) is NULL") }

// MARK: Handles

/// A handle is a retained reference to an object of the engine, which itself retains the objects that it needs. So handles may be
/// closed in any order.
func handle<Object: AnyObject>(to object: Object) -> OpaquePointer {
    OpaquePointer(Unmanaged.passRetained(object).toOpaque())
}

func object<Object: AnyObject>(of handle: OpaquePointer?) throws(LimbeckError) -> Object {
    guard let handle else { throw isNull("the handle") }
    return Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
}

/// Releases a handle made by `handle(to:)`. NULL is allowed.
func release<Object: AnyObject>(_ handle: OpaquePointer?, _: Object.Type) {
    if let handle { Unmanaged<Object>.fromOpaque(UnsafeRawPointer(handle)).release() }
}

// MARK: Sessions

/// Runs the body of a session call.
func serve(_ handle: OpaquePointer?, _ body: (Session) throws(LimbeckError) -> Void) -> Int32 {
    guard let handle else { return Int32(LIMBECK_INVALID_ARGUMENT) }
    let session = Unmanaged<Session>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
    return explained(session.message.baseAddress, session.message.count) { () throws(LimbeckError) in try body(session) }
}

/// The same for a call that reports a count: 0 until the result is known.
func serve(
    _ handle: OpaquePointer?, _ count: UnsafeMutablePointer<Int>?, _ body: (Session) throws(LimbeckError) -> Void
) -> Int32 {
    count?.pointee = 0
    return serve(handle) { session throws(LimbeckError) in
        try begin(count)
        try body(session)
    }
}

// MARK: Opening

/// Opens a file or folder.
func open<Object: AnyObject>(
    _ path: UnsafePointer<CChar>?, _ pathBytes: Int, into result: UnsafeMutablePointer<OpaquePointer?>?,
    message: UnsafeMutablePointer<CChar>?, capacity: Int, _ make: (String) throws(LimbeckError) -> Object
) -> Int32 {
    result?.pointee = nil
    return explained(message, capacity) { () throws(LimbeckError) in
        guard let result else { throw isNull("the output handle") }
        result.pointee = handle(to: try make(try Limbeck.path(path, pathBytes)))
    }
}

/// Runs the body of a call that writes an error message.
package func explained(_ message: UnsafeMutablePointer<CChar>?, _ capacity: Int, _ body: () throws(LimbeckError) -> Void) -> Int32 {
    if capacity > 0 { message?.pointee = 0 }
    do throws(LimbeckError) {
        guard (0...largestObject).contains(capacity), message != nil || capacity == 0 else {
            throw invalid("message is NULL, or message_capacity more than memory has")
        }
        try body()
        return Int32(LIMBECK_OK)
    } catch {
        write(error.message, to: message, capacity: capacity)
        return error.status.rawValue
    }
}

@inline(never) package func path(_ path: UnsafePointer<CChar>?, _ bytes: Int) throws(LimbeckError) -> String {
    let path = try text(path, bytes, "path")
    // The operating system would stop at the NUL, and open another file than was named.
    if path.contains(0) { throw invalid("the path contains a NUL byte") }
    return String(utf8: path)
}

/// Writes as much of a message as fits, cut at a character boundary and NUL-terminated.
private func write(_ sentence: String, to message: UnsafeMutablePointer<CChar>?, capacity: Int) {
    guard let message, capacity > 0 else { return }
    var sentence = sentence
    sentence.withUTF8 { utf8 in
        var count = min(utf8.count, capacity - 1)
        if count < utf8.count {
            while count > 0 && utf8[count] & 0xC0 == 0x80 { count -= 1 }
        }
        for index in 0..<count { message[index] = CChar(bitPattern: utf8[index]) }
        message[count] = 0
    }
}

// MARK: Structs

/// A struct whose first member is its size as the caller was compiled.
package protocol Sized {
    var struct_size: UInt32 { get set }
    /// Its size in the first version of the library that had it: the minimum for every caller.
    static var firstSize: Int { get }
    init()
}

/// A larger size does not come from a later version, but from an uninitialised struct.
private let largestStruct = 4096

private func size<Struct: Sized>(of pointer: UnsafePointer<Struct>) throws(LimbeckError) -> Int {
    let size = Int(UnsafeRawPointer(pointer).load(as: UInt32.self))
    guard size >= Struct.firstSize, size <= largestStruct else {
        throw invalid("struct_size is \(size), and must be \(Struct.firstSize) to \(largestStruct)")
    }
    return size
}

/// The caller's options. Members beyond the size of its struct are zero, and so are all if the pointer is NULL.
package func options<Struct: Sized>(_ pointer: UnsafePointer<Struct>?) throws(LimbeckError) -> Struct {
    var options = Struct()
    guard let pointer else { return options }
    let count = min(try size(of: pointer), MemoryLayout<Struct>.size)
    withUnsafeMutableBytes(of: &options) { $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: count)) }
    return options
}

/// The same for a call whose message buffer is in its options.
func with<Struct: Sized>(_ pointer: UnsafePointer<Struct>?, _ body: (Struct) -> Int32) -> Int32 {
    do throws(LimbeckError) {
        return body(try options(pointer))
    } catch {
        return error.status.rawValue
    }
}

/// Fills the members that fit in the caller's struct. Members that only a later version knows are set to zero.
package func fill<Struct: Sized>(_ pointer: UnsafeMutablePointer<Struct>?, _ info: Struct) throws(LimbeckError) {
    guard let pointer else { throw isNull("info") }
    let size = try size(of: UnsafePointer(pointer))
    var info = info
    info.struct_size = UInt32(size)
    let target = UnsafeMutableRawBufferPointer(start: pointer, count: size)
    withUnsafeBytes(of: &info) { source in
        for index in 0..<size { target[index] = index < source.count ? source[index] : 0 }
    }
}

/// An option that is one of an enumeration; 0 is the default.
package func choice<Choice: RawRepresentable>(
    _ number: UInt32, _ name: StaticString
) throws(LimbeckError) -> Choice? where Choice.RawValue == UInt32 {
    if number == 0 { return nil }
    guard let choice = Choice(rawValue: number) else { throw invalid("\(name) is \(number), expected a value of limbeck.h") }
    return choice
}

/// An option that is 0 for the default, 1 for yes, 2 for no.
func flag(_ number: UInt32, _ name: StaticString) throws(LimbeckError) -> Bool? {
    try check(number, 0...2, name)
    return number == 0 ? nil : number == 1
}

/// An option that is 0 for no, 1 for yes.
package func isSet(_ number: UInt32, _ name: StaticString) throws(LimbeckError) -> Bool {
    try check(number, 0...1, name)
    return number == 1
}

@inline(never) private func check(_ number: UInt32, _ range: ClosedRange<UInt32>, _ name: StaticString) throws(LimbeckError) {
    guard range.contains(number) else {
        throw invalid("\(name) is \(number), and must be \(range.lowerBound) to \(range.upperBound)")
    }
}

// MARK: Strings and buffers

/// No object of a C program is larger, so a larger size is an error. The check also keeps a size_t from becoming negative as an
/// Int.
private let largestObject = Int.max

func text(_ pointer: UnsafePointer<CChar>?, _ bytes: Int, _ name: StaticString) throws(LimbeckError) -> Text {
    guard let text = text(pointer, bytes) else { throw notText(pointer, bytes, "\(name)") }
    return text
}

/// The prompt of the options: NULL means not given, unlike an empty string.
func prompt(
    _ prompt: UnsafePointer<CChar>?, _ bytes: Int, _ name: UnsafePointer<CChar>?, _ nameBytes: Int
) throws(LimbeckError) -> PromptChoice {
    let (text, named) = (try text(prompt, bytes, "prompt"), try text(name, nameBytes, "prompt_name"))
    return try PromptChoice(text: prompt == nil ? nil : text, name: name == nil ? nil : named)
}

private func text(_ pointer: UnsafePointer<CChar>?, _ bytes: Int) -> Text? {
    bytes >= 0 && bytes <= UInt32.max && (pointer != nil || bytes == 0) ? Text(start: pointer, count: bytes) : nil
}

@inline(never) private func notText(_ pointer: UnsafePointer<CChar>?, _ bytes: Int, _ name: Message) -> LimbeckError {
    let bytes = UInt(bitPattern: bytes)
    return pointer == nil
        ? invalid("\(name) is NULL, and has \(bytes) bytes") : invalid("\(name) has \(bytes) bytes, and must have less than 4 GiB")
}

/// In the header, a list `texts` has the parameters `texts`, `text_bytes` and `text_count`; `one` is the prefix of the latter two.
package func texts(
    _ pointers: UnsafePointer<UnsafePointer<CChar>?>?, _ lengths: UnsafePointer<Int>?, _ count: Int, _ name: StaticString,
    _ one: StaticString
) throws(LimbeckError) -> TextList {
    let pointers = try input(pointers, count, "\(name)")
    let lengths = try input(lengths, count, "\(one)_bytes")
    for index in 0..<count where text(pointers[index], lengths[index]) == nil {
        throw notText(pointers[index], lengths[index], "\(name)[\(index)]")
    }
    return TextList(pointers: pointers.baseAddress, lengths: lengths.baseAddress, count: count)
}

func input<Element>(
    _ pointer: UnsafePointer<Element>?, _ count: Int, _ name: @autoclosure () -> Message
) throws(LimbeckError) -> UnsafeBufferPointer<Element> {
    if let reason = refusal(of: pointer != nil, count, MemoryLayout<Element>.stride) { throw invalid("\(name()) \(reason)") }
    return UnsafeBufferPointer(start: pointer, count: count)
}

func output<Element>(
    _ pointer: UnsafeMutablePointer<Element>?, _ capacity: Int, _ name: StaticString
) throws(LimbeckError) -> UnsafeMutableBufferPointer<Element> {
    _ = try input(UnsafePointer(pointer), capacity, "\(name)")
    return UnsafeMutableBufferPointer(start: pointer, count: capacity)
}

/// The same for an array of results: the engine has its own type with the same layout.
func results<Element, Result>(
    _ pointer: UnsafeMutablePointer<Element>?, _ capacity: Int, _ name: StaticString
) throws(LimbeckError) -> UnsafeMutableBufferPointer<Result> {
    let buffer = try output(pointer, capacity, name)
    guard MemoryLayout<Element>.stride == MemoryLayout<Result>.stride else { throw invalid("\(name) has another layout") }
    guard let start = buffer.baseAddress else { return UnsafeMutableBufferPointer(start: nil, count: 0) }
    let results = UnsafeMutableRawPointer(start).bindMemory(to: Result.self, capacity: capacity)
    return UnsafeMutableBufferPointer(start: results, count: capacity)
}

/// Why this cannot be an array of `count` elements; nil if it can.
@inline(never) private func refusal(of isThere: Bool, _ count: Int, _ stride: Int) -> Message? {
    let number = UInt(bitPattern: count)
    if count < 0 || count > largestObject / stride { return "is to have \(number) elements, more than memory has" }
    return isThere || count == 0 ? nil : "is NULL, and is to have \(number) elements"
}

/// Reports the number of elements, and throws if they did not fit.
func report(_ needed: Int, _ capacity: Int, _ count: UnsafeMutablePointer<Int>?) throws(LimbeckError) {
    count?.pointee = needed
    if needed > capacity { throw LimbeckError(.capacity, "\(needed) elements are needed, and there is room for \(capacity)") }
}

/// Begins a call that reports a count: 0 until the result is known.
func begin(_ count: UnsafeMutablePointer<Int>?) throws(LimbeckError) {
    guard let count else { throw isNull("count") }
    count.pointee = 0
}

/// Copies a name to the caller's buffer, without a NUL.
func copy(
    _ name: String, _ target: UnsafeMutablePointer<CChar>?, _ capacity: Int, _ count: UnsafeMutablePointer<Int>?
) throws(LimbeckError) {
    let target = try output(target, capacity, "the buffer")
    try report(name.utf8.count, capacity, count)
    var name = name
    name.withUTF8 { bytes in for index in bytes.indices { target[index] = CChar(bitPattern: bytes[index]) } }
}

// MARK: The structs of this version

// If a struct grows, its first size stays here as a number, the current value of MemoryLayout.
extension limbeck_tokenize_options: Sized { package static var firstSize: Int { 12 } }
extension limbeck_model_info_t: Sized { package static var firstSize: Int { 80 } }
extension limbeck_pack_options: Sized { package static var firstSize: Int { 8 + 8 * MemoryLayout<Int>.size } }
extension limbeck_session_options: Sized { package static var firstSize: Int { 16 } }
extension limbeck_session_info_t: Sized { package static var firstSize: Int { 24 } }
extension limbeck_embed_options: Sized { package static var firstSize: Int { 20 } }
extension limbeck_classify_options: Sized { package static var firstSize: Int { 16 } }
extension limbeck_tag_options: Sized { package static var firstSize: Int { 16 } }
extension limbeck_answer_options: Sized { package static var firstSize: Int { 24 } }
extension limbeck_fill_options: Sized { package static var firstSize: Int { 12 } }
