#!/usr/bin/env python3
"""Runs every recipe of recipes/ on tiny models and real texts.

    LIMBECK=.build/release/limbeck Tests/distil/recipes.py [RECIPE...] [--keep FOLDER]

Needs numpy. The models have 12 layers of 48 units and random weights, the vocabulary and the data are made from the package descriptions
of examples/search. Each recipe runs twice: as it is, but for paths, sizes and two steps for each stage, all of whose losses must be
finite; and on one batch without dropout at a constant learning rate, where the loss of each stage must fall. Then the student must open,
and of one recipe for each kind of student a pack must be made and verified. Prints a line for each recipe; exits with 1 if one fails.
"""

import argparse
import collections
import json
import math
import os
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
LAYERS, HIDDEN, HEADS, INNER, POSITIONS = 12, 48, 12, 96, 32
LABELS = ["negative", "positive"]
TEXTS, FALLING_STEPS, FALL = 8, 6, 0.995
# Learning rates of the runs whose loss must fall. Students that begin with a classifier that is sure of something need a lower one.
RATE = 1e-3
RATES = {"hinton": 5e-5, "dynabert-width": 5e-5, "dynabert-depth": 5e-5}
# Sizes of new students for teachers of 48 units, and what else depends on the teacher's size or the number of texts.
THIN = {"student.hidden_size": 24, "student.intermediate_size": 48}
SIZES = {
    "tinybert-general": THIN,
    "embedding-thin": THIN,
    # With small weights its labels would be even from the first step on, as the teacher's are.
    "fitnets": THIN | {"student.initializer_range": 0.5},
    "minilm": {"student.hidden_size": 48, "student.intermediate_size": 96},
    "matryoshka": {"stages.0.losses.0.prefixes": [[48, 1], [32, 1], [16, 1]]},
    "dynabert-width": {"stages.0.rewire.batches": [4, 4]},
    "static": {"student.dimensions": 24},
}
# Which model stands in the place of a path; `recipe` is the student that another recipe leaves.
MODELS = {
    "distilbert": {"teacher": "masked"},
    "minilm": {"teacher": "base"},
    "tinybert-general": {"teacher": "base"},
    "tinybert-task": {"teacher": "sequence", "student.from": "recipe tinybert-general"},
    "dynabert-depth": {"teacher": "recipe dynabert-width"},
    "fine-tune-masked": {"student.from": "masked"},
    "whole-word": {"student.from": "masked"},
    "whole-word-chinese": {"student.from": "masked"},
    "fastbert": {"student.from": "fastbert"},
} | {name: {"teacher": "vectors"} for name in ("embedding", "embedding-thin", "matryoshka", "margin-mse", "ranking-kl", "static")} | {
    "multiple-negatives": {"student.from": "vectors"},
}  # fmt: skip
DEFAULTS = {"teacher": "sequence", "student.from": "base"}
# Students with new exits, and models of the systems' own code, which have the same tensors.
EXITS = {"deebert": "Tests/golden/losses/deebert/student", "pabee": "Tests/golden/adaptive/pabee-bert"}
# One for each kind of student: BERT with each head and none, a thin one, DistilBERT, each system of exits.
PACKED = ["embedding-thin", "tinybert-task", "distilbert", "whole-word", "fine-tune-tokens", "fine-tune-spans", "fastbert", *EXITS]


# ---- Models and data


def vocabulary(lines):
    words = [re.findall(r"[a-z0-9]+|[^\sa-z0-9]", line.lower()) for line in lines]
    counts = collections.Counter(word for line in words for word in line)
    characters = sorted({character for word in counts for character in word})
    frequent = sorted((word for word in counts if len(word) > 1), key=lambda word: (-counts[word], word))[:200]
    return ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *characters, *("##" + character for character in characters), *frequent]


def save(path, tensors):
    """Weights as safetensors."""
    header, offset = {}, 0
    for name, values in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [offset, offset + values.nbytes]}
        offset += values.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(values.tobytes() for values in tensors.values()))


