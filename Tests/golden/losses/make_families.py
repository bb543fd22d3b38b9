"""Cases of families beyond BERT, DistilBERT, ALBERT and RoBERTa, with the losses that the heads of transformers have: Tests/golden/losses/NAME.

Made with torch 2.15.0, transformers 4.57.6, safetensors 0.8.0 (../requirements.txt):
    pip install -r ../requirements.txt && python make_families.py [NAME ...]
"""

import copy
import sys
from pathlib import Path

import torch
import transformers

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from golden import check_versions, fresh_folder, randomise, save_tensors, write_json

SEED = 47110
STEPS = 3
VOCABULARY = 97

BASE = dict(
    vocab_size=VOCABULARY, hidden_size=30, num_hidden_layers=2, num_attention_heads=5, intermediate_size=44, max_position_embeddings=22,
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
)  # fmt: skip
ELECTRA = BASE | dict(embedding_size=20, pad_token_id=0)
# Distances past 8 share buckets.
MPNET = BASE | dict(pad_token_id=1, bos_token_id=0, eos_token_id=2, max_position_embeddings=44)
# Layers 0 and 3 are global; in 1 and 2 a token sees 4 to each side.
MODERN = dict(
    vocab_size=VOCABULARY, hidden_size=30, num_hidden_layers=4, num_attention_heads=3, intermediate_size=37, max_position_embeddings=40,
    local_attention=8, global_attn_every_n_layers=3, classifier_pooling="mean", reference_compile=False,
    pad_token_id=1, bos_token_id=2, eos_token_id=3, cls_token_id=2, sep_token_id=3,
)  # fmt: skip

# The loss's kind and formula, as scripts/loss-case.py has them.
SEQUENCE = ("classification", "CE, mean over rows")
TOKENS = ("token-classification", "CE, mean over labels != -100 of the whole batch")
MASKED = ("masked-lm", "CE, mean over labels != -100 of the whole batch")

NORMS = ["bias", "LayerNorm.weight"]
SHORT, LONG = [4, 19, 9, 14, 3, 11], [5, 40, 17, 29, 2, 23]


def case(model, settings, loss, lengths, betas, decay, no_decay, schedule, max_norm=None, labels=None, types=False):
    return dict(model=model, settings=settings, loss=loss, lengths=lengths, betas=betas, decay=decay, no_decay=no_decay,
                schedule=schedule, max_norm=max_norm, labels=labels, types=types)  # fmt: skip


CASES = {
    "electra": case(
        "ElectraForSequenceClassification", ELECTRA, SEQUENCE, SHORT, [0.9, 0.999], 0.01, NORMS,
        dict(kind="linear", warmup=2, total=6), max_norm=1.0, labels=3, types=True,
    ),
    "electra-ner": case(
        "ElectraForTokenClassification", ELECTRA | dict(hidden_act="gelu_new"), TOKENS, SHORT, [0.9, 0.98], 0.1, NORMS,
        dict(kind="constant"), labels=7, types=True,
    ),
    "mpnet": case(
        "MPNetForMaskedLM", MPNET, MASKED, LONG, [0.9, 0.999], 0.1, [*NORMS, "layer_norm.weight"],
        dict(kind="linear", warmup=1, total=4), max_norm=1.0,
    ),
    "modernbert": case(
        "ModernBertForSequenceClassification", MODERN, SEQUENCE, LONG, [0.9, 0.98], 0.1, ["bias", "norm.weight"],
        dict(kind="linear", warmup=1, total=16), labels=4,
    ),
}  # fmt: skip


