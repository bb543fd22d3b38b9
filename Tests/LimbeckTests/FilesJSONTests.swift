import Limbeck
import Testing

@Suite struct FilesJSONTests {
    /// Parses `text` and hands the root to `body`; the bytes live as long as it runs.
    func parse<Result>(_ text: [UInt8], _ body: (JSONValue) throws -> Result) throws -> Result {
        try text.withUnsafeBytes { bytes in try body(JSONDocument(bytes, file: "test.json").root) }
    }

    func parse<Result>(_ text: String, _ body: (JSONValue) throws -> Result) throws -> Result {
        try parse(Array(text.utf8), body)
    }

    func refusal(_ text: [UInt8]) -> String? {
        do {
            try parse(text) { _ in }
            return nil
        } catch {
            let error = error as? LimbeckError
            #expect(error?.status == .fileMalformed)
            return error?.message
        }
    }

    @Test func valuesAndStructure() throws {
        let text = #" {"a": [1, -2, [], {}, null, true, false, "x"], "b": {"c": 2.5}, "": 0, "a": "last"} "#
        try parse(text) { root in
            #expect(root.kind == .object)
            #expect(root.count == 4)
            #expect(root["a"]?.string == "last")
            #expect(root["b"]?["c"]?.double == 2.5)
            #expect(root[""]?.int == 0)
            #expect(root["d"] == nil)
            #expect(root.members.map(\.key.string) == ["a", "b", "", "a"])
            let first = try #require(root.members.first { _ in true }).value
            #expect(first.count == 8)
            #expect(first.elements.map(\.kind) == [.number, .number, .array, .object, .null, .bool, .bool, .string])
            #expect(first.elements.compactMap(\.int) == [1, -2])
            #expect(first.elements.compactMap(\.bool) == [true, false])
        }
    }

    @Test func strings() throws {
        try parse(#""plain é 中 😀""#) { root in
            let text = try #require(root.text)
            #expect(text.utf8.map { Array($0) } == Array("plain é 中 😀".utf8))
            #expect(text == "plain é 中 😀")
        }
        try parse(#""\"\\\/\b\f\n\r\t\u0041\u00e9\u4E2D\ud83D\uDE00\u0000|""#) { root in
            #expect(root.text?.utf8 == nil)
            #expect(root.string == "\"\\/\u{8}\u{C}\n\r\tAé中😀\0|")
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("-0", 0), ("9223372036854775807", Int.max), ("-9223372036854775808", Int.min),
            ("9223372036854775808", nil), ("-9223372036854775809", nil), ("1e3", nil), ("1.0", nil),
            ("1000000000000000019884624838656", nil),
        ] as [(String, Int?)])
    func integers(text: String, expected: Int?) throws {
        #expect(try parse(text) { $0.int } == expected)
    }

    @Test func doublesAreCorrectlyRounded() throws {
        var texts = [
            "0", "-0.0", "1", "1e-12", "1E+2", "0.1", "3.14159265358979", "1e22", "1e23", "9007199254740993", "-9.210340371976182",
            "2.2250738585072014e-308", "4.9e-324", "1.7976931348623157e308", "1e-400", "0.000000000000000000000000000001",
            "1000000000000000019884624838656", "123456789012345678901234567890e-20",
        ]
        let seed = UInt64.random(in: 0 ... .max)
        print("doubles seed \(seed)")
        var random = Random(seed: seed)
        for _ in 0..<2000 {
            let significand = Double.random(in: 1..<2, using: &random)
            texts.append("\(Double(sign: .plus, exponent: .random(in: -60...60, using: &random), significand: significand))")
            texts.append("\(Int.random(in: 0...999_999, using: &random))e\(Int.random(in: -25...25, using: &random))")
        }
        for text in texts {
            #expect(try parse(text) { $0.double?.bitPattern } == Double(text)?.bitPattern, "\(text)")
        }
        #expect(try parse("1e999") { $0.double } == nil)
        #expect(try parse("1e99999999999999999999") { $0.double } == nil)
    }

    @Test func emptyFiles() { #expect(refusal([]) == "test.json: an empty file, 0 bytes") }

    @Test(arguments: [
        ("  ", "ends at byte 2"), ("{", "ends at byte 1, expected a key in quotes"), ("[1", "',' or ']'"),
        ("[1,]", "byte 3, expected a value"), ("{\"a\":1,}", "byte 7, expected a key"), ("{\"a\" 1}", "':'"), ("{a:1}", "a key"),
        ("[1 2]", "byte 3, expected ',' or ']'"), ("{\"a\":1 \"b\":2}", "',' or '}'"), ("[1}", "',' or ']'"), ("nul", "a value"),
        ("NaN", "a value"), ("Infinity", "a value"), ("-", "a digit"), ("01", "end of the text"), ("1.", "a digit"),
        (".5", "a value"),
        ("1e", "a digit"), ("+1", "a value"), ("1 2", "end of the text"), ("\"a", "expected '\"'"), ("\"\\x\"", "a JSON escape"),
        ("\"\\u12g4\"", "hexadecimal"), ("\"\\ud800\"", "surrogates"), ("\"\\udc00\"", "surrogates"),
        ("\"\\ud800\\u0041\"", "surrogates"),
        ("\"a\nb\"", "control character"), ("// no\n1", "a value"), ("'a'", "a value"), ("\u{FEFF}1", "a value"), ("]", "a value"),
    ])
    func malformed(text: String, expected: String) throws {
        let message = try #require(refusal(Array(text.utf8)), "\(text) was taken")
        #expect(message.hasPrefix("test.json: not JSON"))
        #expect(message.contains(expected), "\(message)")
    }

    @Test(
        arguments: [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80],
            [0xF5, 0x80, 0x80, 0x80], [0xFF], [0xE2, 0x82], [0xC3, 0x28],
        ] as [[UInt8]])
    func illFormedUTF8(bytes: [UInt8]) throws {
        let quote = UInt8(ascii: "\"")
        #expect(refusal([quote] + bytes + [quote])?.contains("expected UTF-8") == true)
        #expect(refusal([quote] + bytes) != nil)
    }

    @Test func depthIsBounded() throws {
        func nested(_ depth: Int) -> [UInt8] {
            Array((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
        }
        #expect(refusal(nested(64)) == nil)
        #expect(refusal(nested(65))?.contains("64 levels") == true)
        #expect(refusal(Array(String(repeating: "{\"a\":", count: 1_000_000).utf8))?.contains("64 levels") == true)
    }

    @Test func everyPrefixIsRefused() throws {
        let text = Array(#"{"a":[1.5e3,"\u00e9é",{"b":null}],"c":true}"#.utf8)
        #expect(refusal(text) == nil)
        for length in 0..<text.count { #expect(refusal(Array(text[..<length])) != nil) }
    }
}
