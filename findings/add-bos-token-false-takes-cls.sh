#!/bin/sh
# add_bos_token: false, which transformers 4 wrote into ALBERT's folders and looked at nowhere, takes [CLS] and [SEP] from texts in 5.
#
# Beside a spiece.model, 5.24.0 replaces the class's template by one of the flags add_bos_token and add_eos_token where
# tokenizer_config.json has either, whatever it is; with both false nothing is left. Beside a tokenizer.json it is passed over. 4.57.6
# passes it over everywhere.
set -eu
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
cat > "$work/ask.py" <<'PYTHON'
import io, json, pathlib, sys
import sentencepiece, transformers

texts = ["the old lighthouse keeper repairs a brass clock", "a glass of water costs three euros", "every winter the sea is grey"] * 20
trained = io.BytesIO()
sentencepiece.SentencePieceTrainer.train(
    sentence_iterator=iter(texts), model_writer=trained, vocab_size=40, model_type="unigram", minloglevel=9,
    control_symbols=["[CLS]", "[SEP]", "[MASK]"], pad_id=0, unk_id=1, bos_id=-1, eos_id=-1)
for flags in [{}, {"add_bos_token": False}]:
    folder = pathlib.Path(sys.argv[1]) / str(len(flags))
    folder.mkdir(parents=True)
    (folder / "spiece.model").write_bytes(trained.getvalue())
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "AlbertTokenizer", **flags}))
    tokens = transformers.AutoTokenizer.from_pretrained(folder)("the old clock").tokens()
    print(transformers.__version__, f"{flags}: first {tokens[0]}, last {tokens[-1]}")
PYTHON
for version in 4.57.6 5.24.0; do
    python3 -m venv "$work/$version"
    "$work/$version/bin/pip" install -q "transformers==$version" sentencepiece==0.2.3 protobuf==7.36.2
    "$work/$version/bin/python" -W ignore "$work/ask.py" "$work/folder-$version" 2>/dev/null | tee -a "$work/found"
done
cat > "$work/expected" <<'TEXT'
4.57.6 {}: first [CLS], last [SEP]
4.57.6 {'add_bos_token': False}: first [CLS], last [SEP]
5.24.0 {}: first [CLS], last [SEP]
5.24.0 {'add_bos_token': False}: first ▁th, last k
TEXT
diff "$work/expected" "$work/found" && echo "as found on 2026-11-29"
