"""The results of the calls, and the error they raise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from . import _native

Floats = npt.NDArray[np.float32]


class Error(Exception):
    """A failed call: `status` is a `Status`, `message` says what was wrong."""

    status: int
    message: str

    def __init__(self, status: int, message: str = "") -> None:
        try:
            self.status = _native.Status(status)
        except ValueError:  # a status of a later library
            self.status = status
        self.message = message or _native.library.limbeck_status_string(status).decode()
        super().__init__(self.message)

    def __reduce__(self) -> tuple[type[Error], tuple[int, str]]:
        return Error, (int(self.status), self.message)


def check(status: int) -> None:
    """Raises an `Error` unless the call succeeded."""
    if status != _native.Status.OK:
        raise Error(status)


class Tokens(NamedTuple):
    """The tokens of a text. `types` are the token types passed to the model; `offsets` are (start, end) in characters of the
    token's text."""

    ids: list[int]
    types: list[int]
    offsets: list[tuple[int, int]]


class Classification(NamedTuple):
    """The best label of a text, the scores of all labels, in the order of `Model.labels`, and the number of layers after which the
    text left."""

    label: str
    score: float
    scores: Floats
    layers: int


class Tag(NamedTuple):
    """A labelled span; `start` and `end` are character offsets into the text."""

    label: str
    score: float
    start: int
    end: int
    text: str


class Answer(NamedTuple):
    """A span of the context; an empty one means that there is no answer."""

    text: str
    score: float
    start: int
    end: int


class Candidate(NamedTuple):
    """A candidate token for a mask."""

    token: str
    score: float
    id: int


class ModelInfo(NamedTuple):
    """Properties of a model; `answers` has the names of the supported methods."""

    family: str
    answers: tuple[str, ...]
    has_tokenizer: bool
    hidden_size: int
    layers: int
    attention_heads: int
    intermediate_size: int
    vocab_size: int
    max_length: int
    max_positions: int
    label_count: int
    embedding_size: int
    precision: str
    parameters: int
    mapped_bytes: int
    private_bytes: int
    prompt_count: int
    default_prompt: int
    most_dimensions: int
    exits: int
    exit_rule: str
    exit_threshold: float
    exit_patience: int


class SessionInfo(NamedTuple):
    """The resources of a session: threads, the memory bound in tokens, the instruction set, the scratch memory; the number of
    layers that it runs, the exits among them, and the attention heads in a layer."""

    threads: int
    max_tokens: int
    kernels: str
    memory_bytes: int
    layers: int
    exits: int
    heads: int
