"""What was measured, as Markdown tables that read well in a terminal too, and held against the targets."""
import datetime
import importlib.metadata
import os
import platform
import re
import subprocess
from dataclasses import dataclass, field

import numpy as np

CPU_FLAGS = "avx2 fma avx512f avx512bw avx512dq avx512vl avx512_vnni avx512_bf16 avx_vnni amx_bf16 amx_int8 asimd".split()
MB = 1e6


@dataclass
class Target:
    what: str
    limit: float
    measured: float
    unit: str = ""
    at_least: bool = False
    where: str = ""

    def row(self):
        miss = (self.limit - self.measured if self.at_least else self.measured - self.limit) / self.limit
        bound = f"{'at least' if self.at_least else 'at most'} {self.limit:g}{self.unit}"
        verdict = "met" if miss <= 0 else f"missed by {miss:.0%}" if miss >= 0.01 else f"missed by {miss:.1%}"
        return [self.what, bound, f"{self.measured:.3g}{self.unit}{self.where}", verdict]


@dataclass
class Report:
    sections: list = field(default_factory=list)
    targets: list = field(default_factory=list)
    figure: dict = field(default_factory=dict)  # (model, threads, shape): {(precision, engine): seconds}

    def add(self, title, note, header, rows):
        """Adds a section and prints it, since the whole takes minutes."""
        self.sections.append(f"## {title}\n\n{note}\n\n{table(header, rows)}\n")
        print(f"\n{self.sections[-1]}", flush=True)

    def add_targets(self):
        self.add("Targets", "The worst case of each; a ratio is our time over the peer's. What was tried for those that are "
                 "missed: [docs/speed.md](../docs/speed.md).",
                 ["target", "bound", "measured", ""], [target.row() for target in self.targets])
        self.sections.insert(0, self.sections.pop())


def table(header, rows):
    cells = [header, *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(row[i]) for row in cells) for i in range(len(header))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def seconds(replies):
    return np.array([reply["seconds"] for reply in replies])


def median_ms(replies):
    return f"{np.median(seconds(replies)) * 1e3:.2f}"


def ratio(ours, peer):
    """The median over the rounds: what drifts from round to round meets both alike."""
    return float(np.median(seconds(ours) / seconds(peer)))


def shown(value):
    return f"{value:.2f}"


def worst_case(what, limit, ratios):
    """The target that every one of {where: ratio} is within the limit."""
    where = max(ratios, key=ratios.get)
    within = sum(value <= limit for value in ratios.values())
    return Target(what, limit, ratios[where], where=f" ({where}; {within} of {len(ratios)} cases within)")


def cpu():
    info = dict(re.findall(r"^(.+?):\s+(.*)$", subprocess.run(["lscpu"], env={**os.environ, "LC_ALL": "C"}, text=True,
                                                                 stdout=subprocess.PIPE, check=True).stdout, re.MULTILINE))
    flags = info.get("Flags", "").split()
    caches = ", ".join(f"{name.removesuffix(' cache')} {info[name].split(' (')[0]}" for name in ("L2 cache", "L3 cache")
                       if name in info)
    return (f"{info.get('Model name', platform.machine())}, family {info.get('CPU family', '?')} model {info.get('Model', '?')}, "
            f"{os.cpu_count()} CPUs{', virtual' if 'Hypervisor vendor' in info else ''}; {caches}; "
            f"{' '.join(flag for flag in CPU_FLAGS if flag in flags)}")


def memory_gb():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def head(command, limbeck, kernels, disturbance):
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], stdout=subprocess.PIPE, text=True, check=False).stdout
    packages = ", ".join(f"{name} {version(name)}" for name in ("onnxruntime", "openvino", "nncf", "ctranslate2", "tokenizers",
                                                                "flash-tokenizer", "tiktoken", "sentencepiece"))
    return f"""# Results

{datetime.date.today().isoformat()}, by `{command}` at {commit.strip() or "no commit"}; how it is measured: [docs/speed.md](../docs/speed.md).

- Machine: {cpu()}; {memory_gb():.0f} GiB; {platform.system()}, {" ".join(platform.libc_ver())}.
- Limbeck {limbeck}, kernels {kernels}. Peers: {packages}; Python {platform.python_version()}.
- While an engine was timed, other processes and the host had {disturbance:.1%} of the CPU time. Absolute times drift with them;
  the ratios come from runs in turn.
"""
