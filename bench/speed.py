"""Shapes and ragged batches: all engines in both precisions, in turn."""
import sys

import numpy as np

from cases import MODELS, RAGGED, SHAPES, all_engines, threads_text
from engines import PEERS, TITLES
from processes import race
from report import median_ms, ratio, seconds, shown, worst_case

TOLERANCE = 1e-3  # between two engines' float32; a benchmark of a wrong answer would be worth nothing
SHAPE_LIMITS = {shape: 0.7 if shape == (1, 16) else 0.9 for shape in SHAPES}  # int8, over the best peer's time
PADDING = ("onnxruntime", "openvino")  # CTranslate2 leaves the padding out, so that the limits of arrival say nothing about it
ORDER_LIMITS = {"float32": {"sorted": 0.8, "arrival": 0.4}, "int8": {"sorted": 0.65, "arrival": 0.3}}


def cosines(a, b):
    return (a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))


class Agreement:
    """Holds every engine against our float32: other float32 has to be the same, of int8 the worst cosine of each case is kept."""

    def __init__(self):
        self.worst = {}

    def check(self, replies, model, case):
        reference = np.array(replies["float32", "limbeck"][0]["sample"])
        for (precision, name, *_), rounds in replies.items():
            sample = np.array(rounds[0]["sample"])
            if precision == "int8":
                found = cosines(sample, reference)
                row = self.worst.setdefault((model, case), {}).setdefault(name, [1.0, 1.0])
                row[:] = min(row[0], found.mean()), min(row[1], found.min())
            elif not np.abs(sample - reference).max() < TOLERANCE:
                sys.exit(f"bench: {model}, {case}: limbeck and {name} differ by {np.abs(sample - reference).max():.2g}")

    def add_to(self, report, what):
        names = ["limbeck", *PEERS["int8"]]
        report.add(f"Int8 beside float32: {what}", f"Cosines with our float32, mean / minimum of 16 {what}, the worst of all runs. "
                   "DistilBERT's weights are random. More of them, of ours: [docs/numbers.md](../docs/numbers.md).",
                   ["model", "case", *[TITLES[name] for name in names]],
                   [[model, case, *[f"{found[name][0]:.4f} / {found[name][1]:.4f}" for name in names]]
                    for (model, case), found in self.worst.items()])


def measure_shapes(options, report):
    rows, agreement = {precision: [] for precision in PEERS}, Agreement()
    ratios = {}  # by precision, peer and shape, then by where
    for model, title in MODELS.items():
        for threads in options.threads:
            with all_engines(options.work, model, threads) as workers:
                for shape, case in SHAPES.items():
                    replies = race({
                        key: lambda worker=worker: worker.ask(forward=shape, seconds=options.seconds, least=options.least)
                        for key, worker in workers.items()}, options.rounds)
                    agreement.check(replies, title, case)
                    report.figure[title, threads, case] = {key: np.median(seconds(found)) for key, found in replies.items()}
                    for precision, peers in PEERS.items():
                        ours = replies[precision, "limbeck"]
                        over = {peer: ratio(ours, replies[precision, peer]) for peer in peers}
                        where = f"{title}, {case}, {threads_text(threads)}"
                        for peer, value in (over | {"best": max(over.values())}).items():
                            ratios.setdefault((precision, peer, shape), {})[where] = value
                        rows[precision].append([title, threads, case, median_ms(ours),
                                                *[median_ms(replies[precision, peer]) for peer in peers],
                                                *map(shown, over.values())])
    for precision, peers in PEERS.items():
        report.add(f"Forward pass, {precision}",
                   "Ids in, hidden states out, batch x tokens; milliseconds, and our time over the peer's.",
                   ["model", "threads", "shape", "Limbeck ms", *[f"{TITLES[peer]} ms" for peer in peers],
                    *[f"/ {TITLES[peer]}" for peer in peers]], rows[precision])
    agreement.add_to(report, "tokens")

    def every_shape(peer):
        return {where: value for shape in SHAPES for where, value in ratios["float32", peer, shape].items()}

    report.targets += [worst_case(f"float32, time over {TITLES[peer]}'s, every shape", 1.0, every_shape(peer))
                       for peer in ("openvino", "onnxruntime")]
    report.targets += [worst_case(f"int8, time over the best peer's, {SHAPES[shape]}", limit, ratios["int8", "best", shape])
                       for shape, limit in SHAPE_LIMITS.items()]


def measure_ragged(options, report):
    rows, agreement = {precision: [] for precision in PEERS}, Agreement()
    orders = list(ORDER_LIMITS["int8"])
    ratios = {(precision, order): {} for precision in PEERS for order in orders}
    for model, title in MODELS.items():
        for threads in options.threads:
            where = f"{title}, {threads_text(threads)}"
            with all_engines(options.work, model, threads) as workers:
                def visit(key, order):
                    return lambda: workers[key].ask(embed=RAGGED, texts=options.texts, order=order, seconds=0, least=1)

                calls = {(precision, "limbeck"): visit((precision, "limbeck"), "sorted") for precision in PEERS}
                calls |= {(precision, peer, order): visit((precision, peer), order)
                          for precision, peers in PEERS.items() for peer in peers for order in orders}
                replies = race(calls, options.ragged_rounds)
            agreement.check(replies, title, "descriptions")
            for precision, peers in PEERS.items():
                ours = replies[precision, "limbeck"]
                over = {(peer, order): ratio(ours, replies[precision, peer, order]) for peer in peers for order in orders}
                for order in orders:
                    ratios[precision, order][where] = max(over[peer, order] for peer in PADDING)
                rows[precision].append([title, threads, median_ms(ours),
                                        *[median_ms(replies[precision, peer, order]) for peer in peers for order in orders],
                                        *[shown(max(over[peer, order] for peer in peers)) for order in orders]])
    for precision, peers in PEERS.items():
        report.add(f"Texts to vectors, {precision}", f"{options.texts} package descriptions, tokenizer included: ours in one call; "
                   "the peers behind HF tokenizers, in padded batches of 32, sorted by length as sentence-transformers does, and "
                   "in order of arrival. Milliseconds, and our time over the best peer's.",
                   ["model", "threads", "Limbeck ms", *[f"{TITLES[peer]} {order} ms" for peer in peers for order in orders],
                    *[f"/ best, {order}" for order in orders]], rows[precision])
        report.targets += [
            worst_case(f"{precision}, ragged batch over the better of OpenVINO and ONNX Runtime, {order}", limit, ratios[precision, order])
            for order, limit in ORDER_LIMITS[precision].items()]
    agreement.add_to(report, "texts")
