// Which of these sentences means most nearly the same as the first? Embeddings of length one answer with a dot product.
//
//     swift run --package-path examples/swift nearest models/all-MiniLM-L6-v2

import Limbeck

@main
struct Nearest {
    static func main() throws(LimbeckError) {
        guard CommandLine.arguments.count == 2 else { return print("usage: nearest MODEL") }
        let texts = ["The cat sleeps on the sofa.", "Stock prices fell.", "A kitten naps on the couch.", "He parks the car."]

        let session = try Session(Model(path: CommandLine.arguments[1]))
        let vectors = try session.embed(texts, options: EmbedOptions(normalize: true))

        print(texts[0])
        for (text, vector) in zip(texts, vectors).dropFirst() {
            let cosine = zip(vectors[0], vector).reduce(0) { $0 + $1.0 * $1.1 }
            print("  \(cosine)  \(text)")
        }
    }
}
