#!/bin/sh
# Fails when the library exports more or less than its header declares, needs more than libc and libm, or grows past its limit. With
# two arguments, the list of objects and the one object linked from them: fails when code for a newer CPU could run on an older one.
# NAME: the library, by default liblimbeck; HEADER and LIMIT, in bytes, if it is another.
# TOOLS: for a cross build, the prefix of the name of its nm. OBJDUMP: one that disassembles the object; that of binutils takes minutes over
# sections for each function, LLVM's a second.
set -eu
cd "$(dirname "$0")/.."

out=${OUT:-build/lib}
work=${WORK:-build/work}
name=${NAME:-liblimbeck}
limit=${LIMIT:-1100000}
mkdir -p "$work"
failed=0
fail() { echo "check-symbols: $*" >&2; failed=1; }

# The pitfall of compiling Swift for several CPUs: the runtime and the generic code of the standard library are weak symbols in
# every object, and the linker keeps one copy for all targets. AVX instructions (all begin with v, or with k for masks), and on arm64 dot
# products and the atomics that came with them, may occur in functions that only the kernel targets define, but not in a function
# that another target defines too, and could therefore call.
if [ $# -eq 2 ]; then
    case ${TOOLS:-$(uname -m)} in
    aarch64* | arm64) newer='[su]dot|cas|swp|ld(add|clr|eor|set|[su]max|[su]min)' ;;
    *) newer='v|k[a-z]+[bdqw] ' ;;
    esac
    {
        grep -vE '/(Integer)?Kernels(AVX|AMX|NEON)' "$1" | xargs "${TOOLS:-}nm" --defined-only 2> /dev/null | awk 'NF == 3 { print $3 }' |
            LC_ALL=C sort -u
        # Functions that two of the newer targets define, of which the linker may keep one.
        grep -E '/(Integer)?Kernels(AVX|AMX|NEON)' "$1" | xargs "${TOOLS:-}nm" --defined-only 2> /dev/null |
            awk 'NF == 3 && $2 ~ /[A-Zuvw]/ { print $3 }' | LC_ALL=C sort | uniq -d
    } | LC_ALL=C sort -u > "$work/generic"
    "${OBJDUMP:-${TOOLS:-}objdump}" -d --no-show-raw-insn "$2" | awk -v newer=":[ \\t]+($newer)" '
        /^[0-9a-f]+ <.*>:$/ { name = substr($2, 2, length($2) - 3) }
        $0 ~ newer && !seen[name]++ { print name }' | LC_ALL=C sort -u > "$work/wide"
    LC_ALL=C comm -12 "$work/generic" "$work/wide" > "$work/trapped"
    [ ! -s "$work/trapped" ] || fail "code for a newer CPU where any may run it:
$(cat "$work/trapped")"
    # The functions that include/foreign-strings.c stands for.
    xargs "${TOOLS:-}nm" --defined-only < "$1" 2> /dev/null | awk 'NF == 3 && $2 == "W" { print $3 }' | LC_ALL=C sort -u > "$work/weak"
    sed -n 's/^NEVER([0-9]*, "\(.*\)")$/\1/p' include/foreign-strings.c | LC_ALL=C sort | LC_ALL=C comm -23 - "$work/weak" > "$work/renamed"
    [ ! -s "$work/renamed" ] || echo "check-symbols: not in the library under these names, so include/foreign-strings.c saves less:
$(cat "$work/renamed")"
    [ "$failed" -eq 0 ] || exit 1
    echo "$(wc -l < "$work/wide" | tr -d ' ') functions are for newer CPUs, none of them shared"
    exit 0
fi

scripts/exports.sh "${HEADER:-include/limbeck.h}" > "$work/declared"

nm -D --defined-only "$out/$name.so" | awk '{ print $3 }' | LC_ALL=C sort -u > "$work/exported.so"
diff "$work/declared" "$work/exported.so" > "$work/difference" ||
    fail "$name.so against the header (<: missing, >: leaked):
$(cat "$work/difference")"

nm -g --defined-only "$out/$name.a" | awk 'NF == 3 { print $3 }' | LC_ALL=C sort -u > "$work/exported.a"
diff "$work/declared" "$work/exported.a" > "$work/difference" ||
    fail "$name.a against the header (<: missing, >: leaked):
$(cat "$work/difference")"

for needed in $(objdump -p "$out/$name.so" | awk '$1 == "NEEDED" { print $2 }'); do
    case $needed in
    libc.so.* | libm.so.* | libpthread.so.* | ld-linux*) ;;
    *) fail "$name.so needs $needed" ;;
    esac
done

bytes=$(wc -c < "$(readlink -f "$out/$name.so")")
[ "$bytes" -lt "$limit" ] || fail "$name.so has $bytes bytes; the limit is $limit"

[ "$failed" -eq 0 ] || exit 1
echo "$name.so: $(wc -l < "$work/declared" | tr -d ' ') functions exported, $bytes bytes"
