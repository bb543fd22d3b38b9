"""Trains a student with exits on Debian's package descriptions, by section: what docs/adaptive.md shows, and `limbeck calibrate` reads.

    scripts/fetch-minilm.sh
    python3 -m venv venv && venv/bin/pip install -r Tests/golden/requirements.txt
    venv/bin/python scripts/train_exits.py deebert build/adaptive
    venv/bin/python scripts/train_exits.py fastbert build/adaptive

Both begin with all-MiniLM-L6-v2 (six layers of 384). Writes OUT/train.tsv, OUT/dev.tsv (label, tab, text) and OUT/SYSTEM, a folder as the
system's authors save it. Fifteen minutes on one CPU each. None of it is needed by the tests.

DeeBERT (Xin et al. 2020): the model is fine-tuned; then, with all of that fixed, the poolers and classifiers after each layer are.
FastBERT (Liu et al. 2020): UER's names and LayerNorm; fine-tuned with the last classifier, whose answers the others then learn.
"""

import argparse
import collections
import json
import math
import pathlib
import random
import shutil
import subprocess
import time

import tokenizer_cases
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent
MINILM = ROOT / "models" / "all-MiniLM-L6-v2"
SECTIONS = "admin doc fonts games graphics net perl python science sound".split()
TRAIN, DEV, TOKENS, LAYERS, HEADS, HIDDEN = 500, 200, 32, 6, 12, 384


def labelled(out):
    """Descriptions of the main archive by section: as many of each, none twice."""
    if (out / "dev.tsv").exists():
        return
    texts = ROOT / "build" / "texts"
    tokenizer_cases.fetch_texts(texts)
    packages = next(p for p in sorted(texts.glob("lists/*_main_binary-*_Packages*")) if "-security" not in p.name and "-updates" not in p.name)
    read = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", str(packages)], stdout=subprocess.PIPE, check=True).stdout
    section_of = {}
    for paragraph in read.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in paragraph.split("\n") if ": " in line and not line.startswith(" "))
        if "Description-md5" in fields:
            section_of[fields["Description-md5"]] = fields.get("Section", "").rpartition("/")[2]
    by_section, seen = collections.defaultdict(list), set()
    for paragraph in (texts / "Translation-en").read_text().split("\n\n"):
        digest = paragraph.partition("Description-md5: ")[2].partition("\n")[0]
        body = paragraph.partition("\nDescription-en: ")[2].replace("\n .\n", " ").split()
        text = " ".join(body)[:150]
        start = " ".join(body[:6])
        if section_of.get(digest) in SECTIONS and text and start not in seen:
            seen.add(start)
            by_section[section_of[digest]].append(text)
    generator = random.Random(1)
    parts = {"train": [], "dev": []}
    for section in SECTIONS:
        found = sorted(by_section[section])
        generator.shuffle(found)
        parts["dev"] += [(section, text) for text in found[:DEV]]
        parts["train"] += [(section, text) for text in found[DEV : DEV + TRAIN]]
    for name, rows in parts.items():
        generator.shuffle(rows)
        (out / f"{name}.tsv").write_text("".join(f"{label}\t{text}\n" for label, text in rows))
        print(f"{name}: {len(rows)} texts")


class UERNorm(torch.nn.Module):
    """UER's LayerNorm: the unbiased deviation, and epsilon beside it."""

    def __init__(self):
        super().__init__()
        self.gamma = torch.nn.Parameter(torch.ones(HIDDEN))
        self.beta = torch.nn.Parameter(torch.zeros(HIDDEN))

    def forward(self, x):
        return self.gamma * (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-6) + self.beta


class Norm(torch.nn.LayerNorm):
    def __init__(self):
        super().__init__(HIDDEN, eps=1e-12)


class Attention(torch.nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.linear_layers = torch.nn.ModuleList(torch.nn.Linear(width, width) for _ in range(3))
        self.final_linear = torch.nn.Linear(width, width)

    def forward(self, x, mask):
        q, k, v = (layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer in self.linear_layers)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None, :])
        return self.final_linear(y.transpose(1, 2).flatten(2))


class Layer(torch.nn.Module):
    def __init__(self, norm):
        super().__init__()
        self.self_attn, self.layer_norm_1, self.layer_norm_2 = Attention(HIDDEN, HEADS), norm(), norm()
        self.linear_1, self.linear_2 = torch.nn.Linear(HIDDEN, 4 * HIDDEN), torch.nn.Linear(4 * HIDDEN, HIDDEN)

    def forward(self, x, mask):
        x = self.layer_norm_1(x + F.dropout(self.self_attn(x, mask), 0.1, self.training))
        return self.layer_norm_2(x + F.dropout(self.linear_2(F.gelu(self.linear_1(x))), 0.1, self.training))


class Branch(torch.nn.Module):
    """FastBERT's classifier."""

    def __init__(self):
        super().__init__()
        self.output_layer_0, self.self_atten = torch.nn.Linear(HIDDEN, 128), Attention(128, 2)
        self.output_layer_1, self.output_layer_2 = torch.nn.Linear(128, 128), torch.nn.Linear(128, len(SECTIONS))

    def forward(self, x, mask):
        h = self.self_atten(torch.tanh(self.output_layer_0(x)), mask)[:, 0]
        return self.output_layer_2(torch.tanh(self.output_layer_1(h)))


