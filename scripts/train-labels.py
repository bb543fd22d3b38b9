#!/usr/bin/env python3
"""Trains the teacher and the students of the table of labels in docs/distillation.md, by the recipes, changed with --set alone.

    scripts/fetch-minilm.sh && scripts/fetch-descriptions.py && swift build -c release --product limbeck
    scripts/train-labels.py [NAME...]        those of these names, and what they need; all without

Needs numpy. The task: the section of a Debian package, one of 16, from the first 32 tokens of its description; the first 4,000 lines of
sections-train.tsv are learned. Writes build/labels/NAME, a student's folder, and NAME.limbeck, its int8 pack. What is there already is
left alone, and what was broken off goes on. scripts/measure-labels.py measures them. --list prints the commands, --plan what they would take.
"""

import argparse
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SECTIONS = "admin doc editors fonts games graphics java mail math net perl python science sound text web".split()
TEXTS, TOKENS, CALIBRATION = 4000, 32, 256

# The authors' learning rates are for models as BERT-base and for more steps: here it is one rate for whole models, and one for exits.
RATE, EXITS_RATE = 1e-4, 1e-3
EPOCHS = 3
LAYERS = [0, 2, 5]
SEQUENCE = {"kind": "sequence", "labels": SECTIONS}


def stage(number, epochs=EPOCHS, rate=RATE, freeze=("*word_embedding*",)):
    """What is alike in all stages. 4,000 texts would only spoil the 30,522 words, and training them takes time."""
    return {
        f"stages.{number}.batch.sequences": 16,
        f"stages.{number}.epochs": epochs,
        f"stages.{number}.optimizer.learning_rate": rate,
        f"stages.{number}.freeze": list(freeze),
    }


def runs(options):
    """Of each name: the recipe, what changes in it, and the other runs that it needs."""
    minilm, teacher, width, start = options.minilm, options.out / "teacher", output("dynabert-width", options), options.out / "fastbert-start"
    # Students begin with the same layers of the model that everybody can have, whoever teaches them. The last one is worth most.
    begin = {"student.from": minilm, "student.layers": LAYERS, "student.head": SEQUENCE}
    highways = "*.highway.*"
    # State 0 is what the embeddings give; a student's layer learns from every second one of the teacher's.
    scores = {"stages.0.losses.0.layers": [[0, 1], [1, 3], [2, 5]]}
    # As wide as the teacher, it needs no projection.
    hidden = {"stages.0.losses.1.layers": [[0, 0], [1, 2], [2, 4], [3, 6]], "stages.0.losses.1.projection": None}
    bert_adam = json.loads((ROOT / "recipes/pkd.json").read_text())["stages"][0]["optimizer"]
    parts = {"widths": [1, 0.5], "depths": [1, 0.5]}
    return {
        "teacher": ("fine-tune-labels", {"student.from": minilm, "student.head": SEQUENCE, **stage(0)}, []),
        # The same student without a teacher.
        "plain": ("fine-tune-labels", {**begin, **stage(0)}, []),
        "hinton": ("hinton", {"teacher": teacher, **begin, **stage(0)}, ["teacher"]),
        # The same two with PKD's optimiser: what a method owes to its optimiser is not the teacher's merit.
        "plain-bert-adam": ("fine-tune-labels", {**begin, "stages.0.optimizer": bert_adam, **stage(0)}, []),
        "hinton-bert-adam": ("hinton", {"teacher": teacher, **begin, "stages.0.optimizer": bert_adam, **stage(0)}, ["teacher"]),
        "pkd": ("pkd", {"teacher": teacher, **begin, **stage(0), "stages.0.losses.2.layers": [[1, 2], [2, 4]]}, ["teacher"]),
        # Without a general student, which takes days.
        "tinybert": (
            "tinybert-task",
            {"teacher.path": teacher, **begin, **scores, **hidden, **stage(0, epochs=1), **stage(1, epochs=2)},
            ["teacher"],
        ),
        # Exits are for all layers of the fine-tuned teacher, whose last head is new.
        "fastbert": (
            "fastbert",
            {
                "student.from": start, **stage(0, epochs=0.5), **stage(1, epochs=1.5, rate=EXITS_RATE, freeze=["classifiers.5.*"]),
                "stages.0.train": ["embedding.*", "encoder.*", "classifiers.5.*"],
            },
            ["teacher", "fastbert-start"],
        ),
        "deebert": (
            "deebert",
            {
                "student.from": teacher, "student.head.labels": SECTIONS,
                **stage(0, epochs=0.5, freeze=["*word_embedding*", highways]), **stage(1, epochs=1.5, rate=EXITS_RATE, freeze=[]),
            },
            ["teacher"],
        ),
        "dynabert-width": (
            "dynabert-width",
            {
                "teacher": teacher, **stage(0, epochs=0.5), "stages.0.widths": parts["widths"],
                "stages.0.losses.1.layers": [[i, i] for i in range(7)],
            },
            ["teacher"],
        ),
        "dynabert": (
            "dynabert-depth",
            {
                "teacher": width, **stage(0, epochs=0.25), **stage(1, epochs=0.25),
                **{f"stages.{number}.{key}": value for number in range(2) for key, value in parts.items()},
            },
            ["dynabert-width"],
        ),
    }  # fmt: skip


