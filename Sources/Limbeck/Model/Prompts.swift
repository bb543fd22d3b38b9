/// A text put before the model's input, such as "query: ", and its name.
public struct Prompt: Sendable, Equatable {
    public let name: String
    public let text: String

    /// Compares bytes, as the tokenizers do.
    public static func == (left: Prompt, right: Prompt) -> Bool { left.name == right.name && left.text == right.text }
}

/// The prompts of a model.
package struct Prompts: Sendable {
    /// In the order of the files; names are distinct.
    package private(set) var list: [Prompt] = []
    /// The index of the default prompt, for calls that do not choose one.
    package var standard: Int?

    /// Every embedding model has these two, as in sentence-transformers; without text unless its files give them one.
    static var ofEmbeddings: Prompts {
        var prompts = Prompts()
        prompts.list = [Prompt(name: "query", text: ""), Prompt(name: "document", text: "")]
        return prompts
    }

    /// Whether the prompts are just these two, without text.
    var areUsual: Bool { standard == nil && list.count == 2 && list[0].text.utf8.isEmpty && list[1].text.utf8.isEmpty }

    /// The maximum size of a prompt in bytes; a session reserves this much before a text.
    package static let maxBytes = 16_384
    private static let maxPrompts = 1024

    /// Adds a prompt, or replaces the text of an existing one; `value` is its place in the file.
    @inline(never)
    mutating func set(_ name: String, _ text: String, _ value: JSONValue) throws(LimbeckError) {
        let longest = max(name.utf8.count, text.utf8.count)
        guard longest <= Prompts.maxBytes, list.count < Prompts.maxPrompts else {
            throw LimbeckError(
                .fileUnsupported,
                """
                \(value.document.file): a prompt of \(longest) bytes after \(list.count) others, expected at most \
                \(Prompts.maxPrompts), of \(Prompts.maxBytes) bytes
                """)
        }
        let prompt = Prompt(name: name, text: text)
        if let place = place(of: name) { list[place] = prompt } else { list.append(prompt) }
    }

    @inline(never) func place(of name: String) -> Int? { list.firstIndex { $0.name == name } }

    /// The same for a caller's name, without allocating.
    @inline(never) func place(of name: UnsafeRawBufferPointer) -> Int? { list.firstIndex { $0.name.hasSameBytes(as: name) } }

    /// For messages: 'query', 'document'.
    var names: String {
        var names = ""
        for prompt in list { names += (names.utf8.isEmpty ? "'" : ", '") + prompt.name + "'" }
        return names.utf8.isEmpty ? "none" : names
    }
}
