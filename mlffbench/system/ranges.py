"""Ranges of parameters, as types in signatures: ``n_sparse: Count = 2000``.

`mlffbench.system.constraints` reads them: a suite is checked while it is planned, an estimator when it is
fitted, and the schema and ``mlffbench show`` print them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

from annotated_types import Interval, Len, MinLen, Predicate, doc
from ase.data import atomic_numbers

__all__ = [
    "AngularCutoff",
    "AngularOrder",
    "AnyNumber",
    "AtomEnergies",
    "Count",
    "Counts",
    "Device",
    "Fraction",
    "Group",
    "Length",
    "Natural",
    "NonNegative",
    "OpenShare",
    "Order",
    "Positive",
    "Positives",
    "RepulsionCutoff",
    "Seed",
    "Share",
    "ShareBelowOne",
    "ShareOrNumber",
    "SoapCutoff",
    "TrainingSizes",
    "UpToAll",
    "Window",
    "Workers",
]

MOST = 10**9
DEVICE = re.compile(r"cpu|(cuda|xpu|mps)(:\d+)?")


def _is_device(name: str) -> bool:
    return DEVICE.fullmatch(name) is not None


def _is_share_or_number(amount: float) -> bool:
    return 0 < amount < 1 if isinstance(amount, float) else 1 <= amount <= MOST


def _is_up_to_all(amount: float) -> bool:
    return 0 < amount <= 1 or (1 <= amount <= MOST and float(amount).is_integer())


def _are_atoms(energies: Mapping[str, float]) -> bool:
    return all(symbol in atomic_numbers for symbol in energies)


# ---------------------------------------------------------------- whole numbers
Count = Annotated[int, Interval(ge=1, le=MOST)]
Natural = Annotated[int, Interval(ge=0, le=MOST)]
Order = Annotated[int, Interval(ge=0, le=12)]  # of spherical harmonics
AngularOrder = Annotated[int, Interval(ge=1, le=8)]  # of NEP's three-body terms
Seed = Annotated[int, Interval(ge=0, le=2**32 - 1)]
Workers = Annotated[int, Interval(ge=-1, le=1000), Predicate(bool), doc("a number of processes, or -1")]

# ---------------------------------------------------------------- numbers
AnyNumber = Annotated[float, Interval(ge=-MOST, le=MOST)]
Positive = Annotated[float, Interval(gt=0, le=MOST)]
NonNegative = Annotated[float, Interval(ge=0, le=MOST)]
Length = Annotated[float, Interval(gt=0, le=1000)]  # Å
SoapCutoff = Annotated[float, Interval(gt=1, le=1000)]  # Å; the first radial function ends at 1 Å
AngularCutoff = Annotated[float, Interval(ge=3, le=100)]  # Å; of NEP
RepulsionCutoff = Annotated[float, Interval(ge=1, le=3)]  # Å; of NEP's ZBL
Share = Annotated[float, Interval(gt=0, le=1)]
OpenShare = Annotated[float, Interval(gt=0, lt=1)]
ShareBelowOne = Annotated[float, Interval(ge=0, lt=1)]
Fraction = Annotated[float, Interval(ge=0, le=1)]
ShareOrNumber = Annotated[
    float, Predicate(_is_share_or_number), doc("a share between 0 and 1 (0.8) or a number of frames (800)")
]
UpToAll = Annotated[
    float, Predicate(_is_up_to_all), doc("a share up to 1 (0.5, 1.0) or a number of frames (20)")
]

# ---------------------------------------------------------------- lists
Counts = Annotated[Sequence[Count], MinLen(1)]
Positives = Annotated[Sequence[Positive], MinLen(1)]
TrainingSizes = Annotated[Sequence[UpToAll], MinLen(1)]
Window = Annotated[Sequence[Count], Len(2, 2), doc("two whole numbers, the least and the most")]

# ---------------------------------------------------------------- names
AtomEnergies = Annotated[
    Mapping[str, float], Predicate(_are_atoms), doc("energies in eV by chemical symbol, {H: -13.6}")
]
Device = Annotated[str, Predicate(_is_device), doc("cpu, cuda or one of several, cuda:1")]
Group = Annotated[str | float, doc("a text")]  # 300 is the group '300'
