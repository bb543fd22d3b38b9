import Foundation
import Limbeck
import Testing

/// One model in every container, made by torch and transformers: the answers are those of its
/// safetensors, bit for bit.
@Suite struct ContainersTests {
    /// "NUMBERS/FORM", where FORM is a weight file or a folder of them.
    static let forms: [String] = Repository.folders("Tests/golden/containers").flatMap { numbers in
        let folder = Repository.path("Tests/golden/containers/\(numbers)")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0 != "config.json" && $0 != "model.safetensors" }.sorted()
            .map { "\(numbers)/\($0)" }
    }

    static func path(_ name: String) -> String { Repository.path("Tests/golden/containers/\(name)") }

    static func bytes(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
    }

    /// A model folder with only this form of the weights.
    static func sample(_ form: String) throws -> Sample {
        let numbers = form.prefix { $0 != "/" }
        var sample = Sample.bert
        sample.files["config.json"] = try bytes("\(numbers)/config.json")
        sample.missing = ["model.safetensors"]
        if form.hasSuffix(".bin") {
            sample.files["pytorch_model.bin"] = try bytes(form)
        } else if form.hasSuffix(".safetensors") {
            sample.files["model.safetensors"] = try bytes(form)
            sample.missing = []
        } else {
            for file in try FileManager.default.contentsOfDirectory(atPath: path(form)) {
                sample.files[file] = try bytes("\(form)/\(file)")
            }
        }
        return sample
    }

    static func open(_ form: String) throws -> Model { try sample(form).open() }

    /// The same numbers in float32, as torch widened or rounded them.
    static func reference(_ form: String) throws -> Model {
        try Model(path: path(String(form.prefix { $0 != "/" })))
    }

    func answers(_ model: Model) throws -> [[Float]] {
        let session = try Session(model, options: SessionOptions(threads: 1))
        let ids = (0..<20).map { Int32($0 % model.vocabSize) }
        let types = (0..<20).map { Int32($0 % 2) }
        return try [ForwardOutput.hidden, .logits].map {
            try session.forward(ids: ids, types: types, lengths: [9, 8, 3], output: $0)
        }
    }

    @Test func thereAreContainers() { #expect(ContainersTests.forms.count == 25) }

    @Test(arguments: forms)
    func sameAsSafetensors(form: String) throws {
        let model = try ContainersTests.open(form)
        let reference = try ContainersTests.reference(form)
        #expect(try answers(model) == answers(reference))
        // Tied tensors are one there, but two in safetensors.
        let tied = form.hasPrefix("tied/") ? model.vocabSize * model.hiddenSize : 0
        #expect(model.parameters + tied == reference.parameters)
    }

    /// As transformers chooses: safetensors before pickles, one file before several.
    @Test func firstOfSeveral() throws {
        var sample = Sample.bert
        sample.files["pytorch_model.bin"] = [0]
        sample.files["model.safetensors.index.json"] = [0]
        sample.files["pytorch_model.bin.index.json"] = [0]
        #expect(throws: Never.self) { try sample.load() }
        sample.shards()
        #expect(throws: Never.self) { try sample.load() }
        sample.torch { $0.zip().bytes }
        sample.files["model.safetensors.index.json"] = nil
        #expect(throws: Never.self) { try sample.load() }
    }

    @Test(arguments: ["sharded-safetensors", "sharded-bin"])
    func everyShardCounts(name: String) throws {
        let files = try ContainersTests.sample("plain/\(name)").files
        let shards = files.filter { $0.key.contains("-of-") }
        #expect(shards.count == 4)
        let sum = shards.values.reduce(0) { $0 + $1.count }
        #expect(try ContainersTests.open("plain/\(name)").mappedBytes == sum)
    }
}
