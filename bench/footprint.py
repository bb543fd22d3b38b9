"""What it costs to be there: starting, opening, memory."""
import contextlib
import os

import numpy as np

from cases import MODELS, RAGGED, TEXT, path_of, worker_command
from engines import PEERS, TITLES
from processes import Worker, once, race
from report import MB, Target, median_ms, ratio, seconds

MEMORY_TOKENS, PACK_TOKENS, PROCESSES = 2048, 512, 4


def measure_start(options, report):
    rows = []
    threads = max(options.threads)
    for model, title in MODELS.items():
        commands = {(precision, "limbeck"): [options.native, "first", path_of(options.work, model, precision), str(threads), TEXT]
                    for precision in PEERS}
        for command in commands.values():
            once(command, threads)  # to read the files into memory
        commands |= {(precision, peer): worker_command("first", options.work, precision, peer, model, threads)
                     for precision, peers in PEERS.items() for peer in peers}
        replies = race({key: lambda command=command: once(command, threads) for key, command in commands.items()},
                       options.rounds)
        rows += [[title, precision, TITLES[name], median_ms(found), f"{max(reply['peak'] for reply in found) / MB:.0f}"]
                 for (precision, name), found in sorted(replies.items(), key=lambda item: list(PEERS).index(item[0][0]))]
        if model == "minilm":
            ours = replies["int8", "limbeck"]
            report.targets += [
                Target("int8 MiniLM, from process start to the first vector", 15, np.median(seconds(ours)) * 1e3, " ms"),
                Target("the same over ONNX Runtime's opening and first result", 0.15, ratio(ours, replies["int8", "onnxruntime"]))]
    report.add("Start", f"{threads} threads, files in memory. Ours: from the start of a C program, tokenizer included, to the "
               "first vector. The peers: from opening the model to the first result, without the start of Python, imports and the "
               "tokenizer. Peak memory is that of the whole process, mapped files included (Python's too, for the peers).",
               ["model", "precision", "engine", "ms to the first result", "peak MB"], rows)


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
            report.targets += [Target(f"float32 MiniLM, private memory over the weights, {MEMORY_TOKENS} tokens", 40,
                                      (private - matrices) / MB, " MB"),
                               Target(f"float32 MiniLM, growth over {batches} mixed batches", 1, growth / MB, " MB")]
    report.add("Memory, float32", f"A C program with max_tokens {MEMORY_TOKENS} and all CPUs, MB of 10^6 bytes. Private is all "
               "anonymous memory since before opening; the matrices of the layers, packed, are the part of it that holds weights. "
               "RSS before and after so many mixed batches.",
               ["model", "weight file", "of it in memory", "private", "matrices", "private over them", "session", "peak",
                "RSS before", "RSS after", "batches"], rows)


def measure_packs(options, report):
    rows = []
    threads = max(options.threads)
    for model, title in MODELS.items():
        command = [options.native, "open", path_of(options.work, model, "int8"), str(threads), str(PACK_TOKENS), RAGGED]
        alone = []
        for _ in range(options.rounds):
            with Worker(command, threads) as worker:
                alone.append(worker.ready)
        with contextlib.ExitStack() as stack:
            workers = [stack.enter_context(Worker(command, threads)) for _ in range(PROCESSES)]
            together = [worker.ask() for worker in workers]
        opening = np.median([reply["open"] for reply in alone]) * 1e3
        private, peak = (max(values) / MB for values in ([reply["private"] for reply in alone],
                                                         [reply["peak"] - reply["binary"] for reply in alone]))
        resident, share = (np.mean([reply[name] for reply in together]) / MB for name in ("resident", "share"))
        rows.append([title, f"{alone[0]['file'] / MB:.1f}", f"{opening:.2f}", f"{private:.2f}", f"{alone[0]['binary'] / MB:.1f}",
                     f"{peak:.1f}", f"{resident:.1f}", f"{share:.1f}"])
        if model == "minilm":
            report.targets += [Target("int8 MiniLM, opening the pack", 3, opening, " ms"),
                               Target("int8 MiniLM, private memory of the opened pack", 2, private, " MB"),
                               Target(f"int8 MiniLM, peak memory over the binary, {PACK_TOKENS} tokens", 40, peak, " MB"),
                               Target(f"int8 MiniLM, PSS of {PROCESSES} processes' packs, over one's RSS", 1.02,
                                      share * PROCESSES / resident)]
    report.add("Pack", f"A C program with an int8 pack in the page cache and {threads} threads, MB of 10^6 bytes. Opening is the "
               "first of a process. Private is the anonymous memory that opening adds. The peak (VmHWM) is that after embedding a "
               f"text of {PACK_TOKENS} tokens with max_tokens {PACK_TOKENS}; over the binary is over what was resident at the start of "
               "main, so pages of the pack, the session and code that runs later are in it. Then what of the pack each of "
               f"{PROCESSES} such processes at once has in memory, and its share of that (PSS).",
               ["model", "pack", "opening ms", "private", "binary", "peak over it", f"{PROCESSES} processes, each", "share"], rows)
