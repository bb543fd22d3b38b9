import Foundation
import KernelInterface
import Limbeck
import Testing

/// What is read from valid folders; what is refused is in the hostile tests.
@Suite struct FilesModelTests {
    let models = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../golden/models").standardized

    func load(_ name: String) throws -> LoadedModel {
        try LoadedModel.load(ModelFolder(models.appendingPathComponent(name).path))
    }

    @Test func everyGoldenModelOpens() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: models.path)
        #expect(names.count > 40)
        for name in names { #expect(throws: Never.self, "\(name)") { try load(name) } }
    }

    @Test func shapesComeFromTheTensors() throws {
        let model = try load("bert-odd-27")
        let configuration = model.configuration
        #expect(configuration.family == .bert)
        let sizes = [configuration.hiddenSize, configuration.layers, configuration.attentionHeads, configuration.headSize]
        #expect(sizes == [27, 3, 3, 9] as [Int])
        let more = [configuration.intermediateSize, configuration.maxPositions, configuration.maxLength]
        #expect(more == [31, 19, 19] as [Int])
        #expect(model.word.shape == [configuration.vocabSize, 27])
        guard case .product(let intermediate) = model.tensors.blocks[0][3] else { return #expect(Bool(false)) }
        #expect(intermediate.matrix[0].weight.shape == [31, 27] && intermediate.gate == nil && intermediate.norm == nil)
        #expect([intermediate.depth, intermediate.columns, intermediate.column] == [27, 31, 0] as [Int])
        #expect(intermediate.into == .intermediate && intermediate.activation == .gelu && intermediate.residual == nil)
        guard case .attention(let attention) = model.tensors.blocks[0][1] else { return #expect(Bool(false)) }
        #expect([attention.heads, attention.headSize, attention.width] == [3, 9, 27] as [Int] && attention.window == nil)
    }

    @Test(
        arguments: [
            ("gelu", .gelu), ("gelu_new", .geluTanh), ("gelu_pytorch_tanh", .geluTanh), ("gelu_fast", .geluTanh),
            ("quick_gelu", .quickGELU),
            ("relu", .relu), ("silu", .silu), ("swish", .silu), ("tanh", .tanh), ("gelu_python", .gelu),
        ] as [(String, Activation)])
    func activations(name: String, expected: Activation) throws {
        var sample = Sample.bert
        sample.set("hidden_act", "\"\(name)\"")
        guard case .product(let step) = try sample.load().tensors.blocks[0][3] else { return #expect(Bool(false)) }
        #expect(step.into == .intermediate && step.activation == expected)
    }

    @Test func epsilon() throws {
        #expect(try load("bert-eps-1e-5").embeddingEps == 1e-5)
        #expect(try load("bert-eps-1e-12").embeddingEps == 1e-12)
        #expect(try load("tinybert-sequence").embeddingEps == 1e-12)
        #expect(try load("distilbert").embeddingEps == 1e-12)
    }

    @Test func heads() throws {
        func dense(_ name: String) throws -> [String] {
            guard case .sequence(let dense?, _) = try load(name).tensors.head else { return [] }
            return [dense.linear.weight.name, "\(dense.activation)"] + (dense.relu ? ["relu"] : [])
        }
        #expect(try dense("bert-sequence-3") == ["bert.pooler.dense.weight", "tanh"])
        #expect(try dense("bert-next-sentence") == ["bert.pooler.dense.weight", "tanh"])
        #expect(try dense("tinybert-sequence") == ["bert.pooler.dense.weight", "tanh", "relu"])
        #expect(try dense("distilbert-sequence") == ["pre_classifier.weight", "relu"])
        #expect(try dense("roberta-sequence") == ["classifier.dense.weight", "tanh"])
        #expect(try dense("albert-sequence") == ["albert.pooler.weight", "tanh"])
        #expect(try dense("electra-sequence") == ["classifier.dense.weight", "gelu"])
        #expect(try load("bert-sequence-3").configuration.labels == ["entailment", "neutral", "contradiction"])
        #expect(try load("tinybert-sequence").configuration.labels == ["LABEL_0", "LABEL_1", "LABEL_2"])
        #expect(try load("bert-multi-label").configuration.problem == .multiLabel)
        #expect(try load("bert-token").configuration.head == .token)
        #expect(try load("bert-answer").configuration.head == .span)
        #expect(try load("bert-pooler").configuration.head == .none)
    }

    @Test(arguments: [
        ("bert-masked", true), ("bert-masked-untied", false), ("bert-pretraining", true), ("bert-wwm", true),
        ("distilbert-masked", true),
    ])
    func tiedDecoders(name: String, isTied: Bool) throws {
        let model = try load(name)
        let tensors = model.tensors
        guard case .maskedLM(_, let tied) = tensors.head, let decoder = tied.weight.first else {
            return #expect(Bool(false))
        }
        #expect(decoder.shape == model.word.shape)
        #expect(tied.bias?.shape == [model.word.shape[0]])
        // The bytes live as long as the mapping.
        withExtendedLifetime(model) { #expect(decoder.bytes.elementsEqual(model.word.bytes) == isTied) }
    }

    @Test func elementTypes() throws {
        #expect(try load("bert-f16").word.type == .f16)
        #expect(try load("bert-bf16").word.type == .bf16)
        #expect(try load("bert-misaligned").word.type == .f32)
    }

    /// Files from before `architectures`: the tensors say what the head is.
    @Test func headsWithoutArchitectures() throws {
        for name in [
            "bert-sequence-2", "bert-token", "bert-answer", "bert-masked", "bert-next-sentence", "distilbert-sequence",
            "distilbert-token",
        ] {
            let folder = models.appendingPathComponent(name)
            var sample = Sample.bert
            let config = try #require(String(data: Data(contentsOf: folder.appendingPathComponent("config.json")), encoding: .utf8))
            sample.files["config.json"] = Array(config.replacingOccurrences(of: "\"architectures\"", with: "\"x\"").utf8)
            sample.files["model.safetensors"] = try Array(Data(contentsOf: folder.appendingPathComponent("model.safetensors")))
            #expect(try sample.load().configuration.head == load(name).configuration.head, "\(name)")
        }
    }

    @Test func sentenceTransformers() throws {
        var sample = Sample.bert
        sample.sentenceTransformers(
            pooling: #"{"word_embedding_dimension": 8, "pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#)
        sample.files["sentence_bert_config.json"] = Array(#"{"max_seq_length": 9, "do_lower_case": false}"#.utf8)
        sample.files["tokenizer_config.json"] = Array(#"{"model_max_length": 1000000000000000019884624838656}"#.utf8)
        var model = try sample.load()
        #expect(model.tensors.vector.poolings[0] == .cls && model.tensors.vector.trailingUnitLengths == 1)
        #expect(model.configuration.maxLength == 9)

        sample.files["1_Pooling/config.json"] = Array(#"{"embedding_dimension": 8, "pooling_mode": "max"}"#.utf8)
        sample.files["sentence_bert_config.json"] = Array(#"{"max_seq_length": null}"#.utf8)
        sample.files["tokenizer_config.json"] = Array(#"{"model_max_length": 12}"#.utf8)
        model = try sample.load()
        #expect(model.tensors.vector.poolings[0] == .max && model.configuration.maxLength == 12)

        sample.files["1_Pooling/config.json"] = Array("{}".utf8)
        sample.files["tokenizer_config.json"] = Array(#"{"model_max_length": 512}"#.utf8)
        model = try sample.load()
        #expect(model.tensors.vector.poolings[0] == .mean && model.configuration.maxLength == 16)
    }

    /// Old versions kept the Transformer in a folder of its own.
    @Test func transformerInsideItsOwnFolder() throws {
        var sample = Sample.bert
        let type = "sentence_transformers.models."
        sample.sentenceTransformers(
            modules: #"[{"path": "0_BERT", "type": "\#(type)Transformer"}, {"path": "1_Pooling", "type": "\#(type)Pooling"}]"#)
        sample.files["0_BERT/config.json"] = sample.configBytes
        sample.files["0_BERT/model.safetensors"] = sample.weights
        sample.missing = ["config.json", "model.safetensors"]
        let vector = try sample.load().tensors.vector
        #expect(vector.poolings[0] == .mean && vector.stages.isEmpty)
    }
}

extension LoadedModel {
    private var embeddings: (word: Tensor, eps: Float?)? {
        guard case .embed(let step)? = tensors.embeddings.first, let word = step.tables.word else { return nil }
        return (word, step.norm?.eps)
    }

    /// The table of BERT's embeddings.
    var word: Tensor { embeddings!.word }
    fileprivate var embeddingEps: Float? { embeddings?.eps }
}
