// How much of a model does each text need? In a model with exits, such as FastBERT, a text leaves as soon as the model is certain enough; of
// another, such as DynaBERT, a session runs a part.
//
//     swift run --package-path examples/swift adaptive MODEL TEXT...

import Limbeck

@main
struct Adaptive {
    static func main() throws(LimbeckError) {
        let arguments = CommandLine.arguments
        guard arguments.count > 2 else { return print("usage: adaptive MODEL TEXT...") }
        let model = try Model(path: arguments[1]), texts = Array(arguments[2...])

        let options = SessionOptions(width: model.exits > 0 ? 1 : 0.5)
        let session = try Session(model, options: options)
        print("\(session.layers) layers of \(session.attentionHeads) heads, \(session.exits) exits")

        var layers: [Int] = []
        let choice = model.exits > 0 ? ExitOptions.threshold(0.5) : nil
        for (text, labels) in zip(texts, try session.classify(texts, options: ClassifyOptions(exit: choice), layers: &layers)) {
            print("  \(labels[0].label) \(labels[0].score)  \(text)")
        }
        print("layers that they needed: \(layers)")
    }
}
