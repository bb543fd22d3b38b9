"""Writes the seeds of the fuzz targets: the golden files, cut to what a fuzzer can handle, and one of each idea of Tests/hostile.

Usage: seeds.py FOLDER
"""

import base64
import json
import math
import pathlib
import struct
import sys
import zipfile

tests = pathlib.Path(__file__).resolve().parent.parent
golden = tests / "golden"
sys.path.insert(0, str(tests.parent / "scripts"))
from unigram_cases import compile_charsmap  # noqa: E402
target = pathlib.Path(sys.argv[1])
counts = {}


def seed(name, data):
    folder = target / name
    folder.mkdir(parents=True, exist_ok=True)
    index = counts[name] = counts.get(name, 0) + 1
    (folder / f"seed-{index:03}").write_bytes(data)


def header_of(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return data[8 : 8 + length], data[8 + length :]


# ---- JSON

for path in sorted(golden.glob("models/bert-*/config.json"))[:4] + sorted(golden.glob("answers/embed/*.json")):
    if path.name != "answers.json":
        seed("json", path.read_bytes()[:4000])
for text in [
    r'{"a": ["é\u00e9\ud83d\ude00\n\"", -0, 1.5e-7, 1E400, 9223372036854775808], "": {}, "a": null, "b": [true, false]}',
    r'"\ud800"', "[" * 70, "-0.0", "1e", '{"a" 1}', "[1,]", "\ufeff{}", "NaN", '"\\u12"', '"\x01"',
]:
    seed("json", text.encode())

# ---- Files of torch.save: whole, and their pickles alone

for path in sorted(golden.glob("containers/*/*.bin")):
    data = path.read_bytes()
    seed("torch", data[:16000])
    if data[:2] == b"PK":
        with zipfile.ZipFile(path) as archive:
            name = next(name for name in archive.namelist() if name.endswith("/data.pkl"))
            seed("torch", archive.read(name))
floats = b"(X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\0%dX\x03\0\0\0cpuK\x10tQ"
rebuild = b"X\x01\0\0\0%dctorch._utils\n_rebuild_tensor_v2\n(" + floats + b"K\0K\x08K\x02\x86K\x02K\x01\x86\x89}tR"
few = b"".join(rebuild % (number, number) for number in range(4))
for pickle in [b"}(%su" % few, b"}(K\1K\2X\1\0\0\0m}(%suu" % few, b"ccollections\nOrderedDict\n)R(%su}b" % few,
               b"cos\nsystem\nX\1\0\0\0x\x85R", b"}q\0(%sh\0h\0u" % few]:
    seed("torch", b"\x80\x02" + pickle + b".")

# ---- GGUF files, up to where their data begins, and a small one


def gguf(matrix=0, **values):
    """A model of one layer, all but the data, its matrices of a type."""
    string = lambda text: struct.pack("<Q", len(text.encode())) + text.encode()
    text = lambda value: struct.pack("<I", 8) + string(value)
    number = lambda value: struct.pack("<II", 4, value)
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "\u2581a", "\u2581b", "b", "\u2581,", "\u2581un", "ru"]
    sizes = {"block_count": 1, "context_length": 16, "embedding_length": 32, "feed_forward_length": 32, "attention.head_count": 2,
             "pooling_type": 1}
    values = {
        "general.architecture": text("bert"), "tokenizer.ggml.model": text("bert"),
        "bert.attention.layer_norm_epsilon": struct.pack("<If", 6, 1e-12), "bert.attention.causal": struct.pack("<IB", 7, 0),
        "tokenizer.ggml.tokens": struct.pack("<IIQ", 9, 8, len(tokens)) + b"".join(map(string, tokens)),
        "tokenizer.ggml.token_type": struct.pack("<IIQ11i", 9, 5, 11, 3, 3, 3, 3, 3, 1, 4, 1, 1, 1, 5),
        **{f"bert.{key}": number(value) for key, value in sizes.items()},
        **{f"tokenizer.ggml.{key}_token_id": number(i) for i, key in enumerate(["padding", "unknown", "bos", "seperator", "mask"])},
    } | values
    elements, size = {0: (1, 4), 1: (1, 2), 2: (32, 18), 8: (32, 34), 30: (1, 2)}[matrix]
    infos, end = b"", 0
    layer = [(f"blk.0.{name}.{part}", shape) for name in ["attn_q", "attn_k", "attn_v", "attn_output", "ffn_up", "ffn_down"]
             for part, shape in [("weight", (32, 32)), ("bias", (32,))]]
    norms = [(f"{name}.{part}", (32,)) for name in ["token_embd_norm", "blk.0.attn_output_norm", "blk.0.layer_output_norm"]
             for part in ["weight", "bias"]]
    tables = [("token_embd.weight", (11, 32)), ("position_embd.weight", (16, 32)), ("token_types.weight", (2, 32))]
    everything = tables + norms + layer
    for name, shape in everything:
        kind = matrix if len(shape) == 2 else 0
        infos += string(name) + struct.pack("<I", len(shape)) + struct.pack(f"<{len(shape)}Q", *reversed(shape))
        infos += struct.pack("<IQ", kind, end)
        count = math.prod(shape)
        end += -(-(count // elements * size if kind else count * 4) // 32) * 32
    head = b"GGUF" + struct.pack("<IQQ", 3, len(everything), len(values))
    head += b"".join(string(key) + value for key, value in values.items()) + infos
    return head + b"\0" * (-len(head) % 32) + b"\x01\x23\xbd\x3c"


for matrix in [0, 1, 2, 8, 30]:
    seed("gguf", gguf(matrix))
seed("gguf", gguf(8, **{"tokenizer.ggml.normalizer.lowercase": struct.pack("<IB", 7, 0), "bert.pooling_type": struct.pack("<Ii", 5, 2)}))
seed("gguf", gguf(0, **{"general.alignment": struct.pack("<II", 4, 64), "x": struct.pack("<IIQ", 9, 9, 1)}))
for path in sorted(golden.glob("gguf/*.gguf")):
    seed("gguf", path.read_bytes()[:8000])

# ---- Models

vocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\n##b\n,\nc\nd\n"
kind = "sentence_transformers.models."
modules = json.dumps(
    [{"idx": i, "path": path, "type": kind + name} for i, (path, name) in enumerate([("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")])]
)


def small(head="sequence", dtype="F32", hidden=8, prefix="", family="bert", labels=3):
    """A model of one layer: config.json and a header."""
    size = {"F32": 4, "F16": 2, "BF16": 2}[dtype]
    header, end = {}, 0

    def add(name, *shape):
        nonlocal end
        count = size
        for n in shape:
            count *= n
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [end, end + count]}
        end += count

    def linear(name, out, width=None):
        add(name + ".weight", *([out, width] if width else [out]))
        add(name + ".bias", out)

    p = prefix
    add(p + "embeddings.word_embeddings.weight", 11, hidden)
    add(p + "embeddings.position_embeddings.weight", 16, hidden)
    if family == "bert":
        add(p + "embeddings.token_type_embeddings.weight", 2, hidden)
    linear(p + "embeddings.LayerNorm", hidden)
    names = {
        "bert": ("encoder.layer.0.", ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"],
                 "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm"),
        "distilbert": ("transformer.layer.0.", ["attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin"],
                       "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm"),
    }[family]
    layer = p + names[0]
    for name in names[1]:
        linear(layer + name, hidden, hidden)
    linear(layer + names[2], hidden)
    linear(layer + names[3], 12, hidden)
    linear(layer + names[4], hidden, 12)
    linear(layer + names[5], hidden)
    base = {"bert": "Bert", "distilbert": "DistilBert"}[family]
    classes = {"none": "Model", "sequence": "ForSequenceClassification", "token": "ForTokenClassification",
               "span": "ForQuestionAnswering", "masked": "ForMaskedLM"}
    if family == "bert" and head in ("none", "sequence"):
        linear(p + "pooler.dense", hidden, hidden)
    if head == "sequence" and family == "distilbert":
        linear("pre_classifier", hidden, hidden)
    if head in ("sequence", "token"):
        linear("classifier", labels, hidden)
    if head == "span":
        linear("qa_outputs", 2, hidden)
    if head == "masked" and family == "bert":
        linear("cls.predictions.transform.dense", hidden, hidden)
        linear("cls.predictions.transform.LayerNorm", hidden)
        add("cls.predictions.bias", 11)
    if head == "masked" and family == "distilbert":
        linear("vocab_transform", hidden, hidden)
        linear("vocab_layer_norm", hidden)
        add("vocab_projector.bias", 11)
    config = {"model_type": family, "architectures": [base + classes[head]], "vocab_size": 11, "max_position_embeddings": 16}
    if family == "bert":
        config |= {"hidden_size": hidden, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 12,
                   "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12}
    else:
        config |= {"dim": hidden, "n_layers": 1, "n_heads": 2, "hidden_dim": 12, "activation": "relu"}
    if head in ("sequence", "token"):
        config["id2label"] = {str(i): name for i, name in enumerate(["B-a", "I-a", "O"][:labels])}
    return config, header


def model(config, header, vocabulary="", modules="", pooling="", text="", data=b"\x3d\x12\xbe\x20\x3c", dense="", sentences="", lengths=""):
    if not isinstance(header, bytes):
        header = json.dumps(header, separators=(",", ":")).encode()
    parts = [config if isinstance(config, str) else json.dumps(config), vocabulary, modules, pooling, dense, sentences, lengths, text]
    seed("model", b"\0".join([p.encode() for p in parts] + [header, data]))


for family in ["bert", "distilbert"]:
    for head in ["none", "sequence", "token", "span", "masked"]:
        model(*small(head, family=family), vocabulary=vocabulary, text="b [MASK], A\u0301c \u4e2d\u56fd " * 4)
model(*small("none"), vocabulary, modules, '{"pooling_mode_cls_token": true, "word_embedding_dimension": 8}')
model(*small("none", "F16"), vocabulary, modules, '{"pooling_mode": "mean"}')
model(*small("none"), vocabulary, modules.replace("Normalize", "Dense"), '{"pooling_mode": "weightedmean", "include_prompt": false}',
      dense='{"in_features": 8, "out_features": 4, "bias": true, "activation_function": "torch.nn.modules.activation.GELU"}',
      sentences='{"prompts": {"query": "a b", "x": null}, "default_prompt_name": "query", "truncate_dim": 3}', lengths='{"max_seq_length": 5}')
model(*small("none"), vocabulary, modules, '{"pooling_mode": ["cls", "lasttoken", "max"]}', sentences='{"similarity_fn_name": "dot"}')
model(*small("sequence", labels=1), vocabulary, '[{"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"}]',
      sentences='{"model_type": "CrossEncoder", "activation_fn": "torch.nn.modules.activation.Sigmoid"}')
model(*small("sequence", "BF16", labels=1), vocabulary)
model(*small("token", hidden=6, prefix="bert."), vocabulary, data=b"\0\0\xc0\x7f")
config, header = small("sequence")
for key, value in [("num_attention_heads", 0), ("num_attention_heads", 3), ("hidden_size", 2147483647), ("num_hidden_layers", 2),
                   ("hidden_act", "mish"), ("layer_norm_eps", -1), ("problem_type", "multi_label_classification"),
                   ("position_embedding_type", "relative_key"), ("id2label", {"01": "a"})]:
    model(config | {key: value}, header)
tensor = '{"a":{"dtype":"F32","shape":%s,"data_offsets":%s}}'
for shape, offsets in [("[-1,-1]", "[0,4]"), ("[4294967296,4294967296]", "[0,0]"), ("[0,1099511627776]", "[0,0]"), ("[1]", "[4,0]"),
                       ("[1]", "[0,9223372036854775807]")]:
    model(config, (tensor % (shape, offsets)).encode())
raw_header, raw_data = header_of(golden / "models/bert-eps-1e-5/model.safetensors")
model((golden / "models/bert-eps-1e-5/config.json").read_text(), raw_header)
raw = (tensor % ("[1]", "[0,4]")).encode()
model(config, struct.pack("<Q", len(raw)) + raw, data=b"\0\0\0\0")

# What stands in place of a folder, adapters, and the families as they are written today.
for part in ["@adapter_config.json\n{\"base_model_name_or_path\": \"b\"}", "@model.safetensors.tmp\nx", "@refs/main\n../a", "@snapshots/a/config.json\n{}"]:
    seed("model", b"\0\0" + part.encode() + b"\0@refs/main\na\0\0")
    model(config, b"", modules=part, data=b"")
model(config, header, "version https://git-lfs.github.com/spec/v1\n")
for name in ["heads/compiled", "heads/tied-decoder-alone", "families/nomic-new-names", "families/nomic-model", "families/bert-untied",
             "families/modernbert-layers", "families/electra-choice-last", "families/deberta-words", "labels/numbers", "adapters/inside"]:
    raw_header, raw_data = header_of(golden / "cases" / name / "model.safetensors")
    model((golden / "cases" / name / "config.json").read_text(), raw_header, data=raw_data[:64])

# ---- Tokenizers


def wordpiece(**changes):
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "##b", ",", "\u4e2d", "e"]
    special = lambda name: {"SpecialToken": {"id": name, "type_id": 0}}
    text = lambda name, type_id: {"Sequence": {"id": name, "type_id": type_id}}
    return {
        "added_tokens": [
            {"id": i, "content": tokens[i], "single_word": False, "lstrip": i == 4, "rstrip": False, "normalized": False, "special": True}
            for i in range(5)
        ],
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing", "single": [special("[CLS]"), text("A", 0), special("[SEP]")],
            "pair": [special("[CLS]"), text("A", 0), special("[SEP]"), text("B", 1), special("[SEP]")],
            "special_tokens": {name: {"id": name, "ids": [i], "tokens": [name]} for name, i in [("[CLS]", 2), ("[SEP]", 3)]},
        },
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                  "vocab": {token: i for i, token in enumerate(tokens)}},
    } | changes


