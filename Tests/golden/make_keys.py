#!/usr/bin/env python3
"""Writes Tests/golden/keys/LIBRARY-VERSION.json: every key that a version of a library puts into the JSON files of a model.

    python make_keys.py transformers               # 4.57.6 with tokenizers 0.22.2, 5.24.0 with 0.23.3
    python make_keys.py sentence-transformers      # 3.0.1, 3.4.1, 4.1.0, 5.1.2 beside the first, 5.7.0, 6.2.0 beside the second

Each with torch 2.15.0, sentencepiece 0.2.3 and accelerate 1.15.0, and in an environment of its own; a file is written for the
version that is installed. Tiny models and tokenizers of all supported classes are saved in the ways that users save them, and what
the files then hold is collected: of each key of each class one example, the most telling one; vocabularies are cut short.
"""

import importlib
import json
import os
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import tokenizers
import torch
import transformers
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors

HERE = Path(__file__).parent
PINNED = {
    "transformers": {"4.57.6": "0.22.2", "5.24.0": "0.23.3"},
    "sentence-transformers": {
        "3.0.1": "4.57.6",
        "3.4.1": "4.57.6",
        "4.1.0": "4.57.6",
        "5.1.2": "4.57.6",
        "5.7.0": "5.24.0",
        "6.2.0": "5.24.0",
    },
}
transformers.utils.logging.disable_progress_bar()
IS_5 = transformers.__version__.startswith("5.")


# ---- What is collected


def is_telling(value):
    return value not in (None, False, 0, "", [], {})


def example(value, key=None):
    """A value of the same kind, without the bulk: names and texts in a list are cut off, members are kept."""
    if isinstance(value, dict):
        most = 2 if key in ("vocab", "added_tokens_decoder", "id2label", "label2id", "special_tokens") else None
        return {name: example(inner, name) for name, inner in list(value.items())[:most]}
    if isinstance(value, list):
        return [example(inner) for inner in value[:2]]
    return value[:64] if isinstance(value, str) else value


class Keys:
    """File, class, key: an example."""

    def __init__(self):
        self.files = {}

    def add(self, file, name, members):
        known = self.files.setdefault(file, {}).setdefault(name, {})
        for key, value in members.items():
            if key not in known or is_telling(value) and not is_telling(known[key]):
                known[key] = example(value, key)

    def add_folder(self, folder, config, tokenizer):
        """All that a folder has, under the names of a configuration's and of a tokenizer's class."""
        for path in sorted(Path(folder).rglob("*.json")):
            name, read = path.name, json.loads(path.read_text())
            if path.parent != Path(folder):
                self.add("config.json of modules", path.parent.name.partition("_")[2], read)
            elif name == "config.json":
                self.add(name, config, read)
            elif name == "tokenizer.json":
                self.add_tokenizer(read)
            elif name == "modules.json":
                for module in read:
                    self.add(name, "*", module)
            elif name in ("tokenizer_config.json", "special_tokens_map.json"):
                self.add(name, tokenizer, read)
            elif name not in ("vocab.json", "added_tokens.json", "trainer_state.json"):
                self.add(name, "*", read)

    def add_tokenizer(self, root):
        self.add("tokenizer.json", "*", root)
        for token in root["added_tokens"]:
            self.add("tokenizer.json", "added_tokens", token)
        for kind in ("truncation", "padding"):
            if root[kind]:
                self.add("tokenizer.json", kind, root[kind])
        for kind in ("normalizer", "pre_tokenizer", "model", "post_processor", "decoder"):
            self.add_component(kind, root[kind])

    def add_component(self, kind, component):
        if component is None:
            return
        for part in component.get({"normalizer": "normalizers", "pre_tokenizer": "pretokenizers", "post_processor": "processors",
                                   "decoder": "decoders"}.get(kind, ""), []):  # fmt: skip
            self.add_component(kind, part)
        self.add("tokenizer.json", f"{kind} {component['type']}", component)

    def write(self, library, **versions):
        folder = HERE / "keys"
        folder.mkdir(exist_ok=True)
        lines = [f'"versions": {json.dumps(versions)}']
        for file, classes in sorted(self.files.items()):
            rows = [
                f"  {json.dumps(name)}: {json.dumps(members, sort_keys=True, ensure_ascii=False)}"
                for name, members in sorted(self.common(classes).items())
            ]
            lines.append(f"{json.dumps(file)}: {{\n" + ",\n".join(rows) + "\n}")
        path = folder / f"{library}-{version(library)}.json"
        path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
        count = sum(len(members) for classes in self.files.values() for members in classes.values())
        print(f"{path.name}: {count} keys of classes, {path.stat().st_size} bytes")

    @staticmethod
    def common(classes):
        """What all classes write with one example stands under "*"; a component's classes have nothing in common."""
        if len(classes) < 2 or "*" in classes:
            return classes
        first, *others = classes.values()
        shared = {key: value for key, value in first.items() if all(other.get(key, ...) == value for other in others)}
        rest = {name: {key: value for key, value in members.items() if key not in shared} for name, members in classes.items()}
        return {"*": shared, **rest}


