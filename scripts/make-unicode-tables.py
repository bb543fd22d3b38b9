#!/usr/bin/env python3
"""Writes Sources/CUnicodeTables: what the Hugging Face tokenizers know of Unicode.

Needs: tokenizers==0.23.3, regex==2025.11.3

The tokenizers library mixes several versions of Unicode: its categories are older than its decompositions, and both are
older than what it lower-cases. Equal tokens need equal tables, so this script asks the library itself, scalar by scalar,
and checks on the way the assumptions that the normaliser makes. What grapheme clusters are made of cannot all be asked, so that
is from `regex`, and what can be asked is checked. Run it again when the pinned version changes:

    python3 scripts/make-unicode-tables.py
"""

import base64
import pathlib
import struct

import regex
import tokenizers
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

PINNED = "0.23.3"
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "Sources" / "CUnicodeTables"
SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)
BLOCK, GROUP = 16, 32
KEYS_FOR_A_START = 8  # as CUnicodeTables.h has it

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
normalize_nfc = normalizers.NFC().normalize_str


# In the order of CUnicodeTables.h.
BREAKS = "Other CR LF Control Extend ZWJ Regional_Indicator Prepend SpacingMark L V T LV LVT".split()
CONJUNCTS = "None Consonant Extend Linker".split()
CONJUNCT_SHIFT, PICTOGRAPH, MARK = 4, 1 << 6, 1 << 7
GRAPHEME_SHIFT = 16


def matching(pattern):
    find = regex.compile(pattern).match
    return {c for c in SCALARS if find(chr(c))}


def joined_to_a():
    """What the library puts into one grapheme cluster with an "a" before it: a charsmap that has only "a" then swallows it."""
    units = [0] * 256
    units[0] = 1 << 10  # the root: its children begin at 1 ^ label
    a = 1 ^ ord("a")
    units[a] = ord("a") | 1 << 8 | (a ^ 128) << 10
    units[128] = 1 << 31  # the value: 0, which is "b"
    blob = struct.pack("<257I", 4 * 256, *units) + b"b\0"
    normalize = normalizers.Precompiled(blob).normalize_str
    return {c for c in SCALARS if normalize("a" + chr(c)) == "b"}


def graphemes():
    breaks = {}
    for number, name in enumerate(BREAKS[1:], 1):
        breaks |= dict.fromkeys(matching(rf"\p{{GCB={name}}}"), number)
    conjuncts = {}
    for number, name in enumerate(CONJUNCTS[1:], 1):
        conjuncts |= dict.fromkeys(matching(rf"\p{{InCB={name}}}"), number)
    pictographs = matching(r"\p{Extended_Pictographic}")
    joined = {c for c, name in breaks.items() if BREAKS[name] in ("Extend", "ZWJ", "SpacingMark")}
    assert joined == joined_to_a(), [hex(c) for c in sorted(joined ^ joined_to_a())]
    strip = normalizers.StripAccents().normalize_str
    marks = {c for c in SCALARS if strip(chr(c)) == ""}
    return {
        c: breaks.get(c, 0) | conjuncts.get(c, 0) << CONJUNCT_SHIFT | PICTOGRAPH * (c in pictographs) | MARK * (c in marks)
        for c in SCALARS
    }


def shared(values, size):
    """The different runs of `size` values, and for each run in order its number."""
    runs, numbers = {}, []
    for start in range(0, len(values), size):
        numbers.append(runs.setdefault(tuple(values[start : start + size]), len(runs)))
    return [value for run in runs for value in run], numbers


def compositions(decompose):
    """Pairs that NFC makes one scalar of, Hangul left to arithmetic, sorted."""
    pairs = {}
    for c in SCALARS:
        if len(decompose[c]) < 2 or c in HANGUL or normalize_nfc(chr(c)) != chr(c):
            continue
        first, second = normalize_nfc(decompose[c][:-1]), decompose[c][-1]
        assert len(first) == 1 and normalize_nfc(first + second) == chr(c), hex(c)
        pairs[ord(first), ord(second)] = c
    return pairs


