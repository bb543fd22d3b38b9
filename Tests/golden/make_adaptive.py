"""Models with exits, and what the rules of their systems make of them: adaptive/NAME.

`fastbert-package` is saved and answered by the package fastbert itself, the others are encoders of transformers with exits after their
layers as the authors' code has them:

- DeeBERT (castorini/DeeBERT at 563eac1, transformers/modeling_highway_roberta.py)
- PABEE (huggingface/transformers-research-projects, bert-loses-patience/pabee)
- ElasticBERT (fastnlp/ElasticBERT, finetune-dynamic/models)
"""

import json
import math
import sys
from importlib.metadata import version

import torch
from golden import HERE, check_versions, fresh_folder, ragged, randomise, rounded, save_tensors
from safetensors.torch import load_file
from transformers import AlbertConfig, AlbertModel, BertConfig, BertModel, RobertaConfig, RobertaModel

check_versions()
SIZES = dict(
    vocab_size=80, hidden_size=24, num_hidden_layers=4, num_attention_heads=3, intermediate_size=40, max_position_embeddings=30,
    hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
)  # fmt: skip
LENGTHS = [1, 2, 3, 5, 7, 11, 16, 17, 24, 26]


def entropy(logits):
    p = torch.softmax(logits.double(), -1)
    return float(-(p * p.log()).sum())


def leave_by_entropy(branches, threshold):
    """The index of the exit: the first strictly below the threshold, or the last."""
    for index, logits in enumerate(branches[:-1]):
        if entropy(logits) < threshold:
            return index
    return len(branches) - 1


def leave_by_patience(branches, patience, tolerance=None):
    agreeing, before = 0, None
    for index, logits in enumerate(branches):
        now = float(logits[0]) if tolerance is not None else int(logits.argmax())
        if before is not None:
            same = abs(now - before) < tolerance if tolerance is not None else now == before
            agreeing = agreeing + 1 if same else 0
        before = now
        if agreeing == patience:
            return index
    return len(branches) - 1


def write_exits(name, kind, config, prefix, exits, labels=3, architectures=None, tolerance=None, **more):
    """`exits` are the layers before each exit; the last is the model's own head. `more` is written into config.json."""
    folder = fresh_folder("adaptive", name)
    configuration = config(**SIZES, **({} if "types" not in more else {"type_vocab_size": more.pop("types")}))
    encoder = randomise(kind(configuration), seed=len(name))
    generator = torch.Generator().manual_seed(7)
    hidden = SIZES["hidden_size"]

    def linear(outputs, gain):
        weight = gain / math.sqrt(hidden) * torch.randn(outputs, hidden, generator=generator)
        return {"weight": weight, "bias": 0.25 * torch.randn(outputs, generator=generator)}

    tensors = {prefix + key: value for key, value in encoder.state_dict().items() if not key.endswith("position_ids")}
    heads = []
    pooler_name = "pooler." if prefix == "albert." else "pooler.dense."
    for index, layers in enumerate(exits):
        classifier = linear(labels, 3.0)
        if kind_of(name) == "deebert":
            own = index == len(exits) - 1
            base = f"{prefix}encoder.highway.{index}."
            pooler = {k: tensors[f"{prefix}pooler.dense.{k}"] for k in ("weight", "bias")} if own else linear(hidden, 1.0)
            if not own:
                tensors |= {f"{base}pooler.dense.{k}": v for k, v in pooler.items()}
            tensors |= {("classifier." if own else base + "classifier.") + k: v for k, v in classifier.items()}
        elif kind_of(name) == "pabee":
            pooler = {k: tensors[prefix + pooler_name + k] for k in ("weight", "bias")}
            tensors |= {f"classifiers.{index}.{k}": v for k, v in classifier.items()}
        else:
            pooler = linear(hidden, 1.0)
            tensors |= {f"{prefix}encoder.pooler.{layers - 1}.dense.{k}": v for k, v in pooler.items()}
            tensors |= {f"classifiers.{index}.{k}": v for k, v in classifier.items()}
        heads.append((layers, pooler, classifier))
    save_tensors(folder / "model.safetensors", tensors)
    written = json.loads(configuration.to_json_string(use_diff=False)) | {"architectures": architectures, "num_labels": labels} | more
    written.pop("transformers_version", None)
    if labels != 2:
        names = {index: f"LABEL_{index}" for index in range(labels)}
        written |= {"id2label": names, "label2id": {name: index for index, name in names.items()}}
    (folder / "config.json").write_text(json.dumps(written, indent=1, sort_keys=True) + "\n")

    ids, types = ragged(SIZES["vocab_size"], LENGTHS, configuration.type_vocab_size, seed=3)
    if prefix == "roberta.":
        ids = [torch.where(row == configuration.pad_token_id, 5, row) for row in ids]
    branches = []
    for row, kinds in zip(ids, types):
        with torch.no_grad():
            states = encoder(row[None], token_type_ids=kinds[None], output_hidden_states=True).hidden_states
        branches.append(
            torch.stack([
                torch.tanh(states[layers][0, 0] @ pooler["weight"].T + pooler["bias"]) @ classifier["weight"].T + classifier["bias"]
                for layers, pooler, classifier in heads
            ])
        )
    expected = {
        "lengths": torch.tensor(LENGTHS, dtype=torch.int32), "ids": torch.cat(ids).int(), "types": torch.cat(types).int(),
        "branches": torch.stack(branches),
    }  # fmt: skip

    def add(key, choose):
        chosen = [choose(rows) for rows in branches]
        expected[f"logits.{key}"] = torch.stack([rows[index] for rows, index in zip(branches, chosen)])
        expected[f"layers.{key}"] = torch.tensor([exits[index] for index in chosen], dtype=torch.int32)

    if labels > 1:
        for threshold in (0.05, 0.2, 0.4, 0.6, 0.9):
            add(f"entropy{threshold}", lambda rows: leave_by_entropy(rows, threshold))
    for patience in (1, 2, 3):
        add(f"patience{patience}", lambda rows: leave_by_patience(rows, patience, tolerance))
    save_tensors(folder / "expected.safetensors", expected)


