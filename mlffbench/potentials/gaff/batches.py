"""Batches of frames: every term of every bonding state, with its row of the parameter table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import torch
from ase.data import covalent_radii

from mlffbench.descriptors.graph import Graph
from mlffbench.potentials.gaff.atom_types import ParameterIndex
from mlffbench.potentials.gaff.bond_perception import BondingState
from mlffbench.potentials.gaff.energy_terms import Batch, SharedHydrogens, Terms
from mlffbench.potentials.gaff.topology import Topology

__all__ = ["COULOMB_14", "KINDS", "LENNARD_JONES_14", "TableRows", "assemble", "chunks", "with_equilibrium"]

CHUNK = 1500  # atoms of the frames that are treated together
LENNARD_JONES_14, COULOMB_14 = 1 / 2, 1 / 1.2  # AMBER's and GAFF's scaling of 1-4 pairs
KINDS = ("bonds", "angles", "torsions", "impropers", "vdw", "charges", "offsets")

Columns = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # atoms, shifts, rows, scale
TableRows = dict[str, np.ndarray]  # kind of term -> row of the parameter table of each term of a topology


def chunks(sizes: np.ndarray) -> list[np.ndarray]:
    """Indices of consecutive frames with together about `CHUNK` atoms; `sizes` are the frames' atoms."""
    number = (np.cumsum(sizes) - sizes) // CHUNK
    return np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(number)) + 1)


def assemble(
    graph: Graph,
    patterns: Sequence[Sequence[BondingState]],
    index: ParameterIndex,
    width: float,
    rows: dict[bytes, TableRows],
) -> Batch:
    """The batch of frames with the bonding states `patterns`; terms without parameters are left out.

    Each topology's rows of the parameter table are looked up in `rows` by its key, or added.
    """
    pairs, cells = _undirected_pairs(graph)
    starts = np.searchsorted(graph.frame.cpu().numpy(), np.arange(graph.n_frames))
    cuts = np.searchsorted(graph.frame.cpu().numpy()[pairs[:, 0]], np.arange(graph.n_frames + 1))
    parts: dict[str, list[tuple[Columns, int]]] = {kind: [] for kind in KINDS}
    states = [(f, state) for f, of_frame in enumerate(patterns) for state in of_frame]
    for number, (f, state) in enumerate(states):
        topology = state.topology
        if topology.key not in rows:
            rows[topology.key] = _table_rows(topology, index)
        own = slice(cuts[f], cuts[f + 1])
        columns = _bonded_terms(topology, rows[topology.key]) | _nonbonded_terms(
            topology, rows[topology.key], pairs[own] - starts[f], cells[own], index
        )
        for kind, (atoms, shifts, row, scale) in columns.items():
            parts[kind].append(((atoms + starts[f], shifts, row, scale), number))
    like = graph.positions
    terms = {kind: _concatenated(columns, like) for kind, columns in parts.items()}
    frame = torch.as_tensor([f for f, _ in states], device=like.device)
    return Batch(graph, frame, _shared_hydrogens(states, starts, graph, width), terms)


def with_equilibrium(batch: Batch, values: Mapping[str, np.ndarray]) -> Batch:
    """The batch with equilibrium bond lengths and angles, given by kind and row of the parameter table."""
    like = batch.graph.positions
    terms = dict(batch.terms)
    for kind, table in values.items():
        equilibrium = torch.as_tensor(table, dtype=like.dtype, device=like.device)[terms[kind].index]
        terms[kind] = replace(terms[kind], equilibrium=equilibrium)
    return replace(batch, terms=terms)


def _undirected_pairs(graph: Graph) -> tuple[np.ndarray, np.ndarray]:
    """Every pair in one direction, by frame: atoms (p, 2) and the cell of the second (p, 3)."""
    source, target = graph.source.cpu().numpy(), graph.target.cpu().numpy()
    shifts = graph.shifts.cpu().numpy().astype(int)
    first = (shifts * (9**6, 9**3, 1)).sum(axis=1) > 0
    once = (source < target) | ((source == target) & first)
    order = np.flatnonzero(once)
    order = order[np.argsort(graph.frame.cpu().numpy()[source[order]], kind="stable")]
    return np.column_stack([source, target])[order], shifts[order]


