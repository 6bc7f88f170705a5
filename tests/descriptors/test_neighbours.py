"""Neighbour lists: ASE's pairs in all boundaries, and no cost of vacuum."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, fcc111, molecule
from ase.calculators.lj import LennardJones
from ase.calculators.singlepoint import SinglePointCalculator
from ase.neighborlist import neighbor_list

from mlffbench import registry
from mlffbench.data import Labels
from mlffbench.datasets.checks.common.checkup import checkup
from mlffbench.datasets.formats.to_dataset import from_frames
from mlffbench.descriptors import graph, neighbours
from mlffbench.descriptors.neighbours import neighbour_list, without_vacuum
from mlffbench.estimators import Morse
from mlffbench.properties.bonds import bonds
from mlffbench.properties.distributions import distributions
from mlffbench.properties.duplicates import find_duplicates
from mlffbench.properties.limits import Limits
from mlffbench.report.datasheet.distances import distances


def skewed() -> Atoms:
    atoms = bulk("Si", "diamond", a=5.4) * (1, 2, 1)
    atoms.rattle(0.3, seed=0)
    atoms.positions += [20.0, -35.0, 7.0]  # outside of the cell
    return atoms


def wire() -> Atoms:
    atoms = Atoms("C4", [[0, 0, 0], [1.2, 0.3, 0], [2.5, 0, 0], [3.6, 0, 0.4]], cell=[4.8, 0, 0])
    atoms.pbc = [True, False, False]
    return atoms


STRUCTURES = {
    "molecule": lambda: molecule("C2H6"),
    "molecule in a box": lambda: molecule("C2H6", vacuum=8.0, pbc=True),
    "crystal": skewed,
    "one atom": lambda: bulk("Cu"),
    "slab": lambda: fcc111("Al", (2, 2, 2), vacuum=5.0),
    "slab with a cell and vacuum": lambda: fcc111("Al", (2, 2, 2), vacuum=60.0, periodic=True),
    "wire": wire,
}


def listed(pairs) -> np.ndarray:
    i, j, shift, vector, d = pairs
    rows = np.column_stack([i, j, shift, vector, d])
    return rows[np.lexsort(rows[:, 4::-1].T)]


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("method", ["cells", "tree"])
@pytest.mark.parametrize("cutoff", [3.0, 6.5, "radii"])
def test_pairs_are_those_of_ase(structure, method, cutoff, monkeypatch):
    atoms = STRUCTURES[structure]()
    if method == "tree":
        monkeypatch.setattr(neighbours, "MOST_CELLS", -np.inf)
    reach = np.linspace(1.0, 2.0, len(atoms)) if cutoff == "radii" else cutoff
    pairs = neighbour_list("ijSDd", atoms, reach)
    assert (np.diff(pairs[0]) >= 0).all()
    np.testing.assert_allclose(listed(pairs), listed(neighbor_list("ijSDd", atoms, reach)), atol=1e-9)


@pytest.mark.parametrize("structure", [*STRUCTURES, "slab across the border"])
def test_a_structure_without_vacuum_has_the_same_pairs_in_a_small_cell(structure):
    if structure == "slab across the border":
        atoms = fcc111("Al", (2, 2, 2), vacuum=200.0, periodic=True)
        atoms.positions[:, 2] -= atoms.positions[4, 2] - 0.1
        atoms.wrap()
    else:
        atoms = STRUCTURES[structure]()
    short = without_vacuum(atoms, 3.0)
    wide = structure in ("slab with a cell and vacuum", "slab across the border")
    assert short.cell.lengths()[2] < 20 if wide else np.array_equal(short.cell, atoms.cell)
    one, two = (neighbour_list("ijD", a, 3.0) for a in (atoms, short))
    rows = [np.column_stack(pairs).round(6) for pairs in (one, two)]
    first, second = ((r + 0.0)[np.lexsort((r + 0.0).T)] for r in rows)
    np.testing.assert_allclose(first, second, atol=2e-6)


def ethane(length: float, n: int = 12) -> list[Atoms]:
    frames = []
    for i in range(n):
        atoms = molecule("C2H6", cell=[length] * 3, pbc=True)
        atoms.rattle(0.05, seed=i)
        atoms.center()
        atoms.calc = LennardJones(sigma=1.2, rc=3.0, smooth=True)
        energy, forces = atoms.get_potential_energy(), atoms.get_forces()
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=forces)
        frames.append(atoms)
    return frames


@pytest.fixture
def _no_cells(monkeypatch):
    """The cell list of matscipy, which would need 10 GB here, is an error."""

    def refuse(quantities, atoms, cutoff):
        reach = float(cutoff) if np.ndim(cutoff) == 0 else 2 * np.max(cutoff)
        assert atoms.get_volume() / reach**3 < 1e5, "empty cells are visited"
        return original(quantities, atoms, cutoff)

    original = neighbours.matscipy.neighbours.neighbour_list
    monkeypatch.setattr(neighbours.matscipy.neighbours, "neighbour_list", refuse)


@pytest.mark.usefixtures("_no_cells")
@pytest.mark.parametrize(
    "measure",
    [
        lambda frames: [f.message for f in checkup(from_frames("e", frames))],
        lambda frames: [f.message for f in registry.load("checks", "contacts")(from_frames("e", frames))],
        lambda frames: len(find_duplicates([*frames, *frames[:3]])),
        lambda frames: bonds(frames[0]).tolist(),
        lambda frames: {k: round(d, 6) for k, d in Limits.observed(frames).longest.items()},
        lambda frames: {k: round(d.mean, 6) for k, d in distributions(frames).items() if "radial" not in k},
        lambda frames: distances(frames, ["H", "C"]).counts.tolist(),
        lambda frames: len(graph.build(frames, 1.6).source),
    ],
)
def test_a_box_of_vacuum_changes_neither_values_nor_the_cost(measure):
    assert measure(ethane(3000.0)) == measure(ethane(30.0))


@pytest.mark.usefixtures("_no_cells")
def test_an_estimator_fits_a_molecule_in_a_box_of_vacuum():
    energies = []
    for length in (30.0, 3000.0):
        frames = ethane(length)
        labels = Labels(
            np.array([a.get_potential_energy() for a in frames]), [a.get_forces() for a in frames]
        )
        model = Morse(cutoff=4.0, max_iterations=3).fit(frames, labels)
        energies.append(model.predict(frames).energy)
    np.testing.assert_allclose(*energies, atol=1e-6)
