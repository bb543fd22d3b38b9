import Limbeck

extension Recipe {
    /// Reads the recipe at `path`, applies overrides such as ("stages.0.epochs", "1"), and checks all that can be checked without the models
    /// and the data. Paths in it are relative to its folder.
    package init(path: String, overrides: [(String, String)] = []) throws(LimbeckError) {
        try self.init(Recipe.tree(path), file: path, folder: Recipe.folder(of: path), overrides: overrides)
    }

    /// The recipe of a static student, with paths relative to the current folder.
    package init(static teacher: String, output: String, overrides: [(String, String)] = []) throws(LimbeckError) {
        func text(_ text: String) -> RecipeNode { RecipeNode(.string(text)) }
        let student = RecipeNode(.object([.init(key: "from", value: text("static"))]))
        let root = RecipeNode(
            .object([
                .init(key: "teacher", value: text(teacher)), .init(key: "student", value: student),
                .init(key: "output", value: text(output)), .init(key: "stages", value: RecipeNode(.array([]))),
            ]))
        try self.init(root, file: "--static", folder: "", overrides: overrides)
    }

    private init(_ root: RecipeNode, file path: String, folder: String, overrides: [(String, String)]) throws(LimbeckError) {
        for (key, value) in overrides { try root.override(key, value, file: path) }
        let mistakes = RecipeMistakes(file: path)
        let reader = RecipeReader(folder: folder)
        let recipe = reader.recipe(RecipeBlock(root, "", mistakes))
        try mistakes.check()
        guard var recipe else { throw LimbeckError(.fileMalformed, "\(path): not a recipe") }
        recipe.check(mistakes)
        try mistakes.check()
        root.write(to: &recipe.source)
        recipe.fingerprint = Recipe.fingerprint(of: recipe.source)
        self = recipe
    }

    private static func tree(_ path: String) throws(LimbeckError) -> RecipeNode {
        let file = try MappedFile(path, name: path)
        defer { withExtendedLifetime(file) {} }
        // The tree is a copy, and the file may change afterwards.
        return RecipeNode(try JSONDocument(file.bytes, file: path).root)
    }

    /// FNV-1a, of 64 bits.
    private static func fingerprint(of text: String) -> Int {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(truncatingIfNeeded: hash)
    }

    /// With its slash; empty for a file of the current folder.
    private static func folder(of path: String) -> String {
        var start = 0
        while let slash = path.utf8Offset(of: UInt8(ascii: "/"), from: start) { start = slash + 1 }
        return path.utf8Part(0..<start)
    }
}

/// Reads the blocks of a recipe; RecipeReader+Losses.swift and RecipeReader+Stages.swift have the rest.
struct RecipeReader {
    /// What paths are relative to.
    let folder: String

    /// nil only if there was a mistake.
    func recipe(_ block: RecipeBlock) -> Recipe? {
        let teacher = block.node("teacher").flatMap { self.teacher($0, "teacher", block) }
        let student = block.node("student").flatMap { self.student(block.block($0, "student")) }
        let data = block.node("data").flatMap { self.data(block.block($0, "data")) }
        let output = self.path("output", block)
        if student == nil { block.missing("student", "an object with 'from'") }
        let isStatic = student?.isStatic ?? false
        if data == nil, !isStatic { block.missing("data", "an object with one of texts, labelled, pairs, tokens") }
        if output == nil { block.missing("output", "the path of a folder") }
        let stages = isStatic ? noStages(block) : block.array("stages") { node, path in self.stage(block.block(node, path)) }
        if stages == nil { block.missing("stages", "an array with elements") }
        let maxLength = block.integer("max_length")
        let seed = block.integer("seed", from: 0)
        let checkpointSteps = block.integer("checkpoint_steps", from: 0)
        let recorded = block.integers("record_gradients", from: 0, mayBeEmpty: true)
        if isStatic { block.refuse("max_length seed checkpoint_steps record_gradients", "for a student that is trained") }
        block.finish()
        guard let student, let output, let stages else { return nil }
        var recipe = Recipe(student: student, data: data, output: output, stages: stages)
        (recipe.teacher, recipe.maxLength) = (teacher, maxLength)
        if let seed { recipe.seed = UInt64(seed) }
        if let checkpointSteps { recipe.checkpointSteps = checkpointSteps }
        if let recorded { recipe.recordedSteps = recorded }
        return recipe
    }

    /// A static student is not trained.
    private func noStages(_ block: RecipeBlock) -> [Stage] {
        if let node = block.node("stages") {
            if case .array(let elements) = node.content, elements.isEmpty { return [] }
            block.fail("stages", node, "an array without elements, as a static student is not trained")
        }
        return []
    }

    func path(_ key: String, _ block: RecipeBlock) -> String? {
        guard let node = block.node(key), let path = block.string(key) else { return nil }
        return node.isOverride || path.utf8.first == UInt8(ascii: "/") ? path : folder + path
    }

    private func teacher(_ node: RecipeNode, _ at: String, _ block: RecipeBlock) -> TeacherSource? {
        if case .string = node.content { return self.path(at, block).map { TeacherSource(path: $0) } }
        guard case .object = node.content else {
            block.fail(at, node, "a path, or an object with 'path'")
            return nil
        }
        let block = block.block(node, at)
        let path = self.path("path", block)
        if path == nil { block.missing("path", "the path of a model") }
        let dropout = block.float("dropout", .rate), store = self.path("store", block)
        block.finish()
        return path.map {
            var teacher = TeacherSource(path: $0)
            if let dropout { teacher.dropout = dropout }
            teacher.store = store
            return teacher
        }
    }

