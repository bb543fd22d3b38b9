#!/usr/bin/env python3
"""Writes Tests/golden/cases/tokenizers: what AutoTokenizer makes of a folder's files, in ids, token types and offsets.

    venv/bin/pip install -r Tests/golden/requirements-today.txt
    venv/bin/python Tests/golden/make_tokenizer_classes.py

Each folder has one vocabulary, in one of its files, under one class, with one thing said of it that changes tokens.
"""

import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import transformers  # noqa: E402
from tokenizers import ByteLevelBPETokenizer, Tokenizer, models, normalizers, pre_tokenizers, processors  # noqa: E402
from transformers import AutoTokenizer  # noqa: E402

HERE = Path(__file__).parent
FOLDER = HERE / "cases" / "tokenizers"
PACKAGES = ["transformers", "tokenizers"]

transformers.logging.set_verbosity_error()

PIECES = """the he ##llo hello world Hello cafe café é ##é 中 国 ##国 a ##a b ##b ##s e ##e c f ##f . , ! - _ 1 ##1 12 3 ##50 light ##house keeper""".split()
BERT = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *PIECES]
MPNET = ["<s>", "<pad>", "</s>", "[UNK]", "<mask>", *PIECES]
TEXTS = [
    "Hello the café, hello!", "HELLO CAFÉ 中国 b-a_b 12", "the <e1>lighthouse</e1> keeper", "a [MASK] b  <mask> [CLS]", "",
    "lighthouse lighthouses <e1> </e1>", "  the\ta\u3000b\n",
]  # fmt: skip
PAIRS = [("hello world", "the café"), ("", "a b"), ("the lighthouse <e1>", "[MASK] <mask> !")]
CUTS = [("the café a b hello", None, 5), ("the café a b hello", "hello hello a b é b", 9)]


def token(content, **flags):
    return {"content": content, "lstrip": False, "rstrip": False, "normalized": True, "single_word": False, "special": False} | flags


def word_piece(vocabulary, normalizer, pre_tokenizer, unknown="[UNK]", template=True, **members):
    """A tokenizer.json with the special tokens of BERT."""
    made = Tokenizer(models.WordPiece({piece: i for i, piece in enumerate(vocabulary)}, unk_token=unknown))
    made.normalizer, made.pre_tokenizer = normalizer, pre_tokenizer
    made.add_special_tokens(vocabulary[:5])
    if template:
        made.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    return json.loads(made.to_str()) | members


def bert(**options):
    return word_piece(BERT, normalizers.BertNormalizer(**options), pre_tokenizers.BertPreTokenizer())


def byte_level():
    """A trained byte-level BPE: its vocab.json and merges.txt."""
    made = ByteLevelBPETokenizer()
    specials = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    made.train_from_iterator(["hello world the café a b the lighthouse keeper"] * 9, vocab_size=300, special_tokens=specials)
    model = json.loads(made.to_str())["model"]
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    return model["vocab"], "#version: 0.2\n" + "\n".join(merges) + "\n"


VOCABULARY, MERGES = byte_level()


def roberta(prefix=False, normalizer=None, mask=True, post=None):
    """A tokenizer.json of RoBERTa's kind."""
    made = Tokenizer(models.BPE(VOCABULARY, [tuple(line.split()) for line in MERGES.splitlines()[1:]]))
    made.normalizer, made.pre_tokenizer = normalizer, pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    made.post_processor = post or processors.RobertaProcessing(("</s>", 2), ("<s>", 0), True, prefix)
    made.add_special_tokens(["<s>", "<pad>", "</s>", "<unk>"])
    made.add_special_tokens([transformers.AddedToken("<mask>", lstrip=mask, special=True)])
    return json.loads(made.to_str())


CHARSMAP = json.loads((HERE / "tokenizer" / "unigram.json").read_text())["normalizer"]


WORDS = """▁the ▁he llo ▁hello ▁world ▁ cafe é ▁café ▁a ▁b a b s e f i fi A H E ▁light house ▁keeper , . ! - 1 2 12 ▁old o l d t h r k p w c n u x , ▁- _""".split()


def pieces(specials, last=(), template=None, pre_tokenizer=None, unknown=0, **members):
    """A tokenizer.json of Unigram: special tokens, words that get rarer, and tokens at the end."""
    words = [w for i, w in enumerate(WORDS) if w not in WORDS[:i]]
    made = Tokenizer(models.Unigram([(s, 0.0) for s in specials] + [(w, -1.0 - 0.25 * i) for i, w in enumerate(words)] + [(s, 0.0) for s in last], unknown))
    made.pre_tokenizer = pre_tokenizer or pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    made.add_special_tokens([*specials, *last])
    all_of_them = [*specials, *words, *last]
    if template:
        made.post_processor = processors.TemplateProcessing(
            single=f"{template[0]} $A {template[1]}", pair=f"{template[0]} $A {template[1]} $B:1 {template[1]}:1",
            special_tokens=[(name, all_of_them.index(name)) for name in template],
        )  # fmt: skip
    return json.loads(made.to_str()) | members


