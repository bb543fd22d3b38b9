"""Models with exits: the authors' answers, and what a call may ask of the exits."""

import json
import struct

import limbeck
import numpy as np
import pytest
from conftest import ANSWERS, REPOSITORY

ADAPTIVE = REPOSITORY / "Tests" / "golden" / "adaptive"


def read(path):
    """The tensors of a safetensors file."""
    data = path.read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    kinds = {"F32": np.float32, "I32": np.int32}
    return {
        name: np.frombuffer(data[8 + size :][slice(*about["data_offsets"])], kinds[about["dtype"]]).reshape(about["shape"])
        for name, about in json.loads(data[8 : 8 + size]).items()
        if name != "__metadata__"
    }


def split(values, lengths):
    return np.split(values, np.cumsum(lengths)[:-1])


@pytest.fixture(scope="module")
def deebert():
    expected = read(ADAPTIVE / "deebert" / "expected.safetensors")
    with limbeck.Model(ADAPTIVE / "deebert", threads=1) as model:
        yield model, split(expected["ids"], expected["lengths"]), split(expected["types"], expected["lengths"]), expected


def test_authors(deebert):
    model, ids, types, expected = deebert
    assert (model.info.exits, model.info.exit_rule, model.session.exits) == (7, "entropy", 7)
    for key in [name.removeprefix("layers.entropy") for name in expected if name.startswith("layers.entropy")]:
        logits, layers = model.exits(ids, types, threshold=float(key))
        assert layers.tolist() == expected[f"layers.entropy{key}"].tolist()
        np.testing.assert_allclose(logits, expected[f"logits.entropy{key}"], rtol=0, atol=1e-4)
    branches = model.branches(ids, types)
    assert branches.shape == (len(ids), 7, 2) and branches.dtype == np.float32
    logits, layers = model.exits(ids, types)
    assert (logits == branches[:, -1]).all() and (layers == 6).all()
    # One for each exit: nothing is below 0.
    logits, layers = model.exits(ids, types, threshold=[0, 0, 0.8, 0, 0, 0])
    assert (logits == branches[:, 2]).all() and (layers == 3).all()
    # After the second exit at the earliest: it agrees with the first.
    same = branches[:, 0].argmax(1) == branches[:, 1].argmax(1)
    assert ((model.exits(ids, types, patience=1)[1] == 2) == same).all()


def test_texts():
    path = ADAPTIVE / "fastbert-package"
    cases = json.loads((path / "expected.json").read_text(encoding="utf-8"))
    with limbeck.Model(path) as model:
        assert (model.info.family, model.info.exit_rule) == ("fastbert", "uncertainty_below")
        for speed in cases[0]["speeds"]:
            found = model.classify([case["text"] for case in cases], max_length=64, exit_threshold=float(speed))
            assert [[row.label, row.layers] for row in found] == [case["speeds"][speed] for case in cases]
        assert {row.layers for row in model.classify(["the tool", "a"])} == {3}
        (row,) = model.classify(["the tool"], exit_patience=1)
        assert row.layers in (2, 3) and row[3] == row.layers


@pytest.mark.parametrize(
    "asked",
    [
        {"threshold": -0.1}, {"threshold": float("nan")}, {"threshold": [0.1, 0.2]}, {"threshold": 0.1, "patience": 2},
        {"rule": "entropy"}, {"rule": "patience"}, {"threshold": 1.1, "rule": "uncertainty"}, {"patience": 0},
        {"threshold": 0.1, "rule": "nothing"},
    ],
)  # fmt: skip
def test_refused(deebert, asked):
    model, ids, types, _ = deebert
    with pytest.raises(limbeck.Error) as caught:
        model.exits(ids, types, **asked)
    assert caught.value.status == limbeck.Status.INVALID_ARGUMENT
    assert any(word in caught.value.message for word in ("threshold", "patience", "exit_rule"))


def test_numbers(deebert):
    model, ids, types, _ = deebert
    expected = model.exits(ids, types, threshold=0.5)
    for same in (np.float32(0.5), np.float64(0.5), [0.5] * 6, np.full(6, 0.5, np.float32)):
        assert all((ours == theirs).all() for ours, theirs in zip(model.exits(ids, types, threshold=same), expected))
    for wrong in ("0.5", ["a"], object()):
        with pytest.raises(TypeError, match="exit_threshold"):
            model.exits(ids, types, threshold=wrong)


def test_model_without_exits():
    with limbeck.Model(ANSWERS / "classify") as model:
        assert (model.info.exits, model.info.exit_rule, model.session.exits) == (0, "", 0)
        assert model.classify(["a"])[0].layers == model.info.layers
        for call in (lambda: model.classify(["a"], exit_threshold=0.5), lambda: model.branches([[1]])):
            with pytest.raises(limbeck.Error, match="no exits") as caught:
                call()
            assert caught.value.status == limbeck.Status.UNSUPPORTED


def test_pack(deebert, tmp_path):
    model, ids, types, _ = deebert
    limbeck.pack(ADAPTIVE / "deebert", tmp_path / "f32.limbeck", precision="f32")
    limbeck.verify(tmp_path / "f32.limbeck")
    with limbeck.Model(tmp_path / "f32.limbeck") as packed:
        for ours, theirs in zip(packed.exits(ids, types, threshold=0.2), model.exits(ids, types, threshold=0.2)):
            assert (ours == theirs).all()
