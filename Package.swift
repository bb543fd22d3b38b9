// swift-tools-version: 6.2
// Limbeck builds twice from the same sources. By default it is an ordinary Swift package. With the trait `Embedded` the
// engine is compiled as Embedded Swift, and scripts/build-lib.sh links the archive into the C library.
import PackageDescription

let embedded: [SwiftSetting] = [
    .enableExperimentalFeature("Embedded", .when(traits: ["Embedded"])),
    .unsafeFlags(["-wmo"], .when(traits: ["Embedded"])),
]

/// The library is to be small, and what is outside the kernels runs once per model or is little beside them. The loops that decide
/// how fast a tokenizer is, or a file opens, say `@_optimize(speed)`. In Embedded Swift, checks of exclusive access while running
/// are calls of an empty function.
let small: [SwiftSetting] = [.unsafeFlags(["-Osize", "-enforce-exclusivity=unchecked"], .when(traits: ["Embedded"]))]

/// The vector code is one folder; each instruction set is a target that compiles it (through a symbolic link) with its own flags.
/// `-Ounchecked`: every index was checked before a kernel runs, and an overflow test in an inner loop costs a tenth of its speed.
func kernels(_ name: String, defines: [String], flags: [String]) -> Target {
    .target(
        name: name, dependencies: ["CPlatform", "KernelInterface"],
        swiftSettings: embedded + defines.map { .define($0) } + [
            .unsafeFlags(["-Ounchecked", "-enforce-exclusivity=unchecked"] + flags.flatMap { ["-Xcc", $0] })
        ])
}

/// This CPU's kernels beyond the portable ones. On arm64 the portable target is compiled for NEON.
#if arch(x86_64)
let avx2 = ["-mavx2", "-mfma", "-mf16c", "-mprefer-vector-width=256"]
let avx512 = ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mf16c", "-mprefer-vector-width=512"]
let newerKernels: [Target] = [
    kernels("KernelsAVX2", defines: ["KERNELS_AVX2"], flags: avx2),
    kernels("KernelsAVX512", defines: ["KERNELS_AVX512"], flags: avx512),
    // Products of bytes, in which alone the sets below differ from those above.
    kernels("IntegerKernelsAVX2", defines: ["KERNELS_AVX2", "KERNELS_SMALL_BYTES"], flags: avx2),
    kernels("IntegerKernelsAVXVNNI", defines: ["KERNELS_AVX2"], flags: avx2 + ["-mavxvnni"]),
    kernels("IntegerKernelsAVX512", defines: ["KERNELS_AVX512", "KERNELS_SMALL_BYTES"], flags: avx512),
    kernels("IntegerKernelsAVX512VNNI", defines: ["KERNELS_AVX512"], flags: avx512 + ["-mavx512vnni"]),
    kernels(
        "IntegerKernelsAMX", defines: ["KERNELS_AVX512", "KERNELS_AMX"],
        flags: avx512 + ["-mavx512vnni", "-mamx-tile", "-mamx-int8"]),
]
#elseif arch(arm64)
let newerKernels: [Target] = [
    kernels("IntegerKernelsNEONDot", defines: ["KERNELS_NEON", "KERNELS_SMALL_BYTES"], flags: ["-march=armv8.2-a+dotprod"])
]
#else
let newerKernels: [Target] = []
#endif

let package = Package(
    name: "limbeck",
    products: [
        .library(name: "Limbeck", targets: ["Limbeck"]),
        .library(name: "LimbeckABI", type: .static, targets: ["LimbeckABI"]),
        .executable(name: "limbeck", targets: ["limbeck-cli"]),
    ],
    traits: [
        .trait(name: "Embedded", description: "Compile the engine as Embedded Swift, for the C library.")
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
    ],
    targets: [
        // The C contract: limbeck.h, and the static asserts that pin its layout.
        .target(name: "CLimbeck", path: "include", publicHeadersPath: "."),
        // What Swift cannot say: mapping a file, CPU features, threads, libm.
        .target(name: "CPlatform", cSettings: [.unsafeFlags(["-Os"])]),
        // What the tokenizers that models were trained with know of Unicode, in read-only memory.
        .target(name: "CUnicodeTables", cSettings: [.unsafeFlags(["-O2"])]),
        // The values that pass between the engine and the kernels, and the table of kernels.
        .target(name: "KernelInterface", swiftSettings: embedded + [.unsafeFlags(["-Ounchecked"])]),
        kernels("KernelsPortable", defines: ["KERNELS_PORTABLE"], flags: []),
        kernels("IntegerKernelsPortable", defines: ["KERNELS_PORTABLE"], flags: []),
        // The engine.
        .target(
            name: "Limbeck",
            dependencies: ["CPlatform", "CUnicodeTables", "KernelInterface", "KernelsPortable", "IntegerKernelsPortable"]
                + newerKernels.map { .target(name: $0.name) },
            swiftSettings: embedded + small),
        // The C interface: one Swift function per declaration of limbeck.h.
        .target(name: "LimbeckABI", dependencies: ["CLimbeck", "Limbeck"], swiftSettings: embedded + small),
        // The command line.
        .executableTarget(
            name: "limbeck-cli",
            dependencies: [
                "CLimbeck", "KernelInterface", "Limbeck", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .testTarget(name: "LimbeckTests", dependencies: ["Limbeck", "LimbeckABI", "CLimbeck", "CPlatform", "KernelInterface"]),
    ] + newerKernels,
    cxxLanguageStandard: .cxx17
)
