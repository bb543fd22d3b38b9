/// Where a sequence may leave the encoder: the number of layers before, steps of its own on the state, if any, and a head.
package struct Exit<Form: WeightForm> {
    package var layers: Int
    /// The block of its own steps, which leave the state as it is.
    package var block: Int?
    /// The buffer whose rows the head reads.
    package var from = Buffer.hidden
    package var head: Head<Form>

    @inline(never) func map<Map: WeightMap>(_ map: inout Map) -> Exit<Map.Target> where Map.Source == Form {
        Exit<Map.Target>(layers: layers, block: block, from: from, head: head.map(&map))
    }
}

extension Head<Packed> {
    /// The width of the rows that a sequence head reads; 0 for other heads.
    var width: Int {
        guard case .sequence(let dense, let classifier) = self else { return 0 }
        return dense?.linear.inputs ?? classifier.inputs
    }
}

/// When a sequence leaves the encoder at an exit, p being the softmax of its logits; raw values as in `limbeck.h`.
public enum ExitRule: UInt32, Sendable {
    /// -sum p ln p is below the threshold (DeeBERT, Xin et al. 2020, arXiv 2004.12993; ElasticBERT, Liu et al. 2022).
    case entropy = 1
    /// -sum p ln p / ln(labels) is at most the threshold (FastBERT, Liu et al. 2020, arXiv 2004.02178: the authors' run_fastbert.py).
    case uncertainty = 2
    /// The same below the threshold (the PyPI package fastbert).
    case uncertaintyBelow = 3
    /// So many exits in a row have agreed with the one before (PABEE, Zhou et al. 2020, arXiv 2006.04152).
    case patience = 4
}
