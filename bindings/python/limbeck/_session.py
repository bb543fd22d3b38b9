"""A session of the C library for Python: shared by threads in turn, usable after fork(), interruptible, and closable at any
time."""

from __future__ import annotations

import ctypes
import os
import threading
import time
import weakref
from collections.abc import Generator
from ctypes import byref, c_size_t, c_void_p
from typing import Any, Callable

from . import _native
from ._native import Status, library
from ._options import name_of
from ._results import Error, SessionInfo, check


class _Watch:
    """State shared with the session's interrupt callback. It has no reference to the session, which is freed with its last user."""

    def __init__(self) -> None:
        self.is_closing = False
        self.raised: BaseException | None = None


def _interrupt(watch: _Watch) -> Generator[int, Any, None]:
    """The interrupt callback of a session is the `send` of this generator.

    On the main thread, Python runs signal handlers before the first line of any callback. An exception raised there would be lost,
    since no `try` has been entered yet; a generator resumes inside one.
    """
    answer = 0
    while True:
        try:
            while True:
                yield answer
                answer = int(watch.is_closing)
        except GeneratorExit:
            raise
        except BaseException as error:  # such as KeyboardInterrupt; raised again for the caller of the session
            watch.raised = error
            answer = 1


class Session:
    """A session of a model, which serves one thread at a time.

    Locks are used only by `with`: it is the only way in which a signal handler that raises cannot leave a lock locked, or release
    it too early.
    """

    def __init__(self, model: c_void_p, options: _native.SessionOptions) -> None:
        self._watch = _Watch()
        interrupt = _interrupt(self._watch)
        next(interrupt)
        self._message = ctypes.create_string_buffer(1024)
        self._interrupt = options.interrupt = _native.Interrupt(interrupt.send)
        options.message, options.message_capacity = ctypes.addressof(self._message), len(self._message)
        self._handle = c_void_p()
        self._check(library.limbeck_session_new(model, byref(options), byref(self._handle)))
        self._free = weakref.finalize(self, library.limbeck_session_free, self._handle)
        self._free.atexit = False  # a daemon thread may still be in a call then
        self._lock = threading.RLock()
        self._inside: set[int] = set()  # the threads that are in a call or wait for their turn
        _sessions.add(self)

    def call(self, function: Callable[..., int], *arguments: Any) -> None:
        """One call of the library. It ends early if a signal handler raises, or the session is closed."""
        me = threading.get_ident()
        if me in self._inside:
            raise Error(Status.INVALID_ARGUMENT, "a signal handler cannot call the model whose call it interrupts")
        try:
            self._inside.add(me)
            with self._lock:
                if self._watch.is_closing:
                    raise Error(Status.INVALID_ARGUMENT, "the model is closed")
                self._check(function(self._handle, *arguments))
        finally:
            self._inside.discard(me)
            if self._watch.is_closing:
                self.close()

    def rest(self) -> None:
        """Called between the parts of a long call: waiting threads get their turn."""
        if self._inside:
            time.sleep(0.001)

    def close(self) -> None:
        """Frees the session. A running call of another thread is ended first; in a signal handler that runs during a call, the
        session is freed when that call has ended."""
        self._watch.is_closing = True
        if threading.get_ident() not in self._inside:
            with self._lock:
                self._free()

    @property
    def is_closed(self) -> bool:
        """Whether the session is closed or about to be."""
        return self._watch.is_closing

    def info(self) -> SessionInfo:
        facts = _native.SessionInfo()
        check(library.limbeck_session_info(self._handle, byref(facts)))
        kernels = name_of(_native.KERNELS, facts.kernels)
        return SessionInfo(facts.threads, facts.max_tokens, kernels, facts.memory_bytes, facts.layers, facts.exits, facts.heads)

    def fetch(self, kind: type[ctypes.Structure], capacity: int, function: Callable[..., int], *arguments: Any) -> list[Any]:
        """The results of a call that reports a count; called again with a larger buffer if it was too small."""
        count = c_size_t()
        while True:
            buffer = (kind * capacity)()
            try:
                self.call(function, *arguments, buffer, capacity, byref(count))
                return buffer[: count.value]
            except Error as error:
                if error.status != Status.CAPACITY or count.value <= capacity:
                    raise
                capacity = count.value

    def _check(self, status: int) -> None:
        """Raises an `Error` unless the call succeeded, or the exception of a signal handler if there was one."""
        raised, self._watch.raised = self._watch.raised, None
        if status == Status.OK and raised is None:
            return
        if raised is not None:
            raise raised
        if status == Status.INTERRUPTED and self._watch.is_closing:
            raise Error(status, "the model was closed during the call")
        raise Error(status, self._message.value.decode(errors="replace"))

    def _renew(self) -> None:
        """Called in a child of fork(): the other threads that were in a call do not exist here."""
        self._lock = threading.RLock()
        self._inside &= {threading.get_ident()}


_sessions: weakref.WeakSet[Session] = weakref.WeakSet()


def _renew_all() -> None:
    for session in list(_sessions):
        session._renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
