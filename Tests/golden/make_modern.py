"""Tiny random checkpoints of ModernBERT, and what transformers computes for them: Tests/golden/models/NAME/, as make_families.py makes
them; and the angles of rotary positions, Tests/golden/rotary.safetensors.

Made with torch 2.15.0, transformers 4.57.6, tokenizers 0.22.2, safetensors 0.8.0 (requirements.txt):
    pip install -r requirements.txt && python make_modern.py [NAME ...]
"""

import sys

import torch
from transformers import ModernBertConfig
from transformers.models.modernbert.modeling_modernbert import ModernBertRotaryEmbedding

from golden import HERE, check_versions, save_tensors
from make_families import CLASSES, TAGS, heads, make

SEED = 88610

MODERN = dict(
    hidden_size=30,
    num_attention_heads=3,
    intermediate_size=37,
    num_hidden_layers=2,
    max_position_embeddings=40,
    local_attention=8,
    pad_token_id=0,
)
BIASES = dict(norm_bias=True, attention_bias=True, mlp_bias=True, classifier_bias=True)

MODELS = {
    "modernbert": ("ModernBertModel", MODERN | dict(num_hidden_layers=9)),
    "modernbert-biases": ("ModernBertModel", MODERN | BIASES | dict(hidden_size=42, num_attention_heads=7, hidden_activation="relu")),
    "modernbert-one-base": ("ModernBertModel", MODERN | dict(local_rope_theta=None, global_rope_theta=500.0, local_attention=1)),
    "modernbert-global": ("ModernBertModel", MODERN | dict(global_attn_every_n_layers=1, hidden_size=10, num_attention_heads=5)),
    # Windows that begin and end inside and between panels of keys, and angles of late positions.
    "modernbert-long": (
        "ModernBertModel",
        dict(hidden_size=8, num_attention_heads=2, intermediate_size=9, num_hidden_layers=3, max_position_embeddings=1100, pad_token_id=0),
    ),
    **heads("modernbert", "ModernBert", MODERN | dict(hidden_activation="silu")),
    "modernbert-sequence-mean": (
        "ModernBertForSequenceClassification",
        MODERN | CLASSES | BIASES | dict(classifier_pooling="mean", classifier_activation="silu"),
    ),
    "modernbert-choice-mean": ("ModernBertForMultipleChoice", MODERN | dict(classifier_pooling="mean", hidden_activation="tanh")),
    "modernbert-token-biases": (
        "ModernBertForTokenClassification",
        MODERN | TAGS | BIASES | dict(hidden_activation="gelu_pytorch_tanh", classifier_activation="relu"),
    ),
    "modernbert-masked-biases": (
        "ModernBertForMaskedLM",
        MODERN | BIASES | dict(hidden_activation="quick_gelu", classifier_activation="gelu_new"),
    ),
    "modernbert-masked-bare": ("ModernBertForMaskedLM", MODERN | dict(decoder_bias=False, tie_word_embeddings=False)),
}

# (base, numbers of a head that are turned): those of ModernBERT and of NomicBERT, and odd ones.
ANGLES = [(160000.0, 64), (10000.0, 64), (1000.0, 64), (10000.0, 26), (500.0, 2), (1.0, 6), (1e9, 10)]
POSITIONS = [0, 1, 2, 3, 7, 63, 64, 127, 128, 511, 1023, 2047, 4095, 5000, 8190, 8191]


@torch.no_grad()
def make_rotary():
    """Cosines, then sines, at POSITIONS. -> "BASE-NUMBERS" (positions, numbers)"""
    positions = torch.tensor(POSITIONS)
    tensors = {"positions": positions.int()}
    for base, numbers in ANGLES:
        config = ModernBertConfig(hidden_size=numbers, num_attention_heads=1)
        config.rope_theta = base
        cosine, sine = ModernBertRotaryEmbedding(config)(torch.zeros(1), positions.unsqueeze(0))
        half = numbers // 2
        tensors[f"{base:.0f}-{numbers}"] = torch.cat([cosine[0, :, :half], sine[0, :, :half]], dim=-1)
    save_tensors(HERE / "rotary.safetensors", tensors)


if __name__ == "__main__":
    check_versions()
    for index, name in enumerate(MODELS):
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            make(name, SEED + 10 * index, MODELS)
    if len(sys.argv) < 2 or "rotary" in sys.argv[1:]:
        make_rotary()
