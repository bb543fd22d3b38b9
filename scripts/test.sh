#!/usr/bin/env bash
# The tests, from a fresh clone on a Debian machine with Swift: installs what is missing and says so, builds, and runs the steps, two at a
# time, each with its output in build/test/STEP.log. At the end a table says how long each took.
#
# Usage: scripts/test.sh [STEP...]      all steps, or these and what they need; a single step prints its output as it runs
#
#   source       the order of the engine's folders, swift format and clang-format
#   engine       the tests of the Swift package, with its example
#   cli          the command line
#   losses       training against the methods' own code: losses, gradients, weights
#   recipes      every recipe of recipes/ on tiny models and real texts
#   abi          the C library: header, programs, examples, symbols, size
#   cpus         the same bits on other CPUs, under qemu, x86-64
#   arm64        the same for arm64
#   python       the Python binding
#   accuracy     what packs cost in accuracy, against targets
#   tokenizers   against Hugging Face tokenizers and transformers on real texts: four steps, tokenizers-wordpiece and so on
#   fuzz         every fuzz target for a while
#   (package, library, library-arm64, fuzzers, venv, pack: what they need)
#
# Environment, for longer runs (make test-long): FUZZ_SECONDS (5) for each fuzz target, FUZZ_OPTIMIZE (-Onone); TOKENIZER_TEXTS (1000) real texts and
# TOKENIZER_RANDOM (500) drawn ones for each kind of tokenizer, and one of TOKENIZER_CHARACTERS (8) characters of Unicode, others each
# time; SENTENCEPIECE_TEXTS (500); ACCURACY_PRECISIONS (int8, which alone has targets). JOBS (the number of CPUs): steps that run at a time.
set -euo pipefail
cd "$(dirname "$0")/.."

# ---- The steps: what each needs, and what it does. Those that others wait for come first.

steps=(venv library package library-arm64 fuzzers source pack engine cpus python abi cli losses recipes tokenizers-characters
    tokenizers-byte-level tokenizers-wordpiece tokenizers-unigram tokenizers-sentencepiece accuracy arm64 fuzz)
declare -A needs=(
    [pack]='package' [engine]='package' [cli]='package' [losses]='package venv' [recipes]='package venv' [abi]='library pack'
    [cpus]='library' [arm64]='library-arm64 cpus' [source]='venv' [python]='library venv'
    [accuracy]='library venv' [fuzz]='fuzzers' [tokenizers-sentencepiece]='library venv'
    [tokenizers-wordpiece]='library venv' [tokenizers-byte-level]='library venv' [tokenizers-unigram]='library venv'
    [tokenizers-characters]='library venv'
)

run_venv() {
    [ -x build/venv/bin/python ] || python3 -m venv build/venv
    build/venv/bin/pip install -q --disable-pip-version-check --no-compile -r Tests/requirements.txt
    scripts/fetch-minilm.sh
}
run_library() { make lib distil-lib; }
run_package() { swift build -c release --build-tests; }
run_library-arm64() { make lib-arm64; }
run_fuzzers() { scripts/fuzz.sh --build; }
run_source() { scripts/check-source.sh; }
# A real student's pack, which four processes share in Tests/abi.
run_pack() {
    "$(swift build -c release --show-bin-path)/limbeck" pack models/all-MiniLM-L6-v2 build/minilm.limbeck \
        --verify examples/search/packages.txt
}
run_engine() {
    swift test -c release --skip-build
    scripts/run-swift-example.sh models/all-MiniLM-L6-v2
}
run_cli() { Tests/cli/run.sh; }
run_losses() {
    LIMBECK=$(swift build -c release --show-bin-path)/limbeck build/venv/bin/python Tests/golden/losses/check.py
}
run_recipes() {
    LIMBECK=$(swift build -c release --show-bin-path)/limbeck build/venv/bin/python Tests/distil/recipes.py
}
run_abi() { LIMBECK_PACK=$PWD/build/minilm.limbeck Tests/abi/run.sh; }
run_cpus() { Tests/abi/other-cpus.sh x86-64; }
run_arm64() { Tests/abi/other-cpus.sh arm64; }
run_python() {
    build/venv/bin/pip install -q --disable-pip-version-check --force-reinstall --no-deps ./bindings/python
    build/venv/bin/python -m pytest -q bindings/python/tests
}
run_accuracy() { build/venv/bin/python scripts/accuracy.py --precisions "${ACCURACY_PRECISIONS:-int8}"; }
compare() { build/venv/bin/python scripts/compare-tokenizers.py --only "$1"; }
run_tokenizers-wordpiece() { compare wordpiece; }
run_tokenizers-byte-level() { compare byte-level; }
run_tokenizers-unigram() { compare unigram; }
run_tokenizers-characters() { compare characters; }
run_tokenizers-sentencepiece() { build/venv/bin/python scripts/compare-sentencepiece.py --count "${SENTENCEPIECE_TEXTS:-500}"; }
run_fuzz() { FUZZ_SECONDS=${FUZZ_SECONDS:-5} scripts/fuzz.sh; }
export FUZZ_OPTIMIZE=${FUZZ_OPTIMIZE:--Onone}
export TOKENIZER_TEXTS=${TOKENIZER_TEXTS:-1000} TOKENIZER_RANDOM=${TOKENIZER_RANDOM:-500} TOKENIZER_CHARACTERS=${TOKENIZER_CHARACTERS:-8}

