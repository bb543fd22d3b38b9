"""Early exits and parts of a model by the clock: a FastBERT of six layers of BERT-base's with random weights, made and answered by the
package fastbert; and a BERT-base with random weights, as a DynaBERT is.

    scripts/bench.sh exits [--write] [--quick]      (--write: bench/exits.md)

1. 256 sequences whose exits are spread over the layers by a threshold for each: the time, as a share of that of all layers, over the share
   of the layers that were computed, each for as many tokens as it was computed for. 1 would mean that exits cost nothing and lose nothing.
   Target: 1.08.
2. What a branch costs, of a layer. Target: 4 %.
3. The package's own code, torch, one text at a time as it runs: our time over its, two threads. Target: 0.35.
4. Parts of BERT-base at 8 x 128: the time, as a share of the whole model's, and the session's memory. Target for (0.5, 0.5): 0.30.
"""
import argparse
import datetime
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "bindings" / "python"))
SPEEDS = (0.1, 0.5, 0.8)
PARTS = ((1, 1), (0.75, 1), (0.5, 1), (1, 0.5), (0.5, 0.5), (0.25, 0.5))  # width and depth
RUNS = 5


def make(folder, layers):
    """A folder as the package saves it, and the package's model."""
    import torch
    from fastbert import FastBERT
    from fastbert import fastbert as module

    config = {"emb_size": 768, "feedforward_size": 3072, "hidden_size": 768, "heads_num": 12, "layers_num": layers, "dropout": 0.1}
    files = Path(module.__file__).parent / "files"
    own = folder / "own.json"
    vocabulary = files / "google_uncased_en_vocab.txt"
    own.write_text(json.dumps(config | {"embedding": "bert", "encoder": "bert", "pooling": "first", "vocab_path": str(vocabulary)}))
    module.MODEL_CONFIG_FILE["own"] = str(own)
    torch.manual_seed(1)
    model = FastBERT("own", labels=["no", "yes"], is_load=False, seq_length=128).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            # Logits that differ from text to text, so that thresholds part them.
            gain = 12.0 if "output_layer_2" in name else 1.0
            if parameter.dim() == 2 and "embedding" not in name:
                parameter.normal_(0, gain / parameter.shape[1] ** 0.5)
    torch.save({k: v for k, v in model.state_dict().items() if ".target." not in k}, folder / "pytorch_model.bin")
    (folder / "config.json").write_text(json.dumps(config | {"id2label": {"0": "no", "1": "yes"}}))
    (folder / "vocab.txt").write_bytes(vocabulary.read_bytes())
    own.unlink()
    return model


def uncertainty(logits):
    p = np.exp(logits - logits.max(-1, keepdims=True))
    p /= p.sum(-1, keepdims=True)
    return -(p * np.log(np.maximum(p, 1e-30))).sum(-1) / np.log(logits.shape[-1])


def spread(branches):
    """A threshold for each exit but the last, so that as many sequences leave at each."""
    doubts, left, thresholds = uncertainty(branches), np.arange(len(branches)), []
    for exit in range(branches.shape[1] - 1):
        here = np.sort(doubts[left, exit])
        threshold = float(np.float32(here[max(0, round(len(here) / (branches.shape[1] - exit)) - 1)])) + 1e-6
        thresholds.append(threshold)
        left = left[doubts[left, exit] >= np.float32(threshold)]
    return thresholds


def make_bert(folder, layers):
    """A folder of BERT-base's sizes."""
    import transformers

    config = transformers.BertConfig(num_hidden_layers=layers)
    transformers.BertForSequenceClassification(config).save_pretrained(folder)


def parts_of(path, precision, rows):
    """The times of a width and depth, in turn with the whole model's."""
    import limbeck

    ids = np.random.default_rng(1).integers(1000, 30000, (8, 128)).tolist()
    for threads in (1, 2):
        models = [limbeck.Model(path, threads=threads, width=width, depth=depth) for width, depth in PARTS]
        took = seconds(*[lambda model=model: model.forward(ids, output="logits") for model in models])
        for (width, depth), model, time_of_it in zip(PARTS, models, took):
            memory = f"{model.session.memory_bytes / 1e6:.1f} MB"
            rows.append([precision, threads, width, depth, f"{time_of_it / took[0]:.3f}", f"{width * depth:.3f}", memory])
            print(" | ".join(map(str, rows[-1])), flush=True)
            model.close()


