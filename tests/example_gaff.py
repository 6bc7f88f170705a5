"""A GAFF-form force field written down a second time, with ASE's geometry and networkx' paths."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
from ase import units

from mlffbench.data import Labels
from mlffbench.descriptors.graph import build
from mlffbench.potentials.gaff.bond_perception import perceive_bonds

CUTOFF = 8.0


def rmse(one, two):
    """Root mean square difference over all frames."""
    return np.sqrt(np.mean((np.concatenate(one) - np.concatenate(two)) ** 2))


def rattled(atoms, n, scale, seed=0):
    """Copies with normal displacements of `scale` Å."""
    rng = np.random.default_rng(seed)
    frames = [atoms.copy() for _ in range(n)]
    for frame in frames:
        frame.positions += rng.normal(scale=scale, size=frame.positions.shape)
    return frames


def topology(atoms, depth=3):
    """The first topology of one frame."""
    return perceive_bonds(build([atoms], 6.0), 0.25, depth, frozenset(), {})[0][0].topology


def key(*symbols):
    """Key of a bond, angle or torsion of elements."""
    return min("-".join(symbols), "-".join(symbols[::-1]))


def truth(atoms, bonds, parameters):
    """Energy of a molecule with atom types that are elements, eV."""
    s, graph = atoms.get_chemical_symbols(), nx.Graph(bonds)
    graph.add_nodes_from(range(len(atoms)))
    energy = sum(parameters["offsets"][a]["e"] for a in s)
    for i, j in graph.edges:
        p = parameters["bonds"][key(s[i], s[j])]
        energy += p["k"] * (atoms.get_distance(i, j) - p["r0"]) ** 2
    for j in graph:
        for i, k in itertools.combinations(graph[j], 2):
            p = parameters["angles"][key(s[i], s[j], s[k])]
            energy += p["k"] * (np.radians(atoms.get_angle(i, j, k)) - p["theta0"]) ** 2
    for j, k in graph.edges:
        for i, m in itertools.product(set(graph[j]) - {k}, set(graph[k]) - {j}):
            phi = np.radians(atoms.get_dihedral(i, j, k, m))
            p = parameters["torsions"][key(s[i], s[j], s[k], s[m])]
            energy += sum(p[f"V{n}"] / 2 * np.cos(n * phi) for n in (1, 2, 3, 4))
    for j in graph:
        if len(graph[j]) == 3:
            p = parameters["impropers"]["-".join([s[j], *sorted(s[k] for k in graph[j])])]
            orders = list(itertools.permutations(graph[j]))
            phi = np.radians([atoms.get_dihedral(a, b, j, c) for a, b, c in orders])
            energy += p["V"] / 2 * np.mean(1 - np.cos(2 * phi))
    return energy + pairs(atoms, graph, parameters)


def pairs(atoms, graph, parameters):
    """Lennard-Jones and Coulomb energy of pairs more than two bonds apart, closer than the switch, eV."""
    s, apart = atoms.get_chemical_symbols(), dict(nx.all_pairs_shortest_path_length(graph))
    energy = 0.0
    for i, j in itertools.combinations(range(len(atoms)), 2):
        bonds = apart[i].get(j, 99)
        if bonds < 3:
            continue
        r = atoms.get_distance(i, j)
        one, two = (parameters["vdw"][s[k]] for k in (i, j))
        x = ((one["radius"] + two["radius"]) / r) ** 6
        well = np.sqrt(one["epsilon"] * two["epsilon"]) * (x**2 - 2 * x)
        q = parameters["charges"][s[i]]["q"] * parameters["charges"][s[j]]["q"]
        shifted = 1 / r - 1 / CUTOFF + (r - CUTOFF) / CUTOFF**2
        coulomb = q * units.Hartree * units.Bohr * shifted
        energy += well / 2 + coulomb / 1.2 if bonds == 3 else well + coulomb
    return energy


def true_labels(frames, bonds, parameters, step=1e-4):
    """Energies, with forces by central differences."""
    energy, forces = [], []
    for atoms in frames:
        gradient = np.zeros_like(atoms.positions)
        for index in np.ndindex(gradient.shape):
            ends = []
            for sign in (1, -1):
                moved = atoms.copy()
                moved.positions[index] += sign * step
                ends.append(truth(moved, bonds, parameters))
            gradient[index] = (ends[0] - ends[1]) / (2 * step)
        energy.append(truth(atoms, bonds, parameters))
        forces.append(-gradient)
    return Labels(np.array(energy), tuple(forces))


def invented(model, seed=0):
    """Random parameters of usual size for all keys of a fitted model."""
    rng = np.random.default_rng(seed)
    sizes = {
        "k": (3.0, 9.0), "r0": (1.0, 1.5), "theta0": (1.7, 2.2), "V": (0.1, 0.9), "epsilon": (0.002, 0.02),
        "radius": (1.2, 1.8), "q": (-0.3, 0.3), "e": (-1.0, 1.0),
    }  # fmt: skip
    draw = lambda name: float(rng.uniform(*sizes.get(name, (-0.3, 0.3))))
    return {
        kind: {k: {name: draw(name) for name in values} for k, values in named.items()}
        for kind, named in model.parameters_.items()
    }
