/// The characters with which byte-level vocabularies write bytes: printable ones as themselves, the rest from U+0100 on.
enum ByteAlphabet {
    static func scalar(of byte: UInt8) -> UInt32 {
        switch byte {
        case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: UInt32(byte)
        case 0x00...0x20: 0x100 + UInt32(byte)
        case 0x7F...0xA0: 0x121 + UInt32(byte - 0x7F)
        default: 0x143  // 0xAD
        }
    }

    /// "Ġ"
    static let space: UInt32 = 0x120
    static let spaceBytes: [UInt8] = [0xC4, 0xA0]

    /// Whether the byte occurs in UTF-8.
    static func isInText(_ byte: UInt8) -> Bool {
        switch byte {
        case 0xC0, 0xC1, 0xF5...0xFF: false
        default: true
        }
    }
}
