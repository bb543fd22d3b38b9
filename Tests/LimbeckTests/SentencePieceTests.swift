import Foundation
import Limbeck
import Testing

/// What transformers and sentencepiece make of texts with .model files, written by Tests/golden/make_sentencepiece.py.
@Suite struct SentencePieceTests {
    static let folder = "Tests/golden/sentencepiece"
    static let names = ["albert", "albert-cased", "camembert", "deberta-v2", "xlm-roberta"]

    private func ints(_ value: JSONValue?) throws -> [Int] {
        try (try #require(value)).elements.map { try #require($0.int) }
    }

    #if SentencePiece
        @Test(arguments: names) func tokensAreEqual(_ name: String) throws {
            let path = Repository.path("\(Self.folder)/\(name)")
            let tokenizer = try Tokenizer(path: path)
            let file = try MappedFile("\(path)/cases.json", name: name)
            let root = try JSONDocument(file.bytes, file: name).root
            let texts = Array(try #require(root["texts"]).elements)
            #expect(texts.count > 20)
            for item in texts {
                let parts = Array(item.elements)
                let text = try #require(parts[0].string)
                let tokens = tokenizer.tokens(Array(text.utf8))
                #expect(tokens.ids == (try ints(parts[1])), "\(name): \(text.debugDescription)")
                if parts[2].isNull { continue }
                #expect(tokens.starts.dropFirst().dropLast() == (try ints(parts[2]))[...], "\(name): \(text.debugDescription)")
                #expect(tokens.ends.dropFirst().dropLast() == (try ints(parts[3]))[...], "\(name): \(text.debugDescription)")
            }
            let pair = Array(try #require(root["pair"]).elements)
            let (first, second) = (try #require(pair[0].string), try #require(pair[1].string))
            let tokens = tokenizer.tokens(Array(first.utf8), pair: Array(second.utf8))
            #expect(tokens.ids == (try ints(pair[2])), "\(name)")
        }
    #else
        @Test(arguments: names) func refused(_ name: String) throws {
            let error = try #require(throws: LimbeckError.self) {
                _ = try Tokenizer(path: Repository.path("\(Self.folder)/\(name)"))
            }
            #expect(error.status == .fileUnsupported)
            #expect(error.message.contains("built without SentencePiece"))
        }
    #endif
}
