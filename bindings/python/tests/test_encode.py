"""`encode` against what sentence-transformers 5 and 6 take; and how far a long call is."""

import io
import sys

import numpy as np
import pytest

from limbeck import Error, Status

TEXTS = ["This is a small library.", "", "naïve café"]


def test_what_has_no_effect(opened):
    model = opened("embed")
    expected = model.embed(TEXTS)
    for options in [
        {"batch_size": 1}, {"batch_size": 512}, {"show_progress_bar": None}, {"show_progress_bar": False},
        {"output_value": "sentence_embedding"}, {"precision": "float32"}, {"precision": None}, {"convert_to_numpy": True},
        {"convert_to_tensor": False}, {"device": None}, {"device": "cpu"}, {"device": "cpu:0"}, {"chunk_size": 7},
        {"pool": None}, {"task": "query"}, {"prompt": None, "prompt_name": None}, {"truncate_dim": None},
        {"normalize_embeddings": False},
    ]:  # fmt: skip
        np.testing.assert_array_equal(model.encode(TEXTS, **options), expected)
    np.testing.assert_array_equal(model.encode(TEXTS, None, None, 64, False), expected)
    np.testing.assert_array_equal(model.encode(sentences=TEXTS), expected)
    np.testing.assert_array_equal(model.encode(inputs=TEXTS), expected)


def test_shapes(opened):
    model = opened("embed")
    size = model.info.embedding_size
    assert model.encode("x").shape == (size,)
    assert model.encode(np.str_("x")).shape == (size,)
    assert model.encode(["x"]).shape == (1, size)
    assert model.encode(("x", "y")).shape == (2, size)
    assert model.encode([]).shape == (0, size)
    assert model.encode("x", truncate_dim=8).shape == (8,)


def test_normalizing_and_cutting(opened):
    model = opened("embed")
    raw = model.embed(TEXTS, normalize=False)
    unit = model.encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_array_equal(unit, model.embed(TEXTS, normalize=True))
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, rtol=1e-6)
    # As sentence-transformers has it: cut, and normalised only if that is asked for.
    np.testing.assert_array_equal(model.encode(TEXTS, truncate_dim=8), model.embed(TEXTS)[:, :8])
    cut = model.encode(TEXTS, truncate_dim=8, normalize_embeddings=True)
    np.testing.assert_allclose(cut, raw[:, :8] / np.linalg.norm(raw[:, :8], axis=1, keepdims=True), rtol=0, atol=1e-6)
    np.testing.assert_array_equal(model.encode(TEXTS, truncate_dim=10**6), model.embed(TEXTS))
    np.testing.assert_array_equal(model.encode(TEXTS, truncate_dim=10**6, normalize_embeddings=True), unit)
    np.testing.assert_array_equal(model.encode(TEXTS, pooling="cls", max_length=4), model.embed(TEXTS, pooling="cls", max_length=4))


def test_what_is_refused_by_name(opened):
    model = opened("embed")
    for options, words in [
        ({"output_value": "token_embeddings"}, "output_value='token_embeddings'.*forward"),
        ({"output_value": None}, "output_value=None"),
        ({"precision": "int8"}, "precision='int8'"),
        ({"precision": "ubinary"}, "precision='ubinary'"),
        ({"convert_to_tensor": True}, "convert_to_tensor=True.*from_numpy"),
        ({"convert_to_numpy": False}, "convert_to_numpy=False.*from_numpy"),
        ({"device": "cuda"}, "device='cuda'"),
        ({"device": "cuda:1"}, "device='cuda:1'"),
        ({"device": ["cpu", "cpu"]}, "device="),
        ({"pool": {"input": 1}}, "pool="),
    ]:
        with pytest.raises(Error, match=words) as caught:
            model.encode(TEXTS, **options)
        assert caught.value.status == Status.UNSUPPORTED
    for options, words in [
        ({"batch_size": 0}, "batch_size is 0"),
        ({"truncate_dim": 0}, "truncate_dim is 0"),
        ({"normalize_embeddings": True, "normalize": False}, "normalize_embeddings"),
    ]:
        with pytest.raises(Error, match=words):
            model.encode(TEXTS, **options)
    for options, words in [
        ({"num_workers": 2}, "num_workers"),
        ({"processing_kwargs": {}}, "processing_kwargs"),
        ({"normalise_embeddings": True}, "normalise_embeddings"),
        ({"batch_size": "8"}, "batch_size is '8'"),
        ({"task": 5}, "task is 5"),
        ({"inputs": TEXTS}, "sentences"),
    ]:
        with pytest.raises(TypeError, match=words):
            model.encode(TEXTS, **options)
    with pytest.raises(TypeError, match="sentences"):
        model.encode()


def test_queries_and_documents(opened):
    """Without prompts of the folder's they are texts as any others."""
    model = opened("embed")
    for method in (model.encode_query, model.encode_document):
        np.testing.assert_array_equal(method(TEXTS), model.embed(TEXTS))
        np.testing.assert_array_equal(method("x", normalize_embeddings=True), model.embed("x", normalize=True)[0])
        with pytest.raises(TypeError, match="colour"):
            method(TEXTS, colour=1)


def test_progress_is_told(large):
    import limbeck

    model = limbeck.Model(large(hidden=64, layers=2), threads=1)
    texts = ["the man is in london"] * 500
    for call in [
        lambda show: model.embed(texts, show_progress=show),
        lambda show: model.encode(texts, show_progress_bar=show),
        lambda show: model.forward([[5, 6, 7]] * 500, show_progress=show),
    ]:
        told = []
        call(lambda *progress: told.append(progress))
        assert told[0] == (0, 500) and told[-1] == (500, 500) and len(told) > 2
        assert told == sorted(told)
    with pytest.raises(ZeroDivisionError):
        model.embed(texts, show_progress=lambda done, total: 1 / (total - done))
    assert model.embed(texts).shape == (500, 64)


def test_progress_of_lists(opened):
    for call in [
        lambda show: opened("tag").tag(TEXTS, show_progress=show),
        lambda show: opened("fill").fill(["[MASK]"] * 3, show_progress=show),
        lambda show: opened("answer").answer("who?", TEXTS, show_progress=show),
        lambda show: opened("classify").classify(TEXTS, TEXTS, show_progress=show),
        lambda show: opened("rerank-one-label").rerank("x", TEXTS, show_progress=show),
    ]:
        told = []
        call(lambda *progress: told.append(progress))
        assert told == [(0, 3), (3, 3)]


def test_the_bar(opened, monkeypatch):
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    opened("embed").embed(TEXTS, show_progress=True)
    assert screen.getvalue().startswith("\r[") and "3/3" in screen.getvalue() and screen.getvalue().endswith("\n")
    monkeypatch.setattr(sys, "stderr", None)  # a program without a console
    opened("embed").embed(TEXTS, show_progress=True)
