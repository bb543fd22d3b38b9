/// Where something stands in a file, and which one of its kind it is. Nothing is said yet of whether it begins before it ends.
struct FilePart {
    let start: Int
    let end: Int
    let index: Int

    /// In the order of the file. A call, because sorting is compiled for each kind of element.
    @inline(never) static func sort(_ parts: inout [FilePart]) {
        parts.sort { ($0.start, $0.end) < ($1.start, $1.end) }
    }
}
