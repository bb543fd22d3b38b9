"""Ids in, tensors out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ctypes import byref, c_size_t
from typing import Any

import numpy as np
import numpy.typing as npt

from . import _native
from ._base import Opened
from ._native import Status, library
from ._options import choice, small
from ._progress import ShowProgress, parts
from ._results import Error, Floats

Ids = Any  # a list of whole numbers, or an array of them


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
        discriminator.
        """
        what, layer = choice(_native.OUTPUT, "output", output, "hidden"), small("layer", layer)
        sequences, lengths = _sequences(ids, "ids")
        types, type_lengths = _sequences(token_types, "token_types") if token_types is not None else (None, lengths)
        if type_lengths != lengths:
            raise Error(Status.INVALID_ARGUMENT, "token_types and ids differ in their lengths")
        per_token, width = self._shape(output)
        ends = [0, *np.cumsum(lengths, dtype=np.int64).tolist()]  # of the sequences' tokens
        values = np.empty((ends[-1] if per_token else len(lengths), width), np.float32)
        count = c_size_t()
        for first, end in parts(self._session, len(lengths), show_progress):
            rows = values[ends[first] : ends[end]] if per_token else values[first:end]
            flat = _flat(sequences[first:end], "ids")
            flat_types = None if types is None else _flat(types[first:end], "token_types")
            sizes = (c_size_t * (end - first))(*lengths[first:end])
            self._session.call(
                library.limbeck_forward, flat.ctypes.data, None if flat_types is None else flat_types.ctypes.data, sizes,
                end - first, what, layer, rows.ctypes.data, rows.size, byref(count),
            )  # fmt: skip
        return np.split(values, ends[1:-1]) if per_token and lengths else list(values)

    def _shape(self, output: str) -> tuple[bool, int]:
        """Whether an output has one row per token (else per sequence), and the width of a row."""
        facts = self.info
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
