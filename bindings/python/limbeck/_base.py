"""The base of `Model`: its handles and properties, and how it is copied and closed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ctypes import byref, c_void_p
from types import TracebackType
from typing import Any, TypeVar

from . import _native
from ._handles import Path, absolute, open_handle, read_name, read_prompt, reduced
from ._native import Status, library
from ._options import choice, name_of, number, part
from ._progress import ShowProgress, parts
from ._results import Error, ModelInfo, check
from ._session import Session
from ._text import encode, single
from ._tokenizer import Tokenizer

_MAX_THREADS = 256
_MAX_TOKENS = 2**20
_MAX_LAYERS = 2**31 - 1
# The attributes of an open model. All others belong to a derived class, and are copied.
_OWN = frozenset({"_path", "_options", "_session", "_entities", "_tokenizer", "info", "labels", "prompts", "session"})

Self = TypeVar("Self", bound="Opened")
Item = TypeVar("Item")


class Opened:
    """An open model, with the session that runs it."""

    def __init__(
        self,
        path: Path,
        threads: int = 0,
        max_tokens: int | None = None,
        kernels: str | None = None,
        *,
        width: float = 1.0,
        depth: float = 1.0,
        layers: int | None = None,
    ) -> None:
        self._open(path, threads=threads, max_tokens=max_tokens, kernels=kernels, width=width, depth=depth, layers=layers)

    def _open(self, path: Path, **options: Any) -> None:
        session_options = _native.SessionOptions(
            threads=number("threads", options["threads"], maximum=_MAX_THREADS),
            max_tokens=number("max_tokens", options["max_tokens"], maximum=_MAX_TOKENS),
            kernels=choice(_native.KERNELS, "kernels", options["kernels"], "best"),
            width=part("width", options["width"]),
            depth=part("depth", options["depth"]),
            layers=number("layers", options["layers"], minimum=1, maximum=_MAX_LAYERS),
        )
        self._path, self._options = absolute(path), options
        model = open_handle(library.limbeck_model_open, path)
        try:
            self._session = Session(model, session_options)
            self.info = _read_info(model)
            labels = range(self.info.label_count)
            self.labels: tuple[str, ...] = tuple(read_name(library.limbeck_model_label, model, label) for label in labels)
            self._entities = tuple(read_name(library.limbeck_model_entity, model, label) for label in labels)
            self.prompts: dict[str, str] = dict(read_prompt(model, place) for place in range(self.info.prompt_count))
            self._tokenizer = Tokenizer._of_model(model, self._path) if self.info.has_tokenizer else None
        finally:
            library.limbeck_model_close(model)  # the session keeps what it needs
        self.session = self._session.info()

    def close(self) -> None:
        """Frees the model and its session at once, instead of with the last reference. A running call of another thread ends with
        an `Error`; later calls raise it too."""
        self._session.close()

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        if self._session.is_closed:
            raise Error(Status.INVALID_ARGUMENT, "the model is closed")
        return reduced(self, _OWN, self._options)

    def __repr__(self) -> str:
        facts = self.info
        return f"<limbeck.Model {facts.family}, {facts.layers} layers of {facts.hidden_size}: {', '.join(facts.answers)}>"

    @property
    def tokenizer(self) -> Tokenizer:
        """The model's tokenizer; it may outlive the model."""
        if self._tokenizer is None:
            raise Error(Status.NO_TOKENIZER)
        return self._tokenizer

    @property
    def default_prompt_name(self) -> str | None:
        """The prompt that is prepended to texts if a call specifies none."""
        place = self.info.default_prompt
        return None if place < 0 else list(self.prompts)[place]

    def _prompt(self, prompt: str | None, name: str | None) -> dict[str, Any]:
        """The members of an options struct that select the prompt."""
        if prompt is not None and name is not None:
            raise Error(Status.INVALID_ARGUMENT, "both prompt and prompt_name, and a call has one at most")
        if name is not None and name not in self.prompts:
            known = ", ".join(map(repr, self.prompts)) or "none"
            raise Error(Status.INVALID_ARGUMENT, f"the model has no prompt {name!r}; it has {known}")
        text = None if prompt is None else encode(single(prompt, "prompt"))
        named = None if name is None else encode(name)
        return {
            "prompt": text, "prompt_bytes": len(text or b""), "prompt_name": named, "prompt_name_bytes": len(named or b""),
        }  # fmt: skip

    def _each(self, items: Sequence[Item], show: ShowProgress) -> Iterator[Item]:
        """The items one by one; each is to be computed before the next is requested."""
        for first, end in parts(self._session, len(items), show):
            yield from items[first:end]


def _read_info(model: c_void_p) -> ModelInfo:
    facts = _native.ModelInfo()
    check(library.limbeck_model_info(model, byref(facts)))
    values = {name: getattr(facts, name) for name in ModelInfo._fields}
    values["family"] = name_of(_native.FAMILY, facts.family)
    values["exit_rule"] = name_of(_native.EXIT, facts.exit_rule) if facts.exits else ""
    values["precision"] = name_of(_native.PRECISION, facts.precision)
    values["answers"] = tuple(name for name, bit in _native.CAN.items() if facts.answers & bit)
    values["has_tokenizer"] = bool(facts.has_tokenizer)
    return ModelInfo(**values)
