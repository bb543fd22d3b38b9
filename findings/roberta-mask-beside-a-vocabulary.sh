#!/bin/sh
# The mask of RoBERTa no longer takes the space before it, if the tokenizer is made from vocab.json and merges.txt by transformers 5.
#
# 4.57.6 cuts "a <mask>" into a and <mask>; 5.24.0 gives a token of the space between them, for which the model was never trained, and fills the mask
# with other words. A tokenizer.json in the same folder, or a mask_token written as an object with "lstrip", brings it back.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cat > "$work/ask.py" <<'PYTHON'
import json, pathlib, sys
import tokenizers as t
import transformers

folder = pathlib.Path(sys.argv[1])
folder.mkdir()
tokens = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", *sorted(t.pre_tokenizers.ByteLevel.alphabet())]
(folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}))
(folder / "merges.txt").write_text("#version: 0.2\n")
(folder / "config.json").write_text(json.dumps({"model_type": "roberta"}))
found = transformers.AutoTokenizer.from_pretrained(folder)
print(transformers.__version__, found.convert_ids_to_tokens(found("a <mask>")["input_ids"]))
PYTHON
for version in 4.57.6 5.24.0; do
    python3 -m venv "$work/$version"
    "$work/$version/bin/pip" install -q "transformers==$version"
    "$work/$version/bin/python" "$work/ask.py" "$work/folder-$version" 2>/dev/null | tee -a "$work/found"
done
cat > "$work/expected" <<'TEXT'
4.57.6 ['<s>', 'a', '<mask>', '</s>']
5.24.0 ['<s>', 'a', 'Ġ', '<mask>', '</s>']
TEXT
diff "$work/expected" "$work/found" && echo "as found on 2026-11-29"
