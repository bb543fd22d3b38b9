"""Packs: a model as one file, which is opened without being read."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from ctypes import byref
from queue import SimpleQueue
from typing import Callable

from . import _native
from ._handles import Path, explained
from ._native import library
from ._options import choice
from ._text import Texts, listed


def pack(
    model_dir: Path,
    out: Path,
    precision: str = "int8",
    calibration: Iterable[str] | None = None,
    references: Iterable[str] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> None:
    """Packs a model folder or a GGUF file into one file for `Model`, which is there whole or not at all.

    `precision`: "f32", "f16", "int8" or "int4". `calibration`: texts like those that the model will see, for the last two; built-in
    ones without them. The answers to the first few of `references`, or of some built-in texts, are kept for `verify`. `progress` is
    called with a stage and how much of it is done, from 0 to 1. What it raises, or a signal handler (Ctrl-C), ends the call, and no
    file is written.
    """
    number = choice(_native.PRECISION, "precision", precision, "default")
    seen = Texts([] if calibration is None else listed(calibration, "calibration"))
    kept = Texts([] if references is None else listed(references, "references"))
    source, target = os.fsencode(model_dir), os.fsencode(out)
    stages = {number: name for name, number in _native.PACK.items()}
    # The library works on a thread of its own, on which no signal handler of Python's runs: what one raised in a function that the
    # library called back would be lost.
    steps: SimpleQueue[tuple[str, float] | None] = SimpleQueue()
    stopped = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        interrupt = _native.Interrupt(lambda _: int(stopped.is_set()))
        report = _native.PackProgress(lambda _, stage, fraction: steps.put((stages.get(stage, str(stage)), fraction)))
        options = _native.PackOptions(
            precision=number,
            calibration=seen.pointers, calibration_bytes=seen.lengths, calibration_count=seen.count,
            references=kept.pointers, reference_bytes=kept.lengths, reference_count=kept.count,
            progress=report, interrupt=interrupt,
        )  # fmt: skip
        try:
            explained(library.limbeck_pack, source, len(source), target, len(target), byref(options))
        except BaseException as error:
            failures.append(error)
        finally:
            steps.put(None)

    worker = threading.Thread(target=work, name="limbeck.pack", daemon=True)
    try:
        worker.start()
        while (step := steps.get()) is not None:
            if progress is not None:
                progress(*step)
    finally:
        stopped.set()
        if worker.ident is not None:
            worker.join()
    if failures:
        raise failures[0]


def verify(path: Path) -> None:
    """Reads a whole pack and computes its reference texts again; raises `Error` unless everything is as it was written."""
    utf8 = os.fsencode(path)
    explained(library.limbeck_verify, utf8, len(utf8))
