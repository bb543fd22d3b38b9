import CPlatform

/// One block of zeroed, 64-byte aligned memory, freed with its last owner.
package final class Memory {
    package let base: UnsafeMutableRawPointer
    package let bytes: Int

    @inline(never) package init(bytes: Int) throws(LimbeckError) {
        guard bytes >= 0, let base = platform_allocate(bytes) else {
            throw LimbeckError(.outOfMemory, "\(bytes) bytes of memory are not available")
        }
        self.base = base
        self.bytes = bytes
    }

    deinit { platform_free(base, bytes) }

    /// Copies at most `bytes` bytes.
    @inline(never)
    package func copy(_ source: UnsafeRawBufferPointer) {
        if let start = source.baseAddress { base.copyMemory(from: start, byteCount: min(source.count, bytes)) }
    }
}
