#!/bin/sh
# The library on CPUs that are not this one, under qemu: the same bits, and no instruction the CPU does not know.
# Haswell has AVX2 and no AVX-512; Nehalem has neither; of the two for arm64 (make lib-arm64) only the A76 has dot products. A stray
# instruction of a newer set would end the program with SIGILL.
# The same models as they come and packed; first with every instruction set of this CPU. A pack is the same file wherever it is made.
# Usage: other-cpus.sh [x86-64|arm64], both by default; the second compares with what the first left in build/cpus.
set -eu
cd "$(dirname "$0")/../.."
work=build/cpus
mkdir -p "$work"
# The programs for the CPUs of a kind have its name at their end.
kind=
# usage: programs COMPILER, with `libraries`
programs() {
    for program in bits packs; do
        # shellcheck disable=SC2086
        "$1" -std=c11 -O1 -Wall -Wextra -Werror -Iinclude -o "$work/$program$kind" "Tests/abi/$program.c" $libraries -lm -lpthread
    done
}
# folders NAME...: the golden models of these names.
folders() { for name in "$@"; do printf ' Tests/golden/models/%s' "$name"; done; }
models=$(folders bert-activation-gelu bert-activation-tanh bert-activation-quick_gelu bert-head-size-26 bert-odd-27 bert-masked \
    bert-f16 distilbert-sequence tinybert-sequence roberta-padding-4 albert-groups electra-detection mpnet-far mobilebert deberta-far \
    modernbert modernbert-biases modernbert-long modernbert-sequence-mean modernbert-masked-biases nomic nomic-half nomic-masked)
adaptive='Tests/golden/adaptive/fastbert-package Tests/golden/adaptive/elasticbert Tests/golden/adaptive/deebert-roberta'
adaptive="$adaptive Tests/golden/adaptive/dynabert"
models="$models $adaptive"
all=$models
packed=$(folders bert-odd-27 bert-masked distilbert-sequence roberta-padding-4 albert-groups electra-detection mpnet-far mobilebert \
    deberta-far deberta-token modernbert modernbert-masked-biases nomic)
packed="$packed Tests/golden/adaptive/fastbert-package Tests/golden/adaptive/dynabert"
# Those that are packed on the other CPUs too: few, and short ones, as rounding well takes qemu a while.
repacked=$(folders bert-odd-27 deberta-token)

# Those whose answers are compared on the emulated CPUs of this architecture, which run code that this CPU has run before: one folder for
# each kind of step, beside the packs of $emulated_packs in each precision.
emulated=$(folders bert-odd-27 bert-f16 bert-activation-tanh albert-groups mpnet-far mobilebert deberta-far modernbert-long nomic-half)
emulated="$emulated Tests/golden/adaptive/fastbert-package Tests/golden/adaptive/dynabert"
emulated_packs='bert-odd-27 deberta-far'

failed() {
    echo "FAIL  $*"
    cat "$work/log"
    exit 1
}

# usage: packs FOLDER MODELS COMMAND...
packs() {
    rm -rf "$1" && mkdir "$1"
    # shellcheck disable=SC2086
    (out=$1 list=$2 && shift 2 && "$@" "$work/packs$kind" "$out" $list) 2> "$work/log" || failed "packs, $1"
}

# usage: same_packs CPU COMMAND...
same_packs() {
    cpu=$1
    shift
    packs "$work/packs.$cpu" "$repacked" "$@"
    for pack in "$work/packs.$cpu"/*; do
        cmp "$pack" "$work/packs.here/${pack##*/}" || failed "$pack: another file than on this CPU"
    done
    echo "PASS  same packs: $cpu"
}

# usage: run NAME KERNELS COMMAND..., for $models and $packs, whose answers here are in bits.$expected
run() {
    name=$1 kernels=$2 code=0
    shift 2
    rm -f "$work/bits.$name.ran"
    # shellcheck disable=SC2086
    "$@" "$work/bits$kind" "$kernels" $models $packs > "$work/bits.$name" 2> "$work/log" || code=$?
    case $code in
        0) ;;
        69) [ "$1" = env ] || failed "$name"; return ;;
        *) failed "$name" ;;
    esac
    cmp "$work/bits.$expected" "$work/bits.$name" || failed "$name: other bits"
    touch "$work/bits.$name.ran"
    echo "PASS  same bits: $name"
}

# usage: train CPU COMPILER LIBRARY COMMAND...: students trained on this CPU with one thread and with two, and there.
train() {
    cpu=$1 compiler=$2 library=$3
    shift 3
    # shellcheck disable=SC2086
    "$compiler" -std=c11 -O1 -Wall -Wextra -Werror -Iinclude -o "$work/train$kind" Tests/abi/train.c $library -lm -lpthread
    for case in $trained; do
        [ -f "$work/$case/recipe.json" ] || python3 scripts/loss-case.py "Tests/golden/losses/$case" "$work/$case"
        "$@" "$work/train$kind" "$work/$case/recipe.json" "$work/student$kind" 2 0 > "$work/student.$cpu" 2> "$work/log" \
            || failed "training, $case, $cpu"
        if [ "$cpu" = here ]; then
            cp "$work/student.here" "$work/student.$case"
            "$@" "$work/train$kind" "$work/$case/recipe.json" "$work/student$kind" 1 1 > "$work/student.portable" 2> "$work/log" \
                || failed "training, $case, portable"
            cmp "$work/student.portable" "$work/student.$case" || failed "training, $case: portable code gives another student"
        fi
        cmp "$work/student.$cpu" "$work/student.$case" || failed "training, $case: another student on $cpu"
    done
    echo "PASS  same students: $cpu"
}
# Steps of every kind, and of the optimisers.
trained='distilbert albert tinybert-intermediate minilm modernbert mpnet'

