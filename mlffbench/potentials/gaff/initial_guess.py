"""Initial guess of the nonlinear parameters of the fit: radii, well depths and charges from the elements."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from ase.data import atomic_numbers, chemical_symbols, covalent_radii, vdw_radii

from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.gaff.atom_types import ParameterIndex
from mlffbench.potentials.gaff.bond_perception import BondingState
from mlffbench.potentials.gaff.topology import Topology

__all__ = ["initial_guess"]

PAULING = {
    "H": 2.20, "B": 2.04, "C": 2.55, "N": 3.04, "O": 3.44, "F": 3.98, "Si": 1.90, "P": 2.19, "S": 2.58,
    "Cl": 3.16, "Ge": 2.01, "As": 2.18, "Se": 2.55, "Br": 2.96, "Te": 2.10, "I": 2.66,
}  # fmt: skip
METAL = 1.6  # electronegativity of all other elements
TRANSFER = 0.12  # e per bond and unit of electronegativity
ROOTS = (0.07, 0.4)  # √eV: √ε of an atom with bonds, and of one without


def initial_guess(
    graphs: Sequence[Graph],
    patterns: Sequence[Sequence[Sequence[BondingState]]],
    index: ParameterIndex,
    modes: np.ndarray,
) -> dict[str, np.ndarray]:
    """Start values of those `least_squares.PRIORS` that do not start at their centre.

    `modes` (n_charges, n_modes) are the neutral modes of the charges.
    """
    topologies = [states[0].topology for of_graph in patterns for states in of_graph]
    names = [index.types.assign(topology) for topology in topologies]
    vdw = np.concatenate([index.types.coarsened("vdw", n) for n in names])
    bonds = np.concatenate([np.bincount(t.bonds.source, minlength=len(t.labels)) for t in topologies])
    nearest = np.concatenate([_nearest_distances(graph) for graph in graphs])
    radius, root = [], []
    for label in index.rows["vdw"]:
        own = vdw == label
        distances = nearest[own & np.isfinite(nearest)]
        unbonded = not bonds[own].any() and len(distances) > 0
        radius.append(np.median(distances) / 2 if unbonded else _radius(label))
        root.append(ROOTS[1] if unbonded else ROOTS[0])
    guess = np.concatenate([_charges(topology) for topology in topologies])
    types = np.concatenate(names)
    seen = set(
        types
    )  # a type of a hydrogen's second topology alone has no atoms here, and begins without charge
    charges = [guess[types == label].mean() if label in seen else 0.0 for label in index.rows["charges"]]
    return {
        "vdw_radius": np.array(radius),
        "vdw_root": np.array(root),
        "charge": modes.T @ np.array(charges),
    }


def _nearest_distances(graph: Graph) -> np.ndarray:
    """Distance of every atom's nearest neighbour, Å; inf for an atom without neighbours."""
    nearest = np.full(len(graph.numbers), np.inf)
    np.minimum.at(nearest, graph.source.numpy(), graph.vectors.norm(dim=1).numpy())
    return nearest


def _charges(topology: Topology) -> np.ndarray:
    """Charges from electronegativity differences along bonds; without bonds, from the frame's mean."""
    bonds = topology.bonds
    chi = np.array([PAULING.get(chemical_symbols[z], METAL) for z in bonds.numbers])
    if len(bonds.source) == 0:
        return 3 * TRANSFER * (chi.mean() - chi)
    q = np.zeros(len(chi))
    np.add.at(q, bonds.source, TRANSFER * (chi[bonds.target] - chi[bonds.source]))
    return q


def _radius(label: str) -> float:
    """Half the distance of the Lennard-Jones minimum, Å: the van der Waals radius where tabulated."""
    z = atomic_numbers[label.partition("(")[0]]
    return float(vdw_radii[z]) if np.isfinite(vdw_radii[z]) else float(covalent_radii[z]) + 0.8
