#!/usr/bin/env python3
"""Compares Limbeck's reading of .model files with transformers': of a folder that has one and no tokenizer.json, the ids, types and offsets
are those of AutoTokenizer.

Needs: transformers==5.24.0, tokenizers==0.23.3, sentencepiece==0.2.3, protobuf

    build/venv/bin/python scripts/compare-sentencepiece.py [--texts FILE]... [--library build/lib/liblimbeck.so] [--count N] [--seed S]

Models are trained on some of the texts, and written under every class (sentencepiece_cases.py). Files of texts are those of
compare-tokenizers.py, and without --texts its texts in twelve languages. Five folders are compared on all texts, the others on a share
of them; with fewer texts than 20,000 the vocabularies are smaller too. Exits with 1 at the first difference.
"""

import argparse
import importlib.util
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

import byte_level_cases
import sentencepiece_cases
import tokenizer_cases as cases

ROOT = pathlib.Path(__file__).resolve().parent.parent
PINNED = {"transformers": "5.24.0", "tokenizers": "0.23.3", "sentencepiece": "0.2.3"}
# Ten that have thousands, and the Greek and Turkish ones that there are.
LANGUAGES = ("cs", "de", "el", "en", "fr", "ja", "ko", "pl", "ru", "tr", "uk", "zh_CN")
BATCH = 5000
MAIN, SHARE = 5, 8  # folders with all texts; the others have an eighth


def numbers(rng):
    """Such as "1,234, 5, 60": with enough of them, there are pieces that end in a digit and a comma."""
    return ", ".join(f"{rng.randrange(10**digits):,}" for digits in rng.choices((1, 2, 3, 4, 5), k=8))


def specials(rng):
    """Tokens that some folder adds, or has as pieces, one after another and with space between."""
    names = [*sentencepiece_cases.USER_DEFINED, *sentencepiece_cases.CONTROL.split(","), "<url>", "ab", "Straße", "<mask>", "[MASK]", "[CLS]", "[SEP]"]
    names += ["<s>", "</s>", "<pad>", "<unk>", "[UNK]", "<s>NOTUSED", "None", "x", "The", ".", " ", "  ", " ", "\t", "\u3000"]
    return "".join(rng.choices(names, k=rng.choice((1, 2, 3, 5, 8, 13))))


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def check_versions():
    os.environ["HF_HUB_OFFLINE"] = "1"
    for name, version in PINNED.items():
        found = importlib.import_module(name).__version__
        if found != version:
            sys.exit(f"{name} {found} is installed, and {version} is what we compare with")


class Reference:
    """What AutoTokenizer opened, with the types that it gives a model: none where its class has none."""

    def __init__(self, folder):
        from transformers import AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.has_types = "token_type_ids" in self.tokenizer.model_input_names

    def expected(self, module, items):
        results = module.expected(self.tokenizer.backend_tokenizer, items)
        if self.has_types:
            return results
        return [(ids, [0] * len(ids), starts, ends) for ids, _, starts, ends in results]


def compare_native(name, engine, folder, items):
    """Under no class of its own a file gives SentencePiece's own ids, but for equal ways and a few characters."""
    import sentencepiece

    native = sentencepiece.SentencePieceProcessor(model_file=str(next(folder.glob("*.model"))))
    items = [(text, None, False, 0) for text, _, _, _ in items if text.isascii() and b"<" not in text]
    handle = engine.open(folder)
    same = sum(got[0] == native.encode(item[0].decode()) for item, got in zip(items, engine.encode(handle, items)))
    engine.close(handle)
    print(f"{name}: {same} of {len(items)} texts have libsentencepiece's ids", flush=True)
    if same < 0.98 * len(items):
        sys.exit(1)


def compare(name, module, engine, folder, items, quiet=False):
    start = time.time()
    handle, reference = engine.open(folder), Reference(folder)
    tokens = 0
    for first in range(0, len(items), BATCH):
        some = items[first : first + BATCH]
        for item, got, wanted in zip(some, engine.encode(handle, some), reference.expected(module, some)):
            tokens += len(wanted[0])
            if got == wanted:
                continue
            print(f"DIFFERENT in {name}: {item!r}")
            for what, a, b in zip(("ids", "types", "starts", "ends"), got, wanted):
                if a != b:
                    print(f"  {what}:\n    limbeck      {a}\n    transformers {b}")
            sys.exit(1)
    engine.close(handle)
    if quiet:
        return
    kind = type(reference.tokenizer).__name__
    print(f"{name} ({kind}): {len(items)} texts are equal, {tokens} tokens ({time.time() - start:.0f} s)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--texts", action="append", default=[])
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--only", choices=sentencepiece_cases.FOLDERS, action="append", help="compare this folder (several times: these)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--library", default=ROOT / "build" / "lib" / "liblimbeck.so")
    arguments = parser.parse_args()

    check_versions()
    module = load("compare", ROOT / "scripts" / "compare-tokenizers.py")
    engine = module.Library(arguments.library)
    print(f"seed {arguments.seed}")
    rng = random.Random(arguments.seed)
    fetched = [] if arguments.texts else cases.fetch_texts(ROOT / "build" / "texts")
    files = arguments.texts or [file for file in fetched if str(file).endswith(tuple(f"-{name}" for name in LANGUAGES))]
    texts = cases.share([cases.read_texts(file) for file in files], arguments.count)
    print(f"{len(texts)} texts of {len(files)} files")
    more = [numbers(rng) for _ in range(500)]
    real = cases.text_items(rng, texts + more[:50] + [specials(rng) for _ in range(2000)])
    drawn = byte_level_cases.with_room(cases.random_items(rng, arguments.count // 5))
    lines = [line for text in texts[:: max(1, len(texts) // 4000)] + more for line in text.split("\n") if line.strip()]
    names = arguments.only or list(sentencepiece_cases.FOLDERS)
    with tempfile.TemporaryDirectory() as folder:
        models = {}
        for model in {sentencepiece_cases.FOLDERS[name][0] for name in names}:
            start = time.time()
            models[model] = sentencepiece_cases.train(model, lines, min(1.0, arguments.count / 20000))
            print(f"trained {model}: {len(models[model])} bytes ({time.time() - start:.0f} s)", flush=True)
        for index, name in enumerate(sentencepiece_cases.FOLDERS):
            if name not in names:
                continue
            items = real + drawn if index < MAIN else real[index % SHARE :: SHARE] + drawn[index % SHARE :: SHARE]
            place = sentencepiece_cases.write(pathlib.Path(folder), name, models)
            compare(name, module, engine, place, byte_level_cases.with_room(items))
            if sentencepiece_cases.FOLDERS[name][1] == "none":
                compare_native(name, engine, place, real[: len(items)])
        for index in range(0 if arguments.only else arguments.count // 20):
            place, letters = sentencepiece_cases.drawn(rng, pathlib.Path(folder))
            texts = ["".join(rng.choices(letters + list(" A.☃"), k=rng.choice((0, 3, 5, 8, 13, 40)))) for _ in range(30)]
            name = f"drawn model {index}, {place / 'tokenizer_config.json'}"
            try:
                compare(name, module, engine, place, [(text.encode(), None, True, 0) for text in texts], quiet=True)
            except BaseException:
                shutil.copytree(place, ROOT / "build" / "drawn", dirs_exist_ok=True)
                raise
        print("drawn models: 30 texts each are equal")


if __name__ == "__main__":
    main()
