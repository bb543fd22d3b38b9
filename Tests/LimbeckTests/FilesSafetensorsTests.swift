import Limbeck
import Testing

@Suite struct FilesSafetensorsTests {
    @Test func viewsAndMetadata() throws {
        let header = """
            {"__metadata__": {"format": "pt"}, "b": {"dtype": "F16", "shape": [2, 1], "data_offsets": [4, 8], "more": 1},
             "a": {"shape": [], "data_offsets": [0, 4], "dtype": "F32"}, "empty": {"dtype": "I64", "shape": [0, 7], "data_offsets": [8, 8]},
             "four": {"dtype": "F4", "shape": [4], "data_offsets": [8, 10]}}    
            """
        try safetensors(header, data: Array(0..<10)).withUnsafeBytes { bytes in
            let file = try Safetensors(bytes, file: "x")
            #expect(file.entries.map(\.name) == ["a", "b", "empty", "four"])
            #expect(file.entries.map(\.dtype) == ["F32", "F16", "I64", "F4"])
            #expect(file.entries.map(\.shape) == [[], [2, 1], [0, 7], [4]])
            #expect(file.entries.map { Array($0.bytes) } == [[0, 1, 2, 3], [4, 5, 6, 7], [], [8, 9]])
            #expect(file.metadata.map(\.key) == ["format"])
            #expect(file.metadata.map(\.value) == ["pt"])
        }
    }

    @Test func noTensors() throws {
        let count = try safetensors("{}").withUnsafeBytes { try Safetensors($0, file: "x").entries.count }
        #expect(count == 0)
    }

    /// Every byte of a header is needed: no prefix of the file opens.
    @Test func everyPrefixIsRefused() throws {
        let file = safetensors(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, data: [1, 2, 3, 4, 5, 6, 7, 8])
        for length in 0..<file.count {
            Array(file[..<length]).withUnsafeBytes { bytes in
                _ = #expect(throws: LimbeckError.self) { try Safetensors(bytes, file: "x") }
            }
        }
    }
}
