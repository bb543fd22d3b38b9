"""setup.py takes the libraries of this source, not ones that were built before something changed."""

import importlib.util
import shutil
import sys
import types
from pathlib import Path

import pytest
from conftest import REPOSITORY

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="there is no make")


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A source tree whose `make lib` is quick, and a setuptools that does nothing."""
    (tmp_path / "bindings" / "python").mkdir(parents=True)
    shutil.copy(REPOSITORY / "bindings" / "python" / "setup.py", tmp_path / "bindings" / "python")
    (tmp_path / "include").mkdir()
    shutil.copy(REPOSITORY / "include" / "limbeck.h", tmp_path / "include")
    (tmp_path / "Makefile").write_text("lib distil-lib:\n\tmkdir -p build/lib\n\tcp source build/lib/liblimbeck$(if $(filter distil-lib,$@),-distil).so\n")
    (tmp_path / "source").write_text("new")
    swift = tmp_path / "bin" / "swift"
    swift.parent.mkdir()
    swift.write_text("#!/bin/sh\n")
    swift.chmod(0o755)

    def stub(name, **members):
        module = types.ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)

    build = type("build_py", (), {"build_lib": str(tmp_path / "out"), "run": lambda self: None})
    stub("setuptools", Distribution=object, setup=lambda **told: None)
    stub("setuptools.command")
    stub("setuptools.command.build_py", build_py=build)
    stub("setuptools.command.bdist_wheel", bdist_wheel=object)
    return tmp_path


def packaged(tree: Path) -> str:
    spec = importlib.util.spec_from_file_location("limbeck_setup", tree / "bindings" / "python" / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.BuildWithLibrary().run()
    first, second = ((tree / "out" / "limbeck" / name).read_text() for name in ("liblimbeck.so", "liblimbeck-distil.so"))
    assert first == second
    return first


def test_a_library_that_is_there_is_built_again(tree, monkeypatch):
    monkeypatch.setenv("SWIFT", str(tree / "bin" / "swift"))
    assert packaged(tree) == "new"
    (tree / "source").write_text("newer")
    assert packaged(tree) == "newer"


def test_without_swift_the_library_that_is_there_will_do(tree, monkeypatch):
    monkeypatch.setenv("SWIFT", str(tree / "bin" / "no-swift"))
    (tree / "build" / "lib").mkdir(parents=True)
    for name in ("liblimbeck.so", "liblimbeck-distil.so"):
        (tree / "build" / "lib" / name).write_text("old")
    assert packaged(tree) == "old"
