extension HeadRule {
    /// How much of a head is in a file.
    private enum Presence {
        case none, whole
        case half(has: String, lacks: String)
    }

    private func presence(_ rules: FamilyRules, _ checkpoint: Checkpoint, withPooler: Bool) -> Presence {
        let layers = layers(rules, checkpoint, withPooler: withPooler)
        guard let lacks = layers.first(where: { !checkpoint.contains($0 + ".weight") }) else { return .whole }
        for end in [".weight", ".bias"] {
            if let has = layers.first(where: { checkpoint.contains($0 + end) }) {
                return .half(has: has + end, lacks: lacks + ".weight")
            }
        }
        return .none
    }

    /// The head of a folder. A head is present if its tensors are, and `architectures` names the one that the file is for.
    ///
    /// Embedding libraries save the encoder alone and leave the former class in config.json, so the head that is named may be
    /// missing. Then the tensors decide, as they do in files older than `architectures`. If only some of a head's tensors are
    /// present, the file has lost the others.
    init(_ declared: __shared DeclaredConfiguration, _ checkpoint: __shared Checkpoint) throws(LimbeckError) {
        let heads = declared.rules.heads
        let named = declared.architectures.compactMap { name in heads.first { $0.architecture == name } }
        try HeadRule.refuseOtherFamilies(declared, unless: !named.isEmpty)
        var found: HeadRule?
        var half: LimbeckError?
        for (name, head) in named where found == nil {
            switch head.presence(declared.rules, checkpoint, withPooler: false) {
            case .whole: found = head
            case .none: break
            case .half(let has, let lacks):
                half = LimbeckError(
                    .fileInconsistent,
                    "\(checkpoint.file): no tensor '\(lacks)', but '\(has)', both of the head of '\(name)'")
            }
        }
        if found == nil, let half { throw half }
        if let found {
            self = found
        } else if named.isEmpty, !declared.architectures.isEmpty {
            // An unknown class; `LoadedModel` checks whether there are tensors that are not the encoder's.
            self = .none
        } else {
            let (name, head) = try HeadRule.whole(declared, checkpoint)
            self = head
            if let expected = named.first {
                declared.notes.add(
                    """
                    \(declared.file): 'architectures' names '\(expected.architecture)', but \(checkpoint.file) has no tensor of its \
                    head: opened as \(name)
                    """)
            }
        }
        // TinyBERT's classifier has an extra ReLU, but BERT's class name; what TinyBERT's training
        // leaves in the file tells them apart.
        if case .sequence(let dense, "classifier", _, _) = self, checkpoint.hasTinyBERTProjections { dense?.relu = true }
    }

    /// The first head whose tensors are all present, chosen without a class name.
    private static func whole(
        _ declared: DeclaredConfiguration, _ checkpoint: Checkpoint
    ) throws(LimbeckError) -> (architecture: String, head: HeadRule) {
        let rules = declared.rules
        var found: (architecture: String, head: HeadRule)?
        for entry in rules.heads {
            if case .none = entry.head { continue }
            guard case .whole = entry.head.presence(rules, checkpoint, withPooler: true) else { continue }
            guard let first = found else {
                found = entry
                continue
            }
            // If the classifiers of sequences and tokens read the same layer, they have the same tensors.
            guard rules.tokenDense != nil, !entry.head.isLike(first.head) else { continue }
            let layers = first.head.layers(rules, checkpoint, withPooler: true)
            if entry.head.layers(rules, checkpoint, withPooler: true).elementsEqual(layers, by: ==) {
                throw LimbeckError(
                    .fileUnsupported,
                    """
                    \(declared.file): 'architectures' does not name the head that the file has, and its tensors are those of \
                    \(first.architecture) and of \(entry.architecture)
                    """)
            }
        }
        return found ?? ("an encoder alone", .none)
    }

    /// A class of another family would compute something else from the same tensors.
    private static func refuseOtherFamilies(
        _ declared: DeclaredConfiguration, unless isKnown: Bool
    ) throws(LimbeckError) {
        guard !isKnown else { return }
        for name in declared.architectures {
            for family in Family.allCases where family.rules.heads.contains(where: { $0.architecture == name }) {
                throw LimbeckError(
                    .fileUnsupported,
                    "\(declared.file): architecture '\(name)' does not match model_type '\(declared.modelType)'")
            }
        }
    }
}
