"""What real checkpoints answer, beside their references: run by scripts/real-models.sh, which brings both.

Ids of texts in 24 languages; vectors, or a decoder's logits, of English ones; and what int8 and int4 cost, with the method of
scripts/accuracy.py: cosines to float32, and the share of the ten nearest of 500 that stays.
"""

import argparse
import datetime
import os
import pathlib
import random
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bindings/python"))

import limbeck  # noqa: E402

import accuracy  # noqa: E402
import tokenizer_cases as cases  # noqa: E402

# The folder, and what its reference is.
MODELS = [
    ("all-MiniLM-L6-v2", "sentence-transformers"),
    ("all-mpnet-base-v2", "sentence-transformers"),
    ("splade-bert-tiny", "transformers"),
    ("paraphrase-MiniLM-L3-v2", "onnxruntime"),
    ("all-MiniLM-L6-v2-from-int8", "onnxruntime"),
]
COMPARED, TOKENIZED, NEAREST = 64, 6000, 500
BEGIN, END = "<!-- real models -->\n", "<!-- end of real models -->\n"


def ids(folder, texts):
    """How many of the texts have the reference's ids."""
    from tokenizers import Tokenizer

    theirs, ours = Tokenizer.from_file(str(folder / "tokenizer.json")), limbeck.Tokenizer(folder)
    theirs.no_padding()
    theirs.no_truncation()
    return sum(theirs.encode(text).ids == list(ours.tokenize(text).ids) for text in texts)


def masked(text):
    """A text with every seventh word masked, the first at least."""
    words = text.split()[:60]
    return " ".join("[MASK]" if place % 7 == 3 % len(words) else word for place, word in enumerate(words))


class Vectors:
    """Embeddings by sentence-transformers, one text at a time: in a batch they differ in their last bits."""

    what = "vectors"

    def __init__(self, folder):
        from sentence_transformers import SentenceTransformer

        self.model = SentenceTransformer(str(folder), device="cpu")

    def __call__(self, texts):
        return np.stack([self.model.encode([text], batch_size=1)[0] for text in texts])

    def ours(self, model, texts):
        return model.embed(texts)


class Graph:
    """The mean of the states that ONNX Runtime gives: what has three dimensions, whatever else the graph lets out."""

    what = "vectors"

    def __init__(self, folder):
        import onnxruntime

        self.session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
        self.names = [entry.name for entry in self.session.get_inputs()]
        self.tokenizer = limbeck.Tokenizer(folder)

    def __call__(self, texts):
        vectors = []
        for text in texts:
            row = np.array([self.tokenizer.tokenize(text, max_length=256).ids], np.int64)
            given = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
            outputs = self.session.run(None, {name: given[name] for name in self.names})
            vectors.append(next(output for output in outputs if output.ndim == 3)[0].mean(0))
        return np.stack(vectors)

    def ours(self, model, texts):
        return model.embed(texts, pooling="mean", normalize=False, max_length=256)


class Logits:
    """Logits of masked tokens by transformers."""

    what = "logits"

    def __init__(self, folder):
        import torch
        from transformers import AutoModelForMaskedLM

        self.torch, self.model = torch, AutoModelForMaskedLM.from_pretrained(folder, attn_implementation="eager").eval()
        self.tokenizer = limbeck.Tokenizer(folder)

    def rows(self, texts):
        return [list(self.tokenizer.tokenize(masked(text), max_length=128).ids) for text in texts]

    def places(self, row):
        return [place for place, token in enumerate(row) if token == self.tokenizer.id("[MASK]")]

    def __call__(self, texts):
        with self.torch.no_grad():
            found = [self.model(self.torch.tensor([row])).logits[0].numpy()[self.places(row)] for row in self.rows(texts)]
        return np.concatenate(found)

    def ours(self, model, texts):
        rows = self.rows(texts)
        found = model.forward(rows, output="logits")
        return np.concatenate([np.asarray(part)[self.places(row)] for row, part in zip(rows, found)])


REFERENCES = {"sentence-transformers": Vectors, "onnxruntime": Graph, "transformers": Logits}


def line(name, kind, tokenized, texts):
    folder = ROOT / "models" / name
    same = ids(folder, tokenized)
    reference = REFERENCES[kind](folder)
    with limbeck.Model(folder) as model, tempfile.TemporaryDirectory() as scratch:
        theirs, ours = reference(texts[:COMPARED]), reference.ours(model, texts[:COMPARED])
        difference = np.abs(theirs - ours).max()
        cells = [name, kind, f"{same:,} of {len(tokenized):,}", f"{difference:.1e}"]
        exact = reference.ours(model, texts)
        best = exact.argmax(1) if reference.what == "logits" else None
        if best is not None:
            assert (best[: len(theirs)] == theirs.argmax(1)).all(), f"{name}: another best token"
        for precision in ("int8", "int4"):
            path = f"{scratch}/{precision}.limbeck"
            limbeck.pack(folder, path, precision=precision)
            with limbeck.Model(path) as packed:
                other = reference.ours(packed, texts)
            if best is not None:
                cells.append(f"{np.mean(other.argmax(1) != best):.1%} other best tokens")
            else:
                mean, least, kept = accuracy.compare(exact, other)
                cells.append(f"{mean:.5f}, {least:.5f}, {kept:.1%}")
    print(cells, file=sys.stderr, flush=True)
    return "| " + " | ".join(cells) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the table into docs/numbers.md")
    parser.add_argument("--models", help="only these, with commas between them")
    options = parser.parse_args()

    files = cases.fetch_texts(ROOT / "build/texts")
    languages = [sorted(set(cases.read_texts(file))) for file in files]
    tokenized = cases.share(languages, TOKENIZED)
    english = languages[[file.name for file in files].index("Translation-en")]
    texts = random.Random(1).sample(english, NEAREST)

    chosen = options.models.split(",") if options.models else [name for name, _ in MODELS]
    lines = [
        f"{datetime.date.today()}, {len(texts)} package descriptions; ids of texts in {len(files)} languages.",
        "",
        "| model | reference | ids equal | largest difference | int8: mean, least cosine, ten nearest kept | int4 |",
        "|---|---|---|---|---|---|",
        *(line(name, kind, tokenized, texts) for name, kind in MODELS if name in chosen),
    ]
    table = "\n".join(lines) + "\n"
    print(table)
    if options.write:
        path = ROOT / "docs/numbers.md"
        before, _, rest = path.read_text().partition(BEGIN)
        path.write_text(before + BEGIN + table + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