# ---- transformers

SMALL = dict(
    vocab_size=64, hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, max_position_embeddings=40
)
SIZES = {
    "DistilBert": dict(vocab_size=64, dim=8, n_layers=2, n_heads=2, hidden_dim=16, max_position_embeddings=40),
    "Albert": SMALL | dict(embedding_size=4),
    "Electra": SMALL | dict(embedding_size=4),
    "MobileBert": SMALL | dict(embedding_size=4, intra_bottleneck_size=4),
    "ModernBert": SMALL | dict(pad_token_id=0),
    # As DeBERTa-v3's files have it, which the class takes and writes again.
    "DebertaV2": SMALL
    | dict(relative_attention=True, pos_att_type=["p2c", "c2p"], position_buckets=8, norm_rel_ebd="layer_norm", share_att_key=True,
           max_relative_positions=-1, position_biased_input=False),
}  # fmt: skip
FAMILIES = [
    "Bert",
    "DistilBert",
    "Roberta",
    "XLMRoberta",
    "Camembert",
    "Albert",
    "Electra",
    "MPNet",
    "MobileBert",
    "DebertaV2",
    "ModernBert",
]
FAMILIES += ["NomicBert"] if IS_5 else []
HEADS = ["Model", "ForSequenceClassification", "ForTokenClassification", "ForQuestionAnswering", "ForMaskedLM", "ForMultipleChoice"]
LABELS = dict(id2label={0: "no", 1: "yes", 2: "perhaps"}, label2id={"no": 0, "yes": 1, "perhaps": 2})
OPTIONS = [
    {},
    LABELS | dict(problem_type="regression"),
    dict(num_labels=1),
    dict(finetuning_task="sst2", tie_word_embeddings=False),
]


def configurations(keys):
    for family in FAMILIES:
        kind = getattr(transformers, f"{family}Config")
        sizes = SIZES.get(family, SMALL)
        name = kind.model_type
        for configuration in (kind(), kind(**sizes), kind(**sizes, **LABELS, problem_type="single_label_classification")):
            keys.add("config.json", name, json.loads(configuration.to_json_string(use_diff=False)))
            keys.add("config.json", name, json.loads(configuration.to_json_string(use_diff=True)))
        for head in HEADS:
            model_class = getattr(transformers, family + head, None)
            if model_class is None:
                continue
            for more in OPTIONS[:1] if head == "ForQuestionAnswering" else OPTIONS:
                model = model_class(kind(**sizes, **more))
                with tempfile.TemporaryDirectory() as folder:
                    model.half().save_pretrained(folder)
                    model_class.from_pretrained(folder, **({"dtype": torch.bfloat16} if head == "Model" else {})).save_pretrained(
                        folder
                    )
                    keys.add_folder(folder, name, name)
        # What a class wrote in another version it reads, keeps as an attribute, and writes again.
        with tempfile.TemporaryDirectory() as folder:
            trained(getattr(transformers, f"{family}ForSequenceClassification"), kind(**sizes, num_labels=3), folder)
            keys.add_folder(folder, name, name)


def trained(model_class, config, folder):
    """A step of Trainer's on two sequences."""
    item = dict(input_ids=torch.tensor([1, 2, 3]), labels=torch.tensor(1))
    arguments = transformers.TrainingArguments(
        folder, max_steps=1, per_device_train_batch_size=1, report_to=[], use_cpu=True, disable_tqdm=True, save_strategy="no",
        gradient_checkpointing=config.model_type == "bert")  # fmt: skip
    trainer = transformers.Trainer(model_class(config), arguments, train_dataset=[item, item])
    trainer.train()
    trainer.save_model(folder)


GOLDEN_VOCABULARY = HERE / "tokenizer" / "vocab.txt"
BYTE_LEVEL = dict(
    vocab_file=HERE / "answers" / "fill-roberta" / "vocab.json", merges_file=HERE / "answers" / "fill-roberta" / "merges.txt"
)


