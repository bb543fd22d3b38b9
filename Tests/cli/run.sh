#!/bin/bash
# Runs every subcommand on the golden models: what it prints, --json, its exit code, where texts come from, and who reads.
#
#     Tests/cli/run.sh            needs `swift build -c release --product limbeck`, and python3 to read JSON
#
# Environment: LIMBECK, the program to test (default: that of the release build).
set -u
cd "$(dirname "$0")/../.."
limbeck=${LIMBECK:-$("${SWIFT:-swift}" build -c release --show-bin-path)/limbeck}
golden=Tests/golden/answers
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
failed=0

pass() { passed=$((passed + 1)); echo "PASS $1"; }
fail() { failed=$((failed + 1)); echo "FAIL $1"; sed 's/^/     /' "$work/out" "$work/err"; }

# run ARGUMENTS: standard output, standard error and exit code are kept for the checks below. Standard input is empty.
run() { "$limbeck" "$@" > "$work/out" 2> "$work/err" < "${input:-/dev/null}"; code=$?; }

# succeeds NAME PATTERN: the last run ended with 0, wrote nothing to standard error, and its output has the pattern.
succeeds() {
    if [ $code = 0 ] && [ ! -s "$work/err" ] && grep -qE -- "$2" "$work/out"; then pass "$1"; else fail "$1 (exit code $code)"; fi
}

# refuses NAME CODE PATTERN: it ended with that code, printed nothing, and gave one line with the pattern.
refuses() {
    if [ $code = "$2" ] && [ ! -s "$work/out" ] && [ "$(wc -l < "$work/err")" = 1 ] && grep -qE "^limbeck: .*$3" "$work/err"; then
        pass "$1"
    else
        fail "$1 (exit code $code)"
    fi
}

# holds NAME EXPRESSION: in Python, over `lines`, the JSON objects the last run printed.
holds() {
    if [ $code = 0 ] && python3 - "$work/out" "$2" << 'PYTHON' 2>> "$work/err"
import json, sys
lines = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
sys.exit(0 if eval(sys.argv[2]) else "does not hold: " + sys.argv[2])
PYTHON
    then pass "$1"; else fail "$1 (exit code $code)"; fi
}

# agrees FOLDER TASK: what --json prints for every case of a golden file, against transformers.
agrees() {
    : > "$work/out"
    if python3 Tests/cli/golden.py "$limbeck" "$golden/$1" 2> "$work/err"; then pass "$1 as transformers"; else fail "$1 as transformers"; fi
}

# ---- Help and version

run --version
succeeds "--version is the header's" "^$(sed -n 's/^#define LIMBECK_VERSION_[A-Z]* \([0-9]*\)$/\1/p' include/limbeck.h | paste -sd .)$"
run --help
succeeds "--help lists the questions" "embed"
for command in embed search classify rerank tag answer fill tokenize inspect bench calibrate keys pack verify distil; do
    run "$command" --help
    succeeds "$command --help has an example" "limbeck $command "
done

# ---- Answers, against the golden files

for folder in embed classify classify-multi-label classify-one-label classify-pairs next-sentence rerank-one-label \
    rerank-two-labels tag tag-cased tag-roberta answer answer-distilbert answer-roberta fill \
    fill-distilbert fill-roberta fill-modernbert; do
    agrees "$folder"
done

# ---- Output for people

run embed $golden/embed "a text"
succeeds "embed abbreviates vectors" '^\[( *-?[0-9.]+){4} … [0-9]+\]  a text$'
run embed $golden/embed --dimensions 3 --pooling max --no-normalize "a text"
succeeds "embed --dimensions, --pooling, --no-normalize" '^\[( *-?[0-9.]+){3}\]  a text$'
run classify $golden/classify --top 1 "a text"
succeeds "classify --top" '^   *[0-9.]+  [A-Za-z_0-9]+$'
run classify $golden/classify-pairs "a text" --pair "another"
succeeds "classify --pair" '^a text \| another$'
run rerank $golden/rerank-one-label "query" "one" "two" "three" --top 2
succeeds "rerank --top" '^ *-?[0-9.]+  (one|two|three)$'
run tag $golden/tag "Angela Merkel met Émile Zola in São Paulo."
succeeds "tag" '^  [01]\.[0-9]{4}  [0-9]+-[0-9]+'
run answer $golden/answer --question "Who?" --context "Angela Merkel met Émile Zola." --top 2
succeeds "answer" '^[0-9.]+  [0-9]+-[0-9]+ '
run fill $golden/fill "This is a [MASK]." --top 2
succeeds "fill" '^  0\.[0-9]{4}  '
run tokenize $golden/embed "a text"
succeeds "tokenize shows ids and tokens" '^ +[0-9]+ .*\[CLS\]$'
run tokenize $golden/embed/vocab.txt --no-special-tokens "a text"
succeeds "tokenize with a vocab.txt" '0-1'
run inspect $golden/tag
succeeds "inspect says what it can answer" '^answers +embed, tag$'
succeeds "inspect lists the tensors" 'embeddings.word_embeddings.weight +F32 +\[[0-9]+, [0-9]+\]'
run inspect Tests/golden/models/bert-sequence-3 --no-tensors
succeeds "inspect without a tokenizer" '^tokenizer +none'
run inspect Tests/golden/gguf/Q4_0.gguf
succeeds "inspect takes a GGUF file" '^  blk\.1\.ffn_down\.weight +Q4_0 +\[32, 64\]'
run embed Tests/golden/gguf/Q4_0.gguf "a text"
succeeds "embed takes a GGUF file" '-?[0-9]\.[0-9]'
run inspect Tests/golden/gguf/vocab.txt
refuses "a file that is no GGUF file" 66 "not a folder, and neither a pack nor a GGUF file"
run bench $golden/embed --shapes 1x8,4x16 --threads 1,2 --seconds 0
succeeds "bench" '^4x16 +2 threads +[0-9.]+ ms'
printf 'a red car\nthe blue sea\na fast vehicle\n' > "$work/lines"
run search $golden/embed --file "$work/lines" "a red car" --top 2
succeeds "search ranks the same text first" '^  1\. 1\.0000  a red car$'

