"""Texts in whatever Python has them, lists of them for every call, and options out of range."""

import collections

import numpy as np
import pytest
from conftest import ANSWERS, write_bert

import limbeck
from limbeck import Error, Status

TEXTS = ["This is a small library.", "", "naïve café"]


class Series:
    """As a column of a pandas table: an array of one dimension."""

    ndim = 1

    def __init__(self, values):
        self.values = values

    def __iter__(self):
        return iter(self.values)

    def __len__(self):
        return len(self.values)


class Arrow:
    """As an array of pyarrow: its members are objects of its own, unless it is asked for a list."""

    def __iter__(self):
        return iter([object()] * len(TEXTS))

    def to_pylist(self):
        return list(TEXTS)


class Frame(Series):
    """As a table: it iterates over the names of its columns."""

    ndim = 2
    columns = ["a", "b"]


GOOD = {
    "tuple": tuple(TEXTS),
    "deque": collections.deque(TEXTS),
    "keys": dict.fromkeys(TEXTS).keys(),
    "values": dict(enumerate(TEXTS)).values(),
    "array of str": np.array(TEXTS),
    "array of objects": np.array(TEXTS, object),
    "str of numpy": [np.str_(text) for text in TEXTS],
    "column": Series(TEXTS),
    "array of arrow": Arrow(),
}


@pytest.mark.parametrize("name", GOOD)
def test_texts_of_any_kind(opened, name):
    texts = GOOD[name]
    np.testing.assert_array_equal(opened("embed").embed(texts), opened("embed").embed(TEXTS))
    assert [c.label for c in opened("classify").classify(texts)] == [c.label for c in opened("classify").classify(TEXTS)]
    np.testing.assert_array_equal(opened("rerank-one-label").rerank("x", texts), opened("rerank-one-label").rerank("x", TEXTS))
    assert opened("embed").tokenize(texts) == opened("embed").tokenize(TEXTS)
    assert opened("tag").tag(texts) == opened("tag").tag(TEXTS)


def test_generators(opened):
    np.testing.assert_array_equal(opened("embed").embed(text for text in TEXTS), opened("embed").embed(TEXTS))
    np.testing.assert_array_equal(opened("embed").embed(map(str, TEXTS)), opened("embed").embed(TEXTS))
    assert opened("embed").tokenize(iter(TEXTS)) == [opened("embed").tokenize(text) for text in TEXTS]


BAD = {
    "dict": ({"a": "b"}, "dict"),
    "set": ({"a", "b"}, "set.*order"),
    "frozenset": (frozenset("ab"), "frozenset"),
    "table": (Frame(["a"]), "Frame.*columns"),
    "array of two dimensions": (np.array([TEXTS, TEXTS]), "2 dimensions"),
    "array without dimensions": (np.array("x"), "0 dimensions"),
    "bytes": (b"x", "bytes.*decode"),
    "bytearray": (bytearray(b"x"), "bytearray"),
    "None": (None, "None"),
    "number": (1, "int"),
    "NaN": (float("nan"), "nan"),
    "None in a list": (["a", None, "b"], r"\[1\] is None"),
    "NaN in a list": (["a", "b", float("nan")], r"\[2\] is nan"),
    "NaN in an array": (np.array(["a", np.nan], object), r"\[1\] is nan"),
    "numbers in an array": (np.array([1.5, 2]), r"\[0\] is a float"),
    "bytes in a list": (["a", b"b"], r"\[1\] is a bytes.*decode"),
    "bytes in an array": (np.array([b"a"]), r"\[0\] is a bytes"),
    "a pair in a list": ([("a", "b")], r"\[0\] is a tuple"),
    "None of a generator": ((text for text in ["a", None]), r"\[1\] is None"),
}


@pytest.mark.parametrize("name", [name for name in BAD if "generator" not in name])
def test_what_is_no_text_is_refused_with_its_place(opened, name):
    texts, words = BAD[name]
    embed, classify, rerank, tag, answer, fill = map(opened, ("embed", "classify", "rerank-one-label", "tag", "answer", "fill"))
    for call, what in [
        (lambda: embed.embed(texts), "texts"),
        (lambda: embed.encode(texts if texts is not None else b""), "texts"),
        (lambda: classify.classify(texts), "texts"),
        (lambda: classify.classify(["x"], texts if texts is not None else [None]), "pairs"),
        (lambda: rerank.rerank("x", texts), "documents"),
        (lambda: rerank.rerank(texts, ["x"]), "query"),
        (lambda: tag.tag(texts), "text"),
        (lambda: answer.answer(texts, "x"), "question"),
        (lambda: answer.answer("x", texts), "context"),
        (lambda: fill.fill(texts), "text"),
        (lambda: embed.tokenize(texts), "text"),
        (lambda: embed.tokenize(["x"], texts if texts is not None else [None]), "pair"),
        (lambda: embed.tokenizer.id(texts), "token"),
    ]:
        with pytest.raises(TypeError, match=what) as caught:
            call()
        if what not in ("query", "token") and texts is not None:
            caught.match(words)


