#!/usr/bin/env python3
"""Writes Sources/CUnicodeTables: what the Hugging Face tokenizers know of Unicode.

Needs: tokenizers==0.23.3

The tokenizers library mixes several versions of Unicode: its categories are older than its decompositions, and both are
older than what it lower-cases. Equal tokens need equal tables, so this script asks the library itself, scalar by scalar,
and checks on the way the assumptions that the normaliser makes. Run it again when the pinned version changes:

    python3 scripts/make-unicode-tables.py
"""

import pathlib

import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

PINNED = "0.23.3"
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Sources" / "CUnicodeTables"
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)
BLOCK = 128

REMOVED, SPACE, PUNCTUATION, IDEOGRAPH, NONSPACING, WORD, DECOMPOSES, LOWERS = (1 << bit for bit in range(8))
RANK_SHIFT = 8
LETTER, NUMBER = 1 << 14, 1 << 15


def bert(**options):
    defaults = {"clean_text": False, "handle_chinese_chars": False, "strip_accents": False, "lowercase": False}
    return normalizers.BertNormalizer(**{**defaults, **options}).normalize_str


def punctuation_and_space():
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    space, punctuation = set(), set()
    for c in SCALARS:
        pieces = len(split(f"a{chr(c)}b"))
        if pieces == 2:
            space.add(c)
        elif pieces == 3:
            punctuation.add(c)
    return space, punctuation


def letters_and_numbers():
    """What GPT-2's regular expression takes for \\p{L} and \\p{N}; and a check that its \\s is the white space of BERT."""
    split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True).pre_tokenize_str
    joins = {mark: {c for c in SCALARS if len(split(mark + chr(c))) == 1} for mark in "a1!"}
    assert not (joins["a"] & joins["1"] or joins["a"] & joins["!"] or joins["1"] & joins["!"])
    return joins["a"], joins["1"], set(SCALARS) - joins["a"] - joins["1"] - joins["!"]


def word_characters():
    """The scalars that keep a `single_word` token from being found beside them."""
    tokenizer = Tokenizer(models.WordPiece({"[UNK]": 0, "q": 1}, unk_token="[UNK]"))
    tokenizer.add_tokens([AddedToken("q", single_word=True, normalized=False)])
    words = {ord("q")}
    for start in range(0, len(SCALARS), 50000):
        batch = [c for c in SCALARS[start : start + 50000] if c != ord("q")]
        for c, encoding in zip(batch, tokenizer.encode_batch([chr(c) + "q" for c in batch])):
            if 1 not in encoding.ids:
                words.add(c)
    return words


def combining_ranks(decompose):
    """Ranks of the canonical combining classes, found by watching which marks change places; 0 is a starter."""
    low, high = "\u0334", "\u0345"  # the lowest and the highest class in use, 1 and 240
    marks = []
    for c in SCALARS:
        text = decompose[c]
        first = text[:1]
        if normalize_nfd(high + first) != high + first or normalize_nfd(first + low) != first + low:
            marks.append(c)
    singles = [c for c in marks if len(decompose[c]) == 1]
    classes = []  # one representative each, in order

    def before(left, right):
        """Whether the class of `left` is less."""
        return left != right and normalize_nfd(right + left) == left + right

    for c in singles:
        if all(before(chr(c), r) or before(r, chr(c)) for r in classes):
            classes.insert(sum(before(r, chr(c)) for r in classes), chr(c))
    return {c: 1 + sum(before(r, decompose[c][0]) for r in classes) for c in marks}


normalize_nfd = normalizers.NFD().normalize_str


def rows(values, per_row=40):
    return "\n".join("    " + ",".join(map(str, values[i : i + per_row])) + "," for i in range(0, len(values), per_row))


def mapping(name, table):
    """A sorted list of keys, and for each where its scalars start in a pool."""
    keys = sorted(table)
    starts, pool = [0], []
    for key in keys:
        pool += [ord(x) for x in table[key]]
        starts.append(len(pool))
    return f"""const uint32_t limbeck_{name}_keys[{len(keys)}] = {{
{rows(keys, 20)}
}};

const uint16_t limbeck_{name}_starts[{len(starts)}] = {{
{rows(starts, 30)}
}};

const uint32_t limbeck_{name}_pool[{len(pool)}] = {{
{rows(pool, 20)}
}};
""", len(keys), len(pool)


