"""Where the golden models are, larger ones with drawn weights, and a way to be interrupted. The tests need the repository."""

import gc
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
MODELS = REPOSITORY / "Tests" / "golden" / "models"
ANSWERS = REPOSITORY / "Tests" / "golden" / "answers"


def cases(*names: str) -> list:
    """Every case of some golden folders, as pytest parameters."""
    told = {name: json.loads((ANSWERS / name / "answers.json").read_text(encoding="utf-8")) for name in names}
    return [
        pytest.param(name, case, id=f"{name}-{number}")
        for name in names
        for number, case in enumerate(told[name]["cases"])
    ]


@pytest.fixture(scope="session")
def opened():
    """Opens golden models, each once."""
    import limbeck

    models: dict[str, limbeck.Model] = {}

    def opens(name: str) -> "limbeck.Model":
        if name not in models:
            models[name] = limbeck.Model(ANSWERS / name)
        return models[name]

    return opens


WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "man", "is", "in", "london", "and", "eat", "##s", "food", "?", "who"]
HEADS = {
    None: "BertModel",
    "classify": "BertForSequenceClassification",
    "tag": "BertForTokenClassification",
    "answer": "BertForQuestionAnswering",
    "fill": "BertForMaskedLM",
}


def write_bert(path: Path, head: "str | None" = None, *, hidden=256, layers=6, positions=512, labels=1, rows=len(WORDS)) -> Path:
    """A BERT with drawn weights, as large as a test of time needs it."""
    draw, tensors, inner = np.random.default_rng(0), {}, 4 * hidden
    start = "bert." if head else ""

    def linear(name, outputs, inputs):
        tensors[f"{name}.weight"] = draw.normal(0, inputs**-0.5, (outputs, inputs))
        tensors[f"{name}.bias"] = draw.normal(0, 0.1, outputs)

    def norm(name):
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = np.ones(hidden), np.zeros(hidden)

    for name, count in (("word", rows), ("position", positions), ("token_type", 2)):
        tensors[f"{start}embeddings.{name}_embeddings.weight"] = draw.normal(0, 0.5, (count, hidden))
    norm(f"{start}embeddings.LayerNorm")
    for number in range(layers):
        layer = f"{start}encoder.layer.{number}."
        for part in ("query", "key", "value"):
            linear(f"{layer}attention.self.{part}", hidden, hidden)
        linear(f"{layer}attention.output.dense", hidden, hidden)
        norm(f"{layer}attention.output.LayerNorm")
        linear(f"{layer}intermediate.dense", inner, hidden)
        linear(f"{layer}output.dense", hidden, inner)
        norm(f"{layer}output.LayerNorm")
    if head in (None, "classify"):
        linear(f"{start}pooler.dense", hidden, hidden)
    if head in ("classify", "tag"):
        linear("classifier", labels, hidden)
    if head == "answer":
        linear("qa_outputs", 2, hidden)
    if head == "fill":
        linear("cls.predictions.transform.dense", hidden, hidden)
        norm("cls.predictions.transform.LayerNorm")
        tensors["cls.predictions.bias"] = np.zeros(rows)
    header, data, place = {}, [], 0
    for name, array in tensors.items():
        data.append(array.astype(np.float32).tobytes())
        header[name] = {"dtype": "F32", "shape": list(array.shape), "data_offsets": [place, place + len(data[-1])]}
        place += len(data[-1])
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.mkdir(parents=True, exist_ok=True)
    (path / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + b"".join(data))
    facts = {
        "model_type": "bert", "architectures": [HEADS[head]], "vocab_size": rows, "hidden_size": hidden,
        "num_hidden_layers": layers, "num_attention_heads": hidden // 64 or 1, "intermediate_size": inner,
        "max_position_embeddings": positions, "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12,
    }  # fmt: skip
    if head in ("classify", "tag"):
        facts["id2label"] = {str(n): f"LABEL_{n}" for n in range(labels)}
    (path / "config.json").write_text(json.dumps(facts))
    (path / "vocab.txt").write_text("".join(word + "\n" for word in WORDS))
    (path / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    return path


@pytest.fixture(scope="session")
def large(tmp_path_factory):
    """Folders of models that take their time, one for each head."""
    made = {}

    def folder(head=None, **sizes) -> Path:
        key = (head, *sizes.items())
        if key not in made:
            made[key] = write_bert(tmp_path_factory.mktemp("large") / (head or "embed"), head, **sizes)
        return made[key]

    return folder


class Stop(BaseException):
    """What the handler of `interrupted` raises; as KeyboardInterrupt, it is no Exception."""


def interrupted(call, after: float) -> float:
    """Runs a call that a signal handler interrupts after some seconds; returns how much later it has ended."""
    at = []

    def handler(*_):
        at.append(time.monotonic())
        raise Stop

    # What a handler raises while a finalizer runs is lost in any program: garbage of earlier tests goes before.
    gc.collect()
    gc.disable()
    before = signal.signal(signal.SIGALRM, handler)
    begun = time.monotonic()
    try:
        signal.setitimer(signal.ITIMER_REAL, after)
        call()
    except Stop:
        return time.monotonic() - begun - after
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.enable()
    pytest.fail(f"the call ended by itself after {time.monotonic() - begun:.1f} s")


def run_program(program: str, *arguments, timeout: float = 120, **options) -> subprocess.CompletedProcess:
    """Runs a Python program by itself, in which freed memory is overwritten; it must end well."""
    import limbeck
    from limbeck import _native

    package = Path(limbeck.__file__).resolve().parents[1]
    environment = {
        **os.environ, "PYTHONPATH": str(package), "LIMBECK_LIBRARY": str(_native.find().resolve()), "MALLOC_PERTURB_": "165",
        "PYTHONFAULTHANDLER": "1",
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)],
        capture_output=True, text=True, timeout=timeout, env=environment, **options,
    )  # fmt: skip
    assert ended.returncode == 0, f"{ended.returncode}: {ended.stdout}{ended.stderr}"
    return ended
