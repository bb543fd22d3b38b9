"""Models with exits: the authors' answers, and what a call may ask of the exits."""

import json
import runpy
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


# ---- The default of a pack, and its calibration.


def test_default_of_a_pack(deebert, tmp_path):
    model, ids, types, _ = deebert
    path = tmp_path / "pack.limbeck"
    limbeck.pack(ADAPTIVE / "deebert", path, precision="f32")
    limbeck.set_exit_default(path, threshold=0.5)
    limbeck.verify(path)
    with limbeck.Model(path) as packed:
        assert (packed.info.exit_threshold, packed.info.exit_patience) == (0.5, 0)
        for ours, theirs in zip(packed.exits(ids, types), model.exits(ids, types, threshold=0.5)):
            assert (ours == theirs).all()
        assert set(packed.exits(ids, types, rule="never")[1].tolist()) == {6}
    limbeck.set_exit_default(path, patience=2)
    with limbeck.Model(path) as packed:
        assert (packed.exits(ids, types)[1] == model.exits(ids, types, patience=2)[1]).all()
    limbeck.set_exit_default(path)
    with limbeck.Model(path) as packed:
        assert set(packed.exits(ids, types)[1].tolist()) == {6}
    for wrong in ({"threshold": -1}, {"threshold": float("nan")}, {"patience": 0}, {"threshold": 0.5, "patience": 2}):
        with pytest.raises(limbeck.Error) as caught:
            limbeck.set_exit_default(path, **wrong)
        assert caught.value.status == limbeck.Status.INVALID_ARGUMENT
    with pytest.raises(limbeck.Error, match="not a pack"):
        limbeck.set_exit_default(ADAPTIVE / "deebert", threshold=0.5)


@pytest.fixture(scope="module")
def cases():
    return json.loads((ADAPTIVE / "fastbert-package" / "expected.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("patience", [False, True])
def test_calibrate(cases, tmp_path, patience):
    texts, labels = [case["text"] for case in cases], [case["speeds"]["0.0"][0] for case in cases]
    with limbeck.Model(ADAPTIVE / "fastbert-package", threads=1) as model:
        found = limbeck.calibrate(model, texts, labels, drop=0.1, patience=patience)
        assert (found.texts, found.full.accuracy, found.full.layers) == (12, 1.0, 3.0)
        assert found.rule == ("patience" if patience else "uncertainty_below")
        assert [p.layers for p in found.points] == sorted((p.layers for p in found.points), reverse=True)
        # What the points say is what the calls give.
        for point in found.points:
            options = {"exit_patience": int(point.choice)} if patience else {"exit_threshold": point.choice}
            rows = model.classify(texts, **options)
            assert np.mean([row.layers for row in rows]) == pytest.approx(point.layers)
            assert np.mean([row.label == label for row, label in zip(rows, labels)]) == pytest.approx(point.accuracy)
            assert point.low <= point.accuracy <= point.high
        assert sum(point.time is not None for point in found.points) >= 2 and all((p.time or 1) > 0 for p in found.points)
        if found.best is not None:
            assert found.best in found.points and found.best.accuracy >= 0.9 and found.best.time is not None
            assert np.mean([row.layers for row in model.classify(texts, **found.options)]) == pytest.approx(found.best.layers)
        # Labels by their index, and nothing that may be lost.
        strict = limbeck.calibrate(model, texts, [model.labels.index(label) for label in labels], drop=0, patience=patience)
        assert strict.best is None or strict.best.accuracy == 1
    path = tmp_path / "pack.limbeck"
    limbeck.pack(ADAPTIVE / "fastbert-package", path, precision="f32")
    found.write(path)
    with limbeck.Model(path) as packed:
        wanted = (0, 0) if found.best is None else (0, found.best.choice) if patience else (found.best.choice, 0)
        assert (packed.info.exit_threshold, packed.info.exit_patience) == wanted


def test_calibrate_refuses(cases):
    with limbeck.Model(ADAPTIVE / "fastbert-package") as model:
        for texts, labels in (([], []), (["a"], []), (["a"], ["nobody"]), (["a"], [3]), (["a"], [-1])):
            with pytest.raises(limbeck.Error):
                limbeck.calibrate(model, texts, labels)
        with pytest.raises(limbeck.Error):
            limbeck.calibrate(model, ["a"], [0], pairs=["a", "b"])
    with limbeck.Model(ANSWERS / "classify") as model, pytest.raises(limbeck.Error, match="no exits"):
        limbeck.calibrate(model, ["a"], [0])


# ---- Width and depth.


@pytest.mark.parametrize("width", [1.0, 0.75, 0.5, 0.25])
@pytest.mark.parametrize("depth", [1.0, 0.75, 0.5])
def test_dynabert(width, depth):
    expected = read(ADAPTIVE / "dynabert" / "expected.safetensors")
    ids, types = split(expected["ids"], expected["lengths"]), split(expected["types"], expected["lengths"])
    with limbeck.Model(ADAPTIVE / "dynabert", width=width, depth=depth, threads=1) as model:
        assert (model.session.heads, model.session.layers) == (4 * width, {1.0: 6, 0.75: 4, 0.5: 3}[depth])
        rows = model.forward(ids, types, "logits")
    np.testing.assert_allclose(rows, expected[f"logits.w{width}.d{depth}"], rtol=0, atol=1e-4)


@pytest.mark.parametrize("path, parts", [(ADAPTIVE / "fastbert-package", "3 exits"), (ANSWERS / "classify", "1 layers of 1 heads")])
def test_example(path, parts, capsys):
    runpy.run_path(str(REPOSITORY / "examples" / "python" / "adaptive.py"))["main"](str(path), "the tool", "hello world")
    first, *others = capsys.readouterr().out.splitlines()
    assert parts in first and len(others) == 2 and "after 1 layers" in others[0]
