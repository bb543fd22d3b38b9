#!/usr/bin/env bash
# Fuzzes the readers of files and the tokenizer under AddressSanitizer: Tests/fuzz, one libFuzzer target each.
#
# Usage: scripts/fuzz.sh [--build] [TARGET…]   (json, torch, gguf, sentencepiece, model, pack, tokenizer, text; all by default)
#   --build       only compiles them
#   FUZZ_SECONDS  per target, 20 by default
#   FUZZ_OPTIMIZE -O by default; -Onone compiles in a third of the time, and runs several times slower
#   FUZZ_SEED     of the random numbers; one is drawn, and printed, by default
#   SWIFTC        the compiler; clang and llvm-symbolizer are taken from beside it
#
# A finding stays in build/fuzz/findings; run build/fuzz/fuzz-TARGET FILE to see it again, and keep the file in Tests/fuzz/found/TARGET.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${FUZZ_SECONDS:-20}
optimize=${FUZZ_OPTIMIZE:--O}
seed=${FUZZ_SEED:-$((RANDOM * 32768 + RANDOM + 1))}
swiftc=$(readlink -f "$(command -v "${SWIFTC:-swiftc}")")
tools=$(dirname "$(command -v "${SWIFTC:-swiftc}")")
case $(basename "$swiftc") in swift-driver | swift-frontend) swiftc=$tools/swiftc ;; esac
clang=$tools/clang
out=build/fuzz
build_only=0
if [ "${1:-}" = --build ]; then build_only=1 && shift; fi
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=(json torch gguf sentencepiece model pack tokenizer text)
[ "$(uname -sm)" = "Linux x86_64" ] || { echo "SKIP fuzz: only on Linux x86_64"; exit 0; }

# ---- Build: the engine as it ships, optimised and with its checks, under the sanitizers.

[ "$(cat $out/optimize 2> /dev/null)" = "$optimize" ] || rm -rf $out/objects $out/fuzz
mkdir -p $out/objects $out/modules $out/findings
echo "$optimize" > $out/optimize
# In one flag: of two, the compiler takes the last alone.
sanitize=(-sanitize=fuzzer,address)
swift_flags=("$optimize" -gline-tables-only -wmo -parse-as-library -package-name limbeck -swift-version 6 -I $out/modules -I include -I Tests/fuzz/include
    -I Sources/CPlatform/include)
# SwiftPM writes this itself.
echo "module CUnicodeTables { header \"$PWD/Sources/CUnicodeTables/include/CUnicodeTables.h\" }" >$out/modules/CUnicodeTables.modulemap
swift_flags+=(-Xcc -fmodule-map-file=$out/modules/CUnicodeTables.modulemap)

newer() { [ ! -e "$1" ] || [ -n "$(find -L "${@:2}" -type f -newer "$1" -print -quit)" ]; }

c_object() { # name source flags…
    newer $out/objects/"$1".o "$2" scripts/fuzz.sh Tests/fuzz/include Sources/CPlatform/include || return 0
    "$clang" -O1 -g -fsanitize=address,fuzzer-no-link -c "$2" -o $out/objects/"$1".o "${@:3}"
}

swift_module() { # name folder flags…
    newer $out/objects/"$1".o "$2" scripts/fuzz.sh Sources/KernelInterface Sources/CPlatform/include include || return 0
    echo "compiling $1"
    "$swiftc" "${swift_flags[@]}" -module-name "$1" -emit-module -emit-module-path $out/modules/"$1".swiftmodule \
        -c -o $out/objects/"$1".o "${@:3}" $(find -L "$2" -name '*.swift')
}

# The folder in memory takes the place of these.
c_object posix Sources/CPlatform/posix.c -I Sources/CPlatform/include -Dplatform_map=file_map -Dplatform_unmap=file_unmap \
    -Dplatform_kind_of=file_kind_of -Dplatform_find=file_find -Dplatform_names_in=file_names_in -Dplatform_write_file=file_write_file -Dplatform_allocate=system_allocate -Dplatform_free=system_free
