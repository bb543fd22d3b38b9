"""Tiny models with a tokenizer, and what the pipelines of transformers answer with them: Tests/golden/answers/NAME/.

Made with torch 2.15.0, transformers 4.57.6, tokenizers 0.22.2, safetensors 0.8.0 (requirements.txt):
    pip install -r requirements.txt && python make_answers.py
"""

import re
from collections import Counter
from copy import deepcopy

import torch
from torch import nn
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForNextSentencePrediction,
    BertForQuestionAnswering,
    BertForSequenceClassification,
    BertForTokenClassification,
    BertModel,
    BertTokenizerFast,
    DistilBertConfig,
    DistilBertForMaskedLM,
    DistilBertForQuestionAnswering,
    DistilBertForTokenClassification,
    DistilBertTokenizerFast,
    pipeline,
)

from golden import HERE, check_versions, fresh_folder, randomise, write_cases, write_json

SEED = 30240
# A case that changes when the weights change by so little is left out: it would test rounding.
NUDGE, TOLERANCE = 3e-6, 5e-5
NO_ANSWER = 4

# ---- Texts ----------------------------------------------------------------------------------------------------------

TEXTS = [
    "This is a small library for reading files.",
    "I did not like the new version: it is slow, and the manual is worse!",
    "Angela Merkel met Émile Zola in São Paulo on 3 May 1999.",
    "The United Nations has offices in New York, Geneva and Nairobi",
    "naïve café owners at the Zürich Hauptbahnhof pay 12,50 € for a crème brûlée",
    "It's a well-known fact (isn't it?) that \"C++\" and C# differ... don't they?",
    "Great service 👍🏽 would come again 😀😀 thanks!",
    "東京 is the capital of 日本, Москва of Россия.",
    "e\u0301 and \u00e9 look the same; so do \ufb01 and fi, \u212b and \u00c5",
    "supercalifragilisticexpialidocious antidisestablishmentarianism",
    "x",
    "",
    "   ",
    "...",
    "UPPER lower MiXeD CamelCase snake_case kebab-case path/to/file.txt user@example.org https://example.org/?q=1&r=2",
    "tab\tseparated\tvalues\nand a new line\r\nand a no-break\u00a0space, a zero\u200bwidth one",
    "[SEP] in the text and [MASK] too, even [CLS] or [UNK]",
    "Dr. Jane O'Neill-Smith, of St. John's College, Cambridge, wrote to IBM and Red Hat Inc. about Debian GNU/Linux.",
    "The quick brown fox jumps over the lazy dog. " * 12,
    "İstanbul ve DİYARBAKIR, straße and ΣΊΣΥΦΟΣ, ŒUVRE",
    "flag 🇩🇪 family 👨‍👩‍👧‍👦 music 𝄞 and 𝒻𝒶𝓃𝒸𝓎 letters",
    "The server listens on port 8080 of 192.168.0.1 since 2024-02-29T12:00:00Z.",
]
PAIRS = [
    ("A man is playing a guitar.", "Somebody makes music."),
    ("A man is playing a guitar.", "Nobody is here."),
    ("The café is open.", "The cafe is closed; go to Zürich 😀"),
    ("", "Only the second text."),
    ("Only the first text.", ""),
    ("Short.", "The second text is so long that it has to be cut, " * 8),
    ("The first text is so long that it has to be cut, " * 8, "Short."),
    ("Both of them are long, this one is longer than the other, " * 6, "and the other is long as well, " * 6),
    ("Equal and long, equal and long, " * 8, "Equal and long, equal and long, " * 8),
    ("日本 東京", "Россия Москва"),
]
QUERY = "how to read files with a small library"
DOCUMENTS = [text for text in TEXTS if text.strip()][:12] + ["A library to read files. " * 20]
QUESTIONS = [
    ("Who met Zola?", "Angela Merkel met Émile Zola in São Paulo on 3 May 1999."),
    ("Where are the offices?", "The United Nations has offices in New York, Geneva and Nairobi."),
    (
        "What costs 12,50 €?",
        "naïve café owners at the Zürich Hauptbahnhof 😀 pay 12,50 € for a crème brûlée, don't they?",
    ),
    ("What is it", "word"),
    (
        "What does the program do?",
        "The program reads all files in a folder and writes one report. It does not change the files. A user "
        "may ask for more than one report; then the program writes them one after the other. The report lists "
        "the name of each file, its size, and the day on which somebody changed it for the last time. 👍 Very "
        "large files are read in small parts, so that the memory of the machine is never exhausted, even on "
        "old systems. The authors, Jürgen Müller and Zoë O'Neill, ask you to send reports of errors to the "
        "list of the project. There is no warranty. The licence allows you to use the program for any "
        "purpose, to study it, to change it and to share it with others.",
    ),
    ("Which licence?", "The same words again and again and the same words again. " * 30),
]
MASKED = [
    "This is a [MASK] library for reading files.",
    "[MASK]",
    "The [MASK] of Germany is [MASK].",
    "[MASK] [MASK] [MASK]!",
    "Émile paid 12 € in the [MASK] café 😀 [MASK]",
    "The[MASK]is close, [MASK], and 東京 is far",
    "A text that is too long for the model, so its end is cut away: [MASK] " + "and so on " * 40 + "[MASK]",
]

