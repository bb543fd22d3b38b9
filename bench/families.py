"""A checkpoint of every family in a real size, with random weights: does it open, is the answer that of transformers, how long does
it take and how much memory does it need. The weights are made in a temporary folder, one model at a time.

    scripts/bench.sh families [--write] [NAME ...]      (--write: bench/families.md)

The times are one pass each way in the same minutes, on one thread: a look, not a comparison.
"""
import argparse
import datetime
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
LENGTHS = (16, 128, 512)

# The classes of transformers, and what differs from their defaults in the checkpoint of that name.
MODELS = {
    "bert-base-uncased": ("BertModel", {}),
    "distilbert-base-uncased": ("DistilBertModel", {}),
    "roberta-base": ("RobertaModel", dict(
        vocab_size=50265, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5)),
    "xlm-roberta-base": ("XLMRobertaModel", dict(
        vocab_size=250002, max_position_embeddings=514, type_vocab_size=1, layer_norm_eps=1e-5)),
    "albert-base-v2": ("AlbertModel", dict(
        hidden_size=768, num_attention_heads=12, intermediate_size=3072, hidden_act="gelu_new")),
    "electra-small-discriminator": ("ElectraModel", {}),
    "mpnet-base": ("MPNetModel", dict(max_position_embeddings=514, layer_norm_eps=1e-5)),
    "mobilebert-uncased": ("MobileBertModel", {}),
    "deberta-v3-small": ("DebertaV2Model", dict(
        hidden_size=768, num_hidden_layers=6, num_attention_heads=12, intermediate_size=3072, type_vocab_size=0,
        relative_attention=True, position_buckets=256, norm_rel_ebd="layer_norm", share_att_key=True, pos_att_type=["p2c", "c2p"],
        position_biased_input=False)),
    "ModernBERT-base": ("ModernBertModel", {}),
}


def make(name, folder):
    """Saves the checkpoint, and what transformers computes with it. -> seconds of each length"""
    import torch
    import transformers

    torch.set_num_threads(1)
    torch.manual_seed(1)
    class_name, settings = MODELS[name]
    model_class = getattr(transformers, class_name)
    model = model_class(model_class.config_class(**settings)).eval()
    with torch.no_grad():
        for parameter_name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
        model.save_pretrained(folder)
        seconds = {}
        for length in LENGTHS:
            ids = torch.randint(1000, model.config.vocab_size, (1, length))
            model(input_ids=ids)
            start = time.perf_counter()
            state = model(input_ids=ids).last_hidden_state
            seconds[length] = time.perf_counter() - start
            np.savez(folder / f"{length}.npz", ids=ids[0].numpy().astype(np.int32), state=state[0].numpy())
    print(json.dumps(seconds))


def measure(folder):
    """Opens the checkpoint in a process that has nothing else."""
    from ours import Session, SessionInfo

    start = time.perf_counter()
    session = Session(folder, threads=1)
    opening = time.perf_counter() - start
    memory = SessionInfo()
    session.check(session.library.limbeck_session_info(session.handle, memory))
    seconds, difference = {}, 0
    for length in LENGTHS:
        case = np.load(folder / f"{length}.npz")
        run = session.forward(case["ids"][np.newaxis])
        run()
        start = time.perf_counter()
        state = run()[0]
        seconds[length] = time.perf_counter() - start
        difference = max(difference, np.abs(state - case["state"]).max())
    peak = int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
    print(json.dumps(dict(
        parameters=session.info.parameters, opening=opening, private=session.info.private_bytes, session=memory.memory_bytes,
        mapped=session.info.mapped_bytes, peak=peak * 1024, seconds=seconds, difference=float(difference))))


def run(*arguments):
    """This script in a process of its own; the last line it prints, as JSON."""
    output = subprocess.run([sys.executable, __file__, *arguments], check=True, capture_output=True, text=True).stdout
    return json.loads(output.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write bench/families.md")
    parser.add_argument("--make", metavar="FOLDER", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--measure", metavar="FOLDER", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MODELS))
    options = parser.parse_args()
    if options.make:
        return make(options.names[0], options.make)
    if options.measure:
        return measure(options.measure)

    from report import cpu, table

    rows, failed = [], []
    for name in options.names or MODELS:
        with tempfile.TemporaryDirectory() as folder:
            theirs = run("--make", folder, name)
            ours = run("--measure", folder)
        times = [f"{1e3 * ours['seconds'][str(n)]:.0f} / {1e3 * theirs[str(n)]:.0f}" for n in LENGTHS]
        rows.append([
            name, f"{ours['parameters'] / 1e6:.0f} M", f"{ours['difference']:.1e}", *times, f"{1e3 * ours['opening']:.0f}",
            *(f"{ours[part] / 1e6:.0f}" for part in ("mapped", "private", "session", "peak"))])
        print(" | ".join(rows[-1]), flush=True)
        if ours["difference"] > 1e-4:
            failed.append(name)
    header = ["checkpoint", "parameters", "largest difference", *(f"{n} tokens, ms" for n in LENGTHS), "opening, ms", "mapped, MB",
              "private, MB", "session, MB", "peak, MB"]
    note = (
        "Random weights in the sizes of real checkpoints, one thread. The difference is that of the last hidden states from "
        "transformers' on the same ids; the times are ours / PyTorch's, one pass each. Private is what the packed layers need beside the "
        "mapped file, session what a session of the default size needs, peak the whole Python process, mapped pages included.")
    text = f"# Families in real sizes\n\n{datetime.date.today()}, {cpu()}, `scripts/bench.sh families`.\n\n{note}\n\n{table(header, rows)}\n"
    print(text)
    if options.write:
        (HERE / "families.md").write_text(text)
    if failed:
        sys.exit(f"differs by more than 1e-4: {', '.join(failed)}")


if __name__ == "__main__":
    main()
