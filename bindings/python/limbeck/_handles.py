"""Common code of models and tokenizers: opening, and reading names."""

from __future__ import annotations

import ctypes
import os
from ctypes import byref, c_size_t, c_void_p
from typing import Any, Callable, Union

from ._native import Status, library
from ._results import Error, check

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


def absolute(path: Path) -> str | bytes:
    """An absolute path, which stays valid in another process and after a chdir()."""
    return os.path.abspath(os.fspath(path))


def explained(function: Callable[..., int], *arguments: Any) -> None:
    """Calls a function whose last parameter is a message buffer, and raises an `Error` with that message if it fails."""
    message = ctypes.create_string_buffer(2048)
    status = function(*arguments, message, len(message))
    if status != Status.OK:
        raise Error(status, message.value.decode(errors="replace"))


def open_handle(function: Callable[..., int], path: Path) -> c_void_p:
    """Opens a model or a tokenizer, or raises an `Error` with the library's message."""
    utf8, handle = os.fsencode(path), c_void_p()
    explained(function, utf8, len(utf8), byref(handle))
    return handle


def read_name(function: Callable[..., int], *arguments: Any) -> str:
    """Reads a name with a call that fills a buffer; calls again with a larger buffer if it was too small."""
    capacity, count = 256, c_size_t()
    while True:
        buffer = ctypes.create_string_buffer(capacity)
        status = function(*arguments, buffer, capacity, byref(count))
        if status != Status.CAPACITY:
            check(status)
            return buffer.raw[: count.value].decode(errors="replace")
        capacity = count.value


def read_prompt(model: c_void_p, place: int) -> tuple[str, str]:
    """The name and the text of a prompt of the model."""
    sizes = c_size_t(), c_size_t()
    check(library.limbeck_model_prompt(model, place, None, 0, byref(sizes[0]), None, 0, byref(sizes[1])))
    name, text = (ctypes.create_string_buffer(size.value) for size in sizes)
    check(library.limbeck_model_prompt(model, place, name, len(name), byref(sizes[0]), text, len(text), byref(sizes[1])))
    return name.raw.decode(errors="replace"), text.raw.decode(errors="replace")


def reopened(kind: Any, path: str | bytes, options: dict[str, Any]) -> Any:
    """Restores a pickle or a copy: opens the same file again, without calling the `__init__` of a class derived from `kind`."""
    made = kind.__new__(kind)
    made._open(path, **options)
    return made


def reduced(opened: Any, own: frozenset[str], options: dict[str, Any]) -> tuple[Any, ...]:
    """`__reduce__` of models and tokenizers: the path, the options, and the attributes of derived classes. Handles are not
    included."""
    added = {name: value for name, value in vars(opened).items() if name not in own}
    return (reopened, (type(opened), opened._path, options), *([added] if added else []))
