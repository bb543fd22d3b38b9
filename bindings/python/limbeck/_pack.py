"""Packs: a model as one memory-mapped file."""

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
from ._options import choice, number, positive
from ._text import Texts, listed


def pack(
    model_dir: Path,
    out: Path,
    precision: str = "int8",
    calibration: Iterable[str] | None = None,
    references: Iterable[str] | None = None,
    progress: Callable[[str, float], None] | None = None,
) -> None:
    """Writes a model folder or a GGUF file as one file for `Model`, completely or not at all.

    `precision`: "f32", "f16", "int8" or "int4". `calibration`: calibration texts for the last two, similar to those in use; by
    default built-in texts. The answers to the first few of `references`, or to built-in texts, are stored for `verify`. `progress`
    is called with a stage and its completed fraction, from 0 to 1. An exception that it or a signal handler (Ctrl-C) raises ends
    the call, and no file is written.
    """
    form = choice(_native.PRECISION, "precision", precision, "default")
    seen = Texts([] if calibration is None else listed(calibration, "calibration"))
    kept = Texts([] if references is None else listed(references, "references"))
    source, target = os.fsencode(model_dir), os.fsencode(out)
    stages = {number: name for name, number in _native.PACK.items()}
    # The library runs on a separate thread, where Python runs no signal handlers: an exception that one raised in a callback of the
    # library would be lost.
    steps: SimpleQueue[tuple[str, float] | None] = SimpleQueue()
    stopped = threading.Event()
    failures: list[BaseException] = []

    def work() -> None:
        interrupt = _native.Interrupt(lambda _: int(stopped.is_set()))
        report = _native.PackProgress(lambda _, stage, fraction: steps.put((stages.get(stage, str(stage)), fraction)))
        options = _native.PackOptions(
            precision=form,
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


def set_exit_default(path: Path, threshold: float | None = None, patience: int | None = None) -> None:
    """Writes into a pack with exits when texts leave in calls that do not say: below a threshold, or by patience; neither: at the last
    exit. The pack is replaced by a new file with the same tensors."""
    utf8, limit = os.fsencode(path), 0.0 if threshold is None else positive("threshold", threshold)
    explained(library.limbeck_set_exit_default, utf8, len(utf8), limit, number("patience", patience, minimum=1))


def verify(path: Path) -> None:
    """Reads a whole pack and computes its reference texts again; raises `Error` unless everything is as it was written."""
    utf8 = os.fsencode(path)
    explained(library.limbeck_verify, utf8, len(utf8))
