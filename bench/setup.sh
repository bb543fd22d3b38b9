#!/bin/sh
# Prepares what the benchmark needs in a work folder that git ignores: a virtual environment with the peers, and the models.
# What exists already is left alone. Environment: LIMBECK_BENCH_WORK (default: bench/work), PYTHON (default: python3), and
# whatever pip reads: the standard torch wheel carries CUDA along, some GB; an index with a CPU-only one saves them.
set -eu
cd "$(dirname "$0")"
work=${LIMBECK_BENCH_WORK:-work}
mkdir -p "$work"

step() {
    what=$1
    shift
    echo "bench/setup: $what ..." >&2
    start=$(date +%s)
    "$@" >> "$work/setup.log" 2>&1 || { tail -n 20 "$work/setup.log" >&2; echo "bench/setup: $what: failed" >&2; return 1; }
    echo "bench/setup: $what: $(($(date +%s) - start)) s" >&2
}

[ -x "$work/venv/bin/python" ] || step "make a virtual environment" "${PYTHON:-python3}" -m venv "$work/venv"

if ! cmp -s requirements.txt "$work/venv/requirements.txt"; then
    step "install the peers and the exporter (some minutes, some GB)" "$work/venv/bin/pip" install -r requirements.txt
    # The fastest WordPiece we know of. It has no wheel for every machine, so it may be missing.
    step "install flash-tokenizer" "$work/venv/bin/pip" install flash-tokenizer==1.2.0 ||
        echo "bench/setup: going on without flash-tokenizer" >&2
    cp requirements.txt "$work/venv/requirements.txt"
fi

for form in onnx opt.onnx q8.onnx nncf.xml ct2; do
    if [ ! -e "$work/minilm.$form" ] || [ ! -e "$work/distilbert.$form" ]; then
        step "export the models (two minutes)" "$work/venv/bin/python" export.py "$work"
        break
    fi
done

if [ ! -f "$work/sentencepiece/sentencepiece.bpe.model" ]; then
    step "train the tokenizers (a few minutes)" "$work/venv/bin/python" tokenizer_files.py "$work"
fi