# What the CPU lacks is refused, not run. usage: refuses KERNELS COMMAND...
refuses() {
    kernels=$1 code=0
    shift
    "$@" "$work/bits$kind" "$kernels" Tests/golden/models/bert-odd-27 > /dev/null 2> "$work/log" || code=$?
    [ $code = 69 ] && grep -q 'instruction set' "$work/log" || failed "kernels $kernels on a CPU without them: exit code $code"
}

x86_64() {
    libraries='build/lib/liblimbeck.a'
    programs cc
    packs "$work/packs.here" "$packed" env
    packs=$(echo "$work"/packs.here/*.limbeck) expected=best
    # shellcheck disable=SC2086
    "$work/bits" 0 $models $packs > "$work/bits.best"
    echo "PASS  $(wc -l < "$work/bits.best") models, $(ls "$work/packs.here" | wc -l) of them packs"
    train here cc build/lib/liblimbeck-distil.a env
    # The sets of the header that this machine can have.
    ran= missing=
    for set in 1 2 3 5 6 7; do
        name=$(sed -n "s/^ *LIMBECK_KERNELS_\([A-Z0-9_]*\) = $set[, ].*/\1/p" include/limbeck.h | tr 'A-Z_' 'a-z-')
        run "$name" "$set" env
        if [ -f "$work/bits.$name.ran" ]; then ran="$ran $name"; else missing="$missing $name"; fi
    done
    echo "CPU   instruction sets of this CPU, run:$ran; not run, which it lacks:${missing:- none}"

    if ! command -v qemu-x86_64 > /dev/null; then
        echo "SKIP  older CPUs: qemu-x86_64 (Debian: qemu-user) is not installed"
        return
    fi
    same_packs Nehalem qemu-x86_64 -cpu Nehalem
    packs=$(for name in $emulated_packs; do echo "$work/packs.here/$name".*.limbeck; done) models=$emulated expected=emulated
    # shellcheck disable=SC2086
    "$work/bits" 0 $models $packs > "$work/bits.emulated"
    run haswell-best 0 qemu-x86_64 -cpu Haswell
    run nehalem-best 0 qemu-x86_64 -cpu Nehalem
    for cpu in Haswell Nehalem; do train $cpu cc build/lib/liblimbeck-distil.a qemu-x86_64 -cpu $cpu; done
    for kernels in 2 3 4 5 6 7 8; do refuses $kernels qemu-x86_64 -cpu Nehalem; done
    echo "PASS  instruction sets that the CPU lacks are refused"
}

# usage: dots CPU ARCHITECTURE: its products of bytes by themselves. The header needs clang, which is beside swiftc.
dots() {
    "$(dirname "$(command -v "${SWIFTC:-swiftc}")")/clang" --target=aarch64-linux-gnu -march="$2" -std=gnu11 -O2 -Wall -Wextra \
        -Wno-unused-parameter -Werror -ISources/CPlatform/include -isystem /usr/aarch64-linux-gnu/include -c -o "$work/dots.o" \
        Tests/abi/dots.c
    aarch64-linux-gnu-gcc -static -o "$work/dots" "$work/dots.o"
    qemu-aarch64 -cpu "$1" "$work/dots" 2> "$work/log" || failed "products of bytes, $2"
    echo "PASS  products of bytes: $2"
}

arm64() {
    library=build/lib/arm64/liblimbeck.a
    if [ ! -f "$library" ]; then
        echo "SKIP  arm64: no $library (make lib-arm64)"
        return
    fi
    kind=.arm64 libraries="-static $library" models=$all packs=$(echo "$work"/packs.here/*.limbeck) expected=best
    programs aarch64-linux-gnu-gcc
    dots cortex-a53 armv8-a
    dots cortex-a76 armv8.2-a+dotprod
    same_packs cortex-a76 qemu-aarch64 -cpu cortex-a76
    run cortex-a53-best 0 qemu-aarch64 -cpu cortex-a53
    run cortex-a76-best 0 qemu-aarch64 -cpu cortex-a76
    train cortex-a53 aarch64-linux-gnu-gcc '-static build/lib/arm64/liblimbeck-distil.a' qemu-aarch64 -cpu cortex-a53
    for kernels in 2 3 5 6 7 8; do refuses $kernels qemu-aarch64 -cpu cortex-a53; done
    echo "PASS  instruction sets that arm64 lacks are refused"
}

case ${1:-both} in
    x86-64) x86_64 ;;
    arm64) arm64 ;;
    both) x86_64; arm64 ;;
    *) echo "usage: other-cpus.sh [x86-64|arm64]" >&2; exit 64 ;;
esac