# ---- Prompts, and what else sentence-transformers' folders say

sentences=Tests/golden/cases/sentences
run embed $sentences/prompts --json --prompt "" "find the old lighthouse"
cp "$work/out" "$work/joined"
run embed $sentences/prompts --json --prompt "find the old light" "house"
holds "embed --prompt is part of the text" "lines[0]['vector'] == json.load(open('$work/joined'))['vector']"
run embed $sentences/prompts --json "house"
holds "embed puts the default prompt" "lines[0]['vector'] == json.load(open('$work/joined'))['vector']"
run embed $sentences/prompts --json --prompt-name query "house"
holds "embed --prompt-name" "lines[0]['vector'] == json.load(open('$work/joined'))['vector']"
run embed $sentences/prompts --prompt-name nobody "house"
refuses "embed with a prompt that is not there" 64 "no prompt 'nobody'; it has 'query', 'document', 'empty', 'passage'"
run embed $sentences/prompts --prompt a --prompt-name query "house"
refuses "embed with two prompts" 64 "not both"
run embed $sentences/poolings --pooling lasttoken "house"
refuses "embed --pooling of a model with six" 65 "6 poolings side by side"
run rerank $sentences/cross-encoder --json "house" "the light" "water"
holds "rerank of a cross-encoder's folder" "all(0 < line['score'] < 1 for line in lines)"
run rerank $sentences/cross-encoder --json --prompt "" "find the lighthouse" "the light" "water"
cp "$work/out" "$work/joined"
run rerank $sentences/cross-encoder --json --prompt-name query "house" "the light" "water"
holds "rerank --prompt-name" "lines == [json.loads(line) for line in open('$work/joined')]"
run inspect $sentences/stages --no-tensors
succeeds "inspect shows how vectors are made" \
    '^vectors +mean, dense 8 to 12, tanh, layer norm, dense 12 to 12, identity, plus what it had, length 1, length 1, cut to 7: 7 numbers'
run inspect $sentences/prompts --no-tensors
succeeds "inspect shows prompts" '^prompt +query: find the old light  \(by default\)$'
run inspect $sentences/cross-encoder-labels --json --no-tensors
holds "inspect --json" "lines[0]['scores'] == 'softmax' and lines[0]['max_length'] == 8 and lines[0]['prompts'] == {}"
run inspect $sentences/truncated --no-tensors
succeeds "inspect shows the similarity" '^vectors +mean, length 1, cut to 5: 5 numbers, compared by dot$'
printf 'the light house\nwater\nclock\n' > "$work/lines"
# The student that the repository carries, by which `make demo` searches.
run verify students/search/student.limbeck
succeeds "the repository's student is whole" '^students/search/student.limbeck: whole$'
run search students/search/student.limbeck --file examples/search/packages.txt "find broken references on my homepage" --top 1
succeeds "the repository's student searches" '^  1\. 0\.[0-9]+  linkchecker: '
run search students/search/student.limbeck --file examples/search/packages.txt "draw a curve through measured points" --json --top 2
holds "the repository's student ranks" "{line['text'].split(':')[0] for line in lines} == {'grace', 'quickplot'}"
run inspect students/search/student.limbeck --json
holds "the repository's student is small" "__import__('os').path.getsize('students/search/student.limbeck') <= 5_000_000"
run search $sentences/prompts-left-out --file "$work/lines" "house" --json --top 3
holds "search puts prompts" "len(lines) == 3 and lines[0]['score'] >= lines[1]['score']"
python3 - "$sentences/prompts-left-out" "$work" << 'PYTHON'
import json, pathlib, shutil, sys
source, work = map(pathlib.Path, sys.argv[1:])
shutil.copytree(source, work / "similar")
for name in ["dot", "manhattan"]:
    path = work / "similar" / "config_sentence_transformers.json"
    config = json.loads(path.read_text()) | {"similarity_fn_name": name}
    shutil.copytree(work / "similar", work / name)
    (work / name / path.name).write_text(json.dumps(config))
