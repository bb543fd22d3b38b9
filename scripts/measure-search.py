#!/usr/bin/env python3
"""Measures students for search: finding a package's long description by its synopsis, among 5,000 that training never saw.

    scripts/measure-search.py STUDENT... [--teacher models/all-MiniLM-L6-v2] [--texts build/descriptions] [--threads 2]

Needs numpy, the library (make lib, or LIMBECK_LIBRARY), the texts of scripts/fetch-descriptions.py, and for the teacher
scripts/fetch-minilm.sh. Models are folders or packs. The teacher's vectors are kept beside the texts. Prints for the teacher and for each student:

    MRR@10    the mean of 1 / rank of the right description among the ten nearest, 0 if it is not among them; and its share of the teacher's
    top 10    how many of the teacher's ten nearest descriptions the student finds
    cosine    to the teacher's vectors, the mean over queries and descriptions, where the widths agree
    texts/s   descriptions in a second, tokenizer included, on this machine as it is now
    MB        the size of the pack, or of the folder's weights
"""

import argparse
import hashlib
import os
import pathlib
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bindings/python"))

import limbeck  # noqa: E402

NEAREST = 10


def read(path, count):
    return [line.split("\t", 1)[1] for line in path.read_text(encoding="utf-8").splitlines()[:count]]


def weights(path):
    path = pathlib.Path(path)
    return [path] if path.is_file() else sorted([*path.glob("*.safetensors"), *path.glob("*.bin")])


def digest(lines):
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class Measured:
    def __init__(self, path, queries, documents, options, kept=None):
        """kept: a file with the vectors of this model and these texts, read if they are the same, and written if not."""
        key = digest([str(options.max_length), limbeck.__version__, *(f"{x} {x.stat().st_size} {x.stat().st_mtime_ns}" for x in weights(path)), *queries, *documents])
        found = np.load(kept) if kept and kept.exists() else {"key": ""}
        if str(found["key"]) == key:
            self.queries, self.documents, self.speed = found["queries"], found["documents"], float(found["speed"])
        else:
            with limbeck.Model(path, threads=options.threads) as model:
                start = time.perf_counter()
                self.documents = unit(model.embed(documents, max_length=options.max_length))
                self.speed = len(documents) / (time.perf_counter() - start)
                self.queries = unit(model.embed(queries, max_length=options.max_length))
            if kept:
                np.savez(kept, key=key, queries=self.queries, documents=self.documents, speed=self.speed)
        scores = self.queries @ self.documents.T
        right = np.diag(scores)[:, None]
        ranks = 1 + (scores > right).sum(1)
        self.reciprocal = np.where(ranks <= NEAREST, 1 / ranks, 0).mean()
        self.nearest = np.argpartition(-scores, NEAREST, axis=1)[:, :NEAREST]
        self.path, self.size = path, sum(file.stat().st_size for file in weights(path))

    def row(self, teacher):
        overlap = np.mean([len(set(a) & set(b)) / NEAREST for a, b in zip(self.nearest, teacher.nearest)])
        cosine = "-"
        if self.queries.shape == teacher.queries.shape:
            both = [(self.queries * teacher.queries).sum(1), (self.documents * teacher.documents).sum(1)]
            cosine = f"{np.concatenate(both).mean():.4f}"
        return (f"{pathlib.Path(self.path).name[:32]:32} {self.reciprocal:8.4f} {self.reciprocal / teacher.reciprocal:8.2%} {overlap:8.2%} "
                f"{cosine:>7} {self.speed:8.0f} {self.size / 1e6:8.2f}")  # fmt: skip


def unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("students", nargs="+", metavar="STUDENT")
    parser.add_argument("--teacher", default=str(ROOT / "models" / "all-MiniLM-L6-v2"))
    parser.add_argument("--texts", type=pathlib.Path, default=ROOT / "build" / "descriptions")
    parser.add_argument("--count", type=int, help="only the first so many: a quick look, easier to search")
    parser.add_argument("--max-length", type=int, help="tokens of a text (default: as each model says)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()

    queries, documents = (read(options.texts / f"search-{name}.tsv", options.count) for name in ("queries", "documents"))
    print(f"{len(documents)} descriptions, {options.threads} threads\n")
    print(f"{'':32} {'MRR@10':>8} {'of it':>8} {'top 10':>8} {'cosine':>7} {'texts/s':>8} {'MB':>8}")
    teacher = Measured(options.teacher, queries, documents, options, options.texts / "teacher.npz")
    print(teacher.row(teacher), flush=True)
    for path in options.students:
        print(Measured(path, queries, documents, options).row(teacher), flush=True)


if __name__ == "__main__":
    main()
