"""Real English texts from Debian's package descriptions.

minilm/texts.txt is for the tests, examples/search/packages.txt for the demo. Both are committed and stay as they are;
this is how they were drawn, on Debian 12:
    apt-get update -o Acquire::Languages=en
    apt-cache dumpavail > packages
    /usr/lib/apt/apt-helper cat-file /var/lib/apt/lists/*_main_i18n_Translation-en* > translations
    python make_texts.py packages translations
"""

import random
import re
import sys
from pathlib import Path

from golden import HERE

DEMO = HERE.parent.parent / "examples" / "search" / "packages.txt"
# Not what somebody searches for: parts of other packages.
PART_PREFIXES = """lib golang- node- ruby- php python r- elpa- vim- gir1 linux- task- texlive- fonts- aspell- hunspell-
    myspell- xul-ext- dict- qml- tesseract- rime-"""
PART_WORDS = """dev doc docs dbg data common l10n bin core plugin plugins tools utils i18n examples dkms locales module
    modules prof server client gtk qt"""
PARTS = re.compile(f"^({'|'.join(PART_PREFIXES.split())})|-({'|'.join(PART_WORDS.split())}|[a-z]{{2}})\\d*(-|$)")
EMPTY = re.compile(r"transitional|dummy|metapackage|meta-package|debug symbols|this package", re.IGNORECASE)
DEMO_LINES, DEMO_CHARACTERS = 400, 190
TEXTS, TEXT_CHARACTERS = 500, 2500


def paragraphs(path):
    """The stanzas of a Debian control file: field -> value, continuation lines kept."""
    for stanza in Path(path).read_text().split("\n\n"):
        fields = re.split(r"^([A-Za-z0-9-]+): ?", stanza, flags=re.MULTILINE)[1:]
        if fields:
            yield {name: value.rstrip("\n") for name, value in zip(fields[::2], fields[1::2])}


def one_line(text):
    return " ".join(line for line in text.split() if line != ".")


def descriptions(path):
    """package -> (synopsis, description), each one line of plain text."""
    found = {}
    for stanza in paragraphs(path):
        synopsis, _, rest = stanza["Description-en"].partition("\n")
        found.setdefault(stanza["Package"], (one_line(synopsis), one_line(rest)))
    return found


def draw_texts(described, generator):
    """Synopses alone and with their description, no text twice."""
    texts = {}
    for package in generator.sample(sorted(described), 4 * TEXTS):
        synopsis, description = described[package]
        text = synopsis if len(texts) % 5 == 0 else f"{synopsis}. {description}"
        if len(text) <= TEXT_CHARACTERS and text not in texts:
            texts[text] = None
        if len(texts) == TEXTS:
            return list(texts)


def draw_demo(sections, described, generator):
    """`package: synopsis. First sentence.`, taking the sections in turn."""
    by_section = {}
    for package, section in sorted(sections.items()):
        synopsis, description = described.get(package, ("", ""))
        sentence = re.match(r"[A-Z][^.!?:]+\.(?= |$)", description)
        line = f"{package}: {synopsis.rstrip('.')}. {sentence[0] if sentence else ''}".rstrip()
        wanted = synopsis and sentence and not PARTS.search(package) and not EMPTY.search(line)
        if wanted and len(line) <= DEMO_CHARACTERS:
            by_section.setdefault(section, []).append(line)
    for lines in by_section.values():
        generator.shuffle(lines)
    drawn = []
    while len(drawn) < DEMO_LINES:
        drawn += [lines.pop() for _, lines in sorted(by_section.items()) if lines]
    return sorted(drawn[:DEMO_LINES])


def write_lines(path, lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    print(f"{path.name}: {len(lines)} lines, {path.stat().st_size} bytes")


if __name__ == "__main__":
    packages_path, translations_path = sys.argv[1:]
    described = descriptions(translations_path)
    sections = {stanza["Package"]: stanza["Section"] for stanza in paragraphs(packages_path)}
    write_lines(HERE / "minilm" / "texts.txt", draw_texts(described, random.Random(1)))
    write_lines(DEMO, draw_demo(sections, described, random.Random(2)))
