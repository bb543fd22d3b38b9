#!/usr/bin/env bash
# The order of the engine's folders, and the layout of Swift and C files. With --fix it formats them first.
# clang-format is the one of Tests/requirements.txt, in build/venv.
set -euo pipefail
cd "$(dirname "$0")/.."
swift_files=(Package.swift Sources Tests examples)
mapfile -t c_files < <(git ls-files '*.c' '*.h' '*.cpp' | grep -v '^Sources/CUnicodeTables/') # those are generated
clang_format=build/venv/bin/clang-format

if [ "${1:-}" = --fix ]; then
    swift format format --in-place --recursive "${swift_files[@]}"
    "$clang_format" -i "${c_files[@]}"
fi
scripts/check-arrows.py
swift format lint --strict --recursive "${swift_files[@]}"
"$clang_format" --dry-run --Werror "${c_files[@]}"
echo "PASS  arrows, swift format, clang-format"
