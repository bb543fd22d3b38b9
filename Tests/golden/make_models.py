"""Tiny random checkpoints and what transformers computes for them: Tests/golden/models/NAME/.

Made with torch 2.15.0, transformers 4.57.6, tokenizers 0.22.2, safetensors 0.8.0 (requirements.txt):
    pip install -r requirements.txt && python make_models.py
"""

import json

import torch
from safetensors.torch import load_file
from torch import nn
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForNextSentencePrediction,
    BertForPreTraining,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    BertPreTrainedModel,
    DistilBertConfig,
    DistilBertForMaskedLM,
    DistilBertForQuestionAnswering,
    DistilBertForSequenceClassification,
    DistilBertForTokenClassification,
    DistilBertModel,
)
from transformers.modeling_outputs import SequenceClassifierOutput

from golden import check_versions, fresh_folder, ragged, randomise, save_tensors, write_json

LENGTHS = [1, 2, 3, 7, 16, 17]  # and the longest the model takes
SEED = 20240


class TinyBertForSequenceClassification(BertPreTrainedModel):
    """As in Huawei's TinyBERT: a ReLU before the classifier, and `fit_dense`, which only distillation used."""

    def __init__(self, config):
        super().__init__(config)
        self.bert = BertModel(config)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.fit_dense = nn.Linear(config.hidden_size, 16)
        self.post_init()

    def forward(self, **inputs):
        output = self.bert(**inputs)
        return SequenceClassifierOutput(
            logits=self.classifier(torch.relu(output.pooler_output)), hidden_states=output.hidden_states
        )


# ---- The models: name -> class, and what differs from the configuration below -------------------------------------

BERT = dict(
    vocab_size=80,
    hidden_size=24,
    num_hidden_layers=1,
    num_attention_heads=3,
    intermediate_size=40,
    max_position_embeddings=24,
)
DISTILBERT = dict(vocab_size=80, dim=24, n_layers=1, n_heads=3, hidden_dim=40, max_position_embeddings=24)
TWO_LAYERS = dict(num_hidden_layers=2)

