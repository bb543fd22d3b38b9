#!/usr/bin/env python3
"""Compares Limbeck's tokenizer with the Hugging Face `tokenizers` library: ids, type ids and offsets must be equal.

Needs: tokenizers==0.23.3, sentencepiece==0.2.3

    scripts/compare-tokenizers.py [MODEL] [--texts FILE]... [--library build/lib/liblimbeck.so] [--random N] [--seed S]

MODEL is a folder with tokenizer.json, or a vocab.txt. Every file of texts is UTF-8, a text per line, or paragraphs of a
Debian Translation file (recognised by its name). Without --texts, Debian's package descriptions in 24 languages are brought
into build/texts with apt-get, which leaves the system's own lists alone. Without --seed a fresh one is taken, and printed.
Variants of the model (cased, accents kept or stripped, ideographs not separated, nothing cleaned, other added tokens and
templates) are made in a temporary folder and compared too. So are variants of a byte-level BPE that is trained on some of the
texts, and the same as vocab.json and merges.txt; of a Unigram model; and of a BPE over characters; of both also many small ones, drawn.
Exits with 1 at the first difference, after showing it.
"""

import argparse
import ctypes
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import byte_level_cases
import character_cases
import tokenizer_cases as cases
import unigram_cases

PINNED = "0.23.3"
KINDS = ("wordpiece", "byte-level", "unigram", "characters")
BATCH = 5000  # texts; the tokens of ten times as many take gigabytes in Python
ROOT = pathlib.Path(__file__).resolve().parent.parent


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


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("model", type=pathlib.Path, nargs="?", default=ROOT / "models" / "all-MiniLM-L6-v2")
    parser.add_argument("--texts", action="append", default=[])

    def add_number(option, default, meaning):
        name = f"TOKENIZER_{'TEXTS' if option == 'count' else option.upper()}"
        meaning = f"{meaning} (by default {name}, or {default})"
        parser.add_argument(f"--{option}", type=int, default=int(os.environ.get(name, default)), help=meaning)

    add_number("count", 22000, "so many real texts")
    add_number("random", 10000, "so many drawn ones")
    add_number("characters", 1, "one of so many characters of Unicode")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--library", default=ROOT / "build" / "lib" / "liblimbeck.so")
    parser.add_argument(
        "--only", choices=KINDS, action="append",
        help="compare this kind (several times: these); WordPiece is MODEL and its variants",
    )  # fmt: skip
    parser.add_argument("--tool", help=argparse.SUPPRESS)
    arguments = parser.parse_args()

    import tokenizers

    if tokenizers.__version__ != PINNED:
        sys.exit(f"tokenizers {tokenizers.__version__} is installed, and {PINNED} is what we compare with")
    engine = Tool(arguments.tool) if arguments.tool else Library(arguments.library)
    print(f"seed {arguments.seed}")
    rng = random.Random(arguments.seed)

    files = arguments.texts or cases.fetch_texts(ROOT / "build" / "texts")
    texts = cases.share([cases.read_texts(file) for file in files], arguments.count)
    real, drawn = cases.text_items(rng, texts), cases.random_items(rng, arguments.random)
    # Every character alone and between letters: four in a text for the model as it is, a tenth of them, 16 in a text, for a variant.
    scalars = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000]
    scalars = scalars[rng.randrange(arguments.characters) :: arguments.characters]

    def characters(share, together):
        texts = [" ".join(f"a{c}b {c}" for c in share[i : i + together]) for i in range(0, len(share), together)]
        return [(text.encode(), None, False, 0) for text in texts]

    def compare_all(files, real, drawn):
        """files: names, what we open and what the reference opens; the first with all texts, the others with a share of them."""
        for index, (name, path, file) in enumerate(files):
            start = time.time()
            handle = engine.open(path)
            tokenizer = tokenizers.Tokenizer.from_file(str(file))
            if index == 0:
                items = real + drawn + characters(scalars, 4)
            else:
                items = real[index % 10 :: 10] + drawn[index % 10 :: 10] + characters(scalars[index % 10 :: 10], 16)
            for first in range(0, len(items), BATCH):
                compare(name, tokenizer, engine, handle, items[first : first + BATCH])
            engine.close(handle)
            print(f"{name}: {len(items)} texts are equal ({time.time() - start:.0f} s)", flush=True)

    def compare_drawn(draw, file, count):
        """Small models, each with a few texts of its own letters."""
        for index in range(count):
            model, letters = draw(rng)
            file.write_text(json.dumps(model))
            texts = ["".join(rng.choices(letters + [" "], k=rng.choice((3, 5, 8, 13, 40)))) for _ in range(30)]
            handle = engine.open(file)
            items = [(text.encode(), None, False, 0) for text in texts]
            compare(f"drawn model {index}, {model['model']}", tokenizers.Tokenizer.from_file(str(file)), engine, handle, items)
            engine.close(handle)
        print(f"{count} drawn models: 30 texts each are equal", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        kinds = arguments.only or KINDS
        if "wordpiece" in kinds:
            files = [(name, file, file) for name, file in [*cases.variants(arguments.model, folder), *cases.scratch_variants(arguments.model, folder)]]
            compare_all([(files[0][0], arguments.model, files[0][2])] + files[1:], real, drawn)
        real, drawn = (byte_level_cases.with_room(items) for items in (real, drawn))
        if "byte-level" in kinds:
            trained = byte_level_cases.train(texts[::2], 12000)
            files = [(name, file, file) for name, file in byte_level_cases.variants(trained, folder)]
            byte_level_cases.write_files(trained, folder / "files")
            files.append(("byte-level-files", folder / "files" / "vocab.json", files[0][2]))
            compare_all(files, real, drawn)
        if "unigram" in kinds:
            trained = unigram_cases.train(texts, 16000)
            compare_all([(name, file, file) for name, file in unigram_cases.variants(trained, folder)], real, drawn)
            compare_drawn(unigram_cases.drawn, folder / "drawn.json", arguments.random // 10)
        if "characters" in kinds:
            trained = character_cases.train(texts, 8000)
            compare_all([(name, file, file) for name, file in character_cases.variants(trained, folder)], real, drawn)
            compare_drawn(character_cases.drawn, folder / "drawn.json", arguments.random // 10)
    print(f"equal: {len(real)} real texts, {len(drawn)} random ones")


if __name__ == "__main__":
    main()
