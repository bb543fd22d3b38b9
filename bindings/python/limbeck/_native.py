"""The ctypes mirror of include/limbeck.h: constants, structs, functions, and the search for the library. tests/test_mirror.py
compares it with the header."""

from __future__ import annotations

import ctypes
import enum
import os
from ctypes import POINTER, c_char_p, c_double, c_float, c_int32, c_size_t, c_uint32, c_uint64, c_void_p
from pathlib import Path
from typing import Any

VERSION_MAJOR = 0


class Status(enum.IntEnum):
    """Status codes, as in limbeck.h."""

    OK = 0
    INVALID_ARGUMENT = 1
    CAPACITY = 2
    ID_OUT_OF_RANGE = 3
    TOO_LONG = 4
    UNSUPPORTED = 5
    NO_TOKENIZER = 6
    NO_MASK = 7
    INTERRUPTED = 8
    FILE_NOT_FOUND = 20
    FILE_UNREADABLE = 21
    FILE_MALFORMED = 22
    FILE_UNSUPPORTED = 23
    FILE_INCONSISTENT = 24
    FILE_UNWRITABLE = 25
    OUT_OF_MEMORY = 40
    THREADS_UNAVAILABLE = 41
    KERNELS_UNAVAILABLE = 42


# Names of options in Python, and their values: {prefix of the C name: {name: value}}.
FAMILY = {
    "bert": 1, "distilbert": 2, "roberta": 3, "albert": 4, "electra": 5, "mpnet": 6, "mobilebert": 7, "deberta": 8, "modernbert": 9,
    "nomic_bert": 10, "fastbert": 11,
}
EXIT = {"default": 0, "entropy": 1, "uncertainty": 2, "uncertainty_below": 3, "patience": 4, "never": 5}
CAN = {"embed": 1, "classify": 2, "rerank": 4, "tag": 8, "answer": 16, "fill": 32}
PRECISION = {"default": 0, "f32": 1, "f16": 2, "int8": 3, "int4": 4}
PACK = {"reading": 1, "quantizing": 2, "references": 3, "writing": 4}
KERNELS = {"best": 0, "portable": 1, "avx2": 2, "avx512": 3, "neon": 4, "avx_vnni": 5, "avx512_vnni": 6, "amx": 7, "neon_dot": 8}
POOLING = {
    "model": 0, "mean": 1, "cls": 2, "max": 3, "pooler": 4, "mean_sqrt_len_tokens": 5, "weightedmean": 6, "lasttoken": 7,
}
SCORES = {"model": 0, "softmax": 1, "sigmoid": 2, "raw": 3}
AGGREGATION = {"default": 0, "none": 1, "simple": 2, "first": 3, "average": 4, "max": 5}
OUTPUT = {"hidden": 1, "pooled": 2, "logits": 3, "branches": 4}


class Sized(ctypes.Structure):
    """A struct that starts with its size."""

    struct_size: int

    def __init__(self, **members: Any) -> None:
        super().__init__(struct_size=ctypes.sizeof(self), **members)


class TokenizeOptions(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("special_tokens", c_uint32),
        ("max_length", c_uint32),
        ("message", c_void_p),
        ("message_capacity", c_size_t),
    ]


class ModelInfo(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("family", c_uint32),
        ("answers", c_uint32),
        ("has_tokenizer", c_uint32),
        ("hidden_size", c_uint32),
        ("layers", c_uint32),
        ("attention_heads", c_uint32),
        ("intermediate_size", c_uint32),
        ("vocab_size", c_uint32),
        ("max_length", c_uint32),
        ("max_positions", c_uint32),
        ("label_count", c_uint32),
        ("embedding_size", c_uint32),
        ("precision", c_uint32),
        ("parameters", c_uint64),
        ("mapped_bytes", c_uint64),
        ("private_bytes", c_uint64),
        ("prompt_count", c_uint32),
        ("default_prompt", c_int32),
        ("most_dimensions", c_uint64),
        ("exits", c_uint32),
        ("exit_rule", c_uint32),
        ("exit_threshold", c_float),
        ("exit_patience", c_uint32),
    ]


Interrupt = ctypes.CFUNCTYPE(c_int32, c_void_p)
PackProgress = ctypes.CFUNCTYPE(None, c_void_p, c_uint32, c_double)


