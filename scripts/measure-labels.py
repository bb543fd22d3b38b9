#!/usr/bin/env python3
"""Measures students that label texts: the section of a Debian package, one of 16, from its description, which training never saw.

    scripts/measure-labels.py [MODEL[@SETTING]...] [--teacher build/labels/teacher.limbeck] [--against build/labels/plain.limbeck]

Needs numpy, the library (make lib, or LIMBECK_LIBRARY), the texts of scripts/fetch-descriptions.py, and students of scripts/train-labels.py or
others with the same labels. Of texts whose first tokens are the same, those that are read, the first one counts, and none that begins as one
of the training texts: packages of one source share their first sentences. A model is a folder or a pack. A setting is one of the model's
parts or an exit, and has a row of its own:

    dynabert.limbeck@width=0.5,depth=0.5    fastbert.limbeck@threshold=0.3    fastbert.limbeck@patience=2

A threshold is an uncertainty of 0 to 1, an entropy divided by ln(labels), whatever the model's own rule is. Prints for each row:

    Mparam    parameters in millions; MB: the size of the pack, or of the folder's weights
    layers    that a text needs, on average
    texts/s   descriptions in a second of one CPU's time, tokenizer included: of time that others take, this sees little
    accuracy  of all texts, and its standard error
    kept      the share of the teacher's accuracy
    against   the difference to the model of --against on the same texts, and its standard error, in percent of the texts
"""

import argparse
import pathlib
import sys
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bindings/python"))

import limbeck  # noqa: E402

SETTINGS = {"width": float, "depth": float, "layers": int, "threshold": float, "patience": int}


def read(path):
    return [line.split("\t", 1) for line in path.read_text(encoding="utf-8").splitlines()]


def distinct(rows, seen, options):
    """Labels and texts of the rows that begin unlike all others before them, and unlike those that were seen in training."""
    with limbeck.Model(options.teacher, threads=1) as model:
        starts = [tuple(x.ids) for x in model.tokenize([text for _, text in seen + rows], max_length=options.max_length)]
    known, kept = set(starts[: len(seen)]), []
    for row, start in zip(rows, starts[len(seen) :]):
        if start not in known:
            known.add(start)
            kept.append(row)
    return [label for label, _ in kept[: options.count]], [text for _, text in kept[: options.count]]


def size(path):
    files = [path] if path.is_file() else [*path.glob("*.safetensors"), *path.glob("*.bin")]
    return sum(file.stat().st_size for file in files)


class Measured:
    def __init__(self, name, labels, texts, options):
        path, _, words = name.partition("@")
        settings = dict(word.split("=", 1) for word in words.split(",")) if words else {}
        if unknown := settings.keys() - SETTINGS.keys():
            sys.exit(f"{name}: '{min(unknown)}', expected one of {', '.join(SETTINGS)}")
        settings = {key: SETTINGS[key](value) for key, value in settings.items()}
        exits = {"exit_rule": "never"}
        if "threshold" in settings:
            exits = {"exit_threshold": settings.pop("threshold"), "exit_rule": "uncertainty"}
        if "patience" in settings:
            exits = {"exit_patience": settings.pop("patience")}
        with limbeck.Model(path, threads=1, **settings) as model:
            has_exits = model.session.exits > 1
            start = time.process_time()
            answers = model.classify(texts, max_length=options.max_length, **(exits if has_exits else {}))
            self.speed = len(texts) / (time.process_time() - start)
            self.parameters = model.info.parameters
        self.name, self.size = pathlib.Path(path).name + (f" {words}" if words else ""), size(pathlib.Path(path))
        self.layers = np.mean([x.layers for x in answers])
        self.hits = np.array([x.label == label for x, label in zip(answers, labels)], float)

    def row(self, teacher, against):
        accuracy, difference = self.hits.mean(), self.hits - against.hits
        count = len(self.hits)
        error, doubt = (accuracy * (1 - accuracy) / count) ** 0.5, difference.std() / count**0.5
        compared = f"{100 * difference.mean():+7.2f} ±{100 * doubt:.2f}" if self is not against else ""
        return (f"{self.name[:34]:34} {self.parameters / 1e6:7.1f} {self.size / 1e6:7.1f} {self.layers:7.2f} {self.speed:8.0f} "
                f"{100 * accuracy:8.2f} ±{100 * error:.2f} {accuracy / teacher.hits.mean():8.1%} {compared:>15}")  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL")
    parser.add_argument("--teacher", default=str(ROOT / "build/labels/teacher.limbeck"))
    parser.add_argument("--against", default=str(ROOT / "build/labels/plain.limbeck"))
    parser.add_argument("--texts", type=pathlib.Path, default=ROOT / "build/descriptions")
    parser.add_argument("--seen", type=pathlib.Path, default=ROOT / "build/labels/train.tsv", help="the training texts")
    parser.add_argument("--count", type=int, help="only the first so many texts")
    parser.add_argument("--max-length", type=int, default=32, help="tokens of a text, 32 as in training")
    options = parser.parse_args()

    rows = read(options.texts / "sections-test.tsv")
    labels, texts = distinct(rows, read(options.seen), options)
    print(f"{len(texts)} of {len(rows)} descriptions, at most {options.max_length} tokens of each, one thread\n")
    print(f"{'':34} {'Mparam':>7} {'MB':>7} {'layers':>7} {'texts/s':>8} {'accuracy':>14} {'kept':>8} {'against':>15}")
    teacher, against = (Measured(name, labels, texts, options) for name in (options.teacher, options.against))
    for measured in (teacher, against):
        print(measured.row(teacher, against), flush=True)
    for name in options.models:
        print(Measured(name, labels, texts, options).row(teacher, against), flush=True)


if __name__ == "__main__":
    main()
