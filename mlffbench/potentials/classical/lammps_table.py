"""Pair potential as a table for LAMMPS's ``pair_style table``: energies and forces by distance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations_with_replacement

import torch

__all__ = ["Curve", "pair_table", "table_commands"]

POINTS = 10_000  # of the file, and of LAMMPS's own spline
STEEPEST = 1e3  # eV: where the energy is higher, the table ends
CLOSEST = 0.05  # Å

Curve = Callable[[torch.Tensor], torch.Tensor]  # distances (n,) Å -> energies (n,) eV, 0 from the cutoff on


def table_commands(elements: Sequence[str], file: str) -> list[str]:
    """``pair_style`` and a ``pair_coeff`` for every pair of atom types."""
    pairs = combinations_with_replacement(range(len(elements)), 2)
    return [
        f"pair_style table spline {POINTS}",
        *(f"pair_coeff {a + 1} {b + 1} {file} {elements[a]}-{elements[b]}" for a, b in pairs),
    ]


def pair_table(elements: Sequence[str], curve_of: Callable[[str, str], Curve | None], cutoff: float) -> str:
    """Text of the file, with a section for every pair of elements.

    LAMMPS stops with an error where atoms come closer than the table's first distance, at which the energy
    is 1000 eV.

    Parameters
    ----------
    elements : sequence of str
    curve_of : callable
        The energy of a pair of elements, None for a pair that does not interact.
    cutoff : float
        Last distance, Å.
    """
    sections = ["# UNITS: metal CONTRIBUTOR: mlffbench; columns: number, r (A), energy (eV), force (eV/A)"]
    for a, b in combinations_with_replacement(elements, 2):
        sections += ["", f"{a}-{b}", *_section(curve_of(a, b) or torch.zeros_like, cutoff)]
    return "\n".join(sections) + "\n"


def _section(curve: Curve, cutoff: float) -> list[str]:
    """Parameter line and rows; ``FPRIME`` gives the force's derivative at both ends."""
    first = _first_distance(curve, cutoff)
    r = torch.linspace(first, cutoff, POINTS, dtype=torch.float64, requires_grad=True)
    energy = curve(r)
    (slope,) = _gradient(energy, r)
    (curvature,) = _gradient(slope, r)
    ends = f"{-curvature[0].item():.16e} {-curvature[-1].item():.16e}"
    rows = torch.stack([r, energy, -slope], dim=1).tolist()
    return [
        f"N {POINTS} R {first:.16e} {cutoff:.16e} FPRIME {ends}",
        "",
        *(f"{i} {x:.16e} {e:.16e} {f:.16e}" for i, (x, e, f) in enumerate(rows, 1)),
    ]


def _gradient(values: torch.Tensor, r: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Derivative by each distance, differentiable again; 0 where the values do not depend on it."""
    if not values.requires_grad:
        return (torch.zeros_like(r),)
    return torch.autograd.grad(values.sum(), r, create_graph=True, materialize_grads=True)


def _first_distance(curve: Curve, cutoff: float) -> float:
    """Largest distance with an energy above STEEPEST, else CLOSEST."""
    r = torch.linspace(CLOSEST, cutoff, POINTS, dtype=torch.float64)
    steep = torch.nonzero(~(curve(r) < STEEPEST))
    return float(r[steep[-1, 0]]) if len(steep) else CLOSEST