texts = ["ab b, A\u0301c \u4e2d\u56fd[MASK] a", "", "a\0b \ufffd\u200d x\u0300\u0323", "[CLS]abbb[SEP]  [MASK] e\u0301 \u1e9b\u0323 \U0001d15e"]
added = wordpiece()["added_tokens"] + [
    {"id": 11, "content": "New Word", "single_word": True, "lstrip": True, "rstrip": True, "normalized": True, "special": False},
    {"id": 12, "content": "ab", "single_word": False, "lstrip": False, "rstrip": True, "normalized": True, "special": False},
]
tokenizer_config = {"do_lower_case": False, "unk_token": "[UNK]", "cls_token": {"content": "[CLS]"}, "model_max_length": 512}
for changes in [
    {}, {"added_tokens": added}, {"normalizer": None, "post_processor": None},
    {"post_processor": {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}},
]:
    for text in texts[:2]:
        seed("tokenizer", json.dumps(wordpiece(**changes)).encode() + b"\0\0" + text.encode())
space = {"id": 5, "content": " ", "lstrip": True, "rstrip": True, "normalized": False}
seed("tokenizer", json.dumps(wordpiece(added_tokens=[space])).encode() + b"\0\0  a   b ")
for text in texts:
    seed("tokenizer", vocabulary.encode() + b"\0" + json.dumps(tokenizer_config).encode() + b"\0" + text.encode())
