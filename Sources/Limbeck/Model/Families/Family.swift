/// The model families, numbered as in `limbeck.h`.
public enum Family: UInt32, Sendable, CaseIterable {
    /// BERT, TinyBERT, MiniLM, Chinese BERT-wwm, RBT.
    case bert = 1
    case distilBERT = 2
    /// RoBERTa, DistilRoBERTa, CamemBERT, XLM-RoBERTa.
    case roberta = 3
    case albert = 4
    case electra = 5
    case mpnet = 6
    case mobileBERT = 7
    /// DeBERTa-v2 and -v3.
    case deberta = 8
    case modernBERT = 9
    case nomicBERT = 10
    /// As its authors save it.
    case fastBERT = 11
}

extension Family {
    @inline(never) var rules: FamilyRules {
        switch self {
        case .bert: .bert
        case .distilBERT: .distilBERT
        case .roberta: .roberta
        case .albert: .albert
        case .electra: .electra
        case .mpnet: .mpnet
        case .deberta: .deberta
        case .modernBERT: .modernBERT
        case .nomicBERT: .nomicBERT
        case .mobileBERT: .mobileBERT
        case .fastBERT: .fastBERT
        }
    }
}

extension Family {
    /// The values of `model_type`.
    package var modelTypes: [String] { rules.modelTypes }
    /// The keys specific to the family, for each form of its configuration files.
    package var keys: [[KeyRule]] { [rules.keys] + (rules.newer.map { [$0.rules().keys] } ?? []) }
}
