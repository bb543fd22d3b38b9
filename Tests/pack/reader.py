"""Reads a pack with safetensors and numpy alone, as docs/pack.md describes it: computes its reference ids and compares.

Usage: reader.py PACK
"""

import json
import math
import struct
import sys

import numpy as np
from safetensors.numpy import load

data = open(sys.argv[1], "rb").read()
tensors = load(data)
root = json.loads(tensors["limbeck.json"].tobytes())
model = root["model"]
heads, size = model["attention_heads"], model["head_size"]


def table(part):  # the rows of an embedding table, or of a head's matrix
    rows = tensors[part["weight"]].astype(np.float32)
    return rows * tensors[part["scales"]][: len(rows), None] if part["form"] == "int8" else rows


def matrix(part):  # (depth, columns)
    weights, depth, columns = tensors[part["weight"]].astype(np.float32), part["depth"], part["columns"]
    if part["form"] == "int8":  # (panels, depth / 4, 32, 4) -> (panels, depth, 32)
        weights = weights.transpose(0, 1, 3, 2).reshape(len(weights), -1, 32) * tensors[part["scales"]][: len(weights), None, :]
        if "smoothing" in part:
            weights *= tensors[part["smoothing"]][: weights.shape[1], None]
    return weights[:, :depth].transpose(1, 0, 2).reshape(depth, -1)[:, :columns], tensors[part["bias"]].reshape(-1)[:columns]


def norm(part, x):
    weight, bias = (tensors[part[key]][: part["width"]] for key in ("weight", "bias"))
    if "eps_bits" not in part:
        return x * weight + bias
    eps = struct.unpack("<f", struct.pack("<I", part["eps_bits"]))[0]
    return (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + eps) * weight + bias


activations = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0),
    "gelu": lambda x: x * 0.5 * (1 + np.vectorize(math.erf)(x / math.sqrt(2))),
}


def run(step, state, ids, types):
    if step["step"] == "embed":
        places = {"word": ids, "position": np.arange(len(ids)), "type": types}
        x = sum(table(step[name])[places[name]] for name in places if name in step)
    elif step["step"] == "product":
        weights, bias = matrix(step["matrix"])
        x = state[step["from"]] @ weights + bias
        if "residual" in step:
            x = x + state[step["residual"]]
        x = activations[step["activation"]](x)
    elif step["step"] == "attention":
        q, k, v = (part.reshape(-1, heads, size).swapaxes(0, 1) for part in np.split(state["projected"], 3, axis=1))
        scores = np.exp(q @ k.swapaxes(1, 2) / math.sqrt(size))
        state["context"] = (scores / scores.sum(-1, keepdims=True) @ v).swapaxes(0, 1).reshape(len(ids), -1)
        return
    state[step["into"]] = norm(step["norm"], x) if "norm" in step else x


for reference in root["references"]:
    ids, types = (tensors[reference[key]][: reference["tokens"]] for key in ("ids", "types"))
    state = {}
    for step in root["embeddings"] + [step for layer in root["layers"] for block in layer for step in root["blocks"][block]]:
        run(step, state, ids, types)
    difference = np.abs(state["hidden"].mean(0) - tensors[reference["mean"]][: model["hidden_size"]]).max()
    print(f"{len(ids)} tokens: {difference:.1e}")
    assert difference < (1e-5 if model["precision"] == "float32" else 0.05), difference
