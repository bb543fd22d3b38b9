"""Tiny random checkpoints of NomicBERT, and what a reference computes for them: Tests/golden/models/NAME/, as make_models.py makes them.

NomicBERT is not in transformers: its classes are code beside the weights on the hub (nomic-ai/nomic-bert-2048,
modeling_hf_nomic_bert.py; the same file is in github.com/nomic-ai/contrastors). The reference here, `NomicBERT`, was written after
that file, in the order of its operations, for what the engine takes.

Made with torch 2.15.0, safetensors 0.8.0 (requirements.txt):
    pip install -r requirements.txt && python make_nomic.py [NAME ...]
"""

import sys

import torch
import torch.nn.functional as F
from torch import nn

from golden import check_versions, fresh_folder, ragged, randomise, save_tensors, write_json
from make_families import CLASSES
from make_models import LENGTHS

SEED = 88760

# As nomic-embed-text-v1.5 has it, but for the sizes.
NOMIC = dict(
    model_type="nomic_bert",
    architectures=["NomicBertModel"],
    activation_function="swiglu",
    attn_pdrop=0.0,
    causal=False,
    fused_bias_fc=True,
    layer_norm_epsilon=1e-12,
    max_trained_positions=2048,
    mlp_fc1_bias=False,
    mlp_fc2_bias=False,
    n_embd=20,
    n_head=5,
    n_inner=250,
    n_layer=2,
    n_positions=40,
    pad_vocab_size_multiple=64,
    parallel_block=False,
    prenorm=False,
    qkv_proj_bias=False,
    rotary_emb_base=1000,
    rotary_emb_fraction=1.0,
    rotary_emb_interleaved=False,
    rotary_emb_scale_base=None,
    rotary_scaling_factor=None,
    type_vocab_size=2,
    use_rms_norm=False,
    vocab_size=60,
)
UNGATED = dict(activation_function="gelu", n_inner=31)
ALL_BIASES = dict(qkv_proj_bias=True, mlp_fc1_bias=True, mlp_fc2_bias=True)

MODELS = {
    "nomic": NOMIC | dict(n_layer=3),
    "nomic-half": NOMIC | UNGATED | ALL_BIASES | dict(n_embd=36, n_head=3, rotary_emb_fraction=0.5, n_layer=4),
    "nomic-geglu": NOMIC | dict(activation_function="geglu", mlp_fc1_bias=True),
    "nomic-scaled": NOMIC | UNGATED | dict(rotary_scaling_factor=2, max_trained_positions=33, rotary_emb_base=10000),
    "nomic-table": NOMIC | UNGATED | dict(rotary_emb_fraction=0.0, n_embd=27, n_head=3),
    "nomic-masked": NOMIC | dict(architectures=["NomicBertForPreTraining"], n_layer=1),
    "nomic-masked-biases": NOMIC | UNGATED | ALL_BIASES | dict(architectures=["NomicBertForPreTraining"]),
    "nomic-sequence": NOMIC | UNGATED | CLASSES | dict(architectures=["NomicBertForSequenceClassification"]),
}


class NomicLayer(nn.Module):
    def __init__(self, c):
        super().__init__()
        width, inner = c["n_embd"], c["n_inner"]
        self.is_gated = c["activation_function"] != "gelu"
        self.activation = F.silu if c["activation_function"] == "swiglu" else F.gelu
        self.attn = nn.ModuleDict(
            {
                "Wqkv": nn.Linear(width, 3 * width, bias=c["qkv_proj_bias"]),
                "out_proj": nn.Linear(width, width, bias=c["qkv_proj_bias"]),
            }
        )
        if self.is_gated:
            inner = (inner + 255) // 256 * 256
        names = ["fc11", "fc12"] if self.is_gated else ["fc1"]
        self.mlp = nn.ModuleDict({name: nn.Linear(width, inner, bias=c["mlp_fc1_bias"]) for name in names})
        self.mlp["fc2"] = nn.Linear(inner, width, bias=c["mlp_fc2_bias"])
        self.norm1 = nn.LayerNorm(width, eps=c["layer_norm_epsilon"])
        self.norm2 = nn.LayerNorm(width, eps=c["layer_norm_epsilon"])
        self.heads, self.size = c["n_head"], width // c["n_head"]
        self.turned = int(self.size * c["rotary_emb_fraction"])
        self.base = float(c["rotary_emb_base"])

    def rotate(self, x):
        """x: (tokens, heads, size)."""
        if self.turned == 0:
            return x
        frequencies = 1.0 / (self.base ** (torch.arange(0, self.turned, 2, dtype=torch.float32) / self.turned))
        angles = torch.outer(torch.arange(x.shape[0], dtype=torch.float32), frequencies)
        cosine, sine = (part.repeat(1, 2).unsqueeze(1) for part in (torch.cos(angles), torch.sin(angles)))
        turned, rest = x[..., : self.turned], x[..., self.turned :]
        first, second = turned.chunk(2, dim=-1)
        return torch.cat([turned * cosine + torch.cat((-second, first), dim=-1) * sine, rest], dim=-1)

    def forward(self, x):
        query, key, value = self.attn["Wqkv"](x).view(x.shape[0], 3, self.heads, self.size).unbind(1)
        query, key = self.rotate(query), self.rotate(key)
        scores = torch.einsum("qhd,khd->hqk", query, key) / self.size**0.5
        context = torch.einsum("hqk,khd->qhd", F.softmax(scores, dim=-1), value).flatten(1)
        x = self.norm1(self.attn["out_proj"](context) + x)
        if self.is_gated:
            inner = self.mlp["fc11"](x) * self.activation(self.mlp["fc12"](x))
        else:
            inner = self.activation(self.mlp["fc1"](x))
        return self.norm2(self.mlp["fc2"](inner) + x)


