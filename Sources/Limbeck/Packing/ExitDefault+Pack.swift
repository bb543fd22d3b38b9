extension Model {
    /// Writes into a pack with exits when a text leaves in calls that do not say: by a threshold, or by patience; both 0: at the last
    /// exit. The pack is replaced by a new file, as by `pack`, with the same tensors.
    public static func setExitDefault(threshold: Float = 0, patience: Int = 0, ofPack path: String) throws(LimbeckError) {
        guard case .pack(let pack) = try ModelFiles(path) else { throw LimbeckError(.fileUnsupported, "\(path): not a pack") }
        try pack.verifyChecksums()
        let c = try Model(.pack(pack)).configuration, wish = ExitDefault(threshold: threshold, patience: patience)
        guard c.mayLeave else {
            throw LimbeckError(.unsupported, "\(path): the model has no exits, or gives several labels to a text")
        }
        guard patience <= Int(Int32.max) else {
            throw LimbeckError(.invalidArgument, "exit_patience is \(patience), more than any model has")
        }
        if !wish.choice.isEmpty { _ = try c.rule(of: wish.choice, labels: c.labels.count, exits: 1) }

        var contents = PackContents()
        contents.needs(format: 3)
        for index in 1..<pack.entries.count - 1 {
            let entry = pack.entries[index]
            for type in PackTensor.ElementType.allCases where type.rawValue == entry.dtype {
                contents.add(PackTensor(name: entry.name, type: type, shape: entry.shape, bytes: entry.bytes, owner: nil))
            }
            guard contents.tensors.count == index else {
                throw LimbeckError(.fileUnsupported, "\(path): tensor '\(entry.name)' of \(entry.dtype), which no pack has")
            }
        }
        let description = try pack.description(replacing: c.exitDefault.ending, with: wish.ending)
        try PackFile.write(contents, description: description, to: path, Interruption(nil))
        withExtendedLifetime(pack) {}
    }
}

extension PackFile {
    /// The description with another default, which is its last member; the others stay as they are.
    fileprivate func description(replacing old: [UInt8], with new: [UInt8]) throws(LimbeckError) -> [UInt8] {
        let bytes = entries[0].bytes
        var end = bytes.count
        while end > old.count, bytes[end - 1] == UInt8(ascii: " ") { end -= 1 }
        for (index, byte) in old.enumerated() where bytes[end - old.count + index] != byte {
            throw root.mismatch("a default for exits", expected: "it to be the last member")
        }
        var text: [UInt8] = []
        for index in 0..<end - old.count { text.append(bytes[index]) }
        return text + new
    }
}

extension ExitDefault {
    /// The end of a description that has this default.
    fileprivate var ending: [UInt8] {
        guard !choice.isEmpty else { return [UInt8(ascii: "}")] }
        var json = JSONWriter()
        json.object { json in write("exit_default", to: &json) }
        var text = json.text
        text[0] = UInt8(ascii: ",")
        return text
    }
}
