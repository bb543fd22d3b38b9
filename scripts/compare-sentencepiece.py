#!/usr/bin/env python3
"""Compares Limbeck's reading of .model files with the sentencepiece package: ids, by transformers' rules, and offsets are equal.

Needs: sentencepiece in the version of the library that Limbeck was linked with, as Debian's package python3-sentencepiece is: versions
break ties of Unigram scores differently.

    /usr/bin/python3 scripts/compare-sentencepiece.py [--texts FILE]... [--library build/lib/liblimbeck.so] [--count N] [--seed S]

Models are trained on some of the texts; files of texts are those of compare-tokenizers.py, and without --texts its texts in ten
languages. What transformers does for ALBERT, to a text first and to the scores, is done here too. Exits with 1 at the first
difference.
"""

import argparse
import importlib.util
import itertools
import json
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import time

import sentencepiece
import tokenizer_cases as cases

ROOT = pathlib.Path(__file__).resolve().parent.parent
SPECIALS = ("<s>", "</s>", "<mask>", "<pad>", "<unk>", "[MASK]", "[CLS]", "[SEP]", "[PAD]", "[UNK]")
LANGUAGES = ("cs", "de", "el", "en", "fr", "ja", "ko", "ru", "tr", "zh_CN")
ALBERT = dict(pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols="[CLS],[SEP],[MASK]")
CASED = {"do_lower_case": False, "keep_accents": True}


def same(text):
    return text, range(len(text))


def quotes(text):
    """AlbertTokenizer with CASED, and for each character its place in `text`: of two marks that become one, the second's."""
    firsts = {match.start() for match in re.finditer("``|''", text)}
    return re.sub("``|''", '"', text), [place for place in range(len(text)) if place not in firsts]


FAMILIES = {
    # name: (file, tokenizer_config.json, options of the trainer, what is done to a text, id of a piece)
    "xlm-roberta": ("sentencepiece.bpe.model", {}, {}, same, lambda i: {0: 3, 1: 0, 2: 2}.get(i, i + 1)),
    "camembert": (
        "sentencepiece.bpe.model", {"tokenizer_class": "CamembertTokenizer"}, {}, same, lambda i: 3 if i == 0 else i + 4
    ),
    "albert": ("spiece.model", CASED, ALBERT, quotes, lambda i: i),
    "deberta-v2": (
        "spm.model", {},
        dict(pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]",
             unk_piece="[UNK]", model_type="bpe"),
        same, lambda i: i,
    ),
}  # fmt: skip


def is_plain(text):
    try:
        return not any(name in text.decode() for name in SPECIALS)
    except UnicodeDecodeError:
        return False


def numbers(rng):
    """Such as "1,234, 5, 60": with enough of them, there are pieces that end in a digit and a comma."""
    return ", ".join(f"{rng.randrange(10**digits):,}" for digits in rng.choices((1, 2, 3, 4, 5), k=8))


def expected(processor, text, change, rule):
    """Ids, and the first and last bytes of what the pieces stand for."""
    sizes = (1 if c < "\x80" else 2 if c < "\u0800" else 3 if c < "\U00010000" else 4 for c in text)
    before = range(len(text) + 1) if text.isascii() else list(itertools.accumulate(sizes, initial=0))
    changed, places = change(text)
    starts = [before[place] for place in places] + [before[-1]]
    ends = [before[place + 1] for place in places]
    ids, first, last = [], [], []
    for piece in processor.encode(changed, out_type="immutable_proto").pieces:
        begin, end = piece.begin, piece.end
        ids.append(rule(piece.id))
        first.append(starts[begin])
        last.append(ends[end - 1] if end > begin else starts[begin])
    return ids, first, last


def number_commas(model):
    """The model with 100 less in the scores of pieces that end in a digit and a comma, as AlbertTokenizerFast has it."""
    processor = sentencepiece.SentencePieceProcessor(model_proto=model)
    changed = 0
    for index in range(processor.get_piece_size()):
        piece, score = processor.id_to_piece(index), processor.get_score(index)
        if piece[-1] == "," and piece[-2:-1].isdigit():
            text = piece.encode()
            field = b"\n" + bytes([len(text)]) + text + b"\x15"
            model = model.replace(field + struct.pack("<f", score), field + struct.pack("<f", score - 100))
            changed += 1
    if not changed:
        sys.exit("no piece of ALBERT's model has a digit and a comma: more texts are needed")
    return model


def compare(name, engine, path, texts, change, rule):
    start = time.time()
    handle = engine.open(path)
    model = path.read_bytes()
    processor = sentencepiece.SentencePieceProcessor(model_proto=number_commas(model) if name == "albert" else model)
    for first in range(0, len(texts), 5000):
        some = texts[first : first + 5000]
        for text, (ids, _, starts, ends) in zip(some, engine.encode(handle, [(text, None, False, 0) for text in some])):
            got, wanted = (ids, starts, ends), expected(processor, text.decode(), change, rule)
            if got == wanted:
                continue
            print(f"DIFFERENT in {name}: {text!r}")
            for what, a, b in zip(("ids", "starts", "ends"), got, wanted):
                if a != b:
                    print(f"  {what}:\n    limbeck       {a}\n    sentencepiece {b}")
            sys.exit(1)
    engine.close(handle)
    print(f"{name}: {len(texts)} texts are equal ({time.time() - start:.0f} s)", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--texts", action="append", default=[])
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--only", choices=FAMILIES, action="append", help="compare this model (several times: these)")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--library", default=ROOT / "build" / "lib" / "liblimbeck.so")
    arguments = parser.parse_args()
    command = ["pkg-config", "--modversion", "sentencepiece"]
    linked = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    if sentencepiece.__version__ != linked:
        sys.exit(f"the package sentencepiece {sentencepiece.__version__} is compared with, and libsentencepiece {linked} linked")
    spec = importlib.util.spec_from_file_location("compare", ROOT / "scripts" / "compare-tokenizers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    engine = module.Library(arguments.library)
    print(f"seed {arguments.seed}")
    rng = random.Random(arguments.seed)
    fetched = [] if arguments.texts else cases.fetch_texts(ROOT / "build" / "texts")
    files = arguments.texts or [file for file in fetched if str(file).endswith(tuple(f"-{name}" for name in LANGUAGES))]
    texts = cases.share([cases.read_texts(file) for file in files], arguments.count)
    texts += [numbers(rng) for _ in range(500)]
    drawn = [item[0] for item in cases.random_items(rng, arguments.count // 5)]
    items = [text for text in [text.encode() for text in texts] + drawn if is_plain(text)]
    with tempfile.TemporaryDirectory() as folder:
        lines = pathlib.Path(folder) / "lines.txt"
        chosen = texts[:: max(1, len(texts) // 2000)] + texts[-500:]
        lines.write_text("\n".join(text.replace("\n", " ") for text in chosen))
        for name, (file, config, options, change, rule) in FAMILIES.items():
            if name not in (arguments.only or FAMILIES):
                continue
            place = pathlib.Path(folder) / name
            place.mkdir()
            sentencepiece.SentencePieceTrainer.train(
                input=str(lines), model_prefix=str(place / "model"), vocab_size=6000, minloglevel=2, **options
            )
            (place / "model.model").rename(place / file)
            if config:
                (place / "tokenizer_config.json").write_text(json.dumps(config))
            compare(name, engine, place / file, items, change, rule)


if __name__ == "__main__":
    main()
