#!/bin/sh
# Prints the functions that a header declares, by default include/limbeck.h, one per line, sorted. The preprocessor removes the comments.
# LIMBECK_H, if it is defined, leaves out what another header includes of limbeck.h.
set -eu
cd "$(dirname "$0")/.."
header=${1:-include/limbeck.h}
[ "$header" = include/limbeck.h ] || define=-DLIMBECK_H
${CC:-cc} -E -P ${define-} "$header" | tr '\n' ' ' | grep -o 'limbeck_[a-z0-9_]* *(' | tr -d ' (' | LC_ALL=C sort -u
