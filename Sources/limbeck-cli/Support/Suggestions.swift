import ArgumentParser

/// Suggestions for a command line that is nearly right, which the parser does not make.
enum Suggestions {
    private static var commands: [String] {
        LimbeckCommand.configuration.subcommands.map { $0.configuration.commandName ?? "\($0)".lowercased() }
    }

    /// The commands whose arguments are texts, which may begin with a dash.
    private static let takesTexts: Set = ["embed", "search", "classify", "rerank", "tag", "fill", "tokenize"]

    /// Refuses an unknown command, and suggests the one that was probably meant.
    static func checkCommand(_ arguments: [String]) throws {
        let isHelp = arguments.first == "help"
        guard let name = isHelp ? arguments.dropFirst().first : arguments.first, !name.hasPrefix("-") else { return }
        let all = commands
        guard !all.contains(name), name != "help" else { return }
        let nearest = all.map { (name: $0, distance: distance(name.lowercased(), $0)) }.min { $0.distance < $1.distance }
        // Up to one letter in three may be wrong.
        if let nearest, nearest.distance <= max(1, nearest.name.count / 3) {
            throw Failure(.usage, "unknown command '\(excerpt(name))'; did you mean '\(nearest.name)'?")
        }
        throw Failure(.usage, "unknown command '\(excerpt(name))'; expected one of \(all.joined(separator: ", "))")
    }

    /// The addition to the parser's message about an unknown option.
    static func hint(_ message: String, _ arguments: [String]) -> String {
        guard message.hasPrefix("Unknown option"), let command = arguments.first, takesTexts.contains(command) else { return "" }
        return "; a text that begins with a dash goes after --"
    }

    /// The edit distance with insertions, deletions, substitutions and transpositions of adjacent letters. (Optimal string
    /// alignment.)
    private static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a.utf8.prefix(64)), Array(b.utf8))
        var rows = [Array(0...b.count)]
        for (i, letter) in a.enumerated() {
            var row = [i + 1]
            for (j, other) in b.enumerated() {
                var least = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (letter == other ? 0 : 1))
                if i > 0, j > 0, letter == b[j - 1], a[i - 1] == other { least = min(least, rows[i - 1][j - 1] + 1) }
                row.append(least)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
