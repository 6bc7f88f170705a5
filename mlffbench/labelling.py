"""recipe -> samples -> labels -> a dataset: every step is kept, so that a stopped run goes on."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import zip_longest
from pathlib import Path
from typing import Any, Protocol

import joblib
import numpy as np
from ase import Atoms
from ase.io import read, write

from mlffbench import labeller, registry
from mlffbench.data import Spec
from mlffbench.execute import THREADS
from mlffbench.ledger import Ledger, label_key
from mlffbench.recipe import Draw, Group, Recipe, structure
from mlffbench.whole import whole

__all__ = ["Job", "jobs", "label", "pack", "sample"]


@dataclass(frozen=True)
class Job:
    """A structure to label."""

    group: str
    atoms: Atoms
    calculator: Spec

    @property
    def key(self) -> str:
        return label_key(self.atoms, self.calculator)


class Observer(Protocol):
    """Who watches; no progress bar is one too."""

    def sampled(self, group: str, n_frames: int) -> None: ...
    def labelled(self, job: Job, label: Mapping[str, Any]) -> None: ...


# ---------------------------------------------------------------- sample
def sample(recipe: Recipe, home: Path, folder: Path, observer: Observer) -> dict[str, list[Atoms]]:
    """The frames of every group, from disk where they were made before.

    Parameters
    ----------
    home : Path
        Where the recipe lies.
    folder : Path
        Where samples are kept: a file each group, named by what decides it.
    """
    (folder / "samples").mkdir(parents=True, exist_ok=True)
    found = {}
    for name, group in recipe.groups.items():
        file = folder / "samples" / f"{name}-{_digest(recipe, group)}.xyz"
        if not file.exists():
            frames = [frame for draw in group.draws for frame in _drawn(recipe, draw, home)]
            with whole(file) as stream:
                stream.write(_extxyz(frames))
        found[name] = read(file, ":", format="extxyz")
        observer.sampled(name, len(found[name]))
    return found


def _digest(recipe: Recipe, group: Group) -> str:
    """What decides a group's frames: its draws, their structures and calculators."""
    decides = [
        [recipe.structures[d.of], d.seed, [str(s) for s in d.by], str(d.calculator or recipe.sample_with)]
        for d in group.draws
    ]
    return hashlib.sha256(json.dumps(decides, default=str).encode()).hexdigest()[:8]


def _drawn(recipe: Recipe, draw: Draw, home: Path) -> list[Atoms]:
    """The draw's samplers in a row, every frame of one handed to the next."""
    frames = [structure(recipe, draw.of, home)]
    calculator = _calculator(draw.calculator or recipe.sample_with)
    for step, sampler in enumerate(draw.by):
        act = registry.load("samplers", sampler.name)
        made = []
        for i, atoms in enumerate(frames):
            for frame in act(_bare(atoms), calculator, _seed(draw, step, i), **sampler.params):
                frame.info = {**atoms.info, **frame.info}
                made.append(frame)
        frames = made
    return frames


def _seed(draw: Draw, step: int, frame: int) -> int:
    """The draw's own for a lone sampler; of several in a row, one for each and each of their frames."""
    if len(draw.by) == 1:
        return draw.seed
    return int(np.random.SeedSequence([draw.seed, step, frame]).generate_state(1)[0])


def _bare(atoms: Atoms) -> Atoms:
    return Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc)


def _calculator(spec: Spec | None) -> Any:
    return None if spec is None else registry.load("calculators", spec.name)(**spec.params)


def _extxyz(frames: Sequence[Atoms]) -> bytes:
    text = io.StringIO()
    write(text, frames, format="extxyz", write_results=False)
    return text.getvalue().encode()


# ---------------------------------------------------------------- label
def jobs(recipe: Recipe, samples: Mapping[str, Sequence[Atoms]]) -> list[Job]:
    """Everything to label: isolated atoms first, then the groups in turn, so that any part is a fair one."""
    base = recipe.label_with.calculator
    found = []
    for symbol, params in recipe.isolated_atoms.items():
        rest = {k: v for k, v in params.items() if k != "cell"}
        found.append(Job("", _alone(symbol, params.get("cell")), _changed(base, rest)))
    rows = [
        [Job(name, atoms, _changed(base, recipe.groups[name].label_params)) for atoms in frames]
        for name, frames in samples.items()
    ]
    return found + [job for turn in zip_longest(*rows) for job in turn if job is not None]


def _alone(symbol: str, cell: Any) -> Atoms:
    atoms = Atoms(symbol, cell=cell, pbc=cell is not None)
    if cell is not None:
        atoms.center()
    return atoms


def _changed(base: Spec, params: Mapping[str, Any]) -> Spec:
    return Spec(base.name, {**base.params, **params})


def label(recipe: Recipe, todo: Sequence[Job], ledger: Ledger, observer: Observer) -> None:
    """Label every job that the ledger does not know, on the recipe's workers.

    A computation that fails is entered with its reason and the next one begins; interrupting or killing the
    run loses what is being computed and nothing else.
    """
    fresh = {job.key: job for job in todo if job.key not in ledger.labels}
    pool = _Workers(recipe)
    lock = threading.Lock()

    def one(key: str, job: Job) -> None:
        found = pool.label(job)
        with lock:
            ledger.add(key, found)
            observer.labelled(job, found)

    try:
        joblib.Parallel(n_jobs=recipe.label_with.workers, backend="threading", pre_dispatch="1*n_jobs")(
            joblib.delayed(one)(key, job) for key, job in fresh.items()
        )
    finally:
        pool.stop()


