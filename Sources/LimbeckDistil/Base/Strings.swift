import Limbeck

/// Strings are equal in this module if their bytes are equal, as in the engine. These operators replace Swift's own, which link the Unicode
/// normalisation tables.
extension String {
    @inline(never) static func == (left: String, right: String) -> Bool {
        var right = right
        return right.withUTF8 { left.hasSameBytes(as: UnsafeRawBufferPointer($0)) }
    }

    static func != (left: String, right: String) -> Bool { !(left == right) }
    static func ~= (left: String, right: String) -> Bool { left == right }
}

extension String? {
    static func == (left: String?, right: String) -> Bool { left.map { $0 == right } ?? false }
    static func != (left: String?, right: String) -> Bool { !(left == right) }
}
