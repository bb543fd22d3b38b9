"""What the time goes to, and how near each part of the work comes to the machine's limit: `limbeck bench --profile` as a table."""
import itertools
import json
import os
import subprocess

from cases import MODELS, RAGGED, SHAPES, path_of
from engines import PEERS
from processes import environment

PARTS = ["products", "rows to bytes", "attention", "LayerNorm", "activations", "embeddings", "tokenizer", "other"]


def profile(options, path):
    """-> {(threads, name): {part: (share, of the limit or None)}}"""
    threads = ",".join(map(str, options.threads))
    texts = os.path.join(options.work, "texts.txt")
    with open(RAGGED, encoding="utf-8") as file, open(texts, "w", encoding="utf-8") as out:
        out.writelines(itertools.islice(file, options.texts))
    command = [options.cli, "bench", path, "--profile", "--json", "--threads", threads, "--texts", texts,
               "--shapes", ",".join(SHAPES.values()), "--seconds", str(min(options.seconds, 0.3))]
    lines = [json.loads(line) for line in subprocess.run(command, env=environment(max(options.threads)), stdout=subprocess.PIPE,
                                                         text=True, check=True).stdout.splitlines()]
    found = {}
    for line in lines:
        if line["kind"] == "profile":
            found.setdefault((line["threads"], line["name"]), {})[line["part"]] = (line["share"], line["of_limit"])
    # The tokenizer is timed apart, on one thread: it has that part of the texts' time that is nobody else's.
    tokenizer = next(line["median_ms"] for line in lines if line["kind"] == "tokenizer")
    for line in lines:
        if line["kind"] == "texts":
            parts = found[line["threads"], "texts"]
            share = tokenizer / (line["median_ms"] * line["threads"])
            parts["tokenizer"], parts["other"] = (share, None), (max(0, parts["other"][0] - share), None)
    return found


def cell(share, limit):
    digits = 2 if share < 0.01 else 1
    return f"{share:.{digits}%}" + (f" ({limit:.0%})" if limit is not None else "")


def measure_limits(options, report):
    rows = []
    for model, title in MODELS.items():
        for precision in PEERS:
            for (threads, name), parts in profile(options, path_of(options.work, model, precision)).items():
                rows.append([title, precision, threads, name, *[cell(*parts[part]) if part in parts else "" for part in PARTS]])
    report.add("The machine's limit", "By `limbeck bench --profile`: shares of the threads' time, and in brackets how much of the "
               "arithmetic that the same kernels reach with everything in the nearest caches, for attention that of floats in both "
               "precisions; over 100 %, the host was slower while that was measured. Other is what no kernel does: the clocks, "
               "waiting for another thread, pooling. \"texts\" are the package descriptions; the tokenizer's time is that of one "
               "thread, measured apart.",
               ["model", "precision", "threads", "shape", *PARTS], rows)
