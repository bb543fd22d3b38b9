#!/usr/bin/env python3
"""The folders of Sources/Limbeck stand in one order, and none uses one above it: prints which folder names whose types, and fails if an
arrow runs back. It looks for the types that each folder declares, outside of comments and strings; members that are named after a dot,
and names that a folder declares for itself too, are its own."""

import collections
import pathlib
import re
import sys

ORDER = ["Base", "Files", "Tokenizer", "Model", "Loading", "Inference", "Answers", "Packing", "ABI"]
ROOT = pathlib.Path(__file__).resolve().parent.parent / "Sources/Limbeck"
TYPE = re.compile(
    r"^( *)(?:(?:package|public|private|fileprivate|final|indirect) )*(?:struct|class|enum|protocol|typealias|associatedtype) (\w+)",
    re.MULTILINE,
)
IGNORED = re.compile(r'//[^\n]*|"""(?s:.*?)"""|"(?:\\.|[^"\\\n])*"')


def main() -> int:
    folders = sorted(path.name for path in ROOT.iterdir())
    if folders != sorted(ORDER):
        print(f"check-arrows: the folders are {', '.join(folders)}, expected {', '.join(sorted(ORDER))}", file=sys.stderr)
        return 1
    texts = {
        folder: {path: IGNORED.sub("", path.read_text()) for path in sorted((ROOT / folder).rglob("*.swift"))} for folder in ORDER
    }
    home = {}  # of a type that other folders can name
    own = collections.defaultdict(set)  # what a folder declares, at any depth
    for folder, files in texts.items():
        for text in files.values():
            for indent, name in TYPE.findall(text):
                own[folder].add(name)
                if not indent:
                    home[name] = folder
    arrows = collections.defaultdict(lambda: collections.defaultdict(list))
    for folder, files in texts.items():
        for path, text in files.items():
            for name in sorted(set(re.findall(r"(?<![.\w])[A-Z]\w*", text))):
                if name in home and name not in own[folder]:
                    arrows[folder][home[name]].append((name, path.relative_to(ROOT)))
    backward = 0
    for folder in ORDER:
        targets = [f"{other} ({len({name for name, _ in arrows[folder][other]})})" for other in ORDER if arrows[folder][other]]
        print(f"{folder:10} -> {', '.join(targets) or 'nobody'}")
        for other in ORDER[ORDER.index(folder) + 1 :]:
            for name, path in arrows[folder][other]:
                print(f"check-arrows: {path} names {name}, which is of {other}, above it", file=sys.stderr)
                backward += 1
    return 1 if backward else 0


sys.exit(main())
