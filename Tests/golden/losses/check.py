#!/usr/bin/env python3
"""Runs every case of this folder with `limbeck distil`, and holds losses, gradients and weights against the authors' answers.

    LIMBECK=.build/release/limbeck Tests/golden/losses/check.py [CASE...] [--keep FOLDER]

Needs numpy. Prints a table with the worst error of each case: of loss terms relative, of gradients relative to the largest entry of
their tensor, of weights absolute. Exits with 1 if one exceeds its tolerance, and says where. --keep: runs there, and leaves the runs.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
CONVERT = HERE.parents[2] / "scripts" / "loss-case.py"
TYPES = {"F32": "<f4", "I64": "<i8", "I32": "<i4"}

LOSS, LOSS_FLOOR = 1e-5, 5e-7
GRADIENT, ZERO_GRADIENT = 1e-4, 1e-6
# Of weights after three steps; and so many times the error that the answers, float32, are known to have there: Adam divides rounding errors
# of tiny gradients by as tiny ones, and every program has other rounding errors. PyTorch's own, in another order of sums, reach 3 times.
WEIGHT, ALLOWED = 2e-6, 5
RATE = 1e-6


def load(path):
    data = path.read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    tensors = {}
    for name, entry in json.loads(data[8 : 8 + size]).items():
        if name != "__metadata__":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            tensors[name] = np.frombuffer(data[begin:end], TYPES[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def part(tensors, prefix):
    return {name[len(prefix) :]: value for name, value in tensors.items() if name.startswith(prefix)}


def term(name):
    """A term's name with its widths and depths written alike: w1.0.d0.75.logits"""
    return re.sub(r"\b([wd])(\d+)(?=\.\D|$)", r"\1\2.0", name)


class Case:
    def __init__(self, name):
        self.name, self.folder = name, HERE / name
        self.recipe = json.loads((self.folder / "recipe.json").read_text())
        self.expected = load(self.folder / "expected.safetensors")
        self.errors, self.worst = [], {}

    def check(self, what, where, error, tolerance):
        """Keeps the worst error of its kind, as a share of its tolerance; a NaN is worse than any."""
        error, share = float(error), float(error) / tolerance
        if not share <= self.worst.get(what, (-1, 0))[0]:
            self.worst[what] = (share, error)
        if not share <= 1:
            self.errors.append(f"{what} {where}: {error:.2g}, allowed {tolerance:.2g}")

    def names(self, what, found, wanted):
        for name in sorted(set(wanted) - set(found)):
            self.errors.append(f"{what}: {name} is missing")
        for name in sorted(set(found) - set(wanted)):
            self.errors.append(f"{what}: {name} is not expected")
        return sorted(set(found) & set(wanted))

    def run(self, program, out):
        shutil.rmtree(out, ignore_errors=True)
        subprocess.run([sys.executable, CONVERT, self.folder, out], check=True)
        done = subprocess.run([program, "distil", "recipe.json"], cwd=out, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            self.errors.append(f"limbeck distil: status {done.returncode}\n{done.stdout}".rstrip())
            return
        output = out / "output"
        try:
            self.losses([json.loads(line) for line in (output / "log.jsonl").read_text().splitlines()])
            self.gradients(load(output / "gradients-0.safetensors"))
            self.weights(out, output)
            if part(self.expected, "rewired."):
                self.rewired(load(output / "rewired.safetensors"))
        except (OSError, KeyError, ValueError) as error:
            self.errors.append(f"{type(error).__name__}: {error}")

    def losses(self, log):
        if len(log) != self.recipe["steps"]:
            self.errors.append(f"log.jsonl: {len(log)} lines, expected {self.recipe['steps']}")
        terms = {term(name): value for name, value in log[0]["terms"].items()}
        wanted = part(self.expected, "loss.")
        for name in self.names("terms", terms, wanted):
            self.loss(name, terms[name], wanted[name])
        self.loss("total", log[0]["loss"], self.expected["loss"])
        for step, factor in enumerate(self.recipe["learning_rate_factors"][: len(log)]):
            rate = factor * self.recipe["optimizer"]["lr"]
            self.check("learning rate", f"at step {step}", abs(log[step]["learning_rate"] - rate), RATE * self.recipe["optimizer"]["lr"])

    def loss(self, name, found, wanted):
        wanted = float(wanted.ravel()[0])
        self.check("loss", name, abs(found - wanted) / abs(wanted), max(LOSS, LOSS_FLOOR / abs(wanted)))

    def gradients(self, found):
        wanted = part(self.expected, "grad.")
        for name in self.names("gradients", found, wanted):
            difference = np.abs(found[name] - wanted[name]).max()
            if name in self.recipe["zero_gradient"]:
                self.check("zero gradient", name, difference, ZERO_GRADIENT)
            else:
                self.check("gradient", name, difference / np.abs(wanted[name]).max(), GRADIENT)

    def weights(self, out, output):
        found, before = load(output / "model.safetensors"), load(out / "student" / "model.safetensors")
        if (output / "projections.safetensors").exists():
            found |= load(output / "projections.safetensors")
        wanted = part(self.expected, "after3.")
        self.names("weights", found, set(before) | set(wanted))
        allowed = self.recipe["float32_error"]["after3"]
        for name in sorted(set(found) & set(wanted) - set(self.recipe["zero_gradient"])):
            self.check("weight", name, np.abs(found[name] - wanted[name]).max(), WEIGHT + ALLOWED * allowed.get(name, 0))
        for name in self.recipe["unchanged"]:
            if name in found and found[name].tobytes() != before[name].tobytes():
                self.errors.append(f"weights: {name} gets no gradient, but moved")

    def rewired(self, found):
        found = {name.removeprefix("rewired."): value for name, value in found.items() if not name.startswith("importance.")}
        for name, wanted in part(self.expected, "rewired.").items():
            if name not in found or found[name].tobytes() != wanted.tobytes():
                self.errors.append(f"rewired: {name} differs")

    def row(self):
        shown = [f"{self.worst[what][1]:.1e}" if what in self.worst else "-" for what in ("loss", "gradient", "weight")]
        return f"{self.name:24} {shown[0]:>9} {shown[1]:>9} {shown[2]:>9}  {'FAIL' if self.errors else 'ok'}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE")
    parser.add_argument("--keep", type=pathlib.Path, metavar="FOLDER")
    options = parser.parse_args()
    names = options.cases or sorted(path.parent.name for path in HERE.glob("*/recipe.json"))
    program = str(pathlib.Path(os.environ.get("LIMBECK", HERE.parents[2] / ".build/release/limbeck")).resolve())

    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        print(f"Tolerances: losses {LOSS:g} relative or {LOSS_FLOOR:g}; gradients {GRADIENT:g} of the largest entry, those that are zero "
              f"{ZERO_GRADIENT:g};\nweights {WEIGHT:g}, and {ALLOWED} times what float32_error of recipe.json says.\n")  # fmt: skip
        print(f"{'case':24} {'loss':>9} {'gradient':>9} {'weight':>9}")
        for name in names:
            case = Case(name)
            case.run(program, (options.keep or pathlib.Path(temporary)).resolve() / name)
            print(case.row(), flush=True)
            for line in case.errors[:20]:
                print("    " + line.replace("\n", "\n    "))
            failed += bool(case.errors)
    print(f"\n{len(names) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
