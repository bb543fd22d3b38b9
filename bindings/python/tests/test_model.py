"""The rest of Model: batches, options, errors, threads, the forward pass, and opening and closing."""

import gc
import json
import pickle
import threading

import numpy as np
import pytest
from conftest import ANSWERS, MODELS

import limbeck
from limbeck import Error, Status

TEXTS = ["This is a small library.", "", "naïve café 東京 👍🏽", "\ud800 lone", "nul \0 byte", "x" * 10_000, "the end"]


def tensors(path):
    """A safetensors file as arrays: F32 and I32 are enough for the golden ones."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    kinds = {"F32": np.float32, "I32": np.int32}
    return {
        name: np.frombuffer(data[8 + size :][slice(*facts["data_offsets"])], kinds[facts["dtype"]]).reshape(facts["shape"])
        for name, facts in header.items()
        if name != "__metadata__"
    }


def test_batches_are_the_same_bits_as_single_texts(opened):
    model = opened("embed")
    together = model.embed(TEXTS)
    assert together.shape == (len(TEXTS), model.info.embedding_size)
    for text, vector in zip(TEXTS, together):
        assert np.array_equal(model.embed([text])[0], vector)
        assert np.array_equal(model.encode(text), vector)
    assert np.array_equal(model.encode(TEXTS), together)
    assert model.embed([]).shape == (0, model.info.embedding_size)


@pytest.mark.parametrize("options", [{"threads": 1}, {"threads": 3}, {"max_tokens": 64}, {"kernels": "portable"}])
def test_options_change_no_bit(opened, options):
    other = limbeck.Model(ANSWERS / "embed", **options)
    for name, value in options.items():
        assert getattr(other.session, name) == value
    assert np.array_equal(other.embed(TEXTS), opened("embed").embed(TEXTS))


def test_threads_share_a_model(opened):
    model, wrong = opened("embed"), []
    expected = model.embed(TEXTS)

    def work():
        for _ in range(50):
            if not np.array_equal(model.embed(TEXTS), expected):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


@pytest.mark.parametrize("name", sorted(folder.name for folder in MODELS.iterdir()))
def test_forward(name):
    model, golden = limbeck.Model(MODELS / name), tensors(MODELS / name / "expected.safetensors")
    ends = np.cumsum(golden["lengths"])[:-1]
    ids, types = np.split(golden["ids"], ends), np.split(golden["types"], ends)
    for layer in [*range(model.info.layers + 1), -1]:
        expected = golden[f"hidden.{layer % (model.info.layers + 1)}"]
        found = model.forward(ids, types, layer=layer)
        assert [len(states) for states in found] == golden["lengths"].tolist()
        np.testing.assert_allclose(np.concatenate(found), expected, rtol=0, atol=1e-4)
    if "pooled" in golden:
        np.testing.assert_allclose(np.stack(model.forward(ids, types, "pooled")), golden["pooled"], rtol=0, atol=1e-4)
    if "logits" in golden:
        found = model.forward([list(map(int, sequence)) for sequence in ids], types, "logits")
        assert len(found) == len(ids)
        joined = np.stack(found) if found[0].ndim == 1 else np.concatenate(found)
        np.testing.assert_allclose(joined, golden["logits"], rtol=0, atol=1e-4)


def test_forward_refuses():
    model = limbeck.Model(MODELS / "bert-pooler")
    assert model.forward([]) == []
    for ids, types, status in [
        ([[1, 80]], None, Status.ID_OUT_OF_RANGE),
        ([[-1]], None, Status.ID_OUT_OF_RANGE),
        ([[2**40]], None, Status.ID_OUT_OF_RANGE),
        ([[1]], [[2]], Status.ID_OUT_OF_RANGE),
        ([[1]], [[0, 0]], Status.INVALID_ARGUMENT),
        ([[1.5]], None, Status.INVALID_ARGUMENT),
        ([[]], None, Status.INVALID_ARGUMENT),
        ([[1] * 25], None, Status.TOO_LONG),
    ]:
        with pytest.raises(Error) as caught:
            model.forward(ids, types)
        assert caught.value.status == status
    with pytest.raises(Error) as caught:
        model.forward([[1]], output="logits")
    assert caught.value.status == Status.UNSUPPORTED
    for layer in [3, -2, 2**31, 2**32, -(2**32) - 1]:
        with pytest.raises(Error) as caught:
            model.forward([[1]], layer=layer)
        assert caught.value.status == Status.ID_OUT_OF_RANGE
    with pytest.raises(Error) as caught:
        model.embed(["no tokenizer here"])
    assert caught.value.status == Status.NO_TOKENIZER
    with pytest.raises(Error):
        model.tokenizer


def test_errors_say_what_is_wrong(tmp_path, opened):
    with pytest.raises(Error) as caught:
        limbeck.Model(tmp_path / "nothing")
    assert caught.value.status == Status.FILE_NOT_FOUND and "nothing" in caught.value.message
    assert str(caught.value) == caught.value.message
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.status, again.message) == (caught.value.status, caught.value.message)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(Error) as caught:
        limbeck.Model(tmp_path)
    assert caught.value.status == Status.FILE_MALFORMED and "config.json" in caught.value.message
    model = opened("embed")
    for wrong in [
        lambda: model.embed(["x"], pooling="median"),
        lambda: model.embed(["x"], dimensions=-1),
        lambda: model.embed(["x"], dimensions=10_000),
        lambda: model.embed(["x"] * 100_000, dimensions=2**31),
        lambda: opened("answer").answer("x", "y", top_k=2**31),
        lambda: model.embed(["x"], max_length=2**32),
        lambda: opened("classify").classify(["x"], ["y", "z"]),
        lambda: opened("classify").classify(["x"], temperature=float("nan")),
        lambda: limbeck.Model(ANSWERS / "embed", kernels="sse"),
        lambda: limbeck.Model(ANSWERS / "embed", threads=-1),
    ]:
        with pytest.raises(Error) as caught:
            wrong()
        assert caught.value.status == Status.INVALID_ARGUMENT
    for unable in [lambda: model.tag("x"), lambda: model.fill("[MASK]"), lambda: model.answer("x", "y")]:
        with pytest.raises(Error) as caught:
            unable()
        assert caught.value.status == Status.UNSUPPORTED
    with pytest.raises(Error) as caught:
        opened("fill").fill("no mask")
    assert caught.value.status == Status.NO_MASK


def test_closing():
    with limbeck.Model(ANSWERS / "embed") as model:
        tokenizer = model.tokenizer
        model.embed(["x"])
    model.close()
    with pytest.raises(Error):
        model.embed(["x"])
    del model
    gc.collect()
    assert tokenizer.tokenize("This").ids[0] == tokenizer.id("[CLS]")


def test_info(opened):
    facts = opened("tag").info
    assert facts.family == "bert" and facts.has_tokenizer and "tag" in facts.answers and facts.label_count == 5
    assert opened("tag").labels == ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
    assert facts.parameters > 0 and facts.mapped_bytes > 0 and opened("tag").session.memory_bytes > 0
    assert "tag" in repr(opened("tag"))


def test_many_results_grow_the_buffer(opened):
    text = "This is [MASK]"
    (mask,) = opened("fill").fill(text, top_k=200)
    assert len(mask) == 200 and [c.score for c in mask] == sorted((c.score for c in mask), reverse=True)
