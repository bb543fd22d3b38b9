"""Where the golden models are. The tests need the repository, for these and for the header."""

import json
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
MODELS = REPOSITORY / "Tests" / "golden" / "models"
ANSWERS = REPOSITORY / "Tests" / "golden" / "answers"


def cases(*names: str) -> list:
    """Every case of some golden folders, as pytest parameters."""
    told = {name: json.loads((ANSWERS / name / "answers.json").read_text(encoding="utf-8")) for name in names}
    return [
        pytest.param(name, case, id=f"{name}-{number}")
        for name in names
        for number, case in enumerate(told[name]["cases"])
    ]


@pytest.fixture(scope="session")
def opened():
    """Opens golden models, each once."""
    import limbeck

    models: dict[str, limbeck.Model] = {}

    def opens(name: str) -> "limbeck.Model":
        if name not in models:
            models[name] = limbeck.Model(ANSWERS / name)
        return models[name]

    return opens
