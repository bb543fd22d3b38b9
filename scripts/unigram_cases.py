"""Unigram tokenizers to compare: one trained with SentencePiece on some texts, and variants of its tokenizer.json."""

import base64
import copy
import functools
import json
import struct

SPECIALS = ["<s>", "<pad>", "</s>", "<unk>"]
# Tokens to add, and their flags.
ADDED = [
    ("new york", {}), ("c++", {"normalized": False}), ("ab", {"single_word": True}),
    ("b", {"lstrip": True, "normalized": False}), ("Straße", {"rstrip": True}),
    ("A", {"single_word": True, "lstrip": True, "rstrip": True}), ("▁", {"rstrip": True, "normalized": False}),
    ("the", {"lstrip": True, "rstrip": True}), ("中", {"single_word": True}), ("é", {"lstrip": True}),
]  # fmt: skip


def compile_charsmap(mapping):
    """A charsmap as SentencePiece compiles it: a double array of darts-clone over UTF-8, and a pool of what takes its place."""
    pool, places = b"", {}
    for key, value in mapping.items():
        places[key.encode()] = len(pool)
        pool += value.encode() + b"\0"
    tree = {}
    for key, place in places.items():
        node = tree
        for byte in key:
            node = node.setdefault(byte, {})
        node[-1] = place
    units, taken = [0] * 256, {0}

    def place(node, unit):
        """Finds a base at which the children of `node`, which is at `unit`, are free. -1 is the child for the end of a key."""
        labels = [max(label, 0) for label in node]
        # An offset fits a unit if it has no bits above 21, or is a multiple of 256.
        base = next(b for b in range(1, 1 << 21) if all(b ^ label not in taken for label in labels))
        units.extend([0] * max(0, (base | 255) + 1 - len(units)))
        taken.update(base ^ label for label in labels)
        units[unit] |= (unit ^ base) << 10 | (-1 in node) << 8
        for label, child in sorted(node.items()):
            if label < 0:
                units[base] = 1 << 31 | child
            else:
                units[base ^ label] |= label
                place(child, base ^ label)

    place(tree, 0)
    return struct.pack(f"<{1 + len(units)}I", 4 * len(units), *units) + pool


def train(texts, size):
    """A tokenizer like XLM-RoBERTa's, as transformers converts it from a model of SentencePiece with `size` pieces."""
    return converted(train_model(texts, size))


def train_model(texts, size, **options):
    """A .model file."""
    import io

    import sentencepiece

    written = io.BytesIO()
    lines = (line for text in texts for line in text.split("\n") if line.strip())
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=lines, model_writer=written, vocab_size=size, character_coverage=0.9995,
        minloglevel=2, **{"normalization_rule_name": "nmt_nfkc"} | options,
    )  # fmt: skip
    return written.getvalue()


def converted(data):
    """tokenizer.json with the pieces of a .model file."""
    from sentencepiece import sentencepiece_model_pb2

    model = sentencepiece_model_pb2.ModelProto.FromString(data)
    pieces = [[piece.piece, piece.score] for piece in model.pieces[3:]]
    return tokenizer(pieces, model.normalizer_spec.precompiled_charsmap)


def tokenizer(pieces, charsmap):
    """tokenizer.json with these pieces and their scores."""
    vocabulary = [[piece, 0.0] for piece in SPECIALS] + pieces + [["<mask>", 0.0]]
    return converted_file({"type": "Unigram", "unk_id": 3, "vocab": vocabulary, "byte_fallback": False}, charsmap)


def drawn(rng):
    """A model with few letters, and scores so coarse that many ways to cut a word are equals; in some, words gain by being cut."""
    letters = rng.sample("▁abcdeé中", rng.randint(2, 5))
    words = {"".join(rng.choices(letters, k=rng.randint(2, 7))) for _ in range(rng.randint(3, 60))}
    words |= {letter for letter in letters if rng.random() < 0.8}
    best = rng.choice((0, 0, 0, 0.5))
    # Sums of these are exact. The reference reads decimals of 17 digits a unit off at times, by which it chooses among equals otherwise.
    data = tokenizer([[word, best - rng.randint(0, 24) / rng.choice((2, 4, 8))] for word in sorted(words)], b"")
    data["normalizer"] = None
    if rng.random() < 0.5:
        data["pre_tokenizer"] = metaspace(split=rng.random() < 0.5)
    return data, letters


def converted_file(model, charsmap):
    """tokenizer.json with this model, whose last token is the mask."""
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    added = [{"id": index, "content": piece, **flags} for index, piece in enumerate(SPECIALS)]
    added.append({"id": len(model["vocab"]) - 1, "content": "<mask>", **flags, "lstrip": True})
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()},
        "pre_tokenizer": sequence("pretokenizers", {"type": "WhitespaceSplit"}, metaspace()),
        "post_processor": template(),
        "decoder": metaspace(),
        "model": model,
    }  # fmt: skip


def sequence(name, *parts):
    return {"type": "Sequence", name: list(parts)}


def metaspace(scheme="always", split=True):
    return {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split}


def template():
    start, end = ({"SpecialToken": {"id": name, "type_id": 0}} for name in ("<s>", "</s>"))
    first, second = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    ids = {"<s>": 0, "</s>": 2}
    return {
        "type": "TemplateProcessing",
        "single": [start, first, end],
        "pair": [start, first, end, end, second, end],
        "special_tokens": {name: {"id": name, "ids": [index], "tokens": [name]} for name, index in ids.items()},
    }


def replace(pattern, content, kind="String"):
    return {"type": "Replace", "pattern": {kind: pattern}, "content": content}


