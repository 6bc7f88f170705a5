"""Learning a GAFF-form force field: atom types, the rows of the least squares, named parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels
from mlffbench.descriptors.graph import Graph, build
from mlffbench.potentials.gaff import design_matrix as design
from mlffbench.potentials.gaff.atom_types import Finder, Types, learn_types, term_key
from mlffbench.potentials.gaff.batches import KINDS, assemble
from mlffbench.potentials.gaff.bond_perception import State, contacts, states
from mlffbench.potentials.gaff.energy_terms import Basis, Batch, angle, images, length
from mlffbench.potentials.gaff.initial_guess import start_values
from mlffbench.potentials.gaff.least_squares import Problem, neutral_modes, solve
from mlffbench.potentials.gaff.topology import Topology
from mlffbench.potentials.regression.streaming_qr import updated_r_factor
from mlffbench.system import progress

__all__ = ["Parameters", "Settings", "at_rest", "chunks", "learn", "recognise"]

Parameters = dict[str, dict[str, dict[str, float]]]  # kind -> key -> name -> value
Patterns = list[list[State]]

CHUNK = 1500  # atoms whose rows are dense at once
MOST_PARAMETERS = 1500  # beyond, atoms are told apart to a smaller depth
RARE = 0.02  # share of the training frames below which surroundings are no type of their own


@dataclass(frozen=True)
class Settings:
    """What the fit is told."""

    cutoff: float
    depth: int
    width: float
    periodicities: tuple[int, ...]
    weights: tuple[float, float, float]
    alpha: float
    max_iterations: int


def learn(
    frames: list[Atoms], labels: Labels, settings: Settings, forms: Mapping[str, Basis]
) -> tuple[Parameters, Types, float]:
    """Parameters by kind and key, the atom types, and the loss of the fit without its prior."""
    sizes = np.array([len(a) for a in frames])
    parts = chunks(sizes)
    graphs = [build([frames[i] for i in part], settings.cutoff) for part in parts]
    types, patterns, finder, counts = _told_apart(graphs, settings)
    pieces = zip(graphs, patterns, strict=True)
    rows: dict[int, dict[str, np.ndarray]] = {}
    batches = [assemble(graph, found, finder, settings.width, rows) for graph, found in pieces]
    used = {k: np.unique(np.concatenate([b.terms[k].index.numpy() for b in batches])) for k in KINDS}
    layout = design.Layout.of(used, forms)
    means = {"bonds": _means(batches, "bonds", length), "angles": _means(batches, "angles", angle)}
    by = design.scales(labels, sizes.astype(float), settings.weights)
    triangle = None
    for number, (part, batch) in enumerate(zip(parts, batches, strict=True)):
        some = [frames[i] for i in part]
        triangle = updated_r_factor(
            triangle, design.rows(at_rest(batch, means), forms, layout, some, labels[part], by)
        )
        progress.report("fit", number + 1, len(parts))
    assert triangle is not None
    problem = _problem(triangle, finder, used, counts, len(settings.periodicities))
    start = start_values(graphs, patterns, finder, problem.modes.numpy())
    found, loss = solve(problem, start, settings.alpha, settings.max_iterations)
    return _named(found, problem, finder, means, settings.periodicities), types, loss


def chunks(sizes: np.ndarray) -> list[np.ndarray]:
    """Consecutive frames, about `CHUNK` atoms together."""
    number = (np.cumsum(sizes) - sizes) // CHUNK
    return np.split(np.arange(len(sizes)), np.flatnonzero(np.diff(number)) + 1)


def recognise(
    graph: Graph, width: float, depth: int, known: Set[str], cache: dict[bytes, Topology]
) -> list[list[State]]:
    """The bonding states of every frame; `cache` remembers topologies by their bonds."""
    return [states(near, width, depth, known, cache) for near in contacts(graph)]


def at_rest(batch: Batch, values: Mapping[str, np.ndarray]) -> Batch:
    """The batch with the bonds' and angles' values at rest."""
    like = batch.graph.positions
    terms = dict(batch.terms)
    for kind, table in values.items():
        rest = torch.as_tensor(table, dtype=like.dtype, device=like.device)[terms[kind].index]
        terms[kind] = replace(terms[kind], rest=rest)
    return replace(batch, terms=terms)


def _told_apart(
    graphs: Sequence[Graph], settings: Settings
) -> tuple[Types, list[Patterns], Finder, np.ndarray]:
    """The finest atom types that do not take more than `MOST_PARAMETERS`."""
    finest = [(d, min(d, 1), d) for d in range(settings.depth, 0, -1)]
    coarser = [(1, 1, 0), (0, 0, 0)] if settings.depth else [(0, 0, 0)]
    for depth, vdw, torsion in finest + coarser:
        kinds = {"vdw": vdw, "torsions": torsion, "impropers": torsion}
        types, patterns = _types(graphs, depth, kinds, settings.width)
        finder, counts = _vocabulary(patterns, types)
        n = {kind: len(rows) for kind, rows in finder.rows.items()}
        size = 2 * (n["bonds"] + n["angles"]) + len(settings.periodicities) * n["torsions"] + n["impropers"]
        if size <= MOST_PARAMETERS:
            break
    return types, patterns, finder, counts


def _types(
    graphs: Sequence[Graph], depth: int, kinds: Mapping[str, int], width: float
) -> tuple[Types, list[Patterns]]:
    """Atom types; and the states, looked at again once it is known which surroundings are common."""
    cache: dict[bytes, Topology] = {}
    first = [recognise(graph, width, depth, frozenset(), cache) for graph in graphs]
    each = [found[0].topology for patterns in first for found in patterns]
    types = learn_types(each, depth, kinds, least=max(1, ceil(RARE * len(each))))
    return types, [recognise(graph, width, depth, types.parents.keys(), cache) for graph in graphs]


def _vocabulary(patterns: Sequence[Patterns], types: Types) -> tuple[Finder, np.ndarray]:
    """A row for every key of the training set; and how many atoms of each charge type its frames have."""
    topologies = {id(s.topology): s.topology for p in patterns for found in p for s in found}
    keys: dict[str, set[str]] = {kind: set() for kind in KINDS}
    names = {key: types.of(topology) for key, topology in topologies.items()}
    for key, topology in topologies.items():
        for kind, paths in topology.terms.items():
            labels = types.seen_by(kind, names[key][paths.atoms])
            labels = np.unique(labels, axis=0) if len(labels) else labels
            keys[kind] |= {term_key(kind, list(k)) for k in labels}
        keys["vdw"] |= set(types.seen_by("vdw", names[key]).tolist())
        keys["offsets"] |= set(names[key].tolist())
    atoms = sorted(keys["offsets"])
    counts = np.unique([[np.sum(n == a) for a in atoms] for n in names.values()], axis=0)
    if np.linalg.matrix_rank(counts) < len(atoms):
        keys["charges"] = set(atoms)
    return Finder(
        types, {k: {key: row for row, key in enumerate(sorted(v))} for k, v in keys.items()}
    ), counts


def _means(
    batches: Sequence[Batch], kind: str, coordinate: Callable[[torch.Tensor], torch.Tensor]
) -> np.ndarray:
    """The mean length or angle of every row."""
    values = [coordinate(images(b.graph, b.terms[kind].atoms, b.terms[kind].shifts)).numpy() for b in batches]
    index = np.concatenate([b.terms[kind].index.numpy() for b in batches])
    return np.bincount(index, np.concatenate(values)) / np.maximum(np.bincount(index), 1)


def _problem(
    triangle: np.ndarray, finder: Finder, used: Mapping[str, np.ndarray], counts: np.ndarray, n_torsion: int
) -> Problem:
    n = {kind: len(rows) for kind, rows in finder.rows.items()}
    split = lambda kind: torch.as_tensor(np.stack(np.divmod(used[kind], max(n[kind], 1)), axis=1))
    modes = neutral_modes(counts) if n["charges"] else torch.zeros(0, 0, dtype=torch.float64)
    return Problem(triangle, n, n_torsion, split("vdw"), split("charges"), modes)


def _named(
    z: Mapping[str, np.ndarray],
    problem: Problem,
    finder: Finder,
    means: Mapping[str, np.ndarray],
    periodicities: Sequence[int],
) -> Parameters:
    """The solution under the names of its terms."""
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
        for kind, rows in finder.rows.items()
    }
