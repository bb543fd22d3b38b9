"""What the tokenizers are compared on: real texts, random ones, and variants of a tokenizer.json."""

import fcntl
import json
import lzma
import pathlib
import subprocess
import unicodedata

LANGUAGES = "en,ca,cs,da,de,el,es,fi,fr,hu,it,ja,ko,nl,pl,pt_BR,ru,sk,sv,tr,uk,vi,zh_CN,zh_TW"


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
    """Debian's package descriptions, a file for each language; those in the folder, if they were brought there before.

    Steps of the tests that run at a time share the folder: the first brings the texts, the others wait for it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            bring_texts(folder)
    return sorted(folder.glob("Translation-*"))


def bring_texts(folder):
    lists = folder / "lists"
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    options = [f"Dir::State::Lists={lists}", f"Dir::Cache={folder}", f"Acquire::Languages={LANGUAGES}"]
    command = ["apt-get", "-qq", "update"] + [x for option in options for x in ("-o", option)]
    subprocess.run(command, check=True)
    for file in sorted(lists.glob("*_main_i18n_Translation-*")):
        suite, _, language = file.name.partition("_main_i18n_")
        # The main archive; updates and security have the same texts again.
        if suite.endswith(("-updates", "-security", "-backports")):
            continue
        text = folder / language.partition(".")[0].replace("%5f", "_")
        unpack = ["/usr/lib/apt/apt-helper", "cat-file", str(file)]
        text.write_bytes(subprocess.run(unpack, stdout=subprocess.PIPE, check=True).stdout)
    (folder / "whole").touch()


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


def original(path):
    """The tokenizer.json of a model, or of a vocab.txt under BertTokenizer."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    if path.is_dir():
        made = json.loads((path / "tokenizer.json").read_text())
    else:
        model = models.WordPiece.from_file(str(path), unk_token="[UNK]")
        tokenizer = Tokenizer(model)
        tokenizer.normalizer = normalizers.BertNormalizer()
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        ids = {name: tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]")}
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
        # In the order in which limbeck and transformers take them from a vocab.txt.
        tokenizer.add_special_tokens(["[UNK]", "[SEP]", "[CLS]", "[PAD]", "[MASK]"])
        made = json.loads(tokenizer.to_str())
    made["truncation"] = made["padding"] = None
    return made


def token(content, **flags):
    """Adds a token to a tokenizer.json."""
    defaults = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}

    def change(data):
        known = [t["id"] for t in data["added_tokens"]] + list(data["model"]["vocab"].values())
        ident = data["model"]["vocab"].get(content, max(known) + 1)
        data["added_tokens"].append({"id": ident, "content": content, **defaults, **flags})

    return change


def write_variant(whole, folder, name, change):
    data = json.loads(json.dumps(whole))
    change(data)
    file = folder / f"{name}.json"
    file.write_text(json.dumps(data, ensure_ascii=len(name) % 2 == 0))
    return name, file


def scratch_variants(path, folder):
    """WordPiece with the normalizers and pre-tokenizers of tokenizers that somebody puts together, by name."""
    whole = original(path)

    def kind(name, **options):
        return {"type": name} | options

    def sequence(key, *parts):
        return kind("Sequence", **{key: list(parts)})

    def made(normalizer, pre_tokenizer, *tokens):
        def change(data):
            data.update(normalizer=normalizer, pre_tokenizer=pre_tokenizer)
            for add in tokens:
                add(data)

        return change

    bert = kind("BertNormalizer", clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=False)
    lower, nfd, strip = kind("Lowercase"), kind("NFD"), kind("StripAccents")
    digit, number = (kind("Digits", individual_digits=alone) for alone in (True, False))
    whitespace, spaces, mark = kind("Whitespace"), kind("WhitespaceSplit"), kind("Punctuation", behavior="Isolated")
    added = [
        token("New York", normalized=True), token("Straße", normalized=True, single_word=True), token("c++"), token("É", normalized=True, lstrip=True),
    ]  # fmt: skip
    return [
        write_variant(whole, folder, f"scratch-{name}", change)
        for name, change in [
            ("course", made(sequence("normalizers", nfd, lower, strip), kind("BertPreTokenizer"))),
            ("whitespace", made(lower, whitespace)),
            ("digits", made(None, sequence("pretokenizers", whitespace, digit))),
            ("numbers", made(bert, sequence("pretokenizers", spaces, mark, number))),
            ("lower-bert", made(sequence("normalizers", lower, bert), spaces)),
            ("nfkc-bert", made(sequence("normalizers", kind("NFKC"), bert | {"strip_accents": True}), kind("BertPreTokenizer"), *added)),
            ("marks", made(sequence("normalizers", kind("Nmt"), kind("Strip", strip_left=True, strip_right=True)), mark)),
            ("whole", made(bert, None, *added)),
        ]
    ]


def variants(path, folder):
    """tokenizer.json files that differ from the model's in one respect each, by name."""
    whole = original(path)

    def write(name, change):
        return write_variant(whole, folder, name, change)

    def normalizer(**options):
        return lambda data: data["normalizer"].update(options)

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
