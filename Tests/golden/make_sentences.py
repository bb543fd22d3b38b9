"""cases/sentences: folders of sentence-transformers and what it answers, one of each thing that such a folder may say.

Written with sentence-transformers 6.2.0 and transformers 5.24.0 (requirements-today.txt), on the CPU, in float32. Folders of older versions
are those of today with their files as the older ones wrote them, which the library still reads.
"""

import json
import shutil
from importlib.metadata import version
from pathlib import Path

import torch
from sentence_transformers import CrossEncoder, SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Dropout, LayerNorm, Pooling
from torch import nn
from transformers import BertConfig, BertForSequenceClassification, BertModel, BertTokenizer

HERE = Path(__file__).parent
GROUP = HERE / "cases" / "sentences"
PINNED = ["torch", "transformers", "sentence-transformers", "tokenizers", "safetensors"]

WORDS = (
    "[PAD] [UNK] [CLS] [SEP] [MASK] the a of and old light house keep keeper ##house ##er ##s ##keeper clock winter water glass costs "
    "query document passage find : , . ? ! e m ##m ##b word"
).split()
TEXTS = ["The old lighthouse keeper, and a clock.", "A glass of water costs?", "word", "", "the winter of the old keeper and the clock of the house"]
PAIRS = [["old keeper", "the keeper of the lighthouse"], ["a glass?", "water costs"], ["word", "the winter, the clock, the house and the light of a glass"]]
POOLINGS = ("cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken")


def main():
    for line in (HERE / "requirements-today.txt").read_text().splitlines():
        name, _, pinned = line.partition("==")
        if pinned and version(name).split("+")[0] != pinned:
            raise SystemExit(f"{name} is {version(name)}, these folders are made with {pinned}")
    torch.set_num_threads(1)
    shutil.rmtree(GROUP, ignore_errors=True)
    GROUP.mkdir(parents=True)
    calls = prompts() + poolings() + stages() + activations() + lengths() + truncated() + cross_encoders() + old_cross_encoders()
    lines = ",\n".join(json.dumps(rounded(call), ensure_ascii=False) for call in calls)
    versions = json.dumps({name: version(name).split("+")[0] for name in PINNED})
    (GROUP / "expected.json").write_text(f'{{"versions": {versions},\n"calls": [\n{lines}\n]}}\n', encoding="utf-8")


def rounded(value):
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list) else value


# ---- Models


def draw(module, seed):
    """Weights under which every number matters."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(module.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name.lower():
            parameter.data.copy_((1.0 if name.endswith("weight") else 0.0) + 0.25 * noise)
        else:
            parameter.data.copy_(noise * (0.25 if parameter.dim() == 1 else 1.5 / parameter.shape[1] ** 0.5))
    return module.eval()


def base(folder, seed, labels=None, tokenizer=None):
    """A BERT of one layer and its tokenizer, as transformers saves them; some of the words' pieces begin inside words."""
    path = GROUP / folder
    config = BertConfig(
        vocab_size=len(WORDS), hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=12,
        max_position_embeddings=24, num_labels=labels or 2,
    )  # fmt: skip
    draw(BertForSequenceClassification(config) if labels else BertModel(config), seed).save_pretrained(path)
    BertTokenizer(vocab={word: place for place, word in enumerate(WORDS)}, **(tokenizer or {"model_max_length": 24})).save_pretrained(path)
    return path


def embedder(folder, seed, *modules, prompts=None, default=None, truncate_dim=None, tokenizer=None, **pooling):
    """A folder of an embedding model; `modules` are added to its Transformer and pooling."""
    path = base(folder, seed, tokenizer=tokenizer)
    stages = [Transformer(str(path)), Pooling(8, **pooling), *modules]
    for place, module in enumerate(modules):
        draw(module, seed + place + 1)
    model = SentenceTransformer(modules=stages, prompts=prompts, default_prompt_name=default, truncate_dim=truncate_dim, device="cpu")
    model.save_pretrained(str(path), create_model_card=False)
    return path


