#!/usr/bin/env python3
"""Writes Tests/golden/tokenizer: small tokenizers, and how the Hugging Face `tokenizers` library cuts tricky texts with them.

Needs: tokenizers==0.23.3

    python3 Tests/golden/make_tokenizer.py

The texts and the variants are those of scripts/compare-tokenizers.py, which compares far more of them where the package is
installed; these files are for everywhere else. Everything drawn is drawn from a fixed seed.
"""

import importlib.util
import json
import pathlib
import random
import shutil
import sys

import tokenizers

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "Tests" / "golden" / "tokenizer"

WORDS = """the a new york world hello small package library for of un affable ##aff ##able run ##ning token ##izer ##s ##ing ##ed
straße strasse e ##e i ##i é ##é naïve naive café cafe München мир привет й и ##й ##и 中 国 中国 豈 更 ##国 か が カ ガ ##か ##が 한 글 ᄒ
##ᅡ ##ᆫ ##ᅡᆫ ᄀ ##글 λ ##ς ##σ ß ##ß ss ##ss a1 ##1 ##0 ab c c++ ## ### New York Hello A ##A 00 ##00 ##\u302e \u302f ##\u0301
\u1e9e İ i̇ ##̇ k ſ ﬁ ##ﬁ fi ##fi ☃ € $ ° 😀 ##😀 … “ ” — 。 、 ！ ｶ ##ﾞ 𝅗𝅥 𝅗 ##𝅥 1 2 3""".split()

