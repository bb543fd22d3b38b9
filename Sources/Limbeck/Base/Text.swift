/// A caller's text: not yet validated UTF-8, borrowed for the duration of a call.
package typealias Text = UnsafeRawBufferPointer

/// A caller's texts, as C passes them: parallel arrays, borrowed for the duration of a call.
package struct TextList {
    let pointers: UnsafePointer<UnsafePointer<CChar>?>?
    let lengths: UnsafePointer<Int>?
    package let count: Int

    package init(pointers: UnsafePointer<UnsafePointer<CChar>?>?, lengths: UnsafePointer<Int>?, count: Int) {
        self.pointers = pointers
        self.lengths = lengths
        self.count = count
    }

    package subscript(_ index: Int) -> Text {
        guard let pointers, let lengths else { return Text(start: nil, count: 0) }
        return Text(start: pointers[index], count: lengths[index])
    }
}