def pieces(name, file):
    return dict(vocab_file=HERE / "sentencepiece" / name / file)


TOKENIZERS = {
    **{name: dict(vocab_file=GOLDEN_VOCABULARY) for name in ("Bert", "DistilBert", "Electra", "MPNet", "MobileBert")},
    "Roberta": BYTE_LEVEL,
    "GPT2": BYTE_LEVEL,
    "Longformer": BYTE_LEVEL,
    "Bart": BYTE_LEVEL,
    "XLMRoberta": pieces("xlm-roberta", "sentencepiece.bpe.model"),
    "Camembert": pieces("camembert", "sentencepiece.bpe.model"),
    "Albert": pieces("albert", "spiece.model"),
    "DebertaV2": pieces("deberta-v2", "spm.model"),
}


def opened(name, files):
    """The tokenizer of a class, from the files it was published with."""
    with tempfile.TemporaryDirectory() as folder:
        for path in files.values():
            (Path(folder) / ("vocab.txt" if path == GOLDEN_VOCABULARY else path.name)).write_bytes(path.read_bytes())
        return getattr(transformers, name).from_pretrained(folder)


def tokenizer_files(keys):
    names = [
        (base + suffix, files)
        for base, files in TOKENIZERS.items()
        for suffix in (("Tokenizer",) if IS_5 else ("Tokenizer", "TokenizerFast"))
    ]
    for name, files in names:
        tokenizer = opened(name, files)
        saved(keys, tokenizer)
        tokenizer.add_tokens([tokenizers.AddedToken("<new>", lstrip=True, normalized=False), "word"])
        tokenizer.add_special_tokens({"additional_special_tokens": ["<a>", tokenizers.AddedToken("<b>", rstrip=True)]})
        tokenizer.model_max_length = 16
        tokenizer.truncation_side = "left"
        tokenizer.chat_template = "{{ messages }}"
        saved(keys, tokenizer)
        if tokenizer.is_fast:
            tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
            tokenizer(["a b", "c"], truncation=True, max_length=8, padding=True, pad_to_multiple_of=4)
            saved(keys, tokenizer)
            # What is read from a tokenizer.json with truncation and padding in it, and without a class of its own.
            backend = tokenizer.backend_tokenizer
            backend.enable_truncation(8, stride=2)
            backend.enable_padding(length=8)
            saved(keys, transformers.PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]", pad_token="[PAD]"))
            with tempfile.TemporaryDirectory() as folder:
                tokenizer.save_pretrained(folder)
                again = type(tokenizer).from_pretrained(
                    folder, extra_special_tokens={"image_token": "<image>"}, padding_side="left"
                )
                saved(keys, again)


def saved(keys, tokenizer):
    name = type(tokenizer).__name__
    with tempfile.TemporaryDirectory() as folder:
        tokenizer.save_pretrained(folder)
        keys.add_folder(folder, name, name)
    if not IS_5 and tokenizer.is_fast and tokenizer.slow_tokenizer_class is not None:
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save_pretrained(folder, legacy_format=True)
            keys.add_folder(folder, name, name)


