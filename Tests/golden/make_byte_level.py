"""Tiny RoBERTas with a byte-level BPE, and what the pipelines of transformers answer with them: Tests/golden/answers/NAME-roberta/,
as make_answers.py makes the others.

Made with torch 2.15.0, transformers 4.57.6, tokenizers 0.22.2, safetensors 0.8.0 (requirements.txt):
    pip install -r requirements.txt && python make_byte_level.py
"""

import sys

from tokenizers import ByteLevelBPETokenizer
from transformers import (
    RobertaConfig,
    RobertaForMaskedLM,
    RobertaForQuestionAnswering,
    RobertaForTokenClassification,
    RobertaTokenizerFast,
)

import make_answers
from golden import HERE, check_versions, fresh_folder, randomise, write_cases

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
PIECES = 900
# Before the second of two texts stand two tokens, and what the models can learn of types is one row.
LENGTHS = {"answer-roberta": 128}

ANSWERS = {
    # name: (class, settings, options of the tokenizer, whether only vocab.json and merges.txt stay, task, cases)
    "tag-roberta": (
        RobertaForTokenClassification, make_answers.PEOPLE, dict(add_prefix_space=True), False, "tag",
        make_answers.tag_cases,
    ),
    "answer-roberta": (
        RobertaForQuestionAnswering, {}, {}, False, "answer", make_answers.answer_cases,
    ),
    "fill-roberta": (RobertaForMaskedLM, {}, {}, True, "fill", make_answers.fill_cases),
}  # fmt: skip


def tokenizer(folder, length, options, only_files):
    """Written with save_pretrained; the same files without tokenizer.json are enough."""
    texts = (HERE / "minilm" / "texts.txt").read_text().splitlines() + make_answers.TEXTS
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(texts, vocab_size=PIECES, special_tokens=SPECIAL, show_progress=False)
    trained.save_model(str(folder))
    files = dict(vocab_file=str(folder / "vocab.json"), merges_file=str(folder / "merges.txt"))
    made = RobertaTokenizerFast(**files, model_max_length=length, **options)
    made.save_pretrained(folder)
    if only_files:
        (folder / "tokenizer.json").unlink()
    else:
        (folder / "vocab.json").unlink()
        (folder / "merges.txt").unlink()
    return RobertaTokenizerFast.from_pretrained(folder)


def make(name, seed):
    model_class, settings, options, only_files, task, cases = ANSWERS[name]
    folder = fresh_folder("answers", name)
    length = LENGTHS.get(name, 64)
    words = tokenizer(folder, length, options, only_files)
    config = RobertaConfig(
        hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48, type_vocab_size=1,
        vocab_size=len(words), max_position_embeddings=length + 2, layer_norm_eps=1e-5, **settings,
    )  # fmt: skip
    model = randomise(model_class(config), seed, head_gain=4.0)
    model.base_model.embeddings.word_embeddings.weight.data[words.all_special_ids] *= 0.1
    make_answers.centre(model, words)
    model.save_pretrained(folder)
    model = model_class.from_pretrained(folder, attn_implementation="eager").eval()
    pairs = zip(cases(model, words), cases(make_answers.nudged(model, seed + 1), words))
    made = [case for case, other in pairs if make_answers.same(case, other)]
    write_cases(folder / "answers.json", made, task=task)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"{name}: {len(made)} cases, {len(words)} pieces, {size / 1000:.0f} kB")


if __name__ == "__main__":
    check_versions()
    make_answers.MASKED = [text.replace("[MASK]", "<mask>") for text in make_answers.MASKED]
    for index, name in enumerate(ANSWERS):
        if len(sys.argv) < 2 or name in sys.argv[1:]:
            make(name, make_answers.SEED + 10 * index)
