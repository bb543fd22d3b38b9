/// Notes about a folder that was opened: ignored keys, and tensors that its class requires but its files lack. `inspect` prints
/// them.
package final class Notes {
    package private(set) var lines: [String] = []

    package init() {}

    /// Messages are short, and a file of thousands of unknown keys adds no more than this.
    private static let limit = 64

    /// Adds a sentence without a full stop, which begins with the file. Duplicates are dropped.
    @inline(never) func add(_ note: Message) {
        guard lines.count < Notes.limit, !lines.contains(where: { $0 == note.text }) else { return }
        lines.append(lines.count < Notes.limit - 1 ? note.text : "further notes are omitted")
    }
}
