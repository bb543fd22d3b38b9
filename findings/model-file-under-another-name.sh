#!/bin/sh
# transformers 5 makes a tokenizer of five tokens of a folder whose .model file has not the name that its class looks for.
#
# XLMRobertaTokenizer looks for sentencepiece.bpe.model. In a folder with the same file as spiece.model, 4.57.6 raises an error, whose text
# does not name the file; 5.24.0 opens the folder, with the five special tokens for a vocabulary, so that every word is unknown. Nothing is
# written to a log.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cat > "$work/ask.py" <<'PYTHON'
import io, pathlib, sys
import sentencepiece, transformers

texts = ["the old lighthouse keeper repairs a brass clock", "a glass of water costs three euros", "every winter the sea is grey"] * 20
trained = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(texts), model_writer=trained, vocab_size=36, model_type="unigram", minloglevel=9)
for name in ["sentencepiece.bpe.model", "spiece.model"]:
    folder = pathlib.Path(sys.argv[1]) / name.partition(".")[0]
    folder.mkdir(parents=True)
    (folder / name).write_bytes(trained.getvalue())
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "XLMRobertaTokenizer"}')
    (folder / "config.json").write_text('{"model_type": "xlm-roberta"}')
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        ids = tokenizer("the old clock", add_special_tokens=False).input_ids
        found = f"{len(tokenizer)} tokens, unknown: {set(ids) == {tokenizer.unk_token_id}}"
    except Exception as error:
        found = type(error).__name__
    print(transformers.__version__, f"{name}: {found}")
PYTHON
for version in 4.57.6 5.24.0; do
    python3 -m venv "$work/$version"
    "$work/$version/bin/pip" install -q "transformers==$version" sentencepiece==0.2.3 protobuf==7.36.2
    "$work/$version/bin/python" -W ignore "$work/ask.py" "$work/folder-$version" 2>/dev/null | tee -a "$work/found"
done
cat > "$work/expected" <<'TEXT'
4.57.6 sentencepiece.bpe.model: 38 tokens, unknown: False
4.57.6 spiece.model: AttributeError
5.24.0 sentencepiece.bpe.model: 38 tokens, unknown: False
5.24.0 spiece.model: 5 tokens, unknown: True
TEXT
diff "$work/expected" "$work/found" && echo "as found on 2026-11-29"
