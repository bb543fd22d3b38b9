#!/usr/bin/env python3
"""Turns a folder of Tests/golden/losses into a recipe and its data, for `limbeck distil` to run as any other.

    scripts/loss-case.py CASE OUT

Reads CASE's recipe.json, batch.safetensors and the configurations of its models, never its answers. Writes OUT/recipe.json and
OUT/data.jsonl, and copies the model folders and the initial projections beside them. The recipe makes as many optimiser steps as the
case has, each with the whole batch in the order of the file, and records the gradients of the first one. Each loss has the name that
its term has in the answers. Needs nothing but Python.
"""

import array
import json
import pathlib
import shutil
import struct
import sys

TYPES = {"F32": "f", "I64": "q", "I32": "i"}
OPTIMIZERS = {"adamw": "adamw", "adamw-2019": "adamw_2019", "bertadam": "bert_adam", "sgd": "sgd"}
SCHEDULES = {"constant": "constant", "linear": "linear", "bertadam": "bert_adam", "cosine": "cosine"}


# ---- The batch


def read_tensors(path):
    """{name: its rows as lists, or its numbers as a list}"""
    data = path.read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name == "__metadata__":
            continue
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        values = array.array(TYPES[entry["dtype"]])
        values.frombytes(data[begin:end])
        rows, *rest = entry["shape"]
        tensors[name] = [values[i * rest[0] : (i + 1) * rest[0]].tolist() for i in range(rows)] if rest else values.tolist()
    return tensors


def texts(tensors, prefix=""):
    """The rows without their padding: input_ids, and token_type_ids where the model has them."""
    ids = tensors[f"{prefix}input_ids"]
    # UER has both in one: 0 is padding, 1 and 2 are the first and the second text.
    segments = tensors.get("segments")
    mask = tensors[f"{prefix}attention_mask"] if segments is None else [[int(x > 0) for x in row] for row in segments]
    types = tensors.get(f"{prefix}token_type_ids") if segments is None else [[x - 1 for x in row] for row in segments]
    rows = []
    for row, present in enumerate(mask):
        length = sum(present)
        assert present == [1] * length + [0] * (len(present) - length), "padding comes last"
        rows.append({"input_ids": ids[row][:length]} | ({"token_type_ids": types[row][:length]} if types else {}))
    return rows


def sequences(tensors):
    rows = texts(tensors)
    for row, line in enumerate(rows):
        length = len(line["input_ids"])
        if "labels" in tensors:
            label = tensors["labels"][row]
            line["labels"] = label[:length] if isinstance(label, list) else label
        if "mlm_labels" in tensors:
            line["masked_labels"] = tensors["mlm_labels"][row][:length]
        for key in ("start", "end"):
            if f"{key}_positions" in tensors:
                position = tensors[f"{key}_positions"][row]
                line[key] = position if position < length else -100  # an answer outside of the text is none
    return rows


def groups(tensors):
    """For ranking: the query, what fits it, what does not, and the teacher's scores."""
    negatives = sorted(name.partition(".")[0] for name in tensors if name.startswith("negative") and name.endswith(".input_ids"))
    columns = [texts(tensors, f"{name}.") for name in ("query", "positive", *negatives)]
    rows = [{"texts": list(group)} for group in zip(*columns)]
    for line, scores in zip(rows, tensors.get("labels", [])):
        line["scores"] = scores if isinstance(scores, list) else [scores]
    return rows


# ---- Losses: for each kind of a case, those of the recipe


def labels(loss, _):
    return [{"name": "ce", "loss": "cross_entropy", "of": "labels"}]


def tokens(loss, _):
    return [{"name": "ce", "loss": "cross_entropy", "of": "tokens"}]


def masked(loss, _):
    return [{"name": "ce", "loss": "cross_entropy", "of": "masked_tokens"}]


def spans(loss, _):
    return [{"name": "ce", "loss": "cross_entropy", "of": "spans"}]


def hinton(loss, _):
    soft = {"name": "soft", "loss": "soft_cross_entropy", "of": "logits", "temperature": loss["temperature"],
            "squared_temperature": True, "mean": "rows", "weight": loss["soft"]}  # fmt: skip
    return [soft, {"name": "hard", "loss": "cross_entropy", "of": "labels", "weight": loss["hard"]}]


