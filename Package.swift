// swift-tools-version: 6.2
// Limbeck builds twice from the same sources. By default it is an ordinary Swift package. With the trait `Embedded` the
// engine is compiled as Embedded Swift, and scripts/build-lib.sh links the archive into the C library.
import PackageDescription

/// What makes release builds cheaper, and changes no code: no debug information, which takes 15 % of the time (symbols stay, so that profiles
/// and backtraces name functions; debug builds have all), and a module's interface written with the module. The driver would run a second
/// compilation for that alone, which only helps where CPUs are idle. SwiftPM's own -g follows these flags, and would win over a -gnone of the
/// driver.
let lean: [SwiftSetting] = [
    .unsafeFlags(["-Xfrontend", "-gnone", "-no-emit-module-separately-wmo"], .when(configuration: .release))
]

let embedded: [SwiftSetting] =
    [
        .enableExperimentalFeature("Embedded", .when(traits: ["Embedded"])),
        .unsafeFlags(["-wmo"], .when(traits: ["Embedded"])),
    ] + lean

/// The library is to be small, and what is outside the kernels runs once per model or is little beside them. The loops that decide
/// how fast a tokenizer is, or a file opens, say `@_optimize(speed)`. In Embedded Swift, checks of exclusive access while running
/// are calls of an empty function; the Swift package, and so its tests, keeps them.
let small: [SwiftSetting] = [
    .unsafeFlags(["-Osize"], .when(configuration: .release)),
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(traits: ["Embedded"])),
]

/// The vector code beyond the portable code: the architecture, the target, what it defines, and clang's flags. Of each architecture the
/// oldest instruction set comes first. Targets of integer kernels differ from the ones before them in int8 GEMM alone. On arm64 the
/// portable targets are compiled for NEON. scripts/kernels.sh reads this list too.
let kernelTargets = """
    x86_64 KernelsAVX2               KERNELS_AVX2                       -mavx2 -mfma -mf16c -mprefer-vector-width=256
    x86_64 IntegerKernelsAVX2        KERNELS_AVX2,KERNELS_SMALL_BYTES   -mavx2 -mfma -mf16c -mprefer-vector-width=256
    x86_64 IntegerKernelsAVXVNNI     KERNELS_AVX2                       -mavx2 -mfma -mf16c -mprefer-vector-width=256 -mavxvnni
    x86_64 KernelsAVX512             KERNELS_AVX512                     -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c -mprefer-vector-width=512
    x86_64 IntegerKernelsAVX512      KERNELS_AVX512,KERNELS_SMALL_BYTES -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c -mprefer-vector-width=512
    x86_64 IntegerKernelsAVX512VNNI  KERNELS_AVX512                     -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c -mprefer-vector-width=512 -mavx512vnni
    x86_64 IntegerKernelsAMX         KERNELS_AVX512,KERNELS_AMX         -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mf16c -mprefer-vector-width=512 -mavx512vnni -mamx-tile -mamx-int8
    arm64  IntegerKernelsNEONDot     KERNELS_NEON,KERNELS_SMALL_BYTES   -march=armv8.2-a+dotprod
    """

/// The vector code is one folder; each instruction set is a target that compiles it (through a symbolic link) with its own flags.
/// `-Ounchecked`: every index was checked before a kernel runs, and an overflow test in an inner loop costs a tenth of its speed.
func kernels(_ name: String, defines: [String], flags: [String], optimize: [String] = ["-Ounchecked"]) -> Target {
    .target(
        name: name, dependencies: ["CPlatform", "KernelInterface"],
        swiftSettings: embedded + defines.map { .define($0) } + [
            .unsafeFlags(optimize + ["-enforce-exclusivity=unchecked"] + flags.flatMap { ["-Xcc", $0] })
        ])
}

#if arch(x86_64)
let architecture = "x86_64"
#elseif arch(arm64)
let architecture = "arm64"
#else
let architecture = ""
#endif
/// x86-64 without FMA emulates it by a call, beside which everything else is little: 9 kB less. On arm64 the portable code is fast.
let portable = architecture == "x86_64" ? ["-Osize", "-Xfrontend", "-remove-runtime-asserts"] : ["-Ounchecked"]
// In steps: as one expression it takes the type checker a quarter of a minute, whenever SwiftPM compiles this file, which it does again
// for every change of the environment.
var newerKernels: [Target] = []
for line in kernelTargets.split(separator: "\n") {
    let fields: [String] = line.split(separator: " ").map(String.init)
    guard fields[0] == architecture else { continue }
    newerKernels.append(kernels(fields[1], defines: fields[2].split(separator: ",").map(String.init), flags: Array(fields[3...])))
}

let package = Package(
    name: "limbeck",
    products: [
        .library(name: "Limbeck", targets: ["Limbeck"]),
        .library(name: "LimbeckC", type: .static, targets: ["Limbeck"]),
        .library(name: "LimbeckDistil", targets: ["LimbeckDistil"]),
        .library(name: "LimbeckDistilC", type: .static, targets: ["LimbeckDistil"]),
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
        kernels("KernelsPortable", defines: ["KERNELS_PORTABLE"], flags: [], optimize: portable),
        kernels("IntegerKernelsPortable", defines: ["KERNELS_PORTABLE"], flags: []),
        // The engine, and its C interface: Embedded Swift compiles what a module imports once more with that module.
        .target(
            name: "Limbeck",
            dependencies: [
                "CLimbeck", "CPlatform", "CUnicodeTables", "KernelInterface", "KernelsPortable", "IntegerKernelsPortable",
            ]
                + newerKernels.map { .target(name: $0.name) },
            swiftSettings: embedded + small),
        // Training: recipes, student, tape, losses, optimisers, data.
        .target(
            name: "LimbeckDistil", dependencies: ["CLimbeck", "CPlatform", "KernelInterface", "Limbeck"],
            swiftSettings: embedded + small),
        // The command line.
        .executableTarget(
            name: "limbeck-cli",
            dependencies: [
                "CLimbeck", "KernelInterface", "Limbeck", "LimbeckDistil",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: small + lean),
        // The tests themselves are not optimised, which takes a minute less to compile than it would save; nor are they type-checked a
        // second time for a module of them.
        .testTarget(
            name: "LimbeckTests", dependencies: ["Limbeck", "LimbeckDistil", "CLimbeck", "CPlatform", "KernelInterface"],
            swiftSettings: [.unsafeFlags(["-Onone", "-no-emit-module-separately-wmo"])] + lean),
    ] + newerKernels,
    cxxLanguageStandard: .cxx17
)