def load(path):
    """The bytes of each tensor of safetensors."""
    data = path.read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + size])
    header.pop("__metadata__", None)
    return {name: data[8 + size + entry["data_offsets"][0] : 8 + size + entry["data_offsets"][1]] for name, entry in header.items()}


class Models:
    """Makes each model when it is first asked for."""

    def __init__(self, folder, vocabulary):
        self.folder, self.vocabulary = folder, vocabulary

    def weight(self, name, *shape):
        self.tensors[name] = self.random.normal(0, 0.1, shape).astype(np.float32)

    def linear(self, name, inputs, outputs):
        self.weight(name + ".weight", outputs, inputs)
        self.weight(name + ".bias", outputs)

    def norm(self, name):
        self.tensors[f"{name}.weight"] = np.ones(HIDDEN, np.float32)
        self.tensors[f"{name}.bias"] = np.zeros(HIDDEN, np.float32)

    def path(self, kind):
        path = self.folder / kind
        if path.exists():
            return path
        if kind == "fastbert":
            subprocess.run([sys.executable, ROOT / "scripts/fastbert-folder.py", self.path("sequence"), path], check=True, stdout=subprocess.DEVNULL)
            return path
        path.mkdir(parents=True)
        (path / "vocab.txt").write_text("".join(token + "\n" for token in self.vocabulary))
        # The same, whichever others are made.
        self.random, self.tensors = np.random.default_rng(list(kind.encode())), {}
        (path / "config.json").write_text(json.dumps(self.bert(kind), indent=2))
        save(path / "model.safetensors", self.tensors)
        if kind == "vectors":
            (path / "tokenizer.json").write_text(json.dumps(self.tokenizer()))
            modules = ["Transformer", "Pooling", "Normalize"]
            listed = [{"idx": i, "name": str(i), "path": f"{i}_{name}" if i else "", "type": f"sentence_transformers.models.{name}"}
                      for i, name in enumerate(modules)]  # fmt: skip
            (path / "modules.json").write_text(json.dumps(listed))
            (path / "1_Pooling").mkdir()
            (path / "1_Pooling" / "config.json").write_text(
                json.dumps({"word_embedding_dimension": HIDDEN, "pooling_mode_mean_tokens": True}))  # fmt: skip
        return path

    def tokenizer(self):
        """As transformers writes it for a vocab.txt; a static student's is made from it."""
        special = [{"id": id, "content": token, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
                   for id, token in enumerate(self.vocabulary[:5])]  # fmt: skip
        template = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]  # fmt: skip
        second = [{"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "[SEP]", "type_id": 1}}]
        return {
            "version": "1.0", "truncation": None, "padding": None, "added_tokens": special,
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": {"type": "TemplateProcessing", "single": template, "pair": template + second, "special_tokens": {
                token: {"id": token, "ids": [self.vocabulary.index(token)], "tokens": [token]} for token in ("[CLS]", "[SEP]")}},
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                      "vocab": {token: id for id, token in enumerate(self.vocabulary)}},
        }  # fmt: skip

    def bert(self, kind):
        prefix = "" if kind in ("base", "vectors") else "bert."
        for name, rows in [("word", len(self.vocabulary)), ("position", POSITIONS), ("token_type", 2)]:
            self.weight(f"{prefix}embeddings.{name}_embeddings.weight", rows, HIDDEN)
        self.norm(f"{prefix}embeddings.LayerNorm")
        for layer in range(LAYERS):
            at = f"{prefix}encoder.layer.{layer}."
            for name in ["self.query", "self.key", "self.value", "output.dense"]:
                self.linear(f"{at}attention.{name}", HIDDEN, HIDDEN)
            self.norm(f"{at}attention.output.LayerNorm")
            self.linear(f"{at}intermediate.dense", HIDDEN, INNER)
            self.linear(f"{at}output.dense", INNER, HIDDEN)
            self.norm(f"{at}output.LayerNorm")
        heads = {"masked": "ForMaskedLM", "sequence": "ForSequenceClassification"}
        if kind == "masked":
            self.linear("cls.predictions.transform.dense", HIDDEN, HIDDEN)
            self.norm("cls.predictions.transform.LayerNorm")
            self.weight("cls.predictions.bias", len(self.vocabulary))
        else:
            self.linear(f"{prefix}pooler.dense", HIDDEN, HIDDEN)
        if kind == "sequence":
            self.linear("classifier", HIDDEN, len(LABELS))
            # A teacher that is sure of something.
            self.tensors["classifier.weight"] *= 5
        configuration = {
            "architectures": ["Bert" + heads.get(kind, "Model")], "model_type": "bert", "hidden_size": HIDDEN, "num_hidden_layers": LAYERS,
            "num_attention_heads": HEADS, "intermediate_size": INNER, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "pad_token_id": 0,
            "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "vocab_size": len(self.vocabulary),
        }  # fmt: skip
        if kind == "sequence":
            configuration |= {"id2label": dict(enumerate(LABELS)), "label2id": {label: id for id, label in enumerate(LABELS)}}
        return configuration


