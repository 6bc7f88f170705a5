"""Candidates of a proposal: methods with the problems that they suit, their part of the budget, their cost.

Their classes say, through the registry, which of them take crystals or several molecules, and are installed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlffbench.harness.planning.proposal.cost import Cost
from mlffbench.harness.planning.proposal.problem_kind import ProblemKind

__all__ = ["CANDIDATES", "Candidate", "Clock", "Size"]

METALS = frozenset(
    {"Li", "Be", "Na", "Mg", "Al", "K", "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga"}
    | {"Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Cs", "Ba", "La"}
    | {"Hf", "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi"}
)
COVALENT = frozenset(
    {"B", "C", "Si", "Ge", "Sn", "N", "P", "As", "Sb", "Al", "Ga", "In", "Zn", "Cd", "S", "Se", "Te"}
)
NOBLE = frozenset({"He", "Ne", "Ar", "Kr", "Xe"})
ANIONS = frozenset({"O", "F", "S", "Cl", "Br", "Se", "I", "Te"})
LEAST_ANIONS = 0.25  # share of the atoms


@dataclass(frozen=True)
class Size:
    """Parameter that the cost of a kernel grows with, and its least and most useful values."""

    parameter: str
    least: int
    most: int


@dataclass(frozen=True)
class Clock:
    """Parameter of a network that stops training by the clock, and the least useful seconds."""

    parameter: str = "max_seconds"
    least: float = 20.0


@dataclass(frozen=True)
class Candidate:
    """A method that may be proposed.

    Attributes
    ----------
    name : str
    comment : str
        Reason for it, as the suite's comment.
    suits : callable
        True for a problem that it makes sense for.
    weight : float
        Part of the budget, against those of the others; 0 for a method that costs next to nothing.
    cost : Cost
    scale : Size, Clock or None
        Handle on its cost.
    params : mapping
        Keywords of its row.
    is_quick : bool
        True if ``--quick`` keeps it.
    """

    name: str
    comment: str
    suits: Callable[[ProblemKind], bool]
    weight: float
    cost: Cost
    scale: Size | Clock | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    is_quick: bool = True


def _always(problem: ProblemKind) -> bool:
    return True


def _is_bonded(problem: ProblemKind) -> bool:
    return problem.structures == ("molecule",) and not problem.is_periodic


def _is_metal(problem: ProblemKind) -> bool:
    return not _is_bonded(problem) and METALS.issuperset(problem.elements)


def _is_covalent(problem: ProblemKind) -> bool:
    return not _is_bonded(problem) and not _is_metal(problem) and COVALENT.issuperset(problem.elements)


def _is_ionic(problem: ProblemKind) -> bool:
    share = sum(share for element, share in problem.shares.items() if element in ANIONS)
    others = set(problem.elements) - ANIONS
    is_salt = share >= LEAST_ANIONS and bool(others) and others <= METALS | {"Si", "Ge", "P", "B"}
    return not _is_bonded(problem) and is_salt


def _is_noble(problem: ProblemKind) -> bool:
    return NOBLE.issuperset(problem.elements)


def _is_other(problem: ProblemKind) -> bool:
    chosen = (_is_bonded, _is_metal, _is_covalent, _is_ionic, _is_noble)
    return not any(suits(problem) for suits in chosen)


def _is_one_molecule_with_forces(problem: ProblemKind) -> bool:
    return problem.is_one_molecule and problem.n_forces == problem.n_frames


PAIR = Cost(fixed=3, per_atom=6e-4, predict=6e-5)
CANDIDATES = (  # in the order of the suite
    Candidate(
        "atomic_reference",
        "a baseline that knows only the composition: zero forces",
        _always,
        0,
        Cost(0.1, predict=1e-5),
    ),
    Candidate(
        "bonded",
        "a classical force field: is it enough?",
        _is_bonded,
        0.7,
        Cost(3, per_atom=2.5e-3, predict=2e-4),
    ),
    Candidate(
        "embedded_atom",
        "a classical potential of metals: is it enough?",
        _is_metal,
        0.7,
        Cost(12, per_atom=1e-3, predict=1e-4),
        params={"n_starts": 1},
    ),
    Candidate(
        "stillinger_weber",
        "a classical potential of covalent solids: is it enough?",
        _is_covalent,
        0.7,
        Cost(10, per_atom=2e-3, most_atoms=15_000, predict=1e-4),
        params={"n_starts": 1},
    ),
    Candidate("buckingham", "a classical potential of ionic solids: is it enough?", _is_ionic, 0.7, PAIR),
    Candidate("lennard_jones", "a classical potential of noble gases: is it enough?", _is_noble, 0.7, PAIR),
    Candidate("morse", "a classical pair potential: is it enough?", _is_other, 0.7, PAIR),
    Candidate(
        "soap_kernel_ridge",
        "kernel",
        _always,
        1.5,
        Cost(2, per_label=2e-6, per_dense_label=1.8e-6, predict=7e-4),
        Size("n_representers", 100, 3000),
    ),
    Candidate(
        "sgdml",
        "kernel for one molecule",
        _is_one_molecule_with_forces,
        1.2,
        Cost(2, per_square=3e-7, predict=1e-4),
        is_quick=False,
    ),
    Candidate(
        "soap_gpr",
        "Gaussian process, with predicted errors",
        _always,
        1.5,
        Cost(2, per_label=5e-7, per_dense_label=8e-7, predict=7e-4),
        Size("n_sparse", 100, 2000),
    ),
    Candidate(
        "behler_parrinello",
        "neural network on symmetry functions",
        _always,
        2,
        Cost(8, per_atom=2e-3, predict=4e-4),
        Clock(),
        {"max_epochs": 5000},
        is_quick=False,
    ),
    Candidate(
        "mace",
        "message-passing neural network",
        _always,
        3,
        Cost(8, per_atom=2e-4, predict=3e-4),
        Clock(),
        {"preset": "small", "max_epochs": 5000},
        is_quick=False,
    ),
)
