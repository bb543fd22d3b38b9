#!/bin/sh
# The library on CPUs that lack what this one has, under qemu-x86_64: the same bits, and no instruction the CPU does not know.
# Haswell has AVX2 and no AVX-512; Nehalem has neither. A stray instruction of a newer set would end the program with SIGILL.
set -eu
cd "$(dirname "$0")/../.."
work=build/abi
mkdir -p "$work"
cc -std=c11 -O1 -Wall -Wextra -Werror -Iinclude -o "$work/bits" Tests/abi/bits.c build/lib/liblimbeck.a -lsentencepiece -lstdc++ -lm -lpthread

models=''
for name in bert-activation-gelu bert-activation-tanh bert-activation-quick_gelu bert-head-size-26 bert-odd-27 bert-masked \
    bert-f16 distilbert-sequence tinybert-sequence roberta-padding-4 albert-groups electra-detection mpnet-far mobilebert deberta-far modernbert \
    modernbert-biases modernbert-long modernbert-sequence-mean modernbert-masked-biases nomic nomic-half nomic-masked; do
    models="$models Tests/golden/models/$name"
done

# usage: run NAME KERNELS COMMAND...
run() {
    name=$1 kernels=$2
    shift 2
    # shellcheck disable=SC2086
    "$@" "$work/bits" "$kernels" $models > "$work/bits.$name" 2> "$work/log" || {
        echo "FAIL  $name"
        cat "$work/log"
        exit 1
    }
    cmp "$work/bits.best" "$work/bits.$name" || { echo "FAIL  $name: other bits"; exit 1; }
    echo "PASS  same bits: $name"
}
# shellcheck disable=SC2086
"$work/bits" 0 $models > "$work/bits.best"
run portable 1 env
if ! command -v qemu-x86_64 > /dev/null; then
    echo "SKIP  older CPUs: qemu-x86_64 (Debian: qemu-user) is not installed"
    exit 0
fi
run haswell-best 0 qemu-x86_64 -cpu Haswell
run haswell-portable 1 qemu-x86_64 -cpu Haswell
run nehalem-best 0 qemu-x86_64 -cpu Nehalem
# What the CPU lacks is refused, not run.
if qemu-x86_64 -cpu Nehalem "$work/bits" 2 Tests/golden/models/bert-odd-27 > /dev/null 2> "$work/log"; then
    echo "FAIL  AVX2 on a CPU without it was accepted"
    exit 1
fi
grep -q 'instruction set' "$work/log" || { echo "FAIL  AVX2 on Nehalem: $(cat "$work/log")"; exit 1; }
echo "PASS  AVX2 on a CPU without it is refused"
