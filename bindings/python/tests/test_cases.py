"""Folders as the libraries of the field write them, and what those libraries answer: Tests/golden/cases.

Each group has an `expected.json`: `calls`, of which one is a folder, a method with its arguments, and the answer (`expect`), or the words of a
refusal (`refused`). Ids, types, offsets and labels exactly; numbers within 1e-4.
"""

import json

import limbeck
import numpy as np
import pytest
from conftest import REPOSITORY

CASES = REPOSITORY / "Tests" / "golden" / "cases"


def calls() -> list:
    """Every call of every group, as pytest parameters."""
    found = []
    for path in sorted(CASES.glob("*/expected.json")):
        for number, call in enumerate(json.loads(path.read_text(encoding="utf-8"))["calls"]):
            name = f"{path.parent.name}/{call['folder']}-{call['method']}-{number}"
            found.append(pytest.param(path.parent / call["folder"], call, id=name))
    return found


def answer(opened, method: str, arguments: list, options: dict):
    """What a call gives, in the terms of JSON."""
    value = getattr(opened, method)(*arguments, **options)
    match method:
        case "tokenize":
            return {"ids": value.ids, "types": value.types, "offsets": [list(pair) for pair in value.offsets]}
        case "classify":
            return {"labels": list(opened.labels), "scores": [c.scores.tolist() for c in value]}
        case "fill":
            return [[[c.id, c.token, c.score] for c in mask] for mask in value]
        case "forward":
            return [part.tolist() for part in value]
    return np.asarray(value).tolist()


def differs(found, expected) -> str:
    """Where the two differ; empty if nowhere. What is expected names the members that matter."""
    match expected:
        case dict():
            parts = ((f".{key}", found[key], value) for key, value in expected.items())
        case list():
            if len(found) != len(expected):
                return f" has {len(found)} elements, expected {len(expected)}"
            parts = ((f"[{i}]", a, b) for i, (a, b) in enumerate(zip(found, expected)))
        case float():
            return "" if abs(found - expected) <= 1e-4 * max(1.0, abs(expected)) else f" is {found}, expected {expected}"
        case _:
            return "" if found == expected else f" is {found!r}, expected {expected!r}"
    return next((place + said for place, a, b in parts if (said := differs(a, b))), "")


@pytest.mark.parametrize("folder, call", calls())
def test_case(folder, call):
    opener = limbeck.Tokenizer if call["method"] == "tokenize" else limbeck.Model
    if "refused" in call:
        with pytest.raises(limbeck.Error, match=call["refused"]):
            answer(opener(folder), call["method"], call["args"], call["kwargs"])
        return
    assert not differs(answer(opener(folder), call["method"], call["args"], call["kwargs"]), call["expect"])