def make_batch(settings, case, seed):
    """Ids from 5 on between two special tokens; in one text also 0 and the padding id, whose row takes no gradient from texts."""
    generator = torch.Generator().manual_seed(seed)
    padding, rows, width = settings["pad_token_id"], len(case["lengths"]), max(case["lengths"])
    first, last = settings.get("bos_token_id", 2), settings.get("eos_token_id", 3)

    def draw(below, count, above=0):
        return torch.randint(above, below, (count,), generator=generator)

    batch = {"input_ids": torch.full((rows, width), padding), "attention_mask": torch.zeros(rows, width, dtype=torch.long)}
    if case["types"]:
        batch["token_type_ids"] = torch.zeros(rows, width, dtype=torch.long)
    tokens = torch.full((rows, width), -100)
    for row, length in enumerate(case["lengths"]):
        batch["input_ids"][row, :length] = draw(VOCABULARY, length, 5)
        batch["input_ids"][row, 0], batch["input_ids"][row, length - 1] = first, last
        batch["attention_mask"][row, :length] = 1
        if case["types"]:
            batch["token_type_ids"][row, length // 2 : length] = 1
        if case["loss"] == TOKENS:
            tokens[row, 1 : length - 1] = draw(case["labels"], length - 2)
            tokens[row, 5:length:6] = -100
        if case["loss"] == MASKED:
            masked = slice(1 + row % 2, length - 1, 3)
            tokens[row, masked] = batch["input_ids"][row, masked]
            batch["input_ids"][row, masked] = 4
    batch["input_ids"][1, 4], batch["input_ids"][1, 7] = 0, padding
    if case["loss"] == SEQUENCE:
        return batch | {"labels": draw(case["labels"], rows)}
    return batch | {"mlm_labels" if case["loss"] == MASKED else "labels": tokens}


def factor(schedule, step):
    """Of the learning rate, as transformers' schedules have it."""
    if schedule["kind"] == "constant":
        return 1.0
    if step < schedule["warmup"]:
        return step / schedule["warmup"]
    return max(0.0, (schedule["total"] - step) / (schedule["total"] - schedule["warmup"]))


def train(model, batch, case, rate):
    """The loss and the gradients of the first step, the norms of all steps' gradients, the weights after the last one."""
    inputs = {name: value for name, value in batch.items() if "labels" not in name}
    labels = batch["mlm_labels"] if "mlm_labels" in batch else batch["labels"]
    named = dict(model.named_parameters())
    plain = {name for name in named if any(part in name for part in case["no_decay"])}
    groups = [
        {"params": [named[name] for name in named if name not in plain], "weight_decay": case["decay"]},
        {"params": [named[name] for name in named if name in plain], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=rate, betas=case["betas"], eps=1e-8)
    norms = []
    for step in range(STEPS):
        for group in optimizer.param_groups:
            group["lr"] = rate * factor(case["schedule"], step)
        optimizer.zero_grad()
        loss = model(**inputs, labels=labels).loss
        loss.backward()
        if step == 0:
            first, gradients = loss.detach().clone(), {name: p.grad.clone() for name, p in named.items() if p.grad is not None}
        limit = case["max_norm"] or float("inf")
        norms.append(float(torch.nn.utils.clip_grad_norm_(named.values(), limit)))
        optimizer.step()
    return first, gradients, norms, {name: p.detach().clone() for name, p in named.items()}


def largest(tensor):
    return float(tensor.abs().max())


def make(name, case, seed, rate=0.001):
    settings = case["settings"] | (dict(num_labels=case["labels"]) if case["labels"] else {})
    model_class = getattr(transformers, case["model"])
    model = randomise(model_class(model_class.config_class(**settings, attn_implementation="eager")), seed, embedding_scale=0.4, head_gain=1.0)
    exact = copy.deepcopy(model).double()
    if model.config.model_type == "modernbert":
        exact.config._attn_implementation = "sdpa"  # the softmax of its eager attention is one of float32
    folder = fresh_folder("losses", name)
    model.save_pretrained(folder / "student")
    batch = make_batch(settings, case, seed)
    save_tensors(folder / "batch.safetensors", batch)

    loss, gradients, norms, weights = train(model, batch, case, rate)
    _, exact_gradients, _, exact_weights = train(exact, batch, case, rate)
    total = max(largest(gradient) for gradient in exact_gradients.values())
    zero = sorted(name for name, gradient in exact_gradients.items() if largest(gradient) < 1e-12 * total)
    errors = {name: largest(gradient - exact_gradients[name]) for name, gradient in gradients.items()}
    relative = {name: error / largest(exact_gradients[name]) for name, error in errors.items() if name not in zero}
    moved = {name: largest(weight - exact_weights[name]) for name, weight in weights.items()}

    expected = {"loss": loss.reshape(1), "loss.ce": loss.reshape(1)}
    expected |= {f"grad.{name}": gradient for name, gradient in gradients.items()}
    expected |= {f"after3.{name}": weight for name, weight in weights.items()}
    save_tensors(folder / "expected.safetensors", expected)
    kind, formula = case["loss"]
    recipe = {
        "case": name,
        "loss": {"kind": kind, "formula": formula},
        "optimizer": {
            "kind": "adamw", "lr": rate, "betas": case["betas"], "eps": 1e-8, "weight_decay": case["decay"], "bias_correction": True,
            "no_decay": case["no_decay"],
        },
        "schedule": case["schedule"],
        "clip": {"kind": "global", "max_norm": case["max_norm"]} if case["max_norm"] else None,
        "accumulate": 1,
        "steps": STEPS,
        "computed_with": f"transformers {transformers.__version__}",
        "trainable": "all",
        "padding": "no effect",
        "learning_rate_factors": [round(factor(case["schedule"], step), 9) for step in range(STEPS)],
        "gradient_norms": [float(f"{norm:.6g}") for norm in norms],
        "losses": {"ce": round(float(loss), 7), "loss": round(float(loss), 7)},
        "unchanged": sorted(set(weights) - set(gradients)),
        "zero_gradient": zero,
        "float32_error": {
            "grad": max(errors.values()),
            "grad_relative": {name: float(f"{error:.2g}") for name, error in sorted(relative.items()) if error > 1e-5},
            "after3": {name: float(f"{error:.2g}") for name, error in sorted(moved.items()) if error > 2e-6},
            "note": "this answer against the same run in float64: largest difference of a gradient, tensors whose gradient is off by more than "
            "1e-5 of its largest entry, tensors off by more than 2e-6 after three steps. zero_gradient: zero in exact arithmetic (key "
            "biases), rounding here; Adam makes steps of it",
        },
    }  # fmt: skip
    write_json(folder / "recipe.json", recipe)
    print(f"{name}: loss {float(loss):.5f}, gradients {float(norms[0]):.4f}, of float32 {max(relative.values()):.1e}, {max(moved.values()):.1e}")


if __name__ == "__main__":
    check_versions()
    for index, (name, chosen) in enumerate(CASES.items()):
        if not sys.argv[1:] or name in sys.argv[1:]:
            make(name, chosen, SEED + index)
