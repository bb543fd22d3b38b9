#!/bin/sh
# Builds and runs everything that uses the library from C: the header in every dialect, the tests of this folder and the
# examples, against the shared library and against the archive. Needs build/lib (make lib distil-lib). Prints a line per program.
set -eu
cd "$(dirname "$0")/../.."

lib=build/lib libraries='-lm -lpthread'
work=build/abi
models=$work/models
rm -rf "$work"
mkdir -p "$models"
log=$work/log
strict='-Wall -Wextra -pedantic -Werror -Iinclude'

passed() { echo "PASS  $*"; }
failed() {
    echo "FAIL  $*"
    cat "$log"
    exit 1
}

for name in limbeck limbeck-distil; do
    [ -f "$lib/lib$name.so" ] && [ -f "$lib/lib$name.a" ] || { echo "no lib$name in $lib: run make lib distil-lib" >&2; exit 1; }
done

# Models: golden ones, under the name of what they answer, with a vocabulary of their 80 tokens.
vocabulary() {
    printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]'
    for letter in a b c d e f g h i j k l m n o p q r s t u v w x y z; do printf '%s\n##%s\n' $letter $letter; done
    printf '%s\n' hello world who is in paris '?' '.' , ! the and of to a1 naive 你 '##ing' '##ed' '##s' lives works with
}
model() {
    mkdir "$models/$1"
    cp "Tests/golden/models/$2/config.json" "Tests/golden/models/$2/model.safetensors" "$models/$1/"
    [ $# -eq 2 ] || return 0
    vocabulary > "$models/$1/vocab.txt"
    [ "$(wc -l < "$models/$1/vocab.txt")" -eq 80 ]
}
model embed bert-pooler
model classify bert-sequence-3
model rerank bert-sequence-1
model tag bert-token
model answer bert-answer
model fill bert-masked
model bare bert-pooler without-tokenizer
# A .model file, and no other file of a tokenizer.
model sentencepiece xlm-roberta without-tokenizer
cp Tests/golden/sentencepiece/sixty/*.model "$models/sentencepiece/"
cp -r Tests/golden/adaptive/fastbert-package "$models/exits"
cp -r Tests/golden/adaptive/dynabert "$models/dynabert"
for name in prompts-left-out stages poolings cross-encoder; do cp -r "Tests/golden/cases/sentences/$name" "$models/"; done

# The header.
header() {
    name="header, $*"
    # shellcheck disable=SC2086
    "$@" $strict -c -o "$work/header.o" > "$log" 2>&1 || failed "$name"
    passed "$name"
}
compilers='gcc clang'
for compiler in $compilers; do
    command -v "$compiler" > /dev/null || { echo "SKIP  header, $compiler is not installed"; continue; }
    header "$compiler" -std=c99 Tests/abi/header.c
    header "$compiler" -std=c11 Tests/abi/header.c
    header "$compiler" -x c++ -std=c++11 Tests/abi/header.cpp
    header "$compiler" -x c++ -std=c++17 Tests/abi/header.cpp
done

# Programs, against both forms of a library. usage: build NAME SOURCE [LIBRARY]; then: check NAME ARGUMENTS...
build() {
    name=$1
    library=${3:-limbeck}
    # shellcheck disable=SC2086
    cc -std=c11 -D_GNU_SOURCE -O1 -g $strict -o "$work/$name.shared" "$2" "-L$lib" "-l$library" -lpthread \
        "-Wl,-rpath,$PWD/$lib" > "$log" 2>&1 || failed "$name: does not build against lib$library.so"
    # shellcheck disable=SC2086
    cc -std=c11 -D_GNU_SOURCE -O1 -g $strict -o "$work/$name.static" "$2" "$lib/lib$library.a" $libraries \
        > "$log" 2>&1 || failed "$name: does not build against lib$library.a"
}
check() {
    name=$1
    shift
    kinds='shared static'
    case $name in memory | interrupt) kinds=shared ;; esac # long, and the archive is of the same objects
    for kind in $kinds; do
        timeout 300 "$work/$name.$kind" "$@" > "$log" 2>&1 || failed "$name ($kind)"
        passed "$name ($kind): $(tail -n 1 "$log")"
    done
    sed '$d;s/^/      /' "$log"
}

for test in arguments messages lifetime threads interrupt fork texts memory pack sentencepiece exits width; do
    build "$test" "Tests/abi/$test.c"
    check "$test" "$models"
done

# The library of training, alone.
python3 scripts/loss-case.py Tests/golden/losses/hinton "$work/hinton"
build distil Tests/abi/distil.c limbeck-distil
check distil "$work/hinton"

# What the library reads of the operating system, by itself, over folders of the test's.
# shellcheck disable=SC2086
cc -std=c11 -D_GNU_SOURCE -O1 -g $strict -ISources/CPlatform/include -o "$work/quota" Tests/abi/quota.c Sources/CPlatform/cgroup.c \
    > "$log" 2>&1 || failed "quota: does not build"
timeout 300 "$work/quota" > "$log" 2>&1 || failed "quota"
passed "quota: $(tail -n 1 "$log")"

for example in hello embed classify exits width rerank tag answer threads; do build "example-$example" "examples/c/$example.c"; done
check example-hello "$models/embed"
check example-embed "$models/embed" 'hello world' 'who is in paris?' 'hello'
check example-classify "$models/classify" 'hello world' 'who is in paris?'
check example-exits "$models/exits" 0.5 'the tool' 'small text'
check example-width "$models/classify" 'hello world' 'who is in paris?'
check example-rerank "$models/rerank" 'who is in paris?' 'hello world' 'paris'
check example-tag "$models/tag" 'hello paris'
check example-answer "$models/answer" 'who?' 'hello paris'
check example-threads "$models/embed" 'hello world' 'paris' 'who is in paris?'
[ "$(wc -l < examples/c/hello.c)" -le 25 ] || failed "hello.c has more than 25 lines"

# An install tree that others build against, through pkg-config where there is one.
if command -v pkg-config > /dev/null; then
    make -s install PREFIX="$PWD/$work/prefix" > "$log" 2>&1 || failed "make install"
    flags=$(PKG_CONFIG_PATH=$work/prefix/lib/pkgconfig pkg-config --cflags --libs limbeck)
    # shellcheck disable=SC2086
    cc -o "$work/installed" examples/c/hello.c $flags "-Wl,-rpath,$PWD/$work/prefix/lib" > "$log" 2>&1 || failed "installed"
    "$work/installed" "$models/embed" > "$log" 2>&1 || failed "installed"
    passed "make install and pkg-config"
fi