def kind_of(name):
    return name.partition("-")[0]


VOCABULARY = (
    ["[PAD]"] + [f"[unused{i}]" for i in range(1, 100)] + ["[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    + list("abcdefghijklmnopqrstuvwxyz0123456789.,!?") + [f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz0123456789"]
    + "the of and library for text package tool fast small ##ing ##er 机 器 学 习 快 小 文 本".split()
)  # fmt: skip
TEXTS = [
    "A fast library for texts.", "the tool", "Packages and tools, for parsing!", "机器学习 and text", "小文本", "?", "a",
    "Naïve café number 42", "the of and the of and the of and", "zzz ☃ unknown", "small fast fasters of the library",
    "a " * 60,
]  # fmt: skip


def write_fastbert_package():
    """As the package fastbert saves a model (its strict rule), and as it answers."""
    try:
        from fastbert import FastBERT
        from fastbert import fastbert as module
    except ImportError as error:
        raise SystemExit("pip install --no-deps fastbert==0.2.2") from error
    if version("fastbert") != "0.2.2":
        raise SystemExit(f"fastbert is {version('fastbert')}, the golden is made with 0.2.2")
    folder = fresh_folder("adaptive", "fastbert-package")
    config = {
        "emb_size": 24, "feedforward_size": 40, "hidden_size": 24, "heads_num": 3, "layers_num": 3, "dropout": 0.1,
        "embedding": "bert", "encoder": "bert", "pooling": "first",
    }  # fmt: skip
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n")
    own = folder / "own.json"
    own.write_text(json.dumps(config | {"vocab_path": str(folder / "vocab.txt")}))
    module.MODEL_CONFIG_FILE["own"] = str(own)
    model = FastBERT("own", labels=["yes", "no", "perhaps"], is_load=False, seq_length=64)
    own.unlink()
    generator = torch.Generator().manual_seed(11)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        if name.endswith("gamma"):
            noise = 1 + 0.25 * noise
        elif parameter.dim() == 1:
            noise = 0.25 * noise
        elif "embedding" not in name:
            noise = (3.0 if "output_layer_2" in name else 1.2) / math.sqrt(parameter.shape[1]) * noise
        parameter.data.copy_(noise)
    # The heads of pre-training stay in the files of the package, and are not used.
    state = {name: value for name, value in model.state_dict().items() if ".target." not in name}
    torch.save(state, folder / "pytorch_model.bin")
    names = {str(index): name for index, name in enumerate(["yes", "no", "perhaps"])}
    (folder / "config.json").write_text(json.dumps(config | {"id2label": names}, indent=1) + "\n")

    logits = []
    for classifier in model.classifiers:
        classifier.register_forward_hook(lambda _, __, output: logits.append(output[0].tolist()))
    cases = []
    for text in TEXTS:
        ids, mask = model._convert_to_id_and_mask(text)
        logits.clear()
        model(text, speed=0.0)
        case = {"text": text, "ids": ids[: sum(mask)], "branches": [list(row) for row in logits], "speeds": {}}
        for speed in (0.0, 0.3, 0.5, 0.7, 0.9, 1.0):
            label, layers = model(text, speed=speed)
            case["speeds"][str(speed)] = [label, layers]
        cases.append(case)
    lines = ",\n".join(json.dumps(rounded(case), ensure_ascii=False) for case in cases)
    (folder / "expected.json").write_text(f"[\n{lines}\n]\n")


write_exits(
    "deebert-roberta", RobertaModel, RobertaConfig, "roberta.", [1, 2, 3, 4, 4], architectures=["DeeRobertaForSequenceClassification"],
    types=1,
)  # fmt: skip
write_exits(
    "pabee-bert", BertModel, BertConfig, "bert.", [1, 2, 3, 4], architectures=["BertForSequenceClassificationWithPabee"]
)
write_exits(
    "pabee-albert", AlbertModel, AlbertConfig, "albert.", [1, 2, 3, 4],
    architectures=["AlbertForSequenceClassificationWithPabee"], embedding_size=128,
)  # fmt: skip
write_exits(
    "pabee-regression", BertModel, BertConfig, "bert.", [1, 2, 3, 4], labels=1, tolerance=0.9, problem_type="regression",
    architectures=["BertForSequenceClassificationWithPabee"],
)  # fmt: skip
write_exits(
    "elasticbert", BertModel, BertConfig, "elasticbert.", [2, 3, 4], architectures=["ElasticBertForSequenceClassification"],
    model_type="elasticbert", max_output_layers=4, num_output_layers=3,
)  # fmt: skip
write_fastbert_package()
