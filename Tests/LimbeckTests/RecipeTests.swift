import Foundation
import Limbeck
import LimbeckDistil
import Testing

/// A folder for the files of a test, removed with it.
final class TestFolder {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("limbeck-\(UUID().uuidString)").path

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    @discardableResult func write(_ text: String, to name: String) throws -> String { try write(Array(text.utf8), to: name) }

    @discardableResult func write(_ bytes: [UInt8], to name: String) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        return "\(path)/\(name)"
    }
}

@Suite struct RecipeTests {
    /// A recipe with this in place of its only loss, or with other members of its stage.
    static func text(loss: String = #"{"loss": "kl", "of": "logits"}"#, stage: String = "", more: String = "") -> String {
        """
        {"teacher": "teacher", "student": {"from": "teacher", "layers": [0, 2]}, "data": {"texts": "texts.txt"}, "output": "out",
         "stages": [{"name": "one", "losses": [\(loss)], "optimizer": {"learning_rate": 0.001}\(stage)}]\(more)}
        """
    }

    func read(_ text: String, _ overrides: [(String, String)] = []) throws -> Recipe {
        let folder = try TestFolder()
        return try Recipe(path: folder.write(text, to: "recipe.json"), overrides: overrides)
    }

    /// The message without the path of the file.
    func refusal(_ text: String, _ overrides: [(String, String)] = []) throws -> String {
        let folder = try TestFolder()
        let path = try folder.write(text, to: "recipe.json")
        do {
            _ = try Recipe(path: path, overrides: overrides)
        } catch {
            #expect(error.message.hasPrefix("\(path): "))
            return String(error.message.dropFirst(path.count + 2))
        }
        Issue.record("not refused")
        return ""
    }

    func first(_ text: String) throws -> Loss {
        try #require(try read(Self.text(loss: text, stage: #", "masking": {}"#, more: "")).stages[0].losses.first)
    }

    @Test func defaults() throws {
        let folder = try TestFolder()
        let recipe = try Recipe(path: folder.write(Self.text(), to: "recipe.json"))
        #expect(recipe.teacher?.path == "\(folder.path)/teacher")
        #expect(recipe.output == "\(folder.path)/out")
        #expect(recipe.data?.path == "\(folder.path)/texts.txt")
        guard case .teacher = recipe.student.origin, case .texts = recipe.data else {
            throw LimbeckError(.unsupported, "another kind")
        }
        #expect(recipe.student.layers == [0, 2])
        #expect(recipe.student.hasPooler && recipe.student.hasTokenTypes && recipe.student.head == nil)
        #expect(recipe.seed == 42 && recipe.maxLength == nil && recipe.checkpointSteps == 200 && recipe.recordedSteps.isEmpty)
        let stage = try #require(recipe.stages.first)
        #expect(recipe.stages.count == 1 && stage.name == "one" && stage.train == ["*"] && stage.freeze.isEmpty)
        #expect(stage.sequences == 32 && stage.accumulate == 1 && stage.epochs == 1 && stage.steps == nil && stage.isShuffled)
        #expect(stage.dropout == 0 && stage.masking == nil && stage.rewiring == nil && stage.widths == [1] && stage.depths == [1])
        #expect(stage.losses.count == 1 && stage.losses[0].name == "logits" && stage.losses[0].weight.value(epoch: 3) == 1)
    }