# ---- What was asked for, with what it needs.

declare -A state=() # of a step that is to run: waiting, running, passed
want() {
    [ -z "${state[$1]-}" ] || return 0
    declare -F "run_$1" > /dev/null || { echo "there is no step '$1'; the steps are: ${steps[*]}" >&2; exit 64; }
    state[$1]=waiting
    local other
    for other in ${needs[$1]-}; do want "$other"; done
}
[ $# -gt 0 ] || set -- "${steps[@]}"
for name; do
    case $name in
        tokenizers) for kind in wordpiece byte-level unigram characters sentencepiece; do want "tokenizers-$kind"; done ;;
        *) want "$name" ;;
    esac
done

# ---- Prerequisites.

started=$SECONDS
command -v swift > /dev/null || { echo "Swift 6.3 or later is needed: https://www.swift.org/install" >&2; exit 1; }
packages=()
need() { command -v "$1" > /dev/null || packages+=("$2"); }
need cc gcc
need g++ g++
need objdump binutils
need make make
need pkg-config pkg-config
need qemu-x86_64 qemu-user
need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
[ -f /usr/aarch64-linux-gnu/include/stdio.h ] || packages+=(libc6-dev-arm64-cross)
need python3 python3
python3 -c 'import venv, ensurepip' 2> /dev/null || packages+=(python3-venv)
if [ ${#packages[@]} -gt 0 ]; then
    echo "Installing Debian packages: ${packages[*]}"
    sudo=''
    [ "$(id -u)" = 0 ] || sudo=sudo
    $sudo apt-get update -qq
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" > /dev/null
    printf 'Installed after %d s\n' "$((SECONDS - started))"
fi

# ---- As many at a time as there are CPUs, each in a process group of its own, to be ended as a whole.

mkdir -p build/test
declare -A begun=() name_of=() took=()
trap 'for process in "${!name_of[@]}"; do kill -- "-$process" 2> /dev/null || true; done' EXIT
jobs=${JOBS:-$(nproc)}

is_ready() {
    local other
    [ "${state[$1]-}" = waiting ] || return 1
    for other in ${needs[$1]-}; do [ "${state[$other]}" = passed ] || return 1; done
}
begin() {
    set -m
    if [ "$single" = "$1" ]; then
        ("run_$1" 2>&1 | tee "build/test/$1.log") &
    else
        "run_$1" > "build/test/$1.log" 2>&1 &
    fi
    set +m
    state[$1]=running begun[$1]=$SECONDS name_of[$!]=$1
    printf '%5d s  %s\n' "$((SECONDS - started))" "$1"
}
finish() { # STEP STATUS
    took[$1]=$((SECONDS - begun[$1]))
    if [ "$2" != 0 ]; then
        [ "$single" = "$1" ] || cat "build/test/$1.log"
        printf '%5d s  %s FAILED after %d s: build/test/%s.log\n' "$((SECONDS - started))" "$1" "${took[$1]}" "$1" >&2
        exit 1
    fi
    state[$1]=passed
    printf '%5d s  %s passed in %d s\n' "$((SECONDS - started))" "$1" "${took[$1]}"
    grep -E '^(SKIP|CPU)' "build/test/$1.log" | sed 's/^/         /' || true
}
single=''
[ $# -ne 1 ] || single=$1

while :; do
    for name in "${steps[@]}"; do
        if [ ${#name_of[@]} -lt "$jobs" ] && is_ready "$name"; then begin "$name"; fi
    done
    [ ${#name_of[@]} -gt 0 ] || break
    status=0
    wait -n -p process "${!name_of[@]}" || status=$?
    name=${name_of[$process]}
    unset "name_of[$process]"
    finish "$name" "$status"
done

printf '\nAll tests passed in %d s:\n' "$((SECONDS - started))"
for name in "${steps[@]}"; do [ -z "${took[$name]-}" ] || printf '%5d s  %s\n' "${took[$name]}" "$name"; done