def write_normal_forms(head, decompose):
    """normal_forms.c; returns the sizes of its tables by name."""
    kompose = {c: normalizers.NFKD().normalize_str(chr(c)) for c in SCALARS}
    for c in SCALARS:
        assert c in HANGUL or kompose[c] == "".join(kompose[ord(x)] for x in decompose[c]), hex(c)
    canonical = {c: s for c, s in decompose.items() if s != chr(c) and c not in HANGUL}
    # What NFKD makes of the parts of a canonical decomposition is looked up part by part.
    compatible = {c: s for c, s in kompose.items() if s != decompose[c] and decompose[c] == chr(c)}
    pairs = sorted(compositions(decompose).items())
    # All three are in one plane.
    assert all(first >> 16 == second >> 16 == whole >> 16 <= 1 for (first, second), whole in pairs)
    numbers = [x & 0xFFFF for (first, second), whole in pairs for x in (first, second, whole)]
    (FOLDER / "normal_forms.c").write_text(f"""{head}#include "CUnicodeTables.h"

// NFD, where it changes a scalar; Hangul syllables are left to arithmetic.
{mapping("canonical", canonical)}
// NFKD, where it changes a scalar that NFD does not change.
{mapping("compatible", compatible)}
// NFC: the low halves of first, second and what they become; first the pairs of plane 0, then those of plane 1.
const uint16_t limbeck_compositions[{len(numbers)}] = {{
{rows(numbers, 30)}
}};
""")
    low = sum(first < 0x10000 for (first, _), _ in pairs)
    longest = max(map(len, [*canonical.values(), *compatible.values()]))
    return {"COMPOSITION_COUNT": len(pairs), "LOW_COMPOSITION_COUNT": low, "LONGEST_MAPPING": longest}


def rows(values, per_row=40):
    return "\n".join("    " + ",".join(map(str, values[i : i + per_row])) + "," for i in range(0, len(values), per_row))


def mapping(name, table):
    """Keys in order, for each how long its UTF-16 is in a pool, and for some of them where it begins there."""
    keys = sorted(table)
    planes = [sum(key < plane << 16 for key in keys) for plane in range(18)]
    lengths, starts, pool = [], [], []
    for index, key in enumerate(keys):
        units = table[key].encode("utf-16-le")
        if index % KEYS_FOR_A_START == 0:
            starts.append(len(pool))
        pool += struct.unpack(f"<{len(units) // 2}H", units)
        lengths.append(len(units) // 2)
    assert len(pool) < 1 << 16
    return f"""static const uint16_t {name}_keys[{len(keys)}] = {{
{rows([key & 0xFFFF for key in keys], 30)}
}};

static const uint8_t {name}_lengths[{len(lengths)}] = {{
{rows(lengths, 60)}
}};

static const uint16_t {name}_starts[{len(starts)}] = {{
{rows(starts, 30)}
}};

static const uint16_t {name}_pool[{len(pool)}] = {{
{rows(pool, 30)}
}};

const limbeck_mapping limbeck_{name} = {{
    {name}_keys, {name}_starts, {name}_pool, {name}_lengths,
    {{{", ".join(map(str, planes))}}},
}};
"""


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
        assert stripped[c] == "".join(x for x in decompose[c] if stripped[ord(x)]), hex(c)
        if c in HANGUL:
            index = c - 0xAC00
            parts = [0x1100 + index // 588, 0x1161 + index % 588 // 28] + [0x11A7 + index % 28] * (index % 28 > 0)
            assert stripped[c] == "".join(map(chr, parts)), hex(c)
    print(f"{len(ranks)} marks in {max(ranks.values())} classes, {len(survivors)} stay, {len(tails)} starters keep a mark")

    for c, value in graphemes().items():
        flags[c] |= value << GRAPHEME_SHIFT
    records = sorted(set(flags.values()) | {0})
    number = {record: index for index, record in enumerate(records)}
    assert len(records) <= 256
    blocks, stage = shared([number[flags.get(c, 0)] for c in range(0x110000)], BLOCK)
    groups, top = shared(stage, GROUP)
    assert max(top) < 256 and max(groups) < 1 << 16

    head = f"// Generated by scripts/make-unicode-tables.py from tokenizers=={PINNED}. Do not edit.\n"
    (FOLDER / "classes.c").write_text(f"""{head}#include "CUnicodeTables.h"

const uint32_t limbeck_scalar_records[{len(records)}] = {{
{rows(records, 20)}
}};

// By scalar / {BLOCK * GROUP}: a group of blocks.
const uint8_t limbeck_scalar_stages[{len(top)}] = {{
{rows(top)}
}};

// By group and scalar / {BLOCK} % {GROUP}: a block.
const uint16_t limbeck_scalar_groups[{len(groups)}] = {{
{rows(groups, 30)}
}};

// By block and scalar % {BLOCK}: the record of a scalar.
const uint8_t limbeck_scalar_blocks[{len(blocks)}] = {{
{rows(blocks)}
}};
""")
    lowers = {c: s for c, s in lowered.items() if s != chr(c)}
    (FOLDER / "mappings.c").write_text(f"""{head}#include "CUnicodeTables.h"

// Lower case.
{mapping("lower", lowers)}""")
    counts = write_normal_forms(head, decompose)
    template = FOLDER / "include" / "CUnicodeTables.h"
    text = template.read_text()
    for name, value in counts.items():
        lines = [f"#define LIMBECK_{name} {value}" if x.startswith(f"#define LIMBECK_{name} ") else x for x in text.split("\n")]
        text = "\n".join(lines)
    template.write_text(text)
    print(f"{len(records)} records, {len(blocks) // BLOCK} blocks, {len(top)} groups of them", counts)


if __name__ == "__main__":
    main()