    @Test func staticStudent() throws {
        func source(_ recipe: Recipe) throws -> StaticSource {
            guard case .table(let source) = recipe.student.origin else { throw LimbeckError(.unsupported, "another kind") }
            return source
        }
        let plain = try read(#"{"teacher": "/t", "student": {"from": "static"}, "output": "/o"}"#), defaults = try source(plain)
        #expect(plain.stages.isEmpty && plain.data == nil && plain.teacher?.path == "/t" && plain.output == "/o")
        #expect(defaults.dimensions == 256 && defaults.coefficient == 1e-4)
        guard case .zipf = defaults.frequencies, case .float16 = defaults.precision else {
            throw LimbeckError(.unsupported, "others")
        }
        let text = """
            {"teacher": "/t", "student": {"from": "static", "dimensions": 64, "sif_coefficient": 0.01, "frequencies": "data",
             "precision": "float32", "vocabulary": {"size": 900}}, "data": {"texts": "/x"}, "output": "/o", "stages": []}
            """
        let recipe = try read(text), all = try source(recipe)
        #expect(all.dimensions == 64 && all.coefficient == 0.01 && recipe.student.vocabularySize == 900)
        guard case .data = all.frequencies, case .float32 = all.precision, case .texts("/x")? = recipe.data else {
            throw LimbeckError(.unsupported, "others")
        }
        let off = try source(
            Recipe(static: "t", output: "o", overrides: [("student.dimensions", "false"), ("student.sif_coefficient", "false")]))
        #expect(off.dimensions == nil && off.coefficient == nil)
        // A teacher's path is not JSON, whatever it looks like.
        #expect(try Recipe(static: "7", output: "true").teacher?.path == "7")
    }

    @Test func everyMember() throws {
        let recipe = try read(
            """
            {"teacher": {"path": "/t", "dropout": 0.1, "store": "/v"},
             "student": {"from": "new", "like": "/like", "layer_count": 2, "hidden_size": 8, "attention_heads": 2,
              "intermediate_size": 16, "project_embeddings": true, "token_types": false, "pooler": false, "head": {"kind": "token", "labels": ["O", "B"]},
              "vocabulary": {"size": 800}, "initializer_range": 0.05, "projections": "/p.safetensors"},
             "data": {"tokens": "/tokens"}, "max_length": 64, "seed": 7, "output": "/out", "checkpoint_steps": 0,
             "record_gradients": [0, 5],
             "stages": [{"name": "a", "train": ["encoder.*"], "freeze": ["*bias"], "losses": [{"loss": "cross_entropy", "of": "tokens",
               "name": "hard", "weight": {"from": 4, "to": 1, "begin": 1, "end": 4}}],
              "optimizer": {"name": "bert_adam", "learning_rate": 0.01, "betas": [0.8, 0.9], "epsilon": 0.001, "weight_decay": 0.5,
               "bias_correction": false, "no_decay": ["x"], "clip": {"norm": 2, "by": "global"}, "schedule": "cosine", "warmup": 100,
               "schedule_steps": 20, "rates": {"b.*": 0.5, "a.*": 2}},
              "batch": {"sequences": 4, "accumulate": 3}, "epochs": 0.5, "steps": 9, "shuffle": false, "dropout": 0.2,
              "masking": {"probability": 0.3, "mask": 0.5, "random": 0.4, "whole_word": true},
              "widths": [1, 0.5], "depths": [1, 0.25], "rewire": {"batches": [4, 2]}}]}
            """)
        let student = recipe.student
        guard case .new(like: "/like") = student.origin, case .tokens("/tokens") = recipe.data else {
            throw LimbeckError(.unsupported, "another kind")
        }
        #expect(recipe.teacher?.dropout == 0.1 && recipe.teacher?.path == "/t" && recipe.teacher?.store == "/v")
        #expect(student.projectsEmbeddings)
        #expect([student.layerCount, student.hiddenSize, student.attentionHeads, student.intermediateSize] == [2, 8, 2, 16])
        #expect(!student.hasTokenTypes && !student.hasPooler && student.vocabularySize == 800 && student.initializerRange == 0.05)
        #expect(student.projections == "/p.safetensors")
        guard case .token(["O", "B"])? = student.head else { throw LimbeckError(.unsupported, "another head") }
        #expect(recipe.maxLength == 64 && recipe.seed == 7 && recipe.checkpointSteps == 0 && recipe.recordedSteps == [0, 5])
        let stage = recipe.stages[0], optimizer = stage.optimizer
        #expect(stage.train == ["encoder.*"] && stage.freeze == ["*bias"] && stage.losses[0].name == "hard")
        #expect([0.0, 1, 2.5, 4, 9].map { stage.losses[0].weight.value(epoch: $0) } == [4, 4, 2.5, 1, 1])
        #expect(stage.sequences == 4 && stage.accumulate == 3 && stage.epochs == 0.5 && stage.steps == 9 && !stage.isShuffled)
        #expect(
            stage.dropout == 0.2 && stage.widths == [1, 0.5] && stage.depths == [1, 0.25] && stage.rewiring?.batches == [4, 2])
        let masking = try #require(stage.masking)
        #expect(masking.probability == 0.3 && masking.mask == 0.5 && masking.random == 0.4 && masking.isWholeWord)
        guard case .bertAdam = optimizer.rule, case .global(2) = optimizer.clipping, case .cosine = optimizer.schedule else {
            throw LimbeckError(.unsupported, "another optimiser")
        }
        #expect(optimizer.learningRate == 0.01 && optimizer.beta1 == 0.8 && optimizer.beta2 == 0.9 && optimizer.epsilon == 0.001)
        #expect(optimizer.weightDecay == 0.5 && !optimizer.isCorrected && optimizer.noDecay == ["x"] && optimizer.warmup == 100)
        #expect(optimizer.scheduleSteps == 20 && optimizer.rates.map(\.pattern) == ["b.*", "a.*"])
        #expect(optimizer.rates.map(\.factor) == [0.5, 2])
    }

