#!/usr/bin/env python3
"""Turns the ONNX graph of a BERT encoder into a folder that Limbeck opens: config.json and model.safetensors, and a tokenizer's files.

Needs: onnx, numpy (pip install onnx)

    scripts/onnx-to-folder.py GRAPH.onnx FOLDER [--tokenizer FOLDER] [--heads N]

For models of which nothing but the graph is left; where there is a model.safetensors, take that. Exporters keep the names of biases, norms
and tables, and lose those of matrices, which become operands of products. A matrix is found by the bias that is added to its product: what
that is called up to ".bias" is what the matrix is called. Weights that were quantised are computed to float32 as the graph does it, with all
that they have lost. The graph itself is not read further: it has to be BERT's, with the exact GELU and an epsilon of 1e-12, which is what
to compare with ONNX Runtime afterwards.

--tokenizer: a folder whose tokenizer's files are copied, since a graph has none; how tokens become a vector it does not say either. --heads: attention heads; by default 64 numbers each, or 32 of states of 384, as MiniLM has them.
"""

import argparse
import json
import pathlib
import shutil
import struct

import numpy as np
import onnx
from onnx import numpy_helper

TOKENIZER = ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.txt"]


def constant(node, inputs):
    """What a node makes of constants, of the kinds that weights go through; None for others."""
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    match node.op_type:
        case "Identity":
            return inputs[0]
        case "Cast":
            return inputs[0].astype(onnx.helper.tensor_dtype_to_np_dtype(attributes["to"]))
        case "Mul":
            return inputs[0] * inputs[1]
        case "Transpose":
            return inputs[0].transpose(attributes.get("perm"))
        case "DequantizeLinear":
            values, scale = inputs[0].astype(np.float32), inputs[1]
            zero = inputs[2].astype(np.float32) if len(inputs) > 2 else np.zeros_like(scale)
            if scale.ndim == 1 and scale.size > 1:
                shape = [1] * values.ndim
                shape[attributes.get("axis", 1)] = -1
                scale, zero = scale.reshape(shape), zero.reshape(shape)
            return (values - zero) * scale
    return None


def tensors(graph):
    """The tensors by their names in the model that was exported, matrices as (outputs, inputs)."""
    values = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    users = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
        if all(name in values for name in node.input if name) and len(node.output) == 1:
            found = constant(node, [values[name] for name in node.input if name])
            if found is not None:
                values[node.output[0]] = found

    named = {}
    for name, value in values.items():
        # What a quantised table goes through on its way is called after it, mostly.
        if name.endswith((".weight", ".bias")) and value.dtype == np.float32:
            named[name] = value
    for node in graph.node:
        if node.op_type == "Gather" and node.input[0] in values and values[node.input[0]].ndim == 2:
            named.setdefault(stem(node.input[0]) + ".weight", values[node.input[0]])
        if node.op_type not in ("MatMul", "Gemm"):
            continue
        matrix = values.get(node.input[1])
        if matrix is None or matrix.ndim != 2:
            continue
        if node.op_type == "Gemm":
            bias, transposed = node.input[2], any(a.name == "transB" and a.i for a in node.attribute)
        else:
            bias, transposed = added(node, users, values), False
        if bias and bias.endswith(".bias"):
            named[bias.removesuffix("bias") + "weight"] = np.ascontiguousarray(matrix if transposed else matrix.T)
    return named


def added(node, users, values):
    """The name of the constant that is added to what a node gives."""
    for user in users.get(node.output[0], []):
        if user.op_type == "Add":
            return next((name for name in user.input if name in values), None)
    return None


def stem(name):
    return name.partition(".weight")[0]


def encoder(named):
    """Under BERT's names, without what the model was wrapped in."""
    first = next((n for n in named if n.endswith("embeddings.LayerNorm.weight")), None)
    if first is None:
        raise SystemExit("no 'embeddings.LayerNorm.weight' in the graph: not a BERT, or an exporter that keeps no names")
    wrapper = first.removesuffix("embeddings.LayerNorm.weight")
    return {name.removeprefix(wrapper): value for name, value in named.items() if name.startswith(wrapper)}


def configuration(found, heads):
    """The sizes, of what is there; and a missing tensor by its name."""
    hidden = found["embeddings.LayerNorm.weight"].shape[0]
    layers = 1 + max(int(name.split(".")[2]) for name in found if name.startswith("encoder.layer."))
    wanted = [f"embeddings.{table}_embeddings.weight" for table in ("word", "position", "token_type")]
    for layer in range(layers):
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
                     "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm"):  # fmt: skip
            wanted += [f"encoder.layer.{layer}.{part}.{end}" for end in ("weight", "bias")]
    missing = [name for name in wanted if name not in found]
    if missing:
        raise SystemExit(f"the graph has no {missing[0]}, and {len(missing) - 1} more are missing")
    return {
        "model_type": "bert", "architectures": ["BertModel"], "hidden_size": hidden, "num_hidden_layers": layers,
        "num_attention_heads": heads or hidden // (32 if hidden == 384 else 64),
        "intermediate_size": found["encoder.layer.0.intermediate.dense.bias"].shape[0],
        "vocab_size": found["embeddings.word_embeddings.weight"].shape[0],
        "max_position_embeddings": found["embeddings.position_embeddings.weight"].shape[0],
        "type_vocab_size": found["embeddings.token_type_embeddings.weight"].shape[0],
        "hidden_act": "gelu", "layer_norm_eps": 1e-12,
    }  # fmt: skip


def write_safetensors(path, found):
    header, data, end = {}, [], 0
    for name, value in sorted(found.items()):
        value = np.ascontiguousarray(value, np.float32)
        header[name] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [end, end + value.nbytes]}
        data.append(value.tobytes())
        end += value.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--tokenizer", type=pathlib.Path)
    parser.add_argument("--heads", type=int)
    options = parser.parse_args()

    found = encoder(tensors(onnx.load(options.graph).graph))
    config = configuration(found, options.heads)
    options.folder.mkdir(parents=True, exist_ok=True)
    (options.folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    write_safetensors(options.folder / "model.safetensors", found)
    for name in TOKENIZER if options.tokenizer else []:
        if (options.tokenizer / name).exists():
            shutil.copy(options.tokenizer / name, options.folder / name)
    print(f"{options.folder}: {len(found)} tensors, {config['num_hidden_layers']} layers of {config['hidden_size']}")


if __name__ == "__main__":
    main()
