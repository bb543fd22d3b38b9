"""Tokens, and offsets in characters."""

import pytest
from conftest import ANSWERS, MODELS

import limbeck
from limbeck import Error, Status


@pytest.fixture(scope="module")
def tokenizer():
    return limbeck.Tokenizer(ANSWERS / "embed")


@pytest.mark.parametrize(
    "text",
    [
        "plain words, and more",
        "naïve café",
        "東京 is 日本",
        "👍🏽 great 😀😀",
        "e\u0301 combining",
        "\ud800 lone \udfff surrogates \ud83d\ude00",
        "nul \0 byte",
        "",
    ],
)
def test_offsets_are_characters(tokenizer, text):
    tokens = tokenizer.tokenize(text)
    assert len(tokens.ids) == len(tokens.types) == len(tokens.offsets) == tokenizer.count(text)
    assert tokens.ids[0] == tokenizer.id("[CLS]") and tokens.ids[-1] == tokenizer.id("[SEP]")
    assert tokens.offsets[0] == tokens.offsets[-1] == (0, 0)
    last = 0
    for start, end in tokens.offsets[1:-1]:
        assert last <= start < end <= len(text)
        assert not text[start:end].isspace()
        last = end
    # Words that are whole tokens are found where they stand.
    for id, (start, end) in zip(tokens.ids, tokens.offsets):
        piece = tokenizer.token(id)
        if text[start:end].isascii() and not piece.startswith(("[", "##")):
            assert piece == text[start:end].lower()


def test_replaced_surrogates_leave_offsets_right(tokenizer):
    text = "\ud800\ud800 is a \udc00 is"
    found = [(start, end) for id, (start, end) in zip(*tokenizer.tokenize(text)[::2]) if tokenizer.token(id) == "is"]
    assert found == [(3, 5), (10, 12)]


def test_pairs(tokenizer):
    tokens = tokenizer.tokenize("Émile is", "a 東京 library")
    spans = {0: "Émile is", 1: "a 東京 library"}
    assert set(tokens.types) == {0, 1}
    for type, (start, end) in zip(tokens.types, tokens.offsets):
        assert 0 <= start <= end <= len(spans[type])
    assert tokens.offsets[-2][1] == len(spans[1])
    assert tokenizer.tokenize("a", "").types == [0, 0, 0, 1]


def test_options(tokenizer):
    text = "This is a small library for reading files."
    whole = tokenizer.tokenize(text)
    bare = tokenizer.tokenize(text, special_tokens=False)
    assert bare.ids == whole.ids[1:-1]
    assert tokenizer.tokenize(text, max_length=5).ids == whole.ids[:4] + whole.ids[-1:]
    assert tokenizer.count(text) == len(whole.ids)


def test_vocabulary(tokenizer):
    assert tokenizer.token(tokenizer.id("[MASK]")) == "[MASK]"
    for ask in [lambda: tokenizer.token(tokenizer.vocab_size), lambda: tokenizer.token(-1), lambda: tokenizer.token(2**40)]:
        with pytest.raises(Error) as caught:
            ask()
        assert caught.value.status == Status.ID_OUT_OF_RANGE
    with pytest.raises(Error):
        tokenizer.id("no such token, surely")


def test_files(tokenizer, tmp_path):
    text = "This is a naïve café."
    for file in ("tokenizer.json", "vocab.txt"):
        assert limbeck.Tokenizer(ANSWERS / "embed" / file).tokenize(text) == tokenizer.tokenize(text)
    with pytest.raises(Error) as caught:
        limbeck.Tokenizer(tmp_path)
    assert caught.value.status == Status.FILE_NOT_FOUND
    with pytest.raises(Error) as caught:
        limbeck.Tokenizer(MODELS / "bert-pooler")
    assert caught.value.status == Status.FILE_NOT_FOUND


def test_a_model_tokenizes_alike(tokenizer, opened):
    assert opened("embed").tokenize("naïve café", "東京") == tokenizer.tokenize("naïve café", "東京")
