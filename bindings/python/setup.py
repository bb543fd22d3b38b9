"""Puts the C libraries inside the package. Everything else is in pyproject.toml."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from setuptools import Distribution, setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parent.parent  # the repository


def version() -> str:
    """The version exists once, in the header."""
    header = (SOURCE / "include" / "limbeck.h").read_text(encoding="utf-8")
    parts = dict(re.findall(r"#define LIMBECK_VERSION_(\w+) (\d+)", header))
    return f"{parts['MAJOR']}.{parts['MINOR']}.{parts['PATCH']}"


class BuildWithLibrary(build_py):
    """Builds the libraries, which takes no time where nothing has changed, and copies them beside the modules. Without Swift those that
    were built before will do."""

    def run(self) -> None:
        super().run()
        libraries = [SOURCE / "build" / "lib" / name for name in ("liblimbeck.so", "liblimbeck-distil.so")]
        if shutil.which(os.environ.get("SWIFT", "swift")) or not all(library.exists() for library in libraries):
            subprocess.run(["make", "lib", "distil-lib"], cwd=SOURCE, check=True)
        target = Path(self.build_lib) / "limbeck"
        target.mkdir(parents=True, exist_ok=True)
        for library in libraries:
            shutil.copyfile(library.resolve(), target / library.name)


class PlatformWheel(bdist_wheel):
    """One wheel for every Python 3 of this platform: the library has no Python in it."""

    def get_tag(self) -> "tuple[str, str, str]":
        return "py3", "none", super().get_tag()[2]


class BinaryDistribution(Distribution):
    def has_ext_modules(self) -> bool:
        return True


setup(
    version=version(),
    distclass=BinaryDistribution,
    cmdclass={"build_py": BuildWithLibrary, "bdist_wheel": PlatformWheel},
)