class NomicBERT(nn.Module):
    def __init__(self, c):
        super().__init__()
        width, head = c["n_embd"], c["architectures"][0]
        vocabulary = -(-c["vocab_size"] // c["pad_vocab_size_multiple"]) * c["pad_vocab_size_multiple"]
        self.embeddings = nn.ModuleDict(
            {
                "word_embeddings": nn.Embedding(vocabulary, width),
                "token_type_embeddings": nn.Embedding(c["type_vocab_size"], width),
            }
        )
        if c["rotary_emb_fraction"] == 0:
            self.embeddings["position_embeddings"] = nn.Embedding(c["n_positions"], width)
        self.emb_ln = nn.LayerNorm(width, eps=c["layer_norm_epsilon"])
        self.encoder = nn.ModuleDict({"layers": nn.ModuleList(NomicLayer(c) for _ in range(c["n_layer"]))})
        # nomic-embed-text has none in its file.
        if head == "NomicBertForSequenceClassification":
            self.pooler = nn.ModuleDict({"dense": nn.Linear(width, width)})
            self.classifier = nn.Linear(width, len(c["id2label"]))
        if head == "NomicBertForPreTraining":
            bias = c["mlp_fc1_bias"]
            self.transform = nn.ModuleDict(
                {"dense": nn.Linear(width, width, bias=bias), "layer_norm": nn.LayerNorm(width, eps=c["layer_norm_epsilon"])}
            )
            if bias:
                self.decoder_bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, ids, types):
        """One sequence; the numbers by their names in expected.safetensors."""
        x = self.embeddings["word_embeddings"](ids) + self.embeddings["token_type_embeddings"](types)
        if "position_embeddings" in self.embeddings:
            x = x + self.embeddings["position_embeddings"](torch.arange(len(ids)))
        x = self.emb_ln(x)
        numbers = {"hidden.0": x}
        for index, layer in enumerate(self.encoder["layers"]):
            x = layer(x)
            numbers[f"hidden.{index + 1}"] = x
        if hasattr(self, "classifier"):
            numbers["pooled"] = torch.tanh(self.pooler["dense"](x[:1]))
            numbers["logits"] = self.classifier(numbers["pooled"])
        if hasattr(self, "transform"):
            activation = self.encoder["layers"][0].activation
            state = self.transform["layer_norm"](activation(self.transform["dense"](x)))
            numbers["logits"] = F.linear(state, self.embeddings["word_embeddings"].weight, getattr(self, "decoder_bias", None))
        return numbers

    def tensors(self):
        """Under the names of the hub's files: the base model has a prefix where there is a head."""
        has_head = hasattr(self, "classifier") or hasattr(self, "transform")
        named = {}
        for name, tensor in self.state_dict().items():
            if name.startswith("transform."):
                name = f"cls.predictions.{name}"
            elif name == "decoder_bias":
                name = "cls.predictions.decoder.bias"
            elif has_head and not name.startswith("classifier."):
                name = f"bert.{name}"
            named[name] = tensor
        return named


@torch.no_grad()
def make(name, seed):
    config = MODELS[name]
    model = randomise(NomicBERT(config), seed)
    folder = fresh_folder("models", name)
    write_json(folder / "config.json", config)
    save_tensors(folder / "model.safetensors", model.tensors())
    longest = config["n_positions"]
    if config["rotary_scaling_factor"]:
        longest = min(longest, config["max_trained_positions"])
    lengths = LENGTHS + [longest]
    ids, types = ragged(config["vocab_size"], lengths, config["type_vocab_size"], seed + 1)
    rows = [model(*sequence) for sequence in zip(ids, types)]
    expected = {key: torch.cat([row[key] for row in rows]) for key in rows[0]}
    expected["ids"], expected["types"] = torch.cat(ids).int(), torch.cat(types).int()
    expected["lengths"] = torch.tensor(lengths, dtype=torch.int32)
    save_tensors(folder / "expected.safetensors", expected)
    print(f"{name}: {sum(file.stat().st_size for file in folder.iterdir()) / 1000:.0f} kB")


if __name__ == "__main__":
    check_versions()
    for index, name in enumerate(MODELS):
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            make(name, SEED + 10 * index)
