"""NequIP's network: symmetries, derivatives, smoothness and range."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from ase import Atoms
from ase.build import bulk, molecule
from scipy.spatial.transform import Rotation

from mlffbench.descriptors import graph
from mlffbench.potentials.networks.nequip import NequIP
from mlffbench.potentials.networks.seeding import fixed_seed


def rattled(atoms: Atoms, seed: int = 0) -> Atoms:
    atoms = atoms.copy()
    atoms.rattle(0.1, seed=seed)
    return atoms


def network(numbers: list[int], **changes: Any) -> NequIP:
    sizes = {"channels": 4, "l_max": 2, "layers": 3, "basis": 5, "parity": False}
    scales = {"cutoff": 4.0, "neighbours": 5.0, "shift": -0.3, "scale": 1.7}
    with fixed_seed(3):
        return NequIP(numbers, **(sizes | scales | changes)).double()


def outcome(module: NequIP, atoms: Atoms, cutoff: float = 4.0) -> tuple[torch.Tensor, ...]:
    """Energy, forces and stress of one frame."""
    energies = lambda g: g.sum_atoms(module(g))
    return tuple(x.detach() for x in graph.with_forces(energies, graph.build([atoms], cutoff)))


@pytest.mark.parametrize("parity", [False, True])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("atoms", [molecule("CH3CH2OH"), bulk("NaCl", "rocksalt", a=5.2)])
def test_energies_stay_and_forces_turn(atoms: Atoms, sign: int, parity: bool) -> None:
    """Under all of O(3), inversion included."""
    module = network(sorted(set(atoms.numbers.tolist())), parity=parity, l_max=1 if parity else 2)
    matrix = sign * Rotation.random(rng=np.random.default_rng(1)).as_matrix()
    first = rattled(atoms)
    second = first.copy()
    second.set_cell(np.asarray(first.cell) @ matrix.T)
    second.positions = first.positions @ matrix.T
    (e1, f1, _), (e2, f2, _) = outcome(module, first), outcome(module, second)
    assert f1.abs().max() > 1e-3
    torch.testing.assert_close(e2, e1, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(f2, f1 @ torch.tensor(matrix).T, rtol=1e-9, atol=1e-9)


def test_parity_keeps_pseudotensors() -> None:
    """They can only appear in the second layer: the first has nothing but scalars to multiply."""
    module = network([8], parity=True, l_max=1, layers=4)
    assert [layer.outputs for layer in module.layers] == [
        [(0, 1), (1, -1)],
        [(0, 1), (1, -1), (1, 1)],
        [(0, 1), (1, -1), (0, -1), (1, 1)],
        [(0, 1)],
    ]


def test_forces_are_derivatives_in_a_cell_smaller_than_the_cutoff() -> None:
    atoms, step = rattled(bulk("NaCl", "rocksalt", a=5.2)), 1e-5
    module = network([11, 17])
    _, forces, stress = outcome(module, atoms)
    for i, x in ((0, 0), (1, 2)):
        energies = []
        for sign in (1, -1):
            moved = atoms.copy()
            moved.positions[i, x] += sign * step
            energies.append(outcome(module, moved)[0].item())
        assert forces[i, x].item() == pytest.approx(-(energies[0] - energies[1]) / (2 * step), abs=1e-7)
    energies = []
    for sign in (1, -1):
        strained = atoms.copy()
        strained.set_cell(np.asarray(atoms.cell) * (1 + sign * step), scale_atoms=True)
        energies.append(outcome(module, strained)[0].item())
    pressure = (energies[0] - energies[1]) / (2 * step) / atoms.get_volume()
    assert stress[0, :3].sum().item() == pytest.approx(pressure, abs=1e-7)


def test_atoms_come_and_go_smoothly() -> None:
    """Across the cutoff the energy has no step and the force no jump; beyond it both atoms are alone."""
    module = network([8])
    at = lambda r: outcome(module, Atoms("O2", positions=[[0, 0, 0], [0, 0, r]]))
    alone = 2 * outcome(module, Atoms("O"))[0]
    for r in (4.0, 4.5):
        assert at(r)[0].item() == alone.item()
    energy, forces, _ = at(4.0 - 1e-3)
    assert abs(energy - alone).item() < 1e-7
    assert forces.abs().max() < 1e-4
    assert at(3.0)[1].abs().max() > 1e-2


def test_information_travels_layer_by_layer() -> None:
    """In a chain, an atom further off than layers · cutoff does not change another's energy."""
    chain = lambda n: Atoms(f"O{n}", positions=[[0, 0.1 * (i % 2), 3.0 * i] for i in range(n)])
    for layers in (1, 2):
        module = network([8], layers=layers)
        ends = [module(graph.build([chain(n)], 4.0))[0].item() for n in range(layers, layers + 4)]
        assert abs(ends[1] - ends[0]) > 1e-6
        np.testing.assert_allclose(ends[2:], ends[1], rtol=1e-12)