def distilbert(loss, _):
    return [
        {"name": "ce", "loss": "kl", "of": "logits", "temperature": loss["temperature"], "squared_temperature": True, "mean": "rows",
         "weight": loss["ce"]},
        {"name": "mlm", "loss": "cross_entropy", "of": "masked_tokens", "weight": loss["mlm"]},
        {"name": "cos", "loss": "cosine", "of": "hidden", "layers": [[-1, -1]], "weight": loss["cos"]},
    ]  # fmt: skip


def tinybert_intermediate(loss, sizes):
    student, teacher = sizes
    step = teacher // student
    scores = [[i, i * step + step - 1] for i in range(student)]
    states = [[i, i * step] for i in range(student + 1)]
    return [
        {"name": "attention", "loss": "mse", "of": "attention_scores", "layers": scores, "weight": loss["attention"]},
        {"name": "hidden", "loss": "mse", "of": "hidden", "layers": states, "projection": {"name": "fit_dense", "shared": True},
         "weight": loss["hidden"]},
    ]  # fmt: skip


def tinybert_prediction(loss, _):
    return [{"name": "prediction", "loss": "soft_cross_entropy", "of": "logits", "temperature": loss["temperature"],
             "squared_temperature": False, "mean": "classes"}]  # fmt: skip


def pkd(loss, _):
    # Layers are counted after the embeddings; states of a recipe from them.
    layers = [[s + 1, t + 1] for s, t in zip(loss["student_layers"], loss["teacher_layers"])]
    return [
        {"name": "hard", "loss": "cross_entropy", "of": "labels", "weight": 1 - loss["alpha"]},
        {"name": "kd", "loss": "kl", "of": "logits", "temperature": loss["temperature"], "squared_temperature": True, "mean": "classes",
         "weight": loss["alpha"]},
        {"name": "patience", "loss": "mse", "of": "first_token", "layers": layers, "mean_over_layers": True,
         "normalize": loss["normalise"], "weight": loss["beta"]},
    ]  # fmt: skip


def fitnets_hint(loss, _):
    return [{"name": "hint", "loss": "half_squared", "of": "hidden", "layers": [[loss["guided"], loss["hint"]]],
             "projection": {"name": "regressor", "shared": True}}]  # fmt: skip


def fitnets_kd(loss, _):
    # The weights of the steps, an epoch each, lie on a line.
    falling = {"from": loss["teach"][0], "to": loss["teach"][-1], "begin": 0, "end": len(loss["teach"]) - 1}
    return [
        {"name": "target", "loss": "cross_entropy", "of": "labels", "weight": loss["target"]},
        {"name": "teach", "loss": "soft_cross_entropy", "of": "logits", "temperature": loss["temperature"], "squared_temperature": False,
         "mean": "rows", "weight": falling},
    ]  # fmt: skip


def fastbert(loss, _):
    return [{"name": "branch", "loss": "kl", "of": "exits", "temperature": 1, "mean": "rows"}]


def deebert(loss, _):
    return [{"name": "highway", "loss": "cross_entropy", "of": "exits", "exits": "inner"}]


def dynabert(loss, sizes):
    layers = "by_depth" if "depths" in loss else [[i, i] for i in range(sizes[0] + 1)]
    return [
        {"name": "logits", "loss": "soft_cross_entropy", "of": "logits", "temperature": 1, "mean": "rows", "weight": loss["logits"]},
        {"name": "hidden", "loss": "mse", "of": "hidden", "layers": layers, "weight": loss["hidden"]},
    ]


def minilm(loss, _):
    # Layers are counted from 1.
    return [{"name": "relations", "loss": "kl", "of": "relations", "relation_heads": loss["relation_heads"],
             "layers": [loss["student_layer"] - 1, loss["teacher_layer"] - 1], "query": loss["query"], "key": loss["key"],
             "value": loss["value"]}]  # fmt: skip


def vectors(loss, _):
    return [{"name": "mse", "loss": "mse", "of": "vectors", "normalize": loss["normalise"], "projection": {"name": "projection"}}]


