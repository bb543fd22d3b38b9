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

    /// The head of a folder: a head is there if its tensors are, and `architectures` says which of them the file is for.
    ///
    /// Libraries that embed save the encoder alone and leave the class of before in config.json, so what is named may be missing;
    /// then the tensors decide, as they do in files from before `architectures`. Some of a head's tensors are a file that lost the
    /// others.
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
                    "\(checkpoint.file): no tensor '\(lacks)', but '\(has)', which is of the same head, that of '\(name)'")
            }
        }
        if found == nil, let half { throw half }
        if let found {
            self = found
        } else if named.isEmpty, !declared.architectures.isEmpty {
            // A class that is not known; `LoadedModel` looks whether it has tensors that are not the encoder's.
            self = .none
        } else {
            let (name, head) = try HeadRule.whole(declared, checkpoint)
            self = head
            if let expected = named.first {
                declared.notes.add(
                    """
                    \(declared.file): 'architectures' names '\(expected.architecture)', but \(checkpoint.file) has no tensor of its \
                    head: it opened as what it has, \(name)
                    """)
            }
        }
        // TinyBERT's classifier has a ReLU, and BERT's class name; what its training leaves in the file tells the two apart.
        if case .sequence(let dense, "classifier", _, _) = self, checkpoint.hasTinyBERTProjections { dense?.relu = true }
    }

    /// The first head whose tensors are all there, by no name.
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
            // Where the classifiers of sequences and tokens read the same layer, they have the same tensors.
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

    /// A class of another family would compute something else with the same tensors.
    private static func refuseOtherFamilies(
        _ declared: DeclaredConfiguration, unless isKnown: Bool
    ) throws(LimbeckError) {
        guard !isKnown else { return }
        for name in declared.architectures {
            for family in Family.allCases where family.rules.heads.contains(where: { $0.architecture == name }) {
                throw LimbeckError(
                    .fileUnsupported,
                    "\(declared.file): architecture '\(name)' is of another model_type than '\(declared.modelType)'")
            }
        }
    }
}
