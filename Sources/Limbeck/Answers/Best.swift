/// An element that is ranked for top-k selection.
protocol Ranked {
    /// A strict total order, so that equal scores too are returned in the same order everywhere.
    func isBetter(than other: Self) -> Bool
}

/// Top-k selection in borrowed memory: a heap with the worst of the selected elements on top, so that most elements cost one
/// comparison.
struct Best<Element: Ranked> {
    private let elements: UnsafeMutablePointer<Element>
    private let capacity: Int
    private(set) var count = 0

    init(_ elements: UnsafeMutablePointer<Element>, capacity: Int) {
        self.elements = elements
        self.capacity = capacity
    }

    subscript(index: Int) -> Element { elements[index] }

    @inline(__always)
    mutating func offer(_ element: Element) {
        if count == capacity {
            guard count > 0, element.isBetter(than: elements[0]) else { return }
            elements[0] = element
            sink(from: 0, count: count)
        } else {
            elements[count] = element
            rise(from: count)
            count += 1
        }
    }

    /// Sorts the selected elements, best first; nothing may be offered afterwards.
    func sort() {
        var end = count
        while end > 1 {
            end -= 1
            exchange(0, end)
            sink(from: 0, count: end)
        }
    }

    private func rise(from index: Int) {
        var child = index
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[parent].isBetter(than: elements[child]) else { return }
            exchange(parent, child)
            child = parent
        }
    }

    private func sink(from index: Int, count: Int) {
        var parent = index
        while 2 * parent + 1 < count {
            var child = 2 * parent + 1
            if child + 1 < count, elements[child].isBetter(than: elements[child + 1]) { child += 1 }
            guard elements[parent].isBetter(than: elements[child]) else { return }
            exchange(parent, child)
            parent = child
        }
    }

    private func exchange(_ a: Int, _ b: Int) {
        let element = elements[a]
        elements[a] = elements[b]
        elements[b] = element
    }
}
