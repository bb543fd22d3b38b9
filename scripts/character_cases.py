"""BPE over characters to compare: models trained with SentencePiece on some texts, and variants of their tokenizer.json."""

import functools
import itertools

from unigram_cases import ADDED, SPECIALS, converted_file, kind, metaspace, replace, sequence, train_model, write_variant

BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def train(texts, size):
    """A tokenizer of `size` pieces as transformers converts it from a model of SentencePiece."""
    from sentencepiece import sentencepiece_model_pb2

    # Runs of spaces, as Gemma has them: their scores are equal, so that merges come before those that make their parts.
    runs = ["▁" * count for count in range(2, 16)]
    written = train_model(texts, size, model_type="bpe", split_digits=True, user_defined_symbols=runs)
    model = sentencepiece_model_pb2.ModelProto.FromString(written)
    return tokenizer([(piece.piece, piece.score) for piece in model.pieces[3:]], model.normalizer_spec.precompiled_charsmap)


def tokenizer(pieces, charsmap):
    """tokenizer.json with these pieces, the better ones with higher scores."""
    vocabulary = {piece: index for index, piece in enumerate([*SPECIALS, *(piece for piece, _ in pieces), "<mask>"])}
    return converted_file(
        {
            "type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None, "end_of_word_suffix": None,
            "fuse_unk": True, "byte_fallback": False, "vocab": vocabulary, "merges": merges(vocabulary, dict(pieces)),
        },
        charsmap,
    )  # fmt: skip


def merges(vocabulary, scores):
    """Every way to make a piece of two, the better pieces first: as transformers' generate_merges."""
    found = [
        (score, len(piece[:cut]), len(piece[cut:]), piece[:cut], piece[cut:])
        for piece, score in scores.items()
        for cut in range(1, len(piece))
        if piece[:cut] in vocabulary and piece[cut:] in vocabulary
    ]
    return [list(merge[3:]) for merge in sorted(found, key=lambda merge: merge[:3], reverse=True)]


def drawn(rng):
    """The same with pieces drawn from a few letters, so that many are made in several ways, and of parts that come late."""
    letters = rng.sample("▁abcdeé中", rng.randint(2, 5))
    words = {"".join(rng.choices(letters, k=rng.randint(2, 7))) for _ in range(rng.randint(3, 60))}
    # All that a piece is made of is a piece too, as in a trained model: not always.
    if rng.random() < 0.8:
        words |= {word[:cut] for word in words for cut in range(2, len(word))}
    words = sorted(words)
    rng.shuffle(words)
    if rng.random() < 0.5:
        words.sort(key=len)
    pieces = [*((word, -float(index)) for index, word in enumerate(words)), *((letter, -1e4 - i) for i, letter in enumerate(letters))]
    data = tokenizer(pieces, b"")
    data["normalizer"] = None
    return data, letters


def variants(original, folder):
    """tokenizer.json files that differ from the trained one, by name: as models of the hub have them, and beyond."""
    charsmap = original["normalizer"]
    write = functools.partial(write_variant, original, folder)

    def model(*changes, **members):
        def change(data):
            data["model"] |= members
            for more in changes:
                more(data)

        return change

    def spells_bytes(data):
        """The byte tokens, after all others."""
        vocabulary = data["model"]["vocab"]
        first = max(vocabulary.values()) + 1
        data["model"] |= {"byte_fallback": True, "vocab": vocabulary | {byte: first + i for i, byte in enumerate(BYTES)}}

    def strings(data):
        data["model"]["merges"] = [" ".join(pair) for pair in data["model"]["merges"]]

    def fewer(data):
        """Without two of the characters."""
        without = lambda token: "▁" not in token and "e" not in token
        data["model"]["vocab"] = {token: ident for token, ident in data["model"]["vocab"].items() if without(token)}
        data["model"]["merges"] = [pair for pair in data["model"]["merges"] if without("".join(pair))]

    spaces = replace(" ", "▁")
    llama = [kind("Prepend", prepend="▁"), spaces]
    gemma = kind("Split", pattern={"String": " "}, behavior="MergedWithPrevious", invert=False)
    runs = replace(" {2,}", " ", "Regex")
    # As Gemma's: runs of line ends and of marks, names in brackets.
    rows = [(character * count, {"normalized": False}) for character, count in itertools.product("\n▁", range(2, 12))]
    rows += [("[multimodal]", {"normalized": False}), ("<b>", {"normalized": False}), ("</b>", {}), ("<bos>", {"special": True, "normalized": False})]
    return [
        write("characters"),
        write("characters-bytes", change=model(spells_bytes)),
        write("characters-apart", change=model(fuse_unk=False)),
        write("characters-strings", change=model(strings)),
        write("characters-first", charsmap, runs, pre=metaspace("first")),
        write("characters-never", charsmap, runs, pre=metaspace("never"), change=model(spells_bytes)),
        write("characters-whole", charsmap, pre=metaspace("always", False)),
        write("characters-metaspace", pre=metaspace()),
        write("characters-whitespace", pre=kind("WhitespaceSplit")),
        write("characters-scratch", kind("Lowercase"), pre=kind("Whitespace")),
        write("characters-scratch-digits", pre=sequence("pretokenizers", kind("Whitespace"), kind("Digits", individual_digits=True)), added=ADDED),
        write("characters-llama", *llama, pre="none", change=model(spells_bytes)),
        write("characters-llama-unknown", *llama, pre="none"),
        write("characters-gemma", spaces, pre=gemma, change=model(spells_bytes)),
        write("characters-gemma-added", spaces, pre=gemma, added=rows, change=model(spells_bytes)),
        write("characters-gemma-unknown", spaces, pre=gemma, added=rows, change=model(fuse_unk=False)),
        write("characters-nfkc", kind("NFKC"), pre=metaspace()),
        write("characters-lower", kind("NFD"), kind("Lowercase"), pre=metaspace(), change=model(spells_bytes)),
        write("characters-no-mark", pre=metaspace(), change=model(fewer)),
        write("characters-no-mark-bytes", *llama, pre="none", change=model(fewer, spells_bytes)),
        write("characters-added", added=ADDED),
        write("characters-added-lower", kind("Lowercase"), charsmap, runs, pre=metaspace(), added=ADDED),
        write("characters-added-first", charsmap, runs, pre=metaspace("first"), added=ADDED, change=model(spells_bytes)),
        write("characters-added-llama", *llama, pre="none", added=ADDED, change=model(spells_bytes)),
    ]  # fmt: skip
