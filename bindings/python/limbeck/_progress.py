"""Long calls, split into parts: between the parts other threads get their turn, and progress is reported."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Callable, Union

from ._session import Session

# True: a progress bar on standard error. A function is called with the number of texts done and the total.
ShowProgress = Union[bool, Callable[[int, int], None]]

_FIRST = 64  # texts in the first part, whose time determines the size of the next
_SECONDS = 0.5  # duration of a part; not too short, as the last batch of each may be half empty


def parts(session: Session, count: int, show: ShowProgress = False) -> Iterator[tuple[int, int]]:
    """Splits 0..count into ranges that take about half a second each, at least one. Each is to be computed before the next is
    requested."""
    tell = _Bar() if show is True else show or None
    first, size = 0, _FIRST
    try:
        if tell:
            tell(0, count)
        while True:
            end = min(count, first + size)
            begun = time.monotonic()
            yield first, end
            took = time.monotonic() - begun
            size = max(1, min(4 * size, int((end - first) * _SECONDS / max(took, 1e-6))))
            first = end
            if tell:
                tell(first, count)
            if first >= count:
                return
            session.rest()
    finally:
        if isinstance(tell, _Bar):
            tell.close()


class _Bar:
    """[#########.....] 450/1000, 12 s, 15 s left"""

    def __init__(self) -> None:
        self.begun = time.monotonic()
        self.width = 0

    def __call__(self, done: int, total: int) -> None:
        took = time.monotonic() - self.begun
        filled = 30 * done // total if total else 30
        left = f", {took / done * (total - done):.0f} s left" if 0 < done < total else ""
        line = f"[{'#' * filled}{'.' * (30 - filled)}] {done}/{total}, {took:.0f} s{left}"
        self._write("\r" + line.ljust(self.width))
        self.width = len(line)

    def close(self) -> None:
        self._write("\n")

    def _write(self, text: str) -> None:
        if sys.stderr is not None:  # a program without a console
            sys.stderr.write(text)
            sys.stderr.flush()
