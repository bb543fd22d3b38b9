import CPlatform
import IntegerKernelsPortable
import KernelInterface
import KernelsPortable

#if arch(x86_64)
import IntegerKernelsAMX
import IntegerKernelsAVX2
import IntegerKernelsAVX512
import IntegerKernelsAVX512VNNI
import IntegerKernelsAVXVNNI
#elseif arch(arm64)
import IntegerKernelsNEONDot
#endif
#if arch(x86_64)
import KernelsAVX2
import KernelsAVX512
#endif

/// The instruction sets a session can run on; raw values as in `limbeck.h`. All give the same bits. Those with VNNI, AMX or dot
/// products differ from the sets they extend only in products of bytes.
public enum InstructionSet: UInt32, Sendable, CaseIterable {
    case portable = 1
    /// AVX2 with FMA and F16C (Haswell, Zen and later).
    case avx2 = 2
    /// AVX-512 F, BW, DQ, VL (Skylake-SP, Zen 4 and later).
    case avx512 = 3
    case neon = 4
    /// AVX2 and AVX-VNNI (Alder Lake, Zen 5 and later).
    case avxVNNI = 5
    /// AVX-512 and its VNNI (Cascade Lake, Zen 4 and later).
    case avx512VNNI = 6
    /// AVX-512 VNNI and AMX int8 (Sapphire Rapids and later). When a session asks for it, the operating system grants the process
    /// permission to use it, once and for good.
    case amx = 7
    /// NEON and its dot products (Cortex-A55 and A76, Neoverse N1 and later).
    case neonDot = 8
}

extension InstructionSet {
    /// The best set that this CPU supports.
    package static var best: InstructionSet {
        for set in [InstructionSet.amx, .avx512VNNI, .avx512, .avxVNNI, .avx2, .neonDot, .neon] where set.isAvailable { return set }
        return .portable
    }

    /// Whether this CPU supports it and this build contains it.
    public var isAvailable: Bool {
        let features = platform_cpu_features()
        func has(_ wanted: Int) -> Bool { features & UInt32(wanted) == UInt32(wanted) }
        return switch self {
        case .portable: true
        case .avx2: has(PLATFORM_AVX2)
        case .avxVNNI: has(PLATFORM_AVX2 | PLATFORM_AVX_VNNI)
        case .avx512: has(PLATFORM_AVX512)
        case .avx512VNNI: has(PLATFORM_AVX512 | PLATFORM_AVX512_VNNI)
        case .amx: has(PLATFORM_AVX512 | PLATFORM_AVX512_VNNI | PLATFORM_AMX)
        case .neon: has(PLATFORM_NEON)
        case .neonDot: has(PLATFORM_NEON | PLATFORM_NEON_DOT)
        }
    }

    /// Only valid for a set that is available.
    package var kernels: Kernels {
        #if arch(x86_64)
        switch self {
        case .amx: return KernelsAVX512.table(IntegerKernelsAMX.integerTable())
        case .avx512VNNI: return KernelsAVX512.table(IntegerKernelsAVX512VNNI.integerTable())
        case .avx512: return KernelsAVX512.table(IntegerKernelsAVX512.integerTable())
        case .avxVNNI: return KernelsAVX2.table(IntegerKernelsAVXVNNI.integerTable())
        case .avx2: return KernelsAVX2.table(IntegerKernelsAVX2.integerTable())
        case .portable, .neon, .neonDot: return KernelsPortable.table(IntegerKernelsPortable.integerTable())
        }
        #elseif arch(arm64)
        // The portable kernels are compiled for NEON, with its fused multiply-add.
        return KernelsPortable.table(
            self == .neonDot ? IntegerKernelsNEONDot.integerTable() : IntegerKernelsPortable.integerTable())
        #else
        return KernelsPortable.table(IntegerKernelsPortable.integerTable())
        #endif
    }

    /// Those of training. Only valid for a set that is available.
    package var gradientKernels: GradientKernels {
        #if arch(x86_64)
        switch self {
        case .amx, .avx512VNNI, .avx512: return KernelsAVX512.gradientTable()
        case .avxVNNI, .avx2: return KernelsAVX2.gradientTable()
        case .portable, .neon, .neonDot: return KernelsPortable.gradientTable()
        }
        #else
        return KernelsPortable.gradientTable()
        #endif
    }
}
