#!/usr/bin/env python3
"""Compares Limbeck's tokenizer with the Hugging Face `tokenizers` library: ids, type ids and offsets must be equal.

Needs: tokenizers==0.23.3

    scripts/compare-tokenizers.py [MODEL] [--texts FILE]... [--library build/lib/liblimbeck.so] [--random N] [--seed S]

MODEL is a folder with tokenizer.json, or a vocab.txt. Every file of texts is UTF-8, a text per line, or paragraphs of a
Debian Translation file (recognised by its name). Without --texts, Debian's package descriptions in 24 languages are brought
into build/texts with apt-get, which leaves the system's own lists alone. Without --seed a fresh one is taken, and printed.
Variants of the model (cased, accents kept or stripped, ideographs not separated, nothing cleaned, other added tokens and
templates) are made in a temporary folder and compared too. Exits with 1 at the first difference, after showing it.
"""

import argparse
import ctypes
import json
import lzma
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time
import unicodedata

PINNED = "0.23.3"
ROOT = pathlib.Path(__file__).resolve().parent.parent
LANGUAGES = "en,ca,cs,da,de,el,es,fi,fr,hu,it,ja,ko,nl,pl,pt_BR,ru,sk,sv,tr,uk,vi,zh_CN,zh_TW"


class Library:
    """The C interface, as far as tokens go."""

    class Options(ctypes.Structure):
        _fields_ = [(name, ctypes.c_uint32) for name in ("struct_size", "special_tokens", "max_length")]

    def __init__(self, path):
        self.lib = ctypes.CDLL(str(path))
        for name in ("limbeck_tokenizer_open", "limbeck_tokenize"):
            getattr(self.lib, name).restype = ctypes.c_int32

    def open(self, path):
        path = str(path).encode()
        handle, message = ctypes.c_void_p(), ctypes.create_string_buffer(500)
        status = self.lib.limbeck_tokenizer_open(
            path, ctypes.c_size_t(len(path)), ctypes.byref(handle), message, ctypes.c_size_t(len(message))
        )
        if status:
            raise RuntimeError(f"status {status}: {message.value.decode()}")
        return handle

    def close(self, handle):
        self.lib.limbeck_tokenizer_close(handle)

    def encode(self, handle, items):
        """items: (text, pair or None, special, max_length); gives (ids, types, starts, ends) each."""
        capacity = 1 << 12
        while True:
            kinds = (ctypes.c_int32, ctypes.c_int32, ctypes.c_uint32, ctypes.c_uint32)
            buffers = [(kind * capacity)() for kind in kinds]
            count = ctypes.c_size_t()
            results = []
            for text, pair, special, length in items:
                options = self.Options(ctypes.sizeof(self.Options), 1 if special else 2, length)
                status = self.lib.limbeck_tokenize(
                    handle, text, ctypes.c_size_t(len(text)), pair, ctypes.c_size_t(len(pair or b"")),
                    ctypes.byref(options), *buffers, ctypes.c_size_t(capacity), ctypes.byref(count),
                )  # fmt: skip
                if status == 2:
                    break
                if status:
                    raise RuntimeError(f"status {status}")
                results.append(tuple(list(b[: count.value]) for b in buffers))
            else:
                return results
            capacity = max(count.value, 2 * capacity)


class Tool:
    """A program that reads the items from standard input; for work on the engine without the C boundary."""

    def __init__(self, path):
        self.path = path

    def open(self, path):
        return path

    def close(self, handle):
        pass

    def encode(self, handle, items):
        import array
        import struct

        parts = []
        for text, pair, special, length in items:
            parts += [struct.pack("<III", (pair is not None) | (not special) << 1, length, len(text)), text]
            if pair is not None:
                parts += [struct.pack("<I", len(pair)), pair]
        out = subprocess.run([self.path, str(handle)], input=b"".join(parts), stdout=subprocess.PIPE, check=True).stdout
        values, position, results = array.array("i", out), 0, []
        while position < len(values):
            count = values[position]
            columns = [values[position + 1 + i * count : position + 1 + (i + 1) * count].tolist() for i in range(5)]
            results.append(tuple(columns[:4]))
            position += 1 + 5 * count
        return results


