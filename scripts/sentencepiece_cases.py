"""Folders with a .model file and no tokenizer.json to compare: models trained with SentencePiece on some texts, under every class."""

import io
import json

# What becomes pieces of their own: control ones, and user-defined ones of which some begin with each other or have a "▁" inside.
CONTROL = "<ctrl>,<lang>"
USER_DEFINED = ["▁▁", "▁▁▁", "new york", "<ent>", "<ent>x", "Debian", "é", "の", "the"]
TRAINED = {
    # name: pieces, options
    "nfkc": (8000, dict(normalization_rule_name="nmt_nfkc")),
    "identity": (24000, dict(normalization_rule_name="identity", byte_fallback=True, control_symbols=CONTROL, user_defined_symbols=USER_DEFINED)),
    "bpe": (16000, dict(model_type="bpe", normalization_rule_name="nmt_nfkc_cf", split_digits=True)),
    "bpe-bytes": (32000, dict(model_type="bpe", normalization_rule_name="nfkc", byte_fallback=True, remove_extra_whitespaces=False)),
}  # fmt: skip
XLM, CAMEMBERT, ALBERT, DEBERTA, NONE = (
    {"tokenizer_class": f"{name}"}
    for name in ("XLMRobertaTokenizer", "CamembertTokenizerFast", "AlbertTokenizer", "DebertaV2Tokenizer", "TokenizersBackend")
)


def token(content, **flags):
    return {"content": content, "lstrip": False, "rstrip": False, "single_word": False, "normalized": True} | flags


def named(content, **flags):
    return {"__type": "AddedToken"} | token(content, **flags)


# name: model, its special pieces, and what stands beside it. The first four have the class of the model's type.
FOLDERS = {
    "xlm-roberta": ("nfkc", "xlm-roberta", {"config": {"model_type": "xlm-roberta"}}),
    "camembert": ("nfkc", "camembert", {"config": {"model_type": "camembert"}}),
    "albert": ("nfkc", "albert", {"config": {"model_type": "albert"}}),
    "deberta-v2": ("nfkc", "deberta-v2", {"config": {"model_type": "deberta-v2"}}),
    "bpe": ("bpe", "none", {"tokenizer_config": NONE | {"add_bos_token": True, "add_eos_token": True}}),
    "xlm-roberta-pieces": ("identity", "xlm-roberta", {"tokenizer_config": XLM}),
    "xlm-roberta-bpe": ("bpe", "xlm-roberta", {"tokenizer_config": XLM | {"mask_token": named("<mask>", lstrip=True)}}),
    "xlm-roberta-never": (
        "nfkc", "xlm-roberta",
        {"tokenizer_config": XLM | {"add_prefix_space": False, "extra_special_tokens": ["<ent>", "new york", "ab"]}},
    ),
    "xlm-roberta-names": (
        "nfkc", "xlm-roberta",
        {"tokenizer_config": XLM | {"bos_token": "[CLS]", "eos_token": "[SEP]", "unk_token": "[UNK]", "mask_token": "[MASK]"}},
    ),
    "xlm-roberta-empty": ("identity", "xlm-roberta", {"tokenizer_config": XLM | {"additional_special_tokens": []}}),
    "xlm-roberta-dict": ("identity", "xlm-roberta", {"tokenizer_config": XLM | {"extra_special_tokens": {"url_token": "<url>"}, "a_token": "ab"}}),
    "camembert-pieces": ("identity", "camembert", {"tokenizer_config": CAMEMBERT}),
    "camembert-lists": (
        "identity", "camembert",
        {"tokenizer_config": CAMEMBERT | {"additional_special_tokens": ["<s>NOTUSED", "</s>NOTUSED", "new york"]}},
    ),
    "albert-pieces": ("identity", "albert", {"tokenizer_config": ALBERT}),
    "albert-cased": ("nfkc", "albert", {"tokenizer_config": ALBERT | {"do_lower_case": False, "keep_accents": True}}),
    "albert-listed": (
        "identity", "albert",
        {
            "tokenizer_config": ALBERT | {
                "added_tokens_decoder": {
                    "2": token("[CLS]", lstrip=True, rstrip=True, special=True), "4": token("[MASK]", lstrip=True, special=True),
                    "7": token("▁▁", normalized=False),
                }
            },
        },
    ),
    "albert-accents": (
        "bpe-bytes", "albert", {"tokenizer_config": ALBERT | {"keep_accents": True, "mask_token": named("[MASK]", lstrip=True)}},
    ),
    "deberta-punctuation": ("identity", "deberta-v2", {"tokenizer_config": DEBERTA | {"do_lower_case": True, "split_by_punct": True}}),
    "deberta-first": ("bpe", "deberta-v2", {"tokenizer_config": DEBERTA | {"add_prefix_space": False, "split_by_punct": True}}),
    "deberta-added": (
        "nfkc", "deberta-v2",
        {
            "tokenizer_config": DEBERTA,
            "added_tokens": {"[MASK]": 0, "new york": 1, "Straße": 2},
            "special_tokens_map": {"mask_token": token("[MASK]", lstrip=True), "cls_token": "[CLS]"},
        },
    ),
    "unigram": ("nfkc", "none", {"tokenizer_config": NONE}),
    "unigram-first": ("nfkc", "none", {"tokenizer_config": NONE | {"legacy": False, "add_eos_token": True, "mask_token": "<mask>"}}),
    "bpe-bytes": ("bpe-bytes", "none", {"config": {"model_type": "modernbert"}, "tokenizer_config": {"tokenizer_class": "LlamaTokenizer"}}),
    "bpe-first": ("bpe-bytes", "none", {"tokenizer_config": {"tokenizer_class": "PreTrainedTokenizerFast", "legacy": False}}),
}  # fmt: skip
FILES = {
    "xlm-roberta": "sentencepiece.bpe.model", "camembert": "sentencepiece.bpe.model", "albert": "spiece.model", "deberta-v2": "spm.model",
    "none": "tokenizer.model",
}  # fmt: skip