# ---- Tokenizers: a vocabulary of the size of a pocket, from the real texts beside it --------------------------------

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def frequent(counter, count):
    return [piece for piece, _ in sorted(counter.items(), key=lambda item: (-item[1], item[0]))[:count]]


def vocabulary(lower_case):
    corpus = (HERE / "minilm" / "texts.txt").read_text() + " ".join(TEXTS)
    words = Counter(re.findall(r"[A-Za-z]+", corpus.lower() if lower_case else corpus))
    beginnings, endings = Counter(), Counter()
    for word, count in words.items():
        for cut in range(2, len(word)):
            beginnings[word[:cut]] += count
            endings["##" + word[cut:]] += count
    characters = [chr(code) for code in range(33, 127) if not (lower_case and chr(code).isupper())]
    characters += [*"東京日本éüβмос€😀"]
    pieces = SPECIAL + characters + ["##" + character for character in characters if character.isalnum()]
    pieces += frequent(words, 200) + frequent(beginnings, 60) + frequent(endings, 100)
    return list(dict.fromkeys(pieces))


def tokenizer(folder, tokenizer_class, max_length, lower_case=True):
    """Written with save_pretrained: tokenizer.json, tokenizer_config.json, special_tokens_map.json, vocab.txt."""
    path = folder / "vocab.txt"
    path.write_text("\n".join(vocabulary(lower_case)) + "\n")
    made = tokenizer_class(vocab_file=str(path), do_lower_case=lower_case, model_max_length=max_length)
    made.save_pretrained(folder)
    return tokenizer_class.from_pretrained(folder)


# ---- Models ---------------------------------------------------------------------------------------------------------


def labels(*names):
    return dict(id2label=dict(enumerate(names)), label2id={name: index for index, name in enumerate(names)})


def prepare(name, model_class, seed, max_length=64, lower_case=True, head_gain=4.0, **settings):
    """The folder, its model and its tokenizer, both read back from there."""
    folder = fresh_folder("answers", name)
    distil = model_class.__name__.startswith("Distil")
    words = tokenizer(folder, DistilBertTokenizerFast if distil else BertTokenizerFast, max_length, lower_case)
    if distil:
        config = DistilBertConfig(dim=24, n_layers=1, n_heads=2, hidden_dim=48)
    else:
        config = BertConfig(hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=48)
    config.update(dict(vocab_size=len(words), max_position_embeddings=max_length, pad_token_id=words.pad_token_id))
    config.update(settings)
    model = randomise(model_class(config), seed, head_gain=head_gain)
    # Quiet special tokens: what is read at [CLS] and [MASK] should come from the text.
    embeddings = model.base_model.embeddings.word_embeddings.weight.data
    embeddings[words.all_special_ids] *= 0.1
    if hasattr(model, "qa_outputs"):
        # But [CLS], as "there is no answer", competes with the spans.
        embeddings[words.cls_token_id] = NO_ANSWER * nn.functional.normalize(model.qa_outputs.weight.data.sum(0), dim=0)
    centre(model, words)
    model.save_pretrained(folder)
    model = model_class.from_pretrained(folder, attn_implementation="eager").eval()
    return folder, model, words


@torch.no_grad()
def centre(model, words):
    """Moves the bias of a classifying head so that no label wins everywhere."""
    head = getattr(model, "classifier", None) or getattr(getattr(model, "cls", None), "seq_relationship", None)
    if head is not None:
        model.eval()
        logits = [model(**words(text, truncation=True, return_tensors="pt")).logits for text in TEXTS]
        head.bias -= torch.cat([rows.reshape(-1, head.out_features) for rows in logits]).mean(0)


def nudged(model, seed):
    """The model with weights off by a few millionths."""
    generator = torch.Generator().manual_seed(seed)
    other = deepcopy(model)
    for parameter in other.parameters():
        parameter.data *= 1 + NUDGE * torch.randn(parameter.shape, generator=generator)
    return other