def value(x):
    return str(x) if isinstance(x, (str, pathlib.Path)) else json.dumps(x)


def command(name, options, table):
    recipe, changes, _ = table[name]
    everywhere = {"data.labelled": options.out / "train.tsv", "max_length": TOKENS, "seed": options.seed, "output": output(name, options)}
    sets = [x for key, change in {**everywhere, **changes}.items() for x in ("--set", f"{key}={value(change)}")]
    return [options.limbeck, "distil", ROOT / "recipes" / f"{recipe}.json", *sets, "--threads", options.threads]


def output(name, options):
    """Other seeds have folders of their own; the teacher is always the same."""
    return options.out / (name if options.seed == 42 or name == "teacher" else f"{name}-{options.seed}")


def run(words, options):
    words = [str(x) for x in words]
    if options.list:
        print(shlex.join(words) + "\n")
        return
    subprocess.run(words, check=True, env=os.environ | {"SWIFT_BACKTRACE": "enable=no"})


def make(name, options, table, made):
    if name in made:
        return
    made.add(name)
    if name == "fastbert-start":
        make("teacher", options, table, made)
        if options.list or not (options.out / name / "model.safetensors").exists():
            run([sys.executable, ROOT / "scripts/fastbert-folder.py", options.out / "teacher", options.out / name], options)
        return
    for other in table[name][2]:
        make(other, options, table, made)
    folder = output(name, options)
    if options.plan:
        print(f"\n{name}", flush=True)
        run([*command(name, options, table), "--plan"], options)
        return
    # A student is whole when its picture is there, which is written last, and its checkpoint is gone.
    whole = (folder / "curves.svg").exists() and not (folder / "checkpoint.safetensors").exists()
    if options.list or not whole:
        print(f"\n{folder.name}", flush=True)
        run(command(name, options, table), options)
    pack = folder.with_suffix(".limbeck")
    if options.list or not pack.exists():
        run([options.limbeck, "pack", folder, pack, "--calibration", options.out / "calibration.txt"], options)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--limbeck", default=str(ROOT / ".build/release/limbeck"))
    parser.add_argument("--minilm", type=pathlib.Path, default=ROOT / "models/all-MiniLM-L6-v2")
    parser.add_argument("--texts", type=pathlib.Path, default=ROOT / "build/descriptions")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/labels")
    parser.add_argument("--seed", type=int, default=42, help="of the students; another one than 42 ends their names")
    parser.add_argument("--threads", type=int, default=0, help="0: all CPUs; students are the same with any number")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--plan", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    table = runs(options)
    for name in options.names:
        if name not in table:
            parser.error(f"no {name}, expected of {', '.join(table)}")

    lines = (options.texts / "sections-train.tsv").read_text(encoding="utf-8").splitlines()[:TEXTS]
    (options.out / "train.tsv").write_text("".join(f"{x}\n" for x in lines), encoding="utf-8")
    texts = "".join(x.split("\t", 1)[1] + "\n" for x in lines[:CALIBRATION])
    (options.out / "calibration.txt").write_text(texts, encoding="utf-8")
    made = set()
    for name in options.names or table:
        make(name, options, table, made)


if __name__ == "__main__":
    main()
