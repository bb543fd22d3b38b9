#!/bin/sh
# encode_document() looks for the prompts "document", "passage" and "corpus" in this order, and only ever finds the first.
#
# Every SentenceTransformer has the prompts "query" and "document", empty ones unless it is told otherwise; so a model with the prompt
# "passage" alone, as the documentation of encode_document() describes, gets an empty one before its documents.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cat > "$work/ask.py" <<'PYTHON'
import logging, pathlib, sys
import numpy as np
import torch, transformers, sentence_transformers
from sentence_transformers import SentenceTransformer
from sentence_transformers.models import Pooling, Transformer

logging.disable(logging.WARNING)
base = pathlib.Path(sys.argv[1])
base.mkdir(parents=True)
(base / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "passage", ":", "clock"]) + "\n")
transformers.BertTokenizer.from_pretrained(base).save_pretrained(base)
torch.manual_seed(1)
sizes = dict(vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8)
transformers.BertModel(transformers.BertConfig(**sizes)).save_pretrained(base)
model = SentenceTransformer(modules=[Transformer(str(base)), Pooling(8)], prompts={"passage": "passage: "}, device="cpu")
found = model.encode_document(["clock"])
plain, passage = model.encode(["clock"]), model.encode(["clock"], prompt_name="passage")
print(sentence_transformers.__version__, model.prompts, f"without a prompt: {np.array_equal(found, plain)}, with passage: {np.array_equal(found, passage)}")
PYTHON
ask() { # sentence-transformers, transformers
    python3 -m venv "$work/$2"
    "$work/$2/bin/pip" install -q "sentence-transformers==$1" "transformers==$2" torch==2.15.0
    "$work/$2/bin/python" -W ignore "$work/ask.py" "$work/model-$2" 2>/dev/null | tee -a "$work/found"
}
ask 5.1.2 4.57.6
ask 6.2.0 5.24.0
cat > "$work/expected" <<'TEXT'
5.1.2 {'query': '', 'document': '', 'passage': 'passage: '} without a prompt: True, with passage: False
6.2.0 {'query': '', 'document': '', 'passage': 'passage: '} without a prompt: True, with passage: False
TEXT
diff "$work/expected" "$work/found" && echo "as found on 2026-11-29"
