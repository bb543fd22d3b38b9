#!/bin/sh
# FastBERT.self_distill of the package fastbert 0.2.2, a public method that is to train the exits of a fine-tuned model on texts
# without labels, cannot be called: it passes on a name that is nowhere defined (model_saving_pathm), before anything is trained. The
# subclass for pairs of texts, FastBERT_S2, passes on a `kwargs` that it does not take. The exits can be trained through `fit` alone, which
# fine-tunes the model again.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cat > "$work/ask.py" <<'PYTHON'
import json, pathlib, sys
from fastbert import FastBERT, FastBERT_S2
from fastbert import fastbert as module

folder = pathlib.Path(sys.argv[1])
(folder / "vocab.txt").write_text("\n".join(["[PAD]", *(f"[unused{i}]" for i in range(1, 100)), "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b"]))
(folder / "own.json").write_text(json.dumps({
    "emb_size": 8, "feedforward_size": 16, "hidden_size": 8, "heads_num": 2, "layers_num": 2, "dropout": 0.1, "embedding": "bert",
    "encoder": "bert", "pooling": "first", "vocab_path": str(folder / "vocab.txt")}))
module.MODEL_CONFIG_FILE["own"] = str(folder / "own.json")
texts, path = ["a b", "b a", "a a", "b b"], str(folder / "saved.bin")
for kind, arguments in [(FastBERT, (texts,)), (FastBERT_S2, (texts, texts))]:
    model = kind("own", labels=["no", "yes"], is_load=False, seq_length=16)
    try:
        model.self_distill(*arguments, model_saving_path=path, epochs_num=1, verbose=False)
        print(kind.__name__, "distils")
    except Exception as error:
        print(kind.__name__, f"{type(error).__name__}: {error}")
PYTHON
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q torch==2.15.0 numpy==2.4.6
"$work/venv/bin/pip" install -q --no-deps fastbert==0.2.2
"$work/venv/bin/python" -W ignore "$work/ask.py" "$work" 2>/dev/null | tee "$work/found"
cat > "$work/expected" <<'TEXT'
FastBERT NameError: name 'model_saving_pathm' is not defined
FastBERT_S2 NameError: name 'kwargs' is not defined
TEXT
diff "$work/expected" "$work/found" && echo "as found on 2026-11-30"
