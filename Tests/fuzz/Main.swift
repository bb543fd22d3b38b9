// One program for all targets, which is linked once; its name says which target it is: fuzz-json.

private typealias Target = @Sendable (UnsafePointer<UInt8>?, Int) -> Int32

private let targets: [(name: String, run: Target)] = [
    ("json", { fuzzJSON($0, $1) }), ("torch", { fuzzTorch($0, $1) }), ("gguf", { fuzzGGUF($0, $1) }),
    ("sentencepiece", { fuzzSentencePiece($0, $1) }), ("model", { fuzzModel($0, $1) }), ("pack", { fuzzPack($0, $1) }),
    ("tokenizer", { fuzzTokenizer($0, $1) }), ("text", { fuzzText($0, $1) }),
]

private let target: Target = {
    let program = CommandLine.arguments.first ?? ""
    guard let found = targets.first(where: { program.hasSuffix("fuzz-\($0.name)") }) else {
        fatalError("\(program) is no target: fuzz-\(targets.map(\.name).joined(separator: ", fuzz-"))")
    }
    return found.run
}()

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 { target(data, count) }
