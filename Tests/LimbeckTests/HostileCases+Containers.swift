import Limbeck

extension HostileCase {
    /// A zip archive with this pickle.
    static func pickle(
        _ name: String, _ status: LimbeckError.Status?, _ words: String = "",
        _ pickle: @escaping @Sendable (TorchSample) -> [UInt8]
    ) -> HostileCase {
        HostileCase(name, status, words) { $0.torch { torch in torch.zip(pickle(torch)).bytes } }
    }

    /// The pickled dict of tensors, followed by these operations: the dict is on the stack.
    static func after(
        _ name: String, _ status: LimbeckError.Status?, _ words: String = "", _ operations: [UInt8]
    ) -> HostileCase {
        pickle(name, status, words) { Pickled.whole($0.dict + operations) }
    }

    /// Another pickle for the tensor 'classifier.bias' of three numbers.
    static func view(
        _ name: String, _ status: LimbeckError.Status?, _ words: String, _ value: [UInt8]
    ) -> HostileCase {
        HostileCase(name, status, words) {
            $0.torch { torch in
                torch.members[torch.members.count - 1].value = value
                return torch.zip().bytes
            }
        }
    }

    /// An archive with a wrong value.
    static func zip(
        _ name: String, _ status: LimbeckError.Status?, _ words: String,
        _ spoil: @escaping @Sendable (inout ZipSample) -> Void
    ) -> HostileCase {
        HostileCase(name, status, words) {
            $0.torch { torch in
                var zip = torch.zip()
                spoil(&zip)
                return zip.bytes
            }
        }
    }

    private static let key = "24"  // the storage of 'classifier.bias'
    private static let outside = "is not inside its storage '24' of 3 elements"
    private static let system =
        Pickled.global("os", "system") + Pickled.tuple(Pickled.text("echo hostile")) + [0x52]

