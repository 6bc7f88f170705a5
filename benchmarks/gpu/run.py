"""Run steps one after the other, each in a process of its own with a limit of time.

    python benchmarks/gpu/run.py first | second | STEP ... [--small] [--budget SECONDS] [--out FOLDER]

A step whose document is complete is skipped; one that was ended early goes on after its last finished part.
The last step may take all the time that is left of the budget, 270 s for a half. Where no GPU is, or with
``--small``, a small form of every step runs on the CPU; its documents go to ``runs/gpu-small``, always anew.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from time import monotonic

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
RESULTS = ROOT / "results" / "gpu"
SMALL = ROOT / "runs" / "gpu-small"
LIMITS = {  # seconds
    "parity": 40, "training": 130, "launches": 40, "gpu_tests": 60,
    "kernels": 35, "accuracy": 75, "speeds": 70, "paper": 90,
}  # fmt: skip
HALVES = {"first": list(LIMITS)[:4], "second": list(LIMITS)[4:]}
BUDGET = 270  # seconds, of a half
PATIENCE = 4  # times as long for the small form, which may share its cores
GRACE = 5  # seconds between a step's own deadline and its end by force


@dataclass(frozen=True)
class Order:
    """Arguments of the command line."""

    steps: list[str]
    small: bool
    budget: float
    folder: Path
    deadline: float | None = None  # of the only step, which is measured in this process


def main(words: Sequence[str]) -> int:
    order = _order(words)
    if order.deadline is not None:
        _measure(order.steps[0], order, order.deadline)
        return 0
    order.folder.mkdir(parents=True, exist_ok=True)
    _bring_documents(order)
    end, ended = monotonic() + order.budget, []
    _import_libraries()
    for step in order.steps:
        if _complete(order.folder / f"{step}.json"):
            ended.append((step, "was complete"))
            continue
        left = end - monotonic()
        limit = LIMITS[step] * (PATIENCE if order.small else 1)
        seconds = left if step == order.steps[-1] else min(limit, left)
        ended.append((step, _run(step, order, seconds) if seconds > GRACE else "no time was left"))
    for step, how in ended:
        print(f"{step:12s} {how}", flush=True)
    return 0 if all(how in ("done", "was complete") for _, how in ended) else 1


def _order(words: Sequence[str]) -> Order:
    parser = argparse.ArgumentParser(description="Measure on a GPU, see benchmarks/gpu/README.md.")
    parser.add_argument("steps", nargs="+", choices=[*HALVES, *LIMITS], metavar="STEP")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--budget", type=float)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--deadline", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args(words)
    steps = [s for name in given.steps for s in HALVES.get(name, [name])]
    small = given.small or not _has_driver()
    usual = Path(os.environ["OUT"]) / "gpu" if os.environ.get("OUT") else RESULTS
    folder = given.out or (SMALL if small else usual)
    if small and folder.resolve() == RESULTS.resolve():
        parser.error("results/gpu holds what was measured on a GPU; there is none here, or --small was given")
    halves = max(1, sum(name in HALVES for name in given.steps))
    budget = given.budget or BUDGET * halves * (PATIENCE if small else 1)
    return Order(steps, small, budget, folder, given.deadline)


def _has_driver() -> bool:
    """True where NVIDIA's driver is installed; asking CUDA itself would keep the children from using it."""
    return bool(shutil.which("nvidia-smi")) or Path("/proc/driver/nvidia").exists()


def _bring_documents(order: Order) -> None:
    """Copy the documents of earlier runs, so that these go on; the small form begins anew."""
    for name in (f"{step}.json" for step in order.steps):
        earlier, file = RESULTS / name, order.folder / name
        if order.folder == SMALL:
            file.unlink(missing_ok=True)
        elif not order.small and earlier.exists() and not file.exists():
            file.write_bytes(earlier.read_bytes())


def _complete(document: Path) -> bool:
    return document.exists() and json.loads(document.read_text(encoding="utf-8"))["complete"]


def _import_libraries() -> None:
    """Import once what all steps need; each is forked from here, before CUDA is initialised."""
    from mlffbench import registry

    for name in ("mace", "equivariant_network", "behler_parrinello", "soap_gpr"):
        try:
            registry.load("estimators", name)().import_libraries()
        except ImportError:  # the steps that need it will say so
            traceback.print_exc(limit=-3)


def _run(step: str, order: Order, seconds: float) -> str:
    """Run a step in a child process; return in words in which way it ended."""
    print(f"== {step}, at most {seconds:.0f} s", flush=True)
    deadline = monotonic() + seconds - GRACE
    child = multiprocessing.get_context("fork").Process(target=_step, args=(step, order, deadline))
    child.start()
    child.join(seconds)
    if child.is_alive():
        with suppress(ProcessLookupError):
            os.killpg(child.pid or 0, signal.SIGKILL)  # its own children, as mace_run_train, too
        child.kill()
        child.join()
        return f"was ended after {seconds:.0f} s"
    if child.exitcode:
        return f"failed with exit code {child.exitcode}"
    return "done" if _complete(order.folder / f"{step}.json") else "has failures or had too little time"


def _step(name: str, order: Order, deadline: float) -> None:
    import torch

    os.setsid()
    if torch.cuda._is_in_bad_fork():  # a library has looked for a GPU when it was imported
        options = ["--out", str(order.folder), "--deadline", str(deadline), *(["--small"] * order.small)]
        os.execv(sys.executable, [sys.executable, __file__, name, *options])
    _measure(name, order, deadline)


def _measure(name: str, order: Order, deadline: float) -> None:
    sys.path[:0] = [str(HERE), str(HERE.parent / "peers")]
    import torch
    from _gpu import Document, Run

    if not order.small and not torch.cuda.is_available():
        raise SystemExit("torch sees no GPU; --small runs a small form on the CPU")
    run = Run("cpu" if order.small else "cuda", order.small, order.folder, deadline)
    module = import_module(name)
    facts = getattr(module, "facts", lambda numbers: [])
    Document(name, run).measure(module.parts(run), module.claims, facts)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
