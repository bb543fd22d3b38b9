import Limbeck

/// A task that a command requires of a model.
struct Task {
    let answer: Model.Answers
    /// The commands that require it, the simplest first.
    let commands: [String]
    /// The kind of model that can do it.
    let kind: String

    static let embed = Task(answer: .embed, commands: ["embed", "search"], kind: "an encoder")
    static let classify = Task(answer: .classify, commands: ["classify"], kind: "a classifier of texts")
    static let rerank = Task(
        answer: .rerank, commands: ["rerank"], kind: "a cross-encoder, which classifies pairs and has one or two labels")
    static let tag = Task(answer: .tag, commands: ["tag"], kind: "a classifier of tokens")
    static let answer = Task(answer: .answer, commands: ["answer"], kind: "a model for extractive question answering")
    static let fill = Task(answer: .fill, commands: ["fill"], kind: "a masked language model")

    static let all = [embed, classify, rerank, tag, answer, fill]

    /// Refuses a model that cannot do it, before any text is read.
    func check(_ model: Model, _ path: String) throws {
        guard !model.answers.contains(answer) else { return }
        let others = Task.all.filter { model.answers.contains($0.answer) }
        let names = others.map { $0.commands[0] }.joined(separator: " and ")
        let tries = others.flatMap(\.commands).map { "limbeck \($0)" }.joined(separator: ", ")
        throw Failure(.badData, "\(path) cannot \(commands[0]), which takes \(kind); it can \(names): try \(tries)")
    }
}

extension Model.Answers {
    /// The names of the tasks that a model can do.
    var names: [String] { Task.all.filter { contains($0.answer) }.map { $0.commands[0] } }
}
