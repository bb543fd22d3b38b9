import Foundation
import Limbeck
import Testing

/// Messages about paths, and the notes of `inspect` about folders that open.
@Suite struct OpeningTests {
    private func message(_ path: String) -> String {
        do throws(LimbeckError) {
            _ = try Model(path: path)
            return "it opened"
        } catch {
            return error.message
        }
    }

    /// The folder precedes the file, once.
    @Test func errorsNameTheFolder() throws {
        var sample = Sample.bert
        sample.set("hidden_act", "\"mish\"")
        try sample.withFolder { path in
            #expect(message(path) == "\(path): config.json: hidden_act 'mish' is not supported")
            #expect(throws: LimbeckError.self) { _ = try Tokenizer(path: path) }
            let pack = path + ".limbeck"
            let error = try #require(throws: LimbeckError.self) { try Model.pack(path, to: pack) }
            #expect(error.message == message(path))
        }
        sample = Sample.bert
        sample.missing = ["model.safetensors"]
        try sample.withFolder { path in
            #expect(message(path).hasPrefix("\(path): no weights, expected model.safetensors"))
            let error = try #require(throws: LimbeckError.self) { _ = try Tokenizer(path: path) }
            #expect(error.message.hasPrefix("\(path): no tokenizer, which may be tokenizer.json or vocab.txt or vocab.json or "))
        }
        // A file name that begins like the path is not taken for it.
        try Sample.bert.withFolder { path in
            let folder = "c"
            try FileManager.default.createDirectory(atPath: "\(path)/\(folder)", withIntermediateDirectories: true)
            try Data("{".utf8).write(to: URL(fileURLWithPath: "\(path)/\(folder)/config.json"))
            #expect(message("\(path)/c").hasPrefix("\(path)/c: config.json: not JSON"))
        }
    }

    @Test func pathsThatAreNone() throws {
        let hint = "; models are not downloaded: download the files to a folder and pass its path"
        #expect(
            message("sentence-transformers/all-MiniLM-L6-v2")
                == "sentence-transformers/all-MiniLM-L6-v2: no such file or folder\(hint)")
        #expect(message("bert-base-uncased").hasSuffix(hint))
        #expect(message("/nowhere/at/all") == "/nowhere/at/all: no such file or folder")
        #expect(message("./bert") == "./bert: no such file or folder")
        #expect(message("a/b/c") == "a/b/c: no such file or folder")
        #expect(message("~/models/bert") == "~/models/bert: no such file or folder; '~' is not expanded here")
        try Sample.bert.withFolder { path in
            // The folder is there, so the second part is what is misspelt.
            #expect(message("\(path)/nothing") == "\(path)/nothing: no such file or folder")
            let none = "not a folder, and neither a pack nor a GGUF file"
            let hint = ", but a file of a model folder: open the folder that it is in"
            #expect(message("\(path)/config.json") == "\(path)/config.json: \(none)\(hint)")
            #expect(message("\(path)/model.safetensors") == "\(path)/model.safetensors: \(none)\(hint)")
            for (name, bytes) in [("x.zip", [0x50, 0x4B, 3, 4]), ("x.tar.gz", [0x1F, 0x8B, 8, 0])] as [(String, [UInt8])] {
                try Data(bytes).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
                #expect(
                    message("\(path)/\(name)").hasSuffix("but an archive: unpack it, and open the folder that has its config.json"))
            }
            try Data("version https://git-lfs.github.com/spec/v1\n".utf8).write(to: URL(fileURLWithPath: "\(path)/x.limbeck"))
            #expect(message("\(path)/x.limbeck").hasPrefix("\(path)/x.limbeck: a pointer of git-lfs"))
        }
    }

    private func notes(_ change: (inout Sample) -> Void) throws -> (notes: [String], answers: Model.Answers) {
        var sample = Sample.bert
        sample.files["vocab.txt"] = Array(HostileCase.words.joined(separator: "\n").utf8)
        change(&sample)
        return try sample.withFolder { path in
            let model = try Model(path: path)
            return (model.notes.map { $0.replacingOccurrences(of: path, with: "FOLDER") }, model.answers)
        }
    }

    @Test func notesOfHeads() throws {
        let whole = try notes { _ in }
        #expect(whole.notes.isEmpty && whole.answers == [.embed, .classify])

        let bare = try notes {
            $0.remove("classifier")
            $0.set("architectures", #"["BertForMaskedLM"]"#)
        }
        #expect(bare.answers == .embed)
        #expect(
            bare.notes == [
                "config.json: 'architectures' names 'BertForMaskedLM', but model.safetensors has no tensor of its head: opened as an "
                    + "encoder alone"
            ])

        let other = try notes { $0.set("architectures", #"["BertForMaskedLM"]"#) }
        #expect(other.answers == [.embed, .classify])
        #expect(other.notes.count == 1 && other.notes[0].hasSuffix(": opened as BertForSequenceClassification"))

        let unknown = try notes {
            $0.remove("classifier")
            $0.set("architectures", #"["BertForPoetry"]"#)
        }
        #expect(unknown.answers == .embed)
        #expect(unknown.notes == ["config.json: architecture 'BertForPoetry' is unknown; opened as 'BertModel'"])

        // The first that exists.
        let several = try notes { $0.set("architectures", #"["BertForMaskedLM", "FSDPBertForSequenceClassification"]"#) }
        #expect(several.notes.isEmpty && several.answers == [.embed, .classify])
        let encoder = try notes { $0.set("architectures", #"["BertModel", "BertForSequenceClassification"]"#) }
        #expect(encoder.notes.isEmpty && encoder.answers == .embed)
    }

    @Test func notesOfTokenizers() throws {
        let none = try notes { $0.files["vocab.txt"] = nil }
        #expect(
            none.notes.count == 1 && none.notes[0].hasPrefix("FOLDER: no tokenizer, which may be tokenizer.json or vocab.txt or "))
    }

    @Test func namesOfLabels() throws {
        func labels(_ names: String?, _ count: String? = nil) throws -> [String] {
            var sample = Sample.bert
            sample.set("id2label", names)
            sample.set("num_labels", count)
            return try sample.load().configuration.labels
        }
        #expect(try labels(#"{"0": 1, "2": 2.50, "1": "x"}"#) == ["1", "x", "2.50"])
        #expect(try labels(#"{"0": false, "1": true, "2": ""}"#) == ["false", "true", ""])
        #expect(try labels(nil) == ["LABEL_0", "LABEL_1", "LABEL_2"])
        #expect(try labels(nil, "3") == ["LABEL_0", "LABEL_1", "LABEL_2"])
        // transformers 5 goes by the number, transformers 4 by the names.
        #expect(try labels(#"{"0": "a", "1": "b"}"#, "3") == ["LABEL_0", "LABEL_1", "LABEL_2"])
        #expect(try labels(#"{"0": "a", "1": "b", "2": "c"}"#, "2") == ["a", "b", "c"])
    }
}
