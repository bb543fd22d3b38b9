#!/bin/sh
# Prints the targets of vector code beyond the portable code, as Package.swift lists them: name, what they define, and clang's flags; of
# one architecture, the oldest instruction set first.
# Usage: scripts/kernels.sh x86_64|arm64
set -eu
cd "$(dirname "$0")/.."
sed -n "/^let kernelTargets = /,/^ *\"\"\"\$/s/^ *$1  *//p" Package.swift | tr -s ' '
