"""Where the nonlinear parameters of a GAFF-form fit start: radii, wells and charges from the elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase.data import atomic_numbers, chemical_symbols, covalent_radii, vdw_radii

from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.gaff.atom_types import Finder
from mlffbench.potentials.gaff.bond_perception import State
from mlffbench.potentials.gaff.topology import Topology

__all__ = ["start_values"]

PAULING = {
    "H": 2.20, "B": 2.04, "C": 2.55, "N": 3.04, "O": 3.44, "F": 3.98, "Si": 1.90, "P": 2.19, "S": 2.58,
    "Cl": 3.16, "Ge": 2.01, "As": 2.18, "Se": 2.55, "Br": 2.96, "Te": 2.10, "I": 2.66,
}  # fmt: skip
METAL = 1.6  # electronegativity of all others
TRANSFER = 0.12  # e per bond and unit of electronegativity
ROOTS = (0.07, 0.4)  # √eV: √ε of an atom with bonds, and of one without


def start_values(
    graphs: Sequence[Graph], patterns: Sequence[Sequence[Sequence[State]]], finder: Finder, modes: np.ndarray
) -> dict[str, np.ndarray]:
    """For the pieces of `_bonded_solve.PIECES` that need more than a constant."""
    topologies = [found[0].topology for each in patterns for found in each]
    names = [finder.types.of(topology) for topology in topologies]
    vdw = np.concatenate([finder.types.seen_by("vdw", n) for n in names])
    bonds = np.concatenate([np.bincount(t.bonds.source, minlength=len(t.labels)) for t in topologies])
    shortest = np.concatenate([_shortest(graph) for graph in graphs])
    radius, root = [], []
    for label in finder.rows["vdw"]:
        own = vdw == label
        around = shortest[own & np.isfinite(shortest)]
        free = not bonds[own].any() and len(around) > 0
        radius.append(np.median(around) / 2 if free else _radius(label))
        root.append(ROOTS[1] if free else ROOTS[0])
    guess = np.concatenate([_charges(topology) for topology in topologies])
    charges = [guess[np.concatenate(names) == label].mean() for label in finder.rows["charges"]]
    return {
        "vdw_radius": np.array(radius),
        "vdw_root": np.array(root),
        "charge": modes.T @ np.array(charges),
    }


def _shortest(graph: Graph) -> np.ndarray:
    """Distance of every atom's nearest neighbour, Å; inf where there is none."""
    shortest = np.full(len(graph.numbers), np.inf)
    np.minimum.at(shortest, graph.source.numpy(), graph.vectors.norm(dim=1).numpy())
    return shortest


def _charges(topology: Topology) -> np.ndarray:
    """Electrons moved along bonds; without bonds, by the difference from the frame's mean."""
    bonds = topology.bonds
    chi = np.array([PAULING.get(chemical_symbols[z], METAL) for z in bonds.numbers])
    if len(bonds.source) == 0:
        return 3 * TRANSFER * (chi.mean() - chi)
    q = np.zeros(len(chi))
    np.add.at(q, bonds.source, TRANSFER * (chi[bonds.target] - chi[bonds.source]))
    return q


def _radius(label: str) -> float:
    """Half the distance of the minimum: van der Waals radii, where tabulated."""
    z = atomic_numbers[label.partition("(")[0]]
    return float(vdw_radii[z]) if np.isfinite(vdw_radii[z]) else float(covalent_radii[z]) + 0.8
