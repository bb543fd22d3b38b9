#!/bin/sh
# Builds a C library from an Embedded Swift archive: build/lib/liblimbeck.so, liblimbeck.a and limbeck.pc; with the argument distil, those of
# training: liblimbeck-distil.so, liblimbeck-distil.a and limbeck-distil.pc.
#
# SwiftPM can build the archive, but not a shared library with a soname and a list of exports, so this script links it.
# Environment: SWIFT (default: swift).
set -eu
cd "$(dirname "$0")/.."

swift=${SWIFT:-swift}
scratch=.build/embedded out=build/lib libraries='-lm -lpthread'
case ${1-} in
'') name=limbeck product=LimbeckC header=include/limbeck.h limit=1100000 description='Runs distilled Transformer students on the device' ;;
distil)
    name=limbeck-distil product=LimbeckDistilC header=include/limbeck_distil.h limit=1600000
    description='Distils Transformer students from their teachers'
    ;;
*) echo "build-lib: no library '$1', expected none or distil" >&2; exit 64 ;;
esac
work=build/work/$name
mkdir -p "$out" "$work"

number() { sed -n "s/^#define LIMBECK_VERSION_$1 \([0-9]*\)\$/\1/p" include/limbeck.h; }
major=$(number MAJOR)
version=$major.$(number MINOR).$(number PATCH)

# Nothing to do if all outputs exist and nothing that they are made of has changed since, the compiler included (-cnewer: an archive or a
# package restores the time of a file, but not that of its change). SwiftPM would come to the same conclusion, but more slowly: it
# compiles the manifest again if a variable of the environment has changed.
# The engine's library has nothing of training.
others=''
[ "$name" = limbeck-distil ] || others='-path Sources/LimbeckDistil -prune -o'
compiler=$(command -v "$swift") || { echo "build-lib: there is no $swift: https://www.swift.org/install" >&2; exit 1; }
if [ "$(cat "$work/compiler" 2> /dev/null)" = "$compiler" ] &&
    [ -f "$out/lib$name.so.$version" ] && [ -f "$out/lib$name.a" ] && [ -f "$out/$name.pc" ] &&
    # shellcheck disable=SC2086
    newer=$(find -L Package.swift Sources include scripts/build-lib.sh scripts/kernels.sh scripts/check-symbols.sh scripts/exports.sh \
        "$compiler" -path Sources/limbeck-cli -prune -o $others -cnewer "$out/$name.pc" -print -quit) && [ -z "$newer" ]; then
    echo "build-lib: nothing has changed in lib$name"
    exit 0
fi

# One section per function, so that the linker can drop unused ones. One trap per function, not one per check. No hashes for
# incremental builds, which would be mapped with the library. No unwind tables, which only the C files would have: there are frame
# pointers.
build() {
    "$swift" build -c release --traits Embedded --scratch-path "$scratch" \
        -Xswiftc -Xfrontend -Xswiftc -function-sections -Xcc -ffunction-sections -Xcc -fdata-sections \
        -Xcc -fno-asynchronous-unwind-tables \
        -Xswiftc -Xfrontend -Xswiftc -mergeable-traps -Xswiftc -Xfrontend -Xswiftc -disable-incremental-llvm-codegen "$@"
}
build --product "$product"
binaries=$(build --show-bin-path)

# Every object of an Embedded build carries weak copies of the Swift runtime and of the generic code it uses, compiled for its
# target's CPU, and the linker keeps the first copy it encounters. The targets for newer CPUs therefore come last, the newest at the end,
# so that no call resolves to the copy of a newer target. check-symbols.sh checks this.
list=$binaries/$product.product/Objects.LinkFileList
targets=$(scripts/kernels.sh "$(uname -m | sed s/aarch64/arm64/)" | cut -d ' ' -f 1)
tr -d "'" < "$list" | grep -vE "/($(echo $targets | tr ' ' '|'))\.build/" > "$work/objects"
for target in $targets; do tr -d "'" < "$list" | grep "/$target\.build/" >> "$work/objects"; done

# The toolchain: clang and lld are in the same folder as swift, the Unicode tables of Embedded Swift in its resources.
target=$("$swift" -print-target-info)
resources=$(printf '%s\n' "$target" | sed -n 's/.*"runtimeResourcePath": "\(.*\)".*/\1/p')
triple=$(printf '%s\n' "$target" | sed -n 's/.*"unversionedTriple": "\(.*\)".*/\1/p' | head -n 1)
tools=$(dirname "$(dirname "$resources")")/bin
tables=$resources/embedded/$triple/libswiftUnicodeDataTables.a
[ -f "$tables" ] || { echo "build-lib: no Unicode tables for Embedded Swift at $tables" >&2; exit 1; }

# The header is the list of exports.
scripts/exports.sh "$header" > "$work/exports"
{ echo '{ global:'; sed 's/$/;/' "$work/exports"; echo 'local: *; };'; } > "$work/exports.map"

# Without the Unicode tables: 30 kB that only String comparison and hashing by Unicode rules need. Code that starts to use those fails
# to link here.
soname=lib$name.so.$major
# shellcheck disable=SC2086
"$tools/clang" -shared -fuse-ld=lld -o "$out/lib$name.so.$version" \
    -Wl,-soname,"$soname" -Wl,--version-script="$work/exports.map" -Wl,--no-undefined -Wl,--no-undefined-version \
    -Wl,--gc-sections -Wl,--icf=all -Wl,--ignore-data-address-equality -Wl,-O2 -Wl,--strip-all -Wl,-Bsymbolic -Wl,--as-needed \
    -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack \
    @"$work/objects" $libraries
ln -sf "lib$name.so.$version" "$out/$soname"
ln -sf "$soname" "$out/lib$name.so"

# One object, in which only the exports are global: this avoids conflicts with a host that contains Swift itself, or
# another copy of the Unicode tables.
keep=$(sed 's/^/-u /' "$work/exports")
# shellcheck disable=SC2086
ld -r --gc-sections --gc-keep-exported $keep -o "$work/$name.o" @"$work/objects" "$tables"
OUT=$out WORK=$work OBJDUMP=$tools/llvm-objdump scripts/check-symbols.sh "$work/objects" "$work/$name.o"
objcopy --strip-debug --keep-global-symbols="$work/exports" "$work/$name.o"
rm -f "$out/lib$name.a"
ar crD "$out/lib$name.a" "$work/$name.o"

cat > "$work/$name.pc" <<PC
prefix=/usr/local
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: $name
Description: $description
Version: $version
Libs: -L\${libdir} -l$name
Libs.private: $libraries
Cflags: -I\${includedir}
PC

OUT=$out WORK=$work NAME=lib$name HEADER=$header LIMIT=$limit scripts/check-symbols.sh
printf '%s\n' "$compiler" > "$work/compiler"
mv "$work/$name.pc" "$out/$name.pc" # the last of all that is made: what it is newer than is up to date
