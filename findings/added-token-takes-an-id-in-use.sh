#!/bin/sh
# The tokenizers library gives an added token the number of tokens as its id, and not the largest id plus one: where a vocabulary has a
# hole, or a vocab.txt a line twice, the new token gets the id of another.
#
# Of the vocabulary {[UNK]: 0, a: 1, b: 3}, "<x>" gets 3, the id of b. Both texts become [3], and id_to_token says that it is <x>. A model
# trained so reads one row for two tokens; nothing is said when the token is added, nor when the file is saved and opened again.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q tokenizers==0.23.3
"$work/venv/bin/python" - > "$work/found" <<'PYTHON'
import tokenizers as t

made = t.Tokenizer(t.models.WordPiece({"[UNK]": 0, "a": 1, "b": 3}, unk_token="[UNK]"))
made.pre_tokenizer = t.pre_tokenizers.WhitespaceSplit()
made.add_tokens(["<x>"])
again = t.Tokenizer.from_str(made.to_str())
for found in (made, again):
    print(found.token_to_id("<x>"), found.token_to_id("b"), found.encode("<x>").ids, found.encode("b").ids, found.id_to_token(3))
PYTHON
cat "$work/found"
cat > "$work/expected" <<'TEXT'
3 3 [3] [3] <x>
3 3 [3] [3] <x>
TEXT
diff "$work/expected" "$work/found" && echo "tokenizers 0.23.3: as found on 2026-11-29"