PYTHON
# The best of "manhattan" is no further than any other; prompts as encode_query and encode_document choose them.
run embed $sentences/prompts-left-out --json --prompt-name query "house"
cp "$work/out" "$work/query"
run embed $sentences/prompts-left-out --json --prompt-name document --file "$work/lines"
cp "$work/out" "$work/documents"
run search "$work/manhattan" --file "$work/lines" "house" --json --top 3
holds "search by manhattan" "all(abs(line['score'] + sum(abs(a - b) for a, b in zip(json.load(open('$work/query'))['vector'], [json.loads(d) for d in open('$work/documents')][line['line'] - 1]['vector']))) < 1e-5 for line in lines)"
run search "$work/dot" --file "$work/lines" "house" --json --top 3
holds "search by dot" "all(abs(line['score'] - sum(a * b for a, b in zip(json.load(open('$work/query'))['vector'], [json.loads(d) for d in open('$work/documents')][line['line'] - 1]['vector']))) < 1e-5 for line in lines)"

# ---- JSON

run embed $golden/embed --json "a" "b"
holds "embed --json: a line a text, of unit length" \
    '[x["text"] for x in lines] == ["a", "b"] and all(abs(sum(v * v for v in x["vector"]) - 1) < 1e-5 for x in lines)'
cp "$work/out" "$work/one"
# Of three layers, two: the first two, and floor(i / 0.67).
run embed $golden/fill-modernbert --layers 2 --json "hello world"
holds "--layers 2 gives a vector" "len(lines) == 1"
cp "$work/out" "$work/two"
run embed $golden/fill-modernbert --depth 0.67 --json "hello world"
if cmp -s "$work/two" "$work/out"; then pass "--layers 2 and --depth 0.67 of three are the same"; else fail "--layers and --depth"; fi
run embed $golden/fill-modernbert --json "hello world"
holds "all layers give a vector" "len(lines) == 1"
if cmp -s "$work/two" "$work/out"; then fail "--layers 2 changes nothing"; else pass "two layers are not three"; fi

# Exits, against what the package fastbert says.
exits=Tests/golden/adaptive/fastbert-package
run classify $exits --json --exit-threshold 0.5 "the tool" "机器学习 and text"
holds "classify --exit-threshold: labels and layers of the package" \
    'all([x["labels"][0]["label"], x["layers"]] == y["speeds"]["0.5"] for x in lines for y in json.load(open("'$exits'/expected.json")) if x["text"] == y["text"]) and [x["layers"] for x in lines] == [1, 3]'
run classify $exits --json --exit-patience 1 "the tool"
holds "classify --exit-patience" 'lines[0]["layers"] in (2, 3)'
run classify $exits --exit-threshold 0 --exit-threshold 1 "the tool"
succeeds "a threshold for each exit" '^the tool  \(2 of 3 layers\)$'
run classify $exits --json "the tool"
holds "without a threshold no layers are told" '"layers" not in lines[0]'
python3 -c 'import json; print(*(x["speeds"]["0.0"][0] + "\t" + x["text"] for x in json.load(open("'$exits'/expected.json"))), sep="\n")' > "$work/labelled"
run calibrate $exits "$work/labelled" --json --drop 10 --picture "$work/curve.svg"
holds "calibrate: all texts, the full accuracy, and a choice of fewer layers" \
    'lines[0]["texts"] == 12 and lines[0]["full"]["accuracy"] == 1 and lines[0]["chosen"]["layers"] < 3 and lines[0]["chosen"]["accuracy"] >= 0.9 and lines[0]["chosen"]["low"] < 0.9'
# The chosen threshold gives what calibrate says.
threshold=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["chosen"]["threshold"])' "$work/out")
cp "$work/out" "$work/calibration"
cut -f 2 "$work/labelled" > "$work/labelled.texts"
run classify $exits --json --file "$work/labelled.texts" --exit-threshold "$threshold"
holds "calibrate: the layers of its choice" 'abs(sum(x["layers"] for x in lines) / 12 - json.load(open("'$work'/calibration"))["chosen"]["layers"]) < 1e-9'
if python3 -c 'import sys, xml.dom.minidom; assert xml.dom.minidom.parse(sys.argv[1]).getElementsByTagName("polyline")' "$work/curve.svg"; then
    pass "calibrate --picture"
else
    fail "calibrate --picture"
