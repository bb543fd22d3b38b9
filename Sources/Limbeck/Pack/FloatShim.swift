import KernelInterface

// Until the kernels read the other forms.
extension Panels {
    func asFloat() throws(LimbeckError) -> UnsafePointer<Float> {
        guard case .float32(let numbers) = self else { throw LimbeckError(.fileUnsupported, "float32 only as yet") }
        return numbers
    }
}

extension Rows {
    func asFloat() throws(LimbeckError) -> UnsafePointer<Float> {
        guard case .float32(let numbers) = self else { throw LimbeckError(.fileUnsupported, "float32 only as yet") }
        return numbers
    }
}
