// Lists of words, separated by single spaces. An array of strings would need code where it is used, and a relocation for each
// string.

/// The index of a word in a list.
@inline(never) package func place(of word: String, in list: StaticString) -> Int? {
    var place = 0
    while true {
        let other = bytes(ofWord: place, in: list)
        if other.isEmpty { return nil }
        if word.hasSameBytes(as: other) { return place }
        place += 1
    }
}

/// The word at an index, or an empty string past the end.
@inline(never) package func word(_ place: Int, in list: StaticString) -> String {
    String(utf8: bytes(ofWord: place, in: list))
}

private func bytes(ofWord place: Int, in list: StaticString) -> UnsafeRawBufferPointer {
    let (start, end) = (UnsafeRawPointer(list.utf8Start), list.utf8CodeUnitCount)
    var (first, left) = (0, place)
    for position in 0...end where position == end || list.utf8Start[position] == UInt8(ascii: " ") {
        if left == 0 { return UnsafeRawBufferPointer(start: start + first, count: position - first) }
        (first, left) = (position + 1, left - 1)
    }
    return UnsafeRawBufferPointer(start: start, count: 0)
}