def folders():
    """The name of each folder, its files, and a note."""
    lines, size = "\n".join(BERT) + "\n", len(BERT)

    def beside(name, note, config=None, files=None, model="bert", vocabulary=None):
        """A vocab.txt."""
        files = {"vocab.txt": vocabulary or lines} | (files or {})
        return name, {"config.json": {"model_type": model}, "tokenizer_config.json": config or {}} | files, note

    def whole(name, note, config=None, made=None, files=None, model="bert"):
        """A tokenizer.json."""
        files = {"tokenizer.json": made or bert(lowercase=True)} | (files or {})
        return name, {"config.json": {"model_type": model}, "tokenizer_config.json": config or {}} | files, note

    def pairs(name, note, config=None, files=None, model="roberta"):
        """A vocab.json and merges.txt."""
        files = {"vocab.json": VOCABULARY, "merges.txt": MERGES} | (files or {})
        return name, {"config.json": {"model_type": model}, "tokenizer_config.json": config or {}} | files, note

    for name in ["Bert", "DistilBert", "Electra", "MobileBert"]:
        yield beside(f"class-{name.lower()}", "a class that cuts as BERT's", {"tokenizer_class": f"{name}TokenizerFast"})
    mpnet = "\n".join(MPNET) + "\n"
    yield beside("class-mpnet", "MPNet's template, tokens and mask", {"tokenizer_class": "MPNetTokenizer"}, vocabulary=mpnet, model="mpnet")
    yield beside("class-mpnet-of-model", "the model's type says it", vocabulary=mpnet, model="mpnet")
    yield beside("class-in-config", "config.json says it", None, {"config.json": {"model_type": "bert", "tokenizer_class": "MPNetTokenizer"}}, vocabulary=mpnet)
    yield beside("flags-cased", "cased", {"do_lower_case": False})
    yield beside("flags-accents", "accents stay", {"strip_accents": False})
    yield beside("flags-no-accents-cased", "accents go, case stays", {"do_lower_case": False, "strip_accents": True})
    yield beside("flags-ideographs", "ideographs are letters", {"tokenize_chinese_chars": False})
    yield beside("names-other", "other names of the special tokens", {"cls_token": "[MASK]", "sep_token": "[PAD]", "mask_token": "[CLS]"})
    decoder = {str(size): token("<e1>", special=True, normalized=False), str(size + 1): token("</e1>", special=True, normalized=False)}
    for name, made in [("vocab", beside), ("json", whole)]:
        yield made(f"{name}-decoder", "added_tokens_decoder", {"added_tokens_decoder": decoder})
        flags = {str(size): token("lighthouse", lstrip=True, single_word=True), "4": token("[MASK]", lstrip=True, rstrip=True, special=True)}
        yield made(f"{name}-decoder-flags", "with flags", {"added_tokens_decoder": flags})
        yield made(f"{name}-decoder-of-vocabulary", "of a token that the vocabulary has", {"added_tokens_decoder": {"77": token("the")}})
        yield made(f"{name}-decoder-wins", "the older files do not count beside it", {"added_tokens_decoder": {str(size): token("<e1>")}},
                   files={"added_tokens.json": {"</e1>": size + 1}, "special_tokens_map.json": {"mask_token": "the"}})  # fmt: skip
        yield made(f"{name}-additional", "additional_special_tokens", {"additional_special_tokens": ["<e1>", "</e1>", "the"]})
        yield made(f"{name}-extra", "extra_special_tokens", {"extra_special_tokens": ["<e1>", "</e1>"]})
        yield made(f"{name}-extra-names", "extra_special_tokens by name", {"extra_special_tokens": {"begin_token": "<e1>", "end_token": "</e1>"}})
        yield made(f"{name}-both", "the newer of two lists counts", {"extra_special_tokens": ["<e1>"], "additional_special_tokens": ["</e1>"]})
        yield made(f"{name}-other-name", "a special token with a name of its own", {"begin_token": "<e1>"})
        typed = {"__type": "AddedToken"} | token("[MASK]", lstrip=True)
        yield made(f"{name}-mask-flags", "a mask that takes the space before it", {"mask_token": typed})
        yield made(f"{name}-added", "added_tokens.json", files={"added_tokens.json": {"</e1>": size + 1, "<e1>": size}})
        yield made(f"{name}-added-special", "one of them special", {"additional_special_tokens": ["<e1>"]},
                   files={"added_tokens.json": {"</e1>": size + 1, "<e1>": size}})  # fmt: skip
        yield made(f"{name}-map", "special_tokens_map.json", files={"special_tokens_map.json": {"additional_special_tokens": ["<e1>", "</e1>"]}})
        yield made(f"{name}-map-extra", "its newer name", files={"special_tokens_map.json": {"extra_special_tokens": ["<e1>", "</e1>"]}})
        yield made(f"{name}-map-wins", "the map wins over the configuration", {"mask_token": "the"},
                   files={"special_tokens_map.json": {"mask_token": token("hello", lstrip=True) | {"special": True}}})  # fmt: skip
        yield made(f"{name}-no-types", "model_input_names without token types", {"model_input_names": ["input_ids", "attention_mask"]})
        yield made(f"{name}-left", "truncation_side", {"truncation_side": "left"})
        yield made(f"{name}-split", "special tokens of a text are none", {"split_special_tokens": True, "extra_special_tokens": ["<e1>"]})

    yield whole("json-cased-by-flag", "flags win over the normalizer", {"do_lower_case": False})
    yield whole("json-lower-by-class", "the class lowers, whatever the normalizer says", made=bert(lowercase=False))
    yield whole("json-accents-by-class", "strip_accents of the normalizer does not count", {"do_lower_case": False}, bert(lowercase=False, strip_accents=True))
    yield whole("json-ideographs-by-flag", "", {"tokenize_chinese_chars": False})
    yield whole("json-class-without", "without a class of its own the file counts", {"tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": True}, bert(lowercase=False))
    types = {"tokenizer_class": "PreTrainedTokenizerFast", "model_input_names": ["input_ids", "token_type_ids", "attention_mask"]}
    yield whole("json-class-without-types", "and the types only if they are asked for", types)
    yield whole("json-modernbert", "ModernBERT's class is not believed", {"tokenizer_class": "BertTokenizer"}, bert(lowercase=False), model="modernbert")
    yield whole("json-distil", "DistilBERT's class gives no types", {"tokenizer_class": "DistilBertTokenizer"})
    left = bert(lowercase=True) | {"truncation": {"direction": "Left", "max_length": 6, "strategy": "LongestFirst", "stride": 0}}
    yield whole("json-truncation-left", "the file's truncation says the side", made=left)
    more = bert(lowercase=True)
    more["added_tokens"].append({"id": size, **token("<e1>")})
    yield whole("json-own-token", "an added token of the file", made=more)
    yield whole("json-own-token-left-out", "which counts only without added_tokens_decoder", {"added_tokens_decoder": {"4": token("[MASK]", special=True)}}, more)
    fast = {"tokenizer_class": "PreTrainedTokenizerFast"}
    yield whole("json-own-token-kept", "or where the file is read as it is", fast | {"added_tokens_decoder": {"4": token("[MASK]", lstrip=True, special=True)}}, more)
    yield whole("json-fast-decoder", "added_tokens_decoder beside such a file", fast | {"added_tokens_decoder": decoder})
    yield whole("json-fast-extra", "", fast | {"extra_special_tokens": ["<e1>", "</e1>"], "mask_token": "[MASK]"})
    yield whole("json-fast-left", "", fast | {"truncation_side": "left"})
    yield whole("json-other-template", "the class's template counts", made=bert(lowercase=True) | {"post_processor": None})
    sequence = normalizers.Sequence
    shapes = [
        ("nfd-lower-strip", sequence([normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()]), pre_tokenizers.BertPreTokenizer()),
        ("lower-bert", sequence([normalizers.Lowercase(), normalizers.BertNormalizer(lowercase=False)]), pre_tokenizers.BertPreTokenizer()),
        ("whitespace", normalizers.Lowercase(), pre_tokenizers.Whitespace()),
        ("digits", None, pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(individual_digits=True)])),
    ]
    for name, normalizer, pre_tokenizer in shapes:
        yield whole(f"json-{name}", "a tokenizer from scratch", fast, word_piece(BERT, normalizer, pre_tokenizer))

    for name in ["Roberta", "Bart", "Longformer"]:
        yield pairs(f"pairs-{name.lower()}", "a class that cuts as RoBERTa's", {"tokenizer_class": f"{name}Tokenizer"})
    yield pairs("pairs-gpt2", "GPT-2's", {"tokenizer_class": "GPT2Tokenizer"})
    yield pairs("pairs-prefix", "a space before the text", {"add_prefix_space": True, "trim_offsets": False})
    yield pairs("pairs-names", "other names", {"cls_token": "<pad>", "sep_token": "<unk>"})
    yield pairs("pairs-mask", "a mask that takes the space before it", {"mask_token": {"__type": "AddedToken"} | token("<mask>", lstrip=True)})
    yield pairs("pairs-decoder", "added_tokens_decoder", {"added_tokens_decoder": {str(len(VOCABULARY)): token("<e1>"), str(len(VOCABULARY) + 1): token("</e1>")}})
    yield pairs("pairs-left", "truncation_side", {"truncation_side": "left", "add_prefix_space": True})
    unigrams = [
        ("xlm-roberta", "XLMRobertaTokenizer", (["<s>", "<pad>", "</s>", "<unk>"], ["<mask>"], ["<s>", "</s>"])),
        ("camembert", "CamembertTokenizer", (["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<s>", "</s>"], ["<mask>"], ["<s>", "</s>"])),
        ("albert", "AlbertTokenizer", (["<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]", "<s>", "</s>"], [], ["[CLS]", "[SEP]"])),
        ("deberta-v2", "DebertaV2Tokenizer", (["[PAD]", "[CLS]", "[SEP]", "[UNK]"], ["[MASK]"], ["[CLS]", "[SEP]"])),
    ]
    for model, class_name, (specials, last, frame) in unigrams:
        named = {"tokenizer_class": class_name}
        made = pieces(specials, last, frame, unknown=next(i for i, s in enumerate(specials) if "unk" in s.lower()))
        yield whole(f"{model}", "a class of Unigram", named, made, model=model)
        yield whole(f"{model}-no-prefix", "", named | {"add_prefix_space": False}, made, model=model)
        flags = {"do_lower_case": model != "albert", "keep_accents": True, "split_by_punct": True, "split_special_tokens": False}
        yield whole(f"{model}-flags", "flags of one class or another", named | flags, made, model=model)
        yield whole(f"{model}-begin-and-end", "flags that most classes do not look at", named | {"add_bos_token": False, "add_eos_token": False}, made, model=model)
        yield whole(f"{model}-names", "other names", named | {"cls_token": "▁the", "sep_token": "▁he", "mask_token": "▁old"}, made, model=model)
        other = pieces(specials, last, frame[::-1], pre_tokenizers.Whitespace(), normalizer=CHARSMAP)
        yield whole(f"{model}-own-parts", "what the file has around its pieces does not count, but for its charsmap", named, other, model=model)
        fast_too = {"tokenizer_class": "PreTrainedTokenizerFast", "add_bos_token": False, "add_prefix_space": False, "do_lower_case": True}
        yield whole(f"{model}-as-it-is", "but without a class of its own", fast_too, made, model=model)
    yield whole("bytes-flag-off", "the flag wins over the file", made=roberta(prefix=True), model="roberta")
    yield whole("bytes-flag-on", "", {"add_prefix_space": True, "trim_offsets": False}, roberta(), model="roberta")
    yield whole("bytes-file", "but not without a class of its own", fast | {"add_prefix_space": True}, roberta(), model="roberta")
    yield whole("bytes-gpt2", "the flag wins, the file's template stays", {"tokenizer_class": "GPT2Tokenizer"}, roberta(prefix=True), model="roberta")
    yield whole("bytes-normalizer", "the class has no normalizer", made=roberta(normalizer=normalizers.Lowercase()), model="roberta")
    yield whole("bytes-no-mask-flag", "the mask as the file has it", made=roberta(mask=False), model="roberta")


