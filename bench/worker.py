"""One engine in a process of its own, blocked in a read until it is told what to time.

    worker.py run WORK PRECISION ENGINE MODEL THREADS
                                                requests: {"forward": [BATCH, TOKENS]} or {"embed": FILE, "order": ORDER,
                                                "texts": how many}, with "seconds" to spend and the "least" calls to make
    worker.py tokenize WORK FOLDER TOKENIZER    requests: {"file": FILE}
    worker.py first WORK PRECISION ENGINE MODEL THREADS
                                                times one thing and ends: from opening a model to the first result

One line of JSON a request, one a reply, {} when ready.
"""
import importlib
import json
import os
import sys
import time

import numpy as np

import engines


def read_texts(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def peak_bytes():
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:"))


def seconds_of(call):
    start = time.perf_counter()
    result = call()
    return time.perf_counter() - start, result


def random_ids(batch, tokens):
    return np.random.default_rng(1).integers(1000, 20000, (batch, tokens))


def sample(values):
    """16 of the vectors, of tokens or of texts, for the comparison of the engines' results."""
    vectors = values.reshape(-1, values.shape[-1])
    return vectors[np.linspace(0, len(vectors) - 1, 16).astype(int)].tolist()


class Runner:
    def __init__(self, work, precision, name, model, threads):
        self.engine = engines.ENGINES[precision][name](work, model, int(threads))
        self.calls = {}

    def prepared(self, request):
        """The call to be timed, made and warmed up when it is asked for the first time."""
        key = json.dumps({name: value for name, value in request.items() if name not in ("seconds", "least")})
        if key not in self.calls:
            call = (self.engine.forward(random_ids(*request["forward"])) if "forward" in request
                    else self.engine.embed(read_texts(request["embed"])[:request["texts"]], request["order"]))
            call()
            self.calls[key] = call
        return self.calls[key]

    def answer(self, request):
        call = self.prepared(request)
        budget = request["seconds"]
        warm = time.perf_counter() + budget / 5  # the caches hold the work of another engine
        while time.perf_counter() < warm:
            call()
        times, end = [], time.perf_counter() + budget
        while len(times) < request["least"] or time.perf_counter() < end:
            seconds, values = seconds_of(call)
            times.append(seconds)
        return {"seconds": float(np.median(times)), "sample": sample(values)}


class TokenCounter:
    def __init__(self, work, folder, name):
        self.count = engines.TOKENIZERS[folder][name](work, folder)

    def answer(self, request):
        texts = read_texts(request["file"])
        seconds, tokens = seconds_of(lambda: self.count(texts))
        return {"seconds": seconds, "tokens": tokens}


def first(work, precision, name, model, threads):
    engine = engines.ENGINES[precision][name]
    importlib.import_module(engine.package)
    seconds, _ = seconds_of(lambda: engine(work, model, int(threads)).forward(random_ids(1, 12))())
    return {"seconds": seconds, "peak": peak_bytes()}


def main():
    # What a library prints must not end up among the replies.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def reply(message):
        print(json.dumps(message), file=replies, flush=True)

    mode, *arguments = sys.argv[1:]
    if mode == "first":
        reply(first(*arguments))
        return
    worker = {"run": Runner, "tokenize": TokenCounter}[mode](*arguments)
    reply({})
    for line in sys.stdin:
        reply(worker.answer(json.loads(line)))


if __name__ == "__main__":
    main()
