#!/usr/bin/env python3
"""Compares Limbeck's reading of .model files with the sentencepiece package: ids, by transformers' rules, and offsets must be equal.

Needs: sentencepiece==0.1.97, the version of Debian's library. Newer ones break ties of Unigram scores otherwise.

    scripts/compare-sentencepiece.py --texts FILE... [--library build/lib/liblimbeck.so] [--count N] [--seed S]

Models are trained on some of the texts; files of texts are those of compare-tokenizers.py. Exits with 1 at the first difference.
"""

import argparse
import importlib.util
import json
import pathlib
import random
import sys
import tempfile

import sentencepiece
import tokenizer_cases as cases

PINNED = "0.1.97"
ROOT = pathlib.Path(__file__).resolve().parent.parent
SPECIALS = ("<s>", "</s>", "<mask>", "<pad>", "<unk>", "[MASK]", "[CLS]", "[SEP]", "[PAD]", "[UNK]")
FAMILIES = {
    # name: (file, class, options of the trainer, id of a piece)
    "xlm-roberta": ("sentencepiece.bpe.model", None, {}, lambda i: {0: 3, 1: 0, 2: 2}.get(i, i + 1)),
    "camembert": ("sentencepiece.bpe.model", "CamembertTokenizer", {}, lambda i: 3 if i == 0 else i + 4),
    "deberta-v2": (
        "spm.model", None,
        dict(pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]",
             unk_piece="[UNK]", model_type="bpe"),
        lambda i: i,
    ),
}  # fmt: skip


def is_plain(text):
    try:
        return not any(name in text.decode() for name in SPECIALS)
    except UnicodeDecodeError:
        return False


def compare(name, engine, path, texts, rule):
    handle = engine.open(path)
    processor = sentencepiece.SentencePieceProcessor(model_file=str(path))
    for text, (ids, _, starts, ends) in zip(texts, engine.encode(handle, [(text, None, False, 0) for text in texts])):
        offsets = [0]
        for character in text.decode():
            offsets.append(offsets[-1] + len(character.encode()))
        pieces = processor.encode(text.decode(), out_type="immutable_proto").pieces
        wanted = ([rule(x.id) for x in pieces], [offsets[x.begin] for x in pieces], [offsets[x.end] for x in pieces])
        if (ids, starts, ends) != wanted:
            sys.exit(f"DIFFERENT in {name}: {text!r}\n  limbeck {(ids, starts, ends)}\n  theirs  {wanted}")
    engine.close(handle)
    print(f"{name}: {len(texts)} texts are equal", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--texts", action="append", required=True)
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--library", default=ROOT / "build" / "lib" / "liblimbeck.so")
    arguments = parser.parse_args()
    if sentencepiece.__version__ != PINNED:
        sys.exit(f"sentencepiece {sentencepiece.__version__} is installed, and {PINNED} is what we compare with")
    spec = importlib.util.spec_from_file_location("compare", ROOT / "scripts" / "compare-tokenizers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    engine = module.Library(arguments.library)
    print(f"seed {arguments.seed}")
    rng = random.Random(arguments.seed)
    texts = cases.share([cases.read_texts(file) for file in arguments.texts], arguments.count)
    drawn = [item[0] for item in cases.random_items(rng, arguments.count)]
    items = [text for text in [text.encode() for text in texts] + drawn if is_plain(text)]
    with tempfile.TemporaryDirectory() as folder:
        lines = pathlib.Path(folder) / "lines.txt"
        lines.write_text("\n".join(text.replace("\n", " ") for text in texts[:: max(1, len(texts) // 10000)]))
        for name, (file, kind, options, rule) in FAMILIES.items():
            place = pathlib.Path(folder) / name
            place.mkdir()
            sentencepiece.SentencePieceTrainer.train(
                input=str(lines), model_prefix=str(place / "model"), vocab_size=8000, minloglevel=2, **options
            )
            (place / "model.model").rename(place / file)
            if kind:
                (place / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": kind}))
            compare(name, engine, place / file, items, rule)


if __name__ == "__main__":
    main()
