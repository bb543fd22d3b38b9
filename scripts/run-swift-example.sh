#!/bin/sh
# Checks the manifest of examples/swift, compiles the examples against the package's own release build, and runs them, one with a model:
# `swift run --package-path examples/swift` would compile the engine once more, for minutes.
# usage: run-swift-example.sh MODEL
set -eu
cd "$(dirname "$0")/.."
mkdir -p build

swift package --package-path examples/swift describe > build/swift-example.log 2>&1 || { cat build/swift-example.log >&2; exit 1; }
binaries=$(swift build -c release --show-bin-path)
# What the product Limbeck is linked from, out of what the command line is.
grep -E '/(CLimbeck|CPlatform|CUnicodeTables|KernelInterface|(Integer)?Kernels[A-Za-z0-9]*|Limbeck)\.build/' \
    "$binaries/limbeck.product/Objects.LinkFileList" | tr -d "'" > build/swift-example.objects
for example in nearest adaptive; do
    swiftc -O -parse-as-library -o "build/$example" "examples/swift/Sources/$example/$example.swift" -I "$binaries/Modules" \
        -Xcc "-fmodule-map-file=$PWD/include/module.modulemap" -Xcc "-fmodule-map-file=$PWD/Sources/CPlatform/include/module.modulemap" \
        -Xcc "-fmodule-map-file=$binaries/CUnicodeTables.build/module.modulemap" @build/swift-example.objects
done
build/nearest "$1"
build/adaptive Tests/golden/adaptive/fastbert-package 'the tool' 'small text'
build/adaptive Tests/golden/answers/classify 'hello world'