def decode(data):
    """What Python and Rust read in bytes that may be ill-formed, and where each character begins; the end comes last."""
    try:
        text, position = data.decode(), 0
        offsets = [0]
        for character in text:
            c = ord(character)
            position += 1 if c < 0x80 else 2 if c < 0x800 else 3 if c < 0x10000 else 4
            offsets.append(position)
        return text, offsets
    except UnicodeDecodeError:
        pass
    text, offsets, position = [], [], 0
    while position < len(data):
        for length in (1, 2, 3, 4):
            try:
                character = data[position : position + length].decode()
                break
            except UnicodeDecodeError as error:
                # A sequence that more bytes might complete goes on; else its valid beginning is one U+FFFD.
                if error.reason != "unexpected end of data" or position + length >= len(data):
                    character = "\ufffd"
                    length = error.end - error.start
                    break
        text.append(character)
        offsets.append(position)
        position += length
    text = "".join(text)
    assert text == data.decode(errors="replace")
    return text, offsets + [len(data)]


def expected(tokenizer, items):
    results = [None] * len(items)
    groups = {}
    for index, (_, _, special, length) in enumerate(items):
        groups.setdefault((special, length), []).append(index)
    for (special, length), indices in groups.items():
        tokenizer.no_padding()
        tokenizer.enable_truncation(length) if length else tokenizer.no_truncation()
        decoded = [[decode(data) for data in items[i][:2] if data is not None] for i in indices]
        batch = [texts[0][0] if len(texts) == 1 else (texts[0][0], texts[1][0]) for texts in decoded]
        for index, texts, encoding in zip(indices, decoded, tokenizer.encode_batch(batch, add_special_tokens=special)):
            maps = [offsets for _, offsets in texts]
            starts, ends = [], []
            for sequence, (start, end) in zip(encoding.sequence_ids, encoding.offsets):
                table = maps[sequence] if sequence is not None else None
                starts.append(table[start] if table else 0)
                ends.append(table[end] if table else 0)
            results[index] = (encoding.ids, encoding.type_ids, starts, ends)
    return results


def compare(name, tokenizer, engine, handle, items):
    ours = engine.encode(handle, items)
    for item, got, wanted in zip(items, ours, expected(tokenizer, items)):
        if got == wanted:
            continue
        print(f"DIFFERENT in {name}: {item!r}\n  code points {[hex(ord(c)) for c in decode(item[0])[0]][:100]}")
        for what, a, b in zip(("ids", "types", "starts", "ends"), got, wanted):
            if a != b:
                print(f"  {what}:\n    limbeck {a}\n    hf      {b}")
        sys.exit(1)


def read_texts(path):
    path = pathlib.Path(path)
    data = lzma.open(path).read() if path.suffix == ".xz" else path.read_bytes()
    text = data.decode("utf-8", errors="replace")
    if "Translation-" not in path.name:
        return [line for line in text.split("\n") if line]
    texts = []
    for paragraph in text.split("\n\n"):
        body = paragraph.partition("\nDescription-")[2].partition(": ")[2]
        if body:
            texts.append(body.replace("\n .\n", "\n\n"))
    return texts


def fetch_texts(folder):
    """Debian's package descriptions, a file for each language."""
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    options = [f"Dir::State::Lists={lists}", f"Dir::Cache={folder}", f"Acquire::Languages={LANGUAGES}"]
    command = ["apt-get", "-qq", "update"] + [x for option in options for x in ("-o", option)]
    subprocess.run(command, check=True)
    texts = []
    for file in sorted(lists.glob("*_main_i18n_Translation-*")):
        suite, _, language = file.name.partition("_main_i18n_")
        # The main archive; updates and security have the same texts again.
        if suite.endswith(("-updates", "-security", "-backports")):
            continue
        text = folder / language.partition(".")[0].replace("%5f", "_")
        unpack = ["/usr/lib/apt/apt-helper", "cat-file", str(file)]
        text.write_bytes(subprocess.run(unpack, stdout=subprocess.PIPE, check=True).stdout)
        texts.append(text)
    return texts


