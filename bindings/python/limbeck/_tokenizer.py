"""Text to tokens, with or without a model."""

from __future__ import annotations

import ctypes
import os
import weakref
from ctypes import byref, c_int32, c_size_t, c_void_p
from typing import Any, Callable

import numpy as np
import numpy.typing as npt

from . import _native
from ._native import Status, library
from ._results import Error, Tokens, check, number
from ._text import characters, encode


def open_handle(function: Callable[..., int], path: str | os.PathLike[str]) -> c_void_p:
    """Opens a model or a tokenizer, or raises what the library says about it."""
    utf8 = encode(os.fspath(path))
    handle, message = c_void_p(), ctypes.create_string_buffer(2048)
    status = function(utf8, len(utf8), byref(handle), message, len(message))
    if status != Status.OK:
        raise Error(status, message.value.decode(errors="replace"))
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


class Tokenizer:
    """A tokenizer without weights. `path` is a model folder, a pack, a tokenizer.json, a vocab.txt or a vocab.json. Any threads may share it."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._own(open_handle(library.limbeck_tokenizer_open, path))

    @classmethod
    def _of_model(cls, model: c_void_p) -> Tokenizer:
        handle = c_void_p()
        check(library.limbeck_model_tokenizer(model, byref(handle)))
        tokenizer = cls.__new__(cls)
        tokenizer._own(handle)
        return tokenizer

    def _own(self, handle: c_void_p) -> None:
        self._handle = handle
        # The handle lives exactly as long as this object: threads share it, so there is no close() under their feet.
        weakref.finalize(self, library.limbeck_tokenizer_close, handle)

    @property
    def vocab_size(self) -> int:
        """The number of ids: every id is below it."""
        return int(library.limbeck_tokenizer_vocab_size(self._handle))

    def token(self, id: int) -> str:
        """The token as in the vocabulary, such as "##ing"."""
        return read_name(library.limbeck_tokenizer_token, self._handle, small(id))

    def id(self, token: str) -> int:
        """The id of a token, special ones included."""
        utf8, id = encode(token), c_int32()
        check(library.limbeck_tokenizer_id(self._handle, utf8, len(utf8), byref(id)))
        return id.value

    def count(self, text: str, pair: str | None = None, *, special_tokens: bool = True) -> int:
        """The number of tokens, without making them."""
        first, second = encode(text), None if pair is None else encode(pair)
        options, count = _native.TokenizeOptions(special_tokens=1 if special_tokens else 2), c_size_t()
        status = library.limbeck_tokenize(
            self._handle, first, len(first), second, len(second or b""), byref(options), None, None, None, None, 0, byref(count)
        )
        if status != Status.CAPACITY:
            check(status)
        return count.value

    def tokenize(
        self, text: str, pair: str | None = None, *, special_tokens: bool = True, max_length: int | None = None
    ) -> Tokens:
        """Cuts a text, or a pair of texts, into tokens. `max_length` truncates, longest first; None does not."""
        first, second = encode(text), None if pair is None else encode(pair)
        options = _native.TokenizeOptions(special_tokens=1 if special_tokens else 2, max_length=number("max_length", max_length))
        table = self._cut(first, second, options)
        ids, types, bounds = table[0], table[1], table[2:].view(np.uint32)
        if pair is None or second is None:
            offsets = characters(text, first, bounds)
        else:
            ours, theirs = self._places(text, pair, special_tokens, max_length, len(ids))
            offsets = np.zeros(bounds.shape, np.int64)  # special tokens of the template have none
            offsets[:, ours] = characters(text, first, bounds[:, ours])
            offsets[:, theirs] = characters(pair, second, bounds[:, theirs])
        return Tokens(ids.tolist(), types.tolist(), list(zip(*offsets.tolist())))

    def _cut(self, first: bytes, second: bytes | None, options: _native.TokenizeOptions) -> npt.NDArray[np.int32]:
        """Rows of ids, types, starts and ends in bytes."""
        # A byte is at most a token, with rare exceptions; then the library tells what it needs.
        capacity, count = len(first) + len(second or b"") + 8, c_size_t()
        if options.max_length:
            capacity = min(capacity, options.max_length)
        while True:
            table = np.zeros((4, capacity), np.int32)  # ids, types, starts, ends
            status = library.limbeck_tokenize(
                self._handle, first, len(first), second, len(second or b""), byref(options),
                *(row.ctypes.data for row in table), capacity, byref(count),
            )  # fmt: skip
            if status != Status.CAPACITY:
                check(status)
                return np.ascontiguousarray(table[:, : count.value])
            capacity = count.value

    def _places(
        self, text: str, pair: str, special_tokens: bool, max_length: int | None, count: int
    ) -> tuple[slice, slice]:
        """Where the tokens of the two texts stand among the `count` of a pair. Types do not tell: a template may give both texts one
        type, or any other, and have the second text first."""
        options = _native.TokenizeOptions(special_tokens=1 if special_tokens else 2)
        # A pair whose tokens are known by their ends, in any vocabulary: 1 is the first text, 3 the end of the second.
        ends = self._cut(b"a", b"a a", options)[3]
        (found,) = np.nonzero(ends)
        specials = len(ends) - len(found)
        lengths = self.count(text, special_tokens=False), self.count(pair, special_tokens=False)
        kept = _longest_first(*lengths, max(0, max_length - specials) if max_length else sum(lengths))
        rest = count - specials - kept
        if ends[found[-1]] == 3:
            start, other = found[0], found[1] - 1 + kept
        else:
            start, other = found[-1] - (len(found) - 1) + rest, found[0]
        return slice(start, start + kept), slice(other, other + rest)


def small(number: int) -> int:
    """An id, or the number of a layer, that fits in 32 bits; ctypes would cut it without a word."""
    if not -(2**31) <= number < 2**31:
        raise Error(Status.ID_OUT_OF_RANGE)
    return number


def _longest_first(first: int, second: int, room: int) -> int:
    """How many of the first text's tokens stay, as the library truncates pairs."""
    if first + second <= room:
        return first
    short = min(first, second)
    long = short if short > room else max(short, room - short)
    if short + long > room:
        short, long = room // 2, room - room // 2
    return long if first > second else short
