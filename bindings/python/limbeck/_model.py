"""A model and its session."""

from __future__ import annotations

import ctypes
import os
import threading
import weakref
from collections.abc import Mapping, Sequence
from ctypes import byref, c_size_t, c_void_p
from types import TracebackType
from typing import Any, Callable

import numpy as np
import numpy.typing as npt

from . import _native
from ._native import Status, library
from ._results import (
    Answer, Candidate, Classification, Error, Floats, ModelInfo, SessionInfo, Tag, Tokens, check, number,
)  # fmt: skip
from ._text import Texts, characters, encode
from ._tokenizer import Tokenizer, open_handle, read_name, read_prompt, small

Ids = Any  # a list of whole numbers, or an array of them
_MOST_ANSWERS = 1000  # the library refuses to look for more
_MOST_DIMENSIONS = 2**16  # no model has more


class Model:
    """A model folder, a pack or a GGUF file, opened, with a session to run it.

    `threads`: 0 for the CPUs this process may use. `max_tokens`: the memory bound; larger batches are split inside, with the same
    bits. `kernels`: "portable", "avx2", "avx_vnni", "avx512", "avx512_vnni", "amx", "neon", "neon_dot", or None for the best this CPU has.

    Threads may share a Model; its calls then run one after the other. Open one per thread to run them at the same time.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        threads: int = 0,
        max_tokens: int | None = None,
        kernels: str | None = None,
    ) -> None:
        options = _native.SessionOptions(
            threads=number("threads", threads),
            max_tokens=number("max_tokens", max_tokens),
            kernels=_choice(_native.KERNELS, "kernels", kernels, "best"),
        )
        self._lock = threading.Lock()
        self._model = open_handle(library.limbeck_model_open, path)
        self._close_model = weakref.finalize(self, library.limbeck_model_close, self._model)
        self._session = c_void_p()
        check(library.limbeck_session_new(self._model, byref(options), byref(self._session)))
        self._close_session = weakref.finalize(self, library.limbeck_session_free, self._session)
        self.info = self._read_info()
        self.labels: tuple[str, ...] = tuple(
            read_name(library.limbeck_model_label, self._model, label) for label in range(self.info.label_count)
        )
        self._entities = tuple(
            read_name(library.limbeck_model_entity, self._model, label) for label in range(self.info.label_count)
        )
        self.prompts: dict[str, str] = dict(read_prompt(self._model, place) for place in range(self.info.prompt_count))
        self._tokenizer = Tokenizer._of_model(self._model) if self.info.has_tokenizer else None
        self.session = self._read_session()

    def close(self) -> None:
        """Frees the model and its session now, instead of with the last reference. Later calls raise `Error`."""
        with self._lock:
            self._session, self._model = c_void_p(), c_void_p()
            self._close_session()
            self._close_model()

    def __enter__(self) -> Model:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        facts = self.info
        return f"<limbeck.Model {facts.family}, {facts.layers} layers of {facts.hidden_size}: {', '.join(facts.answers)}>"

    def embed(
        self,
        texts: str | Sequence[str],
        *,
        pooling: str | None = None,
        normalize: bool | None = None,
        dimensions: int | None = None,
        max_length: int | None = None,
        prompt: str | None = None,
        prompt_name: str | None = None,
    ) -> Floats:
        """One vector per text: float32 (n, d).

        `pooling`: "mean", "cls", "max", "pooler", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"; None, like `normalize` None, is
        as the folder says. `dimensions` keeps the first so many, normalised after the cut (Matryoshka). `max_length` truncates texts
        to so many tokens. `prompt` is put before every text, as one text with it; "" is none. `prompt_name` names one of `prompts`; both
        None: the default one.
        """
        options = _native.EmbedOptions(
            pooling=_choice(_native.POOLING, "pooling", pooling, "model"),
            normalize=0 if normalize is None else 1 if normalize else 2,
            dimensions=number("dimensions", dimensions),
            max_length=number("max_length", max_length),
            **self._prompt(prompt, prompt_name),
        )
        if dimensions is not None and dimensions > _MOST_DIMENSIONS:
            raise Error(Status.INVALID_ARGUMENT, f"dimensions is {dimensions}, and a vector has {self.info.embedding_size}")
        inputs = Texts(texts)
        vectors = np.empty((inputs.count, dimensions or self.info.embedding_size), np.float32)
        self._call(
            library.limbeck_embed, inputs.pointers, inputs.lengths, inputs.count, byref(options), vectors.ctypes.data, vectors.size
        )
        return vectors

    def encode(self, sentences: str | Sequence[str], **options: Any) -> Floats:
        """`embed` in the manner of sentence-transformers: a single text gives a single vector (d).

        Takes `normalize_embeddings` and `truncate_dim`, and the options of `embed`, `prompt` and `prompt_name` among them.
        """
        if (normalize := options.pop("normalize_embeddings", None)) is not None:
            options["normalize"] = normalize or None
        if (dimensions := options.pop("truncate_dim", None)) is not None:
            options["dimensions"] = dimensions
        vectors = self.embed(sentences, **options)
        return vectors[0] if isinstance(sentences, str) else vectors

    def classify(
        self,
        texts: str | Sequence[str],
        pairs: str | Sequence[str] | None = None,
        *,
        scores: str | None = None,
        temperature: float = 1.0,
        max_length: int | None = None,
        prompt: str | None = None,
        prompt_name: str | None = None,
    ) -> list[Classification]:
        """The labels of texts, or of pairs of texts (entailment, next sentence).

        `scores`: "softmax", "sigmoid" or "raw"; None is as the model says. `temperature` divides the logits before. `prompt` and
        `prompt_name` are as for `embed`; of a pair the prompt is put before the first text.
        """
        options = _classify_options(scores, temperature, max_length, self._prompt(prompt, prompt_name))
        first, second = Texts(texts), None if pairs is None else Texts(pairs)
        if second is not None and second.count != first.count:
            raise Error(Status.INVALID_ARGUMENT, f"{first.count} texts and {second.count} pairs")
        table = np.empty((first.count, self.info.label_count), np.float32)
        self._call(
            library.limbeck_classify, first.pointers, first.lengths, second and second.pointers, second and second.lengths,
            first.count, byref(options), table.ctypes.data, table.size,
        )  # fmt: skip
        best = table.argmax(axis=1) if table.size else np.zeros(0, np.int64)
        return [Classification(self.labels[k], float(row[k]), row) for k, row in zip(best.tolist(), table)]

    def rerank(
        self,
        query: str,
        documents: Sequence[str],
        *,
        scores: str | None = None,
        temperature: float = 1.0,
        max_length: int | None = None,
        prompt: str | None = None,
        prompt_name: str | None = None,
    ) -> Floats:
        """One score per document, in their order, from a cross-encoder. Higher is more relevant. A prompt is put before the query."""
        options = _classify_options(scores, temperature, max_length, self._prompt(prompt, prompt_name))
        first, inputs = encode(query), Texts(documents)
        values = np.empty(inputs.count, np.float32)
        self._call(
            library.limbeck_rerank, first, len(first), inputs.pointers, inputs.lengths, inputs.count,
            byref(options), values.ctypes.data, values.size,
        )  # fmt: skip
        return values

    def tag(
        self, text: str, *, aggregation: str = "simple", keep_outside: bool = False, max_length: int | None = None
    ) -> list[Tag]:
        """Labelled spans in the order of the text. `aggregation`: "none", "simple", "first", "average" or "max"."""
        options = _native.TagOptions(
            aggregation=_choice(_native.AGGREGATION, "aggregation", aggregation, "default"),
            keep_outside=int(keep_outside),
            max_length=number("max_length", max_length),
        )
        utf8 = encode(text)
        spans = self._fetch(_native.Span, 64, library.limbeck_tag, utf8, len(utf8), byref(options))
        names = self.labels if aggregation == "none" else self._entities
        bounds = _bounds(text, utf8, spans)
        return [Tag(names[s.label], s.score, a, b, text[a:b]) for s, (a, b) in zip(spans, bounds)]

    def answer(
        self,
        question: str,
        context: str,
        *,
        top_k: int = 1,
        max_answer_length: int = 15,
        max_length: int | None = None,
        stride: int | None = None,
        allow_none: bool = False,
    ) -> list[Answer]:
        """The best spans of `context` that answer `question`, best first.

        Long contexts are read in windows of `max_length` tokens that overlap by `stride`. With `allow_none` an empty answer
        competes.
        """
        options = _native.AnswerOptions(
            top_k=number("top_k", top_k),
            max_answer_length=number("max_answer_length", max_answer_length),
            max_length=number("max_length", max_length),
            stride=number("stride", stride),
            allow_none=int(allow_none),
        )
        first, second = encode(question), encode(context)
        spans = self._fetch(
            _native.Answer, min(max(top_k, 1), _MOST_ANSWERS), library.limbeck_answer_question, first, len(first), second, len(second), byref(options)
        )
        bounds = _bounds(context, second, spans)
        return [Answer(context[a:b], s.score, a, b) for s, (a, b) in zip(spans, bounds)]

    def fill(self, text: str, *, top_k: int = 5, max_length: int | None = None) -> list[list[Candidate]]:
        """For every mask token in the text ("[MASK]"), in order, the `top_k` most probable tokens, best first."""
        options = _native.FillOptions(top_k=number("top_k", top_k), max_length=number("max_length", max_length))
        utf8 = encode(text)
        found = self._fetch(_native.Candidate, 64, library.limbeck_fill, utf8, len(utf8), byref(options))
        masks: list[list[Candidate]] = [[] for _ in range(max((c.mask for c in found), default=-1) + 1)]
        for candidate in found:
            masks[candidate.mask].append(Candidate(self.tokenizer.token(candidate.token), candidate.score, candidate.token))
        return masks

    @property
    def default_prompt_name(self) -> str | None:
        """The prompt that is put before texts where a call does not say."""
        place = self.info.default_prompt
        return None if place < 0 else list(self.prompts)[place]

    def _prompt(self, prompt: str | None, name: str | None) -> dict[str, Any]:
        """The members of options that say which prompt."""
        if prompt is not None and name is not None:
            raise Error(Status.INVALID_ARGUMENT, "both prompt and prompt_name, and a call has one at most")
        if name is not None and name not in self.prompts:
            known = ", ".join(map(repr, self.prompts)) or "none"
            raise Error(Status.INVALID_ARGUMENT, f"the model has no prompt {name!r}; it has {known}")
        text, named = None if prompt is None else encode(prompt), None if name is None else encode(name)
        return {
            "prompt": text, "prompt_bytes": len(text or b""), "prompt_name": named, "prompt_name_bytes": len(named or b""),
        }  # fmt: skip

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer; it may outlive the model."""
        if self._tokenizer is None:
            raise Error(Status.NO_TOKENIZER)
        return self._tokenizer

    def tokenize(
        self, text: str, pair: str | None = None, *, special_tokens: bool = True, max_length: int | None = None
    ) -> Tokens:
        """`Tokenizer.tokenize` of the model's tokenizer."""
        return self.tokenizer.tokenize(text, pair, special_tokens=special_tokens, max_length=max_length)

    def forward(
        self,
        ids: Sequence[Ids],
        token_types: Sequence[Ids] | None = None,
        output: str = "hidden",
        layer: int = -1,
    ) -> list[Floats]:
        """Runs sequences of token ids, and gives one array for each.

        `output` "hidden": (tokens, hidden_size), the state after `layer`; 0 is the embedding output, -1 the last.
        "pooled": (hidden_size). "logits": (labels) of a classifier; (tokens, labels) of a tagger; (tokens, 2), start and end, of a
        question answerer; (tokens, vocab_size) of a masked language model; (tokens, 1) of ELECTRA's discriminator.
        """
        what = _choice(_native.OUTPUT, "output", output, "hidden")
        layer = small(layer)
        lengths = [len(sequence) for sequence in ids]
        flat = _flat(ids)
        types = None if token_types is None else _flat(token_types)
        if types is not None and [len(sequence) for sequence in token_types or ()] != lengths:
            raise Error(Status.INVALID_ARGUMENT, "token_types and ids differ in their lengths")
        sizes = (c_size_t * len(lengths))(*lengths)
        arguments = (flat.ctypes.data, None if types is None else types.ctypes.data, sizes, len(lengths), what, layer)
        per_token, width = self._shape(output)
        values = np.empty((sum(lengths) if per_token else len(lengths), width), np.float32)
        count = c_size_t()
        self._call(library.limbeck_forward, *arguments, values.ctypes.data, values.size, byref(count))
        return np.split(values, np.cumsum(lengths)[:-1]) if per_token and lengths else list(values)

    def _shape(self, output: str) -> tuple[bool, int]:
        """Whether an output has a row per token (else per sequence), and how wide a row is."""
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

    def _call(self, function: Callable[..., int], *arguments: Any) -> None:
        """A session serves one thread at a time."""
        with self._lock:
            check(function(self._session, *arguments))

    def _fetch(self, kind: type[ctypes.Structure], capacity: int, function: Callable[..., int], *arguments: Any) -> list[Any]:
        """The results of a call that reports a count: once more with a larger buffer, if it was too small."""
        count = c_size_t()
        while True:
            buffer = (kind * capacity)()
            try:
                self._call(function, *arguments, buffer, capacity, byref(count))
                return buffer[: count.value]
            except Error as error:
                if error.status != Status.CAPACITY or count.value <= capacity:
                    raise
                capacity = count.value

    def _read_info(self) -> ModelInfo:
        facts = _native.ModelInfo()
        check(library.limbeck_model_info(self._model, byref(facts)))
        values = {name: getattr(facts, name) for name in ModelInfo._fields}
        values["family"] = _name(_native.FAMILY, facts.family)
        values["precision"] = _name(_native.PRECISION, facts.precision)
        values["answers"] = tuple(name for name, bit in _native.CAN.items() if facts.answers & bit)
        values["has_tokenizer"] = bool(facts.has_tokenizer)
        return ModelInfo(**values)

    def _read_session(self) -> SessionInfo:
        facts = _native.SessionInfo()
        check(library.limbeck_session_info(self._session, byref(facts)))
        return SessionInfo(facts.threads, facts.max_tokens, _name(_native.KERNELS, facts.kernels), facts.memory_bytes)