def main():
    assert tokenizers.__version__ == PINNED, f"tokenizers {tokenizers.__version__}, not {PINNED}"
    clean = bert(clean_text=True)
    ideographs = bert(handle_chinese_chars=True)
    strip = bert(strip_accents=True)
    lower = bert(lowercase=True)
    both = bert(strip_accents=True, lowercase=True)
    stripped = {c: strip(chr(c)) for c in SCALARS}
    lowered = {c: lower(chr(c)) for c in SCALARS}
    decompose = {c: normalize_nfd(chr(c)) for c in SCALARS}
    space, punctuation = punctuation_and_space()
    words = word_characters()
    letters, numbers, gaps = letters_and_numbers()
    assert gaps == space
    ranks = combining_ranks(decompose)

    flags = {}
    for c in SCALARS:
        cleaned, wide = clean(chr(c)), ideographs(chr(c))
        assert cleaned in ("", " ", chr(c)) and wide in (chr(c), f" {chr(c)} "), hex(c)
        assert cleaned != " " or c in space or c in (9, 10, 13), hex(c)
        assert cleaned == " " or cleaned == "" or c not in space, hex(c)
        assert both(chr(c)) == "".join(lowered[ord(x)] for x in stripped[c]), hex(c)
        value = ranks.get(c, 0) << RANK_SHIFT
        value |= REMOVED * (cleaned == "") | SPACE * (c in space) | PUNCTUATION * (c in punctuation)
        value |= IDEOGRAPH * (wide != chr(c)) | NONSPACING * (stripped[c] == "") | WORD * (c in words)
        value |= DECOMPOSES * (stripped[c] not in ("", chr(c))) | LOWERS * (lowered[c] != chr(c))
        value |= LETTER * (c in letters) | NUMBER * (c in numbers)
        assert ranks.get(c, 0) < 64
        flags[c] = value
    survivors = {c for c in ranks if stripped[c] != ""}
    tails = set()
    for c in SCALARS:
        kept = [ranks.get(ord(x), 0) for x in stripped[c]]
        if c in ranks:
            # A mark is one scalar that stays itself, or is removed whole.
            assert stripped[c] in ("", chr(c)), hex(c)
        elif any(kept):
            # A starter with marks that stay: they come last and have one class, so only what follows can be reordered.
            assert kept[0] == 0 and len(set(kept[1:])) == 1, hex(c)
            tails.add(c)
        if c in HANGUL:
            index = c - 0xAC00
            parts = [0x1100 + index // 588, 0x1161 + index % 588 // 28] + [0x11A7 + index % 28] * (index % 28 > 0)
            assert stripped[c] == "".join(map(chr, parts)), hex(c)
    print(f"{len(ranks)} marks in {max(ranks.values())} classes, {len(survivors)} stay, {len(tails)} starters keep a mark")

    records = sorted(set(flags.values()) | {0})
    number = {record: index for index, record in enumerate(records)}
    surrogate = number[0]
    indices = [number[flags[c]] if c in flags else surrogate for c in range(0x110000)]
    blocks, stage = [], []
    for start in range(0, 0x110000, BLOCK):
        block = tuple(indices[start : start + BLOCK])
        if block not in blocks:
            blocks.append(block)
        stage.append(blocks.index(block))
    assert len(records) <= 256 and len(blocks) <= 256

    head = f"// Generated by scripts/make-unicode-tables.py from tokenizers=={PINNED}. Do not edit.\n"
    (FOLDER / "classes.c").write_text(f"""{head}#include "CUnicodeTables.h"

const uint16_t limbeck_scalar_records[{len(records)}] = {{
{rows(records)}
}};

// By scalar / {BLOCK}: the block of a scalar.
const uint8_t limbeck_scalar_stages[{len(stage)}] = {{
{rows(stage)}
}};

// By block and scalar % {BLOCK}: the record of a scalar.
const uint8_t limbeck_scalar_blocks[{len(blocks) * BLOCK}] = {{
{rows([index for block in blocks for index in block])}
}};
""")
    strips = {c: s for c, s in stripped.items() if s not in ("", chr(c)) and c not in HANGUL}
    lowers = {c: s for c, s in lowered.items() if s != chr(c)}
    strip_text, strip_keys, _ = mapping("strip", strips)
    lower_text, lower_keys, _ = mapping("lower", lowers)
    (FOLDER / "mappings.c").write_text(f"""{head}#include "CUnicodeTables.h"

// NFD without the nonspacing marks, for scalars that this changes; Hangul syllables are left to arithmetic.
{strip_text}
// Lower case.
{lower_text}""")
    template = FOLDER / "include" / "CUnicodeTables.h"
    text = template.read_text()
    for name, value in (("STRIP_COUNT", strip_keys), ("LOWER_COUNT", lower_keys)):
        lines = [f"#define LIMBECK_{name} {value}" if x.startswith(f"#define LIMBECK_{name} ") else x for x in text.split("\n")]
        text = "\n".join(lines)
    template.write_text(text)
    print(f"{len(records)} records, {len(blocks)} blocks, {strip_keys} decompositions, {lower_keys} lower cases")


if __name__ == "__main__":
    main()
