"""Vectors of texts: `embed`, and `encode` with the interface of sentence-transformers (5 and 6)."""

from __future__ import annotations

from collections.abc import Iterable
from ctypes import byref
from typing import Any

import numpy as np

from . import _native
from ._base import Opened
from ._native import Status, library
from ._options import choice, flag, number
from ._progress import ShowProgress, parts
from ._results import Error, Floats
from ._text import Texts, listed


class Embedder(Opened):
    """The part of `Model` that computes vectors."""

    def embed(
        self,
        texts: str | Iterable[str],
        *,
        pooling: str | None = None,
        normalize: bool | None = None,
        dimensions: int | None = None,
        max_length: int | None = None,
        prompt: str | None = None,
        prompt_name: str | None = None,
        show_progress: ShowProgress = False,
    ) -> Floats:
        """One vector per text: float32 (n, d).

        `pooling`: "mean", "cls", "max", "pooler", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"; None, as for
        `normalize`: as the folder specifies. `dimensions` keeps that many leading ones, and normalises them (Matryoshka).
        `max_length` truncates texts to that many tokens. `prompt` is prepended to every text and tokenized with it; "" is none.
        `prompt_name` is one of `prompts`; both None: the default prompt. `show_progress`: True for a progress bar on standard
        error, or a function of the number of texts done and the total.
        """
        options = _native.EmbedOptions(
            pooling=choice(_native.POOLING, "pooling", pooling, "model"),
            normalize=flag(normalize),
            dimensions=number("dimensions", dimensions, maximum=self.info.most_dimensions),
            max_length=number("max_length", max_length),
            **self._prompt(prompt, prompt_name),
        )
        inputs = listed(texts)
        vectors = np.empty((len(inputs), options.dimensions or self.info.embedding_size), np.float32)
        for first, end in parts(self._session, len(inputs), show_progress):
            some, rows = Texts(inputs[first:end]), vectors[first:end]
            self._session.call(
                library.limbeck_embed, some.pointers, some.lengths, some.count, byref(options), rows.ctypes.data, rows.size
            )
        return vectors

    def encode(
        self,
        sentences: str | Iterable[str] | None = None,
        prompt_name: str | None = None,
        prompt: str | None = None,
        batch_size: int = 32,
        show_progress_bar: ShowProgress | None = None,
        output_value: str | None = "sentence_embedding",
        precision: str | None = "float32",
        convert_to_numpy: bool = True,
        convert_to_tensor: bool = False,
        device: Any = None,
        normalize_embeddings: bool = False,
        truncate_dim: int | None = None,
        pool: Any = None,
        chunk_size: int | None = None,
        *,
        inputs: str | Iterable[str] | None = None,
        task: str | None = None,
        **options: Any,
    ) -> Floats:
        """`embed` with the interface of sentence-transformers: float32 (n, d), and (d) for a single text.

        Each of its options takes effect, has no effect here, or is refused by name, with an alternative. `normalize_embeddings`
        normalises even if the folder does not; `truncate_dim` keeps that many leading elements, and does not normalise them again
        unless `normalize_embeddings` is set. `prompt`, or else `prompt_name`, is prepended to each text. `show_progress_bar` may be
        a function. `batch_size`, `chunk_size` and `task` have no effect. Also takes the options of `embed`.
        """
        if sentences is None:
            sentences, inputs = inputs, None
        if sentences is None or inputs is not None:
            raise TypeError("encode() takes the texts as `sentences`, or as `inputs`")
        number("batch_size", batch_size, minimum=1)
        if task is not None and not isinstance(task, str):
            raise TypeError(f"task is {task!r}, and must be a str")
        _refuse("output_value", output_value, output_value == "sentence_embedding", "`forward` gives the states of the tokens")
        _refuse("precision", precision, precision in (None, "float32"), "quantize the vectors, or `limbeck.pack` the model")
        _refuse("convert_to_tensor", convert_to_tensor, not convert_to_tensor, "torch.from_numpy(vectors) shares their memory")
        _refuse("convert_to_numpy", convert_to_numpy, bool(convert_to_numpy), "torch.from_numpy(vectors) shares their memory")
        on_cpu = device is None or str(device).split(":")[0] == "cpu"
        _refuse("device", device, on_cpu, "models run on the CPU, on as many `threads` as `Model` is given")
        _refuse("pool", pool, pool is None, "a process that forks, or unpickles a Model, has one of its own")
        if normalize_embeddings:
            if options.get("normalize") is False:
                raise Error(Status.INVALID_ARGUMENT, "normalize_embeddings is True, and normalize is False")
            options["normalize"] = True
        cut = number("truncate_dim", truncate_dim, minimum=1)
        if cut and options.get("normalize"):
            options["dimensions"] = min(cut, self.info.most_dimensions)
        elif cut > self.info.embedding_size:  # overrides the folder's own truncation
            options["dimensions"] = self.info.most_dimensions
        if prompt is not None:
            options["prompt"] = prompt
        elif prompt_name is not None:
            options["prompt_name"] = prompt_name
        vectors = self.embed(sentences, show_progress=show_progress_bar or False, **options)
        if cut:
            vectors = vectors[:, :cut]
        return vectors[0] if isinstance(sentences, str) else vectors

    def encode_query(
        self,
        sentences: str | Iterable[str] | None = None,
        prompt_name: str | None = None,
        prompt: str | None = None,
        *arguments: Any,
        **options: Any,
    ) -> Floats:
        """`encode` with the folder's prompt "query", unless another is given; without a prompt if the folder has none of that
        name."""
        return self.encode(sentences, *self._prompt_of("query", prompt_name, prompt), *arguments, **options)

    def encode_document(
        self,
        sentences: str | Iterable[str] | None = None,
        prompt_name: str | None = None,
        prompt: str | None = None,
        *arguments: Any,
        **options: Any,
    ) -> Floats:
        """The same with the prompt "document"."""
        # sentence-transformers would look for "passage" and "corpus" next, and never does: it gives every model a "document", which
        # is empty unless the folder says otherwise.
        return self.encode(sentences, *self._prompt_of("document", prompt_name, prompt), *arguments, **options)

    def _prompt_of(self, kind: str, name: str | None, prompt: str | None) -> tuple[str | None, str | None]:
        """The name and the text of a prompt, at most one of which is set: the caller's, or the prompt of a kind of text."""
        if name is None and prompt is None:
            return (kind, None) if kind in self.prompts else (None, "")
        return name, prompt


def _refuse(name: str, value: Any, is_fine: bool, instead: str) -> None:
    if not is_fine:
        raise Error(Status.UNSUPPORTED, f"{name}={value!r} is not supported here: {instead}")
