"""Kind of problem that a dataset poses: structures, labels, and columns that relate its frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms

from mlffbench.data import Dataset, LazySequence, value_name
from mlffbench.datasets.checks.common.frame_selection import subsample
from mlffbench.descriptors.neighbours import neighbour_list
from mlffbench.harness.planning.proposal.structure_kind import structure_kind
from mlffbench.harness.planning.proposal.time_order import neighbour_ratio

__all__ = ["ProblemKind", "problem_kind"]

SAMPLE, COUNTED = 400, 20  # frames looked at; frames whose neighbours are counted
REACH = 4.0  # Å, of neighbours that are counted
ORDERED = 0.7  # neighbouring frames that are nearer than this part of random ones are related
COLUMNS = {  # names of columns by what they tell, in the order of preference
    "published": ("split", "set", "subset", "partition", "group", "config_type", "data_split"),
    "temperature": ("temperature", "temperature_k", "temp", "temp_k", "t"),
    "group": ("group", "config_type", "phase", "system", "structure", "category", "config", "source"),
    "trajectory": ("trajectory", "traj", "traj_id", "trajectory_id", "run", "run_id", "replica", "path_id"),
}  # fmt: skip
MOST_VALUES = 100  # of a column that tells groups


@dataclass(frozen=True)
class ProblemKind:
    """Facts that decide on split, methods and tasks.

    Attributes
    ----------
    n_frames : int
    n_atoms : tuple of int
        Least and most atoms in a frame.
    mean_atoms, neighbours : float
        Mean atoms in a frame; mean neighbours of an atom within 4 Å.
    shares : mapping of str to float
        Share of the atoms of each element, by atomic number.
    structures : tuple of str
        Kinds of structures, the most frequent first: ``molecule``, ``chain``, ``slab``, ``bulk``.
    n_formulas : int
        Different compositions, with their numbers of atoms.
    is_periodic : bool
        True if any frame is periodic.
    n_forces, n_stresses : int
        Frames with these labels.
    columns : mapping of str to str
        Column that names the ``published`` parts, the ``temperature``, the ``group`` or the ``trajectory``.
    order : float or None
        Distance of consecutive frames over that of random ones, see `neighbour_ratio`.
    """

    n_frames: int
    n_atoms: tuple[int, int]
    mean_atoms: float
    neighbours: float
    shares: Mapping[str, float]
    structures: tuple[str, ...]
    n_formulas: int
    is_periodic: bool
    n_forces: int
    n_stresses: int
    columns: Mapping[str, str]
    order: float | None

    @property
    def elements(self) -> tuple[str, ...]:
        return tuple(self.shares)

    @property
    def is_one_molecule(self) -> bool:
        """True if every frame is the same molecule, not in a periodic cell."""
        return self.structures == ("molecule",) and self.n_formulas == 1 and not self.is_periodic

    @property
    def is_ordered(self) -> bool:
        """True if the order of the frames is that of a trajectory or a scan."""
        return self.order is not None and self.order < ORDERED

    @property
    def name(self) -> str:
        """``one molecule``, ``molecules``, ``crystals or liquids``, ``slabs``, ``slabs and molecules`` ..."""
        if self.structures == ("molecule",):
            return "one molecule" if self.n_formulas == 1 else f"{self.n_formulas} molecules"
        plural = {"molecule": "molecules", "chain": "chains", "slab": "slabs", "bulk": "crystals or liquids"}
        return " and ".join(plural[kind] for kind in self.structures)


def problem_kind(dataset: Dataset) -> ProblemKind:
    """Look at the frames of a dataset, at most 400 of them, and at its labels and columns."""
    picks = subsample(np.arange(len(dataset)), SAMPLE).tolist()
    frames = [dataset.frames[i] for i in picks]
    sizes = [len(atoms) for atoms in frames]
    kinds = Counter(map(structure_kind, frames))
    symbols = Counter(symbol for atoms in frames for symbol in atoms.symbols)
    return ProblemKind(
        n_frames=len(dataset),
        n_atoms=(min(sizes), max(sizes)),
        mean_atoms=float(np.mean(sizes)),
        neighbours=_neighbours(frames),
        shares={s: symbols[s] / symbols.total() for s in dataset.elements},
        structures=tuple(kind for kind, _ in kinds.most_common()),
        n_formulas=len({atoms.get_chemical_formula() for atoms in frames}),
        is_periodic=any(atoms.pbc.any() for atoms in frames),
        n_forces=_n_present(dataset.labels.forces),
        n_stresses=_n_present(dataset.labels.stress),
        columns={what: name for what in COLUMNS if (name := _column(dataset, what)) is not None},
        order=neighbour_ratio(dataset),
    )


def _neighbours(frames: Sequence[Atoms]) -> float:
    """Mean number of neighbours within 4 Å of an atom in a few of the frames."""
    chosen = frames[:: max(1, len(frames) // COUNTED)]
    pairs = sum(len(neighbour_list("i", atoms, REACH)[0]) for atoms in chosen)
    return pairs / sum(len(atoms) for atoms in chosen)


def _n_present(values: Any) -> int:
    """Number of frames with a label, without reading those that lie in a file."""
    if values is None:
        return 0
    if isinstance(values, LazySequence):
        return len(values) if values.present is None else int(values.present.sum())
    return sum(value is not None for value in values)


def _column(dataset: Dataset, what: str) -> str | None:
    """The first column of such a name that groups all frames, and fits what it should tell."""
    by_name = {name.lower(): name for name in reversed(list(dataset.columns))}
    for word in COLUMNS[what]:
        if (name := by_name.get(word)) is not None and _tells(what, dataset.columns[name]):
            return name
    return None


def _tells(what: str, values: np.ndarray) -> bool:
    """True if every frame has a value, and these are groups, temperatures or published parts."""
    names = [value_name(v) for v in values]
    known = set(names)
    if not known.isdisjoint({"", "nan"}) or not 1 < len(known) <= min(MOST_VALUES, len(names) // 2):
        return False
    if what == "published":
        return {"train", "test"} <= known
    return what != "temperature" or all(_is_number(name) for name in known)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
