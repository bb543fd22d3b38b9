"""tokenizer_files.py WORK: trains the tokenizers of the benchmark beside WORK/minilm, which brings WordPiece.

WORK/byte-level/tokenizer.json is byte-level BPE with as many tokens as RoBERTa's, WORK/unigram/tokenizer.json is Unigram with as many
pieces as ALBERT's, by the rules of XLM-RoBERTa, and WORK/sentencepiece/sentencepiece.bpe.model is the same as SentencePiece wrote it. All
are trained on the long English descriptions of Debian's packages; the short ones, which the benchmark times, are not among them.
"""
import json
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scripts"))

import byte_level_cases
import tokenizer_cases
import unigram_cases

TOKENS, PIECES = 50265, 30000
TEXTS = 60000


def english(work):
    files = tokenizer_cases.fetch_texts(work / "texts")
    texts = tokenizer_cases.read_texts(next(file for file in files if file.name == "Translation-en"))
    # A description begins with its short form, in a line of its own.
    return [text.partition("\n")[2] for text in texts[:TEXTS]]


def write(file, content):
    file.parent.mkdir(exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_bytes(content)
    os.replace(partial, file)


def main():
    work = pathlib.Path(sys.argv[1]).resolve()
    texts = english(work)
    write(work / "byte-level" / "tokenizer.json", json.dumps(byte_level_cases.train(texts, TOKENS)).encode())
    model = unigram_cases.train_model(texts, PIECES)
    write(work / "unigram" / "tokenizer.json", json.dumps(unigram_cases.converted(model)).encode())
    write(work / "sentencepiece" / "sentencepiece.bpe.model", model)


if __name__ == "__main__":
    main()
