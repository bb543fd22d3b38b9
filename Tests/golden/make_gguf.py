"""Tiny models in GGUF, in every type that is read: Tests/golden/gguf/.

The files are written with the gguf package as llama.cpp's convert_hf_to_gguf.py writes them, and
the reference is transformers, run on what the package makes of the quantised numbers.

Made with gguf 0.19.0, torch 2.15.0, transformers 4.57.6, numpy 2.4.6 (requirements.txt):
    pip install -r requirements.txt && python make_gguf.py
"""

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Type
from gguf.quants import dequantize, quantize
from transformers import BertConfig, BertModel, BertTokenizerFast, DistilBertConfig, DistilBertModel

from golden import check_versions, fresh_folder, randomise, save_tensors, write_json

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = "the run un able of \u4e2d \u56fd \u00df \u0f0b . , ! [unused1] \u2581 \u00e9".split()
PIECES = "ing ner ##s able \u0301 9 \u2581".split()
VOCABULARY = SPECIAL + WORDS + list(LETTERS + "09[]") + ["##" + t for t in [*LETTERS, *PIECES]]
CONTROL, NORMAL = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL

TEXTS = [
    "The runner is unable to run.",
    "R\u00c9SUM\u00c9 na\u00efve caf\u00e9s, \u4e2d\u56fd! 90",
    "[MASK] of [unused1] [CLS]a\u2581b \u2581 \u2581s",
    "",
    "\u4e00 unrun\u0301able " + "x" * 101 + " runnings\u00df##s",
    " ".join(["the run"] * 20),
]

SMALL_BLOCKS = [Type.Q8_0, Type.Q4_0, Type.Q4_1, Type.Q5_0, Type.Q5_1]
LARGE_BLOCKS = [Type.Q4_K, Type.Q5_K, Type.Q6_K]

PARTS = {
    "attention.self.query": "attn_q",
    "attention.self.key": "attn_k",
    "attention.self.value": "attn_v",
    "attention.output.dense": "attn_output",
    "attention.output.LayerNorm": "attn_output_norm",
    "intermediate.dense": "ffn_up",
    "output.dense": "ffn_down",
    "output.LayerNorm": "layer_output_norm",
    "attention.q_lin": "attn_q",
    "attention.k_lin": "attn_k",
    "attention.v_lin": "attn_v",
    "attention.out_lin": "attn_output",
    "sa_layer_norm": "attn_output_norm",
    "ffn.lin1": "ffn_up",
    "ffn.lin2": "ffn_down",
    "output_layer_norm": "layer_output_norm",
    "word_embeddings": "token_embd",
    "position_embeddings": "position_embd",
    "token_type_embeddings": "token_types",
    "LayerNorm": "token_embd_norm",
}


def name_of(name):
    """llama.cpp's name of a tensor; None for one it leaves out."""
    stem, kind = name.rsplit(".", 1)
    if stem.startswith("embeddings."):
        return f"{PARTS[stem.removeprefix('embeddings.')]}.{kind}"
    if ".layer." not in stem:
        return None
    index, part = stem.split(".layer.")[1].split(".", 1)
    return f"blk.{index}.{PARTS[part]}.{kind}"


def blocks(kind, count, generator, scale=1.0):
    """Random blocks of a type: any bits for the small integers, scales of about this size."""
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    data = generator.integers(256, size=(count, size), dtype=np.uint8)

    def halves(place, spread):
        values = generator.normal(size=(count, 1)) * spread * scale
        data[:, place : place + 2] = values.astype(np.float16).view(np.uint8)

    if kind == Type.Q6_K:
        halves(size - 2, 1 / (32 * 64))
        return data
    halves(0, 1 / elements)
    if kind in (Type.Q4_1, Type.Q5_1):
        halves(2, 0.5)
    if kind in (Type.Q4_K, Type.Q5_K):
        halves(2, 1 / 64)
    return data