def share(lists, count):
    """About `count` texts, as evenly from all lists as their lengths allow, and spread over each."""
    taken, left = [], len(lists)
    for found in sorted(lists, key=len):
        cap = max(1, -(-(count - len(taken)) // left))
        step = max(1.0, len(found) / cap)
        taken += [found[int(i * step)] for i in range(min(cap, len(found)))]
        left -= 1
    return taken


def alphabets():
    """Pools of characters that random texts are drawn from."""
    everything = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    marks = [c for c in everything if unicodedata.category(c)[0] == "M"]
    tricky = list("aAzZéÉİıßſKÅﬁﷺ한글各豈鶴中国かがガﾊﾟ\u00ad\u200b\u200d\u200e\ufeff\u0000\u0001\u007f\u0085\u00a0\u2028\u3000\ufffd\ufffe�")
    # Marks that stay where others are stripped, and notes whose decompositions keep marks.
    tricky += list("\u0344\u0f73\u0f75\u0f81\u1b44\u1baa\u302e\u302f\U0001d15e\U0001d160\U0001d165\U0001d16d\U0001d16e\U0001e944")
    tricky += list("\u08d4\u0301\u0323\u0334\u0345\U0001e000 \t\n\r.,!?'\"-_[]()#@$%^&*+=|~`<>/\\{}0123456789")
    special = ["[CLS]", "[SEP]", "[MASK]", "[UNK]", "[PAD]", "[mask]", "##ing", "new york", "NEW YORK", "Straße", "c++"]
    return [
        [chr(c) for c in range(128)],
        [chr(c) for c in range(0x20, 0x7F)] + list("     "),
        list("abcdefghijklmnopqrstuvwxyz  "),
        [chr(c) for c in range(0x80, 0x800)] + list(" aA."),
        [chr(c) for c in range(0x1E00, 0x2000)] + list(" aA."),
        [chr(c) for c in range(0x2F00, 0x3400)] + [chr(c) for c in range(0x4E00, 0x4F00)],
        [chr(c) for c in range(0xAC00, 0xD7A4, 7)] + list(" 가각."),
        [c for c in everything if 0x2B000 <= ord(c) < 0x2D000 or 0xF900 <= ord(c) < 0xFB00],
        [c for c in everything if ord(c) < 0x10000],
        [c for c in everything if 0x10000 <= ord(c) < 0x20000],
        everything,
        marks,
        marks + list("aé한 \U0001d15f\u200b\U0001d160"),
        tricky + [c for c in everything if ord(c) in (0x1D15E, 0x1D1BF, 0x1D165, 0x302E)],
        tricky + special,
        special + list(" ab\u0301AB."),
    ]


def random_items(rng, count):
    pools = alphabets()

    def text():
        pool = rng.choice(pools)
        length = rng.choice((0, 1, 2, 3, 5, 8, 13, 30, 100, 300))
        data = bytearray("".join(rng.choices(pool, k=length)).encode())
        if data and rng.random() < 0.2:
            # Ill-formed: bytes changed, put in or taken out.
            for _ in range(rng.randrange(1, 4)):
                at = rng.randrange(len(data) + 1)
                data[at : at + rng.randrange(2)] = bytes(rng.choices(range(0x70, 0x100), k=rng.randrange(3)))
        return bytes(data)

    items = []
    for _ in range(count):
        pair = text() if rng.random() < 0.3 else None
        special = rng.random() < 0.8
        length = rng.choice((0, 0, 3, 4, 5, 8, 9, 16, 17, 64))
        items.append((text(), pair, special, length))
    return items


def text_items(rng, texts):
    items = []
    texts = [text.encode() for text in texts]
    for text in texts:
        roll = rng.random()
        if roll < 0.7:
            items.append((text, None, True, 0))
        elif roll < 0.8:
            items.append((text, None, rng.random() < 0.5, rng.randrange(3, 200)))
        else:
            items.append((text, rng.choice(texts), rng.random() < 0.8, rng.choice((0, 16, 33, 64, 127, 128, 256))))
    return items


def variants(path, folder):
    """tokenizer.json files that differ from the model's in one respect each, by name."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    if path.is_dir():
        original = json.loads((path / "tokenizer.json").read_text())
    else:
        model = models.WordPiece.from_file(str(path), unk_token="[UNK]")
        tokenizer = Tokenizer(model)
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        ids = {name: tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]")}
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
        # In the order in which limbeck and transformers take them from a vocab.txt.
        tokenizer.add_special_tokens(["[UNK]", "[SEP]", "[CLS]", "[PAD]", "[MASK]"])
        original = json.loads(tokenizer.to_str())
    original["truncation"] = original["padding"] = None

    def write(name, change):
        data = json.loads(json.dumps(original))
        change(data)
        file = folder / f"{name}.json"
        file.write_text(json.dumps(data, ensure_ascii=len(name) % 2 == 0))
        return name, file

    def normalizer(**options):
        return lambda data: data["normalizer"].update(options)

    def token(content, **flags):
        defaults = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}

        def change(data):
            known = [t["id"] for t in data["added_tokens"]] + list(data["model"]["vocab"].values())
            ident = data["model"]["vocab"].get(content, max(known) + 1)
            data["added_tokens"].append({"id": ident, "content": content, **defaults, **flags})

        return change

    def several(*changes):
        return lambda data: [change(data) for change in changes]

    def member(part, key, value):
        return lambda data: data[part].update({key: value})

    def set_top(key, value):
        return lambda data: data.update({key: value})

    template = {
        "type": "TemplateProcessing",
        "single": [{"Sequence": {"id": "A", "type_id": 3}}, {"SpecialToken": {"id": "x", "type_id": 2}}],
        "pair": [
            {"Sequence": {"id": "B", "type_id": 1}},
            {"SpecialToken": {"id": "x", "type_id": 2}},
            {"Sequence": {"id": "A", "type_id": 0}},
        ],
        "special_tokens": {"x": {"id": "x", "ids": [5, 6], "tokens": ["[SEP]", "[CLS]"]}},
    }
    return [
        write("plain", lambda data: None),
        write("cased", normalizer(lowercase=False)),
        write("cased-strip", normalizer(lowercase=False, strip_accents=True)),
        write("accents", normalizer(strip_accents=False)),
        write("not-cleaned", normalizer(clean_text=False)),
        write("not-chinese", normalizer(handle_chinese_chars=False)),
        write("not-cleaned-cased", normalizer(clean_text=False, lowercase=False, handle_chinese_chars=False)),
        write("no-normalizer", set_top("normalizer", None)),
        write("no-template", set_top("post_processor", None)),
        write("template", set_top("post_processor", template)),
        write("short-words", member("model", "max_input_chars_per_word", 5)),
        write("prefix", member("model", "continuing_subword_prefix", "")),
        write(
            "added",
            several(
                token("new york"), token("c++"), token("ab", single_word=True), token("b", lstrip=True),
                token("Straße", rstrip=True), token("##ing"), token("A", single_word=True, lstrip=True, rstrip=True),
            ),
        ),
        write(
            "added-normalized",
            several(
                token("New York", normalized=True), token("c++", normalized=True), token("Straße", normalized=True),
                token("ab", normalized=True, single_word=True), token("É", normalized=True, lstrip=True),
                token("[mask]", normalized=True, rstrip=True), token("豈", normalized=True),
            ),
        ),
    ]  # fmt: skip


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=pathlib.Path, nargs="?", default=ROOT / "models" / "all-MiniLM-L6-v2")
    parser.add_argument("--texts", action="append", default=[])
    count = int(os.environ.get("TOKENIZER_TEXTS", "22000"))
    parser.add_argument("--count", type=int, default=count, help="so many real texts (by default TOKENIZER_TEXTS, or 22,000)")
    parser.add_argument("--random", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--library", default=ROOT / "build" / "lib" / "liblimbeck.so")
    parser.add_argument("--tool", help=argparse.SUPPRESS)
    arguments = parser.parse_args()

    import tokenizers

    if tokenizers.__version__ != PINNED:
        sys.exit(f"tokenizers {tokenizers.__version__} is installed, and {PINNED} is what we compare with")
    engine = Tool(arguments.tool) if arguments.tool else Library(arguments.library)
    print(f"seed {arguments.seed}")
    rng = random.Random(arguments.seed)

    files = arguments.texts or fetch_texts(ROOT / "build" / "texts")
    texts = share([read_texts(file) for file in files], arguments.count)
    real, drawn = text_items(rng, texts), random_items(rng, arguments.random)
    # Every character alone and between letters: a text each for the model as it is, a tenth of them, 16 in a text, for a variant.
    scalars = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]

    def characters(share, together):
        texts = [" ".join(f"a{c}b {c}" for c in share[i : i + together]) for i in range(0, len(share), together)]
        return [(text.encode(), None, False, 0) for text in texts]

    with tempfile.TemporaryDirectory() as folder:
        for index, (name, file) in enumerate(variants(arguments.model, pathlib.Path(folder))):
            start = time.time()
            handle = engine.open(arguments.model if index == 0 else file)
            tokenizer = tokenizers.Tokenizer.from_file(str(file))
            # Everything with the model as it is, a share with its variants.
            items = real if index == 0 else real[index % 10 :: 10]
            items = items + drawn + (characters(scalars, 1) if index == 0 else characters(scalars[index % 10 :: 10], 16))
            for first in range(0, len(items), 50000):
                compare(name, tokenizer, engine, handle, items[first : first + 50000])
            engine.close(handle)
            print(f"{name}: {len(items)} texts are equal ({time.time() - start:.0f} s)", flush=True)
    print(f"equal: {len(real)} real texts, {len(drawn)} random ones")


if __name__ == "__main__":
    main()
