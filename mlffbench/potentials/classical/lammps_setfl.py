"""Embedded-atom potential as a file of LAMMPS's ``pair_style eam/fs``: Finnis and Sinclair's setfl format."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
from ase.build import bulk
from ase.data import atomic_masses, atomic_numbers

from mlffbench.descriptors.neighbours import neighbour_list
from mlffbench.potentials.classical.embedded_atom import SOFT, Tables, densities, embedding, pair_energies
from mlffbench.potentials.lammps_input import wrapped

__all__ = ["setfl_commands", "setfl_file"]

DISTANCES = 12_001
DENSITIES = (10_001, 100_001)  # fewest and most; √ρ asks for a step of SOFT²/4 at ρ = 0


def setfl_commands(elements: Sequence[str], file: str) -> list[str]:
    """``pair_style`` and ``pair_coeff``."""
    return ["pair_style eam/fs", f"pair_coeff * * {file} {' '.join(elements)}"]


def setfl_file(elements: Sequence[str], tables: Tables, cutoff: float) -> str:
    """Text of the file: embedding energies, densities and r φ(r) on grids that LAMMPS interpolates."""
    numbers = [atomic_numbers[s] for s in elements]
    r = torch.linspace(0.0, cutoff, DISTANCES, dtype=torch.float64)
    n, step = _density_grid(max(_densest(tables, i, j, cutoff) for i, j in product(numbers, repeat=2)))
    rho = step * torch.arange(n, dtype=torch.float64)
    lines = [
        "Embedded-atom potential of Finnis and Sinclair's form, written by mlffbench",
        "energies in eV from isolated atoms, distances in Angstrom; interpolated by LAMMPS",
        "",
        f"{len(elements)} {' '.join(elements)}",
        f"{n} {step:.16e} {DISTANCES} {float(r[1]):.16e} {cutoff:.16e}",
    ]
    for z in numbers:
        lines.append(f"{z} {atomic_masses[z]:.6f} 0.0 none")
        lines += wrapped(embedding(rho, tables.curvature[z])[0].tolist())
        for centre in numbers:
            lines += wrapped(densities(tables, centre, z, r)[0].tolist())
    for i, one in enumerate(numbers):
        for other in numbers[: i + 1]:
            lines += wrapped((r * pair_energies(tables, one, other, r)).tolist())
    return "\n".join(lines) + "\n"


def _density_grid(largest: float) -> tuple[int, float]:
    """Number of points and step of a grid from 0 to the largest density."""
    fewest, most = DENSITIES
    n = int(np.clip(largest / (SOFT**2 / 4) + 1, fewest, most))
    return n, max(largest, 1.0) / (n - 1)


def _densest(tables: Tables, centre: int, neighbour: int, cutoff: float) -> float:
    """Density at an atom in an fcc crystal whose nearest neighbours are as close as any in training, eV²."""
    r_min = tables.r_min[centre, neighbour].item()
    if r_min == 0.0:
        return 0.0
    crystal = bulk("X", "fcc", a=2**0.5 * r_min)
    (distances,) = neighbour_list("d", crystal, cutoff)
    return densities(tables, centre, neighbour, torch.as_tensor(distances))[0].sum().item()
