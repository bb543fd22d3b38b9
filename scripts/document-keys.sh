#!/bin/sh
# Inserts the output of `limbeck keys` between the markers of docs/models.md, or of another file.
#
#     scripts/document-keys.sh [FILE]
#
# Environment: LIMBECK, the program to ask (default: that of the release build).
set -eu
cd "$(dirname "$0")/.."
file=${1:-docs/models.md}
limbeck=${LIMBECK:-$("${SWIFT:-swift}" build -c release --show-bin-path)/limbeck}
tables=$(mktemp)
trap 'rm -f "$tables" "$tables.new"' EXIT
"$limbeck" keys > "$tables"
awk -v tables="$tables" '
    /^<!-- end of keys -->/ { inside = 0; ends++ }
    !inside { print }
    /^<!-- keys: / { inside = 1; begins++; print ""; while ((getline line < tables) > 0) print line; print "" }
    END { exit begins != 1 || ends != 1 }
' "$file" > "$tables.new" || { echo "document-keys: $file has no markers" >&2; exit 1; }
cat "$tables.new" > "$file"
