#!/bin/sh
# The library on CPUs that lack what this one has, under qemu-x86_64: the same bits, and no instruction the CPU does not know.
# Haswell has AVX2 and no AVX-512; Nehalem has neither. A stray instruction of a newer set would end the program with SIGILL.
# The same models as they come and packed; first with every instruction set of this CPU. A pack is the same file wherever it is made.
set -eu
cd "$(dirname "$0")/../.."
work=build/abi
mkdir -p "$work"
for program in bits packs; do
    cc -std=c11 -O1 -Wall -Wextra -Werror -Iinclude -o "$work/$program" "Tests/abi/$program.c" build/lib/liblimbeck.a -lsentencepiece \
        -lstdc++ -lm -lpthread
done

# folders NAME...: the golden models of these names.
folders() { for name in "$@"; do printf ' Tests/golden/models/%s' "$name"; done; }
models=$(folders bert-activation-gelu bert-activation-tanh bert-activation-quick_gelu bert-head-size-26 bert-odd-27 bert-masked \
    bert-f16 distilbert-sequence tinybert-sequence roberta-padding-4 albert-groups electra-detection mpnet-far mobilebert deberta-far \
    modernbert modernbert-biases modernbert-long modernbert-sequence-mean modernbert-masked-biases nomic nomic-half nomic-masked)
packed=$(folders bert-odd-27 bert-masked distilbert-sequence roberta-padding-4 albert-groups electra-detection mpnet-far mobilebert \
    deberta-far modernbert modernbert-masked-biases nomic)
# Those that are packed on the older CPUs too: few, as rounding well takes qemu a while.
repacked=$(folders bert-odd-27 deberta-far)

failed() {
    echo "FAIL  $*"
    cat "$work/log"
    exit 1
}

# usage: packs FOLDER MODELS COMMAND...
packs() {
    rm -rf "$1" && mkdir "$1"
    # shellcheck disable=SC2086
    (out=$1 list=$2 && shift 2 && "$@" "$work/packs" "$out" $list) 2> "$work/log" || failed "packs, $1"
}

# usage: run NAME KERNELS COMMAND...
run() {
    name=$1 kernels=$2 code=0
    shift 2
    # shellcheck disable=SC2086
    "$@" "$work/bits" "$kernels" $models "$work"/packs.here/*.limbeck > "$work/bits.$name" 2> "$work/log" || code=$?
    case $code in
        0) ;;
        69) echo "SKIP  $name: this CPU has no such instructions"; return ;;
        *) failed "$name" ;;
    esac
    cmp "$work/bits.best" "$work/bits.$name" || failed "$name: other bits"
    echo "PASS  same bits: $name"
}

packs "$work/packs.here" "$packed" env
# shellcheck disable=SC2086
"$work/bits" 0 $models "$work"/packs.here/*.limbeck > "$work/bits.best"
echo "PASS  $(wc -l < "$work/bits.best") models, $(ls "$work/packs.here" | wc -l) of them packs"
run portable 1 env
run avx2 2 env
run avx512 3 env
run avx-vnni 5 env
run avx512-vnni 6 env
run amx 7 env
if ! command -v qemu-x86_64 > /dev/null; then
    echo "SKIP  older CPUs: qemu-x86_64 (Debian: qemu-user) is not installed"
    exit 0
fi
for cpu in Haswell Nehalem; do
    packs "$work/packs.$cpu" "$repacked" qemu-x86_64 -cpu "$cpu"
    for pack in "$work/packs.$cpu"/*; do
        cmp "$pack" "$work/packs.here/${pack##*/}" || failed "$pack: another file than on this CPU"
    done
    echo "PASS  same packs: $cpu"
done
run haswell-best 0 qemu-x86_64 -cpu Haswell
run haswell-portable 1 qemu-x86_64 -cpu Haswell
run nehalem-best 0 qemu-x86_64 -cpu Nehalem
# What the CPU lacks is refused, not run.
for kernels in 2 3 5 6 7; do
    code=0
    qemu-x86_64 -cpu Nehalem "$work/bits" $kernels Tests/golden/models/bert-odd-27 > /dev/null 2> "$work/log" || code=$?
    [ $code = 69 ] && grep -q 'instruction set' "$work/log" || failed "kernels $kernels on a CPU without them: exit code $code"
done
echo "PASS  instruction sets that the CPU lacks are refused"
