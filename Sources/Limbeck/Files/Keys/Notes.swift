/// What is worth knowing of a folder that opened: keys that were passed over, tensors that its class promises and its files lack.
/// `inspect` prints them.
package final class Notes {
    package private(set) var lines: [String] = []

    package init() {}

    /// Files bound them, and messages are short; what a file of thousands of unknown keys would add is cut off here.
    private static let most = 64

    /// A sentence without a full stop, which begins with the file. The same one twice is one.
    @inline(never) func add(_ note: Message) {
        guard lines.count < Notes.most, !lines.contains(where: { $0 == note.text }) else { return }
        lines.append(lines.count < Notes.most - 1 ? note.text : "there are more notes, which are left out")
    }
}
