#!/usr/bin/env bash
# The C libraries for arm64 and Linux, built on any machine: build/lib/arm64/liblimbeck.a and liblimbeck-distil.a. They depend on libc and libm
# only.
#
# SwiftPM builds Embedded Swift only for the machine it runs on, so this script calls the compiler on the same folders. The target is
# arm64 bare metal, the only arm64 target of the toolchain's Embedded Swift; its objects link with glibc nevertheless.
# Needs aarch64-linux-gnu-gcc with its libc (Debian: gcc-aarch64-linux-gnu, libc6-dev-arm64-cross). Environment: SWIFTC.
set -euo pipefail
cd "$(dirname "$0")/.."

swiftc=${SWIFTC:-swiftc}
tools=aarch64-linux-gnu
out=build/lib/arm64 work=build/work/arm64
mkdir -p $out $work

flags=(-target aarch64-none-none-elf -enable-experimental-feature Embedded -wmo -parse-as-library -package-name limbeck
    -swift-version 6 -enforce-exclusivity=unchecked -Xfrontend -function-sections -Xfrontend -mergeable-traps -I $work
    -Xcc -isystem -Xcc /usr/$tools/include -I include -I Sources/CPlatform/include)
# SwiftPM generates this file.
echo "module CUnicodeTables { header \"$PWD/Sources/CUnicodeTables/include/CUnicodeTables.h\" }" > $work/CUnicodeTables.modulemap
flags+=(-Xcc "-fmodule-map-file=$work/CUnicodeTables.modulemap")

objects=()
swift_module() { # name flags…
    echo "arm64: compiling $1"
    "$swiftc" "${flags[@]}" "${@:2}" -module-name "$1" -emit-module -emit-module-path "$work/$1.swiftmodule" -c -o "$work/$1.o" \
        $(find -L "Sources/$1" -name '*.swift')
    objects+=("$work/$1.o")
}
swift_module KernelInterface -Ounchecked
swift_module KernelsPortable -Ounchecked -D KERNELS_PORTABLE
swift_module IntegerKernelsPortable -Ounchecked -D KERNELS_PORTABLE
portable=("${objects[@]}") objects=()
while read -r target defines features; do
    # shellcheck disable=SC2086
    swift_module "$target" -Ounchecked $(printf ' -D %s' ${defines//,/ }) $(printf ' -Xcc %s' $features) < /dev/null
done < <(scripts/kernels.sh arm64)
newer=("${objects[@]}") objects=("${portable[@]}")
swift_module Limbeck -Osize
for source in Sources/CPlatform/*.c Sources/CUnicodeTables/*.c; do
    object=$work/$(basename "$source" .c).o
    $tools-gcc -std=gnu11 -O2 -Wall -Wextra -Werror -fPIC -ffunction-sections -fdata-sections -I"$(dirname "$source")/include" -c \
        -o "$object" "$source"
    objects+=("$object")
done

# As in build-lib.sh: code for newer CPUs last, one object, and only the exports global.
resources=$("$swiftc" -print-target-info | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
toolchain=$(dirname "$(dirname "$resources")")/bin
tables=$resources/embedded/aarch64-none-none-elf/libswiftUnicodeDataTables.a
archive() { # name header objects…
    scripts/exports.sh "$2" > $work/exports
    keep=$(sed 's/^/-u /' $work/exports)
    # shellcheck disable=SC2086
    $tools-ld -r --gc-sections --gc-keep-exported $keep -o "$work/$1.o" "${@:3}" "$tables"
    printf '%s\n' "${@:3}" > $work/objects
    TOOLS=$tools- WORK=$work OBJDUMP=$toolchain/llvm-objdump scripts/check-symbols.sh $work/objects "$work/$1.o"
    $tools-objcopy --strip-debug --keep-global-symbols=$work/exports "$work/$1.o"
    rm -f "$out/lib$1.a"
    $tools-ar crD "$out/lib$1.a" "$work/$1.o"
    echo "arm64: $out/lib$1.a"
}
archive limbeck include/limbeck.h "${objects[@]}" "${newer[@]}"
swift_module LimbeckDistil -Osize
archive limbeck-distil include/limbeck_distil.h "${objects[@]}" "${newer[@]}"