class PackOptions(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("precision", c_uint32),
        ("calibration", POINTER(c_char_p)),
        ("calibration_bytes", POINTER(c_size_t)),
        ("calibration_count", c_size_t),
        ("references", POINTER(c_char_p)),
        ("reference_bytes", POINTER(c_size_t)),
        ("reference_count", c_size_t),
        ("progress", PackProgress),
        ("context", c_void_p),
        ("interrupt", Interrupt),
    ]


class SessionOptions(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("threads", c_uint32),
        ("max_tokens", c_uint32),
        ("kernels", c_uint32),
        ("interrupt", Interrupt),
        ("context", c_void_p),
        ("message", c_void_p),
        ("message_capacity", c_size_t),
        ("depth", c_double),
        ("layers", c_uint64),
        ("width", c_double),
    ]


class SessionInfo(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("threads", c_uint32),
        ("max_tokens", c_uint32),
        ("kernels", c_uint32),
        ("memory_bytes", c_uint64),
        ("layers", c_uint64),
        ("exits", c_uint64),
        ("heads", c_uint64),
    ]


class EmbedOptions(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("pooling", c_uint32),
        ("normalize", c_uint32),
        ("dimensions", c_uint32),
        ("max_length", c_uint32),
        ("prompt", c_char_p),
        ("prompt_bytes", c_size_t),
        ("prompt_name", c_char_p),
        ("prompt_name_bytes", c_size_t),
    ]


class ClassifyOptions(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("scores", c_uint32),
        ("temperature", c_float),
        ("max_length", c_uint32),
        ("prompt", c_char_p),
        ("prompt_bytes", c_size_t),
        ("prompt_name", c_char_p),
        ("prompt_name_bytes", c_size_t),
        ("exit_thresholds", POINTER(c_float)),
        ("exit_threshold_count", c_size_t),
        ("exit_patience", c_uint32),
        ("exit_rule", c_uint32),
        ("layers", c_void_p),
        ("layer_capacity", c_size_t),
    ]


class TagOptions(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("aggregation", c_uint32),
        ("keep_outside", c_uint32),
        ("max_length", c_uint32),
    ]


class Span(ctypes.Structure):
    _fields_ = [("label", c_int32), ("score", c_float), ("start", c_uint32), ("end", c_uint32)]


class AnswerOptions(Sized):
    _fields_ = [
        ("struct_size", c_uint32),
        ("top_k", c_uint32),
        ("max_answer_length", c_uint32),
        ("max_length", c_uint32),
        ("stride", c_uint32),
        ("allow_none", c_uint32),
    ]


class Answer(ctypes.Structure):
    _fields_ = [("score", c_float), ("start", c_uint32), ("end", c_uint32)]


class FillOptions(Sized):
    _fields_ = [("struct_size", c_uint32), ("top_k", c_uint32), ("max_length", c_uint32)]


class Candidate(ctypes.Structure):
    _fields_ = [("token", c_int32), ("score", c_float), ("mask", c_uint32)]


STRUCTS = {
    "limbeck_tokenize_options": TokenizeOptions,
    "limbeck_model_info_t": ModelInfo,
    "limbeck_pack_options": PackOptions,
    "limbeck_session_options": SessionOptions,
    "limbeck_session_info_t": SessionInfo,
    "limbeck_embed_options": EmbedOptions,
    "limbeck_classify_options": ClassifyOptions,
    "limbeck_tag_options": TagOptions,
    "limbeck_span": Span,
    "limbeck_answer_options": AnswerOptions,
    "limbeck_answer": Answer,
    "limbeck_fill_options": FillOptions,
    "limbeck_candidate": Candidate,
}

# Handles are c_void_p. Byte inputs are c_char_p; output buffers are c_void_p, so that addresses of numpy arrays can be passed.
_texts, _sizes, _count, _handle = POINTER(c_char_p), POINTER(c_size_t), POINTER(c_size_t), POINTER(c_void_p)