ACTIVATIONS = ["gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "quick_gelu", "relu", "silu", "tanh"]


def shape(hidden, heads, intermediate, layers=1, **others):
    return dict(
        hidden_size=hidden,
        num_attention_heads=heads,
        intermediate_size=intermediate,
        num_hidden_layers=layers,
        **others,
    )


def labels(*names):
    return dict(id2label=dict(enumerate(names)), label2id={name: index for index, name in enumerate(names)})


MODELS = {
    # Families and shapes.
    "bert-pooler": (BertModel, TWO_LAYERS),
    "bert-no-pooler": (BertModel, dict(add_pooling_layer=False, **TWO_LAYERS)),
    "bert-eps-1e-5": (BertModel, dict(layer_norm_eps=1e-5)),
    "bert-eps-1e-12": (BertModel, dict(layer_norm_eps=1e-12)),
    "bert-heads-1": (BertModel, shape(32, 1, 33)),
    "bert-heads-5": (BertModel, shape(40, 5, 48)),
    "bert-head-size-26": (BertModel, shape(78, 3, 90, add_pooling_layer=False, vocab_size=60)),
    "bert-tail-56": (BertModel, shape(56, 4, 75, add_pooling_layer=False, vocab_size=60)),
    "bert-odd-27": (BertModel, shape(27, 3, 31, layers=3, vocab_size=101, max_position_embeddings=19)),
    "bert-thin-deep": (BertModel, shape(24, 2, 30, layers=5)),
    "bert-wide-shallow": (BertModel, shape(80, 5, 64, add_pooling_layer=False, vocab_size=60)),
    "bert-long": (BertModel, dict(max_position_embeddings=64)),
    "bert-types-3": (BertModel, dict(type_vocab_size=3)),
    **{f"bert-activation-{name}": (BertModel, shape(24, 2, 40, hidden_act=name)) for name in ACTIVATIONS},
    # Heads.
    "bert-sequence-1": (BertForSequenceClassification, dict(num_labels=1)),
    "bert-sequence-2": (BertForSequenceClassification, labels("NEGATIVE", "POSITIVE") | TWO_LAYERS),
    "bert-sequence-3": (BertForSequenceClassification, labels("entailment", "neutral", "contradiction")),
    "bert-multi-label": (
        BertForSequenceClassification,
        dict(num_labels=4, problem_type="multi_label_classification"),
    ),
    "bert-token": (BertForTokenClassification, labels("O", "B-PER", "I-PER", "B-LOC", "I-LOC") | TWO_LAYERS),
    "bert-answer": (BertForQuestionAnswering, {}),
    "bert-masked": (BertForMaskedLM, TWO_LAYERS),
    "bert-masked-untied": (BertForMaskedLM, dict(tie_word_embeddings=False)),
    "bert-next-sentence": (BertForNextSentencePrediction, {}),
    "bert-pretraining": (BertForPreTraining, TWO_LAYERS),
    "distilbert": (DistilBertModel, dict(n_layers=2)),
    "distilbert-sequence": (DistilBertForSequenceClassification, labels("NEGATIVE", "POSITIVE")),
    "distilbert-token": (DistilBertForTokenClassification, dict(num_labels=5, activation="relu", n_layers=2)),
    "distilbert-answer": (DistilBertForQuestionAnswering, {}),
    "distilbert-masked": (DistilBertForMaskedLM, dict(n_layers=2)),
    "tinybert-sequence": (TinyBertForSequenceClassification, shape(52, 2, 70, layers=2, num_labels=3, vocab_size=60)),
    # Files as others write them: see SPELLINGS below.
    "minilm": (BertModel, shape(32, 4, 64, layers=3)),
    "bert-prefixed": (BertModel, {}),
    "bert-wwm": (BertForPreTraining, TWO_LAYERS),
    "bert-data-parallel": (BertForSequenceClassification, dict(num_labels=2, **TWO_LAYERS)),
    "bert-masked-decoder-kept": (BertForMaskedLM, {}),
    "distilbert-masked-decoder-kept": (DistilBertForMaskedLM, {}),
    "bert-f16": (BertForSequenceClassification, dict(num_labels=2)),
    "bert-bf16": (BertForSequenceClassification, dict(num_labels=2)),
    "distilbert-f16": (DistilBertForSequenceClassification, dict(num_labels=2)),
    "bert-misaligned": (BertModel, {}),
    "bert-misaligned-f16": (BertModel, {}),
}


# ---- Spellings: what a folder becomes after save_pretrained --------------------------------------------------------


def gamma_beta(name):
    return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")


def minilm(config, tensors):
    """As all-MiniLM-L6-v2: the configuration of transformers 4.8, and buffers."""
    for key in ("dtype", "classifier_dropout"):
        config.pop(key, None)
    config |= dict(gradient_checkpointing=False, transformers_version="4.8.2", _name_or_path="minilm")
    positions = config["max_position_embeddings"]
    tensors["embeddings.position_ids"] = torch.arange(positions).unsqueeze(0)
    tensors["embeddings.token_type_ids"] = torch.zeros(1, positions, dtype=torch.int64)
    return config, tensors


def prefixed(config, tensors):
    """An encoder cut out of a model with a head, under a configuration that names no architecture."""
    del config["architectures"]
    return config, {f"bert.{name}": tensor for name, tensor in tensors.items()}


def wwm(config, tensors):
    """As chinese-bert-wwm: names from TensorFlow, a pooler and a next-sentence head beside the masked-token head."""
    config["architectures"] = ["BertForMaskedLM"]
    config |= dict(
        directionality="bidi", pooler_fc_size=768, pooler_num_fc_layers=3, pooler_type="first_token_transform"
    )
    return config, {gamma_beta(name): tensor for name, tensor in tensors.items()}


def data_parallel(config, tensors):
    """As written by the code of BERT-PKD under DataParallel."""
    return config, {f"module.{gamma_beta(name)}": tensor for name, tensor in tensors.items()}


def tinybert(config, tensors):
    """The configuration TinyBERT ships: no model_type, no layer_norm_eps, no labels."""
    for key in ("dtype", "model_type", "layer_norm_eps", "id2label", "label2id", "transformers_version"):
        config.pop(key, None)
    config |= dict(cell={}, emb_size=config["hidden_size"], pre_trained="", structure=[], training="")
    return config, tensors


def bert_decoder_kept(config, tensors):
    words = tensors["bert.embeddings.word_embeddings.weight"]
    bias = tensors["cls.predictions.bias"]
    return config, tensors | {"cls.predictions.decoder.weight": words, "cls.predictions.decoder.bias": bias}


def distilbert_decoder_kept(config, tensors):
    return config, tensors | {"vocab_projector.weight": tensors["distilbert.embeddings.word_embeddings.weight"]}


def in_type(dtype):
    def spelling(config, tensors):
        config["dtype"] = str(dtype).removeprefix("torch.")
        return config, {name: tensor.to(dtype) for name, tensor in tensors.items()}

    return spelling


SPELLINGS = {
    "minilm": minilm,
    "bert-prefixed": prefixed,
    "bert-wwm": wwm,
    "bert-data-parallel": data_parallel,
    "tinybert-sequence": tinybert,
    "bert-masked-decoder-kept": bert_decoder_kept,
    "distilbert-masked-decoder-kept": distilbert_decoder_kept,
    "bert-f16": in_type(torch.float16),
    "bert-bf16": in_type(torch.bfloat16),
    "distilbert-f16": in_type(torch.float16),
    "bert-misaligned-f16": in_type(torch.float16),
}


def misalign(path):
    """Pads the header to an odd length with spaces, which the format allows, so that no tensor is aligned."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = data[8 : 8 + length].rstrip()
    header += b" " * (1 - len(header) % 2)
    path.write_bytes(len(header).to_bytes(8, "little") + header + data[8 + length :])


# ---- Making them ---------------------------------------------------------------------------------------------------


def save_model(name, model, folder):
    model.save_pretrained(folder)
    if name in SPELLINGS:
        config_path, tensors_path = folder / "config.json", folder / "model.safetensors"
        config, tensors = SPELLINGS[name](json.loads(config_path.read_text()), load_file(tensors_path))
        write_json(config_path, config)
        save_tensors(tensors_path, tensors)
    if "misaligned" in name:
        misalign(folder / "model.safetensors")


def head_numbers(output):
    """What the head says for one sequence: (1, labels) or (tokens, ...), by name in expected.safetensors."""
    if "start_logits" in output:
        return {"logits": torch.stack([output.start_logits[0], output.end_logits[0]], dim=-1)}
    if "prediction_logits" in output:
        return {"logits": output.prediction_logits[0], "next_sentence": output.seq_relationship_logits}
    if "logits" in output:
        logits = output.logits
        return {"logits": logits[0] if logits.dim() == 3 else logits}
    return {}


@torch.no_grad()
def expect(model, ids, types):
    """Every sequence alone, without padding; the results back to back."""
    encoder = model.base_model
    rows = []
    for sequence, type_ids in zip(ids, types):
        inputs = dict(input_ids=sequence.unsqueeze(0), output_hidden_states=True)
        if encoder.config.model_type == "bert":
            inputs["token_type_ids"] = type_ids.unsqueeze(0)
        output = model(**inputs)
        row = {f"hidden.{layer}": state[0] for layer, state in enumerate(output.hidden_states)}
        if getattr(encoder, "pooler", None) is not None:
            row["pooled"] = encoder.pooler(output.hidden_states[-1])
        rows.append(row | head_numbers(output))
    return {name: torch.cat([row[name] for row in rows]) for name in rows[0]}


def make(name, seed):
    model_class, settings = MODELS[name]
    distil = model_class.__name__.startswith("Distil")
    settings = (DISTILBERT if distil else BERT) | settings
    constructor = {key: settings.pop(key) for key in ("add_pooling_layer",) if key in settings}
    config = (DistilBertConfig if distil else BertConfig)(**settings)
    model = model_class(config, **constructor)
    # So small that the epsilon of the first LayerNorm shows.
    randomise(model, seed, embedding_scale=0.01 if "eps" in name else 1.0)

    folder = fresh_folder("models", name)
    save_model(name, model, folder)
    # The reference is what transformers makes of the folder, in float32, wherever it can read it.
    reference = model
    if name != "bert-data-parallel":
        constructor["num_labels"] = config.num_labels
        reference = model_class.from_pretrained(
            folder, attn_implementation="eager", dtype=torch.float32, **constructor
        ).eval()
    else:
        reference.set_attn_implementation("eager")

    lengths = LENGTHS + [config.max_position_embeddings]
    ids, types = ragged(config.vocab_size, lengths, 1 if distil else config.type_vocab_size, seed + 1)
    expected = expect(reference, ids, types)
    expected["ids"], expected["types"] = torch.cat(ids).int(), torch.cat(types).int()
    expected["lengths"] = torch.tensor(lengths, dtype=torch.int32)
    save_tensors(folder / "expected.safetensors", expected)

    scale = max(state.std().item() for key, state in expected.items() if key.startswith("hidden"))
    spread = f", logits vary by {expected['logits'].std(dim=0).mean():.2f}" if "logits" in expected else ""
    print(f"{name}: {sum(file.stat().st_size for file in folder.iterdir()) / 1000:.0f} kB, hidden {scale:.2f}{spread}")


if __name__ == "__main__":
    check_versions()
    for index, name in enumerate(MODELS):
        make(name, SEED + 10 * index)