def components(keys):
    """Every component of a tokenizer.json that the library has."""
    vocabulary, merges = {"a": 0, "b": 1, "ab": 2, "[UNK]": 3}, [("a", "b")]
    every = {
        "normalizer": [
            normalizers.BertNormalizer(), normalizers.NFC(), normalizers.NFD(), normalizers.NFKC(), normalizers.NFKD(),
            normalizers.Nmt(), normalizers.Lowercase(), normalizers.Strip(), normalizers.StripAccents(),
            normalizers.Prepend("\u2581"), normalizers.Replace("a", "b"), normalizers.Replace(tokenizers.Regex(" {2,}"), " "),
            normalizers.ByteLevel(), normalizers.Sequence([normalizers.NFC()]),
        ],
        "pre_tokenizer": [
            pre_tokenizers.BertPreTokenizer(), pre_tokenizers.ByteLevel(), pre_tokenizers.CharDelimiterSplit(" "),
            pre_tokenizers.Digits(), pre_tokenizers.Metaspace(), pre_tokenizers.Punctuation(),
            pre_tokenizers.Split(" ", "isolated"), pre_tokenizers.UnicodeScripts(),
            pre_tokenizers.Split(tokenizers.Regex("a+"), "removed", invert=True), pre_tokenizers.Whitespace(),
            pre_tokenizers.WhitespaceSplit(), pre_tokenizers.FixedLength(5),
            pre_tokenizers.Sequence([pre_tokenizers.Digits()]),
        ],
        "model": [
            models.WordPiece(vocabulary, unk_token="[UNK]"), models.WordLevel(vocabulary, unk_token="[UNK]"),
            models.BPE(
                vocabulary, merges, unk_token="[UNK]", dropout=0.1, continuing_subword_prefix="", end_of_word_suffix="</w>",
                fuse_unk=True, byte_fallback=True, ignore_merges=True),
            models.Unigram([("a", -1.0), ("b", -2.0)], 0, True),
        ],
        "post_processor": [
            processors.BertProcessing(("[SEP]", 1), ("[CLS]", 0)), processors.RobertaProcessing(("</s>", 1), ("<s>", 0)),
            processors.ByteLevel(),
            processors.TemplateProcessing(
                single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 0), ("[SEP]", 1)]),
            processors.Sequence([processors.ByteLevel()]),
        ],
        "decoder": [
            decoders.BPEDecoder(), decoders.ByteFallback(), decoders.ByteLevel(), decoders.CTC(), decoders.Fuse(),
            decoders.Metaspace(), decoders.Replace("a", "b"), decoders.Strip(content=" ", left=1, right=0),
            decoders.WordPiece(), decoders.Sequence([decoders.Fuse()]),
        ],
    }  # fmt: skip
    for kind, parts in every.items():
        tokenizer = tokenizers.Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
        for part in parts:
            setattr(tokenizer, kind, part)
            keys.add_component(kind, json.loads(tokenizer.to_str())[kind])


# ---- sentence-transformers


def sentence_folders(keys):
    import sentence_transformers as st

    new = Path(st.__file__).with_name("sentence_transformer").is_dir()  # since 5.4
    modules = st.sentence_transformer.modules if new else st.models
    base_modules = importlib.import_module("sentence_transformers.base.modules") if new else modules

    def module(name):
        return getattr(base_modules, name, None) or getattr(modules, name)

    Dense, Normalize, Transformer = module("Dense"), module("Normalize"), module("Transformer")
    with tempfile.TemporaryDirectory() as base:
        model = transformers.BertModel(transformers.BertConfig(**SMALL | dict(vocab_size=2000)))
        model.save_pretrained(base)
        opened("BertTokenizer", TOKENIZERS["Bert"]).save_pretrained(base)

        def sentences(*more, transformer={}, **options):
            model = st.SentenceTransformer(modules=[Transformer(base, **transformer), *more], device="cpu", **options)
            save(model)
            return model

        def save(model):
            with tempfile.TemporaryDirectory() as folder:
                model.save_pretrained(folder)
                keys.add_folder(folder, "bert", "BertTokenizer")

        sentences(modules.Pooling(8))
        sentences(modules.Pooling(8, "cls"), Normalize(), prompts={"query": "query: ", "document": ""}, default_prompt_name="query")
        sentences(modules.Pooling(8, "lasttoken", include_prompt=False), similarity_fn_name="dot", truncate_dim=4)
        sentences(
            modules.Pooling(8, pooling_mode="max"), Dense(8, 4), modules.Dropout(0.1), modules.LayerNorm(4), Normalize(),
            transformer=dict(max_seq_length=12, do_lower_case=True))  # fmt: skip
        sentences(modules.WeightedLayerPooling(8, num_hidden_layers=2, layer_start=1), modules.Pooling(8)) if not new else None
        for options in (dict(num_labels=1), dict(num_labels=3), dict(num_labels=1, max_length=12)):
            with tempfile.TemporaryDirectory() as folder:
                st.CrossEncoder(base, device="cpu", **options).save_pretrained(folder)
                keys.add_folder(folder, "bert", "BertTokenizer")


def main():
    library = sys.argv[1]
    pinned = PINNED[library].get(version(library))
    other = "tokenizers" if library == "transformers" else "transformers"
    if version(other) != pinned:
        raise SystemExit(f"{library} {version(library)} with {other} {version(other)}: the lists are made with {PINNED[library]}")
    torch.manual_seed(0)
    keys = Keys()
    if library == "transformers":
        configurations(keys)
        tokenizer_files(keys)
        components(keys)
    else:
        sentence_folders(keys)
    keys.write(library, **{name: version(name) for name in ("transformers", "tokenizers", "torch")})


if __name__ == "__main__":
    main()
