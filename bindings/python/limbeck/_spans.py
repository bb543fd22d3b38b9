"""Answers that are spans of a text, or fill one in: `tag`, `answer` and `fill`."""

from __future__ import annotations

from collections.abc import Iterable
from ctypes import byref
from typing import overload

from . import _native
from ._base import Opened
from ._native import Status, library
from ._options import choice, number
from ._progress import ShowProgress
from ._results import Answer, Candidate, Error, Tag
from ._text import bounds, encode, listed, single

_MAX_ANSWERS = 1000  # the library's maximum


class SpanAnswers(Opened):
    """The part of `Model` whose calls take one text, or a list of texts that are computed separately."""

    @overload
    def tag(  # type: ignore[overload-overlap]
        self, text: str, *, aggregation: str = ..., keep_outside: bool = ..., max_length: int | None = ...
    ) -> list[Tag]: ...
    @overload
    def tag(
        self,
        text: Iterable[str],
        *,
        aggregation: str = ...,
        keep_outside: bool = ...,
        max_length: int | None = ...,
        show_progress: ShowProgress = ...,
    ) -> list[list[Tag]]: ...
    def tag(
        self,
        text: str | Iterable[str],
        *,
        aggregation: str = "simple",
        keep_outside: bool = False,
        max_length: int | None = None,
        show_progress: ShowProgress = False,
    ) -> list[Tag] | list[list[Tag]]:
        """Labelled spans in the order of the text; for several texts, a list for each. `aggregation`: "none", "simple", "first",
        "average" or "max"."""
        options = _native.TagOptions(
            aggregation=choice(_native.AGGREGATION, "aggregation", aggregation, "default"),
            keep_outside=int(bool(keep_outside)),
            max_length=number("max_length", max_length),
        )
        names = self.labels if aggregation == "none" else self._entities

        def tags(text: str) -> list[Tag]:
            utf8 = encode(text)
            spans = self._session.fetch(_native.Span, 64, library.limbeck_tag, utf8, len(utf8), byref(options))
            return [Tag(names[s.label], s.score, a, b, text[a:b]) for s, (a, b) in zip(spans, bounds(text, utf8, spans))]

        if isinstance(text, str):
            return tags(text)
        return [tags(one) for one in self._each(listed(text, "text"), show_progress)]

    @overload
    def answer(  # type: ignore[overload-overlap]
        self,
        question: str,
        context: str,
        *,
        top_k: int = ...,
        max_answer_length: int = ...,
        max_length: int | None = ...,
        stride: int | None = ...,
        allow_none: bool = ...,
    ) -> list[Answer]: ...
    @overload
    def answer(
        self,
        question: str | Iterable[str],
        context: str | Iterable[str],
        *,
        top_k: int = ...,
        max_answer_length: int = ...,
        max_length: int | None = ...,
        stride: int | None = ...,
        allow_none: bool = ...,
        show_progress: ShowProgress = ...,
    ) -> list[list[Answer]]: ...
    def answer(
        self,
        question: str | Iterable[str],
        context: str | Iterable[str],
        *,
        top_k: int = 1,
        max_answer_length: int = 15,
        max_length: int | None = None,
        stride: int | None = None,
        allow_none: bool = False,
        show_progress: ShowProgress = False,
    ) -> list[Answer] | list[list[Answer]]:
        """The best spans of `context` that answer `question`, best first; for several questions, which share one context or have
        one each, a list for each.

        Long contexts are read in windows of `max_length` tokens that overlap by `stride`. With `allow_none`, an empty answer
        is a candidate.
        """
        options = _native.AnswerOptions(
            top_k=number("top_k", top_k, minimum=1, maximum=_MAX_ANSWERS),
            max_answer_length=number("max_answer_length", max_answer_length, minimum=1),
            max_length=number("max_length", max_length),
            stride=number("stride", stride),
            allow_none=int(bool(allow_none)),
        )

        def answers(question: str, context: str) -> list[Answer]:
            asked, utf8 = encode(question), encode(context)
            spans = self._session.fetch(
                _native.Answer, options.top_k, library.limbeck_answer_question, asked, len(asked), utf8, len(utf8), byref(options)
            )
            return [Answer(context[a:b], s.score, a, b) for s, (a, b) in zip(spans, bounds(context, utf8, spans))]

        if isinstance(question, str) and isinstance(context, str):
            return answers(question, context)
        questions, contexts = listed(question, "question"), listed(context, "context")
        if isinstance(question, str):
            questions *= len(contexts)
        elif isinstance(context, str):
            contexts *= len(questions)
        if len(questions) != len(contexts):
            raise Error(Status.INVALID_ARGUMENT, f"{len(questions)} questions and {len(contexts)} contexts")
        return [answers(*both) for both in self._each(list(zip(questions, contexts)), show_progress)]

    @overload
    def fill(  # type: ignore[overload-overlap]
        self, text: str, *, top_k: int = ..., max_length: int | None = ...
    ) -> list[list[Candidate]]: ...
    @overload
    def fill(
        self, text: Iterable[str], *, top_k: int = ..., max_length: int | None = ..., show_progress: ShowProgress = ...
    ) -> list[list[list[Candidate]]]: ...
    def fill(
        self,
        text: str | Iterable[str],
        *,
        top_k: int = 5,
        max_length: int | None = None,
        show_progress: ShowProgress = False,
    ) -> list[list[Candidate]] | list[list[list[Candidate]]]:
        """For every mask token in the text ("[MASK]"), in order, the `top_k` most probable tokens, best first; for several texts, a
        list for each. The vocabulary may have ids without a token in the tokenizer: their token is ""."""
        options = _native.FillOptions(top_k=number("top_k", top_k, minimum=1), max_length=number("max_length", max_length))

        def candidates(text: str) -> list[list[Candidate]]:
            utf8 = encode(text)
            found = self._session.fetch(_native.Candidate, 64, library.limbeck_fill, utf8, len(utf8), byref(options))
            masks: list[list[Candidate]] = [[] for _ in range(max((c.mask for c in found), default=-1) + 1)]
            for candidate in found:
                masks[candidate.mask].append(Candidate(self._name(candidate.token), candidate.score, candidate.token))
            return masks

        if isinstance(text, str):
            return candidates(text)
        return [candidates(one) for one in self._each(listed(text, "text"), show_progress)]

    def _name(self, id: int) -> str:
        try:
            return self.tokenizer.token(id)
        except Error as error:
            if error.status != Status.ID_OUT_OF_RANGE:
                raise
            return ""