class _Workers:
    """A labelling process for every thread that asks for one."""

    def __init__(self, recipe: Recipe) -> None:
        self.how = recipe.label_with
        self.own = threading.local()
        self.alive: list[subprocess.Popen[str]] = []

    def label(self, job: Job) -> dict[str, Any]:
        """One label; a worker that dies or is too slow is a label with an error, and is replaced."""
        worker = self._worker()
        late = threading.Event()
        timer = threading.Timer(self.how.time_limit or 0, _end_late, (worker, late))
        if self.how.time_limit is not None:
            timer.start()
        try:
            worker.stdin.write(_order(job) + "\n")
            worker.stdin.flush()
            answer = worker.stdout.readline()
        except BrokenPipeError:
            answer = ""
        finally:
            timer.cancel()
        if answer:
            return json.loads(answer)
        worker.wait()
        self.own.worker = None
        return {"error": _death(worker, late.is_set(), self.how.time_limit)}

    def _worker(self) -> Any:
        if getattr(self.own, "worker", None) is None:
            environment = {
                **os.environ,
                **dict.fromkeys(THREADS, str(self.how.threads)),
                **self.how.environment,
            }
            self.own.worker = subprocess.Popen(
                # -P: the folder of labeller.py must not shadow the other interpreter's modules
                [self.how.python or sys.executable, "-P", labeller.__file__],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True, env=environment,
            )  # fmt: skip
            self.alive.append(self.own.worker)
        return self.own.worker

    def stop(self) -> None:
        for worker in self.alive:
            worker.kill()
            worker.wait()
            for pipe in (worker.stdin, worker.stdout):
                if pipe is not None:
                    pipe.close()


def _end_late(worker: subprocess.Popen[str], late: threading.Event) -> None:
    late.set()
    worker.kill()


def _death(worker: subprocess.Popen[str], late: bool, limit: float | None) -> dict[str, str]:
    if late:
        return {"kind": "timed out", "message": f"took longer than the time_limit of {limit:g} s"}
    return {"kind": "error", "message": f"the labelling process ended with code {worker.returncode}"}


def _order(job: Job) -> str:
    atoms = job.atoms
    arrays = {
        "numbers": atoms.numbers.tolist(),
        "positions": atoms.positions.tolist(),
        "cell": atoms.cell.array.tolist(),
        "pbc": atoms.pbc.tolist(),
    }
    return json.dumps(
        {"calculator": job.calculator.name, "params": dict(job.calculator.params), "atoms": arrays}
    )


# ---------------------------------------------------------------- pack
def pack(
    recipe: Recipe, home: Path, todo: Sequence[Job], ledger: Ledger, folder: Path
) -> tuple[Path, dict[str, Any]]:
    """Write what has been labelled: ``<name>.xyz.gz`` and its card, ``<name>.json``.

    Parameters
    ----------
    home : Path
        Where the recipe lies.
    folder : Path
        Where the files go.

    Returns
    -------
    file : Path
    card : dict
        Level, counts, failures by kind, versions, the data's checksum, and what the recipe says.
    """
    order = list(recipe.groups)
    labelled = sorted((j for j in todo if j.group and ledger.good(j.key)), key=lambda j: order.index(j.group))
    blob = gzip.compress(_extxyz([_with_label(recipe, j, ledger) for j in labelled]), mtime=0)
    file = folder / f"{recipe.name}.xyz.gz"
    with whole(file) as stream:
        stream.write(blob)
    card = _card(recipe, todo, labelled, ledger)
    for extra in recipe.card_from:
        card |= json.loads((home / extra).read_text(encoding="utf-8"))
    card |= {"sha256": hashlib.sha256(blob).hexdigest()}
    with whole(file.with_name(f"{recipe.name}.json")) as stream:
        stream.write((json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode())
    return file, card


def _with_label(recipe: Recipe, job: Job, ledger: Ledger) -> Atoms:
    entry = ledger.good(job.key)
    assert entry is not None
    frame = _bare(job.atoms)
    facts = {k: v for k, v in job.atoms.info.items() if isinstance(v, int | float | str | np.generic)}
    frame.info = {"group": job.group, **facts, **recipe.groups[job.group].columns}
    frame.info["REF_energy"] = round(entry["energy"], 8)
    frame.arrays["REF_forces"] = np.array(entry["forces"])
    if entry.get("stress") is not None:
        frame.info["REF_stress"] = np.round(entry["stress"], 10)
    return frame


def _card(recipe: Recipe, todo: Sequence[Job], labelled: Sequence[Job], ledger: Ledger) -> dict[str, Any]:
    groups = [job.group for job in labelled]
    errors = [ledger.labels[j.key]["error"]["kind"] for j in todo if "error" in ledger.labels.get(j.key, {})]
    alone = {j.atoms.get_chemical_symbols()[0]: ledger.good(j.key) for j in todo if not j.group}
    seconds = sum(ledger.labels[j.key].get("seconds", 0.0) for j in labelled)
    return {
        **recipe.card,
        "sampling": {
            name: "; ".join(f"{d.of}: {', '.join(map(str, d.by))}" for d in group.draws)
            for name, group in recipe.groups.items()
        },
        "settings": {recipe.label_with.calculator.name: dict(recipe.label_with.calculator.params)},
        "settings_of_groups": {n: g.label_params for n, g in recipe.groups.items() if g.label_params},
        "units": {"energy": "eV", "forces": "eV/Å", "stress": "eV/Å³", "positions": "Å"},
        "isolated_atom_energies_eV": {s: entry["energy"] for s, entry in alone.items() if entry},
        "groups": {g: groups.count(g) for g in recipe.groups if g in groups},
        "not_labelled": {kind: errors.count(kind) for kind in sorted(set(errors))},
        "labelling_seconds": round(seconds),
        "versions": _versions(),
    }


def _versions() -> dict[str, str]:
    found = {}
    for package in ("mlffbench", "ase", "matscipy", "numpy", "scipy", "pyscf", "tblite"):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
