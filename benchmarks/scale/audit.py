"""How the leak audit scales: seconds and memory for 10³ to 10⁵ frames, with planted twins to find.

    OMP_NUM_THREADS=1 python benchmarks/scale/audit.py

Half of the frames train, half test. ``molecules``: malonaldehyde at 300 K with Gaussian noise of 0.05 Å on
every coordinate. ``crystals``: rock salt, 32 atoms, with noise of 0.1 Å. A hundred test frames are training
frames turned, renumbered, moved, every second one mirrored, crystals with other cell vectors, and shaken by
1e-4 Å. Every size is measured in a process of its own; frames are made when they are read, as from a file.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.build import bulk

from mlffbench.data import Dataset, Labels, Split
from mlffbench.datasets.leakage import audit
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.system.provenance import provenance

SIZES = {"molecules": (1_000, 10_000, 100_000), "crystals": (1_000, 10_000)}
N_PLANTED = 100
SHEAR = np.array([[1, 1, 0], [0, 1, 0], [-1, 0, 1]])


class Noisy(Sequence[Atoms]):
    """Frames of a few structures with noise; frame i is always the same, and none is kept."""

    def __init__(self, bases: list[Atoms], width: float, n: int, planted: dict[int, int]) -> None:
        self.bases, self.width, self.n, self.planted = bases, width, n, planted

    def __len__(self) -> int:
        return self.n

    def __getitem__(self, i: int) -> Atoms:
        if i in self.planted:
            return disguised(self[self.planted[i]], np.random.default_rng([1, i]), mirror=bool(i % 2))
        rng = np.random.default_rng([0, i])
        base = self.bases[rng.integers(len(self.bases))]
        positions = base.positions + rng.normal(0, self.width, base.positions.shape)
        return Atoms(base.numbers, positions, cell=base.cell, pbc=base.pbc)


def disguised(atoms: Atoms, rng: np.random.Generator, mirror: bool) -> Atoms:
    """The same structure, up to 1e-4 Å."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    turn *= np.sign(np.linalg.det(turn)) * (-1 if mirror else 1)
    positions = atoms.positions + rng.normal(0, 1e-4, atoms.positions.shape)
    cell = (SHEAR if atoms.pbc.any() else np.eye(3)) @ np.asarray(atoms.cell)
    copy = Atoms(atoms.numbers, positions @ turn + rng.normal(size=3), cell=cell @ turn, pbc=atoms.pbc)
    copy.wrap()
    return copy[rng.permutation(len(copy))]


def bases(kind: str) -> tuple[list[Atoms], float]:
    """Structures and the width of the noise, Å."""
    if kind == "crystals":
        return [bulk("NaCl", "rocksalt", 5.64, cubic=True) * (2, 2, 1)], 0.1
    data = malonaldehyde()
    warm = np.isin(data.columns["group"], ["train_300K", "test_300K"])
    return [data.frames[i] for i in np.flatnonzero(warm)], 0.05


def measure(kind: str, n: int) -> dict[str, object]:
    """One audit: its cost, and whether it found what was planted and nothing else."""
    rng = np.random.default_rng(2)
    sources, targets = rng.permutation(n // 2)[:N_PLANTED], n // 2 + rng.permutation(n // 2)[:N_PLANTED]
    planted = dict(zip(targets.tolist(), sources.tolist(), strict=True))
    data = Dataset(kind, Noisy(*bases(kind), n, planted), Labels(np.zeros(n)))
    split = Split(np.arange(n // 2), {"test": np.arange(n // 2, n)})
    load, wall, cpu = os.getloadavg()[0], time.perf_counter(), time.process_time()
    found = audit(data, split)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    twins = {p.test: p.train for p in found.pairs if p.twin}
    return {
        "kind": kind,
        "frames": n,
        "atoms": len(data.frames[0]),
        "wall_seconds": round(wall, 2),
        "cpu_seconds": round(cpu, 2),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "load_average_before": round(load, 2),
        "planted": len(planted),
        "found": len(planted.items() & twins.items()),
        "false_alarms": len(twins.items() - planted.items()),
        "near_twins": found.n_near,
        "largest_distance_of_a_planted_twin": max((p.distance for p in found.pairs if p.twin), default=None),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--one", nargs=2, metavar=("KIND", "FRAMES"), help="measure here and print")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "results/scale/audit.json")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.one[0], int(args.one[1]))))
        return
    rows = []
    for kind, n in ((kind, n) for kind, sizes in SIZES.items() for n in sizes):
        command = [sys.executable, __file__, "--one", kind, str(n)]
        rows.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
        print(json.dumps(rows[-1]), flush=True)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    document = {"about": __doc__, "rows": rows, "provenance": provenance()}
    args.out.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    wrong = [r for r in rows if r["found"] != r["planted"] or r["false_alarms"]]
    if wrong:
        sys.exit(f"not exactly the planted twins were found: {wrong}")


if __name__ == "__main__":
    main()
