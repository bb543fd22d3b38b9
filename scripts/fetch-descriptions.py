#!/usr/bin/env python3
"""Writes real texts to distil with, and to measure students on: the English descriptions of Debian's packages.

    scripts/fetch-descriptions.py [FOLDER]        default: build/descriptions

Debian's lists of packages come with apt-get into a folder of their own, which leaves the system's alone. Needs a Debian machine, and
nothing but its Python. Writes, in FOLDER:

    train.txt               long descriptions, a text on each line
    train-synopses.txt      the lines that say in a few words what a package is
    train-pairs.tsv         both of them: synopsis, tab, long description
    sections-train.tsv      section of the archive, tab, long description, for 16 sections of one topic each
    search-queries.tsv      package, tab, synopsis, of packages that are in none of the above
    search-documents.tsv    package, tab, long description of the same packages
    sections-test.tsv       like sections-train.tsv, of packages that are in none of the above

Which packages are left out of training is told by a hash of the name of their source, so that it is the same on every day, and a library
is not trained on while its documentation is searched for. Texts are drawn in the order of such hashes too: the first 20,000 lines of
train.txt are a sample. Prints how many lines each file has, and its checksum.
"""

import hashlib
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SEARCHED = 5000
# The part of all sources that is kept from training; those searched for are the first of it.
HELD_OUT = 0.18
SECTIONS = "admin doc editors fonts games graphics java mail math net perl python science sound text web".split()
# Shorter texts say too little to be found.
SHORTEST_SYNOPSIS, SHORTEST_DESCRIPTION = 10, 80


def fetch(lists):
    (lists / "partial").mkdir(parents=True, exist_ok=True)
    options = [f"Dir::State::Lists={lists}", f"Dir::Cache={lists.parent / 'cache'}", "Acquire::Languages=en"]
    subprocess.run(["apt-get", "-qq", "update"] + [x for option in options for x in ("-o", option)], check=True)


def read(lists, pattern):
    """The paragraphs of a list of the main archive, without updates and security, as dictionaries."""
    found = [path for path in sorted(lists.glob(pattern)) if not any(x in path.name for x in ("-security", "-updates", "-backports"))]
    if not found:
        sys.exit(f"no {pattern} among the lists that apt-get brought")
    done = subprocess.run(["/usr/lib/apt/apt-helper", "cat-file", str(found[0])], stdout=subprocess.PIPE, check=True)
    for paragraph in done.stdout.decode().split("\n\n"):
        fields, last = {}, None
        for line in paragraph.split("\n"):
            if line.startswith(" ") and last:
                fields[last].append(line[1:])
            elif ": " in line:
                last, _, value = line.partition(": ")
                fields[last] = [value]
        if "Package" in fields:
            yield fields


def share(name):
    """A number from 0 to 1 that a name always has."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64


def line(text):
    return " ".join(text.split())


def packages(lists):
    """(package, source, section, synopsis, long description), in the order of their hashes, no description twice."""
    about = {}
    for fields in read(lists, "*_main_binary-*_Packages*"):
        source = fields.get("Source", fields["Package"])[0].split()[0]
        section = fields.get("Section", [""])[0].rpartition("/")[2]
        about.setdefault((fields["Package"][0], fields.get("Description-md5", [""])[0]), (source, section))
    rows = []
    for fields in read(lists, "*_main_i18n_Translation-en*"):
        key = fields["Package"][0], fields["Description-md5"][0]
        synopsis, *body = fields["Description-en"]
        if key in about:
            rows.append((key[0], *about[key], line(synopsis), line(" ".join(x for x in body if x != "."))))
    seen = set()
    for row in sorted(rows, key=lambda row: (share(row[0]), row[0])):
        if row[4] and row[4] not in seen:
            seen.add(row[4])
            yield row


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "descriptions")
    folder.mkdir(parents=True, exist_ok=True)
    fetch(folder / "lists")
    train, held_out = [], []
    for row in packages(folder / "lists"):
        (held_out if share(row[1]) < HELD_OUT else train).append(row)

    # One package of a source: its others say nearly the same.
    searched, sources, synopses = [], set(), set()
    for row in sorted(held_out, key=lambda row: (share(row[1]), share(row[0]))):
        long_enough = len(row[3]) >= SHORTEST_SYNOPSIS and len(row[4]) >= SHORTEST_DESCRIPTION
        if row[1] not in sources and row[3] not in synopses and long_enough and len(searched) < SEARCHED:
            searched.append(row)
            sources.add(row[1])
            synopses.add(row[3])
    if len(searched) < SEARCHED:
        sys.exit(f"{len(searched)} packages to search, expected {SEARCHED}")

    files = {
        "train.txt": [row[4] for row in train],
        "train-synopses.txt": list(dict.fromkeys(row[3] for row in train)),
        "train-pairs.tsv": [f"{row[3]}\t{row[4]}" for row in train],
        "sections-train.tsv": [f"{row[2]}\t{row[4]}" for row in train if row[2] in SECTIONS],
        "search-queries.tsv": [f"{row[0]}\t{row[3]}" for row in searched],
        "search-documents.tsv": [f"{row[0]}\t{row[4]}" for row in searched],
        "sections-test.tsv": [f"{row[2]}\t{row[4]}" for row in held_out if row[2] in SECTIONS],
    }
    for name, lines in files.items():
        data = "".join(x + "\n" for x in lines).encode()
        (folder / name).write_bytes(data)
        print(f"{name:22} {len(lines):7,} lines {len(data):12,} bytes  sha256 {hashlib.sha256(data).hexdigest()[:16]}")


if __name__ == "__main__":
    main()
