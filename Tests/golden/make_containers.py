"""One small model in every container that weights come in: Tests/golden/containers/NUMBERS/FORM.

NUMBERS says what the numbers are rounded to; its folder has config.json and model.safetensors, the
reference. Each FORM is another weight file, or a folder of several, with the same numbers in it.

Made with torch 2.15.0, transformers 4.57.6, safetensors 0.8.0 (requirements.txt):
    pip install -r requirements.txt && python make_containers.py
"""

import io
import shutil
import zipfile
from collections import OrderedDict

import torch
from torch import nn
from transformers import BertConfig, BertForMaskedLM, BertForSequenceClassification

from golden import HERE, check_versions, fresh_folder, randomise, save_tensors, write_json

CONFIG = dict(
    vocab_size=11,
    hidden_size=8,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=12,
    max_position_embeddings=9,
    type_vocab_size=2,
    num_labels=3,
)


def as_parameters(state):
    return OrderedDict((name, nn.Parameter(tensor)) for name, tensor in state.items())


def transposed(state):
    """Matrices that stand column by column: what `weight.t()` of a Conv1D gives."""
    return OrderedDict(
        (name, tensor.t().contiguous().t() if tensor.dim() == 2 else tensor)
        for name, tensor in state.items()
    )


def views(state):
    """Every tensor a view of one storage; matrices are columns of a wider one, so their rows have
    gaps."""
    sizes = {
        name: tensor.numel() * (2 if tensor.dim() == 2 else 1) + 3
        for name, tensor in state.items()
    }
    storage = torch.full([sum(sizes.values())], float("nan"))
    result, start = OrderedDict(), 0
    for name, tensor in state.items():
        if tensor.dim() == 2:
            rows, columns = tensor.shape
            wide = storage[start + 1 : start + 1 + 2 * rows * columns].view(rows, 2 * columns)
            view = wide[:, columns:]
        else:
            view = storage[start + 1 : start + 1 + tensor.numel()].view(tensor.shape)
        view.copy_(tensor)
        result[name] = view
        start += sizes[name]
    return result


def buffers(state):
    more = OrderedDict(state)
    more["bert.embeddings.position_ids"] = torch.arange(9).expand((1, -1))
    for dtype in [torch.int32, torch.int16, torch.int8, torch.uint8, torch.bool]:
        more[f"buffer_{dtype}".replace("torch.", "")] = torch.ones(3, dtype=dtype)
    more["scalar"] = torch.tensor(2.5)
    more["empty"] = torch.zeros(0, 4)
    return more


class Oldest:
    """A tensor as torch 0.1 pickled it."""

    def __init__(self, tensor):
        self.tensor = tensor

    def __reduce__(self):
        tensor = self.tensor
        arguments = (tensor._typed_storage(), 0, tuple(tensor.shape), tensor.stride())
        return torch._utils._rebuild_tensor, arguments


def zipped_again(path):
    """The entries that torch 1.6 wrote, by another writer of zip files: not aligned, without data
    descriptors and zip64."""
    old = zipfile.ZipFile(path)
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_STORED) as new:
        for name in sorted(old.namelist(), reverse=True):
            if name.split("/", 1)[1].startswith(("data", "version")):
                new.writestr("model/" + name.split("/", 1)[1], old.read(name))
    path.write_bytes(data.getvalue())


class Numbers:
    """A folder with the configuration, the numbers in float32 as the reference, and other forms of
    them."""

    def __init__(self, name, config, state):
        self.folder = fresh_folder("containers", name)
        write_json(self.folder / "config.json", config)
        reference = {key: value.float() for key, value in state.items()}
        save_tensors(self.folder / "model.safetensors", reference)

    def save(self, form, what, **options):
        path = self.folder / f"{form}.bin"
        torch.save(what, path, **options)
        # The files are our own; with weights_only torch refuses protocol 4 and what 0.1 wrote.
        torch.load(path, weights_only=False)
        return path

    def legacy(self, form, what):
        return self.save(form, what, _use_new_zipfile_serialization=False)


def cast(state, dtype):
    return OrderedDict((name, tensor.to(dtype)) for name, tensor in state.items())


def main():
    check_versions()
    shutil.rmtree(HERE / "containers", ignore_errors=True)
    model = randomise(BertForSequenceClassification(BertConfig(**CONFIG)), 7)
    config = model.config.to_diff_dict()
    config |= {"architectures": ["BertForSequenceClassification"], "model_type": "bert"}
    state = model.state_dict()  # an OrderedDict with _metadata

    plain = Numbers("plain", config, state)
    plain.save("zip", state)
    plain.save("zip-protocol-5", state, pickle_protocol=5)
    checkpoint = {
        "epoch": 3,
        "loss": [0.5, None],
        "state_dict": state,
        "optimizer": {"state": {0: {"step": torch.ones(2)}}},
    }
    plain.save("zip-checkpoint", checkpoint, pickle_protocol=4)
    plain.save("zip-parameters", as_parameters(state))
    plain.save("zip-transposed", transposed(state))
    plain.save("zip-views", views(state))
    plain.save("zip-buffers", buffers(state))
    zipped_again(plain.save("zip-again", state))
    plain.legacy("legacy", state)
    plain.legacy("legacy-checkpoint", {"model": state, "step": 2**40})
    plain.legacy("legacy-parameters", as_parameters(state))
    plain.legacy("legacy-transposed", transposed(state))
    plain.legacy("legacy-views", views(state))
    plain.legacy("legacy-buffers", buffers(state))
    oldest = OrderedDict((name, Oldest(tensor)) for name, tensor in state.items())
    plain.legacy("legacy-oldest", oldest)
    # In several files, as transformers cuts them.
    for form, safe in [("sharded-safetensors", True), ("sharded-bin", False)]:
        folder = plain.folder / form
        model.save_pretrained(folder, max_shard_size="1KB", safe_serialization=safe)
        (folder / "config.json").unlink()
        assert len(list(folder.glob("*-of-*"))) > 2

    for name, dtype in [("half", torch.half), ("bfloat16", torch.bfloat16)]:
        numbers = Numbers(name, config, cast(state, dtype))
        numbers.save("zip", cast(state, dtype))
        numbers.save("zip-transposed", transposed(cast(state, dtype)))
    noise = torch.Generator().manual_seed(8)
    double = OrderedDict(
        (name, tensor + 1e-8 * torch.randn(tensor.shape, generator=noise, dtype=torch.float64))
        for name, tensor in cast(state, torch.float64).items()
    )
    numbers = Numbers("double", config, double)
    numbers.save("zip", double)
    save_tensors(numbers.folder / "double.safetensors", double)

    # The decoder is the word embeddings: two names of one storage.
    tied = randomise(BertForMaskedLM(BertConfig(**CONFIG)), 9)
    config = tied.config.to_diff_dict()
    config |= {"architectures": ["BertForMaskedLM"], "model_type": "bert"}
    numbers = Numbers("tied", config, tied.state_dict())
    numbers.save("zip", tied.state_dict())
    numbers.legacy("legacy", tied.state_dict())


if __name__ == "__main__":
    main()
