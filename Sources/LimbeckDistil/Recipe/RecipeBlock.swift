import Limbeck

/// The error of a recipe that is being read: the first one counts. Calls that do not throw make readers of blocks short.
final class RecipeMistakes {
    let file: String
    private(set) var error: LimbeckError?

    init(file: String) { self.file = file }

    @inline(never) func add(_ status: LimbeckError.Status, _ message: __owned Message) {
        error = error ?? LimbeckError(status, "\(file): \(message)")
    }

    func check() throws(LimbeckError) { if let error { throw error } }
}

/// A range of numbers, and how messages call it.
struct Bounds {
    /// Excluded, if `isOpen`.
    var low = -3e38
    var high = 3e38
    var isOpen = false
    let text: StaticString

    static let any = Bounds(text: "a finite number")
    static let positive = Bounds(low: 0, isOpen: true, text: "a positive number")
    /// Steps are integers.
    static let epochs = Bounds(low: 0, high: 1e6, isOpen: true, text: "a number above 0, at most 1000000")
    static let warmup = Bounds(low: 0, high: 0x1p31 - 1, text: "a number from 0 to 2147483647")
    static let notNegative = Bounds(low: 0, text: "a number from 0 on")
    static let probability = Bounds(low: 0, high: 1, text: "a number from 0 to 1")
    static let part = Bounds(low: 0, high: 1, isOpen: true, text: "a number above 0, at most 1")
    /// What is left is not nothing: dropout, and the factors of moments.
    static let rate = Bounds(low: 0, high: 1 - 0x1p-24, text: "a number from 0 to less than 1")

    func contains(_ value: Double) -> Bool {
        // As floats they must be positive and finite too.
        value >= low && value <= high && (!isOpen || Float(value) > Float(low))
    }
}

/// An object of a recipe, whose members are asked for one by one. Null is the same as a missing member. What nobody has asked for is unknown,
/// and refused by `finish`: so the keys of a block are written once, where they are read.
final class RecipeBlock {
    let mistakes: RecipeMistakes
    /// "stages.0.optimizer"; empty for the whole file.
    let path: String
    private let members: [RecipeNode.Member]
    private var asked: [String] = []
    private var missing: Message?

    /// Another kind of value reads as an empty object.
    init(_ node: RecipeNode?, _ path: String, _ mistakes: RecipeMistakes) {
        (self.path, self.mistakes) = (path, mistakes)
        members = node?.members ?? []
        if let node {
            if case .object = node.content {} else { fail(path, node, "an object") }
        }
    }

    func at(_ key: String) -> String { path.utf8.isEmpty ? key : path + "." + key }

    @inline(never) func fail(_ path: String, _ found: RecipeNode, _ expected: __owned Message) {
        let what: Message = path.utf8.isEmpty ? "the recipe" : "'\(path)'"
        mistakes.add(.fileMalformed, "\(what) is \(found.described), expected \(expected)")
    }

    /// The member; nil if it is missing. Counts as asked for.
    @inline(never) func node(_ key: String) -> RecipeNode? {
        if !asked.contains(where: { $0 == key }) { asked.append(key) }
        guard let member = members.last(where: { $0.key == key }), !member.value.isNull else { return nil }
        return member.value
    }

    /// A member that must be there is not. A misspelt key is the more helpful answer, since it may be the missing one: `finish` looks for that
    /// first.
    @inline(never) func missing(_ key: String, _ expected: __owned Message) {
        missing = missing ?? "'\(at(key))' is missing, expected \(expected)"
    }

    /// Refuses members that exist elsewhere, with a reason.
    @inline(never) func refuse(_ keys: StaticString, _ why: __owned Message) {
        for member in members where !member.value.isNull && place(of: member.key, in: keys) != nil {
            mistakes.add(.fileMalformed, "'\(at(member.key))' is \(why)")
        }
    }

    /// To be called when all members were asked for.
    @inline(never) func finish() {
        refuseUnknown()
        if let missing { mistakes.add(.fileMalformed, missing) }
    }

    /// Refuses members that were not asked for, and those that are there twice.
    private func refuseUnknown() {
        for (place, member) in members.enumerated() {
            if members[..<place].contains(where: { $0.key == member.key }) {
                return mistakes.add(.fileMalformed, "'\(at(member.key))' is there twice")
            }
            if asked.contains(where: { $0 == member.key }) { continue }
            var list: Message = ""
            for (index, key) in asked.enumerated() { list = "\(list)\(index == 0 ? "" : ", ")\(key)" }
            return mistakes.add(.fileMalformed, "'\(at(member.key))' is unknown, expected one of \(list)")
        }
    }

