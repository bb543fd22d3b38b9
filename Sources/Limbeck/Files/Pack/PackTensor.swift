/// A tensor to be written to a pack, or a view of one that was read: elements of one type, little-endian, row-major.
///
/// In the file its bytes begin on a 64-byte boundary and their count is a multiple of 64: rows of zeros are appended as needed. The
/// first dimension in the file is therefore at least the number of rows in use, which the description gives.
struct PackTensor {
    /// Names as in safetensors.
    enum ElementType: String, CaseIterable {
        case u8 = "U8", i8 = "I8", u16 = "U16", i32 = "I32", u32 = "U32", u64 = "U64", f16 = "F16", f32 = "F32", f64 = "F64"

        var bytes: Int {
            switch self {
            case .u8, .i8: 1
            case .u16, .f16: 2
            case .i32, .u32, .f32: 4
            case .u64, .f64: 8
            }
        }
    }

    let name: String
    let type: ElementType
    let shape: [Int]
    let bytes: UnsafeRawBufferPointer
    /// Keeps the bytes alive.
    let owner: AnyObject?

    static let alignment = 64
}
