#!/usr/bin/env python3
"""Opens students with transformers, and compares hidden states and logits with Limbeck's.

    python3 -m venv venv && venv/bin/pip install -r Tests/golden/requirements.txt
    venv/bin/python scripts/check-students.py STUDENT...

STUDENT is a folder that `limbeck distil` has written. Random ids, in sequences of several lengths up to the longest that the student takes,
run one by one. If there is a tokenizer, its ids are compared too. Prints the largest difference of each, and exits with 1 if one is
more than 1e-4, or if transformers finds a tensor missing or one that it does not know. Exits of DeeBERT are not compared, and folders with
UER's names (FastBERT) are passed over, as transformers has neither. Needs the library (make lib, or LIMBECK_LIBRARY).
"""

import json
import os
import pathlib
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
import transformers

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "bindings/python"))

import limbeck  # noqa: E402

TOLERANCE = 1e-4
LENGTHS = [1, 2, 7, 16, 33, 128, 512]
TEXTS = [
    "A small program that shows the disk usage of folders.",
    "Größe, naïve façade, 東京タワー, 3.14 — and an emoji 🙂",
    "a" * 120 + " supercalifragilistic",
]
# What a folder may have that transformers does not read, and what it may lack.
IGNORED = ("fit_dense", "position_ids", ".highway.")
ADDED = ("pooler.",)


class Student:
    def __init__(self, path):
        config = transformers.AutoConfig.from_pretrained(path)
        if not config.architectures:
            raise ValueError("config.json names no architecture")
        name = config.architectures[0]
        kind = getattr(transformers, name.removeprefix("Tiny") if name.startswith("TinyBert") else name)
        self.model, found = kind.from_pretrained(path, attn_implementation="eager", output_loading_info=True)
        self.model.eval()
        self.name = name
        self.wrong = [f"{x} is missing" for x in found["missing_keys"] if not x.removeprefix("bert.").startswith(ADDED)]
        self.wrong += [f"{x} is unknown" for x in found["unexpected_keys"] if not any(part in x for part in IGNORED)]
        # Its classifier has a ReLU before it, which transformers' BERT does not have: hidden states alone.
        self.has_logits = not name.startswith("TinyBert")

    def answer(self, ids):
        with torch.no_grad():
            out = self.model(input_ids=torch.tensor([ids]), output_hidden_states=True)
        logits = None
        if self.has_logits and "start_logits" in out:
            logits = torch.stack([out.start_logits[0], out.end_logits[0]], 1)
        elif self.has_logits and "logits" in out:
            logits = out.logits[0]
        return out.hidden_states[-1][0].numpy(), None if logits is None else logits.numpy()


def check_tokens(path, model):
    if not model.info.has_tokenizer:
        return "none"
    theirs = transformers.AutoTokenizer.from_pretrained(path)
    for text in TEXTS:
        if theirs(text, truncation=True, max_length=64)["input_ids"] != list(model.tokenize(text, max_length=64).ids):
            raise ValueError(f"the ids of {text!r} differ")
    return "equal"


def check(path):
    student = Student(path)
    if student.wrong:
        raise ValueError("; ".join(student.wrong))
    with limbeck.Model(path) as model:
        generator = np.random.default_rng(1)
        lengths = sorted({min(length, model.info.max_length) for length in LENGTHS})
        ids = [generator.integers(0, model.info.vocab_size, length).tolist() for length in lengths]
        # The id of padding has another place in RoBERTa's positions.
        padding = student.model.config.pad_token_id or 0
        ids = [[padding + 1 if x == padding else x for x in row] for row in ids]
        wanted = [student.answer(row) for row in ids]
        hidden = max(np.abs(a - b[0]).max() for a, b in zip(model.forward(ids), wanted))
        worst, shown = hidden, "-"
        if wanted[0][1] is not None:
            logits = max(np.abs(a - b[1]).max() for a, b in zip(model.forward(ids, output="logits"), wanted))
            worst, shown = max(hidden, logits), f"{logits:.1e}"
        tokens = check_tokens(path, model)
    return f"{student.name:34} {hidden:8.1e} {shown:>8}  {tokens:6}", float(worst)


def main():
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    transformers.logging.set_verbosity_error()
    print(f"transformers {transformers.__version__}, torch {torch.__version__}\n")
    print(f"{'':30} {'class':34} {'hidden':>8} {'logits':>8}  tokens")
    failed = passed = 0
    for path in sys.argv[1:]:
        name = os.path.basename(os.path.normpath(path))[:30]
        if "emb_size" in json.loads((pathlib.Path(path) / "config.json").read_text()):
            print(f"{name:30} passed over: UER's names")
            continue
        try:
            row, worst = check(path)
            verdict = "ok" if worst <= TOLERANCE else "FAIL"
        except (OSError, ValueError, RuntimeError, AttributeError, limbeck.Error) as error:
            row, verdict = str(error), "FAIL"
        failed, passed = failed + (verdict != "ok"), passed + (verdict == "ok")
        print(f"{name:30} {row}  {verdict}", flush=True)
    print(f"\n{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