def write_data(folder, lines, vocabulary):
    """A file of each kind, of a few texts; by its key in recipes."""
    ids = {token: id for id, token in enumerate(vocabulary)}
    # A package, and what it is.
    names, texts = zip(*(line.split(": ", 1) for line in lines[: 3 * TEXTS]))
    tokens = []
    for place, text in enumerate(texts[:TEXTS]):
        words = [word for word in re.findall(r"[a-z0-9]+", text.lower()) if word in ids][:20]
        row = {"input_ids": [ids["[CLS]"], *(ids[word] for word in words), ids["[SEP]"]], "start": 1, "end": len(words)}
        # Long words begin a name, others are outside of one.
        tokens.append(row | {"labels": [-100, *(int(len(word) > 5) for word in words), -100]})
        assert words, text
    apart = [" ".join(re.sub(r"(\w{4})(?=\w)", r"\1 ", word) for word in text.split()) for text in texts[:TEXTS]]
    assert apart != list(texts[:TEXTS])
    files = {
        "texts": [text for text in texts[:TEXTS]],
        "labelled": [f"{LABELS['library' in text or place % 3 == 0]}\t{text}" for place, text in enumerate(texts[:TEXTS])],
        "pairs": [f"{names[i]}\t{texts[i]}\t{texts[TEXTS + i]}\t{texts[2 * TEXTS + i]}" for i in range(TEXTS)],
        "tokens": [json.dumps(row) for row in tokens],
        "segmented": apart,
    }
    folder.mkdir(parents=True)
    assert len({line.split("\t")[0] for line in files["labelled"]}) == 2
    for kind, written in files.items():
        (folder / kind).write_text("".join(line + "\n" for line in written))
    return {kind: folder / kind for kind in files}


# ---- Runs


class Failure(Exception):
    pass