    static let pickles: [HostileCase] = [
        .pickle("pickle-opens", nil) { Pickled.whole($0.dict) },
        .init("pickle-empty", .fileMalformed, "pytorch_model.bin: an empty file, 0 bytes") {
            $0.torch { _ in [] }
        },
        .pickle(
            "pickle-os-system", .fileUnsupported, "(archive/data.pkl): 'os.system' is not allowed"
        ) { _ in
            Pickled.whole(system)
        },
        .after(
            "pickle-eval-by-two-strings", .fileUnsupported, "'builtins.eval' is not allowed",
            Pickled.text("builtins") + Pickled.text("eval") + [0x93]),
        .after(
            "pickle-name-of-torch", .fileUnsupported, "'torch.load' is not allowed",
            Pickled.global("torch", "load")),
        .after(
            "pickle-own-class", .fileUnsupported, "'model.Student' is not allowed",
            Pickled.global("model", "Student")),
        .after(
            "pickle-storage-other", .fileUnsupported, "'torch.ComplexFloatStorage'",
            Pickled.global("torch", "ComplexFloatStorage")),
        .after(
            "pickle-name-long", .fileUnsupported, "….s' is not allowed",
            Pickled.global(String(repeating: "o", count: 1 << 16), "s")),
        .after("pickle-name-endless", .fileMalformed, "cut short", Array("cos\nsystem".utf8)),
        .after(
            "pickle-new-object", .fileUnsupported, "the operation NEWOBJ at byte", [0x29, 0x81]),
        .after(
            "pickle-instance", .fileUnsupported, "the operation INST",
            Array("(ios\nsystem\n".utf8)),
        .after("pickle-extension", .fileUnsupported, "the operation EXT1", [0x82, 1]),
        .after("pickle-duplicate", .fileUnsupported, "the operation DUP", [0x32]),
        .after("pickle-buffer", .fileUnsupported, "the operation NEXT_BUFFER", [0x97]),
        .after("pickle-operation-unknown", .fileUnsupported, "the operation 255", [0xFF]),
        .pickle("pickle-protocol-none", .fileMalformed, "does not begin with its protocol") {
            $0.dict + [0x2E]
        },
        .pickle("pickle-protocol-6", .fileUnsupported, "pickle protocol 6, expected 2 to 5") {
            [0x80, 6] + $0.dict + [0x2E]
        },
        .after(
            "pickle-many-marks", .fileUnsupported, "more than 1048576 operations",
            [UInt8](repeating: 0x28, count: 1 << 21)),
        .pickle("pickle-deep-tuples", nil) {
            Pickled.whole(
                $0.dict + Pickled.text("deep") + [0x4E] + [UInt8](repeating: 0x85, count: 500_000)
                    + [0x73])
        },
        .pickle("pickle-doubling", nil) {
            let double: [UInt8] = [0x68, 0, 0x68, 0, 0x86, 0x71, 0]
            let doubles = [[UInt8]](repeating: double, count: 9999).joined()
            return Pickled.whole(
                $0.dict + Pickled.text("laughs") + [0x28, 0x4E, 0x71, 0] + doubles + [0x74, 0x73])
        },
        .pickle("pickle-inside-itself", nil) {
            Pickled.whole($0.dict + [0x71, 0] + Pickled.text("self") + [0x68, 0, 0x73])
        },
        .pickle("pickle-many-of-one-dict", nil) {
            let many = [[UInt8]](repeating: [0x68, 1, 0x68, 1], count: 100_000).joined()
            let big =
                [0x7D, 0x71, 1, 0x28] + [[UInt8]](repeating: [0x4E, 0x4E], count: 100_000).joined()
                + [0x75]
            return Pickled.whole(
                [0x7D, 0x28, 0x4E] + big + many + Pickled.text("model") + $0.dict + [0x75])
        },
        .after(
            "pickle-memo-missing", .fileMalformed, "memo entry 7 is missing", [0x68, 7]),
        .after("pickle-mark-missing", .fileMalformed, "a mark is missing", [0x75]),
        .after("pickle-value-missing", .fileMalformed, "a value is missing", [0x73]),
        .after("pickle-below-mark", .fileMalformed, "a value is missing", [0x28, 0x71, 0]),
        .after("pickle-key-alone", .fileMalformed, "a key without a value", [0x28, 0x4E, 0x75]),
        .after("pickle-two-values", .fileMalformed, "more than one value", [0x4E]),
        .after("pickle-text-longer", .fileMalformed, "cut short", [0x58, 0xFF, 0xFF, 0xFF, 0xFF]),
        .after(
            "pickle-text-negative", .fileMalformed, "cut short",
            [0x8D] + [UInt8](repeating: 0xFF, count: 8)),
        .after(
            "pickle-frame-longer", .fileMalformed, "a frame ends beyond",
            [0x95] + [UInt8](repeating: 0xFF, count: 8)),
        .after(
            "pickle-appended-to-dict", .fileMalformed, "values for a dict, expected a list",
            [0x4E, 0x61]),
        .after(
            "pickle-state-of-number", .fileMalformed, "an integer gets a dict as its state",
            [0x4B, 1, 0x7D, 0x62]),
        .after(
            "pickle-text-called", .fileMalformed, "a string is called with a tuple",
            Pickled.text("os.system") + [0x29, 0x52]),
        .after(
            "pickle-storage-called", .fileMalformed, "a storage is called",
            Pickled.global("torch", "FloatStorage") + [0x29, 0x52]),
        .after(
            "pickle-storage-by-text", .fileMalformed, "a string for a storage",
            Pickled.text("0") + [0x51]),
        .pickle("pickle-no-end", .fileMalformed, "cut short") { [0x80, 2] + $0.dict },
        .pickle("pickle-more-after-end", .fileMalformed, "has 1 bytes after its pickle") {
            Pickled.whole($0.dict) + [0x2E]
        },
        .pickle("pickle-list", .fileUnsupported, "a list, expected a dict of tensors") { _ in
            Pickled.whole([0x5D])
        },
        .pickle("pickle-no-tensors", .fileUnsupported, "no tensors in the dict") { _ in
            Pickled.whole([0x7D])
        },
        .pickle("pickle-two-models", .fileUnsupported, "'model' and 'average' both have tensors") {
            Pickled.whole(Pickled.dict([("model", $0.dict), ("average", $0.dict)]))
        },
        .after("pickle-tensor-twice", .fileMalformed, "duplicate name 'classifier.bias'") {
            Pickled.text("classifier.bias") + Pickled.tensor(Pickled.storage(key, 3), [3]) + [0x73]
        },
        .after("pickle-tensor-number", .fileMalformed, "a tensor whose name is an integer") {
            [0x4B, 1] + Pickled.tensor(Pickled.storage(key, 3), [3]) + [0x73]
        },
        .after(
            "pickle-tensor-not-utf8", .fileMalformed,
            "a tensor whose name is a string, expected a string in UTF-8"
        ) {
            [0x8C, 1, 0xFF] + Pickled.tensor(Pickled.storage(key, 3), [3]) + [0x73]
        },
    ]

