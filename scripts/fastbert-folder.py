#!/usr/bin/env python3
"""Writes what recipes/fastbert.json begins with: a BERT under the names of FastBERT's authors, with untrained branches after every layer.

    scripts/fastbert-folder.py BERT OUT [--labels admin,doc,...] [--seed 7]

BERT is a folder of transformers with model.safetensors in float32 and vocab.txt: a pre-trained model, or one that is fine-tuned already, whose
labels are taken over and whose classifier is not. Needs numpy. Branches begin as torch's linear layers do, uniform within 1 / sqrt(inputs).
FastBERT's LayerNorm divides by the unbiased deviation: states differ from BERT's by a factor of sqrt((n - 1) / n), 0.9987 for n = 384.
"""

import argparse
import json
import math
import pathlib
import shutil
import struct

import numpy as np

# Of a branch: a narrow layer, attention of two heads, two more layers.
BRANCH = 128
LAYER = {
    "attention.self.query": "self_attn.linear_layers.0",
    "attention.self.key": "self_attn.linear_layers.1",
    "attention.self.value": "self_attn.linear_layers.2",
    "attention.output.dense": "self_attn.final_linear",
    "attention.output.LayerNorm": "layer_norm_1",
    "intermediate.dense": "feed_forward.linear_1",
    "output.dense": "feed_forward.linear_2",
    "output.LayerNorm": "layer_norm_2",
}


def read(path):
    """The tensors of a safetensors file, without the prefix of a class with a head."""
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    tensors = {}
    for name, about in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__" and about["dtype"] == "F32":
            begin, end = (8 + size + x for x in about["data_offsets"])
            tensors[name.removeprefix("bert.")] = np.frombuffer(data[begin:end], "<f4").reshape(about["shape"])
    return tensors


def write(path, tensors):
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + tensor.nbytes]}
        at += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(x.tobytes() for x in tensors.values()))


def renamed(source, layers):
    """BERT's tensors by UER's names. The first of UER's three segments is padding."""
    segments = source["embeddings.token_type_embeddings.weight"]
    out = {
        "embedding.word_embedding.weight": source["embeddings.word_embeddings.weight"],
        "embedding.position_embedding.weight": source["embeddings.position_embeddings.weight"],
        "embedding.segment_embedding.weight": np.concatenate([np.zeros_like(segments[:1]), segments]),
    }

    def put(old, new):
        weight, bias = ("gamma", "beta") if "layer_norm" in new else ("weight", "bias")
        out[f"{new}.{weight}"], out[f"{new}.{bias}"] = source[f"{old}.weight"], source[f"{old}.bias"]

    put("embeddings.LayerNorm", "embedding.layer_norm")
    for layer in range(layers):
        for old, new in LAYER.items():
            put(f"encoder.layer.{layer}.{old}", f"encoder.transformer.{layer}.{new}")
    return out


def branch(hidden, labels, generator):
    shapes = {"output_layer_0": (BRANCH, hidden)}
    shapes |= {f"self_atten.linear_layers.{i}": (BRANCH, BRANCH) for i in range(3)}
    shapes |= {"self_atten.final_linear": (BRANCH, BRANCH), "output_layer_1": (BRANCH, BRANCH), "output_layer_2": (labels, BRANCH)}
    for name, (outputs, inputs) in shapes.items():
        limit = 1 / math.sqrt(inputs)
        yield f"{name}.weight", generator.uniform(-limit, limit, (outputs, inputs)).astype("<f4")
        yield f"{name}.bias", generator.uniform(-limit, limit, outputs).astype("<f4")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bert", type=pathlib.Path, metavar="BERT")
    parser.add_argument("out", type=pathlib.Path, metavar="OUT")
    parser.add_argument("--labels", help="names with commas between them (default: those of BERT)")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()

    config = json.loads((options.bert / "config.json").read_text())
    found = config.get("id2label", {})
    labels = options.labels.split(",") if options.labels else [found[str(i)] for i in range(len(found))]
    if not labels:
        parser.error("BERT has no labels: --labels names them")
    layers, hidden = config["num_hidden_layers"], config["hidden_size"]
    tensors = renamed(read(options.bert / "model.safetensors"), layers)
    generator = np.random.default_rng(options.seed)
    for exit in range(layers):
        tensors |= {f"classifiers.{exit}.{name}": tensor for name, tensor in branch(hidden, len(labels), generator)}
    options.out.mkdir(parents=True, exist_ok=True)
    sizes = {
        "emb_size": hidden, "hidden_size": hidden, "feedforward_size": config["intermediate_size"], "heads_num": config["num_attention_heads"],
        "layers_num": layers, "dropout": 0.1, "id2label": {str(i): label for i, label in enumerate(labels)},
    }  # fmt: skip
    (options.out / "config.json").write_text(json.dumps(sizes, indent=1) + "\n")
    shutil.copy(options.bert / "vocab.txt", options.out)
    write(options.out / "model.safetensors", tensors)
    print(f"{options.out}: {layers} layers, {len(labels)} labels, {sum(x.size for x in tensors.values()):,} numbers")


if __name__ == "__main__":
    main()