fi
run calibrate $exits "$work/labelled" --patience
succeeds "calibrate --patience" '^12 texts, 3 layers, patience$'
# A pack keeps the choice, and calls obey it.
cp "$work/labelled" "$work/chosen"
run pack $exits "$work/exits.limbeck" --precision f32
run calibrate "$work/exits.limbeck" "$work/chosen" --json --drop 10 --write "$work/exits.limbeck"
holds "calibrate --write" 'lines[0]["chosen"]["threshold"] == '"$threshold"
run verify "$work/exits.limbeck"
succeeds "verify after calibrate --write" ""
run inspect "$work/exits.limbeck" --json --no-tensors
holds "inspect: the default of a pack" 'abs(lines[0]["exit_threshold"] - '"$threshold"') < 1e-6 and lines[0]["exit_patience"] is None'
run classify "$work/exits.limbeck" --json --file "$work/labelled.texts"
holds "the layers of the default" 'abs(sum(x["layers"] for x in lines) / 12 - json.load(open("'$work'/calibration"))["chosen"]["layers"]) < 1e-9'
run classify "$work/exits.limbeck" --json --exit-rule never "the tool"
holds "--exit-rule never" 'lines[0]["layers"] == 3'
run calibrate "$work/exits.limbeck" "$work/chosen" --write $exits
refuses "calibrate --write to a folder" 65 "not a pack"
# Without exits: widths and depths.
printf 'a\thello world\nb\twho is in paris?\n' > "$work/parts"
run inspect $golden/classify --json --no-tensors
sed -n 's/.*"labels":\["\([^"]*\)","\([^"]*\)".*/\1\thello world\n\2\twho is in paris?/p' "$work/out" > "$work/parts"
run calibrate $golden/classify "$work/parts" --json --widths 1,0.5 --depths 1
holds "calibrate: widths" '[x["width"] for x in lines[0]["rows"]] == [1, 0.5] and lines[0]["rows"][1]["heads"] == 1 and lines[0]["chosen"]'
run calibrate $golden/classify "$work/parts" --widths 1 --depths 1
succeeds "calibrate: the table of widths" '^width  depth  heads  layers  accuracy'
run calibrate $golden/classify "$work/parts" --json
holds "calibrate: of the usual widths and depths those that two heads and one layer have" \
    '[(x["width"], x["depth"], x["heads"], x["layers"]) for x in lines[0]["rows"]] == [(w, d, h, 1) for w, h in ((1, 2), (0.75, 2), (0.5, 1)) for d in (1, 0.75)]'
run calibrate $golden/classify "$work/parts" --widths 0.25
refuses "calibrate with a width of no head" 64 "width leaves none"
run calibrate $exits "$work/chosen" --widths 0.5
refuses "widths of a model with exits" 65 "the model has exits"
run calibrate $golden/classify "$work/parts" --widths 1 --depths 2
refuses "calibrate with a depth of two" 64 "depth"
run calibrate $golden/classify "$work/parts" --picture x.svg
refuses "a picture without exits" 65 "has no exits"
printf 'no\ttext\nmaybe\ttext\n' > "$work/labelled"
run calibrate $exits "$work/labelled"
refuses "calibrate with an unknown label" 65 "labelled:2: the label maybe, expected one of the model's: yes, no, perhaps"
run classify $exits --exit-threshold -1 a
refuses "a negative threshold" 64 "threshold"
run classify $golden/classify --exit-threshold 0.5 a
refuses "a threshold without exits" 65 "has no exits"

run embed $golden/embed --json "a" "b" --threads 2 --max-tokens 64 --kernels portable
if cmp -s "$work/out" "$work/one"; then pass "threads, max-tokens and kernels change no digit"; else fail "threads, max-tokens and kernels change no digit"; fi
run tokenize $golden/embed --json --pair "b c" "a"
holds "tokenize --json" 'len({len(lines[0][k]) for k in ("ids", "types", "tokens", "offsets")}) == 1 and lines[0]["pair"] == "b c" and 1 in lines[0]["types"]'
run inspect $golden/classify --json
holds "inspect --json" 'lines[0]["answers"] == ["embed", "classify"] and lines[0]["tensors"] and lines[0]["session"]["memory_bytes"] > 0'
run bench $golden/embed --shapes 2x8 --threads 1 --seconds 0 --texts "$work/lines" --json
holds "bench --json" '[x["kind"] for x in lines] == ["shape", "texts", "tokenizer"] and lines[0]["tokens"] == 16 and all(x["median_ms"] > 0 for x in lines)'
run search $golden/embed --file "$work/lines" "sea" "car" --json
holds "search --json" 'len(lines) == 6 and [x["rank"] for x in lines] == [1, 2, 3] * 2'
run tokenize $golden/embed --json $'quote " backslash \\ tab \t bell \a'
holds "control characters in JSON" 'lines[0]["text"] == "quote \" backslash \\ tab \t bell \a"'

# ---- Packs

run pack --help
succeeds "pack --help names the default" 'by default int8'
run pack Tests/golden/models/bert-sequence-3 "$work/model.limbeck" --precision f32
succeeds "pack says what it wrote" '^.*model\.limbeck: f32, [0-9.]+ KB$'
run verify "$work/model.limbeck"
succeeds "verify" 'whole$'
run inspect "$work/model.limbeck"
succeeds "inspect shows a pack's precision" '^precision +f32$'
run pack Tests/golden/models/bert-sequence-3 "$work/int8.limbeck" --json
holds "pack --json, as int8 by default" 'lines[0]["precision"] == "int8" and lines[0]["bytes"] > 0'
run inspect "$work/int8.limbeck" --json
holds "inspect --json of a pack" 'lines[0]["precision"] == "int8" and lines[0]["opening_ms"] > 0 and lines[0]["private_bytes"] < 4096'
if command -v script > /dev/null; then
    script -qec "'$limbeck' pack Tests/golden/models/bert-sequence-3 '$work/int8.limbeck'" /dev/null < /dev/null > "$work/out" 2> "$work/err"
    code=$?
    # What was shown is wiped out before the result stands in its place.
    succeeds "pack on a terminal says what it is at" $'Choosing the packed weights, [0-9]+ %.*\r\x1b\\[K[^\r]*int8\\.limbeck: int8, '
