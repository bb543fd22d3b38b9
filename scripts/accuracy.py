#!/usr/bin/env python3
"""What a pack's precision costs in accuracy: prints how close its answers are to those of float32.

Needs: numpy, and the library (make lib)

    scripts/accuracy.py [MODEL] [--texts FILE] [--precisions f16,int8,int4] [--calibration FILE]

MODEL is a folder whose embeddings are compared on 500 texts: by their cosine, and by the share of the ten nearest among the others that
stay the same. The texts are those of FILE, one per line, or paragraphs of a Debian Translation file; without it English package
descriptions are brought into build/texts with apt-get. They are none of the calibration's, which are the built-in ones unless a file has
others. Then the golden classifiers label random ids: these small models have random weights, and so closer calls than trained ones.
Exits with 1 if int8 misses its targets.
"""

import argparse
import pathlib
import random
import sys
import tempfile

import numpy as np

import tokenizer_cases as cases

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bindings/python"))

import limbeck  # noqa: E402

TEXTS = 500
# Of int8: the mean and the least cosine, the share of the nearest; the share of labels that change.
MEAN, LEAST, NEAREST, LABELS = 0.999, 0.995, 0.97, 0.005
# The share of the nearest differs by as much from one sample of texts to the next, and lies at the target: below this it has become worse.
NOISE = 0.01


def nearest(vectors, count=10):
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    return np.argsort(-scores, axis=1)[:, :count]


def compare(exact, other):
    """The mean and the least cosine, and the share of the ten nearest that stay."""
    cosines = (exact * other).sum(1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(other, axis=1)
    kept = [len(set(a) & set(b)) / len(a) for a, b in zip(nearest(exact), nearest(other))]
    return float(cosines.mean()), float(cosines.min()), float(np.mean(kept))


def classifiers():
    """The golden models with a label for each text."""
    return sorted(x for x in (ROOT / "Tests/golden/models").iterdir() if "sequence" in x.name and not x.name.endswith("-1"))


def labels(model, generator, count=500):
    ids = [generator.integers(0, model.info.vocab_size, generator.integers(4, 25)).tolist() for _ in range(count)]
    return np.stack(model.forward(ids, output="logits")).argmax(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default=str(ROOT / "models/all-MiniLM-L6-v2"))
    parser.add_argument("--texts")
    parser.add_argument("--precisions", default="f16,int8,int4")
    parser.add_argument("--calibration")
    options = parser.parse_args()
    calibration = cases.read_texts(options.calibration) if options.calibration else None

    file = options.texts
    if not file:
        file = next(x for x in cases.fetch_texts(ROOT / "build/texts") if x.name == "Translation-en")
    texts = sorted(set(cases.read_texts(file)) - set(calibration or []))
    texts = random.Random(1).sample(texts, min(TEXTS, len(texts)))

    missed = []
    with tempfile.TemporaryDirectory() as folder:

        def pack(source, precision):
            path = f"{folder}/{pathlib.Path(source).name}-{precision}.limbeck"
            limbeck.pack(source, path, precision=precision, calibration=calibration)
            return limbeck.Model(path), pathlib.Path(path).stat().st_size

        with limbeck.Model(options.model) as model:
            exact = model.embed(texts)
        print(f"{pathlib.Path(options.model).name}, {len(texts)} texts, against float32")
        print(f"{'':8} {'bytes':>12} {'mean':>9} {'minimum':>9} {'top 10':>8}")
        for precision in options.precisions.split(","):
            model, size = pack(options.model, precision)
            with model:
                mean, least, kept = compare(exact, model.embed(texts))
            print(f"{precision:8} {size:12,} {mean:9.5f} {least:9.5f} {kept:8.2%}")
            if precision == "int8" and (mean < MEAN or least < LEAST or kept < NEAREST - NOISE):
                missed.append(f"{options.model}: int8 misses {MEAN}, {LEAST}, {NEAREST:.0%}")
            elif precision == "int8" and kept < NEAREST:
                print(f"         the target for the ten nearest, {NEAREST:.0%}, is missed by less than the noise of a sample")

        for precision in options.precisions.split(","):
            changed = count = 0
            for source in classifiers():
                with limbeck.Model(source) as model:
                    expected = labels(model, np.random.default_rng(1))
                with pack(source, precision)[0] as model:
                    changed += int((labels(model, np.random.default_rng(1)) != expected).sum())
                count += len(expected)
            print(f"{precision:8} {changed} of {count} labels of the golden classifiers change ({changed / count:.2%})")
            if precision == "int8" and changed > LABELS * count:
                missed.append(f"golden classifiers: int8 changes more than {LABELS:.1%} of the labels")
    for line in missed:
        print(line, file=sys.stderr)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
