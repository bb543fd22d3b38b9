#!/usr/bin/env python3
"""Static students as model2vec's own `distill` makes them from tiny teachers: static/NAME.json and static/NAME.safetensors.

    python3 -m venv venv && venv/bin/pip install -r Tests/golden/requirements-static.txt
    venv/bin/python Tests/golden/make_static.py
    venv/bin/python Tests/golden/make_static.py --compare TEACHER STUDENT

The second call distils the teacher with model2vec (256 components, or as many as the student has) and says how far the student, a folder
made by `limbeck distil --static`, is from that; model2vec and sentence-transformers open the student for it.
"""

import argparse
import importlib.metadata
import json
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
# The teacher, and the arguments of `distill`.
CASES = {
    "wordpiece": ("answers/embed", {"pca_dims": 16}),
    "byte-level": ("answers/fill-modernbert", {"pca_dims": 8, "sif_coefficient": 1e-3}),
    "plain": ("answers/embed", {"pca_dims": None, "sif_coefficient": None}),
}
TEXTS = ["An embeddable library.", "Ünïcode, [MASK] and [CLS] twice: 2 + 2 = 4", "a", "Paris is in France; don't ask why.", "  spaces  "]


def check_versions():
    for line in (HERE / "requirements-static.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        name, version = line.split("==")
        found = importlib.metadata.version(name).split("+")[0]
        if found != version:
            sys.exit(f"{name} is {found}, expected {version}")


def make(name, teacher, arguments):
    from model2vec.distill import distill
    from safetensors.numpy import save_file

    model = distill(str(HERE / teacher), device="cpu", quantize_to="float32", **arguments)
    save_file({"embeddings": model.embedding.astype("float32")}, HERE / "static" / f"{name}.safetensors")
    case = {
        "teacher": teacher,
        "dimensions": arguments.get("pca_dims", 256) or False,
        "sif_coefficient": arguments.get("sif_coefficient", 1e-4) or False,
        "tokens": list(model.tokens),
        "texts": [{"text": text, "ids": model.tokenizer.encode(text, add_special_tokens=False).ids} for text in TEXTS],
    }
    (HERE / "static" / f"{name}.json").write_text(json.dumps(case, ensure_ascii=False, indent=1) + "\n")
    print(f"{name}: {model.embedding.shape[0]} tokens, {model.embedding.shape[1]} numbers")


def compare(teacher, folder):
    import numpy as np
    from model2vec import StaticModel
    from model2vec.distill import distill
    from sentence_transformers import SentenceTransformer

    own = StaticModel.from_pretrained(folder)
    config = json.loads((pathlib.Path(folder) / "config.json").read_text())
    begin = time.monotonic()
    reference = distill(teacher, device="cpu", pca_dims=config["apply_pca"], sif_coefficient=config["sif_coefficient"], quantize_to="float32")
    print(f"model2vec: {time.monotonic() - begin:.1f} s")
    assert list(own.tokens) == list(reference.tokens), "other tokens"
    a, b = own.embedding.astype(np.float64), reference.embedding.astype(np.float64)
    print(f"{a.shape[0]} tokens, {a.shape[1]} numbers, {own.embedding_dtype}")

    def cosines(x, y):
        x, y = x.astype(np.float64), y.astype(np.float64)
        return (x * y).sum(1) / (np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1))

    print(f"cosine of rows: mean {cosines(a, b).mean():.7f}, least {cosines(a, b).min():.7f}; largest difference {np.abs(a - b).max():.2e}")
    # Inner products do not depend on the choice among components of nearly the same variance.
    rows = np.random.default_rng(1).choice(len(a), 2000, replace=False)
    gram_a, gram_b = a[rows] @ a[rows].T, b[rows] @ b[rows].T
    print(f"inner products of 2000 rows: largest difference {np.abs(gram_a - gram_b).max() / np.abs(gram_b).max():.2e} of the largest")
    mine, theirs = own.encode(TEXTS), reference.encode(TEXTS)
    print(f"texts: least cosine to model2vec's {cosines(mine, theirs).min():.7f}")
    opened = SentenceTransformer(folder, device="cpu").encode(TEXTS)
    print(f"sentence-transformers and model2vec of the student: least cosine {cosines(mine, opened).min():.7f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compare", nargs=2, metavar=("TEACHER", "STUDENT"))
    options = parser.parse_args()
    check_versions()
    import torch

    torch.set_num_threads(1)
    if options.compare:
        return compare(*options.compare)
    for name, (teacher, arguments) in CASES.items():
        make(name, teacher, arguments)


if __name__ == "__main__":
    main()