def change(path, file, **members):
    """Sets members of a JSON file; None takes one away."""
    value = json.loads((path / file).read_text()) if (path / file).exists() else {}
    value |= members
    (path / file).write_text(json.dumps({key: member for key, member in value.items() if member is not None}, indent=1))


def as_old(path):
    """The files of versions before 5.4: other names of classes, flags for poolings, weights of modules as pickles."""
    modules = json.loads((path / "modules.json").read_text())
    for module in modules:
        module["type"] = "sentence_transformers.models." + module["type"].rpartition(".")[2]
        folder = path / module["path"]
        weights = folder / "model.safetensors"
        if module["path"] and weights.exists():
            from safetensors.torch import load_file

            torch.save(load_file(weights), folder / "pytorch_model.bin")
            weights.unlink()
    (path / "modules.json").write_text(json.dumps(modules, indent=2))
    config = json.loads((path / "1_Pooling" / "config.json").read_text())
    named = config["pooling_mode"]
    flags = {
        f"pooling_mode_{'lasttoken' if name == 'lasttoken' else name + ('_token' if name == 'cls' else '' if name.endswith('tokens') else '_tokens')}": name == named
        for name in POOLINGS
    }  # fmt: skip
    (path / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 8, **flags}))


# ---- What they answer


def call(path, method, args, expect, note="", **kwargs):
    return {"folder": path.name, "method": method, "args": args, "kwargs": kwargs, "expect": expect, "note": note}


def refused(path, method, args, words, note="", **kwargs):
    return {"folder": path.name, "method": method, "args": args, "kwargs": kwargs, "refused": words, "note": note}


def embeds(path, note="", texts=TEXTS, **kwargs):
    """`embed` with our options; the library's `encode` has the same names for prompts."""
    model = SentenceTransformer(str(path), device="cpu")
    names = {"dimensions": "truncate_dim", "normalize": "normalize_embeddings"}
    vectors = model.encode(texts, **{names.get(key, key): value for key, value in kwargs.items()})
    return call(path, "embed", [texts], vectors.tolist(), note, **kwargs)


def reranks(path, note="", **kwargs):
    model = CrossEncoder(str(path), device="cpu")
    documents = [second for _, second in PAIRS]
    scores = model.predict([(PAIRS[0][0], document) for document in documents], **kwargs)
    return call(path, "rerank", [PAIRS[0][0], documents], scores.tolist(), note, **kwargs)


def classifies(path, note="", **kwargs):
    model = CrossEncoder(str(path), device="cpu")
    scores = model.predict(PAIRS, **kwargs)
    rows = scores.reshape(len(PAIRS), -1).tolist()
    return call(path, "classify", [list(first) for first in zip(*PAIRS)], {"scores": rows}, note, **kwargs)


def prompts():
    told = {"query": "find the old light", "passage": "passage: ", "empty": ""}
    kept = embedder("prompts", 1, prompts=told, default="query")
    left_out = embedder("prompts-left-out", 2, prompts=told, default="passage", include_prompt=False)
    calls = []
    for path in (kept, left_out):
        calls += [
            embeds(path, "the default"), embeds(path, "by name", prompt_name="passage"), embeds(path, "without text", prompt_name="empty"),
            embeds(path, "of every model", prompt_name="document"), embeds(path, "none", prompt=""),
            embeds(path, "a word that goes on in the text", ["house keeper", "keeper", "s", ""], prompt="the light"),
            embeds(path, "longer than the model takes", prompt="the old clock of the winter and the light of the house of the keeper of the clock and a glass"),
            embeds(path, "an unknown word at its end", prompt="find ☃"),
            refused(path, "embed", [["word"]], "'query'.*'empty'.*'passage'", prompt_name="question"),
            refused(path, "embed", [["word"]], "at most", prompt="a", prompt_name="query"),
        ]  # fmt: skip
    left = embedder(
        "prompts-from-the-left", 3, prompts=told, default="query", include_prompt=False, tokenizer={"model_max_length": 9, "truncation_side": "left"}
    )  # fmt: skip
    return calls + [embeds(left, "the prompt's number of tokens, though others are the first"), embeds(left, prompt=""), embeds(left, prompt="the light")]