for name in cgroup cpu linux other; do c_object $name Sources/CPlatform/$name.c -I Sources/CPlatform/include; done
c_object memory Tests/fuzz/memory.c -I Sources/CPlatform/include -I Tests/fuzz/include
for source in Sources/CUnicodeTables/*.c; do
    c_object "$(basename "$source" .c)" "$source" -I Sources/CUnicodeTables/include
done
swift_module KernelInterface Sources/KernelInterface "${sanitize[@]}"
kernels=(-sanitize=address -Ounchecked -enforce-exclusivity=unchecked)
swift_module KernelsPortable Sources/Kernels "${kernels[@]}" -D KERNELS_PORTABLE
swift_module IntegerKernelsPortable Sources/IntegerKernels "${kernels[@]}" -D KERNELS_PORTABLE
# Sets that this CPU lacks are linked and never run.
runs_here() { # clang's flags
    local feature
    for feature; do
        case $feature in -mprefer-*) continue ;; -m*) ;; *) return 1 ;; esac
        sed -n '/^flags/{s/_//g;p;q}' /proc/cpuinfo | grep -qw "$(tr -d - <<< "${feature#-m}")" || return 1
    done
}
while read -r target defines features; do
    # shellcheck disable=SC2086
    runs_here $features && unused=() || unused=("$optimize")
    # shellcheck disable=SC2086
    swift_module "$target" "Sources/$target" "${kernels[@]}" "${unused[@]}" $(printf ' -D %s' ${defines//,/ }) $(printf ' -Xcc %s' $features) < /dev/null
done < <(scripts/kernels.sh x86_64)
swift_module Limbeck Sources/Limbeck "${sanitize[@]}"

for target in "${targets[@]}"; do
    case $target in
    json | torch | gguf | sentencepiece | model | pack | tokenizer | text) ;;
    *) echo "there is no target $target" >&2; exit 64 ;;
    esac
done
[ $out/objects/Fuzz.o -nt $out/objects/Limbeck.o ] || rm -f $out/objects/Fuzz.o
swift_module Fuzz Tests/fuzz "${sanitize[@]}"
if newer $out/fuzz $out/objects; then "$swiftc" "${sanitize[@]}" -use-ld=lld $out/objects/*.o -o $out/fuzz; fi
for target in json torch gguf sentencepiece model pack tokenizer text; do ln -sf fuzz $out/fuzz-"$target"; done

[ $build_only = 0 ] || exit 0

# ---- Run.

rm -rf $out/seeds
python3 Tests/fuzz/seeds.py $out/seeds
# The runtime's own report of a crash would come before the fuzzer's.
export SWIFT_BACKTRACE=enable=no
export FUZZ_GOLDEN=Tests/golden ASAN_SYMBOLIZER_PATH=$tools/llvm-symbolizer
export ASAN_OPTIONS=detect_leaks=${FUZZ_LEAKS:-1}:allocator_may_return_null=1

run_target() {
    local target=$1 limits corpus folders log artifact executions covered
    case $target in
    json) limits=(-max_len=4096 -dict=Tests/fuzz/files.dict) ;;
    torch) limits=(-max_len=16384 -dict=Tests/fuzz/torch.dict) ;;
    gguf) limits=(-max_len=8192 -dict=Tests/fuzz/gguf.dict) ;;
    sentencepiece) limits=(-max_len=16384 -dict=Tests/fuzz/sentencepiece.dict) ;;
    pack) limits=(-max_len=512) ;;
    model) limits=(-max_len=16384 -dict=Tests/fuzz/files.dict) ;;
    tokenizer) limits=(-max_len=8192 -dict=Tests/fuzz/files.dict) ;;
    text) limits=(-max_len=2048 -dict=Tests/fuzz/text.dict) ;;
    esac
    corpus=$out/corpus/$target
    rm -rf "$corpus"
    mkdir -p "$corpus"
    folders=("$corpus" $out/seeds/"$target")
    if [ -d Tests/fuzz/found/"$target" ]; then folders+=(Tests/fuzz/found/"$target"); fi
    echo "fuzz $target: $seconds s, FUZZ_SEED=$seed"
    log=$out/$target.log
    if ! $out/fuzz-"$target" "${folders[@]}" -seed="$seed" -max_total_time="$seconds" "${limits[@]}" -timeout=20 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix=$out/findings/"$target"- >"$log" 2>&1; then
        tail -n 60 "$log"
        artifact=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
        echo "FAIL fuzz $target: seed $seed, input ${artifact:-unknown}, log $log"
        return 1
    fi
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    covered=$(sed -n 's/.*\(cov: [0-9]*\).*/\1/p' "$log" | tail -n 1)
    echo "PASS fuzz $target: $executions executions, seed $seed ($covered)"
}

# As many at a time as there are CPUs.
failed=0
for target in "${targets[@]}"; do
    while [ "$(jobs -rp | wc -l)" -ge "${JOBS:-$(nproc)}" ]; do wait -n || failed=1; done
    run_target "$target" &
done
while [ -n "$(jobs -rp)" ]; do wait -n || failed=1; done
exit $failed
