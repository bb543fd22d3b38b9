/// A tensor description of a GGUF file, checked on its own and not yet compared with the data.
struct GGUFTensorInfo {
    let name: String
    let type: GGMLType
    /// The last size is the row length, as everywhere here; the file has the reverse order.
    let shape: [Int]
    /// Relative to the start of the data.
    let offset: Int
    let bytes: Int

    /// ggml's own limits.
    private static let maxNameBytes = 64
    private static let maxSizes = 4

    init(_ reader: inout ByteReader, _ index: Int, _ file: __shared String) throws(LimbeckError) {
        @inline(never) func malformed(_ message: __owned Message) -> LimbeckError {
            LimbeckError(.fileMalformed, "\(file): tensor \(message)")
        }
        guard let nameBytes = reader.ggufString(), let sizes = reader.integer(UInt32.self) else {
            throw malformed("\(index) is cut short")
        }
        guard nameBytes.count <= GGUFTensorInfo.maxNameBytes,
            let name = String(wellFormed: nameBytes)
        else { throw malformed("\(index) has a name that is not UTF-8 of at most 64 bytes") }
        guard 1...GGUFTensorInfo.maxSizes ~= Int(sizes) else {
            throw malformed("'\(name)' has \(sizes) sizes, expected 1 to 4")
        }
        var shape: [Int] = []
        for _ in 0..<sizes {
            guard let size = reader.size(UInt64.self) else {
                throw malformed("'\(name)' is cut short, or has a size that is too large")
            }
            shape.insert(size, at: 0)
        }
        guard let code = reader.integer(UInt32.self), let offset = reader.size(UInt64.self) else {
            throw malformed("'\(name)' is cut short")
        }
        guard let type = GGMLType(code) else {
            throw LimbeckError(
                .fileUnsupported,
                "\(file): tensor '\(name)' has the type \(GGMLType.name(code)), which is not "
                    + "supported"
            )
        }
        var rows = 1
        for size in shape.dropLast() {
            let (product, overflow) = rows.multipliedReportingOverflow(by: size)
            guard !overflow else { throw malformed("'\(name)' has a shape that overflows") }
            rows = product
        }
        let width = shape[shape.count - 1]
        guard width % type.elements == 0 else {
            throw malformed(
                "'\(name)' has rows of \(width), expected a multiple of \(type.elements)")
        }
        let (rowBytes, isWide) = (width / type.elements).multipliedReportingOverflow(by: type.bytes)
        let (bytes, isLarge) = rowBytes.multipliedReportingOverflow(by: rows)
        guard !isWide, !isLarge else { throw malformed("'\(name)' has a shape that overflows") }
        (self.name, self.type, self.shape) = (name, type, shape)
        (self.offset, self.bytes) = (offset, bytes)
    }
}

/// A tensor type of ggml: blocks of `elements` elements in `bytes` bytes.
struct GGMLType {
    /// The dtype of safetensors; for block types, ggml's name.
    let name: String
    let elements: Int
    let bytes: Int

    init?(_ code: UInt32) {
        if let format = BlockFormat.allCases.first(where: { $0.code == code }) {
            (name, elements, bytes) = (format.name, format.elements, format.bytes)
            return
        }
        elements = 1
        switch code {
        case 0: (name, bytes) = ("F32", 4)
        case 1: (name, bytes) = ("F16", 2)
        case 24: (name, bytes) = ("I8", 1)
        case 25: (name, bytes) = ("I16", 2)
        case 26: (name, bytes) = ("I32", 4)
        case 27: (name, bytes) = ("I64", 8)
        case 28: (name, bytes) = ("F64", 8)
        case 30: (name, bytes) = ("BF16", 2)
        default: return nil
        }
    }

    /// For a message about an unsupported type.
    static func name(_ code: UInt32) -> String {
        let names: [(UInt32, String)] = [
            (9, "Q8_1"), (10, "Q2_K"), (11, "Q3_K"), (15, "Q8_K"), (16, "IQ2_XXS"), (17, "IQ2_XS"),
            (18, "IQ3_XXS"), (19, "IQ1_S"), (20, "IQ4_NL"), (21, "IQ3_S"), (22, "IQ2_S"),
            (23, "IQ4_XS"), (29, "IQ1_M"), (34, "TQ1_0"), (35, "TQ2_0"), (39, "MXFP4"),
        ]
        return names.first { $0.0 == code }?.1 ?? "\(code)"
    }
}
