"""A driver over the C library: what the benchmark needs of include/limbeck.h and no more, so that it measures the library and
not the Python binding."""
import ctypes
import os
import sys
from ctypes import POINTER, c_char_p, c_float, c_int32, c_size_t, c_uint32, c_uint64, c_void_p

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARY = os.environ.get("LIMBECK_LIBRARY", os.path.join(ROOT, "build", "lib", "liblimbeck.so"))

OUTPUT_HIDDEN = 1
PACK = ".int8.limbeck"  # what follows a folder's name in that of its pack


class Sized(ctypes.Structure):
    def __init__(self, **members):
        super().__init__(struct_size=ctypes.sizeof(self), **members)


class ModelInfo(Sized):
    _fields_ = [(name, c_uint32) for name in (
        "struct_size", "family", "answers", "has_tokenizer", "hidden_size", "layers", "attention_heads", "intermediate_size",
        "vocab_size", "max_length", "max_positions", "label_count", "embedding_size", "precision")]
    _fields_ += [(name, c_uint64) for name in ("parameters", "mapped_bytes", "private_bytes")]


class SessionOptions(Sized):
    _fields_ = [(name, c_uint32) for name in ("struct_size", "threads", "max_tokens", "kernels")]


class SessionInfo(Sized):
    _fields_ = [(name, c_uint32) for name in ("struct_size", "threads", "max_tokens", "kernels")]
    _fields_ += [("memory_bytes", c_uint64)]


class EmbedOptions(Sized):
    _fields_ = [(name, c_uint32) for name in ("struct_size", "pooling", "normalize", "dimensions", "max_length")]


def load():
    library = ctypes.CDLL(LIBRARY)
    library.limbeck_version_string.restype = c_char_p
    library.limbeck_status_string.restype = c_char_p
    library.limbeck_model_open.argtypes = [c_char_p, c_size_t, POINTER(c_void_p), c_char_p, c_size_t]
    library.limbeck_pack.argtypes = [c_char_p, c_size_t, c_char_p, c_size_t, c_void_p, c_char_p, c_size_t]
    library.limbeck_model_info.argtypes = [c_void_p, POINTER(ModelInfo)]
    library.limbeck_session_new.argtypes = [c_void_p, POINTER(SessionOptions), POINTER(c_void_p)]
    library.limbeck_session_info.argtypes = [c_void_p, POINTER(SessionInfo)]
    library.limbeck_embed.argtypes = [c_void_p, POINTER(c_char_p), POINTER(c_size_t), c_size_t, POINTER(EmbedOptions),
                                      c_void_p, c_size_t]
    library.limbeck_forward.argtypes = [c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_uint32, c_int32, c_void_p,
                                        c_size_t, POINTER(c_size_t)]
    return library


def pack(path):
    """Packs the folder `path` in int8, calibrated by the texts that are built in, unless that has been done by this library."""
    out = path + PACK
    if os.path.exists(out) and os.path.getmtime(out) > os.path.getmtime(LIBRARY):
        return
    print(f"bench: packing {os.path.basename(path)} ...", file=sys.stderr)
    source, target, message = os.fsencode(path), os.fsencode(out), ctypes.create_string_buffer(1024)
    if load().limbeck_pack(source, len(source), target, len(target), None, message, len(message)):
        raise RuntimeError(message.value.decode())


class Session:
    """A model folder or pack, opened, and a session of it. Lives as long as the process."""

    def __init__(self, path, threads):
        self.library = load()
        path, message = os.fsencode(path), ctypes.create_string_buffer(1024)
        model, self.handle = c_void_p(), c_void_p()
        if self.library.limbeck_model_open(path, len(path), model, message, len(message)):
            raise RuntimeError(message.value.decode())
        self.info = ModelInfo()
        self.check(self.library.limbeck_model_info(model, self.info))
        self.check(self.library.limbeck_session_new(model, SessionOptions(threads=threads), self.handle))

    def check(self, status):
        if status:
            raise RuntimeError(self.library.limbeck_status_string(status).decode())

    def forward(self, ids):
        """A function that runs the batch `ids`, a (sequences, tokens) array, into one buffer, and returns the buffer."""
        ids = np.ascontiguousarray(ids, np.int32)
        lengths = np.full(ids.shape[0], ids.shape[1], np.uintp)
        hidden = np.empty((*ids.shape, self.info.hidden_size), np.float32)
        count = c_size_t()

        def run():
            self.check(self.library.limbeck_forward(self.handle, ids.ctypes.data, None, lengths.ctypes.data, len(lengths),
                                                    OUTPUT_HIDDEN, -1, hidden.ctypes.data, hidden.size, count))
            return hidden
        return run

    def embed(self, texts, max_length):
        encoded = [text.encode() for text in texts]
        vectors = np.empty((len(texts), self.info.embedding_size), np.float32)
        self.check(self.library.limbeck_embed(
            self.handle, (c_char_p * len(texts))(*encoded), (c_size_t * len(texts))(*map(len, encoded)), len(texts),
            EmbedOptions(normalize=1, max_length=max_length), vectors.ctypes.data, vectors.size))
        return vectors


def version():
    return load().limbeck_version_string().decode()


def kernels(path):
    """The instruction set in use, by name."""
    session, info = Session(path, 1), SessionInfo()
    session.check(session.library.limbeck_session_info(session.handle, info))
    return {1: "portable", 2: "avx2", 3: "avx512", 4: "neon", 5: "avx_vnni", 6: "avx512_vnni", 7: "amx", 8: "neon_dot"}[info.kernels]