def poolings():
    path = embedder("poolings", 3, prompts={"query": "query: "}, default="query", pooling_mode=list(POOLINGS), include_prompt=False)
    old = embedder("pooling-old", 4, Normalize(), pooling_mode="weightedmean")
    as_old(old)
    return [
        embeds(path), embeds(path, prompt=""), embeds(path, prompt="the old clock of the winter and the light of the house of the keeper, a glass"[:60]),
        embeds(path, dimensions=20), refused(path, "embed", [["word"]], "(?i)no such output|side by side", pooling="mean"), embeds(old),
    ]  # fmt: skip


def stages():
    modules = [
        Dropout(0.1), Dense(8, 12, activation_function=nn.Tanh()), LayerNorm(12), Dense(12, 12, bias=False, activation_function=nn.Identity(), use_residual=True),
        Normalize(), Normalize(),
    ]  # fmt: skip
    path = embedder("stages", 5, *modules, truncate_dim=7)
    old = embedder("dense-old", 6, Dense(8, 10), Normalize(), pooling_mode="max")
    as_old(old)
    return [embeds(path), embeds(path, normalize=True), embeds(old), embeds(old, "before the length", normalize=True)]


def activations():
    modules = [
        Dense(16, 12, activation_function=nn.GELU()), Dense(12, 12, activation_function=nn.SiLU()), Dense(12, 9, activation_function=nn.Sigmoid(), use_residual=True),
        Normalize(), Dense(9, 11, activation_function=nn.ReLU()),
    ]  # fmt: skip
    return [embeds(embedder("activations", 7, *modules, pooling_mode=("mean", "lasttoken")))]


def lengths():
    """The length replaces the tokenizer's, upwards too; the first file of several that is not empty counts."""
    path = embedder("lengths", 8, tokenizer={"model_max_length": 6})
    (path / "sentence_bert_config.json").write_text("{}")
    change(path, "sentence_xlm-roberta_config.json", max_seq_length=9)
    change(path, "sentence_xlnet_config.json", max_seq_length=4)
    return [embeds(path)]


def truncated():
    path = embedder("truncated", 9, Normalize(), truncate_dim=5)
    change(path, "config_sentence_transformers.json", similarity_fn_name="dot")
    return [embeds(path, "not normalised again"), embeds(path, normalize=True)]


def cross_encoders():
    path = base("cross-encoder", 10, labels=1)
    CrossEncoder(str(path), prompts={"query": "find the light"}, default_prompt_name="query", device="cpu").save_pretrained(str(path), create_model_card=False)
    several = base("cross-encoder-labels", 11, labels=3)
    model = CrossEncoder(str(several), device="cpu", max_length=8)
    model.activation_fn = nn.Softmax()
    model.save_pretrained(str(several), create_model_card=False)
    change(several, "sentence_bert_config.json", max_seq_length=8)
    return [
        reranks(path), reranks(path, prompt=""), reranks(path, prompt="old"), classifies(path), reranks(path, prompt_name="query"), classifies(several),
        refused(path, "rerank", ["a", ["b"]], "'query'", prompt_name="document"),
    ]  # fmt: skip


def old_cross_encoders():
    """Folders as transformers writes them, with a word of versions 4 and 5, or 3, in config.json."""
    plain = base("cross-encoder-4", 12, labels=1)
    change(plain, "config.json", sentence_transformers={"activation_fn": "torch.nn.modules.linear.Identity", "version": "5.1.2"})
    calls = [reranks(plain), classifies(plain)]
    older = base("cross-encoder-3", 13, labels=2)
    change(older, "config.json", sbert_ce_default_activation_function="torch.nn.modules.activation.Sigmoid")
    silent = base("cross-encoder-silent", 14, labels=1)
    change(silent, "config.json", sentence_transformers={"version": "4.1.0"})
    return calls + [classifies(older), reranks(silent)]


main()
