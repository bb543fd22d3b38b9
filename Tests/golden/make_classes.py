"""Folders whose config.json and tensors do not fit at the first glance, and what transformers 5.24 answers: cases/heads, cases/families,
cases/labels and cases/adapters.

    python3 -m venv venv && venv/bin/pip install -r Tests/golden/requirements-today.txt
    cd Tests/golden && ../../venv/bin/python -W ignore make_classes.py
"""

import json
import math
import os
import shutil
from importlib.metadata import version
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers as t
from safetensors.torch import load_file, save_file, save_model

HERE = Path(__file__).parent
PINNED = dict(
    line.split("==") for line in (HERE / "requirements-today.txt").read_text().split() if "==" in line
)
for package, wanted in PINNED.items():
    if version(package).split("+")[0] != wanted:
        raise SystemExit(f"{package} is {version(package)}, the goldens are made with {wanted}")

torch.set_num_threads(1)
t.logging.set_verbosity_error()
t.utils.logging.disable_progress_bar()

WORDS = "[PAD] [UNK] [CLS] [SEP] [MASK] the a man eats food ##s sees red blue big sea ship in on and of it is . ,".split()
VOCABULARY = len(WORDS)
IDS = [[2, 17, 5, 20, 14, 3], [6]]
TEXTS = ["the man eats food.", "a big red ship, blue sea", "it is"]

SIZES = {
    "vocab_size": VOCABULARY, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 12,
    "max_position_embeddings": 32, "type_vocab_size": 2, "pad_token_id": 0,
}  # fmt: skip

# By the name that a family's classes begin with: its configuration's class and what else is set there.
FAMILIES = {
    "Bert": (t.BertConfig, {}),
    "DistilBert": (t.DistilBertConfig, {"dim": 8, "n_layers": 1, "n_heads": 2, "hidden_dim": 12}),
    "Roberta": (t.RobertaConfig, {"pad_token_id": 1}),
    "Albert": (t.AlbertConfig, {"embedding_size": 6, "bos_token_id": 2, "eos_token_id": 3}),
    "Electra": (t.ElectraConfig, {"embedding_size": 6}),
    "MPNet": (t.MPNetConfig, {"pad_token_id": 1}),
    "MobileBert": (t.MobileBertConfig, {"embedding_size": 6, "intra_bottleneck_size": 4}),
    "DebertaV2": (
        t.DebertaV2Config,
        {
            "relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_buckets": 4, "max_relative_positions": -1,
            "position_biased_input": False, "share_att_key": True, "type_vocab_size": 0, "norm_rel_ebd": "layer_norm",
        },
    ),  # fmt: skip
    "ModernBert": (
        t.ModernBertConfig,
        {
            "num_hidden_layers": 3, "local_attention": 4, "pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "cls_token_id": 2,
            "sep_token_id": 3,
        },
    ),  # fmt: skip
    "NomicBert": (t.NomicBertConfig, {}),
}


def configuration(family, **keys):
    kind, own = FAMILIES[family]
    sizes = dict(SIZES)
    if family == "DistilBert":
        for key in ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "type_vocab_size"):
            del sizes[key]
    if family in ("MPNet", "ModernBert"):
        del sizes["type_vocab_size"]
    return kind(**(sizes | own | keys))