def same(value, other):
    """Whether two answers are equal, with numbers as near as tests may ask for."""
    if isinstance(value, float):
        return abs(value - other) < TOLERANCE
    if isinstance(value, dict):
        return value.keys() == other.keys() and all(same(value[key], other[key]) for key in value)
    if isinstance(value, list):
        return len(value) == len(other) and all(map(same, value, other))
    return value == other


def task_pipeline(task, model, words):
    return pipeline(task, model=model, tokenizer=words, device="cpu")


# ---- Answers --------------------------------------------------------------------------------------------------------


def with_bytes(text, start, end):
    """Offsets in characters, as pipelines give them, and in UTF-8 bytes."""
    byte_start, byte_end = (len(text[:index].encode()) for index in (start, end))
    return dict(start=start, end=end, start_byte=byte_start, end_byte=byte_end)


def classify_cases(model, words, texts):
    """Per text, or pair: the logits, and the scores of each function, in the order of the labels."""
    run = task_pipeline("text-classification", model, words)
    order = [model.config.id2label[index] for index in range(model.config.num_labels)]
    for text, pair in texts:
        inputs = dict(text=text) if pair is None else dict(text=text, text_pair=pair)
        case = dict(inputs)
        for function in ("softmax", "sigmoid", "none"):
            answers = run(inputs, function_to_apply=function, top_k=None, truncation=True)
            scores = {answer["label"]: answer["score"] for answer in answers}
            case["raw" if function == "none" else function] = [scores[label] for label in order]
        for temperature in (0.5, 2.0):
            case[f"softmax_{temperature}"] = (torch.tensor(case["raw"]) / temperature).softmax(0).tolist()
        yield case


@torch.no_grad()
def next_sentence_cases(model, words, texts):
    """There is no pipeline for it."""
    for text, pair in texts:
        logits = model(**words(text, pair, truncation=True, return_tensors="pt")).logits[0]
        yield dict(text=text, text_pair=pair, softmax=logits.softmax(0).tolist(), raw=logits.tolist())


def rerank_cases(model, words):
    """The raw number of a single label, the probability of the second of two."""
    texts = [(QUERY, document) for document in DOCUMENTS]
    one = model.config.num_labels == 1
    scores = [case["raw"][0] if one else case["softmax"][1] for case in classify_cases(model, words, texts)]
    yield dict(query=QUERY, documents=DOCUMENTS, scores=scores)


def span(text, answer):
    label = answer.get("entity", answer.get("entity_group"))
    return dict(label=label, score=float(answer["score"]), **with_bytes(text, answer["start"], answer["end"]))


def tag_cases(model, words):
    """Each strategy, with the spans outside of any entity; by default the pipeline leaves those labelled "O" out."""
    run = task_pipeline("token-classification", model, words)
    for text in TEXTS:
        for strategy in ("none", "simple", "first", "average", "max"):
            everything = run(text, aggregation_strategy=strategy, ignore_labels=[])
            spans = [span(text, answer) for answer in everything]
            inside = [span(text, answer) for answer in run(text, aggregation_strategy=strategy)]
            assert inside == [one for one in spans if one["label"] != "O"]
            yield dict(text=text, aggregation=strategy, spans=spans)


ANSWER_OPTIONS = [
    dict(),
    dict(top_k=5),
    dict(top_k=3, max_answer_len=1),
    dict(top_k=5, max_answer_len=40),
    dict(top_k=5, max_seq_len=48, doc_stride=16),
    dict(top_k=5, max_seq_len=32, doc_stride=4, max_answer_len=5),
    dict(top_k=1, handle_impossible_answer=True),
    dict(top_k=5, handle_impossible_answer=True, max_seq_len=64),
]


def answer_cases(model, words):
    """Options by the names of the pipeline; absent ones have its defaults."""
    run = task_pipeline("question-answering", model, words)
    for question, context in QUESTIONS:
        for options in ANSWER_OPTIONS:
            answers = run(question=question, context=context, **options)
            answers = answers if isinstance(answers, list) else [answers]
            # With fewer spans than asked for, the pipeline adds spans with the score 0, in no order.
            answers = [answer for answer in answers if answer["score"] > 0]
            yield dict(
                question=question,
                context=context,
                options=options,
                answers=[
                    dict(score=a["score"], text=a["answer"], **with_bytes(context, a["start"], a["end"]))
                    for a in answers
                ],
            )


def fill_cases(model, words):
    """Per mask, in order, the best tokens."""
    run = task_pipeline("fill-mask", model, words)
    for text in MASKED:
        for top_k in (1, 5):
            masks = run(text, top_k=top_k, tokenizer_kwargs=dict(truncation=True))
            masks = masks if isinstance(masks[0], list) else [masks]
            pieces = words.convert_ids_to_tokens
            masks = [
                [dict(token=c["token"], piece=pieces(c["token"]), score=c["score"]) for c in mask] for mask in masks
            ]
            yield dict(text=text, top_k=top_k, masks=masks)