def write_variant(original, folder, name, *steps, pre=None, added=(), change=lambda data: None):
    """Writes a tokenizer.json with these normalizers and this pre-tokenizer ("none": without), and more added tokens."""
    data = copy.deepcopy(original)
    if len(steps) == 1:
        data["normalizer"] = steps[0]
    elif steps:
        data["normalizer"] = sequence("normalizers", *steps)
    if pre:
        data["pre_tokenizer"] = None if pre == "none" else pre
    change(data)
    vocabulary = data["model"]["vocab"]
    ids = vocabulary if isinstance(vocabulary, dict) else {piece: index for index, (piece, _) in enumerate(vocabulary)}
    known = max(ids.values()) + 1
    for content, flags in added:
        ident = ids.get(content, known)
        known += ident == known
        token = {"id": ident, "content": content, "special": False, "normalized": True}
        data["added_tokens"].append(token | {"single_word": False, "lstrip": False, "rstrip": False} | flags)
    file = folder / f"{name}.json"
    file.write_text(json.dumps(data, ensure_ascii=len(name) % 2 == 0))
    return name, file


def kind(name, **options):
    return {"type": name, **options}


def variants(original, folder):
    """tokenizer.json files that differ from the trained one, by name: as models of the hub have them, and beyond."""
    charsmap = original["normalizer"]
    write = functools.partial(write_variant, original, folder)

    def bytes_too(data):
        data["model"]["byte_fallback"] = True
        data["model"]["vocab"] += [[f"<0x{byte:02X}>", -20.0] for byte in range(256)]

    def scores_up(data):
        """With so high scores two unknown characters are better than the piece they are together, and a piece after all."""
        data["model"]["vocab"] = [[piece, score + 100.0] for piece, score in data["model"]["vocab"]]

    def old(data):
        data["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "add_prefix_space": True, "str_rep": "▁"}

    def mask_normalized(data):
        data["added_tokens"][4]["normalized"] = True

    strip_right = kind("Strip", strip_left=False, strip_right=True)
    spaces, marks = replace(" {2,}", " ", "Regex"), replace(" {2,}", "▁", "Regex")
    quotes = [replace("``", '"'), replace("''", '"')]
    plain = [kind("NFKD"), kind("StripAccents")]
    # As DeBERTa's tokenizer is saved since version 5 of transformers.
    deberta = [replace(r"\s{2,}|[\n\r\t]", " ", "Regex"), kind("NFC"), strip_right]
    lower = kind("Lowercase")

    def punctuation(*options):
        return sequence("pretokenizers", kind("Punctuation", behavior="Isolated"), metaspace(*options))

    return [
        write("unigram"),
        write("unigram-metaspace", charsmap, spaces, pre=metaspace()),
        write("unigram-converted", charsmap, strip_right, marks, pre=metaspace()),
        write("unigram-first", charsmap, spaces, pre=metaspace("first")),
        write("unigram-never", charsmap, spaces, pre=metaspace("never")),
        write("unigram-whole", charsmap, spaces, pre=metaspace("always", False)),
        write("unigram-old", charsmap, change=old),
        write("unigram-albert", *quotes, *plain, kind("Lowercase"), charsmap, spaces, pre=metaspace()),
        write("unigram-albert-accents", *quotes, charsmap, marks, pre=metaspace()),
        write("unigram-no-normalizer", None),
        write("unigram-scratch", kind("NFKC"), kind("Lowercase"), pre=kind("Whitespace")),
        write(
            "unigram-scratch-metaspace", *quotes, *plain, spaces,
            pre=sequence("pretokenizers", kind("Punctuation", behavior="Isolated"), kind("Digits", individual_digits=False), metaspace()),
        ),
        write("unigram-nfc", kind("NFC")),
        write("unigram-nfd", kind("NFD"), pre=metaspace()),
        write("unigram-nfkc", kind("NFKC"), pre=metaspace("first", False)),
        write("unigram-nfkd", kind("NFKD"), pre=metaspace("never")),
        write("unigram-nmt", kind("Nmt"), kind("NFKC"), spaces, pre=metaspace()),
        write(
            "unigram-steps", kind("Strip", strip_left=True, strip_right=True), kind("Lowercase"), kind("NFD"),
            kind("StripAccents"), kind("Prepend", prepend="▁▁x"), replace("ab", "Ö!"), replace("e", ""), kind("NFC"),
            pre=metaspace(),
        ),
        write("unigram-strip-left", kind("Strip", strip_left=True, strip_right=False), charsmap, pre=metaspace()),
        write("unigram-prepend", kind("Prepend", prepend="▁"), replace(" ", "▁"), pre="none"),
        write("unigram-whitespace", charsmap, pre=kind("WhitespaceSplit")),
        write("unigram-bytes", change=bytes_too),
        write("unigram-scores", change=scores_up),
        write("unigram-added", added=ADDED),
        write("unigram-added-lower", kind("Lowercase"), charsmap, spaces, pre=metaspace(), added=ADDED),
        write("unigram-added-first", charsmap, strip_right, marks, pre=metaspace("first"), added=ADDED),
        write("unigram-mask-normalized", charsmap, spaces, pre=metaspace(), change=mask_normalized),
        write("unigram-deberta", *deberta, pre=sequence("pretokenizers", metaspace())),
        write("unigram-deberta-punctuation", lower, *deberta, pre=punctuation()),
        write("unigram-deberta-first", *deberta, pre=punctuation("first"), added=ADDED),
        write("unigram-deberta-late", charsmap, *deberta, pre=punctuation("never", False)),
    ]  # fmt: skip