def drawn(model, seed=0):
    """Weights under which every number matters: uneven attention, norms and biases that are not neutral."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name.lower():
            value = (1.0 if name.endswith("weight") else 0.0) + 0.25 * noise
        elif parameter.dim() == 1:
            value = 0.25 * noise
        elif "embeddings" in name:
            value = noise
        else:
            value = 1.5 / math.sqrt(parameter.shape[1]) * noise
        parameter.data.copy_(value)
    return model.eval()


class Group:
    """The folders of cases/NAME, and the calls of its expected.json."""

    def __init__(self, name):
        self.path = HERE / "cases" / name
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        self.calls = []

    def save(self, name, model, edit=None, texts=False, **save):
        """The model as it saves itself, with keys of config.json changed (None: taken away)."""
        folder = self.path / name
        model.save_pretrained(folder, **save)
        self.edit(name, edit or {})
        if texts:
            (folder / "vocab.txt").write_text("".join(word + "\n" for word in WORDS))
            (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer"}) + "\n")
        return folder

    def edit(self, name, keys):
        path = self.path / name / "config.json"
        config = json.loads(path.read_text())
        for key, value in keys.items():
            config.pop(key, None) if value is None else config.update({key: value})
        path.write_text(json.dumps(config, indent=1) + "\n")

    def tensors(self, name, change):
        path = self.path / name / "model.safetensors"
        tensors = {key: value.clone() for key, value in load_file(path).items()}
        save_file(change(tensors), path, {"format": "pt"})

    def call(self, folder, method, args, kwargs, note, **answer):
        self.calls.append({"folder": folder, "method": method, "args": args, "kwargs": kwargs, "note": note, **answer})

    @torch.no_grad()
    def hidden(self, name, note, kind=t.AutoModel, ids=IDS):
        """What a class makes of the folder, each sequence alone."""
        model = kind.from_pretrained(self.path / name, attn_implementation="eager").eval()
        answer = [model(torch.tensor([row])).last_hidden_state[0].tolist() for row in ids]
        self.call(name, "forward", [ids], {"output": "hidden"}, note, expect=rounded(answer))

    @torch.no_grad()
    def logits(self, name, note, kind, ids=IDS):
        model, info = kind.from_pretrained(self.path / name, attn_implementation="eager", output_loading_info=True)
        assert not info["missing_keys"], (name, info["missing_keys"])
        if "MultipleChoice" in kind.__name__:
            answer = [model.eval()(torch.tensor([[row]])).logits[0].tolist() for row in ids]
        else:
            answer = [model.eval()(torch.tensor([row])).logits[0].tolist() for row in ids]
        self.call(name, "forward", [ids], {"output": "logits"}, note, expect=rounded(answer))

    def refused(self, name, words, note, method="forward", args=(IDS,), kwargs=None):
        self.call(name, method, list(args), {"output": "hidden"} if kwargs is None else kwargs, note, refused=words)

    def write(self):
        lines = ",\n".join(json.dumps(call, ensure_ascii=False) for call in self.calls)
        (self.path / "expected.json").write_text(f'{{\n"versions": {json.dumps(PINNED)},\n"calls": [\n{lines}\n]\n}}\n')


def rounded(value):
    return [rounded(inner) for inner in value] if isinstance(value, list) else round(value, 6)


def heads():
    """A head is there if its tensors are."""
    group = Group("heads")
    for family in FAMILIES:
        name = f"{family.lower()}-bare"
        model = drawn(getattr(t, family + "Model")(configuration(family)))
        group.save(name, model, {"architectures": [family + "ForMaskedLM"]})
        group.hidden(name, "a head is named that the file has no tensor of")
        group.refused(name, "UNSUPPORTED|does not support|no head|unsupported", "nor are there logits", kwargs={"output": "logits"})

    bert = configuration("Bert")
    group.save("class-unknown", drawn(t.BertModel(bert)), {"architectures": ["BertForPoetry"]})
    group.hidden("class-unknown", "a class that nobody knows over the encoder's tensors")

    group.save("class-unknown-head", drawn(t.BertForSequenceClassification(bert)), {"architectures": ["BertForPoetry"]})
    group.refused("class-unknown-head", "what it does with tensor 'classifier.(bias|weight)' is not known", "the same with others")

    group.save(
        "classes-two", drawn(t.BertForSequenceClassification(bert)),
        {"architectures": ["BertForMaskedLM", "BertForSequenceClassification"]},
    )  # fmt: skip
    group.logits("classes-two", "of two classes the one that is there", t.BertForSequenceClassification)

    group.save("head-half", drawn(t.BertForSequenceClassification(bert)))
    group.tensors("head-half", lambda tensors: {name: value for name, value in tensors.items() if name != "classifier.weight"})
    group.refused("head-half", "no tensor 'classifier.weight', but 'classifier.bias'", "some of a head's tensors")

    group.save("head-left-over", drawn(t.BertForMaskedLM(bert)), {"architectures": ["BertModel"]})
    group.hidden("head-left-over", "a head that the class does not have")

    group.save("compiled", drawn(t.BertForSequenceClassification(bert)))
    group.tensors("compiled", lambda tensors: {f"_orig_mod.{name}": value for name, value in tensors.items()})
    plain = group.save("compiled-plain", drawn(t.BertForSequenceClassification(bert)))
    group.logits("compiled-plain", "names of torch.compile", t.BertForSequenceClassification)
    shutil.rmtree(plain)
    group.calls[-1]["folder"] = "compiled"

    roberta = drawn(t.RobertaForMaskedLM(configuration("Roberta")))
    folder = group.save("tied-decoder-alone", roberta)
    save_model(roberta, folder / "model.safetensors", {"format": "pt"})
    assert "roberta.embeddings.word_embeddings.weight" not in load_file(folder / "model.safetensors")
    group.logits("tied-decoder-alone", "of two tied matrices the decoder's name alone", t.RobertaForMaskedLM)
    group.write()


def families():
    """Keys and tensors of one family."""
    group = Group("families")
    for family in ("Bert", "Roberta", "Albert", "MPNet", "MobileBert", "DebertaV2", "ModernBert", "NomicBert"):
        kind = getattr(t, family + "ForMaskedLM")
        name = f"{family.lower()}-untied"
        group.save(name, drawn(kind(configuration(family, tie_word_embeddings=False))))
        group.logits(name, "a decoder and a bias of its own", kind)

    for family, (bias, own) in {
        "Bert": ("cls.predictions.bias", "cls.predictions.decoder.bias"), "Roberta": ("lm_head.bias", "lm_head.decoder.bias"),
    }.items():  # fmt: skip
        kind = getattr(t, family + "ForMaskedLM")
        name = f"{family.lower()}-two-biases"
        group.save(name, drawn(kind(configuration(family))))

        group.tensors(name, lambda tensors, bias=bias, own=own: tensors | {own: -2 * tensors[bias]})
        group.logits(name, "tied embeddings, and two biases that differ", kind)

    nomic = configuration("NomicBert", num_labels=3)
    for kind in (t.NomicBertModel, t.NomicBertForMaskedLM, t.NomicBertForSequenceClassification, t.NomicBertForTokenClassification):
        name = "nomic-" + kind.__name__.removeprefix("NomicBert").removeprefix("For").lower()
        group.save(name, drawn(kind(nomic)))
        if kind is t.NomicBertModel:
            group.hidden(name, "under BERT's keys, with the tensors' first names")
        else:
            group.logits(name, "under BERT's keys, with the tensors' first names", kind)
    group.save("nomic-new-names", drawn(t.NomicBertForMaskedLM(nomic)), save_original_format=False)
    group.logits("nomic-new-names", "with its classes' own names", t.NomicBertForMaskedLM)
    assert any(".self_attn.q_proj." in name for name in load_file(group.path / "nomic-new-names" / "model.safetensors"))
    other = configuration("NomicBert", head_dim=6, hidden_act="gelu", rope_parameters={"rope_type": "dynamic", "factor": 2.0})
    group.save("nomic-other-sizes", drawn(t.NomicBertModel(other)), {"rope_theta": 500.0})
    group.edit("nomic-other-sizes", {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0}})
    group.hidden("nomic-other-sizes", "heads of another size, another activation, the base outside of the parameters")

    full, sliding = "full_attention", "sliding_attention"
    long = [[2, *range(5, 17), 3]]
    modern = drawn(t.ModernBertModel(configuration("ModernBert")))
    for name, keys, gone, note in [
        ("layers", {"layer_types": [sliding, full, sliding]}, (), "any list of types"),
        ("layers-and-number", {"layer_types": [sliding, full, full], "global_attn_every_n_layers": 2}, (), "which wins"),
        ("number", {"global_attn_every_n_layers": 2}, ("layer_types",), "no list"),
        ("window", {"sliding_window": 3}, (), "the window by its other name"),
        ("bases", {"rope_parameters": {full: {"rope_theta": 900.0}}, "local_rope_theta": 50.0}, (), "a base of both kinds of keys"),
        ("old-bases", {"global_rope_theta": 900.0, "local_rope_theta": 50.0}, ("rope_parameters", "layer_types"), "the first keys"),
    ]:
        group.save(f"modernbert-{name}", modern, keys | dict.fromkeys(gone))
        group.hidden(f"modernbert-{name}", note, ids=long)

    for name, keys in {
        "first": {}, "mean": {"summary_type": "mean"}, "last": {"summary_type": "last", "summary_activation": "tanh"},
        "index": {"summary_type": "cls_index"}, "plain": {"summary_activation": ""},
    }.items():  # fmt: skip
        group.save(f"electra-choice-{name}", drawn(t.ElectraForMultipleChoice(configuration("Electra", **keys))))
        group.logits(f"electra-choice-{name}", "what a head for choices reads", t.ElectraForMultipleChoice)

    group.save("deberta-words", drawn(t.DebertaV2Model(configuration("DebertaV2"))), {"pos_att_type": "C2P | p2c"})
    group.edit("deberta-words", {"norm_rel_ebd": "none|layer_norm", "type_vocab_size": None})
    group.hidden("deberta-words", "lists in one string, and no number of token types")

    group.save(
        "distilbert-other-keys", drawn(t.DistilBertModel(configuration("DistilBert"))),
        {"dim": None, "n_layers": 7, "n_heads": None, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 4},
    )  # fmt: skip
    group.hidden("distilbert-other-keys", "the sizes by BERT's names, which win")

    group.save("roberta-no-epsilon", drawn(t.RobertaModel(configuration("Roberta"))), {"layer_norm_eps": None})
    # Embeddings so small that the epsilon decides.
    group.tensors(
        "roberta-no-epsilon",
        lambda tensors: {name: value * (1e-3 if "_embeddings" in name else 1) for name, value in tensors.items()},
    )
    group.hidden("roberta-no-epsilon", "the epsilon of a file that does not say")

    group.save("roberta-causal", drawn(t.RobertaForMaskedLM(configuration("Roberta"))), {"architectures": ["RobertaForCausalLM"]})
    group.logits("roberta-causal", "the head for the next token of an encoder", t.RobertaForCausalLM)
    group.write()


def labels():
    """What becomes of a classifier's numbers, and what its labels are called."""
    group = Group("labels")

    def case(name, rows, keys, note):
        model = drawn(t.BertForSequenceClassification(configuration("Bert", num_labels=rows)))
        group.save(name, model, {"id2label": None, "label2id": None} | keys, texts=True)
        pipe = t.pipeline("text-classification", model=str(group.path / name), top_k=None)
        found = pipe.model.config.id2label
        order = [str(found[index]) for index in range(len(found))]
        scores = []
        for text in TEXTS:
            found = {str(row["label"]): row["score"] for row in pipe([text])[0]}
            scores.append([found[label] for label in order])
        group.call(name, "classify", [TEXTS], {}, note, expect={"labels": order, "scores": rounded(scores)})

    regression = {"problem_type": "regression"}
    several = {"problem_type": "multi_label_classification"}
    single = {"problem_type": "single_label_classification"}
    names = {"0": "x", "1": "y", "2": "z"}
    case("numbers", 3, {"id2label": {"0": 1, "1": 2.5, "2": -3}}, "numbers for names")
    case("regression-1", 1, regression | {"id2label": {"0": "score"}}, "one number as it is")
    case("regression-3", 3, regression | {"id2label": names}, "several numbers as they are")
    case("several", 3, several | {"id2label": names}, "any number of labels at once")
    case("several-1", 1, several | {"id2label": {"0": "toxic"}}, "one of any number of labels")
    case("single", 3, single | {"id2label": names}, "one of them")
    case("unnamed", 2, {}, "names that are made up")
    case("counted", 3, {"num_labels": 3}, "the same, by their number")
    case("counted-otherwise", 3, {"num_labels": 3, "id2label": {"0": "x", "1": "y"}}, "the number counts, and the names do not")
    case("named-otherwise", 2, {"label2id": {"x": 0, "y": 1}}, "label2id alone names nothing")
    case("unordered", 3, {"id2label": {"2": "z", "0": "x", "1": "y"}}, "names in another order")

    for name, rows, keys, words in [
        ("too-few", 3, {"id2label": {"0": "x", "1": "y"}}, "2 labels, but the classifier has 3 rows"),
        ("too-many", 2, {"id2label": names}, "3 labels, but the classifier has 2 rows"),
        ("from-one", 2, {"id2label": {"1": "x", "2": "y"}}, "each of 0 to 1 once"),
    ]:
        model = drawn(t.BertForSequenceClassification(configuration("Bert", num_labels=rows)))
        group.save(name, model, {"id2label": None, "label2id": None} | keys)
        group.refused(name, words, "names for other rows than there are")
    group.write()


