"""Packs: a model as one file, which is opened without being read."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from ctypes import byref
from typing import Any, Callable

from . import _native
from ._native import Status, library
from ._results import Error
from ._text import Texts, encode


def pack(
    model_dir: str | os.PathLike[str],
    out: str | os.PathLike[str],
    precision: str = "int8",
    calibration: Sequence[str] | None = None,
    references: Sequence[str] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> None:
    """Packs a model folder or a GGUF file into one file for `Model`, which is there whole or not at all.

    `precision`: "f32", "f16", "int8" or "int4". `calibration`: texts like those that the model will see, for the last two; built-in
    ones without them. The answers to the first few of `references`, or of some built-in texts, are kept for `verify`. `progress` is
    called with a stage and how much of it is done, from 0 to 1.
    """
    number = _native.PRECISION.get(precision)
    if number is None:
        raise Error(Status.INVALID_ARGUMENT, f"precision is {precision!r}, and can be {', '.join(map(repr, _native.PRECISION))}")
    seen, kept = Texts(calibration or []), Texts(references or [])
    stages = {number: name for name, number in _native.PACK.items()}

    @_native.PackProgress
    def report(_: int | None, stage: int, fraction: float) -> None:
        if progress is not None:
            progress(stages.get(stage, str(stage)), fraction)

    options = _native.PackOptions(
        precision=number,
        calibration=seen.pointers, calibration_bytes=seen.lengths, calibration_count=seen.count,
        references=kept.pointers, reference_bytes=kept.lengths, reference_count=kept.count,
        progress=report,
    )  # fmt: skip
    source, target = encode(os.fspath(model_dir)), encode(os.fspath(out))
    _explained(library.limbeck_pack, source, len(source), target, len(target), byref(options))


def verify(path: str | os.PathLike[str]) -> None:
    """Reads a whole pack and computes its reference texts again; raises `Error` unless everything is as it was written."""
    utf8 = encode(os.fspath(path))
    _explained(library.limbeck_verify, utf8, len(utf8))


def _explained(function: Callable[..., int], *arguments: Any) -> None:
    message = ctypes.create_string_buffer(2048)
    status = function(*arguments, message, len(message))
    if status != Status.OK:
        raise Error(status, message.value.decode(errors="replace"))