    @Test func optimizerDefaults() throws {
        func optimizer(_ name: String) throws -> OptimizerSettings {
            try read(Self.text(), [("stages.0.optimizer.name", name)]).stages[0].optimizer
        }
        let adamW = try optimizer("adamw"), older = try optimizer("adamw_2019")
        let bert = try optimizer("bert_adam"), plain = try optimizer("sgd")
        #expect([adamW, older, bert].map(\.epsilon) == [1e-8, 1e-6, 1e-6])
        #expect([adamW, older, bert].map(\.weightDecay) == [0.01, 0, 0.01])
        #expect([adamW, older, bert].map(\.isCorrected) == [true, true, false])
        #expect([adamW, older, bert, plain].map { "\($0.schedule)" } == ["linear", "linear", "bertAdam", "constant"])
        #expect([adamW, older, bert, plain].map { "\($0.clipping)" } == ["none", "none", "tensor(1.0)", "none"])
        #expect([adamW, older, bert, plain].map { "\($0.rule)" } == ["adamW", "adamW2019", "bertAdam", "sgd"])
        let clips = try [("adamw", "5"), ("bert_adam", "2"), ("bert_adam", "false"), ("sgd", #"{"norm": 3, "by": "tensor"}"#)].map {
            try read(Self.text(), [("stages.0.optimizer.name", $0), ("stages.0.optimizer.clip", $1)]).stages[0].optimizer.clipping
        }
        #expect(clips.map { "\($0)" } == ["global(5.0)", "tensor(2.0)", "none", "tensor(3.0)"])
    }

    @Test func softLosses() throws {
        guard
            case .soft(let loss) = try first(
                #"{"loss": "reversed_kl", "of": "masked_logits", "temperature": 2, "squared_temperature": false, "mean": "classes"}"#
            ).kind, case .soft(let plain) = try first(#"{"loss": "soft_cross_entropy", "of": "exits"}"#).kind
        else { throw LimbeckError(.unsupported, "another kind") }
        #expect(loss.divergence == .reversedKL && loss.target == .maskedLogits && loss.temperature == 2)
        #expect(!loss.isScaledBySquare && loss.isMeanOverClasses)
        #expect(plain.divergence == .crossEntropy && plain.target == .exits && plain.temperature == 1)
        #expect(plain.isScaledBySquare && !plain.isMeanOverClasses)
    }

    @Test func stateLosses() throws {
        guard
            case .states(let loss) = try first(
                #"{"loss": "half_squared", "of": "first_token", "layers": [[0, 1], [-1, 3]], "mean_over_layers": true,"#
                    + #""normalize": true, "projection": {"name": "fit", "shared": false}}"#
            ).kind,
            case .states(let deep) = try first(#"{"loss": "mse", "of": "hidden", "layers": "by_depth", "projection": true}"#).kind,
            case .attentionScores(let scores) = try first(#"{"loss": "mse", "of": "attention_scores", "layers": [[0, 1]]}"#).kind,
            case .relations(let relations) = try first(#"{"loss": "kl", "of": "relations", "relation_heads": 12, "key": 0}"#).kind
        else { throw LimbeckError(.unsupported, "another kind") }
        #expect(loss.distance == .halfSquared && loss.isFirstTokenOnly && loss.isMeanOverLayers && loss.isNormalized)
        #expect(loss.layers.map(\.student) == [0, -1] && loss.layers.map(\.teacher) == [1, 3] && !loss.followsDepth)
        #expect(loss.projection?.name == "fit" && loss.projection?.isShared == false)
        #expect(
            deep.followsDepth && deep.layers.isEmpty && deep.projection?.name == "fit_dense" && deep.projection?.isShared == true)
        #expect(deep.distance == .squared && !deep.isFirstTokenOnly)
        #expect(scores.map(\.teacher) == [1])
        #expect(relations.relationHeads == 12 && relations.layers.student == -1 && relations.layers.teacher == -1)
        #expect((relations.query, relations.key, relations.value) == (1, 0, 1))
    }

    @Test func vectorLosses() throws {
        func ranking(_ text: String) throws -> RankingLoss? {
            let recipe = try read(Self.text(loss: text), [("data", #"{"pairs": "pairs"}"#)])
            if case .ranking(let loss) = recipe.stages[0].losses[0].kind { return loss }
            return nil
        }
        guard
            case .vectors(let loss) = try first(
                #"{"loss": "cosine", "of": "vectors", "normalize": false, "projection": true, "prefixes": [[256, 1], [128, 0.5]]}"#
            ).kind, case .vectors(let plain) = try first(#"{"loss": "mse", "of": "vectors"}"#).kind
        else { throw LimbeckError(.unsupported, "another kind") }
        #expect(loss.distance == .cosine && loss.isNormalized == false && loss.projection?.name == "projection")
        #expect(loss.prefixes.map(\.size) == [256, 128] && loss.prefixes.map(\.weight) == [1, 0.5])
        #expect(plain.distance == .squared && plain.isNormalized == nil && plain.projection == nil && plain.prefixes.isEmpty)
        let margin = try #require(
            try ranking(#"{"loss": "margin_mse", "of": "scores", "similarity": "cosine", "normalize": true}"#))
        guard case .marginSquared = margin.kind else { throw LimbeckError(.unsupported, "another kind") }
        #expect(margin.isCosine && margin.isNormalized == true)
        let negatives = try #require(try ranking(#"{"loss": "multiple_negatives", "of": "scores"}"#))
        guard case .multipleNegatives(scale: 20) = negatives.kind else { throw LimbeckError(.unsupported, "another kind") }
        #expect(negatives.isCosine && negatives.isNormalized == nil)
        let kl = try #require(try ranking(#"{"loss": "kl", "of": "scores", "temperature": 2}"#))
        guard case .kl(temperature: 2) = kl.kind else { throw LimbeckError(.unsupported, "another kind") }
        #expect(!kl.isCosine)
    }

    @Test func lossesOfEachTarget() throws {
        func exits(_ more: String) throws -> ExitTerms? {
            let text = Self.text(loss: #"{"loss": "cross_entropy", "of": "exits"\#(more)}"#)
            guard case .crossEntropy(.exits(let terms)) = try read(text, [("data", #"{"labelled": "x"}"#)]).stages[0].losses[0].kind
            else { return nil }
            return terms
        }
        let inner = try #require(try exits("")), all = try #require(try exits(#", "exits": "all", "by_depth": true"#))
        #expect(inner.isInnerOnly && !inner.isWeightedByDepth && !all.isInnerOnly && all.isWeightedByDepth)
        for (target, expected) in ["labels": "sequence", "tokens": "token", "spans": "span", "masked_tokens": "maskedToken"] {
            let text = Self.text(loss: #"{"loss": "cross_entropy", "of": "\#(target)"}"#)
            guard case .crossEntropy(let kind) = try read(text, [("data", #"{"tokens": "x"}"#)]).stages[0].losses[0].kind else {
                throw LimbeckError(.unsupported, "another kind")
            }
            #expect("\(kind)" == expected)
        }
        let text = Self.text(loss: [String](repeating: #"{"loss": "kl", "of": "logits"}"#, count: 3).joined(separator: ","))
        #expect(try read(text).stages[0].losses.map(\.name) == ["logits", "logits_2", "logits_3"])
    }

    @Test func recipesOfTheRepository() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Repository.path("recipes")).filter { $0.hasSuffix(".json") }
        #expect(names.count > 15)
        for name in names {
            #expect(throws: Never.self, "\(name)") { _ = try Recipe(path: Repository.path("recipes/\(name)")) }
        }
    }

    @Test(arguments: [("deebert", HeadSource.ExitSystem.deeBERT), ("pabee", .pabee)])
    func exits(word: String, expected: HeadSource.ExitSystem) throws {
        let head = #"{"kind": "exits", "system": "\#(word)", "labels": ["a", "b"]}"#
        for loss in ["labels", "exits"] {
            let recipe = try read(
                Self.text(loss: #"{"loss": "cross_entropy", "of": "\#(loss)"}"#),
                [("student.head", head), ("data", #"{"labelled": "a.tsv"}"#)])
            guard case .exits(let system, ["a", "b"])? = recipe.student.head else {
                throw LimbeckError(.unsupported, "another head")
            }
            #expect(system == expected)
        }
        #expect(
            try refusal(
                Self.text(loss: #"{"loss": "cross_entropy", "of": "tokens"}"#),
                [
                    ("student.head", head), ("data", #"{"tokens": "a"}"#),
                ]) == "'stages.0.losses.0' (tokens) needs a head 'token', and 'student.head' is 'exits'")
    }

    @Test func overrides() throws {
        let recipe = try read(
            Self.text(),
            [
                ("stages.0.epochs", "2.5"), ("data.texts", "x.txt"), ("stages.0.batch.sequences", "8"), ("seed", "5"),
                ("seed", "6"),
                ("student", #"{"from": "/folder"}"#), ("stages.0.shuffle", "false"), ("stages.0.train", #"["b\"\\*"]"#),
                ("max_length", "null"),
            ])
        #expect(recipe.stages[0].epochs == 2.5 && recipe.data?.path == "x.txt" && recipe.stages[0].sequences == 8)
        #expect(recipe.seed == 6 && recipe.student.layers == nil && !recipe.stages[0].isShuffled && recipe.maxLength == nil)
        #expect(recipe.stages[0].train == ["b\"\\*"])
        #expect(
            recipe.source == #"{"teacher":"teacher","student":{"from":"/folder"},"data":{"texts":"x.txt"},"output":"out","stages":"#
                + #"[{"name":"one","losses":[{"loss":"kl","of":"logits"}],"optimizer":{"learning_rate":0.001},"epochs":2.5,"#
                + #""batch":{"sequences":8},"shuffle":false,"train":["b\"\\*"]}],"seed":6,"max_length":null}"#)
        #expect(try read(recipe.source).seed == 6)
    }

    @Test(
        arguments: [
            ("stages.1.epochs", "'stages' has 1 elements, counted from 0, and no '1'"),
            ("stages.x", "'stages' has 1 elements, counted from 0, and no 'x'"),
            ("teacher.dropout", "'teacher' is 'teacher', which has no 'dropout'"),
            ("data..texts", "a name between two dots is empty"), ("", "a name between two dots is empty"),
        ])
    func refusedOverrides(key: String, expected: String) throws {
        #expect(try refusal(Self.text(), [(key, "1")]) == "the override '\(key)': \(expected)")
    }
}
