"""Between str and UTF-8: C counts bytes, Python counts characters."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

_SURROGATE = re.compile("[\ud800-\udfff]")


def encode(text: str) -> bytes:
    """UTF-8. A lone surrogate, which UTF-8 lacks, becomes U+FFFD: one character for one, so that offsets stay right."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return _SURROGATE.sub("\ufffd", text).encode()


class Texts:
    """Texts as C wants them: parallel arrays of pointers and lengths. Keeps the bytes alive."""

    def __init__(self, texts: str | Sequence[str]) -> None:
        self.bytes = [encode(text) for text in ([texts] if isinstance(texts, str) else texts)]
        self.count = len(self.bytes)
        self.pointers = (ctypes.c_char_p * self.count)(*self.bytes)
        self.lengths = (ctypes.c_size_t * self.count)(*map(len, self.bytes))


def characters(text: str, utf8: bytes, offsets: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """Byte offsets into `utf8` as character offsets into `text`."""
    if len(utf8) == len(text):  # ASCII
        return offsets.astype(np.int64)
    begins = (np.frombuffer(utf8, np.uint8) & 0xC0) != 0x80  # every byte but continuations begins a character
    before = np.zeros(len(utf8) + 1, np.int64)
    np.cumsum(begins, out=before[1:])
    return before[offsets]
