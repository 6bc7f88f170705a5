"""Fit of a GAFF-form force field: atom types, design matrix, nonlinear least squares, named parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors.graph import Graph, build
from mlffbench.potentials.gaff import design_matrix as design
from mlffbench.potentials.gaff.atom_types import ParameterIndex, Types, learn_types, term_key
from mlffbench.potentials.gaff.batches import KINDS, TableRows, assemble, chunks, with_equilibrium
from mlffbench.potentials.gaff.bond_perception import BondingState, perceive_bonds
from mlffbench.potentials.gaff.energy_terms import Basis, Batch, angle, basis, images, length
from mlffbench.potentials.gaff.initial_guess import initial_guess
from mlffbench.potentials.gaff.least_squares import solve
from mlffbench.potentials.gaff.topology import Topology
from mlffbench.potentials.gaff.unknowns import Problem, neutral_modes
from mlffbench.potentials.regression.streaming_qr import updated_r_factor
from mlffbench.system import progress

__all__ = ["Settings", "fit"]

Patterns = list[list[BondingState]]  # the bonding states of every frame of a graph

MOST_PARAMETERS = 1500  # beyond, atom types are less deep
RARE = 0.02  # share of the training frames below which surroundings are no type of their own


@dataclass(frozen=True)
class Settings:
    """Settings of the fit.

    Attributes
    ----------
    cutoff : float, of Lennard-Jones and Coulomb, Å
    depth : int, of the atom types
    width : float, half the width of the blend of a shared hydrogen, in sums of covalent radii
    periodicities : of the torsions
    weights : of energies per atom, forces and stresses
    alpha : float, weight of the prior
    max_iterations : int, steps of the optimiser at most
    """

    cutoff: float
    depth: int
    width: float
    periodicities: tuple[int, ...]
    weights: tuple[float, float, float]
    alpha: float
    max_iterations: int


def fit(
    frames: list[Atoms], labels: Labels, settings: Settings
) -> tuple[dict[str, dict[str, dict[str, float]]], Types, float, bool]:
    """Fit all parameters by least squares.

    Returns
    -------
    parameters : dict of kind of term to dict of key to dict of name to value
    types : Types
    loss : float, of the fit without its prior
    converged : bool
    """
    parts = chunks(np.array([len(a) for a in frames]))
    graphs = [build([frames[i] for i in part], settings.cutoff) for part in parts]
    types, patterns, index, counts = _deepest_types(graphs, settings)
    rows: dict[bytes, TableRows] = {}
    batches = [
        assemble(graph, states, index, settings.width, rows)
        for graph, states in zip(graphs, patterns, strict=True)
    ]
    used = {k: np.unique(np.concatenate([b.terms[k].index.numpy() for b in batches])) for k in KINDS}
    means = {"bonds": _means(batches, "bonds", length), "angles": _means(batches, "angles", angle)}
    batches = [with_equilibrium(batch, means) for batch in batches]
    triangle = _reduced_design(batches, parts, used, frames, labels, settings)
    problem = _problem(triangle, index, used, counts, len(settings.periodicities))
    start = initial_guess(graphs, patterns, index, problem.modes.numpy())
    solution, loss, converged = solve(problem, start, settings.alpha, settings.max_iterations)
    return _named(solution, problem, index, means, settings.periodicities), types, loss, converged


def _deepest_types(
    graphs: Sequence[Graph], settings: Settings
) -> tuple[Types, list[Patterns], ParameterIndex, np.ndarray]:
    """The deepest atom typing within `MOST_PARAMETERS`, with its bonding states and index."""
    deep = [(d, min(d, 1), d) for d in range(settings.depth, 0, -1)]
    coarse = [(1, 1, 0), (0, 0, 0)] if settings.depth else [(0, 0, 0)]
    for depth, vdw, torsion in deep + coarse:
        kinds = {"vdw": vdw, "torsions": torsion, "impropers": torsion}
        types, patterns = _types(graphs, depth, kinds, settings.width)
        index, counts = _index(patterns, types)
        n = {kind: len(rows) for kind, rows in index.rows.items()}
        size = 2 * (n["bonds"] + n["angles"]) + len(settings.periodicities) * n["torsions"] + n["impropers"]
        if size <= MOST_PARAMETERS:
            break
    return types, patterns, index, counts


def _types(
    graphs: Sequence[Graph], depth: int, kinds: Mapping[str, int], width: float
) -> tuple[Types, list[Patterns]]:
    """Atom types, and the bonding states perceived again with the types as the known surroundings."""
    cache: dict[bytes, Topology] = {}
    first = [perceive_bonds(graph, width, depth, frozenset(), cache) for graph in graphs]
    topologies = [states[0].topology for patterns in first for states in patterns]
    types = learn_types(topologies, depth, kinds, least=max(1, ceil(RARE * len(topologies))))
    return types, [perceive_bonds(graph, width, depth, types.parents.keys(), cache) for graph in graphs]


def _index(patterns: Sequence[Patterns], types: Types) -> tuple[ParameterIndex, np.ndarray]:
    """A row for every key of the training set, and each topology's atoms of each type, (n, n_types)."""
    states = [state for of_graph in patterns for of_frame in of_graph for state in of_frame]
    topologies = {state.topology.key: state.topology for state in states}
    keys: dict[str, set[str]] = {kind: set() for kind in KINDS}
    names = {key: types.assign(topology) for key, topology in topologies.items()}
    for key, topology in topologies.items():
        for kind, paths in topology.terms.items():
            labels = types.coarsened(kind, names[key][paths.atoms])
            labels = np.unique(labels, axis=0) if len(labels) else labels
            keys[kind] |= {term_key(kind, list(k)) for k in labels}
        keys["vdw"] |= set(types.coarsened("vdw", names[key]).tolist())
        keys["offsets"] |= set(names[key].tolist())
    atoms = sorted(keys["offsets"])
    counts = np.unique([[np.sum(n == a) for a in atoms] for n in names.values()], axis=0)
    if np.linalg.matrix_rank(counts) < len(atoms):
        keys["charges"] = set(atoms)
    rows = {kind: {key: row for row, key in enumerate(sorted(v))} for kind, v in keys.items()}
    return ParameterIndex(types, rows), counts


