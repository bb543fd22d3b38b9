/// A text that is put before a model's texts, such as "query: ", and its name.
public struct Prompt: Sendable, Equatable {
    public let name: String
    public let text: String

    /// By bytes, as the tokenizers see them.
    public static func == (left: Prompt, right: Prompt) -> Bool { left.name == right.name && left.text == right.text }
}

/// The prompts of a model.
package struct Prompts: Sendable {
    /// In the order of the files; names are distinct.
    package private(set) var list: [Prompt] = []
    /// The one for texts of which a call says nothing, by its place.
    package var standard: Int?

    /// Every embedding model has these two, as in sentence-transformers; without text unless its files give them one.
    static var ofEmbeddings: Prompts {
        var prompts = Prompts()
        prompts.list = [Prompt(name: "query", text: ""), Prompt(name: "document", text: "")]
        return prompts
    }

    /// Whether there is more to say of them than that.
    var areUsual: Bool { standard == nil && list.count == 2 && list[0].text.utf8.isEmpty && list[1].text.utf8.isEmpty }

    /// The bytes of one: a session has room for it before a text.
    package static let mostBytes = 16_384
    private static let mostPrompts = 1024

    /// Adds a prompt, or gives one that is there another text; `value` is where it stands.
    @inline(never)
    mutating func set(_ name: String, _ text: String, _ value: JSONValue) throws(LimbeckError) {
        let longest = max(name.utf8.count, text.utf8.count)
        guard longest <= Prompts.mostBytes, list.count < Prompts.mostPrompts else {
            throw LimbeckError(
                .fileUnsupported,
                """
                \(value.document.file): a prompt of \(longest) bytes after \(list.count) others, expected at most \
                \(Prompts.mostPrompts), of \(Prompts.mostBytes) bytes
                """)
        }
        let prompt = Prompt(name: name, text: text)
        if let place = place(of: name) { list[place] = prompt } else { list.append(prompt) }
    }

    @inline(never) func place(of name: String) -> Int? { list.firstIndex { $0.name == name } }

    /// The same for a name of a caller, which costs no memory.
    @inline(never) func place(of name: UnsafeRawBufferPointer) -> Int? { list.firstIndex { $0.name.hasSameBytes(as: name) } }

    /// For messages: 'query', 'document'.
    var names: String {
        var names = ""
        for prompt in list { names += (names.utf8.isEmpty ? "'" : ", '") + prompt.name + "'" }
        return names.utf8.isEmpty ? "none" : names
    }
}
