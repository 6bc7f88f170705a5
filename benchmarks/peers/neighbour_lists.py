"""Neighbour lists of batches: ours against matscipy's and vesin's, frame by frame, and nvalchemi's batches.

    MLFFBENCH_DATA=../shared/data python benchmarks/peers/neighbour_lists.py [--quick]

All sides run in this process on one thread, one after the other in every round, and hand over the same
tensors: source, target and cell shifts of all frames, on the CPU and, if there is a GPU, on it. The best
round counts, in seconds of this process on the CPU and of the clock on a GPU. vesin and
nvalchemi-toolkit-ops take part where they are installed; the pairs of every side are compared with
matscipy's.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from _peer import Claim, acac, at_least, at_most, publish
from ase import Atoms
from ase.build import bulk
from matscipy.neighbours import neighbour_list

from mlffbench.descriptors.frame_arrays import frame_arrays
from mlffbench.descriptors.pairs import pairs

CUTOFF = 5.0
MOLECULES, CRYSTALS, LARGE = "650 molecules of 15 atoms", "64 crystals of 64 atoms", "one of 97,336 atoms"
REQUIRED = {MOLECULES: 6.0, CRYSTALS: 1.5, LARGE: 0.9}  # matscipy's time over ours
Pairs = tuple[torch.Tensor, torch.Tensor, torch.Tensor]
Side = Callable[[Sequence[Atoms], torch.device], Pairs]


def ours(frames: Sequence[Atoms], device: torch.device) -> Pairs:
    return pairs(frames, frame_arrays(frames, CUTOFF, device), CUTOFF)


def matscipy(frames: Sequence[Atoms], device: torch.device) -> Pairs:
    boxes = [a if a.pbc.all() else _boxed(a) for a in frames]
    return _joined([neighbour_list("ijS", a, CUTOFF) for a in boxes], frames, device)


def vesin(frames: Sequence[Atoms], device: torch.device) -> Pairs:
    from vesin import NeighborList

    lister = NeighborList(cutoff=CUTOFF, full_list=True, sorted=True, n_threads=1)
    if device.type == "cpu":
        listed = [lister.compute(a.positions, a.cell.array, a.pbc, "ijS") for a in frames]
        return _joined(listed, frames, device)
    there = lambda values: torch.as_tensor(values, device=device)
    return _joined(
        [lister.compute(there(a.positions), there(a.cell.array), there(a.pbc), "ijS") for a in frames],
        frames,
        device,
    )


def nvalchemi(frames: Sequence[Atoms], device: torch.device) -> Pairs:
    from nvalchemiops.torch.neighbors import neighbor_list

    arrays = frame_arrays(frames, CUTOFF, device)
    cells = torch.where(
        arrays.cells.any(dim=2)[:, :, None], arrays.cells, torch.eye(3, device=device).double()
    )
    found = neighbor_list(
        arrays.positions, CUTOFF, cell=cells, pbc=torch.as_tensor(arrays.pbc, device=device),
        batch_idx=arrays.frame().int(), return_neighbor_list=True,
    )  # fmt: skip
    return found[0][0].long(), found[0][1].long(), found[-1].double()


def _boxed(atoms: Atoms) -> Atoms:
    """A molecule in a box, which matscipy needs."""
    positions = atoms.positions - atoms.positions.min(axis=0)
    return Atoms(atoms.numbers, positions, cell=positions.max(axis=0) + 1.0)


def _joined(listed: Sequence[Any], frames: Sequence[Atoms], device: torch.device) -> Pairs:
    starts = np.cumsum([0, *(len(a) for a in frames[:-1])])
    tensor = lambda x: x if isinstance(x, torch.Tensor) else torch.as_tensor(x.astype(np.int64))
    columns = zip(*([tensor(x) for x in one] for one in listed), strict=True)
    i, j, shifts = columns
    whole = lambda parts: torch.cat([p.long() + s for p, s in zip(parts, starts.tolist(), strict=True)])
    return whole(i).to(device), whole(j).to(device), torch.cat(shifts).double().to(device)


def cases(quick: bool) -> dict[str, list[Atoms]]:
    """Molecules, crystals and a large system."""
    data, _, tests = acac()
    edge = 6 if quick else 23
    cube = bulk("Si", cubic=True)
    return {
        MOLECULES: [data.frames[i] for i in tests["300K"][: 50 if quick else 650]],
        CRYSTALS: [_rattled(cube * (2, 2, 2), i) for i in range(8 if quick else 64)],
        LARGE: [_rattled(cube * (edge, edge, edge), 0)],
    }


def _rattled(atoms: Atoms, seed: int) -> Atoms:
    atoms.rattle(0.1, seed=seed)
    return atoms


def microseconds(sides: Mapping[str, Side], frames: list[Atoms], device: torch.device) -> dict[str, float]:
    """Best time of each side, µs an atom."""
    atoms = sum(len(a) for a in frames)
    best = dict.fromkeys(sides, float("inf"))
    clock = time.process_time if device.type == "cpu" else time.perf_counter
    for _ in range(3 if atoms > 50_000 else 7):
        for name, side in sides.items():
            start = clock()
            side(frames, device)[0].sum().item()  # waits for a GPU
            best[name] = min(best[name], clock() - start)
    return {name: 1e6 * seconds / atoms for name, seconds in best.items()}


def differing(side: Side, frames: list[Atoms], device: torch.device) -> int:
    """Number of pairs that this side or matscipy has and the other has not."""
    listed = (side(frames, device), matscipy(frames, torch.device("cpu")))
    both = torch.cat([torch.column_stack(columns).cpu().long() for columns in listed]).numpy()
    both -= both.min(axis=0)
    keys = np.ravel_multi_index(tuple(both.T), tuple(both.max(axis=0) + 1))
    _, counts = np.unique(keys, return_counts=True)
    return int((counts == 1).sum())


def main(quick: bool) -> None:
    torch.set_num_threads(1)
    devices = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]
    sides: dict[str, Side] = {"ours": ours, "matscipy": matscipy}
    sides |= {"vesin": vesin} if find_spec("vesin") else {}
    sides |= {"nvalchemi": nvalchemi} if find_spec("nvalchemiops") else {}
    numbers: dict[str, Any] = {}
    claims: list[Claim] = []
    for name, frames in cases(quick).items():
        for device in devices:
            times = microseconds(sides, frames, torch.device(device))
            apart = {s: differing(side, frames, torch.device(device)) for s, side in sides.items()}
            numbers[f"{name}, {device}"] = {"microseconds_per_atom": times, "differing_pairs": apart}
            print(f"{name}, {device}, µs/atom:", {s: round(t, 2) for s, t in times.items()}, "apart:", apart)
            ratio = times["matscipy"] / times["ours"]
            claims += [
                at_least(f"matscipy over ours, {name}, {device}", ratio, REQUIRED[name]),
                at_most(f"pairs unlike matscipy's, {name}, {device}", apart["ours"], 0, "pairs"),
            ]
    publish("neighbour_lists", claims, numbers) if not quick else print(claims)


if __name__ == "__main__":
    main("--quick" in sys.argv)