fi
run pack Tests/golden/models/bert-sequence-3 "$work/nowhere/model.limbeck" --precision f32
refuses "a folder that is not there" 74 nowhere
run pack "$work/model.limbeck" "$work/again.limbeck"
refuses "a pack of a pack" 65 "a pack already"
printf 'x' | dd of="$work/model.limbeck" bs=1 seek=$(($(wc -c < "$work/model.limbeck") / 2)) conv=notrunc 2> /dev/null
run verify "$work/model.limbeck"
refuses "a damaged pack" 65 checksum

# ---- The documentation of keys

cp docs/models.md "$work/models.md"
LIMBECK=$limbeck scripts/document-keys.sh "$work/models.md" > "$work/out" 2> "$work/err"
if cmp -s docs/models.md "$work/models.md"; then
    pass "docs/models.md has what limbeck keys prints"
else
    diff docs/models.md "$work/models.md" > "$work/out"
    fail "docs/models.md has what limbeck keys prints; scripts/document-keys.sh writes it"
fi

# ---- Where texts come from

printf 'first\r\n\nlast' > "$work/texts"
run tokenize $golden/embed --json --file "$work/texts"
holds "--file: lines of any ending, empty ones kept" '[x["text"] for x in lines] == ["first", "", "last"]'
input=$work/texts run tokenize $golden/embed --json
holds "standard input without arguments" 'len(lines) == 3'
input=$work/texts run tokenize $golden/embed --json -
holds "standard input by -" 'len(lines) == 3'
input=$work/texts run answer $golden/answer --question "Who?" --json
holds "answer takes all of standard input" 'len(lines) == 1'
run embed $golden/embed --json
holds "no texts, no lines" 'lines == []'
printf '\xef\xbb\xbffirst\n\xef\xbb\xbfsecond\n' > "$work/texts"
run tokenize $golden/embed --json --file "$work/texts"
holds "a byte order mark is not part of the first text; elsewhere it is text" '[x["text"] for x in lines] == ["first", "\ufeffsecond"]'
input=$work/texts run tokenize $golden/embed --json
holds "nor on standard input" '[x["text"] for x in lines] == ["first", "\ufeffsecond"]'
printf '\xef\xbb\xbfAngela Merkel met him.' > "$work/texts"
run answer $golden/answer --question "Who?" --file "$work/texts" --json
holds "nor of a context, whose offsets begin after it" 'len(lines) == 1 and lines[0]["end"] <= 22 and "\ufeff" not in lines[0]["text"]'
printf '\xef\xbb\xbf' > "$work/texts"
run tokenize $golden/embed --json --file "$work/texts"
holds "a file of a byte order mark alone is an empty text" '[x["text"] for x in lines] == [""]'
printf '\xff\xfea\0\n\0' > "$work/texts"
run tokenize $golden/embed --json --file "$work/texts"
refuses "UTF-16 is no text" 65 "texts: UTF-16, expected UTF-8"
run tokenize $golden/embed --json -- -h --help -x - --
holds "after -- all is text, -h too" '[x["text"] for x in lines] == ["-h", "--help", "-x", "-", "--"]'
run embed $golden/embed -- -h
succeeds "embed takes -h for a text after --" '^\[.*\]  -h$'
run rerank $golden/rerank-one-label --json -- -query --help
holds "rerank takes a query and a document that begin with a dash" '[x["text"] for x in lines] == ["--help"]'
run tokenize $golden/embed --json --pair -h -- a
holds "an option's text may begin with a dash" 'lines[0]["pair"] == "-h"'
run answer $golden/answer --question -h --context "-5 degrees" --json
holds "a question and a context, too" 'len(lines) == 1'
printf 'a \xff\xfe b \xed\xa0\x80\0 c\n' > "$work/texts"
run tokenize $golden/embed --json --file "$work/texts"
holds "bytes that are not UTF-8" 'lines[0]["text"].startswith("a \ufffd\ufffd b ") and "\0" in lines[0]["text"]'
run classify $golden/classify-pairs --pairs --json $'one\ttwo'
holds "classify --pairs splits at the tab" 'lines[0]["text"] == "one" and lines[0]["pair"] == "two"'
yes "a line of text" | head -1000 > "$work/texts"
run embed $golden/embed --json --file "$work/texts"
holds "a thousand lines, all the same vector" 'len(lines) == 1000 and all(x == lines[0] for x in lines)'

# ---- Failures: 64 usage, 65 data, 66 missing

run nonsense
refuses "an unknown command" 64 "unknown command 'nonsense'; expected one of embed, search, .*verify"
for pair in embd:embed tokenise:tokenize calssify:classify Rerank:rerank serach:search inspct:inspect kyes:keys; do
    run "${pair%:*}" $golden/embed a
    refuses "a misspelt command, ${pair%:*}" 64 "unknown command '${pair%:*}'; did you mean '${pair#*:}'\?"