# name: (return type, parameter types), in the order of the header.
FUNCTIONS: dict[str, tuple[object, list[object]]] = {
    "limbeck_version": (c_uint32, []),
    "limbeck_version_string": (c_char_p, []),
    "limbeck_status_string": (c_char_p, [c_int32]),
    "limbeck_tokenizer_open": (c_int32, [c_char_p, c_size_t, _handle, c_void_p, c_size_t]),
    "limbeck_tokenizer_close": (None, [c_void_p]),
    "limbeck_tokenize": (
        c_int32,
        [
            c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(TokenizeOptions),
            c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, _count,
        ],
    ),  # fmt: skip
    "limbeck_tokenizer_vocab_size": (c_size_t, [c_void_p]),
    "limbeck_tokenizer_token": (c_int32, [c_void_p, c_int32, c_void_p, c_size_t, _count]),
    "limbeck_tokenizer_id": (c_int32, [c_void_p, c_char_p, c_size_t, POINTER(c_int32)]),
    "limbeck_model_open": (c_int32, [c_char_p, c_size_t, _handle, c_void_p, c_size_t]),
    "limbeck_model_close": (None, [c_void_p]),
    "limbeck_model_info": (c_int32, [c_void_p, POINTER(ModelInfo)]),
    "limbeck_model_label": (c_int32, [c_void_p, c_int32, c_void_p, c_size_t, _count]),
    "limbeck_model_entity": (c_int32, [c_void_p, c_int32, c_void_p, c_size_t, _count]),
    "limbeck_model_prompt": (c_int32, [c_void_p, c_uint32, c_void_p, c_size_t, _count, c_void_p, c_size_t, _count]),
    "limbeck_model_tokenizer": (c_int32, [c_void_p, _handle]),
    "limbeck_pack": (
        c_int32,
        [c_char_p, c_size_t, c_char_p, c_size_t, POINTER(PackOptions), c_void_p, c_size_t],
    ),
    "limbeck_verify": (c_int32, [c_char_p, c_size_t, c_void_p, c_size_t]),
    "limbeck_set_exit_default": (c_int32, [c_char_p, c_size_t, c_float, c_uint32, c_void_p, c_size_t]),
    "limbeck_session_new": (c_int32, [c_void_p, POINTER(SessionOptions), _handle]),
    "limbeck_session_free": (None, [c_void_p]),
    "limbeck_session_info": (c_int32, [c_void_p, POINTER(SessionInfo)]),
    "limbeck_embed": (
        c_int32,
        [c_void_p, _texts, _sizes, c_size_t, POINTER(EmbedOptions), c_void_p, c_size_t],
    ),
    "limbeck_classify": (
        c_int32,
        [c_void_p, _texts, _sizes, _texts, _sizes, c_size_t, POINTER(ClassifyOptions), c_void_p, c_size_t],
    ),
    "limbeck_rerank": (
        c_int32,
        [c_void_p, c_char_p, c_size_t, _texts, _sizes, c_size_t, POINTER(ClassifyOptions), c_void_p, c_size_t],
    ),
    "limbeck_tag": (
        c_int32,
        [c_void_p, c_char_p, c_size_t, POINTER(TagOptions), POINTER(Span), c_size_t, _count],
    ),
    "limbeck_answer_question": (
        c_int32,
        [c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, POINTER(AnswerOptions), POINTER(Answer), c_size_t, _count],
    ),
    "limbeck_fill": (
        c_int32,
        [c_void_p, c_char_p, c_size_t, POINTER(FillOptions), POINTER(Candidate), c_size_t, _count],
    ),
    "limbeck_forward": (
        c_int32,
        [c_void_p, c_void_p, c_void_p, _sizes, c_size_t, c_uint32, c_int32, c_void_p, c_size_t, _count],
    ),
    "limbeck_exits": (
        c_int32,
        [c_void_p, c_void_p, c_void_p, _sizes, c_size_t, POINTER(ClassifyOptions), c_void_p, c_size_t, _count],
    ),
}


def find() -> Path:
    """The path of the library: from the environment, inside the package, or in the source tree."""
    if told := os.environ.get("LIMBECK_LIBRARY"):
        return Path(told)
    here = Path(__file__).resolve()
    places = [here.parent / "liblimbeck.so", here.parents[3] / "build" / "lib" / "liblimbeck.so"]
    for place in places:
        if place.exists():
            return place
    raise ImportError("limbeck: there is no " + ", nor ".join(map(str, places)) + "; run `make lib`, or set LIMBECK_LIBRARY")


def load() -> ctypes.CDLL:
    """Loads the library. A CDLL releases the GIL during every call."""
    path = find()
    try:
        loaded = ctypes.CDLL(str(path))
        for name, (result, arguments) in FUNCTIONS.items():
            function = getattr(loaded, name)
            function.restype = result
            function.argtypes = arguments
    except (OSError, AttributeError) as error:
        raise ImportError(f"limbeck: {path} is not the library: {error}") from error
    version = loaded.limbeck_version()
    if version >> 16 != VERSION_MAJOR:
        raise ImportError(f"limbeck: {path} is version {version >> 16}.x, and this package needs {VERSION_MAJOR}.x")
    return loaded


library = load()
