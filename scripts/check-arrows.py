#!/usr/bin/env python3
"""The folders of Sources/Limbeck stand in one order, and so do those of Sources/LimbeckDistil, and none uses one above it: prints which folder
names whose types, and fails if an arrow runs back. It looks for the types that each folder declares, outside of comments and strings; members that are named after a dot,
and names that a folder declares for itself too, are its own."""

import collections
import pathlib
import re
import sys

ORDERS = {
    "Limbeck": ["Base", "Files", "Tokenizer", "Model", "Loading", "Inference", "Answers", "Packing", "ABI"],
    "LimbeckDistil": ["Base", "Recipe", "Data", "Parameters", "Tape", "Network", "Losses", "Student", "Training", "ABI"],
}
SOURCES = pathlib.Path(__file__).resolve().parent.parent / "Sources"
TYPE = re.compile(
    r"^( *)(?:(?:package|public|private|fileprivate|final|indirect) )*(?:struct|class|enum|protocol|typealias|associatedtype) (\w+)",
    re.MULTILINE,
)
IGNORED = re.compile(r'//[^\n]*|"""(?s:.*?)"""|"(?:\\.|[^"\\\n])*"')


def backward(module: str, order: list[str]) -> int:
    """The number of arrows that run back in a module."""
    root = SOURCES / module
    print(f"{module}:")
    folders = sorted(path.name for path in root.iterdir())
    if folders != sorted(order):
        print(f"check-arrows: the folders of {module} are {', '.join(folders)}, expected {', '.join(sorted(order))}", file=sys.stderr)
        return 1
    texts = {
        folder: {path: IGNORED.sub("", path.read_text()) for path in sorted((root / folder).rglob("*.swift"))} for folder in order
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
                    arrows[folder][home[name]].append((name, path.relative_to(root)))
    count = 0
    for folder in order:
        targets = [f"{other} ({len({name for name, _ in arrows[folder][other]})})" for other in order if arrows[folder][other]]
        print(f"{folder:10} -> {', '.join(targets) or 'nobody'}")
        for other in order[order.index(folder) + 1 :]:
            for name, path in arrows[folder][other]:
                print(f"check-arrows: {path} names {name}, which is of {other}, above it", file=sys.stderr)
                count += 1
    return count


sys.exit(1 if sum([backward(module, order) for module, order in ORDERS.items()]) else 0)
