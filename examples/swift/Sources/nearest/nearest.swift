// Which of these sentences is closest in meaning to the first? For embeddings of length one, the dot product is the cosine.
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