def _table_rows(topology: Topology, index: ParameterIndex) -> TableRows:
    """Rows of the parameter table of all bonded terms and all atoms of a topology."""
    names = index.types.assign(topology)
    rows = {kind: index.find(kind, names[paths.atoms]) for kind, paths in topology.terms.items()}
    return rows | {kind: index.find(kind, names[:, None]) for kind in ("vdw", "charges", "offsets")}


def _bonded_terms(topology: Topology, rows: TableRows) -> dict[str, Columns]:
    """Bonds, angles, torsions, impropers and atomic offsets that have parameters."""
    terms = {}
    for kind, paths in topology.terms.items():
        has = rows[kind] >= 0
        terms[kind] = (paths.atoms[has], paths.shifts[has], rows[kind][has], np.ones(has.sum()))
    atoms = np.flatnonzero(rows["offsets"] >= 0)
    zero = np.zeros((len(atoms), 1, 3), dtype=int)
    return terms | {"offsets": (atoms[:, None], zero, rows["offsets"][atoms], np.ones(len(atoms)))}


def _nonbonded_terms(
    topology: Topology, rows: TableRows, pairs: np.ndarray, cells: np.ndarray, index: ParameterIndex
) -> dict[str, Columns]:
    """Lennard-Jones and Coulomb pairs more than two bonds apart, those of three bonds scaled."""
    codes = topology.codes(pairs[:, 0], pairs[:, 1], cells)
    interacting = ~np.isin(codes, topology.excluded)
    scaled = np.isin(codes, topology.scaled)
    shifts = np.stack([np.zeros_like(cells), cells], axis=1)
    terms = {}
    for kind, factor in (("vdw", LENNARD_JONES_14), ("charges", COULOMB_14)):
        ends = rows[kind][pairs]
        keep = interacting & (ends >= 0).all(axis=1)
        first, second = ends[keep].min(axis=1), ends[keep].max(axis=1)
        row = first * len(index.rows[kind]) + second
        terms[kind] = (pairs[keep], shifts[keep], row, np.where(scaled[keep], factor, 1.0))
    return terms


def _concatenated(parts: list[tuple[Columns, int]], like: torch.Tensor) -> Terms:
    """Terms of all bonding states as tensors; `like` gives dtype and device."""
    atoms, shifts, index, scale = (np.concatenate([p[k] for p, _ in parts]) for k in range(4))
    state = np.repeat([number for _, number in parts], [len(p[0]) for p, _ in parts])
    integers = lambda x: torch.as_tensor(x, dtype=torch.long, device=like.device)
    floats = lambda x: torch.as_tensor(x, dtype=like.dtype, device=like.device)
    return Terms(
        integers(atoms), floats(shifts), integers(state), integers(index), floats(0 * scale), floats(scale)
    )


def _shared_hydrogens(
    states: list[tuple[int, BondingState]], starts: np.ndarray, graph: Graph, width: float
) -> SharedHydrogens:
    """Shared hydrogens of all states, padded to the largest number of one state."""
    most = max(len(s.shared) for _, s in states)
    atoms = np.zeros((len(states), most, 3), dtype=int)
    shifts, present = np.zeros((len(states), most, 3, 3)), np.zeros((len(states), most))
    for row, (f, state) in enumerate(states):
        k = len(state.shared)
        atoms[row, :k], shifts[row, :k], present[row, :k] = state.shared + starts[f], state.shifts, 1.0
    radii = covalent_radii[graph.numbers.cpu().numpy()][atoms]
    floats = lambda x: torch.as_tensor(x, dtype=torch.float64, device=graph.positions.device)
    sums = radii[:, :, :1] + radii[:, :, 1:]
    indices = torch.as_tensor(atoms, device=graph.positions.device)
    return SharedHydrogens(indices, floats(shifts), floats(sums), floats(present), width)