class Tests:
    def __init__(self, program, work):
        lines = (ROOT / "examples/search/packages.txt").read_text().splitlines()
        self.program, self.work, pieces = program, work, vocabulary(lines)
        self.models, self.data = Models(work / "models", pieces), write_data(work / "data", lines, pieces)
        self.made = {}

    def limbeck(self, *arguments):
        done = subprocess.run([self.program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            raise Failure(f"limbeck {arguments[0]}: status {done.returncode}\n{done.stdout}".rstrip())
        return done.stdout

    def model(self, kind):
        return self.student(kind.split()[1]) if kind.startswith("recipe ") else self.models.path(kind)

    def common(self, name, recipe):
        """The paths, and what depends on the sizes."""
        models = DEFAULTS | MODELS.get(name, {})
        changes = ({"max_length": POSITIONS} if recipe["stages"] else {}) | SIZES.get(name, {})
        if "teacher" in recipe:
            changes["teacher" if isinstance(recipe["teacher"], str) else "teacher.path"] = self.model(models["teacher"])
        source = recipe["student"]["from"]
        if source == "new":
            changes["student.like"] = self.model(models["teacher"])
        elif source not in ("teacher", "static"):
            changes["student.from"] = self.model(models["student.from"])
        for key in recipe.get("data", {}):
            changes[f"data.{key}"] = self.data[key]
        for index, stage in enumerate(recipe["stages"]):
            if "segmented" in stage.get("masking", {}):
                changes[f"stages.{index}.masking.segmented"] = self.data["segmented"]
        return changes

    def distil(self, name, changes, output, steps):
        """Returns the losses of each stage."""
        path = ROOT / "recipes" / f"{name}.json"
        recipe = json.loads(path.read_text())
        changes = self.common(name, recipe) | changes(recipe) | {"output": output}
        sets = []
        for key, value in changes.items():
            sets += ["--set", f"{key}={value if isinstance(value, pathlib.Path) else json.dumps(value)}"]
        self.limbeck("distil", path, *sets)
        if not recipe["stages"]:
            return {}
        stages = {stage["name"]: [] for stage in recipe["stages"]}
        for line in (output / "log.jsonl").read_text().splitlines():
            row = json.loads(line)
            for term, value in [("loss", row["loss"]), *row["terms"].items()]:
                # NaN and the infinities are no JSON, but Python reads them.
                if not isinstance(value, (int, float)) or not math.isfinite(value):
                    raise Failure(f"stage '{row['stage']}': {term} is {value}")
            stages[row["stage"]].append(row["loss"])
        for stage, losses in stages.items():
            if len(losses) != steps:
                raise Failure(f"stage '{stage}': {len(losses)} steps in log.jsonl, expected {steps}")
        return stages

    def student(self, name):
        """The student of a recipe with its own constants; two steps."""
        if name not in self.made:
            output = self.work / "students" / name

            def changes(recipe):
                made = {}
                for index, stage in enumerate(recipe["stages"]):
                    made |= {f"stages.{index}.steps": 2, f"stages.{index}.batch.sequences": 4}
                    if "accumulate" in stage["batch"]:
                        made[f"stages.{index}.batch.accumulate"] = 2
                return made

            self.distil(name, changes, output, 2)
            self.made[name] = output
        return self.made[name]

    def falls(self, name):
        """The same batch again and again."""
        output = self.work / "falls" / name

        def changes(recipe):
            made = {}
            if isinstance(recipe.get("teacher"), dict):
                made["teacher.dropout"] = 0
            for index, stage in enumerate(recipe["stages"]):
                at = f"stages.{index}."
                made |= {at + "steps": FALLING_STEPS, at + "batch": {"sequences": TEXTS}, at + "shuffle": False, at + "dropout": 0}
                rate = RATES.get(name, RATE)
                made |= {at + "optimizer.learning_rate": rate, at + "optimizer.schedule": "constant", at + "optimizer.warmup": 0}
                for place, loss in enumerate(stage["losses"]):
                    # A weight that falls would make the loss fall.
                    if isinstance(loss.get("weight"), dict):
                        made[f"{at}losses.{place}.weight"] = loss["weight"]["from"]
            return made

        stages = self.distil(name, changes, output, FALLING_STEPS)
        shown = []
        for stage, losses in stages.items():
            shown.append(f"{stage} {losses[0]:.4g} to {losses[-1]:.4g}")
            if not losses[-1] < FALL * losses[0]:
                raise Failure(f"stage '{stage}': the loss of one batch does not fall: {', '.join(f'{loss:.6g}' for loss in losses)}")
        return output, "; ".join(shown)

    def exits(self, made, golden):
        """A plain model with new exits has the tensors of the system's own code, and DeeBERT's poolers begin alike."""
        tensors = load(made)
        names, wanted = ({re.sub(r"\.\d+\.", ".N.", name) for name in file} for file in (tensors, load(golden)))
        if names != wanted:
            raise Failure(f"tensors of the untrained student: {sorted(names ^ wanted)} are there or expected, not both")
        for name in tensors:
            exit = re.match(r"(bert\.)encoder\.highway\.\d+\.(pooler\..*)", name)
            if exit and tensors[name] != tensors[exit[1] + exit[2]]:
                raise Failure(f"{name} is not a copy of the model's pooler")
            if re.search(r"highway\.\d+\.classifier\.weight|classifiers\.\d+\.weight", name) and not any(tensors[name]):
                raise Failure(f"{name} is zero")

    def static(self, name):
        """A table, a row for each token but [CLS], [SEP] and [MASK]; also of the most frequent tokens of texts, weighted by them."""
        tokens = [token for token in self.models.vocabulary if token not in ("[CLS]", "[SEP]", "[MASK]")]
        plain = self.student(name)
        few = self.work / "students" / "static-few"
        count = len(tokens) - 20
        self.distil(name, lambda recipe: {"data.texts": self.data["texts"], "student.vocabulary.size": count, "student.frequencies": "data"}, few, 0)  # fmt: skip
        shown = []
        for folder in (plain, few):
            made = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
            rows = np.frombuffer(load(folder / "model.safetensors")["embeddings"], np.float16).reshape(-1, 24)
            if sorted(made.values()) != list(range(len(rows))) or not np.isfinite(rows.astype(np.float32)).all() or not rows.any(1).all():
                raise Failure(f"{folder.name}: {len(rows)} rows for {len(made)} tokens, or numbers that are not finite, or rows of 0")
            shown.append(str(len(rows)))
        if list(json.loads((plain / "tokenizer.json").read_text())["model"]["vocab"]) != tokens:
            raise Failure("other tokens than the teacher's without special ones")
        if not int(shown[1]) <= count - 3:
            raise Failure(f"{shown[1]} tokens, expected at most {count} without [CLS], [SEP] and [MASK]")
        return "tables of " + " and ".join(shown) + " tokens"

    def run(self, name):
        if name == "static":
            return self.static(name)
        self.limbeck("inspect", self.student(name))
        if name in EXITS:
            self.exits(self.student(name) / "untrained" / "model.safetensors", ROOT / EXITS[name] / "model.safetensors")
        output, shown = self.falls(name)
        self.limbeck("inspect", output)
        if name == "fine-tune-labels":
            # A BERT's new head as it becomes a DistilBERT.
            thin = self.work / "students" / "distilbert-labels"
            self.distil(name, lambda recipe: {"student.token_types": False, "stages.0.steps": 2}, thin, 2)
            self.limbeck("inspect", thin)
        if name in PACKED:
            pack = self.work / f"{name}.limbeck"
            self.limbeck("pack", output, pack, "--calibration", self.data["texts"], "--verify", self.data["texts"])
            self.limbeck("verify", pack)
            shown += "; packed"
        return shown


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipes", nargs="*", metavar="RECIPE")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FOLDER", help="runs there, which must not exist, and leaves the runs")
    options = parser.parse_args()
    program = str(pathlib.Path(os.environ.get("LIMBECK", ROOT / ".build/release/limbeck")).resolve())
    known = sorted(path.stem for path in (ROOT / "recipes").glob("*.json"))
    for name in [*options.recipes, *MODELS, *SIZES, *RATES, *PACKED]:
        if name not in known:
            sys.exit(f"there is no recipe '{name}'")

    failed, names = 0, options.recipes or known
    with tempfile.TemporaryDirectory() as temporary:
        tests = Tests(program, (options.keep or pathlib.Path(temporary) / "work").resolve())
        for name in names:
            try:
                print(f"PASS {name:20} {tests.run(name)}", flush=True)
            except (Failure, OSError, KeyError, ValueError) as error:
                failed += 1
                text = str(error) if isinstance(error, Failure) else f"{type(error).__name__}: {error}"
                print(f"FAIL {name:20} " + text.replace("\n", "\n     "), flush=True)
    print(f"\n{len(names) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
