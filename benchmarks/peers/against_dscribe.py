"""SOAP values and derivatives of 500 AcAc molecules: ours against dscribe, in one process.

    MLFFBENCH_DATA=../shared/data python benchmarks/peers/against_dscribe.py

dscribe is a dependency of mlffbench, so both run in this interpreter, alternating, and the median of the
rounds counts. Ours is timed twice: as it is used (the nonzero blocks of every pair), which the claim is
about, and in dscribe's format (a dense array for each molecule). dscribe may use one process or two; the
faster one counts. Where the two differ most, finite differences of dscribe's own values decide.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from statistics import median

import numpy as np
import torch
from _peer import acac, at_least, at_most, publish
from ase import Atoms
from dscribe.descriptors import SOAP as Theirs

from mlffbench.descriptors.soap import SOAP as Ours
from mlffbench.system.timing import measure

SIZE = {"n_max": 6, "l_max": 4, "sigma": 0.3}
CUTOFF = 5.0


def main(quick: bool) -> None:
    data, train, _ = acac(20 if quick else 500)
    frames = [data.frames[i] for i in train]
    ours = Ours(CUTOFF, **SIZE, average="off").fit(frames)
    theirs = Theirs(r_cut=CUTOFF, **SIZE, species=ours.species_)
    sides: dict[str, Callable[[], None]] = {
        "ours, blocks": lambda: _consume(ours.derivatives(frames)),
        "ours, dense": lambda: _consume(d.dense() for d in ours.derivatives(frames)),
        "dscribe, 1 process": lambda: _consume(_derivatives(theirs, [a]) for a in frames),
        "dscribe, 2 processes": lambda: [
            _derivatives(theirs, frames[i : i + 50], 2) for i in range(0, len(frames), 50)
        ],
    }
    seconds = _alternate(sides, rounds=1 if quick else 5)
    by_frame = _differences(ours, theirs, frames)
    worst = int(np.argmax(by_frame[:, 1]))
    referee = _referee(ours, theirs, frames[worst])
    best = min(v for k, v in seconds.items() if k.startswith("dscribe"))
    claims = [
        at_least("values and derivatives, as used, against dscribe", best / seconds["ours, blocks"], 5.0),
        at_most("largest difference of values", by_frame[:, 0].max(), 1e-8, ""),
        at_most("largest difference of derivatives", by_frame[:, 1].max(), 1e-8, "1/Å"),
        at_most("there, ours from finite differences of dscribe's values", referee["ours"], 1e-8, "1/Å"),
    ]
    numbers = {
        "frames": len(frames),
        "seconds": seconds,
        "dense arrays, times dscribe's speed": best / seconds["ours, dense"],
        "molecules whose derivatives differ by more than 1e-8": int((by_frame[:, 1] > 1e-8).sum()),
        "median over molecules of the largest difference": float(np.median(by_frame[:, 1])),
        "where they differ most, from finite differences": referee,
        "cutoff": CUTOFF,
        **SIZE,
        "threads": torch.get_num_threads(),
    }
    publish("dscribe", claims, numbers) if not quick else print(claims, numbers)


def _consume(stream: object) -> None:
    for _ in stream:  # type: ignore[attr-defined]
        pass


def _derivatives(theirs: Theirs, frames: Sequence[Atoms], n_jobs: int = 1) -> tuple[np.ndarray, np.ndarray]:
    return theirs.derivatives(list(frames), method="analytical", attach=True, n_jobs=n_jobs)


def _alternate(sides: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """Median seconds of each side; the sides alternate in every round, after a warm-up."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    for round_ in range(rounds + 1):
        for name, side in sides.items():
            with measure() as clock:
                side()
            if round_:
                times[name].append(clock.seconds)
    return {name: median(t) for name, t in times.items()}


def _differences(ours: Ours, theirs: Theirs, frames: Sequence[Atoms]) -> np.ndarray:
    """Largest difference of the values and of the derivatives of every molecule, (n, 2)."""
    rows = []
    for atoms, mine in zip(frames, ours.derivatives(frames), strict=True):
        derivatives, values = _derivatives(theirs, [atoms])
        of_values = np.abs(mine.values.numpy() - values).max()
        rows.append((of_values, np.abs(mine.dense().numpy() - derivatives).max()))
    return np.array(rows)


def _referee(ours: Ours, theirs: Theirs, atoms: Atoms, step: float = 1e-3) -> dict[str, float]:
    """Error of both against fourth-order central differences of dscribe's values, where they differ most."""
    mine = next(iter(ours.derivatives([atoms]))).dense().numpy()
    its = _derivatives(theirs, [atoms])[0]
    worst = np.unravel_index(np.abs(mine - its).argmax(), mine.shape)
    centre, atom, axis, feature = worst

    def value(shift: float) -> float:
        moved = atoms.copy()
        moved.positions[atom, axis] += shift
        return float(theirs.create(moved)[centre, feature])

    truth = (8 * (value(step) - value(-step)) - value(2 * step) + value(-2 * step)) / (12 * step)
    return {"ours": float(abs(mine[worst] - truth)), "dscribe": float(abs(its[worst] - truth))}


if __name__ == "__main__":
    main("--quick" in sys.argv)
