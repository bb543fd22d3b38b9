#!/bin/sh
# A sentence-transformers model with do_lower_case answers otherwise once it was saved and loaded again.
#
# Transformer(do_lower_case=True) puts a Lowercase before the tokenizer's normalizer, and save() writes that into tokenizer.json, and the
# flag nowhere else. transformers 4.57.6 reads that file as it is; 5.24.0 builds BertTokenizer's own normalizer in its place, from
# do_lower_case of tokenizer_config.json, which says false. So with sentence-transformers 6.2.0 the saved model cuts "Old Clock" into
# unknown tokens, and nothing is said.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cat > "$work/ask.py" <<'PYTHON'
import logging, pathlib, sys
import torch, transformers, sentence_transformers
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, Transformer

logging.disable(logging.WARNING)
work = pathlib.Path(sys.argv[1])
base = work / "base"
base.mkdir(parents=True)
(base / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "old", "clock"]) + "\n")
transformers.BertTokenizer.from_pretrained(base, do_lower_case=False).save_pretrained(base)
torch.manual_seed(1)
sizes = dict(vocab_size=7, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
transformers.BertModel(transformers.BertConfig(**sizes)).save_pretrained(base)
model = SentenceTransformer(modules=[Transformer(str(base), do_lower_case=True), Pooling(8)], device="cpu")
model.save(str(work / "saved"))
again = SentenceTransformer(str(work / "saved"), device="cpu")
ids = [m.tokenize(["Old Clock"])["input_ids"][0].tolist() for m in (model, again)]
print(sentence_transformers.__version__, transformers.__version__, "before", ids[0], "after", ids[1])
PYTHON
ask() { # sentence-transformers, transformers
    python3 -m venv "$work/$2"
    "$work/$2/bin/pip" install -q "sentence-transformers==$1" "transformers==$2" torch==2.15.0
    "$work/$2/bin/python" -W ignore "$work/ask.py" "$work/model-$2" 2>/dev/null | tee -a "$work/found"
}
ask 5.1.2 4.57.6
ask 6.2.0 5.24.0
cat > "$work/expected" <<'TEXT'
5.1.2 4.57.6 before [2, 5, 6, 3] after [2, 5, 6, 3]
6.2.0 5.24.0 before [2, 5, 6, 3] after [2, 1, 1, 3]
TEXT
diff "$work/expected" "$work/found" && echo "as found on 2026-11-29"