done
run help embd
refuses "help for a misspelt command" 64 "did you mean 'embed'"
run $'\e[31m' a
refuses "a command of control characters" 64 "unknown command"
run embed
refuses "no model" 64 model
run embed $golden/embed --pooling middle a
refuses "an unknown pooling" 64 middle
run embed $golden/embed --dimensions 100000 a
refuses "too many dimensions" 64 dimensions
# Every number that an option takes, out of its range.
while read -r options pattern; do
    # shellcheck disable=SC2086
    run ${options//+/ }
    refuses "${options//+/ }" 64 "$pattern"
done << CASES
embed+$golden/embed+--threads+-1+a '-1' is invalid for '--threads <count>': expected a whole number, 0 to 256
embed+$golden/embed+--threads=-1+a '--threads <count>': expected a whole number, 0 to 256
embed+$golden/embed+--threads+257+a '--threads <count>': expected a whole number, 0 to 256
embed+$golden/embed+--threads+1.5+a '--threads <count>': expected a whole number, 0 to 256
embed+$golden/embed+--layers+0+a '--layers <count>': expected a whole number, 1 to
embed+$golden/embed+--layers+1+--depth+1+a --layers or --depth, not both
embed+$golden/embed+--threads+99999999999999999999+a '--threads <count>': expected a whole number, 0 to 256
embed+$golden/embed+--max-tokens+-1+a '--max-tokens <count>': expected a whole number, 0 to 1048576
embed+$golden/embed+--dimensions+-1+a '--dimensions <count>': expected a whole number, 0 or more
search+$golden/embed+--file+/dev/null+--top+0+a '--top <count>': expected a whole number, 1 or more
classify+$golden/classify+--top+-3+a '--top <count>': expected a whole number, 1 or more
classify+$golden/classify+--temperature+-1+a '--temperature <temperature>': expected a number above 0
classify+$golden/classify+--temperature+nan+a '--temperature <temperature>': expected a number above 0
rerank+$golden/rerank-one-label+a+b+--top+none '--top <count>': expected a whole number, 1 or more
answer+$golden/answer+--question+q+--context+c+--top+1001 '--top <count>': expected a whole number, 1 to 1000
answer+$golden/answer+--question+q+--context+c+--max-answer-length+0 '--max-answer-length <tokens>': expected a whole number, 1 or more
tokenize+$golden/embed+--max-length+-1+a '--max-length <tokens>': expected a whole number, 0 or more
bench+$golden/embed+--threads+1,-1 '--threads <counts>': expected a whole number, 0 to 256
bench+$golden/embed+--max-tokens+x '--max-tokens <count>': expected a whole number, 0 to 1048576
bench+$golden/embed+--seconds+-1 '--seconds <seconds>': expected a number, 0 or more
CASES
run embed $golden/embed -5 a
refuses "a text that looks like an option" 64 "Unknown option '-5'; a text that begins with a dash goes after --"
run embed $golden/embed --kernels neon a
refuses "kernels this CPU lacks" 64 "instruction set"
run embed $golden/embed a --file "$work/texts"
refuses "texts and a file" 64 "not both"
run fill $golden/fill --top 0 "[MASK]"
refuses "--top 0" 64 top
run bench $golden/embed --shapes 1x
refuses "a shape that is none" 64 shapes
run rerank $golden/embed a b
refuses "rerank on an embedder" 65 "embed cannot rerank, which takes a cross-encoder.*; it can embed: try limbeck embed, limbeck search"
run classify $golden/embed a
refuses "classify on an embedder" 65 "cannot classify, which takes a classifier of texts"
run rerank $golden/classify a b
refuses "rerank on a classifier" 65 "it can embed and classify: try limbeck embed, limbeck search, limbeck classify"
run tag $golden/classify a
refuses "tag on a classifier of texts" 65 "cannot tag"
run answer $golden/fill --question a --context b
refuses "answer on a masked model" 65 "cannot answer.*it can embed and fill"
run fill $golden/tag a
refuses "fill on a tagger" 65 "cannot fill"
run classify $golden/classify-pairs --pairs "no tab"
refuses "a pair without a tab" 65 tab
run fill $golden/fill "no mask"
refuses "a text without a mask" 65 "no \[MASK\]"
run embed Tests/golden/models/minilm a
refuses "a model without a tokenizer" 65 tokenizer
mkdir "$work/model"
cp -r $golden/embed/* "$work/model"
head -c 1000 $golden/embed/model.safetensors > "$work/model/model.safetensors"
run embed "$work/model" a
refuses "a file cut short" 65 safetensors
printf '{"model_type": "mamba"}' > "$work/model/config.json"
run embed "$work/model" a
refuses "an unknown family" 65 mamba
printf '{"model_type": \n' > "$work/model/config.json"
run inspect "$work/model"
refuses "JSON that ends early" 65 config.json
printf '{"model_type": "bert", "hidden_size": {}}' > "$work/model/config.json"
run embed "$work/model" a
refuses "a key of another kind" 65 "config.json: 'hidden_size' is an object at byte .*, expected an integer"
cp $golden/embed/config.json "$work/model"
cp $golden/embed/model.safetensors "$work/model"
sed -i '1,/{/s/{/{"some_thing": "x", /' "$work/model/config.json"
run inspect "$work/model"
succeeds "inspect names a key that nobody knows" "^note +config.json: 'some_thing' is not known and was ignored$"
run inspect "$work/model" --json
holds "inspect --json has the notes" 'len(lines[0]["notes"]) == 1'
sed -i '1,/{/s/{/{"rope_scale": 2, /' "$work/model/config.json"
run embed "$work/model" a
refuses "a key that may change answers" 65 "'rope_scale' is not known and may change answers"
run embed "" a
refuses "a model without a name" 66 .
run embed /dev/null a
refuses "a device for a model" 66 "/dev/null"
mkfifo "$work/fifo"
run embed "$work/fifo" a
refuses "a pipe for a model" 66 fifo
run embed "$work/texts/below" a
refuses "a path below a file" 66 below
run embed $'a\nb' a
refuses "a line break in a path" 66 "a b"
run embed "$work/nowhere" a
refuses "a missing model" 66 nowhere
run tokenize "$work/nowhere" a
refuses "a missing tokenizer" 66 nowhere
run embed $golden/embed --file "$work/nowhere"
refuses "a missing file" 66 nowhere
run embed $golden/embed --file "$work"
refuses "a folder for a file" 66 "directory"

# ---- Training

python3 scripts/loss-case.py Tests/golden/losses/hinton "$work/hinton"
distil() { run distil "$work/hinton/recipe.json" --set stages.0.optimizer.learning_rate=0.001 --set 'record_gradients=[]' "$@"; }
distil --plan
succeeds "distil --plan" "^stage 'hinton': 3 steps, which train 17,821 parameters$"
[ ! -e "$work/hinton/output/model.safetensors" ] || { : > "$work/out"; fail "distil --plan trains nothing"; }
distil
succeeds "distil" '/output: a student of 17,821 parameters, after [0-9]+ s$'
succeeds "distil says how far it is, without a terminal" '^hinton, step 3 of 3, loss [0-9.]+, [0-9,]+ tokens/s$'
run classify "$work/hinton/output" a
refuses "a student of a model without a tokenizer has none either" 65 tokenizer
distil --set stages.0.losses.0.temprature=2
refuses "distil, an unknown key" 65 "recipe.json: 'stages.0.losses.0.temprature' is unknown, expected one of"
distil --set stages.0.epochs
refuses "distil --set without a value" 64 "'stages.0.epochs' has no '='"
distil --set data.tokens=nowhere
refuses "distil, missing data" 66 nowhere
run distil "$work/nowhere.json"
refuses "distil, a missing recipe" 66 nowhere

run distil --static $golden/embed "$work/static" --set student.dimensions=16 --plan
succeeds "distil --static --plan" '^student: 7,264 parameters, to .*/static$'
[ ! -e "$work/static" ] || { : > "$work/out"; fail "distil --static --plan writes nothing"; }
run distil --static $golden/embed "$work/static" --set student.dimensions=16
succeeds "distil --static" '/static: a student of 7,264 parameters, after [0-9]+ s$'
succeeds "distil --static says how far it is" '^tokens, step 454 of 454, [0-9,]+ tokens/s$'
run tokenize "$work/static" "a library"
succeeds "distil --static leaves a tokenizer" library
run distil --static $golden/embed "$work/static"
refuses "distil --static, too many components" 64 "'student.dimensions' is 256, expected at most 24, or false"
run distil --static $golden/embed
refuses "distil --static without an output" 64 "the folder of the student"
run distil "$work/hinton/recipe.json" "$work/static"
refuses "distil with a second path" 64 "only --static"

for signal in INT TERM; do
    # A run in the background would have Ctrl-C ignored: a shell of its own makes no job of it.
    rm -rf "$work/long"
    python3 - "$signal" "$limbeck" distil "$work/hinton/recipe.json" --set stages.0.steps=1000000 --set stages.0.optimizer.learning_rate=0.0001 \
        --set 'record_gradients=[]' --set "output=$work/long" > "$work/out" 2> "$work/err" << 'PYTHON'
import signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
child = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, text=True)
child.stdout.readline()
child.send_signal(getattr(signal, "SIG" + sys.argv[1]))
child.stdout.read()
sys.exit(child.wait())
PYTHON
    code=$?
    [ -e "$work/long/checkpoint.safetensors" ] || code="$code, no checkpoint"
    refuses "distil ended by SIG$signal leaves a checkpoint" 130 "of stage 'hinton'; the same command goes on from there$"
