import ArgumentParser

/// "8x128": 8 sequences of 128 tokens.
struct Shape: LosslessStringConvertible {
    let batch: Int
    let tokens: Int

    init(_ batch: Int, _ tokens: Int) {
        self.batch = batch
        self.tokens = tokens
    }

    init?(_ description: String) {
        let numbers = description.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let batch = numbers[0], let tokens = numbers[1], 1...4096 ~= batch, 1...4096 ~= tokens
        else { return nil }
        self.init(batch, tokens)
    }

    var description: String { "\(batch)x\(tokens)" }
}

/// Comma-separated values.
struct List<Element: LosslessStringConvertible>: ExpressibleByArgument {
    let elements: [Element]

    init(_ elements: [Element]) { self.elements = elements }

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        elements = parts.compactMap { Element(String($0)) }
        guard elements.count == parts.count else { return nil }
    }

    var defaultValueDescription: String { elements.map(\.description).joined(separator: ",") }
}