def train(name, lines, share=1.0):
    """A .model file, of fewer pieces with a smaller share."""
    size, options = TRAINED[name]
    return train_model(lines, max(3000, int(size * share)), 0.9995 if share == 1 else 0.99, **options)


def train_model(lines, size, coverage, **options):
    import sentencepiece

    written = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=written, vocab_size=size, character_coverage=coverage, hard_vocab_limit=False,
        minloglevel=2, **options,
    )  # fmt: skip
    return written.getvalue()


def with_specials(data, family):
    """The model with the first pieces that the family's files have, in place of <unk>, <s> and </s>."""
    from sentencepiece import sentencepiece_model_pb2 as proto

    unknown, control = proto.ModelProto.SentencePiece.UNKNOWN, proto.ModelProto.SentencePiece.CONTROL
    specials = {
        "albert": [("<pad>", control), ("<unk>", unknown), ("[CLS]", control), ("[SEP]", control), ("[MASK]", control)],
        "deberta-v2": [("[PAD]", control), ("[CLS]", control), ("[SEP]", control), ("[UNK]", unknown)],
    }.get(family)
    if specials is None:
        return data
    model = proto.ModelProto.FromString(data)
    rest = list(model.pieces[3:])
    del model.pieces[:]
    model.pieces.extend([proto.ModelProto.SentencePiece(piece=text, score=0, type=kind) for text, kind in specials] + rest)
    trainer = model.trainer_spec
    trainer.unk_id = [kind for _, kind in specials].index(unknown)
    trainer.unk_piece = specials[trainer.unk_id][0]
    trainer.pad_id, trainer.bos_id, trainer.eos_id = 0, -1, -1
    return model.SerializeToString()


def drawn(rng, folder):
    """Writes a folder with a model of few letters, whose scores are so coarse that many pieces are equals, some twice, of every kind. Gives
    the letters."""
    from sentencepiece import sentencepiece_model_pb2 as proto

    letters = rng.sample("▁abcdeé中", rng.randint(2, 5))
    words = ["".join(rng.choices(letters, k=rng.randint(2, 7))) for _ in range(rng.randint(3, 60))]
    words += [word[:cut] for word in words for cut in range(2, len(word)) if rng.random() < 0.7]
    words += [letter for letter in letters if rng.random() < 0.9]
    rng.shuffle(words)
    family = rng.choice(list(FILES))
    # User-defined pieces need a class of their own.
    kinds = [1, 1, 1, 1, 1, 1, 3, 5, 6] + [4] * (family != "none")
    model = proto.ModelProto()
    for text, kind in [("<unk>", 2), ("<s>", 3), ("</s>", 3)] + [(word, rng.choice(kinds)) for word in words]:
        model.pieces.add(piece=text, type=kind, score=-rng.randint(0, 24) / rng.choice((2, 4, 8)))
    model.trainer_spec.model_type = 1 if family == "camembert" else rng.randint(1, 4)
    model.trainer_spec.byte_fallback = rng.random() < 0.3
    if rng.random() < 0.5:
        spec = model.normalizer_spec
        spec.add_dummy_prefix, spec.remove_extra_whitespaces, spec.escape_whitespaces = (rng.random() < 0.5 for _ in range(3))
    place = folder / "drawn"
    place.mkdir(exist_ok=True)
    for file in place.iterdir():
        file.unlink()
    (place / FILES[family]).write_bytes(with_specials(model.SerializeToString(), family))
    classes = {"xlm-roberta": XLM, "camembert": CAMEMBERT, "albert": ALBERT, "deberta-v2": DEBERTA, "none": NONE}
    flags = ["add_prefix_space", "do_lower_case", "keep_accents", "split_by_punct", "legacy", "add_bos_token", "add_eos_token"]
    config = classes[family] | {flag: rng.random() < 0.5 for flag in flags if rng.random() < 0.3}
    (place / "tokenizer_config.json").write_text(json.dumps(config))
    return place, letters


def write(folder, name, models):
    """Writes the folder of this name, and gives its .model file. `models` are the trained ones, by name."""
    trained, family, files = FOLDERS[name]
    place = folder / name
    place.mkdir(parents=True)
    data = with_specials(models[trained], family)
    (place / FILES[family]).write_bytes(data)
    for file, content in files.items():
        if file == "added_tokens":
            from sentencepiece import sentencepiece_model_pb2 as proto

            # Their ids follow the vocabulary.
            count = len(proto.ModelProto.FromString(data).pieces)
            content = {text: count + index for text, index in content.items()}
        (place / f"{file}.json").write_text(json.dumps(content, ensure_ascii=False) + "\n")
    return place
