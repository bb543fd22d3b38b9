"""What the transformers pipelines say, case by case. Labels, spans and order exactly; scores within 1e-4."""

import numpy as np
import pytest
from conftest import cases

CLOSE = {"rtol": 0, "atol": 1e-4}


@pytest.mark.parametrize("name, case", cases("embed"))
def test_embed(opened, name, case):
    model = opened(name)
    for pooling in ("mean", "cls", "max", "pooler"):
        vector = model.embed([case["text"]], pooling=pooling, normalize=False)
        assert vector.shape == (1, model.info.embedding_size) and vector.dtype == np.float32
        np.testing.assert_allclose(vector[0], case[pooling], **CLOSE)
    np.testing.assert_allclose(model.embed([case["text"]])[0], case["model"], **CLOSE)
    short = model.embed(case["text"], pooling="mean", normalize=True, dimensions=8)
    np.testing.assert_allclose(short[0], case["mean_first_8"], **CLOSE)


@pytest.mark.parametrize(
    "name, case",
    cases("classify", "classify-multi-label", "classify-one-label", "classify-pairs", "next-sentence"),
)
def test_classify(opened, name, case):
    model = opened(name)
    asked = {"softmax": ("softmax", 1), "sigmoid": ("sigmoid", 1), "raw": ("raw", 1)}
    asked |= {"softmax_0.5": ("softmax", 0.5), "softmax_2.0": ("softmax", 2)}
    for key in asked.keys() & case.keys():
        scores, temperature = asked[key]
        pairs = [case["text_pair"]] if "text_pair" in case else None
        (found,) = model.classify([case["text"]], pairs, scores=scores, temperature=temperature)
        np.testing.assert_allclose(found.scores, case[key], **CLOSE)
        assert found.label == model.labels[int(np.argmax(case[key]))]
        assert found.score == pytest.approx(max(case[key]), abs=1e-4)


@pytest.mark.parametrize("name, case", cases("rerank-one-label", "rerank-two-labels"))
def test_rerank(opened, name, case):
    scores = opened(name).rerank(case["query"], case["documents"])
    np.testing.assert_allclose(scores, case["scores"], **CLOSE)


@pytest.mark.parametrize("name, case", cases("tag", "tag-cased", "tag-roberta"))
def test_tag(opened, name, case):
    model, text = opened(name), case["text"]
    spans = model.tag(text, aggregation=case["aggregation"], keep_outside=True)
    assert [(s.label, s.start, s.end) for s in spans] == [(s["label"], s["start"], s["end"]) for s in case["spans"]]
    np.testing.assert_allclose([s.score for s in spans], [s["score"] for s in case["spans"]], **CLOSE)
    assert all(s.text == text[s.start : s.end] for s in spans)
    inside = model.tag(text, aggregation=case["aggregation"])
    assert inside == [s for s in spans if s.label != "O"]


@pytest.mark.parametrize("name, case", cases("answer", "answer-distilbert", "answer-roberta"))
def test_answer(opened, name, case):
    names = {
        "top_k": "top_k", "max_answer_len": "max_answer_length", "max_seq_len": "max_length", "doc_stride": "stride",
        "handle_impossible_answer": "allow_none",
    }  # fmt: skip
    options = {names[key]: value for key, value in case["options"].items()}
    found = opened(name).answer(case["question"], case["context"], **options)
    assert [(a.start, a.end) for a in found] == [(a["start"], a["end"]) for a in case["answers"]]
    np.testing.assert_allclose([a.score for a in found], [a["score"] for a in case["answers"]], **CLOSE)
    assert all(a.text == case["context"][a.start : a.end] for a in found)


@pytest.mark.parametrize("name, case", cases("fill", "fill-distilbert", "fill-roberta", "fill-modernbert"))
def test_fill(opened, name, case):
    found = opened(name).fill(case["text"], top_k=case["top_k"])
    assert [[(c.id, c.token) for c in mask] for mask in found] == [
        [(c["token"], c["piece"]) for c in mask] for mask in case["masks"]
    ]
    scores = [c.score for mask in found for c in mask]
    np.testing.assert_allclose(scores, [c["score"] for mask in case["masks"] for c in mask], **CLOSE)
