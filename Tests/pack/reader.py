"""Reads a pack with safetensors and numpy alone, as docs/pack.md says, and computes its references. Usage: reader.py PACK"""
import json
import sys
from math import erf, sqrt
import numpy as np
from safetensors.numpy import load_file
pack = load_file(sys.argv[1])
root = json.loads(pack["limbeck.json"].tobytes())
gelu = np.vectorize(lambda x: x * (1 + erf(x / sqrt(2))) / 2)
activations = {"identity": lambda x: x, "relu": lambda x: np.maximum(x, 0), "gelu": gelu}

def rows(table, ids):  # (tokens, width)
    return pack[table["weight"]][ids] * (pack[table["scales"]][ids, None] if table["form"] == "int8" else np.float32(1))

def product(x, matrix):  # (tokens, depth) to (tokens, columns)
    weights = pack[matrix["weight"]].astype(np.float32)  # (panels, depth, 32)
    if matrix["form"] == "int8":  # (panels, depth / 4, 32, 4)
        weights = weights.transpose(0, 1, 3, 2).reshape(len(weights), -1, 32) * pack[matrix["scales"]][:, None]
        weights *= pack[matrix["smoothing"]][:, None] if "smoothing" in matrix else 1
    panels = x @ weights[:, : matrix["depth"]] + pack[matrix["bias"]][:, None]
    return panels.swapaxes(0, 1).reshape(len(x), -1)[:, : matrix["columns"]]

for reference in root["references"]:
    ids, types = (pack[reference[key]][: reference["tokens"]] for key in ("ids", "types"))
    places, state = {"word": ids, "position": np.arange(len(ids)), "type": types}, {}
    for step in root["embeddings"] + [step for layer in root["layers"] for block in layer for step in root["blocks"][block]]:
        if step["step"] == "embed":
            x = sum(rows(step[name], places[name]) for name in places if name in step)
        elif step["step"] == "product":
            x = product(state[step["from"]], step["matrix"]) + (state[step["residual"]] if "residual" in step else 0)
        elif step["step"] == "attention":
            q, k, v = state["projected"].reshape(len(ids), 3, root["model"]["attention_heads"], -1).transpose(1, 2, 0, 3)
            scores = np.exp(q @ k.swapaxes(1, 2) / sqrt(q.shape[2]))  # (heads, tokens, tokens)
            x = (scores / scores.sum(2, keepdims=True) @ v).swapaxes(0, 1).reshape(len(ids), -1)
        x = activations[step.get("activation", "identity")](x)
        if norm := step.get("norm"):
            weight, bias, eps = pack[norm["weight"]], pack[norm["bias"]], np.uint32(norm["eps_bits"]).view(np.float32)
            x = (x - x.mean(1)[:, None]) / np.sqrt(x.var(1)[:, None] + eps) * weight[: x.shape[1]] + bias[: x.shape[1]]
        state[step.get("into", "context")] = x
    print(len(ids), "tokens:", np.abs(x.mean(0) - pack[reference["mean"]][: x.shape[1]]).max())