def ranking(kind):
    def losses(loss, _):
        term = {"name": "ranking", "loss": kind, "of": "scores", "similarity": loss["similarity"], "normalize": loss["normalise"]}
        term |= {key: loss[key] for key in ("scale", "temperature") if key in loss}
        if "dims" in loss:
            term["prefixes"] = [list(pair) for pair in zip(loss["dims"], loss["weights"])]
        return [term]

    return losses


LOSSES = {
    "classification": labels, "token-classification": tokens, "masked-lm": masked, "question-answering": spans, "hinton": hinton,
    "distilbert": distilbert, "tinybert-intermediate": tinybert_intermediate, "tinybert-prediction": tinybert_prediction, "pkd": pkd,
    "fitnets-hint": fitnets_hint, "fitnets-kd": fitnets_kd, "fastbert": fastbert, "deebert-highway": deebert, "dynabert-width": dynabert,
    "dynabert-depth": dynabert, "minilm-v2": minilm, "embedding-mse": vectors, "margin-mse": ranking("margin_mse"),
    "multiple-negatives": ranking("multiple_negatives"), "matryoshka": ranking("multiple_negatives"), "embedding-kl": ranking("kl"),
}  # fmt: skip
# What is trained, where it is not all.
TRAINED = {"fastbert": ["classifiers.*"], "deebert-highway": ["bert.encoder.highway.*"]}


# ---- The recipe


def layer_count(folder):
    if not folder.exists():
        return 0
    config = json.loads((folder / "config.json").read_text())
    return next(config[key] for key in ("num_hidden_layers", "n_layers", "layers_num") if key in config)


def optimizer(case):
    given, schedule, clip = case["optimizer"], case["schedule"], case["clip"]
    settings = {"name": OPTIMIZERS[given["kind"]], "learning_rate": given["lr"], "schedule": SCHEDULES[schedule["kind"]]}
    names = {"betas": "betas", "eps": "epsilon", "weight_decay": "weight_decay", "bias_correction": "bias_correction", "no_decay": "no_decay"}
    # BertAdam never corrects.
    settings |= {ours: given[key] for key, ours in names.items() if key in given and (given["kind"], key) != ("bertadam", "bias_correction")}
    if given["kind"] == "adamw":
        settings.pop("bias_correction", None)  # nor does torch's AdamW ever not
    if "warmup" in schedule:
        settings["warmup"] = schedule["warmup"]
    if "total" in schedule:
        settings["schedule_steps"] = schedule["total"]
    if clip:
        settings["clip"] = {"norm": clip["max_norm"], "by": clip["kind"]}
    return settings


def recipe(folder, case, rows):
    loss = case["loss"]
    kind = loss["kind"]
    sizes = layer_count(folder / "student"), layer_count(folder / "teacher")
    stage = {
        "name": case["case"],
        "train": TRAINED.get(kind, ["*"]),
        "losses": LOSSES[kind](loss, sizes),
        "optimizer": optimizer(case),
        "batch": {"sequences": rows // case["accumulate"], "accumulate": case["accumulate"]},
        "steps": case["steps"],
        "shuffle": False,
        "dropout": 0,
    }
    stage |= {key: loss[key] for key in ("widths", "depths") if key in loss}
    if "importance_batches" in case:
        stage["rewire"] = {"batches": case["importance_batches"]}
    whole = {"teacher": "teacher"} if (folder / "teacher").exists() else {}
    whole["student"] = {"from": "student"}
    if (folder / "extra.safetensors").exists():
        whole["student"]["projections"] = "extra.safetensors"
    return whole | {"data": {"tokens": "data.jsonl"}, "seed": 1, "output": "output", "record_gradients": [0], "stages": [stage]}


def convert(folder, out):
    case = json.loads((folder / "recipe.json").read_text())
    tensors = read_tensors(folder / "batch.safetensors")
    rows = groups(tensors) if "query.input_ids" in tensors else sequences(tensors)
    out.mkdir(parents=True, exist_ok=True)
    for name in ("teacher", "student"):
        if (folder / name).exists():
            shutil.copytree(folder / name, out / name, dirs_exist_ok=True)
    if (folder / "extra.safetensors").exists():
        shutil.copy(folder / "extra.safetensors", out)
    (out / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (out / "recipe.json").write_text(json.dumps(recipe(folder, case, len(rows)), indent=1) + "\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n\n")[1].strip())
    convert(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
