#!/bin/sh
# A target's -gnone in unsafeFlags has no effect: `swift build -c release` puts its own -g after it, and the last one of the driver's wins.
#
# Seen with Swift 6.3.1 on Linux. Every object has .debug_info in spite of -gnone, and nothing says so. Handed to the frontend instead
# (-Xfrontend -gnone), the same word wins, and the objects have none. Needs that toolchain (swift.org) and readelf; no packages.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
swift --version 2> /dev/null | grep -o 'Swift version 6\.3\.1' || { echo "this was found with Swift 6.3.1, which is not here" >&2; exit 1; }
mkdir -p "$work/Sources/Small"
echo 'public func twice(_ x: Int) -> Int { x &* 2 }' > "$work/Sources/Small/Small.swift"
for flags in '"-gnone"' '"-Xfrontend", "-gnone"'; do
    cat > "$work/Package.swift" << MANIFEST
// swift-tools-version: 6.2
import PackageDescription
let package = Package(
    name: "Small", products: [.library(name: "Small", targets: ["Small"])],
    targets: [.target(name: "Small", swiftSettings: [.unsafeFlags([$flags])])])
MANIFEST
    rm -rf "$work/.build"
    swift build --package-path "$work" -c release > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
    object=$(find "$work/.build/" -name '*.o' -path '*Small.build*' | head -n 1)
    if readelf -S --wide "$object" | grep -q debug_info; then found=debug_info; else found='no debug_info'; fi
    echo "$flags: $found" | tee -a "$work/found"
done
cat > "$work/expected" <<'TEXT'
"-gnone": debug_info
"-Xfrontend", "-gnone": no debug_info
TEXT
diff "$work/expected" "$work/found" && echo "as found on 2026-11-30"
