/// The lines of a text file. A line feed ends a line; a carriage return before it is not part of the line.
package struct TextLines {
    private let text: UnsafeRawBufferPointer
    private var position = 0
    /// The number of the line that was read last, from 1.
    package private(set) var number = 0

    package init(_ text: UnsafeRawBufferPointer) { self.text = text }

    package mutating func next() -> UnsafeRawBufferPointer? {
        guard position < text.count else { return nil }
        var end = position
        while end < text.count, text[end] != UInt8(ascii: "\n") { end += 1 }
        var stop = end
        if end < text.count, stop > position, text[stop - 1] == UInt8(ascii: "\r") { stop -= 1 }
        let line = UnsafeRawBufferPointer(rebasing: text[position..<stop])
        position = end + 1
        number += 1
        return line
    }
}