    private static func after(
        _ name: String, _ status: LimbeckError.Status, _ words: String, _ operations: () -> [UInt8]
    ) -> HostileCase { after(name, status, words, operations()) }

    static let views: [HostileCase] = [
        .view(
            "view-negative-offset", .fileMalformed, "an offset from 0",
            Pickled.tensor(Pickled.storage(key, 3), offset: -1, [3])),
        .view(
            "view-beyond", .fileMalformed, outside,
            Pickled.tensor(Pickled.storage(key, 3), offset: 1, [3])),
        .view(
            "view-offset-huge", .fileMalformed, outside,
            Pickled.tensor(Pickled.storage(key, 3), offset: .max, [3])),
        .view(
            "view-shape-negative", .fileMalformed, "a shape of at most",
            Pickled.tensor(Pickled.storage(key, 3), [-3], [1])),
        .view(
            "view-shape-overflow", .fileMalformed, outside,
            Pickled.tensor(Pickled.storage(key, 3), [1 << 40, 1 << 40], [0, 0])),
        .view(
            "view-strides-overflow", .fileMalformed, outside,
            Pickled.tensor(Pickled.storage(key, 3), [3], [.max])),
        .view(
            "view-strides-beyond", .fileMalformed, outside,
            Pickled.tensor(Pickled.storage(key, 3), [3], [2])),
        .view(
            "view-strides-negative", .fileMalformed, "strides of at most",
            Pickled.tensor(Pickled.storage(key, 3), [3], [-1])),
        .view(
            "view-strides-too-few", .fileMalformed, "with 0 strides",
            Pickled.tensor(Pickled.storage(key, 3), [3], [])),
        .view(
            "view-repeats", .fileMalformed, outside,
            Pickled.tensor(Pickled.storage(key, 3), [1 << 40], [0])),
        .view(
            "view-many-sizes", .fileMalformed, "at most 64",
            Pickled.tensor(Pickled.storage(key, 3), [Int](repeating: 1, count: 65))),
        .view(
            "view-of-text", .fileMalformed, "a tensor of a string",
            Pickled.tensor(Pickled.text(key), [3])),
        .view(
            "storage-missing", .fileMalformed, "no zip entry 'archive/data/99'",
            Pickled.tensor(Pickled.storage("99", 3), [3])),
        .view(
            "storage-path", .fileMalformed, "no zip entry 'archive/data/../x'",
            Pickled.tensor(Pickled.storage("../x", 3), [3])),
        .view(
            "storage-longer", .fileMalformed, "has 12 bytes, expected those of 4",
            Pickled.tensor(Pickled.storage(key, 4), [3])),
        .view(
            "storage-shorter", .fileMalformed, "has 12 bytes, expected those of 2",
            Pickled.tensor(Pickled.storage(key, 2), [2])),
        .view(
            "storage-negative", .fileMalformed, "without a size from 0",
            Pickled.tensor(Pickled.storage(key, -3), [3])),
        .view(
            "storage-overflow", .fileMalformed, "has 12 bytes",
            Pickled.tensor(Pickled.storage(key, 1 << 62 + 3), [3])),
        .view(
            "storage-two-types", .fileMalformed, "is 6 of F16, but was 3 of F32 before",
            Pickled.tuple(Pickled.storage(key, 3), Pickled.storage(key, 6, type: "HalfStorage"))),
        .view(
            "storage-view", .fileUnsupported, "is a view of another",
            Pickled.tensor(Pickled.storage(key, 3, view: Pickled.ints([0])), [3])),
        .view(
            "storage-key-long", .fileMalformed, "at most 256 bytes",
            Pickled.tensor(Pickled.storage(String(repeating: "0", count: 257), 3), [3])),
        .view(
            "storage-of-integers", .fileUnsupported, "dtype 'I32'",
            Pickled.tensor(Pickled.storage(key, 3, type: "IntStorage"), [3])),
        .init("storage-shared-by-many", .fileUnsupported, "tensors of more than") {
            $0.torch { torch in
                torch.storages.append(("big", [UInt8](repeating: 0, count: 40_000), 10_000))
                let big = Pickled.text("big") + Pickled.storage("big", 10_000) + [0x71, 0]
                let many = (0..<20_000).flatMap {
                    Pickled.text("\($0)") + Pickled.tensor([0x68, 0], [10_000])
                }
                return torch.zip(Pickled.whole([0x7D, 0x28] + big + many + [0x75])).bytes
            }
        },
    ]
}
