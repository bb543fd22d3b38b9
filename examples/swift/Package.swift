// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "limbeck-example",
    dependencies: [.package(name: "limbeck", path: "../..")],
    targets: [
        .executableTarget(name: "nearest", dependencies: [.product(name: "Limbeck", package: "limbeck")]),
        .executableTarget(name: "adaptive", dependencies: [.product(name: "Limbeck", package: "limbeck")]),
    ]
)
