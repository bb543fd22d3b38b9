"""One step of distillation, beside PyTorch's: the teacher's forward pass, the student's, its backward pass, and the optimiser.

Sentence vectors of MiniLM, and the mean squared error to them; students with random weights. The same batches in the same order, from
the same weights: the losses have to be the same too.
"""
import json
import os
import shutil
import subprocess
import sys

import numpy as np

from cases import RAGGED, threads_text
from processes import HERE, Disturbance, Worker, environment, finished_busy, race
from report import MB, shown, worst_case
from training_cases import CLIP, DECAY, LEARNING_RATE, NO_DECAY, PROJECTION, STUDENTS

SHAPES = {"32x32": (32, 32), "8x128": (8, 128)}
TEXTS = "descriptions"
SEQUENCES, MAX_LENGTH, EPOCH, BATCHES = 32, 256, 20_000, 16  # of the texts: so many are sorted by length, and some batches of them run
WARM = 2  # steps that are not counted
TOLERANCE = 1e-3  # between the losses, relative


def descriptions(options, count):
    """The descriptions of so many packages; where apt brings none, the 256 texts of the ragged batch, over and over."""
    path = os.path.join(options.work, "descriptions", "train.txt")
    if not os.path.exists(path):
        script = os.path.join(os.path.dirname(HERE), "scripts", "fetch-descriptions.py")
        if subprocess.run([sys.executable, script, os.path.dirname(path)], stdout=sys.stderr, check=False).returncode:
            print("bench: no descriptions of packages; the 256 texts of the ragged batch are repeated instead", file=sys.stderr)
            path = RAGGED
    with open(path, encoding="utf-8") as file:
        texts = file.read().splitlines()
    return (texts * (count // len(texts) + 1))[:count]


def ragged_batches(options):
    """Batches of an epoch sorted by length, so that PyTorch pads little: as many as are wanted, evenly from all of them, in any order."""
    from tokenizers import Tokenizer
    tokenizer = Tokenizer.from_file(os.path.join(options.work, "minilm", "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(8 if options.quick else MAX_LENGTH)
    size, count = (2, 2) if options.quick else (SEQUENCES, BATCHES)
    rows = sorted((encoding.ids for encoding in tokenizer.encode_batch(descriptions(options, 640 if options.quick else EPOCH))), key=len)
    batches = [rows[start:start + size] for start in range(0, len(rows) - size + 1, size)]
    batches = [batches[int(place)] for place in np.linspace(0, len(batches) - 1, count)]
    np.random.default_rng(2).shuffle(batches)
    return batches[:WARM] + batches


def fixed_batches(shape, steps):
    return np.random.default_rng(1).integers(1000, 20000, (steps, *shape)).tolist()


def write_recipe(folder, name, work, students, batches, threads):
    """A folder with the recipe and its data, in the order of the batches."""
    os.makedirs(folder, exist_ok=True)
    student = os.path.join(students, name)
    with open(os.path.join(folder, "data.jsonl"), "w", encoding="utf-8") as file:
        file.writelines(json.dumps({"input_ids": row}) + "\n" for batch in batches for row in batch)
    loss = {"loss": "mse", "of": "vectors", "normalize": True}
    source = {"from": os.path.relpath(student, folder)}
    if os.path.exists(os.path.join(student, PROJECTION)):
        loss["projection"] = {"name": "projection"}
        source["projections"] = os.path.relpath(os.path.join(student, PROJECTION), folder)
    recipe = {
        "teacher": os.path.relpath(os.path.join(work, "minilm"), folder), "student": source, "data": {"tokens": "data.jsonl"},
        "output": f"output-{threads}", "checkpoint_steps": 0,
        "stages": [{
            "name": "vectors", "losses": [loss], "batch": {"sequences": len(batches[0])}, "steps": len(batches), "shuffle": False,
            "optimizer": {"name": "adamw", "learning_rate": LEARNING_RATE, "betas": [0.9, 0.999], "epsilon": 1e-8, "weight_decay": DECAY,
                          "no_decay": NO_DECAY, "clip": CLIP, "schedule": "constant"}}]}
    with open(os.path.join(folder, "recipe.json"), "w", encoding="utf-8") as file:
        json.dump(recipe, file, indent=1)


def run_ours(options, folder, tokens, threads):
    """A whole run: seconds of each step, losses, and the peak of the process."""
    output = os.path.join(folder, f"output-{threads}")
    shutil.rmtree(output, ignore_errors=True)
    with open(os.path.join(folder, "messages"), "w+", encoding="utf-8") as messages, Disturbance(finished_busy):
        process = subprocess.Popen([options.cli, "distil", "recipe.json", "--threads", str(threads)], cwd=folder,
                                   env=environment(threads), stdout=messages, stderr=messages)
        _, status, usage = os.wait4(process.pid, 0)  # which tells the peak of this process alone
        process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            messages.seek(0)
            sys.exit(f"bench: limbeck distil in {folder} failed:\n{messages.read()}")
    with open(os.path.join(output, "log.jsonl"), encoding="utf-8") as file:
        log = [json.loads(line) for line in file]
    return {"times": [count / line["tokens_per_second"] for count, line in zip(tokens, log)], "losses": [line["loss"] for line in log],
            "peak": usage.ru_maxrss * 1024}


def counted(replies):
    """Seconds of a step, by round: of a fixed shape any, of texts the mean of all."""
    return np.array([np.mean(reply["times"][WARM:]) for reply in replies])


def check(replies, where):
    ours, theirs = (np.array(replies[name][0]["losses"]) for name in ("limbeck", "torch"))
    if len(ours) != len(theirs) or not (np.abs(ours - theirs) <= TOLERANCE * np.abs(theirs)).all():
        sys.exit(f"bench: {where}: the losses of limbeck and torch differ: {ours.tolist()}, {theirs.tolist()}")


def measure_training(options, report):
    folder = os.path.join(options.work, "training")
    students = os.path.join(folder, "students")
    os.makedirs(students, exist_ok=True)
    script = os.path.join(HERE, "torch_training.py")
    subprocess.run([sys.executable, script, "students", options.work, students], check=True, stdout=sys.stderr)

    steps = WARM + (2 if options.quick else 6)
    shapes = {"2x8": (2, 8)} if options.quick else SHAPES
    cases = {title: fixed_batches(shape, steps) for title, shape in shapes.items()} | {TEXTS: ragged_batches(options)}
    rows, over, memory = [], {"fixed": {}, TEXTS: {}}, {}
    for name in STUDENTS:
        for title, batches in cases.items():
            tokens = [sum(map(len, batch)) for batch in batches]
            padded = sum(max(map(len, batch)) * len(batch) for batch in batches[WARM:]) / sum(tokens[WARM:])
            place = os.path.join(folder, f"{name}-{title}")
            for threads in options.threads:
                where = f"{name}, {title}, {threads_text(threads)}"
                write_recipe(place, name, options.work, students, batches, threads)
                command = [sys.executable, script, "run", os.path.join(students, name), os.path.join(options.work, "minilm"), str(threads),
                           os.path.join(place, "data.jsonl")]
                with Worker(command, threads) as worker:
                    replies = race({
                        "torch": lambda: worker.ask(sequences=len(batches[0]), steps=len(batches)),
                        "limbeck": lambda: run_ours(options, place, tokens, threads)}, options.ragged_rounds)
                check(replies, where)
                ours, theirs = counted(replies["limbeck"]), counted(replies["torch"])
                peaks = [max(reply["peak"] for reply in replies[engine]) for engine in ("limbeck", "torch")]
                time_over, memory[where] = float(np.median(ours / theirs)), peaks[0] / peaks[1]
                over[TEXTS if title == TEXTS else "fixed"][where] = time_over
                rows.append([name, title, threads, f"{np.median(ours) * 1e3:.0f}", f"{np.median(theirs) * 1e3:.0f}", shown(time_over),
                             f"{np.mean(tokens[WARM:]) / np.median(ours):.0f}", f"{padded:.2f}", f"{peaks[0] / MB:.0f}", f"{peaks[1] / MB:.0f}",
                             shown(memory[where])])
    report.add("Training", "Milliseconds of a step: the teacher's forward pass (MiniLM), the student's, its backward pass, clipping and AdamW, "
               "float32, the mean squared error of sentence vectors. PyTorch with transformers, scaled_dot_product_attention and the fused "
               f"optimiser. {TEXTS}: batches of {SEQUENCES} from {EPOCH} descriptions of packages sorted by length, up to {MAX_LENGTH} "
               "tokens; \"padded\" is what PyTorch computes over what is there. Peak memory is that of the whole process (for PyTorch, "
               "Python's too).",
               ["student", "batch", "threads", "Limbeck ms", "PyTorch ms", "/ PyTorch", "tokens/s", "padded", "Limbeck MB", "PyTorch MB",
                "/ PyTorch MB"], rows)
    report.targets += [worst_case("training, time of a step over PyTorch's, fixed shapes", 0.8, over["fixed"]),
                       worst_case("training, time of an epoch over PyTorch's, sorted by length", 0.5, over[TEXTS]),
                       worst_case("training, peak memory of the process over PyTorch's", 0.5, memory)]
