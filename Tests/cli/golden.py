"""Compares `limbeck ... --json` with every case of a golden folder: golden.py LIMBECK FOLDER. Silent if all agree."""

import json
import subprocess
import sys
from itertools import groupby
from pathlib import Path

TOLERANCE = 1e-4


def limbeck(*arguments, stdin=""):
    result = subprocess.run([program, *arguments], input=stdin.encode(), capture_output=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{arguments}: exit code {result.returncode}: {result.stderr.decode()}")
    return [json.loads(line) for line in result.stdout.decode().splitlines()]


def same(found, expected, what):
    """Numbers within the tolerance, everything else exactly."""
    if isinstance(expected, list):
        ok = len(found) == len(expected)
        for index in range(len(expected) if ok else 0):
            same(found[index], expected[index], f"{what}[{index}]")
    elif isinstance(expected, float):
        ok = abs(found - expected) <= TOLERANCE
    else:
        ok = found == expected
    if not ok:
        sys.exit(f"{what}: found {found}, expected {expected}")


def texts_of(cases, *keys):
    """Cases whose texts hold a line break cannot go through a file of lines."""
    return [case for case in cases if not any("\n" in case[key] or "\r" in case[key] or "\t" in case[key] for key in keys)]


def check_classify(cases):
    pairs = "text_pair" in cases[0]
    cases = texts_of(cases, "text", *(["text_pair"] if pairs else []))
    lines = "".join(f"{case['text']}\t{case['text_pair']}\n" if pairs else f"{case['text']}\n" for case in cases)
    config = json.loads((folder / "config.json").read_text())
    multi = config.get("problem_type") == "multi_label_classification"
    count = len(cases[0]["raw"])
    names = config.get("id2label") or {str(index): f"LABEL_{index}" for index in range(count)}
    names = [names[str(index)] for index in range(count)]
    kind = "sigmoid" if multi or len(names) == 1 else "softmax"
    for temperature, key in [("1", kind), ("0.5", "softmax_0.5"), ("2", "softmax_2.0")]:
        if temperature != "1" and (kind != "softmax" or key not in cases[0]):
            continue
        found = limbeck("classify", folder, "--json", "--temperature", temperature, *["--pairs"] * pairs, stdin=lines)
        for case, answer in zip(cases, found, strict=True):
            scores = [label["score"] for label in answer["labels"]]
            same(scores, sorted(scores, reverse=True), "order")
            by_name = {label["label"]: label["score"] for label in answer["labels"]}
            same([by_name[name] for name in names], case[key], case["text"])


def check_rerank(cases):
    for case in cases:
        found = limbeck("rerank", folder, "--json", "--", case["query"], *(case["documents"]))
        same([hit["score"] for hit in sorted(found, key=lambda hit: hit["index"])], case["scores"], case["query"])


def check_tag(cases):
    for aggregation, group in groupby(texts_of(cases, "text"), key=lambda case: case["aggregation"]):
        group = list(group)
        lines = "".join(case["text"] + "\n" for case in group)
        found = limbeck("tag", folder, "--json", "--keep-outside", "--aggregation", aggregation, stdin=lines)
        for case, answer in zip(group, found, strict=True):
            spans = [[s["label"], s["score"], s["start_byte"], s["end_byte"]] for s in case["spans"]]
            same([[s["label"], s["score"], s["start"], s["end"]] for s in answer["spans"]], spans, case["text"])


def check_answer(cases):
    for case in cases:
        options = case["options"]
        if options.keys() & {"max_seq_len", "doc_stride"}:
            continue  # not options of the command line
        arguments = ["--top", str(options.get("top_k", 1)), "--max-answer-length", str(options.get("max_answer_len", 15))]
        arguments += ["--allow-none"] * options.get("handle_impossible_answer", False)
        found = limbeck("answer", folder, "--json", "--question=" + case["question"], *arguments, stdin=case["context"])
        answers = [[a["score"], a["start_byte"], a["end_byte"]] for a in case["answers"]]
        same([[a["score"], a["start"], a["end"]] for a in found], answers, case["question"])


def check_fill(cases):
    for top, group in groupby(texts_of(cases, "text"), key=lambda case: case["top_k"]):
        group = list(group)
        lines = "".join(case["text"] + "\n" for case in group)
        found = limbeck("fill", folder, "--json", "--top", str(top), stdin=lines)
        for case, answer in zip(group, found, strict=True):
            masks = [[[c["token"], c["piece"], c["score"]] for c in mask] for mask in case["masks"]]
            same([[[c["id"], c["token"], c["score"]] for c in mask] for mask in answer["masks"]], masks, case["text"])


def check_embed(cases):
    cases = texts_of(cases, "text")
    lines = "".join(case["text"] + "\n" for case in cases)
    options = {pooling: ["--pooling", pooling, "--no-normalize"] for pooling in ("mean", "cls", "max", "pooler")}
    options |= {"model": [], "mean_first_8": ["--pooling", "mean", "--normalize", "--dimensions", "8"]}
    for key, arguments in options.items():
        found = limbeck("embed", folder, "--json", *arguments, stdin=lines)
        for case, answer in zip(cases, found, strict=True):
            same(answer["vector"], case[key], f"{key}: {case['text']}")


program, folder = sys.argv[1], Path(sys.argv[2])
golden = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
globals()["check_" + golden["task"]](golden["cases"])