class Highway(torch.nn.Module):
    """DeeBERT's pooler and classifier; the model's own are of the same form."""

    def __init__(self):
        super().__init__()
        self.pooler, self.classifier = torch.nn.Linear(HIDDEN, HIDDEN), torch.nn.Linear(HIDDEN, len(SECTIONS))

    def forward(self, x, mask):
        return self.classifier(torch.tanh(self.pooler(x[:, 0])))


class Model(torch.nn.Module):
    def __init__(self, system):
        super().__init__()
        norm = UERNorm if system == "fastbert" else Norm
        source = load_file(MINILM / "model.safetensors")
        self.word = torch.nn.Embedding.from_pretrained(source["embeddings.word_embeddings.weight"], freeze=True)  # five thousand texts would only spoil it
        self.position = torch.nn.Parameter(source["embeddings.position_embeddings.weight"].clone())
        self.segment = torch.nn.Parameter(source["embeddings.token_type_embeddings.weight"].clone())
        self.norm = norm()
        self.layers = torch.nn.ModuleList(Layer(norm) for _ in range(LAYERS))
        exits = LAYERS if system == "fastbert" else LAYERS + 1
        self.exits = torch.nn.ModuleList(Branch() if system == "fastbert" else Highway() for _ in range(exits))

        def take(module, name):
            weight, bias = (("gamma", "beta") if isinstance(module, UERNorm) else ("weight", "bias"))
            getattr(module, weight).data.copy_(source[name + ".weight"])
            getattr(module, bias).data.copy_(source[name + ".bias"])

        take(self.norm, "embeddings.LayerNorm")
        for index, layer in enumerate(self.layers):
            base = f"encoder.layer.{index}."
            for linear, name in zip(layer.self_attn.linear_layers, ("query", "key", "value")):
                take(linear, f"{base}attention.self.{name}")
            take(layer.self_attn.final_linear, base + "attention.output.dense")
            take(layer.layer_norm_1, base + "attention.output.LayerNorm")
            take(layer.linear_1, base + "intermediate.dense")
            take(layer.linear_2, base + "output.dense")
            take(layer.layer_norm_2, base + "output.LayerNorm")

    def forward(self, ids, mask, exits):
        """The logits of some exits."""
        x = self.norm(self.word(ids) + self.position[: ids.shape[1]] + self.segment[0])
        x, logits = F.dropout(x, 0.1, self.training), {}
        for index, layer in enumerate(self.layers):
            x = layer(x, mask)
            for exit in exits:
                if min(exit, LAYERS - 1) == index:
                    logits[exit] = self.exits[exit](x, mask)
        return [logits[exit] for exit in exits]


def batches(rows, tokenizer, cls, sep, size, seed):
    order = list(range(len(rows)))
    if seed is not None:
        random.Random(seed).shuffle(order)
    for first in range(0, len(order), size):
        some = [rows[i] for i in order[first : first + size]]
        ids = [([cls] + e.ids)[: TOKENS - bool(sep)] + ([sep] if sep else []) for e in tokenizer.encode_batch([t for _, t in some], add_special_tokens=False)]
        width = max(map(len, ids))
        padded = torch.tensor([row + [0] * (width - len(row)) for row in ids])
        mask = torch.tensor([[True] * len(row) + [False] * (width - len(row)) for row in ids])
        yield padded, mask, torch.tensor([SECTIONS.index(label) for label, _ in some])


