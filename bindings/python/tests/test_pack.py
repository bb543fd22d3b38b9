"""Packs from Python; and as a reader without our code sees them."""

import subprocess
import sys

import numpy as np
import pytest
from conftest import MODELS, REPOSITORY

import limbeck

SCRIPTS = REPOSITORY / "Tests" / "pack"
IDS = [[2, 7, 9, 3], [5]]


def run(script, pack):
    return subprocess.run([sys.executable, str(SCRIPTS / script), str(pack)], capture_output=True, text=True)


# What differs in int8 are the inputs, which the reader does not make bytes.
@pytest.mark.parametrize("precision, most", [("f32", 1e-5), ("f16", 1e-5), ("int8", 0.05)])
@pytest.mark.parametrize("name", ["bert-sequence-3", "distilbert-token", "bert-odd-27", "bert-activation-relu", "bert-wide-shallow"])
def test_a_reader_without_our_code(name, precision, most, tmp_path):
    pytest.importorskip("safetensors")
    out = tmp_path / "model.limbeck"
    limbeck.pack(MODELS / name, out, precision)
    checked = run("checksums.py", out)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    read = run("reader.py", out)
    differences = [float(line.split()[-1]) for line in read.stdout.splitlines()]
    assert read.returncode == 0 and len(differences) >= 3 and max(differences) < most, read.stdout + read.stderr


def test_the_reader_is_short():
    lines = (SCRIPTS / "reader.py").read_text().splitlines()
    assert len(lines) <= 40 and max(map(len, lines)) <= 132


def test_a_pack_is_the_folder(tmp_path):
    out, stages = tmp_path / "model.limbeck", []
    limbeck.pack(MODELS / "bert-sequence-3", out, "f32", progress=lambda stage, fraction: stages.append((stage, fraction)))
    assert stages[0] == ("reading", 0) and stages[-1] == ("writing", 1)
    limbeck.verify(out)
    pack, folder = limbeck.Model(out), limbeck.Model(MODELS / "bert-sequence-3")
    assert pack.info.precision == folder.info.precision == "f32"
    assert pack.labels == folder.labels
    for output in ("hidden", "logits"):
        for ours, theirs in zip(pack.forward(IDS, output=output), folder.forward(IDS, output=output)):
            np.testing.assert_array_equal(ours, theirs)


def test_what_is_refused(tmp_path):
    out = tmp_path / "model.limbeck"
    for arguments, status, words in [
        ((MODELS / "bert-token", out, "f8"), limbeck.Status.INVALID_ARGUMENT, "f8"),
        ((tmp_path / "nothing", out, "f32"), limbeck.Status.FILE_NOT_FOUND, "nothing"),
        ((MODELS / "bert-token", tmp_path / "no" / "x", "f32"), limbeck.Status.FILE_UNWRITABLE, "no/x"),
    ]:
        with pytest.raises(limbeck.Error, match=words) as raised:
            limbeck.pack(*arguments)
        assert raised.value.status == status
    assert list(tmp_path.iterdir()) == []
    limbeck.pack(MODELS / "bert-token", out, "f32")
    damaged = bytearray(out.read_bytes())
    damaged[len(damaged) // 2] ^= 1
    out.write_bytes(damaged)
    with pytest.raises(limbeck.Error, match="checksum"):
        limbeck.verify(out)
    with pytest.raises(limbeck.Error, match="not a pack|neither a pack"):
        limbeck.verify(MODELS / "bert-token" / "model.safetensors")
