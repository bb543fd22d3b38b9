"""Conversion of options for C: names, integers, and their limits. ctypes would silently truncate a number that does not fit."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any, SupportsIndex

import numpy as np

from ._native import Status
from ._results import Error

MAX = 2**32 - 1  # the maximum of the members of the C structs


def number(option: str, value: SupportsIndex | None, minimum: int = 0, maximum: int = MAX) -> int:
    """A count; None is 0, the default."""
    if value is None:
        return 0
    count = whole(option, value)
    if not minimum <= count <= maximum:
        raise Error(Status.INVALID_ARGUMENT, f"{option} is {count}, and must be {minimum} to {maximum}")
    return count


def whole(option: str, value: SupportsIndex) -> int:
    """An integer, including numpy integers."""
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{option} is {value!r}, and must be a whole number") from None


def small(option: str, value: SupportsIndex) -> int:
    """An id, or the index of a layer, that fits in 32 bits."""
    count = whole(option, value)
    if not -(2**31) <= count < 2**31:
        raise Error(Status.ID_OUT_OF_RANGE, f"{option} is {count}, and must be {-(2**31)} to {2**31 - 1}")
    return count


def positive(option: str, value: float) -> float:
    """A number that is greater than 0 in float32 too, where 0 would mean the default."""
    rounded = real(option, value, np.float32)
    if not (rounded > 0 and math.isfinite(rounded)):
        raise Error(Status.INVALID_ARGUMENT, f"{option} is {value}, and must be a positive number of float32")
    return rounded


def part(option: str, value: float) -> float:
    """A fraction, more than 0 and at most 1. All is passed as 0, the default, which may stand beside other options."""
    fraction = real(option, value, np.float64)
    if not 0 < fraction <= 1:
        raise Error(Status.INVALID_ARGUMENT, f"{option} is {value}, expected more than 0, and at most 1")
    return 0.0 if fraction == 1 else fraction


def real(option: str, value: float, kind: type[np.floating[Any]]) -> float:
    """A number, rounded to a type."""
    try:
        return float(kind(value))
    except (TypeError, ValueError):
        raise TypeError(f"{option} is {value!r}, and must be a number") from None


def choice(numbers: Mapping[str, int], option: str, name: str | None, default: str) -> int:
    """The value of a named option."""
    try:
        return numbers[default if name is None else name]
    except (KeyError, TypeError):
        known = ", ".join(map(repr, numbers))
        raise Error(Status.INVALID_ARGUMENT, f"{option} is {name!r}, and can be {known}") from None


def flag(value: bool | None) -> int:
    """0 for None, the default; 1 for yes; 2 for no."""
    return 0 if value is None else 1 if value else 2


def name_of(numbers: Mapping[str, int], number: int) -> str:
    """The name of a value of the library; for an unknown value, of a later library, its digits."""
    return next((name for name, known in numbers.items() if known == number), str(number))
