"""Measures Limbeck beside its peers, in turn in the same minutes, and prints tables. See docs/speed.md.

Run by scripts/bench.sh, which builds the library and prepares the peers.
"""
import argparse
import contextlib
import os
import shlex
import subprocess
import sys

import numpy as np

import engines
import ours
import report as reporting
from processes import HERE, Disturbance, Worker, once, race
from report import MB, PEERS, Report, Target, median_ms, ratio, seconds, shown, worst_case

MODELS = {"minilm": "MiniLM", "distilbert": "DistilBERT shape"}
SHAPES = [(1, 16), (1, 128), (1, 512), (8, 128), (32, 32)]
RAGGED = os.path.join(HERE, "ragged-256.txt")
TEXT = "Which program shows the disk usage of my folders?"
TOKENIZERS = {  # folders of ours, and the MB/s to reach
    "WordPiece": ({"limbeck": "minilm"}, 40),
    "byte-level BPE": ({"limbeck": "byte-level"}, 30),
    "Unigram": ({"limbeck": "unigram", "limbeck, .model": "sentencepiece"}, 15),
}
TOLERANCE = 1e-3  # between two engines' float32; a benchmark of a wrong answer would be worth nothing
MEMORY_TOKENS = 2048


def worker_command(*arguments):
    return [sys.executable, os.path.join(HERE, "worker.py"), *map(str, arguments)]


@contextlib.contextmanager
def all_engines(work, model, threads):
    """A worker for every engine, by name."""
    with contextlib.ExitStack() as stack:
        yield {name: stack.enter_context(Worker(worker_command("run", work, name, model, threads), threads))
               for name in engines.ENGINES}


def check_agreement(replies, what):
    samples = {name: np.array(rounds[0]["sample"]) for name, rounds in replies.items()}
    for name, sample in samples.items():
        difference = np.abs(sample - samples["limbeck"]).max()
        if not difference < TOLERANCE:
            sys.exit(f"bench: {what}: limbeck and {name} differ by {difference:.2g}")


def measure_shapes(options, report):
    rows, ratios = [], {peer: {} for peer in PEERS}
    for model, title in MODELS.items():
        for threads in options.threads:
            with all_engines(options.work, model, threads) as workers:
                for shape in SHAPES:
                    replies = race({name: lambda worker=worker: worker.ask(forward=shape, seconds=options.seconds, least=options.least)
                                    for name, worker in workers.items()}, options.rounds)
                    where = f"{title}, {shape[0]}x{shape[1]}, {threads} thread{'s' * (threads > 1)}"
                    check_agreement(replies, where)
                    for peer in PEERS:
                        ratios[peer][where] = ratio(replies["limbeck"], replies[peer])
                    rows.append([title, threads, f"{shape[0]}x{shape[1]}", *map(median_ms, replies.values()),
                                 *[shown(ratios[peer][where]) for peer in PEERS]])
    report.add("Forward pass", "Float32, ids in, hidden states out, batch x tokens; milliseconds, and our time over the peer's.",
               ["model", "threads", "shape", "Limbeck ms", *[f"{peer} ms" for peer in PEERS.values()],
                *[f"/ {peer}" for peer in PEERS.values()]], rows)
    report.targets += [worst_case("time over OpenVINO's, every shape", 1.10, ratios["openvino"]),
                       worst_case("time over ONNX Runtime's, every shape", 1.0, ratios["onnxruntime"])]


