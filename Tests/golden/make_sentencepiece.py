#!/usr/bin/env python3
"""Writes Tests/golden/sentencepiece: small .model files under every class, and how transformers' AutoTokenizer cuts tricky texts with them.

Needs, apart from the other scripts, what requirements-today.txt names.

    python3 -m venv venv && venv/bin/pip install -r Tests/golden/requirements-today.txt
    venv/bin/python Tests/golden/make_sentencepiece.py

The folders are some of those of scripts/sentencepiece_cases.py, which scripts/compare-sentencepiece.py compares on far more texts.
"""

import json
import os
import pathlib
import random
import shutil
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "Tests" / "golden" / "sentencepiece"
sys.path.insert(0, str(ROOT / "scripts"))

import sentencepiece_cases as cases  # noqa: E402

NAMES = [
    "xlm-roberta", "camembert", "albert", "deberta-v2", "bpe", "xlm-roberta-pieces", "xlm-roberta-names", "camembert-lists", "albert-accents",
    "deberta-punctuation", "deberta-added", "unigram-first", "bpe-bytes",
]  # fmt: skip
TEXTS = [
    "", " ", "Hello, world!", "the new york library", "unaffable  running\ttokenizers\n", "Café CAFÉ cafe\u0301 naïve",
    "İstanbul ISTANBUL ı", "Привет, мир! Йй", "中国人 豈更 a中b国c", "かがカガ ｶﾞ ﾊﾞ", "한글 한 글", "\U0001f600 a\U0001f468\u200d\U0001f469",
    "  leading and trailing  ", "ﬁ ﬀ ſ K Å Ⅷ ½ ™", "1,000.5 and 12, 9,000, x9,", "``quoted'' \"text\"", "a\u00a0b\u3000c\u2028d\u200be",
    "9,9 and 99, 1,2,3,4 of 1999, 5,", "don't stop-it, e.g. 3.14!", "x" * 80, "the the the the", "\u2581a \u2581 b", "\u2581the", "▁▁▁ ▁▁x",
    "a\u0301\u0323 \u0344", "zzz qqq ☃☃ ☃", "<s>the</s> <unk> <pad>", "the <mask>library [MASK]  of", "[CLS] the [SEP] <ctrl><lang>x",
    "<ent> <ent>x new york  new  york é の", "Straße  new york.", "\t\n the \r\n of \u2003\u2003 x \n", "(a,b) “c”…d—e", "\x00a\x01b", "▁", "\n",
    "the" + " " * 40 + "of" + " " * 5,
]  # fmt: skip
SIXTY = ["the quick brown fox jumps over the lazy dog", "a cat sat on the mat, and the dog sat on it", "what the cat saw the dog saw"] * 20
# What takes the place of what: SentencePiece's own charsmaps have 240 kB, and one of these files is enough.
RULES = {"\t": " ", "\n": " ", "\u3000": " ", "\u00a0": " ", "\u200b": "", "ﬁ": "fi", "½": "1/2", "e\u0301": "é", "™": "TM", "中": "日本"}


def lines():
    """With numbers before commas, often enough to be pieces."""
    texts = (ROOT / "Tests" / "golden" / "minilm" / "texts.txt").read_text().splitlines()
    numbers = [f"in {number}, {number % 10}, of {number % 100}, the {number}" for number in range(1900, 2000)]
    return [text for text in texts if text.strip()] + [text.replace("\n", " ") for text in TEXTS if text.strip()] + numbers


def codes(text):
    return " ".join(f"{ord(character):X}" for character in text)


def train():
    """The models that the folders are made of, small and with other charsmaps."""
    pathlib.Path("rules.tsv").write_text("".join(f"{codes(key)}\t{codes(value)}\n" for key, value in RULES.items()))
    models = {}
    for name, (_, options) in cases.TRAINED.items():
        size = 700 if options.get("byte_fallback") else 450
        if options["normalization_rule_name"] != "identity":
            options = {key: value for key, value in options.items() if key != "normalization_rule_name"} | {"normalization_rule_tsv": "rules.tsv"}
        models[name] = cases.train_model(lines(), size, 1.0, **options)
    models["nmt_nfkc"] = cases.train_model(lines(), 450, 1.0, normalization_rule_name="nmt_nfkc")
    return models


def main():
    import importlib.util

    spec = importlib.util.spec_from_file_location("compare", ROOT / "scripts" / "compare-sentencepiece.py")
    compare = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(compare)
    compare.check_versions()
    module = compare.load("compare-tokenizers", ROOT / "scripts" / "compare-tokenizers.py")
    shutil.rmtree(FOLDER, ignore_errors=True)
    # The file's name comes into the model.
    os.chdir(tempfile.mkdtemp())
    models = train()
    # So few pieces that models/xlm-roberta has rows for all.
    models["sixty"] = cases.train_model(SIXTY, 50, 1.0, normalization_rule_tsv="rules.tsv")
    cases.FOLDERS["sixty"] = ("sixty", "xlm-roberta", {"config": {"model_type": "xlm-roberta"}})
    for name in [*NAMES, "sixty"]:
        folder = cases.write(FOLDER, name, models | {"nfkc": models["nmt_nfkc" if name == "xlm-roberta" else "nfkc"]})
        rng = random.Random(name)
        items = [(text.encode(), None, True, 0) for text in TEXTS]
        items += [
            (rng.choice(TEXTS).encode(), rng.choice(TEXTS).encode(), rng.random() < 0.8, rng.choice((0, 0, 8, 13, 16))) for _ in range(14)
        ]
        lines = []
        for item, (ids, types, starts, ends) in zip(items, compare.Reference(folder).expected(module, items)):
            text, pair, special, length = item
            case = [text.hex(), None if pair is None else pair.hex(), special, length, ids, types, starts, ends]
            lines.append(json.dumps(case, separators=(",", ":")))
        (folder / "texts.cases").write_text("[\n" + ",\n".join(lines) + "\n]\n")
        print(f"{name}: {len(lines)} cases")


if __name__ == "__main__":
    main()