def test_a_generator_of_none_is_refused(opened):
    with pytest.raises(TypeError, match=r"texts\[1\] is None"):
        opened("embed").embed(text for text in ["a", None])


def test_pandas(opened):
    pandas = pytest.importorskip("pandas")
    table = pandas.DataFrame({"text": [*TEXTS, None]})
    model = opened("embed")
    for column in (table["text"][:3], table["text"][:3].astype("string"), table["text"][:3][::-1][::-1], pandas.Index(TEXTS)):
        np.testing.assert_array_equal(model.embed(column), model.embed(TEXTS))
    with pytest.raises(TypeError, match="DataFrame.*columns"):
        model.embed(table)
    for column in (table["text"], table["text"].astype("string")):
        with pytest.raises(TypeError, match=r"texts\[3\] is (None|nan|<NA>)"):
            model.embed(column)


def test_lists_give_lists(opened):
    tag, answer, fill = opened("tag"), opened("answer"), opened("fill")
    texts = ["Anna lives in Paris", "", "naïve Berlin"]
    assert tag.tag(texts, aggregation="none") == [tag.tag(text, aggregation="none") for text in texts]
    assert tag.tag([]) == [] and tag.tag(texts[:1]) == [tag.tag(texts[0])]
    masked = ["This is [MASK]", "[MASK] [MASK]"]
    assert fill.fill(masked, top_k=2) == [fill.fill(text, top_k=2) for text in masked]
    questions, contexts = ["who?", "where is it"], ["This is a small library.", "naïve café"]
    each = [[answer.answer(q, c, top_k=2) for c in contexts] for q in questions]
    assert answer.answer(questions, contexts, top_k=2) == [each[0][0], each[1][1]]
    assert answer.answer(questions, contexts[0], top_k=2) == [each[0][0], each[1][0]]
    assert answer.answer(questions[0], contexts, top_k=2) == each[0]
    assert answer.answer(questions[:1], contexts[:1]) == [answer.answer(questions[0], contexts[0])]
    assert answer.answer([], "x") == answer.answer("x", []) == []
    model = opened("embed")
    assert model.tokenize(TEXTS, TEXTS[::-1]) == [model.tokenize(a, b) for a, b in zip(TEXTS, TEXTS[::-1])]
    for wrong in [
        lambda: answer.answer(questions, contexts + ["x"]),
        lambda: model.tokenize(TEXTS, ["x"]),
        lambda: model.tokenize(TEXTS, "x"),
    ]:
        with pytest.raises(Error) as caught:
            wrong()
        assert caught.value.status == Status.INVALID_ARGUMENT
    with pytest.raises(Error, match="mask|MASK"):
        fill.fill(["This is [MASK]", "no mask"])


def test_ids_without_a_token_have_an_empty_one(tmp_path):
    """Tables are padded to a multiple of 64, say."""
    model = limbeck.Model(write_bert(tmp_path, "fill", hidden=64, layers=1, rows=64), threads=1)
    (found,) = model.fill("the [MASK] is", top_k=64)
    assert {c.id for c in found} == set(range(64))
    assert {c.id for c in found if c.token == ""} == set(range(16, 64))
    with pytest.raises(Error):
        model.tokenizer.token(16)