def adapters():
    """Adapters that have not been merged."""
    group = Group("adapters")
    model = drawn(t.BertForSequenceClassification(configuration("Bert")))
    lora = {"peft_type": "LORA", "base_model_name_or_path": "base", "r": 2, "lora_alpha": 4, "target_modules": ["query", "value"]}
    matrix = {"base_model.model.bert.encoder.layer.0.attention.self.query.lora_A.weight": torch.ones(2, 8)}
    advice = "merge it into the model's weights, with merge_and_unload"

    folder = group.save("beside", model)
    (folder / "adapter_config.json").write_text(json.dumps(lora) + "\n")
    save_file(matrix, folder / "adapter_model.safetensors", {"format": "pt"})
    group.refused("beside", f"adapter_config.json: an adapter of 'base'.*{advice}", "peft's files beside the model's")

    folder = group.path / "alone"
    folder.mkdir()
    (folder / "adapter_config.json").write_text(json.dumps(lora) + "\n")
    save_file(matrix, folder / "adapter_model.safetensors", {"format": "pt"})
    group.refused("alone", f"adapter_config.json: an adapter of 'base'.*{advice}", "peft's files alone")

    group.save("named", model, {"adapters": {"adapters": {"sst-2": "9076f36a74755ac4"}, "config_map": {}, "fusions": {}}})
    group.refused("named", f"'adapters' names an adapter.*{advice}", "the library adapters' keys")

    group.save("none", model, {"adapters": {"adapters": {}, "config_map": {}, "fusion_config_map": {}, "fusions": {}}})
    group.logits("none", "its keys, and no adapter", t.BertForSequenceClassification)

    group.save("inside", model)
    group.tensors("inside", lambda tensors: tensors | {"bert.encoder.layer.0.attention.self.query.lora_A.default.weight": torch.ones(2, 8)})
    group.refused("inside", f"lora_A.default.weight' is an adapter's.*{advice}", "an adapter's matrices among the model's")
    group.write()


heads()
families()
labels()
adapters()
for path in sorted((HERE / "cases").glob("*/*/.gitattributes")):
    path.unlink()