@torch.no_grad()
def embed_cases(model, words):
    """Every pooling, without and with normalisation; the first 8 dimensions, normalised after the cut."""
    for text in TEXTS:
        output = model(**words(text, truncation=True, return_tensors="pt"))
        states = output.last_hidden_state[0]
        pooled = dict(mean=states.mean(0), cls=states[0], max=states.max(0).values, pooler=output.pooler_output[0])
        case = dict(text=text) | {name: vector.tolist() for name, vector in pooled.items()}
        case["model"] = (states[0] / states[0].norm()).tolist()
        case["mean_first_8"] = (pooled["mean"][:8] / pooled["mean"][:8].norm()).tolist()
        yield case


def sentence_transformers_files(folder, hidden_size, max_length):
    """A folder that asks for the first token, of length one, and shorter texts than the model could take."""
    kinds = dict(Transformer="", Pooling="1_Pooling", Normalize="2_Normalize")
    modules = [
        dict(idx=index, name=str(index), path=path, type=f"sentence_transformers.models.{kind}")
        for index, (kind, path) in enumerate(kinds.items())
    ]
    write_json(folder / "modules.json", modules)
    write_json(folder / "sentence_bert_config.json", dict(max_seq_length=max_length, do_lower_case=False))
    (folder / "1_Pooling").mkdir()
    modes = dict(cls_token=True, mean_tokens=False, max_tokens=False, mean_sqrt_len_tokens=False)
    pooling = {f"pooling_mode_{mode}": value for mode, value in modes.items()}
    write_json(folder / "1_Pooling" / "config.json", dict(word_embedding_dimension=hidden_size, **pooling))


# ---- Making them ----------------------------------------------------------------------------------------------------


def singles():
    return [(text, None) for text in TEXTS]


PEOPLE = labels("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
MIXED = labels("O", "PER", "B-LOC", "I-LOC", "B-MISC-X")

ANSWERS = {
    # name: (class, settings, task, cases)
    "classify": (
        BertForSequenceClassification,
        labels("negative", "neutral", "positive"),
        "classify",
        lambda *made: classify_cases(*made, singles()),
    ),
    "classify-multi-label": (
        BertForSequenceClassification,
        labels("toxic", "obscene", "threat", "insult") | dict(problem_type="multi_label_classification"),
        "classify",
        lambda *made: classify_cases(*made, singles()),
    ),
    "classify-one-label": (
        BertForSequenceClassification,
        dict(num_labels=1),
        "classify",
        lambda *made: classify_cases(*made, singles()),
    ),
    "classify-pairs": (
        BertForSequenceClassification,
        labels("entailment", "neutral", "contradiction"),
        "classify",
        lambda *made: classify_cases(*made, PAIRS),
    ),
    "next-sentence": (
        BertForNextSentencePrediction,
        {},
        "classify",
        lambda *made: next_sentence_cases(*made, PAIRS),
    ),
    "rerank-one-label": (BertForSequenceClassification, dict(num_labels=1), "rerank", rerank_cases),
    "rerank-two-labels": (BertForSequenceClassification, labels("no", "yes"), "rerank", rerank_cases),
    "tag": (BertForTokenClassification, PEOPLE, "tag", tag_cases),
    "tag-cased": (DistilBertForTokenClassification, MIXED | dict(lower_case=False), "tag", tag_cases),
    "answer": (BertForQuestionAnswering, dict(max_length=128), "answer", answer_cases),
    "answer-distilbert": (DistilBertForQuestionAnswering, dict(max_length=96), "answer", answer_cases),
    "fill": (BertForMaskedLM, {}, "fill", fill_cases),
    "fill-distilbert": (DistilBertForMaskedLM, dict(lower_case=False), "fill", fill_cases),
    "embed": (BertModel, {}, "embed", embed_cases),
}


def make(name, seed):
    model_class, settings, task, cases = ANSWERS[name]
    folder, model, words = prepare(name, model_class, seed, **settings)
    if task == "embed":
        words.model_max_length = 32
        sentence_transformers_files(folder, model.config.hidden_size, words.model_max_length)
    pairs = zip(cases(model, words), cases(nudged(model, seed + 1), words))
    made = [case for case, other in pairs if same(case, other)]
    write_cases(folder / "answers.json", made, task=task)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"{name}: {len(made)} cases, {len(words)} pieces, {size / 1000:.0f} kB")


if __name__ == "__main__":
    check_versions()
    for index, name in enumerate(ANSWERS):
        make(name, SEED + 10 * index)