def save(model, system, out):
    folder = out / system
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    names = {str(i): label for i, label in enumerate(SECTIONS)}
    tensors = {}

    def put(name, module, norm=("weight", "bias")):
        ours = ("gamma", "beta") if isinstance(module, UERNorm) else ("weight", "bias")
        for mine, theirs in zip(ours, norm):
            tensors[f"{name}.{theirs}"] = getattr(module, mine).data.clone()

    if system == "fastbert":
        tensors["embedding.word_embedding.weight"] = model.word.weight.data.clone()
        tensors["embedding.position_embedding.weight"] = model.position.data.clone()
        tensors["embedding.segment_embedding.weight"] = torch.cat([torch.zeros(1, HIDDEN), model.segment.data])
        put("embedding.layer_norm", model.norm, ("gamma", "beta"))
        for index, layer in enumerate(model.layers):
            base = f"encoder.transformer.{index}."
            for place, linear in enumerate(layer.self_attn.linear_layers):
                put(f"{base}self_attn.linear_layers.{place}", linear)
            put(base + "self_attn.final_linear", layer.self_attn.final_linear)
            put(base + "layer_norm_1", layer.layer_norm_1, ("gamma", "beta"))
            put(base + "layer_norm_2", layer.layer_norm_2, ("gamma", "beta"))
            put(base + "feed_forward.linear_1", layer.linear_1)
            put(base + "feed_forward.linear_2", layer.linear_2)
        tensors |= {f"classifiers.{name}": value.clone() for name, value in model.exits.state_dict().items()}
        torch.save(tensors, folder / "pytorch_model.bin")
        config = {
            "emb_size": HIDDEN, "feedforward_size": 4 * HIDDEN, "hidden_size": HIDDEN, "heads_num": HEADS, "layers_num": LAYERS,
            "dropout": 0.1, "id2label": names,
        }  # fmt: skip
        shutil.copy(MINILM / "vocab.txt", folder)
    else:
        source = json.loads((MINILM / "config.json").read_text())
        config = source | {
            "architectures": ["BertForSequenceClassification_Highway"], "id2label": names,
            "label2id": {label: i for i, label in enumerate(SECTIONS)},
        }  # fmt: skip
        tensors["bert.embeddings.word_embeddings.weight"] = model.word.weight.data.clone()
        tensors["bert.embeddings.position_embeddings.weight"] = model.position.data.clone()
        tensors["bert.embeddings.token_type_embeddings.weight"] = model.segment.data.clone()
        put("bert.embeddings.LayerNorm", model.norm)
        for index, layer in enumerate(model.layers):
            base = f"bert.encoder.layer.{index}."
            for linear, name in zip(layer.self_attn.linear_layers, ("query", "key", "value")):
                put(f"{base}attention.self.{name}", linear)
            put(base + "attention.output.dense", layer.self_attn.final_linear)
            put(base + "attention.output.LayerNorm", layer.layer_norm_1)
            put(base + "intermediate.dense", layer.linear_1)
            put(base + "output.dense", layer.linear_2)
            put(base + "output.LayerNorm", layer.layer_norm_2)
        for index, exit in enumerate(model.exits):
            own = index == LAYERS
            base = "bert." if own else f"bert.encoder.highway.{index}."
            put(base + "pooler.dense", exit.pooler)
            put("classifier" if own else base + "classifier", exit.classifier)
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
        for name in ("vocab.txt", "tokenizer_config.json"):
            shutil.copy(MINILM / name, folder)
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    print(f"saved {folder}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("system", choices=["deebert", "fastbert"])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--epochs", type=int, nargs=2, default=[3, 3], help="of fine-tuning, and of the exits")
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(1)
    arguments.out.mkdir(parents=True, exist_ok=True)
    labelled(arguments.out)
    rows = {n: [line.split("\t") for line in (arguments.out / f"{n}.tsv").read_text().splitlines()] for n in ("train", "dev")}
    tokenizer = Tokenizer.from_file(str(MINILM / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    if arguments.system == "fastbert":
        sep = None  # its code puts none after a single text
    model = Model(arguments.system)
    last = len(model.exits) - 1
    students = list(range(LAYERS if arguments.system == "deebert" else last))

    def accuracies():
        model.eval()
        hits = torch.zeros(last + 1)
        with torch.no_grad():
            for ids, mask, labels in batches(rows["dev"], tokenizer, cls, sep, 64, None):
                for exit, logits in enumerate(model(ids, mask, list(range(last + 1)))):
                    hits[exit] += (logits.argmax(-1) == labels).sum()
        return [round(float(hit) / len(rows["dev"]), 4) for hit in hits]

    def train(stage, parameters, rate, loss, epochs):
        optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.01)
        steps, step, began = epochs * math.ceil(len(rows["train"]) / 32), 0, time.time()
        for epoch in range(epochs):
            for batch in batches(rows["train"], tokenizer, cls, sep, 32, epoch):
                for group in optimizer.param_groups:
                    group["lr"] = rate * min(1, (step + 1) / (0.1 * steps)) * (1 - step / steps)
                value = loss(*batch)
                optimizer.zero_grad()
                value.backward()
                torch.nn.utils.clip_grad_norm_(parameters, 1.0)
                optimizer.step()
                step += 1
                if step % 50 == 0:
                    print(f"{stage} {step}/{steps}, loss {float(value):.3f}, {time.time() - began:.0f} s", flush=True)
            print(f"{stage}, after epoch {epoch + 1}: accuracy of each exit {accuracies()}", flush=True)
            model.train()

    model.train()
    backbone = [p for n, p in model.named_parameters() if not n.startswith("exits.") or n.startswith(f"exits.{last}.")]
    train(
        "fine-tuning", backbone, 1e-4, lambda ids, mask, labels: F.cross_entropy(model(ids, mask, [last])[0], labels),
        arguments.epochs[0],
    )  # fmt: skip
    for parameter in backbone:
        parameter.requires_grad_(False)
    heads = [p for p in model.exits.parameters() if p.requires_grad]

    def exits_loss(ids, mask, labels):
        logits = model(ids, mask, [*students, last])
        if arguments.system == "deebert":
            # The last highway is trained by no one in DeeBERT's code, whose sum leaves it out: here it learns like the others.
            return sum(F.cross_entropy(row, labels) for row in logits[:-1])
        teacher = F.softmax(logits[-1], -1)
        return sum(F.kl_div(F.log_softmax(row, -1), teacher, reduction="batchmean") for row in logits[:-1])

    train("exits", heads, 1e-3, exits_loss, arguments.epochs[1])
    save(model, arguments.system, arguments.out)


if __name__ == "__main__":
    main()
