"""The engines, ours and the peers, behind one face: forward(ids) and embed(texts, order) give a function to be timed.

A peer's package is imported by its engine alone, so that no process holds the threads of two.
"""
import functools
import os

import numpy as np

import ours

MAX_LENGTH = 256  # all-MiniLM-L6-v2's own
BATCH = 32        # the default of sentence-transformers


class Limbeck:
    package, suffix = None, ""

    def __init__(self, work, model, threads):
        self.session = ours.Session(os.path.join(work, model + self.suffix), threads)

    def forward(self, ids):
        return self.session.forward(ids)

    def embed(self, texts, order):
        """All texts in one call; the order of the texts is the library's own business."""
        return lambda: self.session.embed(texts, MAX_LENGTH)


class LimbeckInt8(Limbeck):
    suffix = ours.PACK


class Peer:
    """An engine that takes padded rectangles of ids, driven as sentence-transformers drives one. It opens the model's files, whose
    names differ in their `suffix` (export.py)."""

    def __init__(self, work, model, threads):
        self.run = self.open(os.path.join(work, model + self.suffix), threads)
        self.tokenizer_file = os.path.join(work, model, "tokenizer.json")

    @functools.cached_property
    def tokenizer(self):
        return hf_tokenizer(self.tokenizer_file, MAX_LENGTH)

    def forward(self, ids):
        inputs = {"input_ids": ids.astype(np.int64), "attention_mask": np.ones(ids.shape, np.int64)}
        return lambda: self.run(inputs)

    def embed(self, texts, order):
        """Tokens, batches of 32 padded to their longest, mean pooling, unit length; `order` is "sorted" (by length, longest
        first) or "arrival"."""
        def call():
            encoded = [encoding.ids for encoding in self.tokenizer.encode_batch(texts)]
            rows = list(range(len(texts)))
            if order == "sorted":
                rows.sort(key=lambda row: -len(encoded[row]))
            return np.concatenate([self.embed_batch([encoded[row] for row in rows[start:start + BATCH]])
                                   for start in range(0, len(rows), BATCH)])[np.argsort(rows)]
        return call

    def embed_batch(self, batch):
        ids = np.zeros((len(batch), max(map(len, batch))), np.int64)
        mask = np.zeros_like(ids)
        for row, sequence in enumerate(batch):
            ids[row, :len(sequence)], mask[row, :len(sequence)] = sequence, 1
        hidden = self.run({"input_ids": ids, "attention_mask": mask})
        mask = mask.astype(np.float32)
        pooled = np.matmul(mask[:, None], hidden)[:, 0] / mask.sum(1, keepdims=True)
        return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)


class OnnxRuntime(Peer):
    package, suffix = "onnxruntime", ".opt.onnx"

    def open(self, path, threads):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return lambda inputs: session.run(None, inputs)[0]


class OnnxRuntimeInt8(OnnxRuntime):
    suffix = ".q8.onnx"


class OpenVINO(Peer):
    package, suffix = "openvino", ".onnx"
    # On CPUs with bf16 that would be its default: the comparison is of float32 with float32.
    precision = {"INFERENCE_PRECISION_HINT": "f32"}

    def open(self, path, threads):
        import openvino
        core = openvino.Core()
        config = {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"} | self.precision
        request = core.compile_model(core.read_model(path), "CPU", config).create_infer_request()
        return lambda inputs: request.infer(inputs, share_inputs=True, share_outputs=True)[0]


class OpenVINOInt8(OpenVINO):
    suffix = ".nncf.xml"
    precision = {}  # what is not int8 is in bf16 where the CPU has it: its best


class CTranslate2Int8(Peer):
    package, suffix = "ctranslate2", ".ct2"

    def open(self, path, threads):
        import ctranslate2
        encoder = ctranslate2.Encoder(path, device="cpu", intra_threads=threads, inter_threads=1, compute_type="int8")

        def run(inputs):
            rows = [ids[:count].tolist() for ids, count in zip(inputs["input_ids"], inputs["attention_mask"].sum(1))]
            return np.array(encoder.forward_batch(rows).last_hidden_state)
        return run


ENGINES = {
    "float32": {"limbeck": Limbeck, "onnxruntime": OnnxRuntime, "openvino": OpenVINO},
    "int8": {"limbeck": LimbeckInt8, "onnxruntime": OnnxRuntimeInt8, "openvino": OpenVINOInt8, "ctranslate2": CTranslate2Int8},
}
PEERS = {precision: [name for name in engines if name != "limbeck"] for precision, engines in ENGINES.items()}
TITLES = {"limbeck": "Limbeck", "onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "ctranslate2": "CTranslate2"}


def hf_tokenizer(file, max_length=None):
    import tokenizers
    tokenizer = tokenizers.Tokenizer.from_file(file)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    if max_length:
        tokenizer.enable_truncation(max_length)
    return tokenizer


def hf(work, folder):
    """With offsets, as ours."""
    tokenizer = hf_tokenizer(os.path.join(work, folder, "tokenizer.json"))
    return lambda texts: sum(len(encoding.ids) for encoding in tokenizer.encode_batch(texts))


def hf_fast(work, folder):
    """Without offsets."""
    tokenizer = hf_tokenizer(os.path.join(work, folder, "tokenizer.json"))
    return lambda texts: sum(len(encoding.ids) for encoding in tokenizer.encode_batch_fast(texts))


def flash(work, folder):
    """Without offsets, by the native object inside its Python class: the class itself is slower."""
    from flash_tokenizer import BertTokenizerFlash
    wrapper = BertTokenizerFlash(os.path.join(work, folder, "vocab.txt"), do_lower_case=True)
    native = next(value for value in vars(wrapper).values() if type(value).__name__ == "FlashBertTokenizer")
    return lambda texts: sum(len(native.encode(text, "longest", 1 << 20)) for text in texts)


def tiktoken(work, folder):
    """Without offsets and special tokens; GPT-2's cut, and the merges by the ranks of their tokens."""
    import json

    import tiktoken
    with open(os.path.join(work, folder, "tokenizer.json"), encoding="utf-8") as file:
        data = json.load(file)
    special = {token["content"] for token in data["added_tokens"]}
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]  # the other bytes are characters from U+0100 on
    others = [byte for byte in range(256) if byte not in printable]
    bytes_of = {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}
    ranks = {bytes(map(bytes_of.get, token)): rank for token, rank in data["model"]["vocab"].items() if token not in special}
    cut = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
    native = tiktoken.Encoding("byte-level", pat_str=cut, mergeable_ranks=ranks, special_tokens={})
    return lambda texts: sum(len(native.encode_ordinary(text)) for text in texts)


def sentencepiece(work, folder):
    """Without offsets: with them, it gives a Python object for each token."""
    import sentencepiece
    native = sentencepiece.SentencePieceProcessor(model_file=os.path.join(work, "sentencepiece", "sentencepiece.bpe.model"))
    return lambda texts: sum(len(ids) for ids in native.encode(texts, num_threads=1))


HF = {"hf tokenizers": hf, "hf tokenizers, no offsets": hf_fast}
# What there is for each folder of a tokenizer.
TOKENIZERS = {
    "minilm": HF | {"flash-tokenizer, no offsets": flash},
    "byte-level": HF | {"tiktoken, no offsets": tiktoken},
    "unigram": HF | {"sentencepiece, no offsets": sentencepiece},
}
