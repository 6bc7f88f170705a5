"""The tests that need a GPU: ``pytest -m gpu`` on the files that hold any."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from _gpu import ROOT, Claim, Parts, Run
from _peer import at_least, at_most

WORKERS = 4  # half of the time is imports


def parts(run: Run) -> Parts:
    return {"pytest": outcome}


def outcome(run: Run) -> dict[str, Any]:
    """Numbers of tests that passed and failed, and the lines that say why."""
    marked = [f for f in sorted((ROOT / "tests").rglob("test_*.py")) if "mark.gpu" in f.read_text("utf-8")]
    files = [str(f.relative_to(ROOT)) for f in (marked[:1] if run.small else marked)]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-m",
        "gpu",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:benchmark",
    ]  # it warns beside xdist, and warnings are errors
    # one file's tests follow each other: two of them fill the card's memory
    workers = ["-n", "0"] if run.small else ["-n", str(WORKERS), "--dist", "loadfile"]
    only = ["--collect-only"] if run.device == "cpu" else []
    done = subprocess.run(
        [*command, *workers, *only, *files], cwd=ROOT, capture_output=True, text=True,
        timeout=max(5.0, run.left()), env={**os.environ, "OMP_NUM_THREADS": "2"},
    )  # fmt: skip
    lines = done.stdout.strip().splitlines()
    counts = {word: int(n) for n, word in re.findall(r"(\d+) (\w+)", lines[-1] if lines else "")}
    if not lines or done.returncode not in (0, 1):
        raise RuntimeError((done.stdout + done.stderr)[-1500:])
    return {"files": files, "summary": lines[-1], "counts": counts, "lines": lines[-60:]}


def claims(numbers: Mapping[str, Any]) -> list[Claim]:
    if "pytest" not in numbers:
        return []
    counts = numbers["pytest"]["counts"]
    return [
        at_least("tests on the GPU that passed", counts.get("passed", 0), 1, ""),
        at_most("tests on the GPU that failed", counts.get("failed", 0) + counts.get("error", 0), 0, ""),
    ]
