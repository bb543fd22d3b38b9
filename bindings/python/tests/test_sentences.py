"""Folders of sentence-transformers: what the binding makes of their prompts. Their answers are in test_cases.py."""

import numpy as np
import pytest
from conftest import ANSWERS, REPOSITORY

import limbeck
from limbeck import Error, Status

GROUP = REPOSITORY / "Tests" / "golden" / "cases" / "sentences"
TEXTS = ["The old lighthouse keeper.", "", "water"]


@pytest.fixture(scope="module")
def model():
    return limbeck.Model(GROUP / "prompts")


def test_prompts(model):
    assert model.prompts == {"query": "find the old light", "document": "", "passage": "passage: ", "empty": ""}
    assert model.default_prompt_name == "query"
    assert model.info.prompt_count == 4 and model.info.default_prompt == 0
    # As in sentence-transformers, all models have these two but cross-encoders.
    plain = limbeck.Model(ANSWERS / "embed")
    assert plain.prompts == {"query": "", "document": ""} and plain.default_prompt_name is None
    assert limbeck.Model(GROUP / "cross-encoder-4").prompts == {}


def test_a_prompt_is_part_of_the_text(model):
    for prompt in ["the", "find ", "\ud800", "é", "a\0b "]:
        joined = model.embed([prompt + text for text in TEXTS], prompt="")
        assert np.array_equal(model.embed(TEXTS, prompt=prompt), joined)
        assert np.array_equal(model.encode(TEXTS, prompt=prompt), joined)
        assert np.array_equal(model.encode(TEXTS[0], prompt=prompt), joined[0])
    named = model.encode(TEXTS, prompt_name="passage", normalize_embeddings=True)
    assert np.array_equal(named, model.embed(["passage: " + text for text in TEXTS], prompt="", normalize=True))
    assert np.array_equal(model.embed(TEXTS), model.embed(TEXTS, prompt_name="query"))


def test_prompts_of_pairs():
    model = limbeck.Model(GROUP / "cross-encoder")
    assert model.default_prompt_name == "query" and model.prompts == {"query": "find the light"}
    whole = model.rerank("find the lighthouse", TEXTS, prompt="")
    assert np.array_equal(model.rerank("house", TEXTS), whole)
    # An empty second text is none for `classify`, and a document for `rerank`.
    filled = [text for text in TEXTS if text]
    rows = model.classify(["house"] * 2, filled, prompt_name="query", scores="sigmoid")
    assert np.array_equal([row.score for row in rows], model.rerank("house", filled))
    assert not np.array_equal(model.rerank("house", TEXTS, prompt=""), whole)


@pytest.mark.parametrize(
    "options, status, words",
    [
        ({"prompt_name": "nobody"}, Status.INVALID_ARGUMENT, "'nobody'.*'query', 'document', 'empty', 'passage'"),
        ({"prompt": "a", "prompt_name": "query"}, Status.INVALID_ARGUMENT, "at most"),
        ({"prompt": "a" * 16_385}, Status.TOO_LONG, "16385 bytes, expected at most 16384"),
    ],
)
def test_refused(model, options, status, words):
    with pytest.raises(Error, match=words) as caught:
        model.embed(TEXTS, **options)
    assert caught.value.status == status


def test_poolings():
    model = limbeck.Model(GROUP / "poolings")
    assert model.info.embedding_size == 6 * model.info.hidden_size
    assert model.embed(TEXTS).shape == (3, 48)
    with pytest.raises(Error) as caught:
        model.embed(TEXTS, pooling="mean")
    assert caught.value.status == Status.UNSUPPORTED
    plain = limbeck.Model(ANSWERS / "embed")
    for pooling in ["mean_sqrt_len_tokens", "weightedmean", "lasttoken"]:
        assert not np.array_equal(plain.embed(TEXTS, pooling=pooling), plain.embed(TEXTS, pooling="mean"))


def test_a_call_cuts_in_place_of_the_folder():
    model = limbeck.Model(GROUP / "truncated")
    most, kept = model.info.most_dimensions, model.info.embedding_size
    assert kept < most
    whole = model.encode(TEXTS, truncate_dim=most)
    assert whole.shape == (3, most)
    assert np.array_equal(model.encode(TEXTS, truncate_dim=most - 1), whole[:, :-1])
    assert np.array_equal(model.encode(TEXTS), whole[:, :kept])
    with pytest.raises(Error, match=f"dimensions is {most + 1}, and must be 0 to {most}"):
        model.embed(TEXTS, dimensions=most + 1)


def test_a_pack_has_all_of_it(model, tmp_path):
    for name in ["prompts", "stages", "cross-encoder", "truncated"]:
        source = limbeck.Model(GROUP / name)
        limbeck.pack(GROUP / name, tmp_path / name, precision="f32")
        pack = limbeck.Model(tmp_path / name)
        assert pack.prompts == source.prompts and pack.default_prompt_name == source.default_prompt_name
        assert np.array_equal(pack.embed(TEXTS), source.embed(TEXTS))
        limbeck.verify(tmp_path / name)