done

# Killed at any moment, a run goes on to the same bits: what kill -9 leaves is the last checkpoint, or the one before it.
kept=(--set output="$work/killed" --set checkpoint_steps=1 --set stages.0.steps=400 --set stages.0.dropout=0.1)
distil "${kept[@]}" --threads 1 --set output="$work/unharmed"
succeeds "distil, 400 steps" '/unharmed: a student of'
python3 - "$limbeck" distil "$work/hinton/recipe.json" --set stages.0.optimizer.learning_rate=0.001 --set 'record_gradients=[]' "${kept[@]}" \
    > "$work/out" 2> "$work/err" << 'PYTHON'
import os, subprocess, sys, time
# After so many lines of the log, each run in turn; the last one is left alone.
log = next(argument[7:] for argument in sys.argv if argument.startswith("output=")) + "/log.jsonl"
lines = lambda: open(log).read().count("\n") if os.path.exists(log) else 0
for end in (3, 40, 41, 150, 333):
    child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
    while lines() < end and child.poll() is None: time.sleep(0.001)
    if child.poll() is not None: sys.exit("ended by itself")
    child.kill()
    child.wait()
sys.exit(subprocess.run(sys.argv[1:]).returncode)
PYTHON
code=$?
cmp "$work/killed/model.safetensors" "$work/unharmed/model.safetensors" >> "$work/err" 2>&1 || code="$code, another student"
succeeds "distil, killed five times, ends with the same student" '/killed: a student of'