def test_options_out_of_range_say_which_and_what_may_be(opened):
    embed, classify, answer, fill = map(opened, ("embed", "classify", "answer", "fill"))
    for call, words in [
        (lambda: embed.embed("x", max_length=-1), "max_length is -1, and must be 0 to"),
        (lambda: embed.embed("x", dimensions=25_000), f"dimensions is 25000, and must be 0 to {embed.info.embedding_size}"),
        (lambda: embed.embed("x", pooling="median"), "pooling is 'median', and can be .*'mean'"),
        (lambda: embed.embed("x", pooling=["mean"]), "pooling is .*and can be"),
        (lambda: classify.classify("x", temperature=0), "temperature is 0, and must be"),
        (lambda: classify.classify("x", temperature=-1), "temperature is -1"),
        (lambda: classify.classify("x", temperature=1e-60), "temperature is 1e-60"),
        (lambda: classify.classify("x", temperature=float("inf")), "temperature is inf"),
        (lambda: classify.classify("x", temperature=float("nan")), "temperature is nan"),
        (lambda: classify.classify("x", scores="maximum"), "scores is 'maximum', and can be"),
        (lambda: opened("rerank-one-label").rerank("x", ["y"], max_length=2**32), "max_length is 4294967296, and must be 0 to"),
        (lambda: answer.answer("x", "y", top_k=1001), "top_k is 1001, and must be 1 to 1000"),
        (lambda: answer.answer("x", "y", top_k=0), "top_k is 0"),
        (lambda: answer.answer("x", "y", stride=10_000), "stride is 10000"),
        (lambda: answer.answer("x", "y", max_answer_length=0), "max_answer_length is 0"),
        (lambda: fill.fill("[MASK]", top_k=0), "top_k is 0"),
        (lambda: limbeck.Model(ANSWERS / "embed", threads=257), "threads is 257, and must be 0 to 256"),
        (lambda: limbeck.Model(ANSWERS / "embed", max_tokens=2**21), "max_tokens is 2097152, and must be 0 to 1048576"),
        (lambda: limbeck.Model(ANSWERS / "embed", kernels="sse"), "kernels is 'sse', and can be"),
        (lambda: limbeck.Model(ANSWERS / "embed", depth=0), "depth is 0, expected more than 0"),
        (lambda: limbeck.Model(ANSWERS / "embed", depth=1.5), "depth is 1.5"),
        (lambda: limbeck.Model(ANSWERS / "embed", depth=float("nan")), "depth is nan"),
        (lambda: limbeck.Model(ANSWERS / "embed", width=0), "width is 0, expected more than 0"),
        (lambda: limbeck.Model(ANSWERS / "embed", width=float("nan")), "width is nan"),
        (lambda: limbeck.Model(ANSWERS / "embed", width=0.01), "width leaves none of the model's"),
        (lambda: limbeck.Model(ANSWERS / "embed", depth=0.4), "depth leaves none of the model's 1 layers"),
        (lambda: limbeck.Model(ANSWERS / "embed", layers=0), "layers is 0, and must be 1 to"),
        (lambda: limbeck.Model(ANSWERS / "embed", layers=2), "layers is 2, expected 1 to the model's 1"),
        (lambda: limbeck.Model(ANSWERS / "embed", layers=1, depth=0.9), "both depth and layers"),
        (lambda: embed.forward([[1]], output="pool"), "output is 'pool', and can be"),
    ]:
        with pytest.raises(Error, match=words) as caught:
            call()
        assert caught.value.status == Status.INVALID_ARGUMENT
    for call, words in [
        (lambda: embed.embed("x", max_length=1.5), "max_length is 1.5, and must be a whole number"),
        (lambda: embed.embed("x", max_length="5"), "max_length is '5'"),
        (lambda: limbeck.Model(ANSWERS / "embed", depth="half"), "depth is 'half', and must be a number"),
        (lambda: limbeck.Model(ANSWERS / "embed", layers=1.0), "layers is 1.0, and must be a whole number"),
        (lambda: classify.classify("x", temperature="warm"), "temperature is 'warm'"),
        (lambda: embed.forward([1, 2]), r"ids\[0\] is 1, and must be a list"),
        (lambda: embed.forward(["x"]), r"ids\[0\] is 'x'"),
        (lambda: embed.forward([[1]], layer=0.5), "layer is 0.5"),
    ]:
        with pytest.raises(TypeError, match=words):
            call()
    assert embed.embed("x", max_length=np.int64(3)).shape == embed.embed("x", max_length=None).shape


def test_a_question_of_another_kind_says_what_the_model_can(opened):
    for call, words in [
        (lambda: opened("embed").tag("x"), "does not tag tokens; it can: embed"),
        (lambda: opened("embed").rerank("x", ["y"]), "does not classify texts; it can: embed"),
        (lambda: opened("embed").classify([]), "it can: embed"),
        (lambda: opened("tag").fill("[MASK]"), "does not predict masked tokens; it can: embed, tag"),
        (lambda: opened("fill").answer("x", "y"), "does not answer questions; it can: embed, fill"),
        (lambda: opened("answer").forward([[1]], output="pooled"), "no pooler; it can: embed, answer"),
    ]:
        with pytest.raises(Error, match=words) as caught:
            call()
        assert caught.value.status == Status.UNSUPPORTED


def test_messages_have_the_particulars(opened):
    model = opened("embed")
    for call, status, words in [
        (lambda: model.forward([[1, 10**6]]), Status.ID_OUT_OF_RANGE, r"ids\[1\] is 1000000, and must be 0 to"),
        (lambda: model.forward([[1]], layer=99), Status.ID_OUT_OF_RANGE, "layer is 99, and must be -1 to"),
        (lambda: model.forward([[1] * 100_000]), Status.TOO_LONG, "100000 ids, and the model takes"),
        (lambda: opened("fill").fill("no mask"), Status.NO_MASK, r"no \[MASK\] among the text's"),
    ]:
        with pytest.raises(Error, match=words) as caught:
            call()
        assert caught.value.status == status
    small = limbeck.Model(ANSWERS / "embed", max_tokens=8)
    with pytest.raises(Error, match="9 ids, and max_tokens is 8"):
        small.forward([[1] * 9])
