#!/bin/sh
# transformers 5 gives no token types where 4 gave them, for the same folder.
#
# A tokenizer.json whose template says which text is the second, opened as PreTrainedTokenizerFast without `model_input_names`: 4.57.6
# answers with token_type_ids 0 0 0 1 1, 5.24.0 with none, so that a BERT behind it adds the row of type 0 to the second text too. Nothing
# is written to a log. ALBERT's own class changed in the same way.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cat > "$work/ask.py" <<'PYTHON'
import pathlib, sys
import tokenizers as t
import transformers

vocabulary = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3, "b": 4}
made = t.Tokenizer(t.models.WordPiece(vocabulary, unk_token="[UNK]"))
made.pre_tokenizer = t.pre_tokenizers.Whitespace()
made.post_processor = t.processors.TemplateProcessing(
    single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)])
folder = pathlib.Path(sys.argv[1])
folder.mkdir()
made.save(str(folder / "tokenizer.json"))
(folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
found = transformers.AutoTokenizer.from_pretrained(folder)("a", "b")
print(transformers.__version__, found["input_ids"], found.get("token_type_ids"))
PYTHON
for version in 4.57.6 5.24.0; do
    python3 -m venv "$work/$version"
    "$work/$version/bin/pip" install -q "transformers==$version"
    "$work/$version/bin/python" "$work/ask.py" "$work/folder-$version" 2>/dev/null | tee -a "$work/found"
done
cat > "$work/expected" <<'TEXT'
4.57.6 [1, 3, 2, 4, 2] [0, 0, 0, 1, 1]
5.24.0 [1, 3, 2, 4, 2] None
TEXT
diff "$work/expected" "$work/found" && echo "as found on 2026-11-29"
