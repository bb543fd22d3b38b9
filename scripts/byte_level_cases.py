"""Byte-level BPE to compare: a tokenizer trained on some texts, and variants of its tokenizer.json."""

import json

SPECIALS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
# As tiktoken writes GPT-2's regular expression.
SPLIT = r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"


def train(texts, size):
    """A tokenizer like RoBERTa's with `size` tokens."""
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=SPECIALS, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    data = json.loads(tokenizer.to_str())
    for token in data["added_tokens"]:
        token["normalized"] = token["content"] != "<mask>"
        token["lstrip"] = token["content"] == "<mask>"
    tokenizer = Tokenizer.from_str(json.dumps(data))
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False
    )
    return json.loads(tokenizer.to_str())


def variants(original, folder):
    """tokenizer.json files that differ from the trained one in one respect each, by name."""

    def byte_level(prefix=False, trim=True, regex=True):
        return {
            "type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": trim,
            "use_regex": regex,
        }  # fmt: skip

    def roberta(prefix=False, trim=True):
        return {
            "type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0],
            "trim_offsets": trim, "add_prefix_space": prefix,
        }  # fmt: skip

    def write(name, pre=None, post="same", added=(), normalizer=(), **model):
        data = json.loads(json.dumps(original))
        if normalizer:
            steps = [step if isinstance(step, dict) else {"type": step} for step in normalizer]
            several = {"type": "Sequence", "normalizers": steps}
            data["normalizer"] = steps[0] if len(steps) == 1 else several
        if pre:
            data["pre_tokenizer"] = pre
        if post != "same":
            data["post_processor"] = post
        known = max(data["model"]["vocab"].values()) + 1
        for content, flags in added:
            ident = data["model"]["vocab"].get(content, known)
            known += ident == known
            token = {"id": ident, "content": content, "special": False, "normalized": True}
            token |= {"single_word": False, "lstrip": False, "rstrip": False}
            data["added_tokens"].append(token | flags)
        data["model"] |= model
        file = folder / f"{name}.json"
        file.write_text(json.dumps(data, ensure_ascii=len(name) % 2 == 0))
        return name, file

    def special(name, kind):
        return {"SpecialToken": {"id": name, "type_id": kind}}

    def text(name, kind):
        return {"Sequence": {"id": name, "type_id": kind}}

    template = {
        "type": "TemplateProcessing",
        "single": [special("<s>", 0), text("A", 0), special("</s>", 0)],
        "pair": [special("<s>", 0), text("A", 0), special("</s>", 0), text("B", 1)],
        "special_tokens": {
            name: {"id": name, "ids": [ident], "tokens": [name]}
            for name, ident in (("<s>", 0), ("</s>", 2))
        },
    }
    split = {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Isolated", "invert": False}
    strings = [" ".join(pair) for pair in original["model"]["merges"]]
    added = [
        ("new york", {}), ("c++", {"normalized": False}), ("ab", {"single_word": True}),
        ("b", {"lstrip": True, "normalized": False}), ("Straße", {"rstrip": True}),
        ("A", {"single_word": True, "lstrip": True, "rstrip": True}),
        (" x ", {}), ("  ", {}), ("\n", {"normalized": False}), ("Ġ", {"rstrip": True}),
        ("the", {"lstrip": True, "rstrip": True}), ("中", {"single_word": True}),
    ]  # fmt: skip
    # As ModernBERT's: runs of spaces, special tokens, and tokens for what was left out of its texts.
    modern = [("|||IP_ADDRESS|||", {}), ("<|padding|>", {"normalized": False, "special": True})]
    modern += [(" " * count, {}) for count in range(24, 1, -1)]
    modern += [("|||EMAIL_ADDRESS|||", {}), ("<|endoftext|>", {"normalized": False, "special": True})]
    modern += [("[MASK]", {"lstrip": True, "normalized": False, "special": True}), ("[unused0]", {})]
    composed = [("é", {"single_word": True}), ("e\u0301\u0323", {"lstrip": True}), ("\u212b", {"rstrip": True})]
    composed += [("\u0301", {})]
    replace = {"type": "Replace", "pattern": {"String": "a "}, "content": " \u0301"}
    prepend = {"type": "Prepend", "prepend": " "}
    return [
        write("byte-level"),
        write("byte-level-prefix", byte_level(True), roberta(True)),
        write("byte-level-prefix-trimmed", byte_level(True), roberta(False)),
        write("byte-level-not-prefix-trimmed", byte_level(False), roberta(True)),
        write("byte-level-not-trimmed", byte_level(), roberta(trim=False)),
        write("byte-level-whole", byte_level(regex=False)),
        write("byte-level-whole-prefix", byte_level(True, regex=False), roberta(True)),
        write("byte-level-gpt2", byte_level(True), byte_level(True, trim=False)),
        write("byte-level-gpt2-trimmed", byte_level(True), byte_level(True)),
        write("byte-level-none", byte_level(), None),
        write("byte-level-template", byte_level(), template),
        write(
            "byte-level-sequence", {"type": "Sequence", "pretokenizers": [byte_level(True)]},
            {"type": "Sequence", "processors": [byte_level(False), template]},
        ),
        write(
            "byte-level-split", {"type": "Sequence", "pretokenizers": [split, byte_level(regex=False)]},
            {"type": "Sequence", "processors": [byte_level(True), template]},
        ),
        write(
            "byte-level-bert", byte_level(True, trim=False),
            {"type": "BertProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0]},
        ),
        write("byte-level-added", added=added),
        write("byte-level-added-prefix", byte_level(True), roberta(True), added=added),
        write("byte-level-strings", merges=strings, unk_token="<unk>"),
        write("byte-level-modern", byte_level(), template, added=modern, normalizer=["NFC"]),
        write("byte-level-nfc", added=added + composed, normalizer=["NFC"]),
        write("byte-level-nfc-prefix", byte_level(True), roberta(True), added=added + composed, normalizer=["NFC"]),
        write("byte-level-nfkc", byte_level(True), roberta(True), normalizer=["NFKC"]),
        write("byte-level-lower", added=added, normalizer=["NFD", "Lowercase", "StripAccents"]),
        write("byte-level-steps", byte_level(), normalizer=["NFC", replace, prepend]),
        write("byte-level-whole-nfd", byte_level(True, regex=False), roberta(True), normalizer=["NFD"]),
    ]  # fmt: skip


def with_room(items):
    """The items with room for the four special tokens of a pair, since with less the reference does not truncate at all; and with more
    for long texts: it keeps what it cuts off, every part of one text with every part of the other, which took gigabytes."""

    def room(text, pair):
        return max(4, (len(text) + len(pair or b"")) // 32)

    return [(text, pair, special, max(length, room(text, pair)) if length else 0) for text, pair, special, length in items]


def write_files(original, folder):
    """The same tokenizer as vocab.json and merges.txt."""
    model = original["model"]
    folder.mkdir(exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False))
    lines = ["#version: 0.2"] + [" ".join(pair) for pair in model["merges"]]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n")
