"""Weights in other files than safetensors, through the C interface: no torch, no gguf package."""

import json
import shutil

import numpy as np
import pytest
from conftest import REPOSITORY

import limbeck
from limbeck import Error, Status

GOLDEN = REPOSITORY / "Tests" / "golden"


@pytest.mark.parametrize("name", ["F32", "Q8_0", "K", "distilbert"])
def test_gguf(name):
    model = limbeck.Model(GOLDEN / "gguf" / f"{name}.gguf")
    cases = json.loads((GOLDEN / "gguf" / f"{name}.json").read_text())["cases"]
    vectors = model.embed([case["text"] for case in cases])
    assert np.abs(vectors - np.array([case["vector"] for case in cases])).max() < 1e-5
    tokenizer = limbeck.Tokenizer(GOLDEN / "gguf" / f"{name}.gguf")
    assert list(tokenizer.tokenize(cases[0]["text"]).ids) == cases[0]["ids"]


def test_gguf_in_a_folder(tmp_path):
    shutil.copy(GOLDEN / "gguf" / "Q4_0.gguf", tmp_path)
    assert limbeck.Model(tmp_path).info.hidden_size == 32
    shutil.copy(GOLDEN / "gguf" / "Q5_0.gguf", tmp_path)
    with pytest.raises(Error) as refused:
        limbeck.Model(tmp_path)
    assert refused.value.status == Status.FILE_UNSUPPORTED


@pytest.mark.parametrize("form", ["zip", "legacy", "zip-views"])
def test_pytorch_model_bin(form, tmp_path):
    plain = GOLDEN / "containers" / "plain"
    shutil.copy(plain / "config.json", tmp_path)
    shutil.copy(plain / f"{form}.bin", tmp_path / "pytorch_model.bin")
    ids = [[2, 5, 3], [7]]
    ours, theirs = limbeck.Model(tmp_path).forward(ids), limbeck.Model(plain).forward(ids)
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))