    // MARK: The student

    private func student(_ block: RecipeBlock) -> StudentSource? {
        let from = block.string("from")
        if from == "static" { return staticStudent(block) }
        let isNew = from == "new"
        var student = StudentSource(.teacher)
        if isNew {
            student.origin = .new(like: path("like", block))
            student.layerCount = block.integer("layer_count")
            student.hiddenSize = block.integer("hidden_size")
            student.attentionHeads = block.integer("attention_heads")
            student.intermediateSize = block.integer("intermediate_size")
            student.projectsEmbeddings = block.flag("project_embeddings") ?? false
        } else if let from {
            if from != "teacher", let path = path("from", block) { student.origin = .folder(path) }
            student.layers = block.integers("layers", from: 0)
        } else {
            block.missing("from", "teacher, new, static, or the path of a model")
        }
        if let flag = block.flag("token_types") { student.hasTokenTypes = flag }
        if let flag = block.flag("pooler") { student.hasPooler = flag }
        student.head = block.node("head").flatMap { self.head($0, block.at("head"), block) }
        student.vocabularySize = block.node("vocabulary").flatMap { self.vocabulary($0, block.at("vocabulary"), block) }
        if let range = block.float("initializer_range", .notNegative) { student.initializerRange = range }
        student.projections = path("projections", block)
        block.refuse(
            isNew ? "layers" : "like layer_count hidden_size attention_heads intermediate_size project_embeddings",
            isNew ? "not for a student that is new" : "for a student that is new")
        block.refuse("dimensions sif_coefficient frequencies precision", "for a student that is static")
        block.finish()
        return student
    }

    private func staticStudent(_ block: RecipeBlock) -> StudentSource {
        var source = StaticSource()
        if let node = block.node("dimensions") {
            if case .flag(false) = node.content {
                source.dimensions = nil
            } else if case .number(_, let size?, _) = node.content, 1...Int(Int32.max) ~= size {
                source.dimensions = size
            } else {
                block.fail(block.at("dimensions"), node, "the number of principal components, or false")
            }
        }
        if let node = block.node("sif_coefficient") {
            if case .flag(false) = node.content {
                source.coefficient = nil
            } else if case .number(_, _, let value?) = node.content, value > 0, value < 1 {
                source.coefficient = value
            } else {
                block.fail(block.at("sif_coefficient"), node, "a number between 0 and 1, or false")
            }
        }
        if block.choice("frequencies", "zipf data") == 1 { source.frequencies = .data }
        if block.choice("precision", "float16 float32") == 1 { source.precision = .float32 }
        var student = StudentSource(.table(source))
        student.vocabularySize = block.node("vocabulary").flatMap { self.vocabulary($0, block.at("vocabulary"), block) }
        block.refuse(
            """
            layers like layer_count hidden_size attention_heads intermediate_size project_embeddings token_types pooler head \
            initializer_range projections
            """, "not for a student that is static")
        block.finish()
        return student
    }

    private func head(_ node: RecipeNode, _ at: String, _ block: RecipeBlock) -> HeadSource? {
        switch node.content {
        case .string:
            switch block.choice("head", "none span masked_tokens") {
            case 0: return HeadSource.none
            case 1: return .span
            case 2: return .maskedLM
            default: return nil
            }
        case .object:
            let block = block.block(node, at)
            let kind = block.choice("kind", "sequence token exits")
            if kind == nil { block.missing("kind", "sequence, token or exits") }
            let system = block.choice("system", "deebert pabee")
            if kind == 2 {
                if system == nil { block.missing("system", "deebert or pabee") }
            } else {
                block.refuse("system", "for a head of the kind 'exits'")
            }
            let labels = block.strings("labels")
            if labels == nil { block.missing("labels", "an array of their names") }
            block.finish()
            guard let kind, let labels else { return nil }
            for (index, label) in labels.enumerated() where labels[..<index].contains(where: { $0 == label }) {
                block.mistakes.add(.fileMalformed, "'\(block.at("labels"))' has '\(label)' twice")
            }
            guard kind == 2 else { return kind == 0 ? .sequence(labels: labels) : .token(labels: labels) }
            return system.map { .exits($0 == 0 ? .deeBERT : .pabee, labels: labels) }
        default:
            block.fail(at, node, "none, span, masked_tokens, or an object with 'kind' and 'labels'")
            return nil
        }
    }

    private func vocabulary(_ node: RecipeNode, _ at: String, _ block: RecipeBlock) -> Int? {
        if case .string(let text) = node.content, text == "teacher" { return nil }
        guard case .object = node.content else {
            block.fail(at, node, "teacher, or an object with 'size'")
            return nil
        }
        let block = block.block(node, at)
        let size = block.integer("size")
        if size == nil { block.missing("size", "the number of tokens") }
        block.finish()
        return size
    }

    // MARK: Data

    private func data(_ block: RecipeBlock) -> DataSource? {
        var found: [DataSource] = []
        for (place, key) in ["texts", "labelled", "pairs", "tokens"].enumerated() {
            guard let path = self.path(key, block) else { continue }
            found.append([DataSource.texts(path), .labelled(path), .pairs(path), .tokens(path)][place])
        }
        block.finish()
        guard found.count == 1 else {
            block.mistakes.add(
                .fileMalformed, "'\(block.path)' has \(found.count) sources, expected one of texts, labelled, pairs, tokens")
            return nil
        }
        return found[0]
    }
}
