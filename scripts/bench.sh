#!/bin/sh
# Speed and memory compared with the peers: bench/compare.py, after building the library and preparing the peers.
#
#     scripts/bench.sh                an hour and more, on an otherwise idle machine
#     scripts/bench.sh --write        the same, and writes bench/results.md and bench/results.svg
#     scripts/bench.sh --quick        a smoke test: the numbers mean nothing
#     scripts/bench.sh --part ragged  one part: shapes, ragged, tokenizers, start, memory, pack, limits, training
#     scripts/bench.sh families       instead: a checkpoint of every family in a real size, against PyTorch; --write: bench/families.md
#     scripts/bench.sh exits          instead: what early exits and parts of a model save, and the package fastbert; --write: bench/exits.md
#
# Environment: LIMBECK_LIBRARY (default: build/lib/liblimbeck.so, built first), LIMBECK_CLI (default: the command line, built
# first), CC, SWIFT, and that of bench/setup.sh.
set -eu
cd "$(dirname "$0")/.."

if [ -z "${LIMBECK_LIBRARY:-}" ]; then
    scripts/build-lib.sh
    LIMBECK_LIBRARY=$PWD/build/lib/liblimbeck.so
fi
export LIMBECK_LIBRARY

LIMBECK_BENCH_WORK=${LIMBECK_BENCH_WORK:-$PWD/bench/work}
export LIMBECK_BENCH_WORK
bench/setup.sh

case ${1:-} in
    families | exits)
        part=$1
        shift
        exec "$LIMBECK_BENCH_WORK/venv/bin/python" "bench/$part.py" "$@"
        ;;
esac

if [ -z "${LIMBECK_CLI:-}" ]; then
    "${SWIFT:-swift}" build -c release --product limbeck
    LIMBECK_CLI=$("${SWIFT:-swift}" build -c release --show-bin-path)/limbeck
fi

libraries=$(dirname "$LIMBECK_LIBRARY")
native=$LIMBECK_BENCH_WORK/native
"${CC:-cc}" -std=gnu11 -O2 -Wall -Wextra -Werror -Iinclude -Iexamples/c -o "$native" bench/native.c \
    -L"$libraries" -Wl,-rpath,"$libraries" -llimbeck

exec "$LIMBECK_BENCH_WORK/venv/bin/python" bench/compare.py --work "$LIMBECK_BENCH_WORK" --native "$native" \
    --cli "$LIMBECK_CLI" "$@"
