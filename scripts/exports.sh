#!/bin/sh
# Prints the functions that include/limbeck.h declares, one per line, sorted. The preprocessor removes the comments.
set -eu
cd "$(dirname "$0")/.."
${CC:-cc} -E -P include/limbeck.h | tr '\n' ' ' | grep -o 'limbeck_[a-z0-9_]* *(' | tr -d ' (' | LC_ALL=C sort -u
