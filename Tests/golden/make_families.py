"""Tiny random checkpoints of the families beyond BERT and DistilBERT, and what transformers computes for them:
Tests/golden/models/NAME/, as make_models.py makes them, with every head that each family has in transformers.

Made with torch 2.15.0, transformers 4.57.6, tokenizers 0.22.2, safetensors 0.8.0 (requirements.txt):
    pip install -r requirements.txt && python make_families.py [NAME ...]
"""

import inspect
import sys

import torch
import transformers

from golden import check_versions, fresh_folder, ragged, randomise, save_tensors
from make_models import LENGTHS, head_numbers, labels

SEED = 30240

COMMON = dict(
    vocab_size=60,
    hidden_size=24,
    num_hidden_layers=1,
    num_attention_heads=3,
    intermediate_size=40,
    max_position_embeddings=24,
)
ROBERTA = dict(type_vocab_size=1, layer_norm_eps=1e-5, max_position_embeddings=26)
ALBERT = dict(embedding_size=20, num_hidden_layers=3)
ELECTRA = dict(embedding_size=20)
MOBILE = dict(hidden_size=40, embedding_size=12, intra_bottleneck_size=24)
MPNET = dict(max_position_embeddings=26)
ODD = dict(hidden_size=27, intermediate_size=31)
CLASSES = labels("NEGATIVE", "POSITIVE")
TAGS = labels("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def heads(name, prefix, settings):
    """Every head that the classes of a family have."""
    return {
        f"{name}-sequence": (f"{prefix}ForSequenceClassification", settings | CLASSES),
        f"{name}-token": (f"{prefix}ForTokenClassification", settings | TAGS),
        f"{name}-answer": (f"{prefix}ForQuestionAnswering", settings),
        f"{name}-masked": (f"{prefix}ForMaskedLM", settings),
        f"{name}-choice": (f"{prefix}ForMultipleChoice", settings),
    }
DEBERTA = dict(
    type_vocab_size=0,
    relative_attention=True,
    pos_att_type=["p2c", "c2p"],
    position_biased_input=False,
    norm_rel_ebd="layer_norm",
    share_att_key=True,
    position_buckets=8,
    max_relative_positions=-1,
    layer_norm_eps=1e-7,
)


MODELS = {
    "roberta": ("RobertaModel", ROBERTA | ODD | dict(num_hidden_layers=3)),
    "roberta-no-pooler": ("RobertaModel", ROBERTA | dict(add_pooling_layer=False, hidden_size=40, num_attention_heads=5)),
    "roberta-padding-4": ("RobertaModel", ROBERTA | dict(pad_token_id=4, num_hidden_layers=9, hidden_size=18)),
    **heads("roberta", "Roberta", ROBERTA),
    "xlm-roberta": ("XLMRobertaModel", ROBERTA | dict(num_hidden_layers=2)),
    **heads("xlm-roberta", "XLMRoberta", ROBERTA),
    "camembert-sequence": ("CamembertForSequenceClassification", ROBERTA | labels("O", "I-LOC", "I-PER")),
    "camembert-masked": ("CamembertForMaskedLM", ROBERTA | dict(num_hidden_layers=2)),
    "albert": ("AlbertModel", ALBERT | ODD | dict(num_hidden_layers=9)),
    "albert-groups": ("AlbertModel", ALBERT | dict(num_hidden_groups=2, inner_group_num=2, num_hidden_layers=5)),
    "albert-square": ("AlbertModel", dict(embedding_size=24, num_hidden_layers=2, hidden_act="relu")),
    **heads("albert", "Albert", ALBERT),
    "albert-pretraining": ("AlbertForPreTraining", ALBERT),
    "electra": ("ElectraModel", ELECTRA | ODD | dict(num_hidden_layers=4)),
    "electra-square": ("ElectraModel", dict(embedding_size=24, num_hidden_layers=2)),
    **heads("electra", "Electra", ELECTRA),
    "electra-detection": ("ElectraForPreTraining", ELECTRA | dict(hidden_act="gelu_new")),
    "mpnet": ("MPNetModel", MPNET | dict(hidden_size=21, num_hidden_layers=3)),
    "mpnet-far": ("MPNetModel", dict(max_position_embeddings=182, hidden_size=10, num_attention_heads=5, intermediate_size=14)),
    **heads("mpnet", "MPNet", MPNET),
    "bert-choice": ("BertForMultipleChoice", {}),
    "distilbert-choice": ("DistilBertForMultipleChoice", dict(dim=24, n_layers=1, n_heads=3, hidden_dim=40)),
    "mobilebert": (
        "MobileBertModel",
        dict(hidden_size=45, embedding_size=13, intra_bottleneck_size=21, intermediate_size=31, num_hidden_layers=2),
    ),
    "mobilebert-layer-norm": (
        "MobileBertModel",
        MOBILE | dict(normalization_type="layer_norm", layer_norm_eps=0.1, num_feedforward_networks=1, hidden_act="gelu"),
    ),
    "mobilebert-bottleneck-attention": (
        "MobileBertModel",
        MOBILE | dict(use_bottleneck_attention=True, trigram_input=False, num_feedforward_networks=3),
    ),
    "mobilebert-plain": (
        "MobileBertModel",
        dict(embedding_size=24, use_bottleneck=False, trigram_input=False, num_feedforward_networks=2, num_hidden_layers=2),
    ),
    "mobilebert-first-token": (
        "MobileBertForSequenceClassification",
        MOBILE | CLASSES | dict(classifier_activation=False),
    ),
    **heads("mobilebert", "MobileBert", MOBILE),
    "mobilebert-pretraining": ("MobileBertForPreTraining", MOBILE),
    "mobilebert-neighbours": ("MobileBertForNextSentencePrediction", MOBILE),
    "deberta": ("DebertaV2Model", DEBERTA | ODD | dict(num_hidden_layers=3)),
    "deberta-own-projections": (
        "DebertaV2Model",
        DEBERTA | dict(share_att_key=False, norm_rel_ebd="none", hidden_size=40, num_attention_heads=5),
    ),
    "deberta-c2p": ("DebertaV2Model", DEBERTA | dict(pos_att_type="c2p", max_relative_positions=14, share_att_key=False)),
    "deberta-p2c": ("DebertaV2Model", DEBERTA | dict(pos_att_type=["p2c"], position_buckets=-1, max_relative_positions=6)),
    "deberta-plain": (
        "DebertaV2Model",
        dict(type_vocab_size=2, position_biased_input=True, layer_norm_eps=1e-7, embedding_size=20, num_hidden_layers=2),
    ),
    "deberta-far": (
        "DebertaV2Model",
        DEBERTA | dict(max_position_embeddings=182, position_buckets=32, hidden_size=10, num_attention_heads=5, intermediate_size=14),
    ),
    **heads("deberta", "DebertaV2", DEBERTA),
    "deberta-narrow-masked": ("DebertaV2ForMaskedLM", DEBERTA | dict(embedding_size=20, num_hidden_layers=2)),
    "deberta-new-masked": ("DebertaV2ForMaskedLM", DEBERTA | dict(legacy=False, tie_word_embeddings=False)),
    "deberta-tanh-pooler": ("DebertaV2ForSequenceClassification", DEBERTA | CLASSES | dict(pooler_hidden_act="tanh")),
}


@torch.no_grad()
def expect(model, ids, types):
    """Every sequence alone, without padding; the results back to back."""
    encoder = model.base_model
    parameters = inspect.signature(encoder.forward).parameters
    is_choice = "MultipleChoice" in type(model).__name__
    rows = []
    for sequence, type_ids in zip(ids, types):
        inputs = dict(input_ids=sequence.unsqueeze(0))
        if "token_type_ids" in parameters:
            inputs["token_type_ids"] = type_ids.unsqueeze(0)
        state = encoder(**inputs, output_hidden_states=True)
        row = {f"hidden.{layer}": hidden[0] for layer, hidden in enumerate(state.hidden_states)}
        # The state after the last layer is the one that the heads get: ModernBERT normalises it once more.
        row[f"hidden.{len(state.hidden_states) - 1}"] = state.last_hidden_state[0]
        # MobileBERT's pooler without a layer gives the first state, which is not a pooler to the engine.
        if getattr(state, "pooler_output", None) is not None and getattr(encoder.config, "classifier_activation", True):
            row["pooled"] = state.pooler_output
        if model is not encoder:
            if getattr(encoder.config, "classifier_pooling", None) == "mean":
                inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
            if is_choice:
                inputs = {name: value.unsqueeze(0) for name, value in inputs.items()}
            output = model(**inputs)
            if "sop_logits" in output:
                output = {"logits": output.prediction_logits}
            if type(model).__name__ == "ElectraForPreTraining":
                output = {"logits": output.logits.unsqueeze(-1)}
            row |= head_numbers(AttributeView(output))
        rows.append(row)
    return {name: torch.cat([row[name] for row in rows]) for name in rows[0]}


class AttributeView(dict):
    """A dictionary whose members are attributes too, as the outputs of transformers are."""

    __getattr__ = dict.__getitem__


def make(name, seed, models=MODELS):
    class_name, settings = models[name]
    model_class = getattr(transformers, class_name)
    settings = dict(settings) if "dim" in settings else COMMON | settings
    settings.setdefault("vocab_size", 60)
    constructor = {key: settings.pop(key) for key in ("add_pooling_layer",) if key in settings}
    config = model_class.config_class(**settings)
    # Without the statistics of a LayerNorm the state grows from layer to layer.
    gain = 0.5 if getattr(config, "normalization_type", None) == "no_norm" else 1.0
    model = randomise(model_class(config, **constructor), seed, gain=gain)
    folder = fresh_folder("models", name)
    model.save_pretrained(folder)
    reference = model_class.from_pretrained(
        folder, attn_implementation="eager", dtype=torch.float32, **constructor
    ).eval()

    padding = getattr(reference.base_model.embeddings, "padding_idx", None)
    longest = config.max_position_embeddings - (0 if padding is None else padding + 1)
    if config.model_type in ("bert", "distilbert", "albert", "electra", "mobilebert", "modernbert"):
        longest = config.max_position_embeddings
    lengths = LENGTHS + [longest] if longest < 100 else [1, 17, longest]
    ids, types = ragged(config.vocab_size, lengths, getattr(config, "type_vocab_size", 1) or 1, seed + 1)
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
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            make(name, SEED + 10 * index)
