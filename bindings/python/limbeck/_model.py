"""`Model`: scores of texts and pairs, and tokens. Its other tasks are in the files of its base classes."""

from __future__ import annotations

from collections.abc import Iterable
from ctypes import byref
from typing import Any, overload

import numpy as np

from . import _native
from ._forward import Forward, Thresholds, exit_options
from ._native import Status, library
from ._options import choice, number, positive
from ._progress import ShowProgress, parts
from ._results import Classification, Error, Floats, Tokens
from ._spans import SpanAnswers
from ._text import Texts, encode, listed, single
from ._vectors import Embedder


class Model(Embedder, SpanAnswers, Forward):
    """An open model folder, pack or GGUF file, with a session to run it.

    `threads`: 0 for the number of CPUs this process may use. `max_tokens`: the memory bound; larger batches are split internally,
    with bit-identical results. `kernels`: "portable", "avx2", "avx_vnni", "avx512", "avx512_vnni", "amx", "neon", "neon_dot", or
    None for the best this CPU supports.

    `layers`: run only the first so many; `depth`: only a fraction of them, spread over all, as DynaBERT chooses them. The answers are
    those of the last layer that is run, with the model's own pooling and head; `session.layers` tells how many are run. `width`: of
    each layer run only a fraction of the attention heads (`session.heads`) and of the feed-forward network, the first ones, as in
    DynaBERT; for layers as BERT's. The weights are shared by all of these.

    Threads may share a Model; their calls take turns. For concurrent calls, open one Model per thread. Copying or unpickling a
    Model opens it again, by its path and with these options. A child process of fork() may continue to use it.
    """

    def classify(
        self,
        texts: str | Iterable[str],
        pairs: str | Iterable[str] | None = None,
        *,
        scores: str | None = None,
        temperature: float = 1.0,
        max_length: int | None = None,
        prompt: str | None = None,
        prompt_name: str | None = None,
        exit_threshold: Thresholds = None,
        exit_patience: int | None = None,
        exit_rule: str | None = None,
        show_progress: ShowProgress = False,
    ) -> list[Classification]:
        """The labels of texts, or of pairs of texts (entailment, next sentence).

        `scores`: "softmax", "sigmoid" or "raw"; None: as the model specifies. `temperature` divides the logits first. `prompt` and
        `prompt_name` are as for `embed`; for a pair, the prompt is prepended to the first text.

        In a model with exits a text may leave early, and `layers` of its result tells after how many layers: `exit_threshold`, one
        number or one for each exit but the last (docs/adaptive.md), or `exit_patience`. Without either, the default of a pack holds,
        or else all leave at the last exit. `exit_rule`: "entropy", "uncertainty" or "uncertainty_below"; None: the model's own;
        "never": all leave at the last exit, whatever the pack's default.
        """
        prompts, exits = self._prompt(prompt, prompt_name), exit_options(exit_threshold, exit_patience, exit_rule)
        options = _classify_options(scores, temperature, max_length, prompts | exits)
        first, second = listed(texts), None if pairs is None else listed(pairs, "pairs")
        if second is not None and len(second) != len(first):
            raise Error(Status.INVALID_ARGUMENT, f"{len(first)} texts and {len(second)} pairs")
        table = np.empty((len(first), self.info.label_count), np.float32)
        layers = np.empty(len(first), np.uint32)
        for begin, end in parts(self._session, len(first), show_progress):
            ours, part = Texts(first[begin:end]), table[begin:end]
            theirs = None if second is None else Texts(second[begin:end])
            options.layers, options.layer_capacity = layers[begin:end].ctypes.data, end - begin
            self._session.call(
                library.limbeck_classify, ours.pointers, ours.lengths, theirs and theirs.pointers, theirs and theirs.lengths,
                ours.count, byref(options), part.ctypes.data, part.size,
            )  # fmt: skip
        best = table.argmax(axis=1) if table.size else np.zeros(0, np.int64)
        rows = zip(best.tolist(), table, layers.tolist())
        return [Classification(self.labels[k], float(row[k]), row, left) for k, row, left in rows]

    def rerank(
        self,
        query: str,
        documents: str | Iterable[str],
        *,
        scores: str | None = None,
        temperature: float = 1.0,
        max_length: int | None = None,
        prompt: str | None = None,
        prompt_name: str | None = None,
        show_progress: ShowProgress = False,
    ) -> Floats:
        """One score per document, in their order, from a cross-encoder. Higher is more relevant. A prompt is prepended to the
        query."""
        options = _classify_options(scores, temperature, max_length, self._prompt(prompt, prompt_name))
        asked, inputs = encode(single(query, "query")), listed(documents, "documents")
        values = np.empty(len(inputs), np.float32)
        for first, end in parts(self._session, len(inputs), show_progress):
            some, rows = Texts(inputs[first:end]), values[first:end]
            self._session.call(
                library.limbeck_rerank, asked, len(asked), some.pointers, some.lengths, some.count, byref(options),
                rows.ctypes.data, rows.size,
            )  # fmt: skip
        return values

    @overload
    def tokenize(  # type: ignore[overload-overlap]
        self, text: str, pair: str | None = ..., *, special_tokens: bool = ..., max_length: int | None = ...
    ) -> Tokens: ...
    @overload
    def tokenize(
        self, text: Iterable[str], pair: Iterable[str] | None = ..., *, special_tokens: bool = ..., max_length: int | None = ...
    ) -> list[Tokens]: ...
    def tokenize(
        self,
        text: str | Iterable[str],
        pair: str | Iterable[str] | None = None,
        *,
        special_tokens: bool = True,
        max_length: int | None = None,
    ) -> Tokens | list[Tokens]:
        """`Tokenizer.tokenize` with the model's tokenizer."""
        return self.tokenizer.tokenize(text, pair, special_tokens=special_tokens, max_length=max_length)


def _classify_options(
    scores: str | None, temperature: float, max_length: int | None, others: dict[str, Any]
) -> _native.ClassifyOptions:
    return _native.ClassifyOptions(
        scores=choice(_native.SCORES, "scores", scores, "model"),
        temperature=positive("temperature", temperature),
        max_length=number("max_length", max_length),
        **others,
    )
