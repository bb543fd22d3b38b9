import ArgumentParser
import Limbeck

struct Keys: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the JSON keys of a model's files, and what becomes of each.",
        discussion: """
            limbeck keys > keys.md

            The tables are in Markdown, and made from the rules by which folders are read; docs/models.md has them.
            """)

    func run() throws {
        let output = Output()
        for section in KeySection.all {
            output.line("### \(section.title)\n")
            for row in section.rows { output.line(row) }
            if let end = section.end { output.line("\n\(end)") }
            output.line()
        }
        output.line(
            """
            ### Other files

            `adapter_config.json` is refused by its presence. Not read, for no answer follows them: `generation_config.json` and \
            `chat_template.*` (generation of text), `preprocessor_config.json` and `processor_config.json` (images and sound; texts \
            have a tokenizer), `router_config.json` and the like of modules that are refused, `trainer_state.json`, `README.md`.
            """)
        try output.flush()
    }
}

/// A table of the documentation.
private struct KeySection {
    let title: String
    var rows: [String] = []
    /// The text below the table.
    var end: String?

    static var all: [KeySection] {
        var sections: [KeySection] = []
        for file in JSONFile.allCases where file != .vocabulary && file != .adapter {
            sections.append(KeySection(file.title, file.table))
            switch file {
            case .configuration: sections.append(families)
            case .tokenizer: sections.append(components)
            default: break
            }
        }
        return sections + InnerTable.allCases.map { KeySection("Inside: \($0.title)", $0.table) }
    }

    init(title: String, head: String) {
        self.title = title
        rows = ["| \(head) |", "|---|---|"]
    }

    init(_ title: String, _ table: KeyTable) {
        self.init(title: title, head: "keys | ")
        rows += KeySection.lines(table.rules).map { "| \($0.keys) | \($0.effect) |" }
        let words = Words(table.alarming).map { String(decoding: $0, as: UTF8.self) }
        end =
            switch words {
            case []: "Another key is named by `limbeck inspect`."
            case ["*"]: "Another key is refused, unless it asks for nothing."
            default:
                "Another key is named by `limbeck inspect`, or refused if it asks for something and has one of these words: "
                    + words.joined(separator: ", ") + "."
            }
    }

    /// The keys of the families in addition to the common ones.
    private static var families: KeySection {
        var section = KeySection(title: "`config.json` of the families, moreover", head: "`model_type` | keys | ")
        section.rows[1] = "|---|---|---|"
        let bert = [KeyRule].bert, layers = [KeyRule].bertLayers
        for (family, form, keys) in Family.allCases.flatMap({ family in family.keys.enumerated().map { (family, $0, $1) } }) {
            var name = family.modelTypes.map { "`\($0)`" }.joined(separator: ", ")
            if name.isEmpty { name = "none: FastBERT" }
            if form > 0 { name += " as transformers 5 writes it" }
            var rules = keys
            if family != .bert, layers.allSatisfy({ rule in rules.contains { $0.isSame(as: rule) } }) {
                let hasAll = bert.allSatisfy { rule in rules.contains { $0.isSame(as: rule) } }
                let shared = hasAll ? bert : layers
                rules.removeAll { rule in shared.contains { $0.isSame(as: rule) } }
                name += hasAll ? ", beside those of `bert`" : ", beside those of `bert` but for its token types"
            }
            for line in lines(rules) {
                section.rows.append("| \(name) | \(line.keys) | \(line.effect) |")
                name = ""
            }
        }
        return section
    }

    private static var components: KeySection {
        var section = KeySection(title: "Components of `tokenizer.json`", head: "`type` | members")
        for var members in ComponentKeys.all {
            let type = members.removeFirst()
            let repeated = members.split(separator: "-", omittingEmptySubsequences: false)
            var text = repeated[0].map { "`\($0)`" }.joined(separator: ", ")
            if repeated.count > 1 { text += "; repeating another: " + repeated[1].map { "`\($0)`" }.joined(separator: ", ") }
            section.rows.append("| `\(type)` | \(text) |")
        }
        section.end = "All are obeyed. Another type is refused, and another member, unless it asks for nothing."
        return section
    }

    /// Merges rules with the same effect, and orders them by relevance to the reader.
    private static func lines(_ rules: [KeyRule]) -> [(keys: String, effect: String)] {
        var lines: [(keys: String, effect: String, rank: Int)] = []
        for rule in rules {
            let words = Words(rule.keys).map { String(decoding: $0, as: UTF8.self) }
            let keys = words.map { $0 == "*" ? "any name" : "`\($0)`" }.joined(separator: ", ")
            let (effect, rank) = rule.description
            if let index = lines.firstIndex(where: { $0.effect == effect }) {
                lines[index].keys += ", " + keys
            } else {
                lines.append((keys, effect, rank))
            }
        }
        return (0...2).flatMap { rank in lines.filter { $0.rank == rank } }.map { ($0.keys, $0.effect) }
    }
}

extension KeyRule {
    /// In words, with the rank in that order.
    fileprivate var description: (effect: String, rank: Int) {
        switch effect {
        case .obeyed: return ("obeyed", 0)
        case .inside: return ("obeyed, key by key: see below", 0)
        case .inert(let reason): return ("no effect: \(reason.sentence)", 2)
        case .only(let values):
            let allowed = Words(values).map { "`\(String(decoding: $0, as: UTF8.self))`" }.joined(separator: " or ")
            let why = why.map { ": \($0)" } ?? ""
            return ("refused" + (allowed.isEmpty ? "" : ", unless \(allowed)") + why, 1)
        }
    }

    fileprivate func isSame(as other: KeyRule) -> Bool {
        "\(keys)" == "\(other.keys)" && description == other.description
    }
}

extension KeyRule.Inert {
    fileprivate var sentence: String {
        switch self {
        case .record: "a name, a version, a hint for tools"
        case .training: "acts while a model is trained"
        case .output: "how a Python class runs, or what it hands out beside an answer; all is computed in float32 here"
        case .generation: "generation of text, which an encoder does not do"
        case .repeated: "another key, another file or a tensor says the same, and that counts"
        case .decoding: "makes text of ids"
        case .padding: "padding, which there is none of here"
        case .unread: "the class has it, and none of its code reads it"
        }
    }
}

extension JSONFile {
    fileprivate var title: String {
        switch self {
        case .pooling: "`config.json` of a module Pooling"
        case .dense: "`config.json` of a module Dense"
        case .dropout: "`config.json` of a module Dropout"
        case .normalize: "`config.json` of a module Normalize"
        case .layerNorm: "`config.json` of a module LayerNorm"
        case .addedTokens: "`added_tokens.json`, `vocab.json`"
        case .sentenceConfig: "`sentence_bert_config.json`, and under its other names `sentence_roberta_config.json` and the like"
        default: names.map { "`\(String(decoding: $0, as: UTF8.self))`" }.joined(separator: ", ")
        }
    }
}

extension InnerTable {
    fileprivate var title: String {
        switch self {
        case .token: "a token, in whichever file"
        case .tokens: "tokens, in an array or by names"
        case .tokensById: "`added_tokens_decoder`"
        case .truncation: "`truncation`"
        case .rope: "`rope_parameters`, and the objects in it"
        case .crossEncoder: "`sentence_transformers`"
        case .modalities: "`modality_config`"
        case .modality: "a modality"
        case .loading: "`model_args` and the like"
        }
    }
}
