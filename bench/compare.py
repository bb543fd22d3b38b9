"""Measures Limbeck beside its peers, in turn in the same minutes, and prints tables. See docs/speed.md.

Run by scripts/bench.sh, which builds the library and the command line, and prepares the peers.
"""
import argparse
import os
import shlex
import sys

import ours
import report as reporting
from cases import MODELS, path_of
from figure import draw
from footprint import measure_memory, measure_packs, measure_start
from limits import measure_limits
from processes import HERE, Disturbance
from report import Report
from speed import measure_ragged, measure_shapes
from tokenizer_speed import measure_tokenizers
from training import measure_training

PARTS = {"shapes": measure_shapes, "ragged": measure_ragged, "tokenizers": measure_tokenizers, "start": measure_start,
         "memory": measure_memory, "pack": measure_packs, "limits": measure_limits, "training": measure_training}


def parse():
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one short round of everything: to see that it works")
    parser.add_argument("--write", action="store_true", help="write bench/results.md and bench/results.svg")
    parser.add_argument("--part", choices=PARTS, action="append", help="only this part; may be repeated")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--rounds", type=int, help="visits to each engine (default: 6)")
    parser.add_argument("--work", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--native", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--cli", required=True, help=argparse.SUPPRESS)
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


def write(options, report, head):
    """In the work folder, unless the results are to be kept."""
    folder, parts = HERE if options.write else options.work, [head]
    if report.figure:
        with open(os.path.join(folder, "results.svg"), "w", encoding="utf-8") as file:
            file.write(draw(report.figure, max(options.threads)))
        parts.append("![Time of a forward pass beside that of OpenVINO in float32](results.svg)\n")
    with open(os.path.join(folder, "results.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(parts + report.sections))


def main():
    options, report = parse(), Report()
    for model in MODELS:
        ours.pack(os.path.join(options.work, model))
    for part in options.part or PARTS:
        PARTS[part](options, report)
    if report.targets:
        report.add_targets()
    hidden = ("--work", options.work, "--native", options.native, "--cli", options.cli)
    command = shlex.join(["scripts/bench.sh", *[argument for argument in sys.argv[1:] if argument not in hidden]])
    kernels = ours.kernels(path_of(options.work, "minilm", "int8"))
    head = reporting.head(command, ours.version(), kernels, Disturbance.share())
    print(head)
    write(options, report, head)


if __name__ == "__main__":
    main()
