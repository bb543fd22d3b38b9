"""The threshold of a model with exits, chosen on labelled texts."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ._handles import Path
from ._model import Model
from ._native import Status
from ._pack import set_exit_default
from ._progress import ShowProgress, parts
from ._results import Error
from ._text import listed

_TIMED_TEXTS = 256
_TIMED_POINTS = 10
_THRESHOLDS = 200


class ExitPoint(NamedTuple):
    """What one choice gives on the labelled texts."""

    choice: float  # a threshold or a patience; 0: all layers
    accuracy: float
    low: float  # the interval in which the accuracy lies with a confidence of 95 % (Wilson 1927)
    high: float
    layers: float  # that a text needs, on average
    time: float | None  # measured, as a share of that of all layers; for some of the points


class Calibration(NamedTuple):
    """The trade-off between accuracy and layers, from `calibrate`."""

    texts: int
    rule: str
    full: ExitPoint  # all layers
    points: list[ExitPoint]  # from the most layers to the fewest
    best: ExitPoint | None  # the fewest layers within the drop; None: no choice saves any

    @property
    def options(self) -> dict[str, Any]:
        """The best choice as arguments of `classify`; empty without one."""
        if self.best is None:
            return {}
        return {"exit_patience": int(self.best.choice)} if self.rule == "patience" else {"exit_threshold": self.best.choice}

    def write(self, pack: Path) -> None:
        """Makes the best choice the default of a pack, or that nothing leaves early."""
        choice = None if self.best is None else self.best.choice
        if self.rule == "patience":
            set_exit_default(pack, patience=None if choice is None else int(choice))
        else:
            set_exit_default(pack, threshold=choice)


def calibrate(
    model: Model,
    texts: Iterable[str],
    labels: Iterable[str | int],
    pairs: Iterable[str] | None = None,
    *,
    drop: float = 0.005,
    patience: bool = False,
    show_progress: ShowProgress = False,
) -> Calibration:
    """Computes all exits for labelled texts once, and chooses the threshold that needs the fewest layers with an accuracy of at most
    `drop` less than that of all layers; with `patience`, or in a model whose rule that is, the patience. `labels` are names or
    indices of the model's. The times are of the first 256 texts, classified with ten choices spread over the points.
    """
    first, second = listed(texts), None if pairs is None else listed(pairs, "pairs")
    wanted = np.array([_label(model, label) for label in labels], np.int64)
    facts = model.info
    if not first or len(wanted) != len(first) or (second is not None and len(second) != len(first)):
        raise Error(Status.INVALID_ARGUMENT, f"{len(first)} texts and {len(wanted)} labels, expected as many, and some")
    if model.session.exits < 2 or facts.label_count < 2:
        raise Error(Status.UNSUPPORTED, "the model has no exits, or a single label")
    rule = "patience" if patience else facts.exit_rule
    logits = _branches(model, first, second, show_progress)  # (texts, exits, labels)
    hits = logits.argmax(axis=2) == wanted[:, None]  # (texts, exits)
    places = np.array(_exit_layers(model), np.float64)
    candidates = _patiences(logits) if rule == "patience" else _thresholds(logits, rule)

    def point(choice: float, exits: npt.NDArray[np.int64], seconds: float | None = None) -> ExitPoint:
        count, right = len(first), int(hits[np.arange(len(first)), exits].sum())
        return ExitPoint(choice, right / count, *_interval(right, count), float(places[exits].mean()), seconds)

    points = [point(choice, exits) for choice, exits in candidates]
    full = point(0, np.full(len(first), len(places) - 1), 1.0)
    kept = [p for p in points if p.accuracy >= full.accuracy - drop - 1e-12 and p.layers < full.layers]
    best = min(kept, key=lambda p: (p.layers, p.choice), default=None)

    timed = {round(i * (len(points) - 1) / max(1, _TIMED_POINTS - 1)) for i in range(_TIMED_POINTS)} if points else set()
    if best is not None:
        timed.add(points.index(best))
    some, theirs = first[:_TIMED_TEXTS], None if second is None else second[:_TIMED_TEXTS]
    whole = _seconds(model, some, theirs, {"exit_rule": "never"})
    for place in timed:
        choice = points[place].choice
        options = {"exit_patience": int(choice)} if rule == "patience" else {"exit_threshold": choice, "exit_rule": rule}
        measured = points[place]._replace(time=_seconds(model, some, theirs, options) / whole)
        best = measured if points[place] is best else best
        points[place] = measured
    return Calibration(len(first), rule, full, points, best)


def _label(model: Model, label: str | int) -> int:
    index = model.labels.index(label) if isinstance(label, str) and label in model.labels else label
    if isinstance(index, str) or not 0 <= index < len(model.labels):
        raise Error(Status.INVALID_ARGUMENT, f"the label {label!r}, expected one of the model's: {', '.join(model.labels[:8])}")
    return int(index)


def _branches(
    model: Model, first: Sequence[str], second: Sequence[str] | None, show_progress: ShowProgress
) -> npt.NDArray[np.float64]:
    length = min(model.info.max_length, model.session.max_tokens)
    rows = []
    for begin, end in parts(model._session, len(first), show_progress):
        tokens = model.tokenize(first[begin:end], None if second is None else second[begin:end], max_length=length)
        rows.append(model.branches([t.ids for t in tokens], [t.types for t in tokens]))
    return np.concatenate(rows).astype(np.float64)


def _exit_layers(model: Model) -> list[int]:
    """The number of layers before each exit: one at a time lets everything leave, as every entropy is below its threshold."""
    ids, count = [model.tokenize("a").ids], model.session.exits - 1
    thresholds = 1e30 * np.eye(count)
    layers = [int(model.exits(ids, threshold=thresholds[exit], rule="entropy")[1][0]) for exit in range(count)]
    return [*layers, model.session.layers]


def _doubts(logits: npt.NDArray[np.float64], rule: str) -> npt.NDArray[np.float64]:
    """The entropy of all exits but the last, (texts, exits - 1), divided by ln(labels) for an uncertainty."""
    shifted = logits[:, :-1] - logits[:, :-1].max(axis=2, keepdims=True)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=2, keepdims=True)
    entropy = -np.sum(p * np.log(np.where(p > 0, p, 1)), axis=2)
    return entropy if rule == "entropy" else entropy / math.log(logits.shape[2])


def _thresholds(logits: npt.NDArray[np.float64], rule: str) -> list[tuple[float, npt.NDArray[np.int64]]]:
    """Thresholds of three digits between the doubts, and the exit of every text with each."""
    doubts = _doubts(logits, rule)
    ordered = np.sort(doubts[np.isfinite(doubts)])
    found: list[tuple[float, npt.NDArray[np.int64]]] = []
    for index in range(1, _THRESHOLDS + 1 if ordered.size else 1):
        threshold = float(np.float32(math.ceil(ordered[(ordered.size - 1) * index // _THRESHOLDS] * 1000) / 1000))
        if threshold > (found[-1][0] if found else 0):
            leaves = doubts <= threshold if rule == "uncertainty" else doubts < threshold
            found.append((threshold, np.where(leaves.any(axis=1), leaves.argmax(axis=1), doubts.shape[1])))
    return found


def _patiences(logits: npt.NDArray[np.float64]) -> list[tuple[float, npt.NDArray[np.int64]]]:
    answers = logits.argmax(axis=2)
    last = answers.shape[1] - 1
    found: list[tuple[float, npt.NDArray[np.int64]]] = []
    for patience in range(max(1, last), 0, -1):
        exits, agreeing = np.full(len(answers), last), np.zeros(len(answers), np.int64)
        for exit in range(1, last + 1):
            agreeing = np.where(answers[:, exit] == answers[:, exit - 1], agreeing + 1, 0)
            exits = np.where((agreeing == patience) & (exits == last), exit, exits)
        found.append((float(patience), exits))
    return found


def _interval(right: int, count: int) -> tuple[float, float]:
    z, p = 1.959964, right / count
    middle = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count))
    return middle - half, middle + half


def _seconds(model: Model, texts: Sequence[str], pairs: Sequence[str] | None, options: dict[str, Any]) -> float:
    """The shorter of two."""
    times = []
    for _ in range(2):
        begun = time.perf_counter()
        model.classify(texts, pairs, **options)
        times.append(time.perf_counter() - begun)
    return min(times)