def _name(numbers: Mapping[str, int], number: int) -> str:
    return next((name for name, known in numbers.items() if known == number), str(number))


def _choice(numbers: Mapping[str, int], option: str, name: str | None, default: str) -> int:
    """The number of a named option."""
    number = numbers.get(default if name is None else name)
    if number is None:
        raise Error(Status.INVALID_ARGUMENT, f"{option} is {name!r}, and can be {', '.join(map(repr, numbers))}")
    return number


def _classify_options(
    scores: str | None, temperature: float, max_length: int | None, prompt: dict[str, Any]
) -> _native.ClassifyOptions:
    if not temperature > 0:
        raise Error(Status.INVALID_ARGUMENT, f"temperature is {temperature}, and must be positive")
    return _native.ClassifyOptions(
        scores=_choice(_native.SCORES, "scores", scores, "model"),
        temperature=temperature,
        max_length=number("max_length", max_length),
        **prompt,
    )


def _bounds(text: str, utf8: bytes, spans: Sequence[Any]) -> list[list[int]]:
    offsets = np.array([(span.start, span.end) for span in spans], np.uint32).reshape(-1, 2)
    bounds: list[list[int]] = characters(text, utf8, offsets).tolist()
    return bounds


def _flat(sequences: Sequence[Ids]) -> npt.NDArray[np.int32]:
    """Sequences of integers back to back. What does not fit in 32 bits is no id."""
    parts = [np.asarray(sequence) for sequence in sequences if len(sequence)]
    if not parts:
        return np.zeros(0, np.int32)
    whole = np.concatenate(parts)
    if whole.ndim != 1 or whole.dtype.kind not in "iu":
        raise Error(Status.INVALID_ARGUMENT, "ids are lists of whole numbers")
    if whole.min() < 0 or whole.max() >= 2**31:
        raise Error(Status.ID_OUT_OF_RANGE)
    return whole.astype(np.int32)
