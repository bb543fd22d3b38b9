import Foundation
import Limbeck
import LimbeckDistil
import Testing

/// Static students of tiny teachers, against model2vec's own (Tests/golden/make_static.py).
@Suite(.serialized) struct StaticStudentTests {
    /// A student's table.
    private struct Table: Equatable {
        var shape: [Int]
        var bytes: [UInt8]

        init(_ path: String) throws {
            let file = try MappedFile(path, name: path)
            let tensor = try #require(try Safetensors(file).entries.first { $0.name == "embeddings" })
            (shape, bytes) = (tensor.shape, Array(tensor.bytes))
            withExtendedLifetime(file) {}
        }

        var floats: [Float] { bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) } }
    }

    private struct Golden: Decodable {
        struct Text: Decodable {
            let text: String
            let ids: [Int32]
        }

        let teacher: String
        let tokens: [String]
        let texts: [Text]
        /// A number, or false.
        let dimensions: Value
        let coefficient: Value

        enum CodingKeys: String, CodingKey {
            case teacher, tokens, texts, dimensions
            case coefficient = "sif_coefficient"
        }

        struct Value: Decodable {
            let json: String
            init(from decoder: any Decoder) throws {
                let container = try decoder.singleValueContainer()
                if let number = try? container.decode(Int.self) {
                    json = String(number)
                } else {
                    json = (try? container.decode(Double.self)).map { String($0) } ?? "false"
                }
            }
        }
    }

    private static let teacher = Repository.path("Tests/golden/answers/embed")

    private func run(
        _ changes: [(String, String)], of teacher: String = Self.teacher, to output: String, threads: Int = 1,
        set: InstructionSet? = nil
    ) throws {
        var options = TrainerOptions()
        (options.threads, options.instructionSet) = (threads, set)
        try DistilRun(Recipe(static: teacher, output: output, overrides: changes), options: options).run { _ in true }
    }

    private func tokenizer(_ folder: String) throws -> Tokenizer { try Tokenizer(ModelFolder(folder, anyModules: true)) }

    private func ids(_ text: String, _ tokenizer: Tokenizer) -> [Int32] { tokenizer.encode(text, addSpecialTokens: false).ids }

    private func tokens(_ tokenizer: Tokenizer) -> [String] {
        (0..<tokenizer.vocabularySize).map { tokenizer.token(Int32($0)) ?? "" }
    }

    @Test(arguments: ["wordpiece", "byte-level", "plain"])
    func asModel2Vec(_ name: String) throws {
        let path = Repository.path("Tests/golden/static/\(name)"), folder = try TestFolder()
        let golden = try JSONDecoder().decode(Golden.self, from: Data(contentsOf: URL(fileURLWithPath: path + ".json")))
        let changes = [("student.dimensions", golden.dimensions.json), ("student.sif_coefficient", golden.coefficient.json)]
        try run(
            changes + [("student.precision", "float32")], of: Repository.path("Tests/golden/\(golden.teacher)"), to: folder.path)
        let expected = try Table(path + ".safetensors"), found = try Table(folder.path + "/model.safetensors")
        #expect(found.shape == expected.shape && found.shape[0] == golden.tokens.count)
        var error: Float = 0
        for (x, y) in zip(found.floats, expected.floats) { error = max(error, abs(x - y)) }
        #expect(error < 1e-5)
        let tokenizer = try tokenizer(folder.path)
        #expect(tokens(tokenizer) == golden.tokens)
        for text in golden.texts { #expect(ids(text.text, tokenizer) == text.ids, "\(text.text)") }
    }

    /// In float16 the same numbers, rounded.
    @Test func halves() throws {
        let folder = try TestFolder()
        try run([("student.dimensions", "16"), ("student.precision", "float32")], to: folder.path + "/float")
        try run([("student.dimensions", "16")], to: folder.path + "/half")
        let floats = try Table(folder.path + "/float/model.safetensors").floats
        let halves = try Table(folder.path + "/half/model.safetensors")
        let expected = floats.flatMap { x in
            half(x).map { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] } ?? []
        }
        #expect(halves.bytes == expected)
    }

    @Test func sameBits() throws {
        let folder = try TestFolder()
        try run([("student.dimensions", "16")], to: folder.path + "/one")
        let expected = try Table(folder.path + "/one/model.safetensors")
        var others: [(Int, InstructionSet?)] = [(2, nil), (3, nil)]
        for set in InstructionSet.allCases where set.isAvailable { others.append((2, set)) }
        for (index, (threads, set)) in others.enumerated() {
            let output = "\(folder.path)/\(index)"
            try run([("student.dimensions", "16")], to: output, threads: threads, set: set)
            #expect(try Table(output + "/model.safetensors") == expected, "\(threads) threads, \(String(describing: set))")
        }
    }

    /// A run that is ended leaves what was there.
    @Test func interrupted() throws {
        let folder = try TestFolder(), output = folder.path + "/out"
        try run([("student.dimensions", "16")], to: output)
        func files() throws -> [String: Data] {
            var files: [String: Data] = [:]
            for name in try FileManager.default.contentsOfDirectory(atPath: output) {
                files[name] = try Data(contentsOf: URL(fileURLWithPath: "\(output)/\(name)"))
            }
            return files
        }
        let before = try files()
        #expect(before.keys.sorted() == ["README.md", "config.json", "model.safetensors", "modules.json", "tokenizer.json"])
        let recipe = try Recipe(static: Self.teacher, output: output, overrides: [("student.dimensions", "8")])
        for end in 1...2 {
            var calls = 0
            let error = #expect(throws: LimbeckError.self) {
                try DistilRun(recipe, options: TrainerOptions()).run { _ in
                    calls += 1
                    return calls < end
                }
            }
            #expect(error?.status == .interrupted && calls == end)
            #expect(try files() == before)
        }
    }

    /// A vocabulary of the texts' tokens, weighted by how often they are there.
    @Test func countsOfTheData() throws {
        let folder = try TestFolder(), text = "the library is in the library of the city"
        try folder.write(text + "\n", to: "texts")
        let off = [("student.dimensions", "false"), ("student.precision", "float32")]
        try run(off + [("student.sif_coefficient", "false")], to: folder.path + "/all")
        let data = [("data.texts", folder.path + "/texts"), ("student.vocabulary.size", "100")]
        try run(off + data + [("student.frequencies", "data"), ("student.sif_coefficient", "0.1")], to: folder.path + "/few")
        let all = try Table(folder.path + "/all/model.safetensors"), few = try Table(folder.path + "/few/model.safetensors")
        let old = try tokenizer(folder.path + "/all"), new = try tokenizer(folder.path + "/few")
        #expect(few.shape[0] < 100 && few.shape[0] < all.shape[0] && all.shape[1] == 24 && few.shape[1] == 24)
        let used = ids(text, old)
        let places = tokens(old), names = tokens(new)
        #expect(ids(text, new).map { names[Int($0)] } == used.map { places[Int($0)] })
        for (row, name) in names.enumerated() {
            let source = try #require(places.firstIndex(of: name))
            let part = Double(used.filter { Int($0) == source }.count) / Double(used.count)
            for i in 0..<24 {
                #expect(few.floats[row * 24 + i] == Float(Double(all.floats[source * 24 + i]) * (0.1 / (0.1 + part))))
            }
        }
    }

    @Test(arguments: [
        ("answers/embed", "25", "'student.dimensions' is 25, expected at most 24, or false"),
        ("models/minilm", "8", "no tokenizer"),
        ("static/plain.json", "8", "not a folder"),
    ])
    func refused(_ teacher: String, _ dimensions: String, _ message: String) throws {
        let folder = try TestFolder()
        let error = #expect(throws: LimbeckError.self) {
            try run([("student.dimensions", dimensions)], of: Repository.path("Tests/golden/" + teacher), to: folder.path + "/out")
        }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/out"))
    }
}
