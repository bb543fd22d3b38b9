"""Tokenizers by themselves, on one thread."""
import contextlib
import os
import subprocess
import sys

import numpy as np

import engines
from cases import RAGGED, worker_command
from processes import Worker, race
from report import MB, Target, ratio, seconds, shown, version

TOKENIZERS = {  # folders of ours, and the MB/s to reach
    "WordPiece": ({"limbeck": "minilm"}, 40),
    "byte-level BPE": ({"limbeck": "byte-level"}, 30),
    "Unigram": ({"limbeck": "unigram", "limbeck, .model": "sentencepiece"}, 15),
}


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
                     if "flash" not in name or version("flash-tokenizer") != "not installed"}
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
               "WordPiece is MiniLM's, the others are trained on longer descriptions; .model is the Unigram, read from SentencePiece's file.",
               ["tokenizer", "descriptions", "by", "MB/s", "tokens", "our time / its"], rows)