TEXTS = [
    "", " ", "Hello, world!", "the new york library", "UNAFFABLE unaffable unaffablezzz", "running runnings tokenizers",
    "Straße STRASSE straße", "Café CAFÉ cafe\u0301 naïve", "İstanbul ISTANBUL ı", "Привет, мир! Йй", "中国人 豈更 a中b国c", "かがカガ ｶﾞ",
    "한글 한 글 가각", "\U0001f600 a\U0001f600 \U0001f468\u200d\U0001f469", "[CLS] hello [SEP] [MASK]. [mask] [UNK][PAD]x[SEP",
    "new york NEW YORK New  York newyork", "c++ C++ c+ abc++", "ab AB xab ab1 ab. .ab", "x b b  b a", "A a A. AA Straße \t straße  x",
    "\u0000a\u0000b \u0001\u007f\u0085c \ufffd\ufeff d\u00ade", "tab\tline\nreturn\r\nnbsp\u00a0wide\u3000sep\u2028x\u000bv\u000cf",
    "\U0001d15e \U0001d15f\u302e \U0001d160\U0001d16d\u0323", "a\u0301\u0323\u302e\u302f e\u302f\u0334\u302e", "\u0344\u302e\u0323 \u0f73\u0f75\u0f81\u1b44",
    "\U0001e003\u05ae \u05ae\U0001e003", "a\u0000\u0301 \u0301b", "ﬁ ﬀ ſ K Å ẞ Ⅷ", "Σίσυφος ΣΊΣΥΦΟΣ", "don't $5.00 100% a_b a-b 1,000.5 #x @y", "…“quoted”—dash 。、！",
    "x" * 100, "x" * 101, "the" * 34, "a" * 300 + " the", "é" * 101 + " é", "\U0002b920\U0002b820\U0002ceaf\uf900\U0002f800",
]
BYTE_LEVEL_TEXTS = [
    " the", "  the", "the  ", "   ", "\n", " \n ", "a\n\nb", "\t\tx", "the <mask>library", "the  <mask> of", "<mask>", " <mask> ", "<s>the</s>",
    "don't we'll they've I'm he'd you're it's 'tis 'S ''s", "1234 a1 1a !? .5 ...the", "x \u3000 y\u3000z", "\u00a0a \u00a0", "Ġthe Ċ",
    "a\u0301 \u0301", "中文 中 文", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "new york c++ Straße  x  ab b the", "a" * 2500,
    "ab" * 1100 + " the", "é" * 1100,
]  # fmt: skip
NORMALIZED_TEXTS = [
    "the  library   of    x", "cafe\u0301  [MASK] e\u0301\u0323", "the \u212b  [MASK]x |||IP_ADDRESS|||", "e\u0301'll 'rx 'l 've' 're",
    "\u212b 's'", "e\u0301 \n\n  x\u0301 \n", "\u0301", " \u0301", "\u1100\u1161 \u1112\u1161\u11ab12 a3",
    "é é. xé éx e\u0301", "A \u212b a  \u212b", "e\u0301" * 800 + " the", "a  e\u0301  \u00e9 \u0301 b  b \u0301", "new yo\u0301rk new york\u0301",
]  # fmt: skip
UNIGRAM_TEXTS = [
    "the <mask>library", "the   <mask> of", "<mask>", " <mask> ", "<s>the</s>", "the  library", "the  ", "  the", "\n", " \n x", "a\tb",
    "▁the ▁", "``the'' '` '''", "the\u0001library", "\u0001\u0002the caf\u00e9 \u0003 of", "\u2122\u0001g", "ｔｈｅ ﬁ\u0301",
    "e\u0301 é\u0301 e\u0323\u0301", "\ufdfa " * 20, "\u1100\u1161\u11a8 \uac00\u11a8", "\u0e33\u0e49\u0e33", "\u0915\u094d\u0937\u0301",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467a\u200d", "a\u0301\u0001b", "a\u0001\u0301b", "\u0600a\u0301", "\r\n\r x", "xyzzy " * 3,
    "中文国" * 60, "a" * 300, "☃" * 200, "\u0301" * 300 + "a", " " * 150 + "the" + " " * 150,
    # A word longer than any window, in which nothing repeats.
    "".join(WORDS[index * index % 163 % len(WORDS)] for index in range(400)),
]  # fmt: skip
BLANKS = " \t\r\n\v\x85\u00a0\u1680\u2003\u2028\u3000"
DEBERTA_TEXTS = [
    "the \t new", "a\tb\nc\rd\ve\x85f\u2028g", *(f"a{blank}{blank}b {blank}c{blank}" for blank in BLANKS), "the\r\nlibrary\n\n", "\t", "\n the",
    "a,b, c ,d .", "“the”—new york…", "...the... !?", "½ ™!", "e\u0301, \u0301", "the." + " " * 600 + "of", "!" * 510 + BLANKS * 30 + "the", "x." + BLANKS * 100,
    "the" + "\t" * 1100, ("a" + BLANKS * 48) * 3, " " * 511 + "\t" + "a", "!" * 600 + " \t" * 300 + "!",
]  # fmt: skip
CHARACTER_TEXTS = [
    "the \u0416\u0416 of\u0416", "☃☃the☃ ☃", "a b  c   d    e", "\n\n\nthe\n\n of", "[multimodal] <b>the</b><bos>", "▁▁▁ ▁ the▁of", "thethethe",
    "aaaaaaaaa baaab", "the\ttab", " the", "thethe" * 400, "▁" * 800 + "a", "library " * 280,
]  # fmt: skip
# What the charsmap of a golden Unigram changes.
CHARSMAP = {
    **{chr(c): "" for c in (*range(1, 9), *range(14, 32), 0x7F)}, **{chr(c): " " for c in (9, 10, 12, 13, 0xA0, 0x200B, 0x3000)},
    **{chr(c): chr(c - 0xFEE0) for c in range(0xFF01, 0xFF5F)}, "ﬁ": "fi", "ﬀ": "ff", "™": "TM", "…": "...", "ｶﾞ": "ガ", "ｶ": "カ",
    "e\u0301": "é", "a\u0301": "á", "e\u0323": "ẹ", "\u0e33": "\u0e4d\u0e32", "①": "1", "\u1100\u1161": "가", "\u212b": "\u00c5",
    "\ufdfa": "صلى الله عليه وسلم",
}  # fmt: skip
BYTES = [
    b"\xff", b"a\x80b", b"\xc3", b"the \xc3 caf\xc3\xa9", b"\xe2\x82", b"\xe2\x82\xac\xe2\x82", b"\xed\xa0\x80 \xed\xb0\x80", b"\xf0\x9f\x98", b"\xf0\x9f\x98\x80\xf0\x80\x80",
    b"\xc0\x80 \xf4\x90\x80\x80 \xf5", b"[CLS]\xff[SEP]", b"hello\x00\xffworld", b"\xe1\x80a\xf1\x80\x80b",
]  # fmt: skip


