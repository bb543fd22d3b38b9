#!/bin/sh
# transformers 5's BertTokenizer builds the tokenizer anew around the vocabulary of a tokenizer.json: normalizer, pre-tokenizer and
# template of the file no longer count, and no warning says so.
#
# A cased Bert with a template of its own ([CLS] text only), as anybody may write it with the tokenizers library: 4.57.6 takes the file as it
# is ("A" is A, no [SEP]); 5.24.0 lowers the text, since do_lower_case is not in tokenizer_config.json, and adds [SEP].
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cat > "$work/ask.py" <<'PYTHON'
import json, pathlib, sys
import tokenizers as t
import transformers

folder = pathlib.Path(sys.argv[1])
folder.mkdir()
tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "A"]
made = t.Tokenizer(t.models.WordPiece({token: i for i, token in enumerate(tokens)}, unk_token="[UNK]"))
made.normalizer = t.normalizers.NFC()
made.pre_tokenizer = t.pre_tokenizers.BertPreTokenizer()
made.post_processor = t.processors.TemplateProcessing(single="[CLS] $A", pair="[CLS] $A $B", special_tokens=[("[CLS]", 2)])
made.save(str(folder / "tokenizer.json"))
(folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}))
(folder / "config.json").write_text(json.dumps({"model_type": "bert"}))
print(transformers.__version__, transformers.AutoTokenizer.from_pretrained(folder)("A a")["input_ids"])
PYTHON
for version in 4.57.6 5.24.0; do
    python3 -m venv "$work/$version"
    "$work/$version/bin/pip" install -q "transformers==$version"
    "$work/$version/bin/python" "$work/ask.py" "$work/folder-$version" 2>/dev/null | tee -a "$work/found"
done
cat > "$work/expected" <<'TEXT'
4.57.6 [2, 6, 5]
5.24.0 [2, 5, 5, 3]
TEXT
diff "$work/expected" "$work/found" && echo "as found on 2026-11-29"
