"""The ctypes mirror of include/limbeck_distil.h, a library of its own, which is loaded with the first call. tests/test_mirror.py compares
it with the header."""

from __future__ import annotations

import ctypes
import functools
import os
from ctypes import POINTER, c_char_p, c_double, c_int32, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path

from ._native import VERSION_MAJOR, Sized


class DistilProgress(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("stage", c_uint32),
        ("stage_count", c_uint32),
        ("stage_name_bytes", c_uint32),
        ("stage_name", c_char_p),
        ("step", c_uint64),
        ("step_count", c_uint64),
        ("loss", c_double),
        ("learning_rate", c_double),
        ("tokens_per_second", c_double),
        ("seconds_left", c_double),
    ]


DistilReport = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(DistilProgress))


class DistilOptions(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("threads", c_uint32),
        ("kernels", c_uint32),
        ("restart", c_uint32),
        ("overrides", POINTER(c_char_p)),
        ("override_bytes", POINTER(c_size_t)),
        ("override_count", c_size_t),
        ("progress", DistilReport),
        ("context", c_void_p),
    ]


class DistilPlan(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("stage_count", c_uint32),
        ("parameters", c_uint64),
        ("trained_parameters", c_uint64),
        ("step_count", c_uint64),
        ("tokens_per_batch", c_uint64),
        ("memory_bytes", c_uint64),
    ]


STRUCTS = {
    "limbeck_distil_progress_t": DistilProgress,
    "limbeck_distil_options": DistilOptions,
    "limbeck_distil_plan_t": DistilPlan,
}

# name: (return type, parameter types), in the order of the header.
FUNCTIONS: dict[str, tuple[object, list[object]]] = {
    "limbeck_distil_version": (c_uint32, []),
    "limbeck_distil": (c_int32, [c_char_p, c_size_t, POINTER(DistilOptions), c_void_p, c_size_t]),
    "limbeck_distil_plan": (
        c_int32,
        [c_char_p, c_size_t, POINTER(DistilOptions), POINTER(DistilPlan), c_void_p, c_size_t],
    ),
}


def find() -> Path:
    """The path of the library: from the environment, inside the package, or in the source tree."""
    if told := os.environ.get("LIMBECK_DISTIL_LIBRARY"):
        return Path(told)
    here = Path(__file__).resolve()
    places = [here.parent / "liblimbeck-distil.so", here.parents[3] / "build" / "lib" / "liblimbeck-distil.so"]
    for place in places:
        if place.exists():
            return place
    raise ImportError(
        "limbeck: there is no " + ", nor ".join(map(str, places)) + "; run `make distil-lib`, or set LIMBECK_DISTIL_LIBRARY"
    )


@functools.cache
def library() -> ctypes.CDLL:
    """Loads the library, once. A CDLL releases the GIL during every call."""
    path = find()
    try:
        loaded = ctypes.CDLL(str(path))
        for name, (result, arguments) in FUNCTIONS.items():
            function = getattr(loaded, name)
            function.restype = result
            function.argtypes = arguments
    except (OSError, AttributeError) as error:
        raise ImportError(f"limbeck: {path} is not the library of training: {error}") from error
    version = loaded.limbeck_distil_version()
    if version >> 16 != VERSION_MAJOR:
        raise ImportError(f"limbeck: {path} is version {version >> 16}.x, and this package needs {VERSION_MAJOR}.x")
    return loaded