def quantised(kind, value, generator):
    """The numbers in a type, and what becomes of them. The package cannot make blocks of 256, so
    there any will do."""
    if kind not in LARGE_BLOCKS:
        data = quantize(value, kind)
    else:
        elements, size = gguf.GGML_QUANT_SIZES[kind]
        rows, columns = value.shape
        data = blocks(kind, rows * columns // elements, generator, 0.2).reshape(rows, -1)
    return data, dequantize(data, kind)


def fingerprint(values):
    """FNV-1a over the bits of the numbers."""
    state = 0xCBF29CE484222325
    for word in np.ascontiguousarray(values, np.float32).view(np.uint32).ravel().tolist():
        state = (state ^ word) * 0x100000001B3 % 2**64
    return f"{state:016x}"


def tokens(older):
    """The vocabulary as the conversion spells it, once by the brackets and now by the types."""
    for token in VOCABULARY:
        kind = CONTROL if token in SPECIAL else NORMAL
        whole = token.startswith("[") and token.endswith("]") if older else kind == CONTROL
        if whole:
            yield token, kind
        else:
            yield token[2:] if token.startswith("##") else "\u2581" + token, kind


def write(path, model, config, kinds, pooling, older):
    """The file, and into the model what it says. `kinds`: of the matrices, by turns."""
    distil = isinstance(model, DistilBertModel)
    generator = np.random.default_rng(5)
    writer = gguf.GGUFWriter(path, "bert")
    writer.add_type("model")
    writer.add_name(path.stem)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.hidden_dim if distil else config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_layer_norm_eps(1e-12)
    writer.add_causal_attention(False)
    writer.add_pooling_type(pooling)
    writer.add_token_type_count(2)
    writer.add_tokenizer_model("bert")
    if not older:
        writer.add_tokenizer_pre("bert-bge")
    spelt, types = zip(*tokens(older))
    writer.add_token_list(spelt)
    writer.add_token_types(types)
    names = ["padding", "unknown", "cls" if older else "bos", "seperator", "mask"]
    for id, name in enumerate(names):
        writer.add_uint32(f"tokenizer.ggml.{name}_token_id", id)
    writer.add_quantization_version(2)

    prints, turn = {}, 0
    for name, parameter in model.named_parameters():
        gguf_name = name_of(name)
        if gguf_name is None:
            continue
        value = parameter.detach().numpy()
        # As in the conversion, what is small or not multiplied stays as it is.
        if value.ndim == 1 or gguf_name in ("position_embd.weight", "token_types.weight"):
            writer.add_tensor(gguf_name, value)
            continue
        kind = kinds[turn % len(kinds)]
        if value.shape[1] % gguf.GGML_QUANT_SIZES[kind][0]:
            kind = Type.Q8_0
        turn += 1
        data, value = quantised(kind, value, generator)
        writer.add_tensor(gguf_name, data, raw_dtype=kind)
        prints[gguf_name] = fingerprint(value)
        parameter.data.copy_(torch.from_numpy(value))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return prints


@torch.no_grad()
def answers(model, tokenizer, pooling):
    """A vector of length one for each text, and the last states of the first."""
    cases = []
    for text in TEXTS:
        batch = tokenizer(text, return_tensors="pt", truncation=True, max_length=40)
        ids = batch["input_ids"]
        if isinstance(model, DistilBertModel):
            state = model(input_ids=ids).last_hidden_state[0]
        else:
            types = batch["token_type_ids"]
            state = model(input_ids=ids, token_type_ids=types).last_hidden_state[0]
        vector = state.mean(0) if pooling == gguf.PoolingType.MEAN else state[0]
        vector = torch.nn.functional.normalize(vector, dim=0)
        cases.append({"text": text, "ids": ids[0].tolist(), "vector": vector.tolist()})
    return cases


def main():
    check_versions("gguf")
    torch.set_num_threads(1)
    folder = fresh_folder("gguf")
    (folder / "vocab.txt").write_text("".join(f"{token}\n" for token in VOCABULARY))
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"))
    assert len(tokenizer) == len(VOCABULARY) == len(set(VOCABULARY))

    small = dict(
        vocab_size=len(VOCABULARY), hidden_size=32, num_hidden_layers=2, num_attention_heads=4,
        intermediate_size=64, max_position_embeddings=40,
    )
    large = small | dict(hidden_size=256, num_hidden_layers=1, intermediate_size=32)
    distil = dict(
        vocab_size=len(VOCABULARY), dim=32, n_layers=2, n_heads=4, hidden_dim=64,
        max_position_embeddings=40,
    )
    mean, cls = gguf.PoolingType.MEAN, gguf.PoolingType.CLS
    files = [
        (kind.name, BertModel(BertConfig(**small), add_pooling_layer=False), [kind], mean, False)
        for kind in [Type.F32, Type.F16, Type.BF16, *SMALL_BLOCKS]
    ]
    k = [*LARGE_BLOCKS, Type.Q4_K]
    files.append(("K", BertModel(BertConfig(**large), add_pooling_layer=False), k, cls, False))
    files.append(("distilbert", DistilBertModel(DistilBertConfig(**distil)), [Type.F16], cls, True))
    for seed, (name, model, kinds, pooling, older) in enumerate(files):
        randomise(model, 300 + seed)
        prints = write(folder / f"{name}.gguf", model, model.config, kinds, pooling, older)
        write_json(
            folder / f"{name}.json",
            {"fingerprints": prints, "cases": rounded_cases(answers(model, tokenizer, pooling))},
        )

    # Blocks of every type, with what the package makes of them.
    generator = np.random.default_rng(6)
    tensors = {}
    for kind in [*SMALL_BLOCKS, *LARGE_BLOCKS]:
        # Scales from the subnormal halves to the largest.
        data = np.concatenate([blocks(kind, 2, generator, scale) for scale in [1e-6, 1e-3, 1, 1e3]])
        tensors[kind.name] = torch.from_numpy(data)
        tensors[f"{kind.name}.float"] = torch.from_numpy(dequantize(data, kind))
        assert bool(tensors[f"{kind.name}.float"].isfinite().all())
    save_tensors(folder / "blocks.safetensors", tensors)


def rounded_cases(cases):
    return [case | {"vector": [round(x, 7) for x in case["vector"]]} for case in cases]


if __name__ == "__main__":
    main()