def load(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def vocabulary():
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [chr(c) for c in range(0x21, 0x7F)] + list("абвгдежзиклмнопрстуфхцчшщыэюя")
    tokens += letters + ["##" + x for x in letters if x.isalnum()] + WORDS
    return list(dict.fromkeys(tokens))


def unigram():
    """Pieces whose scores mean nothing, but are all different: words, and what they are made of."""
    words = [word.removeprefix("##") for word in WORDS]
    letters = [chr(c) for c in range(0x21, 0x7F)] + list("абвгдежзиклмнопрстуфхцчшщыэюяáéẹカガ가صلىالهعيوسم")
    pieces = ["▁", *letters, *words, *("▁" + word for word in words), "aa", "aaa", "thethe", "中文中", "...", "▁▁", "☃☃"]
    return [[piece, -4.0 - index % 17 / 3 - index / 1000] for index, piece in enumerate(dict.fromkeys(pieces)) if piece]


def characters():
    """The beginnings of words, those of a word one after the other: what is left of it is often a piece that comes only later."""
    words = ["▁" + word.removeprefix("##") for word in WORDS] + ["aaaa", "thethe", "中文中", "...", "▁▁▁▁", "\n\n"]
    pieces = dict.fromkeys(word[:count] for word in words for count in range(2, len(word) + 1))
    pieces |= dict.fromkeys(word[1:count] for word in words if word[0] == "▁" for count in range(3, len(word) + 1))
    letters = dict.fromkeys("".join(words) + "".join(map(chr, range(0x21, 0x7F))) + "абвгдежзиклмнопрстуфхцчшщыэюяáéẹカガ")
    return [(piece, -float(index)) for index, piece in enumerate([*pieces, *letters])]


# Of the variants of a BPE over characters.
CHARACTERS = ["", "-scratch", "-scratch-digits", "-bytes", "-whole", "-llama", "-gemma-added", "-gemma-unknown", "-added"]


def main():
    sys.path.insert(0, str(ROOT / "scripts"))
    compare = load("compare", ROOT / "scripts" / "compare-tokenizers.py")
    assert tokenizers.__version__ == compare.PINNED, f"tokenizers {tokenizers.__version__}, not {compare.PINNED}"
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    (FOLDER / "vocab.txt").write_text("\n".join(vocabulary()) + "\n")
    rng = random.Random(2)
    texts = [text.encode() for text in TEXTS] + BYTES
    drawn = [item[0] for item in compare.cases.random_items(rng, 400) if 0 < len(item[0]) < 60]
    texts += drawn[:120]
    for name, file in compare.cases.variants(FOLDER / "vocab.txt", FOLDER):
        write_cases(compare, rng, texts, name, file, (0, 3, 4, 5, 8, 9, 12, 13, 16))
    for name, file in compare.cases.scratch_variants(FOLDER / "vocab.txt", FOLDER):
        write_cases(compare, random.Random(name), texts[::2], name, file, (0, 3, 4, 5, 8, 9, 12, 13, 16))
    byte_level = compare.byte_level_cases
    lines = (ROOT / "Tests" / "golden" / "minilm" / "texts.txt").read_text().splitlines()
    trained = byte_level.train(lines + TEXTS, 700)
    byte_level.write_files(trained, FOLDER / "byte-level-files")
    texts = [text.encode() for text in TEXTS + BYTE_LEVEL_TEXTS] + BYTES + drawn[:30]
    for name, file in byte_level.variants(trained, FOLDER):
        if json.loads(file.read_text())["normalizer"]:
            # Drawn from a generator of its own, so that the files of the others stay as they are.
            more = [text.encode() for text in NORMALIZED_TEXTS + UNIGRAM_TEXTS]
            write_cases(compare, random.Random(name), texts + more, name, file, (0, 4, 5, 8, 9, 12, 13, 16))
        else:
            write_cases(compare, rng, texts, name, file, (0, 4, 5, 8, 9, 12, 13, 16))
    unigrams = compare.unigram_cases
    made = unigrams.tokenizer(unigram(), unigrams.compile_charsmap(CHARSMAP))
    texts = [text.encode() for text in TEXTS + UNIGRAM_TEXTS] + BYTES + drawn[:30]
    for name, file in unigrams.variants(made, FOLDER):
        # Those that came later draw for themselves, so that the files of the others stay as they are.
        generator = random.Random(name) if "scratch" in name or "deberta" in name else rng
        some = texts
        if "deberta" in name:
            # Where a charsmap comes first, runs of white space end where a segment does.
            some = [text.encode() for text in DEBERTA_TEXTS if len(text) < 500 or "late" not in name] + texts[::3]
        write_cases(compare, generator, some, name, file, (0, 4, 5, 8, 9, 12, 13, 16))
    made = compare.character_cases.tokenizer(characters(), unigrams.compile_charsmap(CHARSMAP))
    texts = [text.encode() for text in UNIGRAM_TEXTS + CHARACTER_TEXTS + TEXTS[::2]] + BYTES + drawn[:20]
    for name, file in compare.character_cases.variants(made, FOLDER):
        if name.removeprefix("characters") in CHARACTERS:
            write_cases(compare, random.Random(name), texts, name, file, (0, 4, 5, 8, 9, 12, 13, 16))
        else:
            file.unlink()


def write_cases(compare, rng, texts, name, file, lengths):
    """NAME.cases: every text alone, and 60 pairs and shortened texts."""
    tokenizer = tokenizers.Tokenizer.from_file(str(file))
    items = [(text, None, True, 0) for text in texts]
    for _ in range(60):
        length = rng.choice(lengths)
        items.append((rng.choice(texts), rng.choice((rng.choice(texts), None)), rng.random() < 0.8, length))
    cases = []
    for item, (ids, types, starts, ends) in zip(items, compare.expected(tokenizer, items)):
        text, pair, special, length = item
        # Texts as hexadecimal UTF-8, for some are not UTF-8.
        cases.append([text.hex(), None if pair is None else pair.hex(), special, length, ids, types, starts, ends])
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (FOLDER / f"{name}.cases").write_text(f"[\n{lines}\n]\n")
    print(f"{name}: {len(cases)} cases")


if __name__ == "__main__":
    main()
