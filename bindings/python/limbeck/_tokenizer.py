"""Tokenization, with or without a model."""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from ctypes import byref, c_int32, c_size_t, c_void_p
from typing import Any, SupportsIndex, overload

import numpy as np
import numpy.typing as npt

from . import _native
from ._handles import Path, absolute, open_handle, read_name, reduced
from ._native import Status, library
from ._options import number, small
from ._results import Error, Tokens, check
from ._text import characters, encode, listed, single


class Tokenizer:
    """A tokenizer without weights. `path` is a model folder, a pack, a GGUF file, a tokenizer.json, a vocab.txt or a vocab.json.

    Any threads may share it. Copying or unpickling it opens it again, by its path.
    """

    def __init__(self, path: Path) -> None:
        self._open(path)

    def _open(self, path: Path) -> None:
        self._own(open_handle(library.limbeck_tokenizer_open, path), absolute(path))

    @classmethod
    def _of_model(cls, model: c_void_p, path: str | bytes) -> Tokenizer:
        handle = c_void_p()
        check(library.limbeck_model_tokenizer(model, byref(handle)))
        tokenizer = cls.__new__(cls)
        tokenizer._own(handle, path)
        return tokenizer

    def _own(self, handle: c_void_p, path: str | bytes) -> None:
        self._handle, self._path = handle, path
        # The handle lives exactly as long as this object: threads share it, so there is no close() that could free it during a
        # call.
        weakref.finalize(self, library.limbeck_tokenizer_close, handle).atexit = False

    def __reduce__(self) -> tuple[Any, ...]:
        return reduced(self, frozenset({"_handle", "_path"}), {})

    @property
    def vocab_size(self) -> int:
        """The number of ids: every id is below it."""
        return int(library.limbeck_tokenizer_vocab_size(self._handle))

    def token(self, id: SupportsIndex) -> str:
        """The token as spelt in the vocabulary, such as "##ing"."""
        return read_name(library.limbeck_tokenizer_token, self._handle, small("id", id))

    def id(self, token: str) -> int:
        """The id of a token, special tokens included."""
        utf8, id = encode(single(token, "token")), c_int32()
        check(library.limbeck_tokenizer_id(self._handle, utf8, len(utf8), byref(id)))
        return id.value

    def count(self, text: str, pair: str | None = None, *, special_tokens: bool = True) -> int:
        """The number of tokens, without returning them."""
        first, second = encode(single(text, "text")), None if pair is None else encode(single(pair, "pair"))
        options, count = _native.TokenizeOptions(special_tokens=1 if special_tokens else 2), c_size_t()
        status = library.limbeck_tokenize(
            self._handle, first, len(first), second, len(second or b""), byref(options), None, None, None, None, 0, byref(count)
        )
        if status != Status.CAPACITY:
            check(status)
        return count.value

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
        """Tokenizes a text, or a pair of texts; for several texts or pairs, returns a list. `max_length` truncates, longest first;
        None does not."""
        options = _native.TokenizeOptions(special_tokens=1 if special_tokens else 2, max_length=number("max_length", max_length))
        if isinstance(text, str):
            return self._tokenize(text, None if pair is None else single(pair, "pair"), options)
        texts = listed(text, "text")
        if pair is None:
            return [self._tokenize(text, None, options) for text in texts]
        pairs = listed(pair, "pair")
        if isinstance(pair, str) or len(pairs) != len(texts):
            found = "one text" if isinstance(pair, str) else len(pairs)
            raise Error(Status.INVALID_ARGUMENT, f"a list of {len(texts)} texts takes a list of as many to pair them with, not {found}")
        return [self._tokenize(*both, options) for both in zip(texts, pairs)]

    def _tokenize(self, text: str, pair: str | None, options: _native.TokenizeOptions) -> Tokens:
        first, second = encode(text), None if pair is None else encode(pair)
        table = self._cut(first, second, options)
        ids, types, ends = table[0], table[1], table[2:].view(np.uint32)
        if pair is None or second is None:
            offsets = characters(text, first, ends)
        else:
            ours, theirs = self._places(text, pair, options, len(ids))
            offsets = np.zeros(ends.shape, np.int64)  # special tokens of the template have empty ranges
            offsets[:, ours] = characters(text, first, ends[:, ours])
            offsets[:, theirs] = characters(pair, second, ends[:, theirs])
        return Tokens(ids.tolist(), types.tolist(), list(zip(*offsets.tolist())))

    def _cut(self, first: bytes, second: bytes | None, options: _native.TokenizeOptions) -> npt.NDArray[np.int32]:
        """Rows of ids, types, starts and ends in bytes."""
        # With rare exceptions there are at most as many tokens as bytes; otherwise the library reports the required size.
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

    def _places(self, text: str, pair: str, options: _native.TokenizeOptions, count: int) -> tuple[slice, slice]:
        """The positions of the two texts' tokens among the `count` tokens of a pair. Types do not tell: a template may give both
        texts the same type, or any type, and may put the second text first."""
        whole = _native.TokenizeOptions(special_tokens=options.special_tokens)
        # A pair whose tokens can be identified by their ends, in any vocabulary: 1 is the first text, 3 the end of the second.
        ends = self._cut(b"a", b"a a", whole)[3]
        (found,) = np.nonzero(ends)
        specials = len(ends) - len(found)
        lengths = self.count(text, special_tokens=False), self.count(pair, special_tokens=False)
        kept = _longest_first(*lengths, max(0, options.max_length - specials) if options.max_length else sum(lengths))
        rest = count - specials - kept
        if ends[found[-1]] == 3:
            start, other = found[0], found[1] - 1 + kept
        else:
            start, other = found[-1] - (len(found) - 1) + rest, found[0]
        return slice(start, start + kept), slice(other, other + rest)


def _longest_first(first: int, second: int, room: int) -> int:
    """How many tokens of the first text are kept when the library truncates a pair."""
    if first + second <= room:
        return first
    short = min(first, second)
    long = short if short > room else max(short, room - short)
    if short + long > room:
        short, long = room // 2, room - room // 2
    return long if first > second else short
