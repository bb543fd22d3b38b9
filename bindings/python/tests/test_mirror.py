"""The mirrors in limbeck/_native.py and _native_distil.py against the headers, as a C compiler reads them."""

import ctypes
import re
import shutil
import subprocess

import pytest
from conftest import REPOSITORY

from limbeck import _native, _native_distil

HEADER = REPOSITORY / "include" / "limbeck.h"
MIRRORS = {"limbeck.h": _native, "limbeck_distil.h": _native_distil}
STRUCTS = {**_native.STRUCTS, **_native_distil.STRUCTS}
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
compiled = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")


@pytest.fixture(scope="module", params=MIRRORS)
def header(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def native(header):
    return MIRRORS[header]


@pytest.fixture(scope="module")
def text(header) -> str:
    """The header without comments and directives."""
    whole = re.sub(r"/\*.*?\*/", " ", (HEADER.parent / header).read_text(encoding="utf-8"), flags=re.S)
    return re.sub(r"^\s*#.*$", "", whole, flags=re.M)


def run(tmp_path, lines: list[str]) -> list[str]:
    """What a C program that includes the header prints."""
    source, program = tmp_path / "ask.c", tmp_path / "ask"
    body = "\n    ".join(lines)
    source.write_text(f"#include <limbeck_distil.h>\n#include <stdio.h>\nint main(void) {{\n    {body}\n    return 0;\n}}\n")
    subprocess.run([COMPILER, "-I", str(HEADER.parent), "-o", str(program), str(source)], check=True)
    return subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout.split("\n")[:-1]


def declared(text: str) -> dict[str, tuple[str, list[str]]]:
    """Every function of the header: what it returns, and what it takes."""
    found = re.findall(r"([\w\s\*]+?)\b(limbeck_\w+)\(([^()]*)\);", text)
    return {
        name: (result.split(";")[-1].split("}")[-1].strip(), [] if takes.strip() == "void" else takes.split(","))
        for result, name, takes in found
    }


def kind(declaration: str, is_result: bool = False) -> str:
    """A C type in the words of `mirrored`."""
    stars = declaration.count("*")
    words = [word for word in re.findall(r"\w+", declaration) if word not in ("const", "struct")]
    base = words[0]
    if stars == 0:
        return base
    if base == "char" and stars == 1:
        return "text" if is_result or "const" in declaration else "buffer"
    if base == "char":
        return "texts"
    if base in ("int32_t", "uint32_t", "float") and stars == 1:
        return "buffer"
    if base in ("limbeck_model", "limbeck_tokenizer", "limbeck_session"):
        return "handle" if stars == 1 else "handles"
    return f"{base} *"


def mirrored(mirror: object) -> set[str]:
    """The C types that a ctypes type may stand for."""
    structs = {ctypes.POINTER(struct): f"{name} *" for name, struct in STRUCTS.items()}
    if mirror in structs:
        return {structs[mirror]}
    return {
        None: {"void"},
        ctypes.c_uint32: {"uint32_t"},
        ctypes.c_int32: {"int32_t"},
        ctypes.c_size_t: {"size_t"},
        ctypes.c_float: {"float"},
        ctypes.c_double: {"double"},
        ctypes.c_char_p: {"text"},
        ctypes.c_void_p: {"handle", "buffer", "void *"},
        ctypes.POINTER(ctypes.c_char_p): {"texts"},
        ctypes.POINTER(ctypes.c_size_t): {"size_t *"},
        ctypes.POINTER(ctypes.c_void_p): {"handles"},
        ctypes.POINTER(ctypes.c_int32): {"buffer"},
        ctypes.POINTER(ctypes.c_float): {"buffer"},
        _native.Interrupt: {"limbeck_interrupt"},
        _native.PackProgress: {"limbeck_pack_progress"},
        _native_distil.DistilReport: {"limbeck_distil_progress"},
    }[mirror]


def test_every_function_is_mirrored_in_order(text, native):
    assert list(native.FUNCTIONS) == list(declared(text))


def test_functions_have_the_types_of_the_header(text, native):
    for name, (result, takes) in declared(text).items():
        mirror_result, mirror_takes = native.FUNCTIONS[name]
        assert kind(result, is_result=True) in mirrored(mirror_result), name
        assert len(takes) == len(mirror_takes), name
        for position, (declaration, mirror) in enumerate(zip(takes, mirror_takes)):
            assert kind(declaration) in mirrored(mirror), f"{name}, argument {position}: {declaration.strip()}"


def test_every_struct_is_mirrored(text, native):
    assert set(re.findall(r"}\s*(limbeck_\w+);", text)) == set(native.STRUCTS)


@compiled
def test_structs_have_the_layout_of_the_header(text, native, tmp_path):
    lines, expected = [], []
    for name, struct in native.STRUCTS.items():
        lines.append(f'printf("{name} %zu\\n", sizeof({name}));')
        expected.append(f"{name} {ctypes.sizeof(struct)}")
        body = re.search(r"struct " + name.removesuffix("_t") + r"(?:_t)? \{([^}]*)\}", text).group(1)
        members = re.findall(r"(\w[\w\s\*]*?)(\w+);", body)
        assert [member for _, member in members] == [field[0] for field in struct._fields_], name
        for (kind_of_member, member), (_, mirror) in zip(members, struct._fields_):
            assert kind(kind_of_member) in mirrored(mirror) | {"uint64_t"}, f"{name}.{member}"
            lines.append(f'printf("{name}.{member} %zu %zu\\n", offsetof({name}, {member}), sizeof((({name} *)0)->{member}));')
            place = getattr(struct, member)
            expected.append(f"{name}.{member} {place.offset} {place.size}")
    assert run(tmp_path, lines) == expected


@compiled
@pytest.mark.parametrize("header", ["limbeck.h"], indirect=True)
def test_constants_have_the_values_of_the_header(text, tmp_path):
    prefixes = {
        "FAMILY": _native.FAMILY, "CAN": _native.CAN, "KERNELS": _native.KERNELS, "POOLING": _native.POOLING,
        "PRECISION": _native.PRECISION, "PACK": _native.PACK, "SCORES": _native.SCORES, "AGGREGATION": _native.AGGREGATION, "OUTPUT": _native.OUTPUT,
        "EXIT": _native.EXIT,
    }  # fmt: skip
    mirror = {f"LIMBECK_{status.name}": int(status) for status in _native.Status}
    for prefix, numbers in prefixes.items():
        mirror |= {f"LIMBECK_{prefix}_{name.upper()}": number for name, number in numbers.items()}
    names = re.findall(r"\b(LIMBECK_\w+) =", text)
    assert set(names) == set(mirror)
    assert run(tmp_path, [f'printf("%d\\n", {name});' for name in names]) == [str(mirror[name]) for name in names]


def test_versions_agree():
    import limbeck

    header = dict(re.findall(r"#define LIMBECK_VERSION_(\w+) (\d+)", HEADER.read_text(encoding="utf-8")))
    assert limbeck.__version__ == f"{header['MAJOR']}.{header['MINOR']}.{header['PATCH']}"
    assert int(header["MAJOR"]) == _native.VERSION_MAJOR