def answer(tokenizer, text, pair, max_length):
    """Ids, types as a model is given them, and offsets; (0, 0) for what the template adds."""
    options = {"truncation": True, "max_length": max_length} if max_length else {}
    found = tokenizer(text, pair, return_offsets_mapping=True, return_special_tokens_mask=True, **options)
    ids, types = found["input_ids"], found.get("token_type_ids") or [0] * len(found["input_ids"])
    return {"ids": ids, "types": types, "offsets": [list(offset) for offset in found["offset_mapping"]]}


def main():
    shutil.rmtree(FOLDER, ignore_errors=True)
    calls = []
    for name, files, note in folders():
        folder = FOLDER / name
        folder.mkdir(parents=True)
        for file, value in files.items():
            (folder / file).write_text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n")
        tokenizer = AutoTokenizer.from_pretrained(folder)
        for text, pair, length in [(text, None, 0) for text in TEXTS] + [(*pair, 0) for pair in PAIRS] + CUTS:
            options = {"max_length": length} if length else {}
            calls.append({
                "folder": name, "method": "tokenize", "note": note, "args": [text] if pair is None else [text, pair], "kwargs": options,
                "expect": answer(tokenizer, text, pair, length),
            })  # fmt: skip
    lines = ",\n".join(json.dumps(call, ensure_ascii=False, separators=(",", ":")) for call in calls)
    versions = json.dumps({package: version(package) for package in PACKAGES})
    (FOLDER / "expected.json").write_text(f'{{"versions": {versions},\n"calls": [\n{lines}\n]}}\n')
    print(len(calls), "calls")


if __name__ == "__main__":
    main()
