#!/bin/sh
# Distils the student that the repository carries once more, and compares: `make student`.
#
# From the teacher (downloaded by scripts/fetch-minilm.sh) and students/search/pairs.tsv.xz, by students/search/recipe.json; then packs
# it as int8. The pack must have the bits of students/search/student.limbeck. Ends with 1 if it has others. Takes some 20 minutes
# of two cores; Ctrl-C leaves a checkpoint, from which the same command goes on.
# Environment: SWIFT (default: swift); THREADS (default: all CPUs), which changes the time and not the bits.
set -eu
cd "$(dirname "$0")/.."

swift=${SWIFT:-swift}
student=students/search
work=build/student

say() { printf '\n== %s\n' "$*"; }

say "Building limbeck (the first time takes some minutes)"
"$swift" build -c release --product limbeck
limbeck=$("$swift" build -c release --show-bin-path)/limbeck

say "Bringing the teacher, all-MiniLM-L6-v2, and the texts"
scripts/fetch-minilm.sh
mkdir -p "$work"
python3 -c 'import lzma, shutil, sys; shutil.copyfileobj(lzma.open(sys.argv[1]), open(sys.argv[2], "wb"))' "$student/pairs.tsv.xz" "$work/pairs.tsv"

say "Distilling by $student/recipe.json"
"$limbeck" distil "$student/recipe.json" ${THREADS:+--threads "$THREADS"}

say "Packing as int8, calibrated with texts of the training"
head -n 500 "$work/pairs.tsv" | tr '\t' '\n' > "$work/calibration.txt"
"$limbeck" pack "$work/search" "$work/student.limbeck" --calibration "$work/calibration.txt"

say "Comparing with $student/student.limbeck"
sha256sum "$work/student.limbeck" "$student/student.limbeck"
if cmp "$work/student.limbeck" "$student/student.limbeck"; then
    echo "The same, bit for bit."
else
    echo "student: this build makes another student; if that is wanted, copy it over the old one, with its numbers in the README" >&2
    exit 1
fi
