/// The contents of a pickle of torch: plain containers of tensors, which are views of storages whose bytes are elsewhere. Values
/// refer to each other by index, so shared values are not copied and nothing nests deeply.
struct Pickle {
    enum Value {
        case none
        case bool(Bool)
        case int(Int)
        /// A float, bytes, or an integer beyond 64 bits: not used here.
        case other
        /// Bytes of the pickle, not yet validated as UTF-8.
        case text(UnsafeRawBufferPointer)
        case tuple(Int), list(Int), dict(Int)
        case global(Global)
        case storage(Int)
        case tensor(Int)

        var kind: String {
            switch self {
            case .none: "None"
            case .bool: "a bool"
            case .int: "an integer"
            case .other: "a number or bytes"
            case .text: "a string"
            case .tuple: "a tuple"
            case .list: "a list"
            case .dict: "a dict"
            case .global: "a name"
            case .storage: "a storage"
            case .tensor: "a tensor"
            }
        }
    }

    /// The Python names that a pickle may refer to. All others are refused, and no code is ever run.
    enum Global {
        case orderedDict, rebuildTensor, rebuildTensorV2, rebuildParameter
        case storage(ElementType)

        init?(module: UnsafeRawBufferPointer, name: UnsafeRawBufferPointer) {
            guard module.count <= 32, name.count <= 32, let module = String(wellFormed: module),
                let name = String(wellFormed: name)
            else { return nil }
            switch (module, name) {
            case ("collections", "OrderedDict"): self = .orderedDict
            case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
            case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensorV2
            case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
            case ("torch", _):
                guard let type = ElementType(storage: name) else { return nil }
                self = .storage(type)
            default: return nil
            }
        }
    }

    /// The element type of a storage.
    enum ElementType {
        case f32, f16, bf16, f64, i64, i32, i16, i8, u8, bool

        fileprivate init?(storage name: String) {
            switch name {
            case "FloatStorage": self = .f32
            case "HalfStorage": self = .f16
            case "BFloat16Storage": self = .bf16
            case "DoubleStorage": self = .f64
            case "LongStorage": self = .i64
            case "IntStorage": self = .i32
            case "ShortStorage": self = .i16
            case "CharStorage": self = .i8
            case "ByteStorage": self = .u8
            case "BoolStorage": self = .bool
            default: return nil
            }
        }

        /// The name in safetensors.
        var dtype: String {
            switch self {
            case .f32: "F32"
            case .f16: "F16"
            case .bf16: "BF16"
            case .f64: "F64"
            case .i64: "I64"
            case .i32: "I32"
            case .i16: "I16"
            case .i8: "I8"
            case .u8: "U8"
            case .bool: "BOOL"
            }
        }

        var size: Int {
            switch self {
            case .f64, .i64: 8
            case .f32, .i32: 4
            case .f16, .bf16, .i16: 2
            case .i8, .u8, .bool: 1
            }
        }
    }

    typealias Member = (key: Value, value: Value)

    struct Storage {
        let key: String
        let type: ElementType
        let count: Int

        /// nil: overflows.
        var bytes: Int? {
            let (bytes, overflow) = count.multipliedReportingOverflow(by: type.size)
            return overflow ? nil : bytes
        }
    }

    /// A view of a storage, in elements; not yet checked against it.
    struct View {
        let storage: Int
        let offset: Int
        let shape: [Int]
        let strides: [Int]
    }

    var root = Value.none
    var tuples: [[Value]] = []
    var lists: [[Value]] = []
    var dicts: [[Member]] = []
    var storages: [Storage] = []
    var views: [View] = []
}
