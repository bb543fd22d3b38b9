"""Distillation: a student trained by a recipe."""

from __future__ import annotations

import ctypes
import json
import os
import threading
from collections.abc import Mapping
from ctypes import byref, c_void_p
from queue import SimpleQueue
from typing import Any, Callable, NamedTuple

from . import _native, _native_distil
from ._handles import Path, explained
from ._options import choice, number
from ._text import Texts

_MAX_THREADS = 256


class DistilProgress(NamedTuple):
    """Where a run is, after a step of the optimiser. The steps are those of the stage, done and in all; `seconds_left` too is of the
    stage."""

    stage: int
    stage_count: int
    stage_name: str
    step: int
    step_count: int
    loss: float
    learning_rate: float
    tokens_per_second: float
    seconds_left: float


class DistilPlan(NamedTuple):
    """What a run will do and need. The memory is beside that of texts and tokenizers."""

    stage_count: int
    parameters: int
    trained_parameters: int
    step_count: int
    tokens_per_batch: int
    memory_bytes: int


def distil(
    recipe: Path,
    overrides: Mapping[str, Any] | None = None,
    threads: int = 0,
    progress: Callable[[DistilProgress], None] | None = None,
    *,
    kernels: str | None = None,
    restart: bool = False,
) -> None:
    """Trains the student of a recipe, and writes it to the recipe's output folder.

    `overrides`: values that differ from the file's, such as {"stages.0.epochs": 2, "data.texts": "other.txt"}; None removes one. Paths
    in the file are relative to its folder, those of `overrides` to the current one. `threads`: 0 for all CPUs this process may use. `progress` is called after each step. An
    exception that it or a signal handler (Ctrl-C) raises ends the run after the current step, with a checkpoint: the same call goes on
    from there, to the same bits, unless `restart` is true.
    """
    changes, source = _overrides(overrides), os.fsencode(recipe)
    settings = _settings(threads, kernels)
    library = _native_distil.library()
    # The library runs on a separate thread, where Python runs no signal handlers: an exception that one raised in a callback of the
    # library would be lost.
    steps: SimpleQueue[DistilProgress | None] = SimpleQueue()
    stopped = threading.Event()
    failures: list[BaseException] = []

    def report(_: Any, found: Any) -> int:
        if progress is not None:
            steps.put(_progress(found.contents))
        return int(stopped.is_set())

    def work() -> None:
        options = _native_distil.DistilOptions(
            overrides=changes.pointers, override_bytes=changes.lengths, override_count=changes.count,
            progress=_native_distil.DistilReport(report), restart=int(restart), **settings,
        )  # fmt: skip
        try:
            explained(library.limbeck_distil, source, len(source), byref(options))
        except BaseException as error:
            failures.append(error)
        finally:
            steps.put(None)

    worker = threading.Thread(target=work, name="limbeck.distil", daemon=True)
    try:
        worker.start()
        while (step := steps.get()) is not None:
            if progress is not None:
                progress(step)
    finally:
        stopped.set()
        if worker.ident is not None:
            worker.join()
    if failures:
        raise failures[0]


def distil_plan(
    recipe: Path, overrides: Mapping[str, Any] | None = None, threads: int = 0, *, kernels: str | None = None
) -> DistilPlan:
    """Checks a recipe with its models and data, and says what a run will do and need."""
    changes, source = _overrides(overrides), os.fsencode(recipe)
    options = _native_distil.DistilOptions(
        overrides=changes.pointers, override_bytes=changes.lengths, override_count=changes.count, **_settings(threads, kernels)
    )
    plan = _native_distil.DistilPlan()
    explained(_native_distil.library().limbeck_distil_plan, source, len(source), byref(options), byref(plan))
    return DistilPlan(*(getattr(plan, name) for name in DistilPlan._fields))


def _settings(threads: int, kernels: str | None) -> dict[str, int]:
    return {
        "threads": number("threads", threads, maximum=_MAX_THREADS),
        "kernels": choice(_native.KERNELS, "kernels", kernels, "best"),
    }


def _overrides(overrides: Mapping[str, Any] | None) -> Texts:
    """As the library takes them, with values in JSON, in which every string is one."""
    if overrides is not None and not isinstance(overrides, Mapping):
        raise TypeError(f"overrides is a {type(overrides).__name__}, and must be a dict")
    plain = {key: os.fspath(value) if isinstance(value, os.PathLike) else value for key, value in (overrides or {}).items()}
    return Texts([f"{key}={json.dumps(value, ensure_ascii=False, allow_nan=False)}" for key, value in plain.items()])


def _progress(found: _native_distil.DistilProgress) -> DistilProgress:
    # As an address: a c_char_p would be read up to a NUL, which need not be there.
    address = c_void_p.from_address(ctypes.addressof(found) + _native_distil.DistilProgress.stage_name.offset).value
    name = ctypes.string_at(address, found.stage_name_bytes) if address else b""
    values = {key: getattr(found, key) for key in DistilProgress._fields if key != "stage_name"}
    return DistilProgress(stage_name=name.decode(errors="replace"), **values)