def measure_ragged(options, report):
    orders = {"sorted": 0.8, "arrival": 0.4}
    rows, ratios = [], {order: {} for order in orders}
    for model, title in MODELS.items():
        for threads in options.threads:
            with all_engines(options.work, model, threads) as workers:
                def visit(name, order):
                    return lambda: workers[name].ask(embed=RAGGED, texts=options.texts, order=order, seconds=0, least=1)

                replies = race({"limbeck": visit("limbeck", "sorted")}
                               | {(peer, order): visit(peer, order) for peer in PEERS for order in orders},
                               options.ragged_rounds)
            where = f"{title}, {threads} thread{'s' * (threads > 1)}"
            check_agreement(replies, where)
            for order in orders:
                better = min(PEERS, key=lambda peer: np.median(seconds(replies[peer, order])))
                ratios[order][where] = ratio(replies["limbeck"], replies[better, order])
            rows.append([title, threads, *map(median_ms, replies.values()), *[shown(ratios[order][where]) for order in orders]])
    report.add("Texts to vectors", f"{options.texts} package descriptions, tokenizer included: ours in one call; the peers behind HF tokenizers, in "
               "padded batches of 32, sorted by length as sentence-transformers does, and in order of arrival. Milliseconds, and "
               "our time over the better peer's.",
               ["model", "threads", "Limbeck ms", *[f"{PEERS[peer]} {order} ms" for peer in PEERS for order in orders],
                *[f"/ better, {order}" for order in orders]], rows)
    report.targets += [worst_case(f"ragged batch over the better peer, {order}", limit, ratios[order])
                       for order, limit in orders.items()]


def write_corpus(options):
    """Files with the descriptions of all known packages, one and twenty per line."""
    try:
        available = subprocess.run(["apt-cache", "dumpavail"], stdout=subprocess.PIPE, check=True).stdout.decode()
        lines = [line.partition(": ")[2] for line in available.splitlines() if line.startswith("Description: ")]
    except (OSError, subprocess.CalledProcessError):
        lines = []
    if not lines:
        print("bench: apt-cache knows no packages; the 256 texts of the ragged batch are repeated instead", file=sys.stderr)
        with open(RAGGED, encoding="utf-8") as file:
            lines = file.read().splitlines() * 50
    if options.quick:
        lines = lines[:5000]
    files = {}
    for group, title in ((1, "one per text"), (20, "twenty per text")):
        files[title] = os.path.join(options.work, f"descriptions-{group}.txt")
        with open(files[title], "w", encoding="utf-8") as file:
            file.writelines(" ".join(lines[i:i + group]) + "\n" for i in range(0, len(lines), group))
    return files


def race_tokenizers(options, folders, texts):
    """Replies of ours for each of the folders, and of the peers for the first."""
    with contextlib.ExitStack() as stack:
        commands = {name: [options.native, "tokenize", os.path.join(options.work, folder), texts] for name, folder in folders.items()}
        folder = next(iter(folders.values()))
        commands |= {name: worker_command("tokenize", options.work, folder, name) for name in engines.TOKENIZERS[folder]
                     if "flash" not in name or reporting.version("flash-tokenizer") != "not installed"}
        workers = {name: stack.enter_context(Worker(command, 1)) for name, command in commands.items()}
        for worker in workers.values():
            worker.ask(file=texts)  # to warm up
        return race({name: lambda worker=worker: worker.ask(file=texts) for name, worker in workers.items()}, options.rounds)


def measure_tokenizers(options, report):
    rows = []
    files = write_corpus(options)
    for kind, (folders, limit) in TOKENIZERS.items():
        speeds = {}
        for title, path in files.items():
            replies = race_tokenizers(options, folders, path)
            with open(path, "rb") as file:
                text = file.read()
                size = len(text) - text.count(b"\n")
            for name in replies:
                speed = size / np.median(seconds(replies[name])) / MB
                if name == "limbeck":
                    speeds[title] = speed
                rows.append([kind, title, name, f"{speed:.1f}", replies[name][0]["tokens"],
                             shown(ratio(replies["limbeck"], replies[name]))])
        slowest = min(speeds, key=speeds.get)
        report.targets.append(Target(f"{kind}, one thread", limit, speeds[slowest], " MB/s", at_least=True, where=f" ({slowest})"))
    report.add("Tokenizers", f"{size / MB:.1f} MB of English package descriptions, one thread; ours from C with ids, types and offsets. "
               "WordPiece is MiniLM's, the others are trained on longer descriptions; .model is read by libsentencepiece.",
               ["tokenizer", "descriptions", "by", "MB/s", "tokens", "our time / its"], rows)


