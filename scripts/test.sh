#!/usr/bin/env bash
# All tests, from a fresh clone on a Debian machine with Swift: installs what is missing and says so, builds, runs.
# Environment, for longer runs (make test-long): FUZZ_SECONDS (10) for each fuzz target; TOKENIZER_TEXTS (4000) real texts and
# TOKENIZER_RANDOM (2000) random ones for each kind of tokenizer, and one of TOKENIZER_CHARACTERS (4) characters of Unicode, different
# ones each time; SENTENCEPIECE_TEXTS (1000).
set -euo pipefail
cd "$(dirname "$0")/.."

started=$SECONDS
times=() last=
step() {
  [ -z "$last" ] || times+=("$(printf '%5d s  %s' "$((SECONDS - since))" "$last")")
  last=$1 since=$SECONDS
  printf '\n== %s (%d s)\n' "$1" "$((SECONDS - started))"
}

# Compiling keeps one CPU busy for minutes: what is needed later is built in parallel with the tests before it.
# begin NAME COMMAND...: with its output in build/NAME.log. finish NAME: waits for it, and shows the output if it failed.
declare -A begun
begin() {
  set -m # a process group of its own, to be ended as a whole
  "${@:2}" > "build/$1.log" 2>&1 &
  begun[$1]=$!
  set +m
}
finish() {
  if kill -0 "${begun[$1]}" 2> /dev/null; then echo "Waiting for build/$1.log to end"; fi
  wait "${begun[$1]}" || { cat "build/$1.log"; echo "$1: failed" >&2; exit 1; }
}
trap 'for group in "${begun[@]}"; do kill -- "-$group" 2> /dev/null || true; done' EXIT

step "Prerequisites"
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
fi
echo "Installing Python packages into build/venv: pytest, numpy, tokenizers, transformers (without torch)"
[ -x build/venv/bin/python ] || python3 -m venv build/venv
build/venv/bin/pip install -q --disable-pip-version-check -r Tests/requirements.txt
scripts/fetch-minilm.sh

step "Building the Swift package and its tests"
swift build -c release --build-tests

begin libraries make lib

step "Engine"
swift test -c release --skip-build

step "Command line"
Tests/cli/run.sh

step "Swift example"
scripts/run-swift-example.sh models/all-MiniLM-L6-v2

step "C library"
# Four processes share a pack of all-MiniLM-L6-v2.
"$(swift build -c release --show-bin-path)/limbeck" pack models/all-MiniLM-L6-v2 build/minilm.limbeck --verify examples/search/packages.txt
export LIMBECK_PACK=$PWD/build/minilm.limbeck
finish libraries
cat build/libraries.log
begin arm64 make lib-arm64
Tests/abi/run.sh
finish arm64
begin fuzzers scripts/fuzz.sh --build
Tests/abi/other-cpus.sh

step "Python binding"
build/venv/bin/pip install -q --disable-pip-version-check --force-reinstall --no-deps ./bindings/python
build/venv/bin/python -m pytest -q bindings/python/tests

step "Accuracy of packs"
build/venv/bin/python scripts/accuracy.py

step "Tokenizer against Hugging Face tokenizers and transformers on real texts"
build/venv/bin/python scripts/compare-sentencepiece.py --count "${SENTENCEPIECE_TEXTS:-1000}"
export TOKENIZER_TEXTS=${TOKENIZER_TEXTS:-4000} TOKENIZER_RANDOM=${TOKENIZER_RANDOM:-2000} TOKENIZER_CHARACTERS=${TOKENIZER_CHARACTERS:-4}
# Two at a time: the reference keeps one CPU busy for minutes.
begin bpe build/venv/bin/python scripts/compare-tokenizers.py --only byte-level --only characters
build/venv/bin/python scripts/compare-tokenizers.py --only wordpiece --only unigram
finish bpe
cat build/bpe.log

step "Fuzzing"
finish fuzzers
FUZZ_SECONDS=${FUZZ_SECONDS:-10} scripts/fuzz.sh

step "All tests passed"
printf '%s\n' "${times[@]}"
