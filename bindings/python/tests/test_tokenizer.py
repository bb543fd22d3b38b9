"""Tokens, and offsets in characters."""

import json

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


@pytest.mark.parametrize("pieces", ["xAxBx", "AB", "BA", "xBAx", "xxBxA", "ABx"])
@pytest.mark.parametrize("types", [[0] * 5, [1, 0, 1, 0, 1], [7, 3, 9, 4, 2]])
def test_pairs_of_any_template(tmp_path, tokenizer, pieces, types):
    told = json.loads((ANSWERS / "embed" / "tokenizer.json").read_text(encoding="utf-8"))
    ids = {"x": {"id": "x", "ids": [tokenizer.id("[SEP]"), tokenizer.id("[CLS]")], "tokens": ["[SEP]", "[CLS]"]}}
    told["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [{"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"SpecialToken" if p == "x" else "Sequence": {"id": p, "type_id": t}} for p, t in zip(pieces, types)],
        "special_tokens": ids,
    }
    (tmp_path / "tokenizer.json").write_text(json.dumps(told), encoding="utf-8")
    other = limbeck.Tokenizer(tmp_path)
    texts = {"A": "Émile is", "B": "a 東京 library, a small 東京 one"}
    bare = {name: tokenizer.tokenize(text, special_tokens=False) for name, text in texts.items()}
    for special in [True, False]:
        for length in [None, *range(1, 30)]:
            specials = 2 * pieces.count("x") if special else 0
            kept = {name: len(cut.ids) for name, cut in bare.items()}
            while length and sum(kept.values()) > max(0, length - specials):
                # The longer gives; of equal ones the first, so that the second keeps more, if it had more.
                kept["A" if kept["A"] > kept["B"] or kept["A"] == kept["B"] else "B"] -= 1
            if length and abs(kept["A"] - kept["B"]) == 1 and len(bare["A"].ids) > len(bare["B"].ids):
                kept["A"], kept["B"] = max(kept.values()), min(kept.values())
            expected = []
            for piece in pieces:
                if piece != "x":
                    expected += bare[piece].offsets[: kept[piece]]
                elif special:
                    expected += [(0, 0)] * 2
            assert other.tokenize(texts["A"], texts["B"], special_tokens=special, max_length=length).offsets == expected


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


def test_a_folder_inside(tokenizer, tmp_path):
    modules = [{"idx": 0, "path": "0_Transformer", "type": "sentence_transformers.models.Transformer"}]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    (tmp_path / "0_Transformer").symlink_to(ANSWERS / "embed")
    assert limbeck.Tokenizer(tmp_path).tokenize("naïve café") == tokenizer.tokenize("naïve café")


def test_a_model_tokenizes_alike(tokenizer, opened):
    assert opened("embed").tokenize("naïve café", "東京") == tokenizer.tokenize("naïve café", "東京")