seed("tokenizer", b"[UNK]\r\n[CLS]\r\n[SEP]\r\n\r\na\r\na\0\0a a")
pieces = [{"type": "Digits", "individual_digits": True}, {"type": "Punctuation", "behavior": "Isolated"}, {"type": "Whitespace"}]
steps = {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "BertNormalizer"}, {"type": "StripAccents"}]}
scratch = wordpiece(normalizer=steps, pre_tokenizer={"type": "Sequence", "pretokenizers": pieces}, truncation={"direction": "Left"})
named = {"mask_token": {"content": "[MASK]", "lstrip": True}, "additional_special_tokens": ["<e1>", "b"], "other_token": "<o>"}
decoder = {"11": {"content": "<e1>", "special": True}, "12": {"content": "e e"}}
for settings in [
    {"tokenizer_class": "PreTrainedTokenizerFast", "truncation_side": "left", "model_input_names": ["input_ids", "token_type_ids"]},
    {"tokenizer_class": "BertTokenizer", "split_special_tokens": True, "extra_special_tokens": {"a": "<e1>"}},
    {"tokenizer_class": "DistilBertTokenizer", "added_tokens_decoder": decoder},
    {"tokenizer_class": "MPNetTokenizer", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"},
]:
    for files in [[named, {"<e1>": 11}], [{}, {"e e": 11, "<e1>": 12, "[CLS]": 2}]]:
        beside = [json.dumps(part).encode() for part in files]
        seed("tokenizer", b"\0".join([json.dumps(scratch).encode(), json.dumps(settings).encode(), texts[3].encode(), *beside]))
        seed("tokenizer", b"\0".join([vocabulary.encode(), json.dumps(settings).encode(), b"a<e1>b e e 12", *beside]))



def byte_pairs(pre=None, post=None, added=()):
    """A byte-level BPE of a few merges."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    letters = [chr(byte) for byte in printable] + [chr(0x100 + index) for index in range(256 - len(printable))]
    merges = ["\u0120 a", "a b", "\u0120a b", "b b", "ab bb"]
    tokens = special + letters + [merge.replace(" ", "") for merge in merges]
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    roberta = {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": True, "add_prefix_space": False}
    return {
        "added_tokens": [{"id": 4, "content": "<mask>", "lstrip": True, "normalized": False}, *added],
        "pre_tokenizer": byte_level | (pre or {}), "post_processor": roberta | (post or {}),
        "model": {"type": "BPE", "vocab": {token: index for index, token in enumerate(tokens)}, "merges": merges},
    }


byte_texts = ["ab abbb, <mask> a\u0301 \u4e2d\u56fd", "don't  1a \n\n b'll ", "abab" * 40]
prefixed = dict(pre={"add_prefix_space": True}, post={"add_prefix_space": True})
for settings in [{}, prefixed, dict(pre={"use_regex": False}), dict(added=added)]:
    for text in byte_texts:
        seed("tokenizer", json.dumps(byte_pairs(**settings), ensure_ascii=False).encode() + b"\0\0" + text.encode())
pairs = byte_pairs()["model"]
merges = "\n".join(["#version: 0.2", *pairs["merges"]]).encode()
for text in byte_texts:
    seed("tokenizer", merges + b"\0" + json.dumps(pairs["vocab"], ensure_ascii=False).encode() + b"\0" + text.encode())



def unigram(steps, words=("WhitespaceSplit", "Metaspace")):
    """A Unigram model of a few pieces."""
    metaspace = {"replacement": "\u2581", "prepend_scheme": "always", "split": True}
    parts = [{"type": name, **(metaspace if name == "Metaspace" else {})} for name in words]
    pieces = ["<s>", "<unk>", "</s>", "\u2581", "a", "b", "\u2581a", "ab", "\u2581ab", "bb", "\u4e2d", "\u00e9", "<mask>"]
    return {
        "added_tokens": [{"id": 12, "content": "<mask>", "lstrip": True, "normalized": False}],
        "normalizer": {"type": "Sequence", "normalizers": steps},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": parts},
        "model": {"type": "Unigram", "unk_id": 1, "vocab": [[piece, -3 - index / 8] for index, piece in enumerate(pieces)]},
    }


charsmap = base64.b64encode(compile_charsmap({"\uff41": "a", "e\u0301": "\u00e9", "\t": " ", "\x01": "", "\u2122": "TM"})).decode()
precompiled = {"type": "Precompiled", "precompiled_charsmap": charsmap}
spaces = {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "}
for steps in [
    [precompiled], [{"type": "NFKD"}, {"type": "StripAccents"}, {"type": "Lowercase"}, precompiled, spaces], [{"type": "Nmt"}, {"type": "NFKC"}],
    [{"type": "Strip", "strip_left": True, "strip_right": True}, {"type": "Prepend", "prepend": "\u2581"}, {"type": "NFC"}],
    [{"type": "Replace", "pattern": {"String": "ab"}, "content": "\u00e9"}],
]:
    for text in byte_texts + ["\uff41b\t\x01 e\u0301\u0323  \u2122\x01 <mask>"]:
        seed("tokenizer", json.dumps(unigram(steps)).encode() + b"\0\0" + text.encode())



def characters(fallback=(), **changes):
    """A BPE over characters of a few merges, which make a token in several ways."""
    tokens = ["<s>", "<unk>", "</s>", "\u2581", "a", "b", "\u00e9", "\u4e2d", "ab", "abb", "\u2581a", "\u2581ab", "bb", "<mask>", *fallback]
    merges = ["a b", "ab b", "a bb", "\u2581 ab", "\u2581a b", "\u2581 a", "b b"]
    model = {"type": "BPE", "unk_token": "<unk>", "fuse_unk": not fallback, "byte_fallback": bool(fallback), "merges": merges}
    return {
        "added_tokens": [{"id": 13, "content": "<mask>", "lstrip": True, "normalized": False}],
        "pre_tokenizer": {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "always", "split": True},
        "model": model | {"vocab": {token: index for index, token in enumerate(tokens)}},
    } | changes


marks = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
split = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}
llama = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "\u2581"}, marks]}
spelt = [f"<0x{byte:02X}>" for byte in range(256)]
for settings in [{}, {"normalizer": llama, "pre_tokenizer": None}, {"normalizer": marks, "pre_tokenizer": split, "fallback": spelt}]:
    for text in byte_texts + ["\u2581ab\U0001f600\u0436 \u0436\u0436  <mask>"]:
        seed("tokenizer", json.dumps(characters(**settings)).encode() + b"\0\0" + text.encode())

config, header = small("span")
jamo = added + [{"id": i, "content": c, "normalized": True} for i, c in [(5, "\u1112"), (6, "\u1161"), (7, "\u11ab")]]
model(config, header, json.dumps(wordpiece(added_tokens=jamo[:5] + jamo[7:])), text="\ud55c\ud55c a b")
model(config, header, json.dumps(wordpiece()))
model(config, header, json.dumps(wordpiece(post_processor={"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]})))

# ---- .model files of SentencePiece


def field(number, value):
    """Of a protobuf message."""
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    if isinstance(value, int):
        return varint(number << 3) + varint(value % (1 << 64))
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def pieces(*names, types=()):
    kinds = {"<unk>": 2, "<s>": 3, "</s>": 3, "[CLS]": 3, "[SEP]": 3, "[PAD]": 3, **dict(types)}
    return b"".join(
        field(1, field(1, name.encode()) + field(2, -1 - index / 8) + field(3, kinds.get(name, 1))) for index, name in enumerate(names)
    )


spm_text = "9,9 ``ab'' abb\tb \uff41\u4e2d e\u0301 99,\0\u2581a".encode()
for kind, folder in enumerate(["xlm-roberta-pieces", "camembert", "albert", "albert-accents", "deberta-v2", "deberta-punctuation", "bpe", "bpe-bytes"]):
    (path,) = (golden / "sentencepiece" / folder).glob("*.model")
    seed("sentencepiece", bytes([kind, len(spm_text)]) + spm_text + path.read_bytes())
ordinary = ["<unk>", "<s>", "</s>", "[CLS]", "[SEP]", "[PAD]", "\u2581", "a", "b", "\u2581a", "ab", "9", ",", "9,"]
# "b" for "\t", as darts-clone has it: the root's children are at 1, those of the key at 2; no byte leads to the other units.
spm_units = {0: 1 << 10, 1 ^ 9: 1 << 8 | 9 | (8 ^ 2) << 10, 2: 1 << 31}
spm_map = struct.pack("<257I", 1024, *[spm_units.get(index, 1 << 31) for index in range(256)]) + b"b\0"
own = [("bb", 4), ("bbb", 4), ("b" * 70, 4)]
spelt = [(f"<0x{byte:02X}>", 6) for byte in range(256)]
for kind in range(8):
    head = bytes([kind, len(spm_text)]) + spm_text
    for model_type in (1, 2):
        trainer = field(2, field(3, model_type))
        seed("sentencepiece", head + pieces(*ordinary) + trainer)
        seed("sentencepiece", head + pieces(*ordinary, *dict(own), types=own) + trainer + field(3, field(2, spm_map)))
    seed("sentencepiece", head + pieces(*ordinary, *dict(spelt), types=spelt) + field(2, field(3, 1) + field(35, 1)))
    # Neither a space at the beginning, nor spaces made one, nor spaces made "\u2581"; and no <s>.
    seed("sentencepiece", head + pieces(*ordinary) + field(3, field(3, 0) + field(4, 0) + field(5, 0)) + field(2, field(41, -1)))
    # Pieces that are made in several ways, of equal scores, and of an unknown one.
    nested = ["ab" * count for count in range(2, 5)] + ["ba", "aba", "bab"]
    seed("sentencepiece", head + pieces(*ordinary, *nested) + field(2, field(3, 2) + field(45, b"a")))

# ---- Texts

lines = (golden / "minilm/texts.txt").read_text().splitlines()
for index, text in enumerate(texts + [
    "Zu\u0308rich caf\u00e9 \u4e2d\u6587 \ud55c\uad6d\uc5b4 \u0939\u093f\u0928\u094d\u0926\u0940 [MASK] new word NEW WORD", "a" * 300, "\u0301" * 40,
    "\U0001d15e\U0001d16d\u0323 \u0130\u0131 \u212a \u01c5", "  \t\r\n\u00a0\u3000 ", "don't stop-it, e.g. 3.14!",
] + lines[::25]):
    for options in [0x00, 0x11, 0x32, 0x13, 0x34, 0x05, 0x16, 0x37]:
        seed("text", bytes([options, [0, 5, 20][index % 3], 128]) + text.encode("utf-8", "surrogatepass"))
for broken in [b"\xff\xfe", b"\xe4\xb8", b"a\xed\xa0\x80b", b"\xf0\x9f\x98", b"\xc0\xaf \xf4\x90\x80\x80", b"\0\0[MASK"]:
    seed("text", b"\x10\x00\x80" + broken)

# ---- Packs: lists of changes, of which each is four bytes

for model in range(8):
    for kind in (3, 8, 9):
        seed("pack", bytes([model]) + bytes(value for place in (0, 40, 300) for value in (kind, place >> 8, place & 255, 7)))

if __name__ == "__main__":
    print(", ".join(f"{count} seeds for {name}" for name, count in counts.items()))
