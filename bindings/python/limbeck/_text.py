"""Conversion of texts to UTF-8 for C, and of the byte offsets that C returns to Python's character offsets."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import numpy as np
import numpy.typing as npt

_SURROGATE = re.compile("[\ud800-\udfff]")


def encode(text: str) -> bytes:
    """The text as UTF-8. A lone surrogate, which UTF-8 cannot encode, becomes U+FFFD: one character for one, so offsets stay
    correct."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode()


def single(value: Any, name: str) -> str:
    """Checks one text; `name` is its name in error messages, with its index if it is in a list."""
    if isinstance(value, str):
        return value
    missing = value is None or (isinstance(value, float) and value != value) or type(value).__name__ == "NAType"
    what = f"{value}" if missing else f"a {type(value).__name__}"
    hint = "; decode it first" if isinstance(value, (bytes, bytearray)) else ""
    raise TypeError(f"{name} is {what}, and must be a str{hint}")


def listed(values: str | Iterable[str], name: str = "texts") -> list[str]:
    """Texts as a list, each of them checked. Accepts a list, a tuple, a generator, an array, a column of a table, or one text.

    Refuses objects whose iteration gives keys, names of columns, or elements in arbitrary order.
    """
    if isinstance(values, str):
        return [values]
    if isinstance(values, Mapping):
        raise TypeError(f"{name} is a {type(values).__name__}, whose keys alone would be read; give a list")
    if isinstance(values, Set) and not isinstance(values, type({}.keys())):
        raise TypeError(f"{name} is a {type(values).__name__}, which has no order; give a list")
    if hasattr(values, "columns") or hasattr(values, "column_names"):
        raise TypeError(f"{name} is a {type(values).__name__}, a table; give one of its columns")
    if (dimensions := getattr(values, "ndim", 1)) != 1:
        raise TypeError(f"{name} is a {type(values).__name__} of {dimensions} dimensions, and must have one")
    if values is None or isinstance(values, (bytes, bytearray, memoryview)) or not isinstance(values, Iterable):
        single(values, name)
    # Arrays convert their elements to Python objects; pyarrow's would otherwise yield its own objects.
    convert = values.tolist if isinstance(values, np.ndarray) else getattr(values, "to_pylist", None)
    members = list(values) if convert is None else convert()
    for index, member in enumerate(members):
        if not isinstance(member, str):
            single(member, f"{name}[{index}]")
    return members


class Texts:
    """Texts in the form C takes: parallel arrays of pointers and lengths. Keeps the bytes alive."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.bytes = [encode(text) for text in texts]
        self.count = len(self.bytes)
        self.pointers = (ctypes.c_char_p * self.count)(*self.bytes)
        self.lengths = (ctypes.c_size_t * self.count)(*map(len, self.bytes))


def characters(text: str, utf8: bytes, offsets: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Byte offsets into `utf8` as character offsets into `text`."""
    if len(utf8) == len(text):  # ASCII
        return offsets.astype(np.int64)
    begins = (np.frombuffer(utf8, np.uint8) & 0xC0) != 0x80  # every byte except continuation bytes begins a character
    before = np.zeros(len(utf8) + 1, np.int64)
    np.cumsum(begins, out=before[1:])
    return before[offsets]


def bounds(text: str, utf8: bytes, spans: Sequence[Any]) -> list[list[int]]:
    """The `start` and `end` of spans in characters."""
    offsets = np.array([(span.start, span.end) for span in spans], np.uint32).reshape(-1, 2)
    found: list[list[int]] = characters(text, utf8, offsets).tolist()
    return found
