"""Opening, and reading names: what models and tokenizers have in common."""

from __future__ import annotations

import ctypes
import os
from ctypes import byref, c_size_t, c_void_p
from typing import Any, Callable, Union

from ._native import Status, library
from ._results import Error, check

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


def absolute(path: Path) -> str | bytes:
    """A path that means the same in another process, and after a chdir()."""
    return os.path.abspath(os.fspath(path))


def explained(function: Callable[..., int], *arguments: Any) -> None:
    """A call that takes a message buffer last, or what it says there."""
    message = ctypes.create_string_buffer(2048)
    status = function(*arguments, message, len(message))
    if status != Status.OK:
        raise Error(status, message.value.decode(errors="replace"))


def open_handle(function: Callable[..., int], path: Path) -> c_void_p:
    """Opens a model or a tokenizer, or raises what the library says about it."""
    utf8, handle = os.fsencode(path), c_void_p()
    explained(function, utf8, len(utf8), byref(handle))
    return handle


def read_name(function: Callable[..., int], *arguments: Any) -> str:
    """A name from a call that fills a buffer: once more with a larger one, if it was too small."""
    capacity, count = 256, c_size_t()
    while True:
        buffer = ctypes.create_string_buffer(capacity)
        status = function(*arguments, buffer, capacity, byref(count))
        if status != Status.CAPACITY:
            check(status)
            return buffer.raw[: count.value].decode(errors="replace")
        capacity = count.value


def read_prompt(model: c_void_p, place: int) -> tuple[str, str]:
    """The name and the text of one of a model's prompts."""
    sizes = c_size_t(), c_size_t()
    check(library.limbeck_model_prompt(model, place, None, 0, byref(sizes[0]), None, 0, byref(sizes[1])))
    name, text = (ctypes.create_string_buffer(size.value) for size in sizes)
    check(library.limbeck_model_prompt(model, place, name, len(name), byref(sizes[0]), text, len(text), byref(sizes[1])))
    return name.raw.decode(errors="replace"), text.raw.decode(errors="replace")


def reopened(kind: Any, path: str | bytes, options: dict[str, Any]) -> Any:
    """What a pickle, or a copy, becomes: the same opened again, without the `__init__` of a class derived from `kind`."""
    made = kind.__new__(kind)
    made._open(path, **options)
    return made


def reduced(opened: Any, own: frozenset[str], options: dict[str, Any]) -> tuple[Any, ...]:
    """`__reduce__` of what was opened: its path and its options, and what a derived class added. Handles do not go along."""
    added = {name: value for name, value in vars(opened).items() if name not in own}
    return (reopened, (type(opened), opened._path, options), *([added] if added else []))