# A full disk, wherever it is noticed: the run ends and says so, what was written before stays, and the same command goes on from there.
# Checkpoints have 214 kB, the student 72 kB.
cat > "$work/full.c" << 'C'
/* Lets fsync or close fail, as on a full disk, for temporary files of FULL_FROM to FULL_TO bytes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_full(const char *call, int file) {
    const char *wanted = getenv("FULL_CALL"), *from = getenv("FULL_FROM"), *to = getenv("FULL_TO");
    char link[32], name[4096];
    struct stat found;
    if (!wanted || !from || !to || strcmp(wanted, call) != 0 || fstat(file, &found) != 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t count = readlink(link, name, sizeof name);
    return count > 4 && memcmp(name + count - 4, ".tmp", 4) == 0 && found.st_size >= atol(from) && found.st_size < atol(to);
}

int fsync(int file) {
    if (is_full("fsync", file)) return errno = ENOSPC, -1;
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file);
}

int close(int file) {
    int full = is_full("close", file), code = ((int (*)(int))dlsym(RTLD_NEXT, "close"))(file);
    return full ? (errno = ENOSPC, -1) : code;
}
C
cc -shared -fPIC -o "$work/full.so" "$work/full.c" -ldl || { : > "$work/out"; fail "the library that fills disks"; }
full=(--set output="$work/full" --set checkpoint_steps=1 --set stages.0.steps=6 --set stages.0.dropout=0.1)
distil "${full[@]}" --set output="$work/roomy"
succeeds "distil, 6 steps" '/roomy: a student of'
# full NAME FILE SENTENCE COMMAND...: the command fails while FILE is written, after two steps that succeeded.
full() {
    local name=$1 file=$2 sentence=$3
    shift 3
    rm -rf "$work/full"
    python3 - "$work/full" "$limbeck" distil "$work/hinton/recipe.json" --set stages.0.optimizer.learning_rate=0.001 \
        --set 'record_gradients=[]' "${full[@]}" << 'PYTHON'
import subprocess, sys
# Two steps and a checkpoint; the student's file of an earlier run.
child = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
child.stdout.readline()
child.terminate()
child.communicate()
open(sys.argv[1] + "/model.safetensors", "w").write("the last good one")
PYTHON
    cp "$work/full/$file.safetensors" "$work/before"
    "$@" "$limbeck" distil "$work/hinton/recipe.json" --set stages.0.optimizer.learning_rate=0.001 --set 'record_gradients=[]' "${full[@]}" \
        > "$work/progress" 2> "$work/err" < /dev/null
    code=$?
    : > "$work/out"
    cmp "$work/full/$file.safetensors" "$work/before" >> "$work/err" 2>&1 || code="$code, $file.safetensors is another"
    ls -A "$work/full" | grep -q tmp && code="$code, temporary files"
    refuses "$name" 74 "/full/$file.safetensors: $sentence"
    distil "${full[@]}"
    cmp "$work/full/model.safetensors" "$work/roomy/model.safetensors" >> "$work/err" 2>&1 || code="$code, another student"
    succeeds "$name, and the run goes on" '/full: a student of'
}
limited() { (trap '' XFSZ; ulimit -f 150; exec "$@"); }
full "distil, a full disk while a checkpoint is written" checkpoint "File too large" limited
for call in fsync close; do
    preload=(env LD_PRELOAD="$work/full.so" FULL_CALL=$call)
    full "distil, $call of a checkpoint fails" checkpoint "No space left" "${preload[@]}" FULL_FROM=150000 FULL_TO=1000000
    full "distil, $call of a student fails" model "No space left" "${preload[@]}" FULL_FROM=60000 FULL_TO=150000
done

# ---- Who reads

"$limbeck" embed $golden/embed --json --file "$work/texts" 2> "$work/err" | head -n 1 > "$work/out"
codes=("${PIPESTATUS[@]}")
if [ "${codes[0]}" = 0 ] && [ ! -s "$work/err" ] && [ "$(wc -l < "$work/out")" = 1 ]; then
    pass "a reader that leaves is no failure"
else
    fail "a reader that leaves is no failure (exit code ${codes[0]})"
fi
if [ -e /dev/full ]; then
    "$limbeck" embed $golden/embed a > /dev/full 2> "$work/err"
    code=$?
    : > "$work/out"
    refuses "a full disk" 74 "standard output"
fi
"$limbeck" embed $golden/embed a > "$work/out" 2> "$work/err" <&-
code=$?
succeeds "standard input closed" 'a$'
if command -v setsid > /dev/null; then
    setsid "$limbeck" embed $golden/embed --json --file "$work/texts" > "$work/out" 2> "$work/err" < /dev/null
    code=$?
    succeeds "no terminal, no progress bar" '"vector"'
fi

echo
echo "$passed passed, $failed failed"
[ $failed = 0 ]
