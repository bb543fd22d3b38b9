/// Python's names of the opcodes that `PickleReader` refuses, for its message.
enum PickleNames {
    static func operation(_ code: UInt8) -> String {
        switch code {
        case UInt8(ascii: "0"): "POP"
        case UInt8(ascii: "1"): "POP_MARK"
        case UInt8(ascii: "2"): "DUP"
        case UInt8(ascii: "F"): "FLOAT"
        case UInt8(ascii: "I"): "INT"
        case UInt8(ascii: "L"): "LONG"
        case UInt8(ascii: "P"): "PERSID"
        case UInt8(ascii: "S"): "STRING"
        case UInt8(ascii: "V"): "UNICODE"
        case UInt8(ascii: "d"): "DICT"
        case UInt8(ascii: "g"): "GET"
        case UInt8(ascii: "i"): "INST"
        case UInt8(ascii: "l"): "LIST"
        case UInt8(ascii: "o"): "OBJ"
        case UInt8(ascii: "p"): "PUT"
        case 0x80: "PROTO"
        case 0x81: "NEWOBJ"
        case 0x82: "EXT1"
        case 0x83: "EXT2"
        case 0x84: "EXT4"
        case 0x8B: "LONG4"
        case 0x8F: "EMPTY_SET"
        case 0x90: "ADDITEMS"
        case 0x91: "FROZENSET"
        case 0x92: "NEWOBJ_EX"
        case 0x96: "BYTEARRAY8"
        case 0x97: "NEXT_BUFFER"
        case 0x98: "READONLY_BUFFER"
        default: "\(code)"
        }
    }
}