def _means(
    batches: Sequence[Batch], kind: str, coordinate: Callable[[torch.Tensor], torch.Tensor]
) -> np.ndarray:
    """Mean length or angle in training of every row of the parameter table."""
    values = [coordinate(images(b.graph, b.terms[kind].atoms, b.terms[kind].shifts)).numpy() for b in batches]
    index = np.concatenate([b.terms[kind].index.numpy() for b in batches])
    return np.bincount(index, np.concatenate(values)) / np.maximum(np.bincount(index), 1)


def _reduced_design(
    batches: Sequence[Batch],
    parts: Sequence[np.ndarray],
    used: Mapping[str, np.ndarray],
    frames: list[Atoms],
    labels: Labels,
    settings: Settings,
) -> np.ndarray:
    """R factor of the weighted rows (design | target) of all frames, batch by batch."""
    forms: dict[str, Basis] = basis(settings.cutoff, settings.periodicities)
    layout = design.Layout.of(used, forms)
    sizes = np.array([len(a) for a in frames], dtype=float)
    factors = design.scales(labels, sizes, settings.weights)
    triangle = None
    for number, (part, batch) in enumerate(zip(parts, batches, strict=True)):
        own = [frames[i] for i in part]
        rows = design.weighted_rows(batch, forms, layout, own, labels[part], factors)
        triangle = updated_r_factor(triangle, rows)
        progress.report("fit", number + 1, len(parts))
    assert triangle is not None
    return triangle


def _problem(
    triangle: np.ndarray,
    index: ParameterIndex,
    used: Mapping[str, np.ndarray],
    counts: np.ndarray,
    n_torsion: int,
) -> Problem:
    """The nonlinear problem of the reduced design matrix."""
    n = {kind: len(rows) for kind, rows in index.rows.items()}
    pairs = lambda kind: torch.as_tensor(np.stack(np.divmod(used[kind], max(n[kind], 1)), axis=1))
    modes = neutral_modes(counts) if n["charges"] else torch.zeros(0, 0, dtype=torch.float64)
    return Problem(triangle, n, n_torsion, pairs("vdw"), pairs("charges"), modes)


def _named(
    z: Mapping[str, np.ndarray],
    problem: Problem,
    index: ParameterIndex,
    means: Mapping[str, np.ndarray],
    periodicities: Sequence[int],
) -> dict[str, dict[str, dict[str, float]]]:
    """The solution as parameters by kind, key and name."""
    values = {
        "bonds": {"k": z["bond_k"], "r0": means["bonds"] + z["bond_shift"]},
        "angles": {"k": z["angle_k"], "theta0": means["angles"] + z["angle_shift"]},
        "torsions": dict(
            zip([f"V{n}" for n in periodicities], z["torsion"].reshape(-1, problem.n_torsion).T, strict=True)
        ),
        "impropers": {"V": z["improper"]},
        "vdw": {"epsilon": z["vdw_root"] ** 2, "radius": z["vdw_radius"]},
        "charges": {"q": problem.modes.numpy() @ z["charge"]},
        "offsets": {"e": z["offset"]},
    }
    return {
        kind: {key: {name: float(v[row]) for name, v in values[kind].items()} for key, row in rows.items()}
        for kind, rows in index.rows.items()
    }