def seconds(*calls):
    """The shortest of some runs of each, in turn, so that all meet the same neighbours on the machine."""
    times = [[] for _ in calls]
    for _ in range(RUNS):
        for call, took in zip(calls, times):
            start = time.perf_counter()
            call()
            took.append(time.perf_counter() - start)
    return [min(took) for took in times]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write bench/exits.md")
    parser.add_argument("--quick", action="store_true", help="three layers and few sequences: the numbers mean nothing")
    options = parser.parse_args()
    import limbeck
    import torch
    from report import cpu, table

    layers, count = (3, 16) if options.quick else (6, 256)
    random = np.random.default_rng(1)
    ids = [random.integers(1000, 30000, random.integers(8, 49)).tolist() for _ in range(count)]
    tokens = np.array([len(sequence) for sequence in ids])
    rows, branch_rows, peer_rows, part_rows = [], [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        theirs = make(folder, layers)
        limbeck.pack(folder, folder / "int8.limbeck", precision="int8")
        for precision, path in (("float32", folder), ("int8", folder / "int8.limbeck")):
            for threads in (1, 2):
                with limbeck.Model(path, threads=threads) as model:
                    branches = model.branches(ids)
                    thresholds = spread(branches)
                    _, left = model.exits(ids, threshold=thresholds)
                    share = float(left @ tokens / (layers * tokens.sum()))
                    for batch in (1, 32, 256):
                        parts = [ids[i : i + batch] for i in range(0, count, batch)]
                        whole, early = seconds(
                            lambda: [model.exits(part) for part in parts],
                            lambda: [model.exits(part, threshold=thresholds) for part in parts],
                        )
                        rows.append([precision, threads, batch, f"{share:.3f}", f"{early / whole:.3f}", f"{early / whole / share:.3f}"])
                        print(" | ".join(map(str, rows[-1])), flush=True)
                    if threads == 1:
                        whole, all_branches = seconds(lambda: model.exits(ids), lambda: model.branches(ids))
                        cost = (all_branches - whole) / (layers - 1) / (whole / layers)
                        branch_rows.append([precision, f"{100 * cost:.1f} %"])
                        print(" | ".join(branch_rows[-1]), flush=True)
        texts = (HERE / "ragged-256.txt").read_text().splitlines()[: 4 if options.quick else 32]
        torch.set_num_threads(2)
        with limbeck.Model(folder, threads=2) as model:
            for speed in SPEEDS:
                def one_by_one():
                    return [theirs(text, speed=speed) for text in texts]

                def ours():
                    return [model.classify([text], max_length=128, exit_threshold=speed)[0] for text in texts]

                same = sum((a.label, a.layers) == b for a, b in zip(ours(), one_by_one()))
                took, peer = seconds(ours, one_by_one)
                mean = np.mean([answer.layers for answer in ours()])
                peer_rows.append([speed, f"{mean:.1f}", f"{same} of {len(texts)}", f"{took / peer:.3f}"])
                print(" | ".join(map(str, peer_rows[-1])), flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_bert(folder, 2 if options.quick else 12)
        limbeck.pack(folder, folder / "int8.limbeck", precision="int8")
        parts_of(folder, "float32", part_rows)
        parts_of(folder / "int8.limbeck", "int8", part_rows)
    text = "\n\n".join([
        "# Exits and parts of a model by the clock",
        f"{datetime.date.today()}, {cpu()}, `scripts/bench.sh exits`. FastBERT of {layers} layers of 768, random weights; {count} "
        "sequences of 8 to 48 ids, whose exits are spread over all layers.",
        "The time with exits, as a share of that of all layers, over the share of layers computed, by tokens (target 1.08, branches included):",
        table(["weights", "threads", "batch", "layers", "time", "ratio"], rows),
        "A branch, of the time of a layer (target 4 %):",
        table(["weights", "branch"], branch_rows),
        "Against the package fastbert 0.2.2 (torch, two threads, one text at a time, as it runs; ours too, one at a time): texts with the "
        "same label and layer, and our time over its (target 0.35). The package pads every text to 128 tokens, and we do not.",
        table(["speed", "mean layers", "same answers", "time"], peer_rows),
        "Parts of BERT-base, 8 sequences of 128 ids: the time as a share of the whole model's (target for width and depth 0.5: 0.30), the share "
        "of the layers' multiplications, and the scratch memory of a session. The weights are one copy for all.",
        table(["weights", "threads", "width", "depth", "time", "of the work", "memory"], part_rows),
    ]) + "\n"
    print(text)
    if options.write:
        (HERE / "exits.md").write_text(text)


if __name__ == "__main__":
    main()