    // MARK: Values

    @inline(never) func number(_ key: String, _ bounds: Bounds) -> Double? {
        node(key).flatMap { number($0, at(key), bounds) }
    }

    func float(_ key: String, _ bounds: Bounds) -> Float? { number(key, bounds).map { Float($0) } }

    @inline(never) func number(_ node: RecipeNode, _ path: String, _ bounds: Bounds) -> Double? {
        if case .number(_, _, let value?) = node.content, bounds.contains(value) { return value }
        fail(path, node, "\(bounds.text)")
        return nil
    }

    @inline(never) func integer(_ key: String, from low: Int = 1) -> Int? { node(key).flatMap { integer($0, at(key), from: low) } }

    @inline(never) func integer(_ node: RecipeNode, _ path: String, from low: Int) -> Int? {
        if case .number(_, let value?, _) = node.content, value >= low, value <= Int(Int32.max) { return value }
        fail(path, node, "an integer from \(low) to \(Int32.max)")
        return nil
    }

    @inline(never) func flag(_ key: String) -> Bool? {
        guard let node = node(key) else { return nil }
        if case .flag(let flag) = node.content { return flag }
        fail(at(key), node, "true or false")
        return nil
    }

    @inline(never) func string(_ key: String) -> String? { node(key).flatMap { string($0, at(key)) } }

    @inline(never) func string(_ node: RecipeNode, _ path: String) -> String? {
        if case .string(let text) = node.content, !text.utf8.isEmpty, !text.hasNUL { return text }
        fail(path, node, "a string, not empty and without NUL")
        return nil
    }

    /// The place of a string in a list of words; nil also if it is missing.
    @inline(never) func choice(_ key: String, _ words: StaticString) -> Int? {
        guard let node = node(key) else { return nil }
        if case .string(let text) = node.content, let found = place(of: text, in: words) { return found }
        fail(at(key), node, RecipeBlock.list(words))
        return nil
    }

    /// "one of a, b, c", for a message.
    static func list(_ words: StaticString) -> Message {
        var list: Message = "one of "
        for (index, word) in Words(words).enumerated() {
            list = "\(list)\(index == 0 ? "" : ", ")\(String(utf8: UnsafeRawBufferPointer(rebasing: word)))"
        }
        return list
    }

    /// The elements of an array, which is not empty unless `mayBeEmpty`; elements that `read` refuses are left out.
    @inline(never) func array<Element>(
        _ key: String, mayBeEmpty: Bool = false, _ read: (RecipeNode, String) -> Element?
    ) -> [Element]? {
        node(key).flatMap { array($0, at(key), mayBeEmpty: mayBeEmpty, read) }
    }

    @inline(never) func array<Element>(
        _ node: RecipeNode, _ path: String, mayBeEmpty: Bool = false, _ read: (RecipeNode, String) -> Element?
    ) -> [Element]? {
        guard case .array(let elements) = node.content, mayBeEmpty || !elements.isEmpty else {
            fail(path, node, mayBeEmpty ? "an array" : "an array with elements")
            return nil
        }
        var list: [Element] = []
        for (index, element) in elements.enumerated() {
            if let value = read(element, path + "." + String(index)) { list.append(value) }
        }
        return list
    }

    func strings(_ key: String, mayBeEmpty: Bool = false) -> [String]? {
        array(key, mayBeEmpty: mayBeEmpty) { string($0, $1) }
    }

    func numbers(_ key: String, _ bounds: Bounds) -> [Double]? { array(key) { number($0, $1, bounds) } }

    func integers(_ key: String, from low: Int, mayBeEmpty: Bool = false) -> [Int]? {
        array(key, mayBeEmpty: mayBeEmpty) { integer($0, $1, from: low) }
    }

    /// Two elements.
    @inline(never) func pair(_ node: RecipeNode, _ path: String) -> (RecipeNode, RecipeNode)? {
        if case .array(let elements) = node.content, elements.count == 2 { return (elements[0], elements[1]) }
        fail(path, node, "an array of two numbers")
        return nil
    }

    @inline(never) func block(_ node: RecipeNode?, _ path: String) -> RecipeBlock { RecipeBlock(node, path, mistakes) }
}
