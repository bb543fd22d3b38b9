"""Tiny RoBERTas and a ModernBERT with a byte-level BPE, and what the pipelines of transformers answer with them:
Tests/golden/answers/NAME-roberta/ and NAME-modernbert/, as make_answers.py makes the others.

Made with torch 2.15.0, transformers 4.57.6, tokenizers 0.22.2, safetensors 0.8.0 (requirements.txt):
    pip install -r requirements.txt && python make_byte_level.py
"""

import sys

from tokenizers import AddedToken, ByteLevelBPETokenizer, normalizers, processors
from transformers import (
    ModernBertConfig,
    ModernBertForMaskedLM,
    PreTrainedTokenizerFast,
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

MODERN_IDS = dict(
    pad_token_id="PAD", bos_token_id="CLS", cls_token_id="CLS", eos_token_id="SEP", sep_token_id="SEP"
)
# With what NFC composes, and runs of spaces.
MODERN_MASKED = [
    *make_answers.MASKED, "a cafe\u0301   in the [MASK]  for 12 \u212b", "e\u0301\u0323 [unused0]\u1100\u1161   [MASK].",
]  # fmt: skip

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
    "fill-modernbert": (ModernBertForMaskedLM, {}, {}, False, "fill", make_answers.fill_cases),
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


def modern_tokenizer(folder, length):
    """As ModernBERT's: NFC, and runs of spaces and some other tokens added to the vocabulary."""
    texts = (HERE / "minilm" / "texts.txt").read_text().splitlines() + make_answers.TEXTS
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(texts, vocab_size=PIECES, special_tokens=["<|padding|>"], show_progress=False)
    trained._tokenizer.normalizer = normalizers.NFC()
    trained.add_tokens([AddedToken(text, normalized=True) for text in ("|||IP_ADDRESS|||", "   ", "  ", "[unused0]")])
    names = {f"{name.lower()}_token": f"[{name}]" for name in ("UNK", "CLS", "SEP", "PAD", "MASK")}
    trained.add_special_tokens([AddedToken(text, lstrip=text == "[MASK]") for text in names.values()])
    ids = [(text, trained.token_to_id(text)) for text in ("[CLS]", "[SEP]")]
    trained._tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", special_tokens=ids
    )
    made = PreTrainedTokenizerFast(
        tokenizer_object=trained._tokenizer, model_max_length=length,
        model_input_names=["input_ids", "attention_mask"], **names,
    )  # fmt: skip
    made.save_pretrained(folder)
    return PreTrainedTokenizerFast.from_pretrained(folder)


def modern_model(words, length, seed):
    special = {name: words.convert_tokens_to_ids(f"[{text}]") for name, text in MODERN_IDS.items()}
    config = ModernBertConfig(
        hidden_size=24, num_hidden_layers=3, num_attention_heads=2, intermediate_size=40, local_attention=8,
        global_attn_every_n_layers=2, vocab_size=len(words), max_position_embeddings=length,
        reference_compile=False, **special,
    )  # fmt: skip
    model = randomise(ModernBertForMaskedLM(config), seed, head_gain=4.0)
    model.base_model.embeddings.tok_embeddings.weight.data[words.all_special_ids] *= 0.1
    return model


def roberta_model(model_class, settings, words, length, seed):
    config = RobertaConfig(
        hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48, type_vocab_size=1,
        vocab_size=len(words), max_position_embeddings=length + 2, layer_norm_eps=1e-5, **settings,
    )  # fmt: skip
    model = randomise(model_class(config), seed, head_gain=4.0)
    model.base_model.embeddings.word_embeddings.weight.data[words.all_special_ids] *= 0.1
    return model


def make(name, seed):
    model_class, settings, options, only_files, task, cases = ANSWERS[name]
    folder = fresh_folder("answers", name)
    length = LENGTHS.get(name, 64)
    if model_class is ModernBertForMaskedLM:
        make_answers.MASKED = MODERN_MASKED
        words = modern_tokenizer(folder, length)
        model = modern_model(words, length, seed)
    else:
        words = tokenizer(folder, length, options, only_files)
        model = roberta_model(model_class, settings, words, length, seed)
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
