import CPlatform
import KernelInterface
#if arch(x86_64)
import KernelsAVX2
import KernelsAVX512
#endif
import KernelsPortable

extension InstructionSet {
    /// The best this CPU has.
    static var best: InstructionSet {
        // Best first: Skylake-SP 2017 and Zen 4 2022; Haswell 2013 and Zen 2017; every arm64; everything else.
        for set in [InstructionSet.avx512, .avx2, .neon] where set.isAvailable { return set }
        return .portable
    }

    /// Whether this CPU has it, and this build contains it.
    public var isAvailable: Bool {
        let features = platform_cpu_features()
        return switch self {
        case .portable: true
        case .avx2: features & UInt32(PLATFORM_AVX2) != 0
        case .avx512: features & UInt32(PLATFORM_AVX512) != 0
        case .neon: features & UInt32(PLATFORM_NEON) != 0
        }
    }

    /// Only for a set that is available.
    package var kernels: Kernels {
        #if arch(x86_64)
        switch self {
        case .avx512: return KernelsAVX512.table()
        case .avx2: return KernelsAVX2.table()
        case .portable, .neon: return KernelsPortable.table()
        }
        #else
        // On arm64 the one table is compiled for NEON, with its fused multiply-add.
        return KernelsPortable.table()
        #endif
    }
}
