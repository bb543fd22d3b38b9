import Limbeck
import LimbeckDistil
import Testing

/// Recipes that are refused, each with the message that it gets.
@Suite struct RecipeRefusalTests {
    private static let stageKeys =
        "name, losses, train, freeze, optimizer, batch, steps, epochs, shuffle, dropout, masking, widths, depths, rewire"

    func refusal(_ text: String, _ overrides: [(String, String)] = []) throws -> String {
        try RecipeTests().refusal(text, overrides)
    }

    /// What is refused if one value of a good recipe is another.
    @Test(
        arguments: [
            (
                "sed", "1",
                "'sed' is unknown, expected one of teacher, student, data, output, stages, max_length, seed, checkpoint_steps, record_gradients"
            ),
            ("stages.0.epoch", "3", "'stages.0.epoch' is unknown, expected one of \(stageKeys)"),
            (
                "student.layer", "[1]",
                "'student.layer' is unknown, expected one of from, layers, token_types, pooler, head, vocabulary, initializer_range, projections"
            ),
            (
                "stages.0.losses.0.temprature", "2",
                "'stages.0.losses.0.temprature' is unknown, expected one of loss, of, weight, name, temperature, squared_temperature, mean"
            ),
            (
                "stages.0.optimizer.lr", "2",
                "'stages.0.optimizer.lr' is unknown, expected one of name, learning_rate, betas, epsilon, weight_decay, no_decay, bias_correction, clip, schedule, warmup, schedule_steps, rates"
            ),
            ("stages.0.batch", #"{"size": 1}"#, "'stages.0.batch.size' is unknown, expected one of sequences, accumulate"),
            (
                "stages.0.masking", #"{"p": 1}"#,
                "'stages.0.masking.p' is unknown, expected one of probability, mask, random, whole_word, segmented"
            ),
            ("stages.0.rewire", #"{"batches": [1], "p": 1}"#, "'stages.0.rewire.p' is unknown, expected one of batches"),
            ("stages.0.rewire", "{}", "'stages.0.rewire.batches' is missing, expected an array of sizes"),
            ("stages.0.rewire", #"{"batches": [0]}"#, "'stages.0.rewire.batches.0' is 0, expected an integer from 1 to 2147483647"),
            ("teacher", #"{"path": "t", "drop": 1}"#, "'teacher.drop' is unknown, expected one of path, dropout, store"),
            ("teacher", "{}", "'teacher.path' is missing, expected the path of a model"),
            ("teacher", "7", "'teacher' is 7, expected a path, or an object with 'path'"),
            ("teacher", "\"\"", "'teacher' is '', expected a string, not empty and without NUL"),
            ("teacher", #""a\u0000b""#, "'teacher' is 'a\0b', expected a string, not empty and without NUL"),
            ("teacher", #"{"path": "t", "dropout": 1}"#, "'teacher.dropout' is 1, expected a number from 0 to less than 1"),
            ("student", "null", "'student' is missing, expected an object with 'from'"),
            ("student", "\"teacher\"", "'student' is 'teacher', expected an object"),
            ("student", "{}", "'student.from' is missing, expected teacher, new, static, or the path of a model"),
            ("student.hidden_size", "8", "'student.hidden_size' is for a student that is new"),
            ("student.from", "new", "'student.layers' is not for a student that is new"),
            (
                "student", #"{"from": "new", "layer_count": 0}"#,
                "'student.layer_count' is 0, expected an integer from 1 to 2147483647"
            ),
            ("student.layers", "[]", "'student.layers' is an array, expected an array with elements"),
            ("student.layers", "[-1]", "'student.layers.0' is -1, expected an integer from 0 to 2147483647"),
            ("student.pooler", "1", "'student.pooler' is 1, expected true or false"),
            ("student.head", "pooled", "'student.head' is 'pooled', expected one of none, span, masked_tokens"),
            (
                "student.head", "[]",
                "'student.head' is an array, expected none, span, masked_tokens, or an object with 'kind' and 'labels'"
            ),
            ("student.head", #"{"labels": ["a"]}"#, "'student.head.kind' is missing, expected sequence, token or exits"),
            (
                "student.head", #"{"kind": "exits", "labels": ["a"]}"#,
                "'student.head.system' is missing, expected deebert or pabee"
            ),
            (
                "student.head", #"{"kind": "exits", "system": "fastbert", "labels": ["a"]}"#,
                "'student.head.system' is 'fastbert', expected one of deebert, pabee"
            ),
            (
                "student.head", #"{"kind": "token", "system": "pabee", "labels": ["a"]}"#,
                "'student.head.system' is for a head of the kind 'exits'"
            ),
            ("student.head", #"{"kind": "token"}"#, "'student.head.labels' is missing, expected an array of their names"),
            (
                "student.head", #"{"kind": "token", "labels": ["a", 1]}"#,
                "'student.head.labels.1' is 1, expected a string, not empty and without NUL"
            ),
            ("student.head", #"{"kind": "token", "labels": ["a", "a"]}"#, "'student.head.labels' has 'a' twice"),
            ("student.vocabulary", "8000", "'student.vocabulary' is 8000, expected teacher, or an object with 'size'"),
            ("student.vocabulary", "{}", "'student.vocabulary.size' is missing, expected the number of tokens"),
            ("student.initializer_range", "-1", "'student.initializer_range' is -1, expected a number from 0 on"),
            ("data", "null", "'data' is missing, expected an object with one of texts, labelled, pairs, tokens"),
            ("data", "{}", "'data' has 0 sources, expected one of texts, labelled, pairs, tokens"),
            ("data.pairs", "x", "'data' has 2 sources, expected one of texts, labelled, pairs, tokens"),
            ("output", "null", "'output' is missing, expected the path of a folder"),
            ("max_length", "0", "'max_length' is 0, expected an integer from 1 to 2147483647"),
            ("max_length", "1.5", "'max_length' is 1.5, expected an integer from 1 to 2147483647"),
            ("seed", "-1", "'seed' is -1, expected an integer from 0 to 2147483647"),
            ("record_gradients", "3", "'record_gradients' is 3, expected an array"),
            ("stages", "[]", "'stages' is an array, expected an array with elements"),
            ("stages", "null", "'stages' is missing, expected an array with elements"),
            ("stages.0.name", "null", "'stages.0.name' is missing, expected a name for the log"),
            ("stages.0.losses", "null", "'stages.0.losses' is missing, expected an array with elements"),
            ("stages.0.optimizer", "null", "'stages.0.optimizer' is missing, expected an object with 'learning_rate'"),
            ("stages.0.optimizer", "{}", "'stages.0.optimizer.learning_rate' is missing, expected a number from 0 on"),
            (
                "stages.0.optimizer.learning_rate", "1e999",
                "'stages.0.optimizer.learning_rate' is 1e999, expected a number from 0 on"
            ),
            (
                "stages.0.optimizer.name", "adam",
                "'stages.0.optimizer.name' is 'adam', expected one of adamw, adamw_2019, bert_adam, sgd"
            ),
            (
                "stages.0.optimizer", #"{"name": "sgd", "learning_rate": 1, "betas": [0, 0]}"#,
                "'stages.0.optimizer.betas' is unknown, expected one of name, learning_rate, clip, schedule, warmup, schedule_steps, rates"
            ),
            (
                "stages.0.optimizer", #"{"name": "bert_adam", "learning_rate": 1, "bias_correction": true}"#,
                "'stages.0.optimizer.bias_correction' is true, which bert_adam does not know"
            ),
            ("stages.0.optimizer.betas", "[0.9]", "'stages.0.optimizer.betas' is an array, expected an array of two numbers"),
            ("stages.0.optimizer.betas", "[0.9, 1]", "'stages.0.optimizer.betas.1' is 1, expected a number from 0 to less than 1"),
            ("stages.0.optimizer.epsilon", "1e-60", "'stages.0.optimizer.epsilon' is 1e-60, expected a positive number"),
            ("stages.0.optimizer.clip", "0", "'stages.0.optimizer.clip' is 0, expected a positive number"),
            (
                "stages.0.optimizer.clip", "true",
                "'stages.0.optimizer.clip' is true, expected a positive number, an object with 'norm', or false"
            ),
            ("stages.0.optimizer.clip", "{}", "'stages.0.optimizer.clip.norm' is missing, expected a positive number"),
            (
                "stages.0.optimizer.clip", #"{"norm": 1, "by": "row"}"#,
                "'stages.0.optimizer.clip.by' is 'row', expected one of tensor, global"
            ),
            (
                "stages.0.optimizer.schedule", "step",
                "'stages.0.optimizer.schedule' is 'step', expected one of constant, linear, bert_adam, cosine"
            ),
            (
                "stages.0.optimizer.warmup", "1.5",
                "'stages.0.optimizer.warmup' is 1.5, expected a part of all steps, less than 1, or a whole number of steps"
            ),
            ("stages.0.optimizer.warmup", "1e30", "'stages.0.optimizer.warmup' is 1e30, expected a number from 0 to 2147483647"),
            ("stages.0.optimizer.rates", #"{"a": -1}"#, "'stages.0.optimizer.rates.a' is -1, expected a number from 0 on"),
            ("stages.0.epochs", "0", "'stages.0.epochs' is 0, expected a number above 0, at most 1000000"),
            ("stages.0.epochs", "x", "'stages.0.epochs' is 'x', expected a number above 0, at most 1000000"),
            ("stages.0.shuffle", "yes", "'stages.0.shuffle' is 'yes', expected true or false"),
            ("stages.0.train", "*", "'stages.0.train' is '*', expected an array with elements"),
            ("stages.0.widths", "[1.5]", "'stages.0.widths.0' is 1.5, expected a number above 0, at most 1"),
            (
                "stages.0.masking", #"{"probability": 0}"#,
                "'stages.0.masking.probability' is 0, expected a number above 0, at most 1"
            ),
            ("stages.0.masking", #"{"mask": 0.95}"#, "'stages.0.masking': 'mask' and 'random' are more than 1 together"),
            ("stages.0.masking", #"{"segmented": "x"}"#, "'stages.0.masking.segmented' is for 'whole_word' true"),
        ] as [(String, String, String)])
    func oneValue(key: String, value: String, expected: String) throws {
        #expect(try refusal(RecipeTests.text(), [(key, value)]) == expected)
    }

    @Test(
        arguments: [
            ("1", "'stages.0.losses.0' is 1, expected an object"),
            (
                "{}",
                "'stages.0.losses.0.loss' is missing, expected one of cross_entropy, soft_cross_entropy, kl, reversed_kl, mse, half_squared, cosine, margin_mse, multiple_negatives"
            ),
            (
                #"{"loss": "mae"}"#,
                "'stages.0.losses.0.loss' is 'mae', expected one of cross_entropy, soft_cross_entropy, kl, reversed_kl, mse, half_squared, cosine, margin_mse, multiple_negatives"
            ),
            (
                #"{"loss": "mse"}"#,
                "'stages.0.losses.0.of' is missing, expected one of hidden, first_token, attention_scores, vectors"
            ),
            (
                #"{"loss": "kl", "of": "hidden"}"#,
                "'stages.0.losses.0.of' is 'hidden', expected one of logits, masked_logits, exits, relations, scores"
            ),
            (
                #"{"loss": "kl", "of": "logits", "temperature": 0}"#,
                "'stages.0.losses.0.temperature' is 0, expected a positive number"
            ),
            (#"{"loss": "kl", "of": "logits", "mean": "all"}"#, "'stages.0.losses.0.mean' is 'all', expected one of rows, classes"),
            (#"{"loss": "kl", "of": "logits", "weight": -1}"#, "'stages.0.losses.0.weight' is -1, expected a number from 0 on"),
            (
                #"{"loss": "kl", "of": "logits", "weight": "1"}"#,
                "'stages.0.losses.0.weight' is '1', expected a number from 0 on, or an object with 'from', 'to', 'begin' and 'end'"
            ),
            (
                #"{"loss": "kl", "of": "logits", "weight": {"from": 1, "to": 2}}"#,
                "'stages.0.losses.0.weight.end' is missing, expected a number from 0 on"
            ),
            (
                #"{"loss": "kl", "of": "logits", "weight": {"from": 1, "to": 2, "begin": 3, "end": 3}}"#,
                "'stages.0.losses.0.weight.end' is not after 'begin'"
            ),
            (#"{"loss": "kl", "of": "logits", "weight": 0}"#, "'stages.0.losses' have weights of 0 alone"),
            (
                #"{"loss": "kl", "of": "logits", "name": "a"}, {"loss": "kl", "of": "logits", "name": "a"}"#,
                "'stages.0.losses.1.name' is 'a', which another loss of the stage has"
            ),
            (#"{"loss": "kl", "loss": "kl", "of": "logits"}"#, "'stages.0.losses.0.loss' is there twice"),
            (
                #"{"loss": "mse", "of": "hidden"}"#,
                "'stages.0.losses.0.layers' is missing, expected an array of pairs of layers, the student's and the teacher's"
            ),
            (
                #"{"loss": "mse", "of": "hidden", "layers": [[0]]}"#,
                "'stages.0.losses.0.layers.0' is an array, expected an array of two numbers"
            ),
            (
                #"{"loss": "mse", "of": "hidden", "layers": [[0, -2]]}"#,
                "'stages.0.losses.0.layers.0.1' is -2, expected an integer from -1 to 2147483647"
            ),
            (
                #"{"loss": "mse", "of": "hidden", "layers": [[0, 0]], "projection": 1}"#,
                "'stages.0.losses.0.projection' is 1, expected true, false, or an object"
            ),
            (
                #"{"loss": "mse", "of": "hidden", "layers": [[0, 0]], "projection": {"nam": "x"}}"#,
                "'stages.0.losses.0.projection.nam' is unknown, expected one of name, shared"
            ),
            (
                #"{"loss": "mse", "of": "attention_scores", "layers": [[0, 0]], "projection": true}"#,
                "'stages.0.losses.0.projection' is unknown, expected one of loss, of, weight, name, layers"
            ),
            (
                #"{"loss": "kl", "of": "relations"}"#,
                "'stages.0.losses.0.relation_heads' is missing, expected an integer that divides both widths"
            ),
            (
                #"{"loss": "kl", "of": "relations", "relation_heads": 2, "query": 0, "key": 0, "value": 0}"#,
                "'stages.0.losses.0' has weights of 0 alone"
            ),
            (
                #"{"loss": "mse", "of": "vectors", "prefixes": [[0, 1]]}"#,
                "'stages.0.losses.0.prefixes.0.0' is 0, expected an integer from 1 to 2147483647"
            ),
            (
                #"{"loss": "cross_entropy", "of": "exits", "exits": "some"}"#,
                "'stages.0.losses.0.exits' is 'some', expected one of inner, all"
            ),
            // The data of this recipe are texts.
            (#"{"loss": "cross_entropy", "of": "labels"}"#, "'stages.0.losses.0' (labels) needs data with 'labelled' or 'tokens'"),
            (#"{"loss": "cross_entropy", "of": "exits"}"#, "'stages.0.losses.0' (exits) needs data with 'labelled' or 'tokens'"),
            (
                #"{"loss": "cross_entropy", "of": "tokens"}"#,
                "'stages.0.losses.0' (tokens) needs data with 'tokens', which have labels of tokens and spans"
            ),
            (
                #"{"loss": "cross_entropy", "of": "spans"}"#,
                "'stages.0.losses.0' (spans) needs data with 'tokens', which have labels of tokens and spans"
            ),
            (
                #"{"loss": "cross_entropy", "of": "masked_tokens"}"#,
                "'stages.0.losses.0' (masked_tokens) needs 'masking' in its stage, or data with 'tokens'"
            ),
            (
                #"{"loss": "kl", "of": "masked_logits", "name": "x"}"#,
                "'stages.0.losses.0' (x) needs 'masking' in its stage, or data with 'tokens'"
            ),
            (#"{"loss": "margin_mse", "of": "scores"}"#, "'stages.0.losses.0' (scores) needs data with 'pairs' or 'tokens'"),
        ])
    func losses(loss: String, expected: String) throws {
        #expect(try refusal(RecipeTests.text(loss: loss)) == expected)
    }

    /// The same of a static student's recipe.
    @Test(
        arguments: [
            ("teacher", "null", "'student.from' is 'static', and there is no 'teacher'"),
            (
                "teacher", #"{"path": "t", "dropout": 0.1}"#,
                "'teacher' has 'dropout' or 'store', which are for a student that is trained"
            ),
            (
                "teacher", #"{"path": "t", "store": "v"}"#,
                "'teacher' has 'dropout' or 'store', which are for a student that is trained"
            ),
            (
                "student.size", "8",
                "'student.size' is unknown, expected one of from, dimensions, sif_coefficient, frequencies, precision, vocabulary"
            ),
            ("student.layers", "[0]", "'student.layers' is not for a student that is static"),
            ("student.head", "none", "'student.head' is not for a student that is static"),
            ("student.dimensions", "0", "'student.dimensions' is 0, expected the number of principal components, or false"),
            ("student.dimensions", "true", "'student.dimensions' is true, expected the number of principal components, or false"),
            ("student.sif_coefficient", "1", "'student.sif_coefficient' is 1, expected a number between 0 and 1, or false"),
            ("student.sif_coefficient", "0", "'student.sif_coefficient' is 0, expected a number between 0 and 1, or false"),
            ("student.frequencies", "counts", "'student.frequencies' is 'counts', expected one of zipf, data"),
            ("student.frequencies", "data", "'student' needs 'data', whose tokens are counted"),
            ("student.precision", "int8", "'student.precision' is 'int8', expected one of float16, float32"),
            ("student.vocabulary", #"{"size": 0}"#, "'student.vocabulary.size' is 0, expected an integer from 1 to 2147483647"),
            ("student.vocabulary", #"{"size": 9}"#, "'student' needs 'data', whose tokens are counted"),
            ("data", #"{"texts": "t"}"#, "'data' are for 'student.vocabulary' or 'student.frequencies'"),
            ("data", "{}", "'data' has 0 sources, expected one of texts, labelled, pairs, tokens"),
            ("output", "null", "'output' is missing, expected the path of a folder"),
            ("output", "t", "'output' is the folder of the teacher"),
            ("seed", "1", "'seed' is for a student that is trained"),
            ("max_length", "64", "'max_length' is for a student that is trained"),
            ("checkpoint_steps", "1", "'checkpoint_steps' is for a student that is trained"),
            ("record_gradients", "[]", "'record_gradients' is for a student that is trained"),
            ("stages", "1", "'stages' is 1, expected an array without elements, as a static student is not trained"),
            ("stages", "[{}]", "'stages' is an array, expected an array without elements, as a static student is not trained"),
            (
                "sed", "1",
                "'sed' is unknown, expected one of teacher, student, data, output, stages, max_length, seed, checkpoint_steps, record_gradients"
            ),
        ] as [(String, String, String)])
    func oneValueOfAStaticStudent(key: String, value: String, expected: String) throws {
        let error = #expect(throws: LimbeckError.self) {
            try Recipe(static: "t", output: "o", overrides: [(key, value)])
        }
        #expect(error?.message == "--static: " + expected)
    }

    /// What only a static student has.
    @Test(arguments: ["dimensions", "sif_coefficient", "frequencies", "precision"])
    func keysOfAStaticStudent(key: String) throws {
        #expect(try refusal(RecipeTests.text(), [("student.\(key)", "1")]) == "'student.\(key)' is for a student that is static")
    }

    @Test(
        arguments: [
            #"{"loss": "soft_cross_entropy", "of": "logits"}"#, #"{"loss": "mse", "of": "hidden", "layers": [[0, 0]]}"#,
            #"{"loss": "mse", "of": "attention_scores", "layers": [[0, 0]]}"#,
            #"{"loss": "kl", "of": "relations", "relation_heads": 2}"#,
            #"{"loss": "mse", "of": "vectors"}"#, #"{"loss": "kl", "of": "scores"}"#, #"{"loss": "margin_mse", "of": "scores"}"#,
        ])
    func withoutTeacher(loss: String) throws {
        let text = RecipeTests.text(loss: loss.dropLast() + #", "name": "x"}"#)
        let message = try refusal(text, [("teacher", "null"), ("student", #"{"from": "s"}"#), ("data", #"{"pairs": "p"}"#)])
        #expect(message == "'stages.0.losses.0' (x) needs a teacher, and there is no 'teacher'")
    }

    @Test func lossesThatNeedNoTeacher() throws {
        func read(_ loss: String, _ data: String) throws -> Recipe {
            let overrides = [("teacher", "null"), ("student", #"{"from": "s"}"#), ("data", data)]
            return try RecipeTests().read(RecipeTests.text(loss: loss), overrides)
        }
        #expect(try read(#"{"loss": "margin_mse", "of": "scores"}"#, #"{"tokens": "p"}"#).teacher == nil)
        #expect(try read(#"{"loss": "multiple_negatives", "of": "scores"}"#, #"{"pairs": "p"}"#).teacher == nil)
        #expect(try read(#"{"loss": "kl", "of": "exits"}"#, #"{"texts": "p"}"#).teacher == nil)
        #expect(try read(#"{"loss": "cross_entropy", "of": "labels"}"#, #"{"labelled": "p"}"#).teacher == nil)
    }

    @Test func partsThatDoNotFit() throws {
        #expect(
            try refusal(RecipeTests.text(), [("teacher", "null")])
                == "'stages.0.losses.0' (logits) needs a teacher, and there is no 'teacher'")
        let exits = RecipeTests.text(loss: #"{"loss": "kl", "of": "exits"}"#)
        #expect(try refusal(exits, [("teacher", "null")]) == "'student.from' is 'teacher', and there is no 'teacher'")
        #expect(
            try refusal(exits, [("teacher", "null"), ("student", #"{"from": "new"}"#)])
                == "'student.from' is 'new', with neither 'student.like' nor 'teacher' to be like")
        let masked = RecipeTests.text(loss: #"{"loss": "cross_entropy", "of": "masked_tokens"}"#, stage: #", "masking": {}"#)
        #expect(
            try refusal(masked, [("student.head", "span")])
                == "'stages.0.losses.0' (masked_tokens) needs a head 'masked_tokens', and 'student.head' is 'span'")
        #expect(try RecipeTests().read(masked, [("student.head", "masked_tokens")]).stages[0].masking?.probability == 0.15)
        let segmented = [("data", #"{"labelled": "x"}"#), ("stages.0.masking", #"{"whole_word": true, "segmented": "x"}"#)]
        #expect(try refusal(RecipeTests.text(), segmented) == "'stages.0.masking.segmented' is for data with 'texts'")
        #expect(
            try refusal(RecipeTests.text(), [("stages.0.rewire", #"{"batches": [1]}"#)])
                == "'stages.0.rewire' needs data with 'labelled' or 'tokens', whose labels it reads")
        let stage = #"{"name": "a", "losses": [{"loss": "kl", "of": "logits"}], "optimizer": {"learning_rate": 1}}"#
        #expect(
            try refusal(RecipeTests.text(), [("stages", "[\(stage), \(stage)]")])
                == "'stages.1.name' is 'a', which another stage has")
    }

    @Test func notARecipe() throws {
        #expect(try refusal("[]") == "the recipe is an array, expected an object")
        #expect(try refusal("{") == "not JSON: it ends at byte 1, expected a key in quotes")
        #expect(try refusal("") == "an empty file, 0 bytes")
        #expect(try refusal("{}") == "'student' is missing, expected an object with 'from'")
        let error = #expect(throws: LimbeckError.self) { try Recipe(path: "/nowhere/recipe.json") }
        #expect(error?.status == .fileNotFound)
    }
}