def measure_start(options, report):
    rows = []
    threads = max(options.threads)
    for model, title in MODELS.items():
        commands = {"limbeck": [options.native, "first", os.path.join(options.work, model), str(threads), TEXT]}
        commands |= {peer: worker_command("first", options.work, peer, model, threads) for peer in PEERS}
        once(commands["limbeck"], threads)  # to read the files into memory
        replies = race({name: lambda command=command: once(command, threads) for name, command in commands.items()}, options.rounds)
        for name in replies:
            rows.append([title, name, median_ms(replies[name]), f"{max(reply['peak'] for reply in replies[name]) / MB:.0f}"])
    report.add("Start", f"{threads} threads, files in memory. Ours: from the start of a C program, tokenizer included, to the first "
               "vector. The peers: from opening the model to the first result, without the start of Python, imports and the "
               "tokenizer. Peak memory is that of the whole process, mapped files included (Python's too, for the peers).",
               ["model", "engine", "ms to the first result", "peak MB"], rows)


def measure_memory(options, report):
    rows = []
    for model, title in MODELS.items():
        batches = options.batches if model == "minilm" else options.batches // 10
        m = once([options.native, "memory", os.path.join(options.work, model), str(MEMORY_TOKENS), RAGGED, str(batches)],
                 max(options.threads))
        matrices = 4 * m["layers"] * (4 * m["hidden_size"] ** 2 + 2 * m["hidden_size"] * m["intermediate_size"])
        private = m["anonymous"] - m["before"]
        growth = m["end"] - m["start"]
        rows.append([title, *[f"{value / MB:.1f}" for value in (m["mapped"], m["shared"], private, matrices, private - matrices,
                                                                m["session"], m["peak"], m["start"], m["end"])], batches])
        if model == "minilm":
            report.targets += [Target(f"MiniLM, private memory over the weights, {MEMORY_TOKENS} tokens", 40,
                                      (private - matrices) / MB, " MB"),
                               Target(f"MiniLM, growth over {batches} mixed batches", 1, growth / MB, " MB")]
    report.add("Memory", f"A C program with max_tokens {MEMORY_TOKENS} and all CPUs, MB of 10^6 bytes. Private is all anonymous memory "
               f"since before opening; the matrices of the layers, packed, are the part of it that holds weights. RSS before and "
               "after so many mixed batches.",
               ["model", "weight file", "of it in memory", "private", "matrices", "private over them", "session", "peak",
                "RSS before", "RSS after", "batches"], rows)


PARTS = {"shapes": measure_shapes, "ragged": measure_ragged, "tokenizers": measure_tokenizers, "start": measure_start,
         "memory": measure_memory}


def parse():
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one short round of everything: to see that it works")
    parser.add_argument("--write", action="store_true", help="write bench/results.md")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part; may be repeated")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--rounds", type=int, help="visits to each engine (default: 6)")
    parser.add_argument("--work", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--native", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write and (options.quick or options.part):
        parser.error("--write takes a whole, unhurried run")
    options.seconds = 0.02 if options.quick else 0.5
    options.least = 1 if options.quick else 3
    options.rounds = options.rounds or (1 if options.quick else 6)
    options.ragged_rounds = min(options.rounds, 3)
    options.texts = 64 if options.quick else 256
    options.batches = 100 if options.quick else 10_000
    return options


def main():
    options, report = parse(), Report()
    for part in options.part or PARTS:
        PARTS[part](options, report)
    if report.targets:
        report.add_targets()
    shown_options = [argument for argument in sys.argv[1:] if argument not in ("--work", options.work, "--native", options.native)]
    command = shlex.join(["scripts/bench.sh", *shown_options])
    head = reporting.head(command, ours.version(), ours.kernels(os.path.join(options.work, "minilm")), Disturbance.share())
    print(head)
    if options.write:
        with open(os.path.join(HERE, "results.md"), "w", encoding="utf-8") as file:
            file.write("\n".join([head, report.sections[-1], *report.sections[:-1]]))


if __name__ == "__main__":
    main()
