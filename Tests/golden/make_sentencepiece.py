#!/usr/bin/env python3
"""Writes Tests/golden/sentencepiece: small .model files, and how transformers and sentencepiece cut tricky texts with them.

Needs, apart from the other scripts, what requirements-sentencepiece.txt names: sentencepiece 0.1.97 is Debian 12's library.

    python3 -m venv venv && venv/bin/pip install -r Tests/golden/requirements-sentencepiece.txt
    venv/bin/python Tests/golden/make_sentencepiece.py

Ids are those of transformers' slow tokenizers, but for numbers before commas and U+2028 in ALBERT's: there the fast one has another
answer, which counts. The places of tokens, of which the slow ones know nothing, are sentencepiece's, and stand for bytes of the text as
transformers changed it before: of ALBERT, which changes it most, the ids alone are kept.
"""

import json
import os
import pathlib
import re
import shutil
import tempfile

import sentencepiece
import transformers

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "Tests" / "golden" / "sentencepiece"

TEXTS = [
    "", " ", "Hello, world!", "the new york library", "unaffable  running\ttokenizers\n", "Café CAFÉ cafe\u0301 naïve",
    "İstanbul ISTANBUL ı", "Привет, мир! Йй", "中国人 豈更 a中b国c", "かがカガ ｶﾞ ﾊﾞ", "한글 한 글", "\U0001f600 a\U0001f468\u200d\U0001f469",
    "  leading and trailing  ", "ﬁ ﬀ ſ K Å Ⅷ ½ ™", "1,000.5 and 12, 9,000, x9,", "``quoted'' \"text\"", "a\u00a0b\u3000c\u2028d\u200be",
    "9,9 and 99, 1,2,3,4 of 1999, 5,", "don't stop-it, e.g. 3.14!", "x" * 80, "the the the the", "\u2581a \u2581 b",
    "a\u0301\u0323 \u0344", "zzz qqq ☃☃ ☃",
]  # fmt: skip
COMMON = dict(character_coverage=1.0, hard_vocab_limit=False, minloglevel=2)
# What takes the place of what: SentencePiece's own charsmaps have 240 kB, and one of these files is enough.
RULES = {"\t": " ", "\n": " ", "\u3000": " ", "\u00a0": " ", "\u200b": "", "ﬁ": "fi", "½": "1/2", "e\u0301": "é", "™": "TM", "中": "日本"}
MODELS = {
    "xlm-roberta": ("sentencepiece.bpe.model", "XLMRobertaTokenizer", dict(model_type="unigram", normalization_rule_name="nmt_nfkc"), {}),
    "camembert": ("sentencepiece.bpe.model", "CamembertTokenizer", dict(model_type="unigram"), {}),
    "albert": (
        "spiece.model", "AlbertTokenizer",
        dict(model_type="unigram", pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols="[CLS],[SEP],[MASK]"), {},
    ),
    "albert-cased": (
        "spiece.model", "AlbertTokenizer",
        dict(model_type="unigram", pad_id=0, unk_id=1, bos_id=-1, eos_id=-1, control_symbols="[CLS],[SEP],[MASK]"),
        {"do_lower_case": False, "keep_accents": True},
    ),
    "deberta-v2": (
        "spm.model", "DebertaV2Tokenizer",
        dict(model_type="bpe", pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]",
             eos_piece="[SEP]", unk_piece="[UNK]"), {},
    ),
}  # fmt: skip


def lines():
    texts = (ROOT / "Tests" / "golden" / "minilm" / "texts.txt").read_text().splitlines()
    return [text for text in texts if text.strip()] + [text.replace("\n", " ") for text in TEXTS if text.strip()]


def commas(count):
    """Numbers before commas, often enough to be pieces."""
    return [f"in {number}, {number % 10}, of {number % 100}, the {number}" for number in range(1900, 1900 + count)]


def codes(text):
    return " ".join(f"{ord(character):X}" for character in text)


def places(processor, text):
    """The pieces' places, in bytes."""
    offsets = [0]
    for character in text:
        offsets.append(offsets[-1] + len(character.encode()))
    pieces = processor.encode(text, out_type="immutable_proto").pieces
    return [offsets[piece.begin] for piece in pieces], [offsets[piece.end] for piece in pieces]


def main():
    assert sentencepiece.__version__ == "0.1.97", sentencepiece.__version__
    assert transformers.__version__ == "4.57.6", transformers.__version__
    shutil.rmtree(FOLDER, ignore_errors=True)
    # The file's name comes into the model.
    os.chdir(tempfile.mkdtemp())
    pathlib.Path("rules.tsv").write_text("".join(f"{codes(key)}\t{codes(value)}\n" for key, value in RULES.items()))
    for name, (file, kind, options, config) in MODELS.items():
        if "normalization_rule_name" not in options:
            options["normalization_rule_tsv"] = "rules.tsv"
        folder = FOLDER / name
        folder.mkdir(parents=True)
        is_albert = name.startswith("albert")
        texts = lines() + (commas(100) if is_albert else [])
        with (folder / file).open("wb") as out:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=iter(texts), model_writer=out, vocab_size=700, **COMMON, **options
            )
        (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": kind, **config}) + "\n")
        slow = getattr(transformers, kind)(str(folder / file), **config)
        processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / file))
        if is_albert:
            fast = transformers.AlbertTokenizerFast(str(folder / file), **config)
            pieces = [processor.id_to_piece(index) for index in range(processor.get_piece_size())]
            assert any(re.search(r"\d,$", piece) for piece in pieces), name
        cases = []
        for text in TEXTS:
            # What AutoTokenizer gives is fast, and cuts numbers from commas, and white space is to it what the model says.
            ids = (fast if is_albert and re.search("\\d,|\u2028", text) else slow)(text)["input_ids"]
            starts = ends = None
            if not is_albert:
                starts, ends = places(processor, text)
            cases.append([text, ids, starts, ends])
        pair = slow(TEXTS[2], TEXTS[3])
        cases = {"texts": cases, "pair": [TEXTS[2], TEXTS[3], pair["input_ids"]]}
        (folder / "cases.json").write_text(json.dumps(cases) + "\n")
        print(f"{name}: {processor.get_piece_size()} pieces, {len(cases['texts'])} texts")


if __name__ == "__main__":
    main()
