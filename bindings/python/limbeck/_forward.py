"""Ids in, tensors out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ctypes import byref, c_float, c_size_t
from typing import Any, Union

import numpy as np
import numpy.typing as npt

from . import _native
from ._base import Opened
from ._native import Status, library
from ._options import choice, number, real, small
from ._progress import ShowProgress, parts
from ._results import Error, Floats

Ids = Any  # a list of whole numbers, or an array of them
Thresholds = Union[float, Sequence[float], None]  # Floats too


class Forward(Opened):
    """The part of `Model` for programs that tokenize texts themselves, or need hidden states."""

    def forward(
        self,
        ids: Iterable[Ids],
        token_types: Iterable[Ids] | None = None,
        output: str = "hidden",
        layer: int = -1,
        *,
        show_progress: ShowProgress = False,
    ) -> list[Floats]:
        """Runs sequences of token ids, and returns one array for each.

        `output` "hidden": (tokens, hidden_size), the state after `layer`; 0 is the embedding output, -1 the last.
        "pooled": (hidden_size). "logits": (labels) for sequence classification; (tokens, labels) for token classification; (tokens,
        2), start and end, for question answering; (tokens, vocab_size) for a masked language model; (tokens, 1) for ELECTRA's
        discriminator. "branches": (exits * labels), see `branches`.
        """
        what, layer = choice(_native.OUTPUT, "output", output, "hidden"), small("layer", layer)
        batch = _Sequences(ids, token_types)
        per_token, width = self._shape(output)
        ends = [0, *np.cumsum(batch.lengths, dtype=np.int64).tolist()]  # of the sequences' tokens
        values = np.empty((ends[-1] if per_token else len(batch.lengths), width), np.float32)
        count = c_size_t()
        for first, end in parts(self._session, len(batch.lengths), show_progress):
            rows = values[ends[first] : ends[end]] if per_token else values[first:end]
            self._session.call(
                library.limbeck_forward, *batch.part(first, end), what, layer, rows.ctypes.data, rows.size, byref(count)
            )
        return np.split(values, ends[1:-1]) if per_token and batch.lengths else list(values)

    def branches(self, ids: Iterable[Ids], token_types: Iterable[Ids] | None = None) -> Floats:
        """The logits of all exits, the model's own head last: (sequences, exits, labels)."""
        rows = self.forward(ids, token_types, "branches")
        return np.array(rows, np.float32).reshape(len(rows), self.session.exits, self.info.label_count)

    def exits(
        self,
        ids: Iterable[Ids],
        token_types: Iterable[Ids] | None = None,
        threshold: Thresholds = None,
        patience: int | None = None,
        rule: str | None = None,
    ) -> tuple[Floats, npt.NDArray[np.uint32]]:
        """The logits of sequences of token ids, each from the exit where it left, (sequences, labels), and the number of layers before
        that, (sequences). The arguments are those of `classify`."""
        batch = _Sequences(ids, token_types)
        logits = np.empty((len(batch.lengths), self.info.label_count), np.float32)
        layers = np.empty(len(batch.lengths), np.uint32)
        count = c_size_t()
        for first, end in parts(self._session, len(batch.lengths), False):
            options = _native.ClassifyOptions(
                layers=layers[first:end].ctypes.data, layer_capacity=end - first, **exit_options(threshold, patience, rule)
            )
            rows = logits[first:end]
            self._session.call(
                library.limbeck_exits, *batch.part(first, end), byref(options), rows.ctypes.data, rows.size, byref(count)
            )
        return logits, layers

    def _shape(self, output: str) -> tuple[bool, int]:
        """Whether an output has one row per token (else per sequence), and the width of a row."""
        facts = self.info
        if output == "branches":
            return False, self.session.exits * facts.label_count
        if output != "logits":
            return output == "hidden", facts.hidden_size
        if "tag" in facts.answers:
            return True, facts.label_count
        if "answer" in facts.answers:
            return True, 2
        if "fill" in facts.answers:
            return True, facts.vocab_size
        if "classify" in facts.answers:
            return False, facts.label_count
        return True, 1


def exit_options(threshold: Thresholds, patience: int | None, rule: str | None) -> dict[str, Any]:
    """The members of an options struct that say when a sequence leaves early."""
    given = np.ravel([] if threshold is None else threshold)
    if given.dtype.kind not in "iuf":
        raise TypeError(f"exit_threshold is {threshold!r}, and must be a number, or one for each exit but the last")
    thresholds = [real("exit_threshold", value, np.float32) for value in given]
    return {
        "exit_thresholds": (c_float * len(thresholds))(*thresholds),
        "exit_threshold_count": len(thresholds),
        "exit_patience": number("exit_patience", patience, minimum=1),
        "exit_rule": choice(_native.EXIT, "exit_rule", rule, "default"),
    }


class _Sequences:
    """Sequences of ids, and their token types."""

    def __init__(self, ids: Iterable[Ids], token_types: Iterable[Ids] | None) -> None:
        self._ids, self.lengths = _sequences(ids, "ids")
        self._types, lengths = (None, self.lengths) if token_types is None else _sequences(token_types, "token_types")
        if lengths != self.lengths:
            raise Error(Status.INVALID_ARGUMENT, "token_types and ids differ in their lengths")

    def part(self, first: int, end: int) -> list[Any]:
        """The arguments of the library for some of them, which keep their memory alive."""
        types = None if self._types is None else _flat(self._types[first:end], "token_types").ctypes
        sizes = (c_size_t * (end - first))(*self.lengths[first:end])
        return [_flat(self._ids[first:end], "ids").ctypes, types, sizes, end - first]


def _sequences(values: Iterable[Ids], name: str) -> tuple[list[Ids], list[int]]:
    """Lists of integers, and their lengths."""
    sequences = list(values)
    for index, sequence in enumerate(sequences):
        if isinstance(sequence, str) or not hasattr(sequence, "__len__"):
            raise TypeError(f"{name}[{index}] is {sequence!r}, and must be a list of whole numbers")
    return sequences, [len(sequence) for sequence in sequences]


def _flat(sequences: Sequence[Ids], name: str) -> npt.NDArray[np.int32]:
    """Sequences of integers, concatenated. A number that does not fit in 32 bits is refused as an id."""
    arrays = [np.asarray(sequence) for sequence in sequences if len(sequence)]
    if not arrays:
        return np.zeros(0, np.int32)
    whole = np.concatenate(arrays)
    if whole.ndim != 1 or whole.dtype.kind not in "iu":
        raise Error(Status.INVALID_ARGUMENT, f"{name} are lists of whole numbers")
    if whole.min() < 0 or whole.max() >= 2**31:
        raise Error(Status.ID_OUT_OF_RANGE, f"{name} are from {whole.min()} to {whole.max()}, and must be 0 to {2**31 - 1}")
    return whole.astype(np.int32)
