import Limbeck

/// What a model has to be able to do for a command.
struct Task {
    let answer: Model.Answers
    /// The commands that ask for it, the plainest first.
    let commands: [String]
    /// What kind of model can.
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
    /// What a model can be asked for.
    var names: [String] { Task.all.filter { contains($0.answer) }.map { $0.commands[0] } }
}
