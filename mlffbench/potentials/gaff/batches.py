"""From frames and their bonding states to the terms of a batch, every term with its row of coefficients."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from ase.data import covalent_radii

from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.gaff.atom_types import Finder
from mlffbench.potentials.gaff.bond_perception import State
from mlffbench.potentials.gaff.energy_terms import Batch, Sharing, Terms
from mlffbench.potentials.gaff.topology import Topology

__all__ = ["COULOMB_14", "KINDS", "LENNARD_JONES_14", "assemble"]

LENNARD_JONES_14, COULOMB_14 = 1 / 2, 1 / 1.2  # AMBER's and GAFF's scaling of 1-4 pairs
Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # atoms, shifts, rows, scale
KINDS = ("bonds", "angles", "torsions", "impropers", "vdw", "charges", "offsets")


def assemble(
    graph: Graph,
    patterns: Sequence[Sequence[State]],
    finder: Finder,
    width: float,
    rows: dict[int, dict[str, np.ndarray]],
) -> Batch:
    """The batch of frames whose bonding states are `patterns`; terms without parameters are left out.

    `rows` remembers what was found for a topology, by its id.
    """
    pairs = _half(graph)
    starts = np.searchsorted(graph.frame.cpu().numpy(), np.arange(graph.n_frames))
    cuts = np.searchsorted(graph.frame.cpu().numpy()[pairs[0][:, 0]], np.arange(graph.n_frames + 1))
    parts: dict[str, list[tuple[Columns, int]]] = {kind: [] for kind in KINDS}
    listed = [(f, state) for f, found in enumerate(patterns) for state in found]
    for number, (f, state) in enumerate(listed):
        topology = state.topology
        if id(topology) not in rows:
            rows[id(topology)] = _rows(topology, finder)
        own = slice(cuts[f], cuts[f + 1])
        found = _bonded(topology, rows[id(topology)]) | _pairs(
            topology, rows[id(topology)], pairs[0][own] - starts[f], pairs[1][own], finder
        )
        for kind, (atoms, shifts, index, scale) in found.items():
            parts[kind].append(((atoms + starts[f], shifts, index, scale), number))
    like = graph.positions
    terms = {kind: _joined(found, like) for kind, found in parts.items()}
    frame = torch.as_tensor([f for f, _ in listed], device=like.device)
    return Batch(graph, frame, _sharing(listed, starts, graph, width), terms)


def _half(graph: Graph) -> tuple[np.ndarray, np.ndarray]:
    """Every pair once: atoms (p, 2) and the cell of the second (p, 3)."""
    source, target = graph.source.cpu().numpy(), graph.target.cpu().numpy()
    shifts = graph.shifts.cpu().numpy().astype(int)
    first = (shifts * (9**6, 9**3, 1)).sum(axis=1) > 0
    once = (source < target) | ((source == target) & first)
    order = np.flatnonzero(once)
    order = order[np.argsort(graph.frame.cpu().numpy()[source[order]], kind="stable")]
    return np.column_stack([source, target])[order], shifts[order]


def _rows(topology: Topology, finder: Finder) -> dict[str, np.ndarray]:
    """The rows of all terms and atoms of a topology."""
    names = finder.types.of(topology)
    rows = {kind: finder.find(kind, names[paths.atoms]) for kind, paths in topology.terms.items()}
    return rows | {kind: finder.find(kind, names[:, None]) for kind in ("vdw", "charges", "offsets")}


def _bonded(topology: Topology, rows: dict[str, np.ndarray]) -> dict[str, Columns]:
    found = {}
    for kind, paths in topology.terms.items():
        has = rows[kind] >= 0
        found[kind] = (paths.atoms[has], paths.shifts[has], rows[kind][has], np.ones(has.sum()))
    atoms = np.flatnonzero(rows["offsets"] >= 0)
    zero = np.zeros((len(atoms), 1, 3), dtype=int)
    return found | {"offsets": (atoms[:, None], zero, rows["offsets"][atoms], np.ones(len(atoms)))}


def _pairs(
    topology: Topology, rows: dict[str, np.ndarray], pairs: np.ndarray, cells: np.ndarray, finder: Finder
) -> dict[str, Columns]:
    """What is not bonded: pairs more than two bonds apart, those of three bonds scaled."""
    codes = topology.codes(pairs[:, 0], pairs[:, 1], cells)
    free = ~np.isin(codes, topology.excluded)
    near = np.isin(codes, topology.scaled)
    shifts = np.stack([np.zeros_like(cells), cells], axis=1)
    found = {}
    for kind, factor in (("vdw", LENNARD_JONES_14), ("charges", COULOMB_14)):
        each = rows[kind][pairs]
        keep = free & (each >= 0).all(axis=1)
        first, second = each[keep].min(axis=1), each[keep].max(axis=1)
        index = first * len(finder.rows[kind]) + second
        found[kind] = (pairs[keep], shifts[keep], index, np.where(near[keep], factor, 1.0))
    return found


def _joined(parts: list[tuple[Columns, int]], like: torch.Tensor) -> Terms:
    """Terms from all states."""
    atoms, shifts, index, scale = (np.concatenate([p[k] for p, _ in parts]) for k in range(4))
    state = np.repeat([number for _, number in parts], [len(p[0]) for p, _ in parts])
    whole = lambda x: torch.as_tensor(x, dtype=torch.long, device=like.device)
    real = lambda x: torch.as_tensor(x, dtype=like.dtype, device=like.device)
    return Terms(whole(atoms), real(shifts), whole(state), whole(index), real(0 * scale), real(scale))


def _sharing(listed: list[tuple[int, State]], starts: np.ndarray, graph: Graph, width: float) -> Sharing:
    """The undecided hydrogens of all states, padded with the state's first atoms."""
    most = max(len(s.shared) for _, s in listed)
    atoms = np.zeros((len(listed), most, 3), dtype=int)
    shifts, present = np.zeros((len(listed), most, 3, 3)), np.zeros((len(listed), most))
    for row, (f, state) in enumerate(listed):
        k = len(state.shared)
        atoms[row, :k], shifts[row, :k], present[row, :k] = state.shared + starts[f], state.shifts, 1.0
    radii = covalent_radii[graph.numbers.cpu().numpy()][atoms]
    real = lambda x: torch.as_tensor(x, dtype=torch.float64, device=graph.positions.device)
    sums = radii[:, :, :1] + radii[:, :, 1:]
    where = torch.as_tensor(atoms, device=graph.positions.device)
    return Sharing(where, real(shifts), real(sums), real(present), width)
