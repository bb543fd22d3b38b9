import Limbeck

extension HostileCase {
    /// Another pytorch_model.bin.
    static func torch(
        _ name: String, _ status: LimbeckError.Status?, _ words: String,
        _ file: @escaping @Sendable (inout TorchSample) -> [UInt8]
    ) -> HostileCase {
        HostileCase(name, status, words) { $0.torch { torch in file(&torch) } }
    }

    static let archives: [HostileCase] = [
        .torch("zip-cut", .fileMalformed, "a zip archive without its end") {
            $0.zip().bytes.dropLast()
        },
        .torch("zip-longer", .fileMalformed, "a zip archive without its end") {
            $0.zip().bytes + [0]
        },
        .zip("zip-entry-compressed", .fileUnsupported, "is compressed by method 8") {
            $0["archive/data/0"].method = 8
        },
        .zip("zip-entry-encrypted", .fileUnsupported, "'archive/data/0' is encrypted") {
            $0["archive/data/0"].flags = 1
        },
        .zip("zip-entry-twice", .fileMalformed, "duplicate zip entry 'archive/data/0'") {
            $0.entries.append($0.entries[1])
        },
        .zip("zip-entries-overlap", .fileMalformed, "/data/0' and 'archive/data/1' overlap") {
            $0["archive/data/0"].size = 353
            $0["archive/data/0"].localSize = 353
        },
        .zip("zip-entries-nested", .fileMalformed, "/data/0' and 'archive/inside' overlap") {
            let inside = ZipSample(entries: [.init(name: "archive/inside", bytes: [1])]).bytes
            let start = ZipSample(entries: [$0.entries[0]]).bytes.count - 22 - 46 - 16
            $0["archive/data/0"].bytes.replaceSubrange(..<inside.count, with: inside)
            $0.entries.append(.init(name: "archive/inside", bytes: [1], offset: start + 30 + 14))
        },
        .zip("zip-name-other-in-header", .fileMalformed, "has a header that contradicts") {
            $0["archive/data/0"].localName = Array("archive/data/X".utf8)
        },
        .zip("zip-size-other-in-header", .fileMalformed, "has a header that contradicts") {
            $0["archive/data/0"].localSize = 8
        },
        .zip("zip-size-follows", nil, "") {
            $0["archive/data/0"].flags = 8
            $0["archive/data/0"].localSize = 0
        },
        .zip("zip-size-follows-other", .fileMalformed, "has a header that contradicts") {
            $0["archive/data/0"].flags = 8
            $0["archive/data/0"].localSize = 8
        },
        .zip("zip-size-zero-in-header", .fileMalformed, "has a header that contradicts") {
            $0["archive/data/0"].localSize = 0
        },
        .zip("zip-size-two", .fileMalformed, "has 8 bytes for 352") {
            $0["archive/data/0"].compressed = 8
        },
        .zip("zip-size-beyond", .fileMalformed, "has 2147483647 bytes from") {
            $0["archive/data/0"].size = 0x7FFF_FFFF
            $0["archive/data/0"].localSize = 0x7FFF_FFFF
        },
        .zip("zip-size-saturated", .fileMalformed, "has a header that contradicts") {
            $0["archive/data/0"].size = 0xFFFF_FFFF
        },
        .zip("zip-offset-beyond", .fileMalformed, "has no header at byte 1000000") {
            $0["archive/data/0"].offset = 1_000_000
        },
        .zip("zip-offset-inside", .fileMalformed, "has no header at byte 1") {
            $0["archive/data/0"].offset = 1
        },
        .zip("zip-name-not-utf8", .fileMalformed, "is not UTF-8") {
            $0["archive/data/0"].directoryName = [0xFF]
        },
        .zip("zip-count-less", .fileMalformed, "bytes after the last entry") {
            $0.count = $0.entries.count - 1
        },
        .zip("zip-count-more", .fileMalformed, "is cut short") { $0.count = 0xFFFF },
        .zip("zip-directory-longer", .fileMalformed, "expected it to end at") {
            $0.directorySize = 0x7FFF_FFFF
        },
        .zip("zip-comment", .fileMalformed, "a zip archive without its end") {
            $0.comment = Array("hidden".utf8)
        },
        .zip("zip64-opens", nil, "") {
            $0.zip64 = true
            $0["archive/data/0"].long = true
        },
        .zip("zip64-count-other", .fileMalformed, "contradict each other") {
            $0.zip64 = true
            $0.zip64Count = 1 << 40
        },
        .zip(
            "zip64-count-huge", .fileMalformed,
            "entry 26 of the zip directory's 1099511627776 is cut short"
        ) {
            $0.zip64 = true
            $0.zip64Count = 1 << 40
            $0.count = 0xFFFF
        },
        .zip("zip64-size-negative", .fileMalformed, "the zip64 record is malformed") {
            $0.zip64 = true
            $0.zip64Size = -1
        },
        .zip("zip64-offset-other", .fileMalformed, "contradict each other") {
            $0.zip64 = true
            $0.zip64Offset = 0
        },
        .zip("zip64-locator-beyond", .fileMalformed, "points nowhere") {
            $0.zip64 = true
            $0.locator = .max
        },
        .zip("zip64-locator-inside", .fileMalformed, "the zip64 record is malformed") {
            $0.zip64 = true
            $0.locator = 0
        },
        .zip("zip64-entry-huge", .fileMalformed, "has 9223372036854775807 bytes from") {
            $0["archive/data/0"].long = true
            $0["archive/data/0"].size = .max
            $0["archive/data/0"].localSize = 0xFFFF_FFFF
        },
        .zip("zip64-entry-offset-negative", .fileMalformed, "is cut short") {
            $0["archive/data/0"].long = true
            $0["archive/data/0"].offset = -2
        },
        .zip("zip-no-entries", .fileMalformed, "not a file of torch.save") { $0.entries = [] },
        .zip("zip-no-pickle", .fileMalformed, "a zip archive without 'archive/data.pkl'") {
            $0.entries.removeFirst()
        },
        .zip("zip-program", .fileUnsupported, "a TorchScript program") {
            $0.entries.append(.init(name: "archive/constants.pkl", bytes: []))
        },
        .zip("zip-big-endian", .fileUnsupported, "byteorder' is 'big', expected 'little'") {
            $0.entries.append(.init(name: "archive/byteorder", bytes: Array("big".utf8)))
        },
        .torch("legacy-opens", nil, "") { $0.legacy() },
        .torch("legacy-version-other", .fileUnsupported, "unknown version of torch.save") {
            $0.legacy(version: 1000)
        },
        .torch("legacy-big-endian", .fileUnsupported, "'little_endian' is not True") {
            $0.legacy(littleEndian: false)
        },
        .torch("legacy-keys-too-few", .fileMalformed, "expected the names of 25 storages") {
            $0.legacy(keys: ["0"])
        },
        .torch("legacy-key-twice", .fileMalformed, "unknown or duplicate") {
            $0.legacy(keys: [String](repeating: "0", count: $0.storages.count))
        },
        .torch("legacy-keys-swapped", .fileMalformed, "storage '1' is not 128 F32") {
            var keys = $0.storages.map(\.key)
            keys.swapAt(0, 1)
            return $0.legacy(keys: keys)
        },
        .torch("legacy-count-negative", .fileMalformed, "storage '3' is not 8 F32") {
            $0.storages[3].count = -1
            return $0.legacy()
        },
        .torch("legacy-cut", .fileMalformed, "storage '24' is not 3 F32, or is cut short") {
            $0.legacy().dropLast()
        },
        .torch("legacy-longer", .fileMalformed, "1 bytes after the last storage") {
            $0.legacy() + [0]
        },
        .torch("legacy-system", .fileUnsupported, "'posix.system' is not allowed") {
            $0.members[0].value = Pickled.global("posix", "system")
            return $0.legacy()
        },
    ]
}
