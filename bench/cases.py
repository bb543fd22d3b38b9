"""What is measured: models, shapes and texts, and the processes that do it."""
import contextlib
import os
import sys

import engines
from processes import HERE, Worker

MODELS = {"minilm": "MiniLM", "distilbert": "DistilBERT shape"}
SHAPES = {(1, 16): "1x16", (1, 128): "1x128", (1, 512): "1x512", (8, 128): "8x128", (32, 32): "32x32"}
RAGGED = os.path.join(HERE, "ragged-256.txt")
TEXT = "Which program shows the disk usage of my folders?"


def worker_command(*arguments):
    return [sys.executable, os.path.join(HERE, "worker.py"), *map(str, arguments)]


@contextlib.contextmanager
def all_engines(work, model, threads):
    """A worker for every engine, by precision and name."""
    with contextlib.ExitStack() as stack:
        yield {(precision, name): stack.enter_context(Worker(worker_command("run", work, precision, name, model, threads), threads))
               for precision, names in engines.ENGINES.items() for name in names}


def threads_text(count):
    return f"{count} thread{'s' * (count > 1)}"


def path_of(work, model, precision):
    """Ours."""
    return os.path.join(work, model + engines.ENGINES[precision]["limbeck"].suffix)
