"""Searching and ranking: many relaxations as one by one, known ground states, indices counted by hand."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest
import spglib
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.constraints import FixAtoms
from ase.filters import FrechetCellFilter
from ase.optimize import FIRE
from scipy.stats import kendalltau, spearmanr
from sklearn.metrics import f1_score, precision_score, recall_score

from mlffbench.data import Labels
from mlffbench.forcefield import ForceField
from mlffbench.labelling.calculators.stillinger_weber import stillinger_weber
from mlffbench.properties._cell_filter import CellFilter
from mlffbench.properties.basin_hopping import basin_hopping
from mlffbench.properties.bulk_relaxation import relax_many
from mlffbench.properties.minima import distinct_minima, structure_distance
from mlffbench.properties.random_cells import random_cells
from mlffbench.properties.random_search import random_search
from mlffbench.properties.ranking import ranking
from mlffbench.properties.relaxation import Relaxation, relax


class Counted(ForceField):
    """EMT behind the estimators' interface; counts its predictions."""

    def __init__(self, atomic_energies: Any = None) -> None:
        self.atomic_energies = atomic_energies

    def _fit(self, frames: Any, labels: Any) -> None:
        self.sizes_: list[int] = []

    def _evaluate(self, inputs: Any) -> Labels:
        self.sizes_.append(len(inputs))
        rows = []
        for atoms in inputs:
            atoms = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=atoms.pbc, calculator=EMT())
            stress = atoms.get_stress() if atoms.pbc.all() else None
            rows.append((atoms.get_potential_energy(), atoms.get_forces(), stress))
        energy, forces, stresses = zip(*rows, strict=True)
        return Labels(np.array(energy), forces, stresses)


def counted() -> Counted:
    return Counted({"Cu": 0.0}).fit([bulk("Cu")], np.array([0.0]))


def rattled(n: int, size: float = 0.1) -> list[Atoms]:
    found = []
    for seed in range(n):
        atoms = bulk("Cu", a=3.6 + 0.02 * seed, cubic=True)
        atoms.rattle(size, seed=seed)
        found.append(atoms)
    return found


# ---------------------------------------------------------------- many relaxations
@pytest.mark.parametrize("cell", [False, True, "hydrostatic"])
def test_many_relaxations_are_those_of_one_by_one(cell: Any) -> None:
    starts = rattled(3)
    starts[1].set_constraint(FixAtoms([0]))
    pressure = 5.0 if cell else 0.0
    model = counted()
    batched = relax_many(model.calculator(), starts, cell, 0.05, 100, pressure)
    looped = relax_many(EMT(), starts, cell, 0.05, 100, pressure)
    single = [relax(EMT(), s, cell, 0.05, 100, pressure) for s in starts]
    assert len({run.steps for run in single}) > 1  # they do not end together
    for runs in (batched, looped):
        for found, expected in zip(runs, single, strict=True):
            assert (found.steps, found.converged, found.failure) == (expected.steps, True, None)
            assert found.energy == pytest.approx(expected.energy, abs=1e-8)
            assert found.max_force == pytest.approx(expected.max_force, abs=1e-8)
            np.testing.assert_allclose(found.atoms.positions, expected.atoms.positions, atol=1e-8)
            np.testing.assert_allclose(found.atoms.cell, expected.atoms.cell, atol=1e-8)
    assert len(model.sizes_) == max(run.steps for run in single) + 1  # one prediction a step
    assert sum(model.sizes_) == sum(run.steps + 1 for run in single)
    assert starts[0].positions == pytest.approx(rattled(1)[0].positions)


@pytest.mark.parametrize("hydrostatic", [False, True])
def test_the_cell_filter_is_that_of_ase(hydrostatic: bool) -> None:
    """Positions and forces, of a general strain and of none (equal eigenvalues)."""
    shear = np.array([[1.1, 0.2, 0.0], [-0.1, 0.9, 0.3], [0.1, 0.0, 1.2]])
    for strain in (shear, np.diag([1.1, 1.1, 0.9]), np.eye(3), [[1, 0.2, 0], [0, 1, 0], [0, 0, 1]]):
        filters = []
        for kind in (CellFilter, FrechetCellFilter):
            atoms = rattled(1)[0]
            filters.append(kind(atoms, hydrostatic_strain=hydrostatic, scalar_pressure=0.01))
            atoms.set_cell(atoms.cell.array @ strain, scale_atoms=True)
            atoms.calc = EMT()
        np.testing.assert_allclose(filters[0].get_positions(), filters[1].get_positions(), atol=1e-8)
        np.testing.assert_allclose(filters[0].get_forces(), filters[1].get_forces(), atol=1e-8)


def test_steps_and_optimiser_are_as_asked() -> None:
    short = relax_many(EMT(), rattled(1), fmax=1e-4, steps=2)[0]
    assert (short.steps, short.converged, short.failure) == (2, False, None)
    fire = relax_many(EMT(), rattled(1), fmax=0.02, optimizer=FIRE)[0]
    bfgs = relax_many(EMT(), rattled(1), fmax=0.02)[0]
    assert fire.converged
    assert fire.steps > bfgs.steps
    assert fire.energy == pytest.approx(bfgs.energy, abs=1e-3)


class Moody(EMT):
    """Refuses one size, gives no number for another, and pulls the cell of a third apart."""

    def calculate(self, atoms: Any = None, properties: Any = None, system_changes: Any = ()) -> None:
        if len(atoms) == 1:
            raise RuntimeError("one atom is too few")
        super().calculate(atoms, properties, system_changes)
        if len(atoms) == 2:
            self.results["forces"] = np.full((2, 3), np.nan)
        if len(atoms) == 3:
            self.results["stress"] = np.array([-9.0, -9, -9, 0, 0, 0])


class MoodyMany(Moody):
    """The same in batches: one that fails spoils all."""

    def calculate_many(self, structures: list[Atoms]) -> list[dict[str, Any]]:
        found = []
        for atoms in structures:
            self.calculate(atoms, None, all_changes)
            found.append(dict(self.results))
        return found


@pytest.mark.parametrize("calculator", [Moody(), MoodyMany()])
def test_what_fails_ends_alone(calculator: Any) -> None:
    sizes = [bulk("Cu"), bulk("Cu") * (2, 1, 1), bulk("Cu") * (3, 1, 1), rattled(1)[0]]
    one, two, three, good = relax_many(calculator, sizes, cell=True, fmax=0.02, steps=200)
    assert "RuntimeError: one atom is too few" in str(one.failure)
    assert two.failure == "forces not finite after 0 steps"
    assert "times its volume" in str(three.failure)
    assert not any(run.converged for run in (one, two, three))
    assert np.isnan(one.energy)
    assert good.converged
    assert good.steps == relax(EMT(), sizes[3], True, 0.02).steps


def test_the_results_of_many_structures_are_those_of_each() -> None:
    model, structures = counted(), [*rattled(2), bulk("Cu")]
    calculator = model.calculator()
    many = calculator.calculate_many(structures)
    assert model.sizes_ == [3]
    for atoms, results in zip(structures, many, strict=True):
        atoms.calc = calculator
        assert results["energy"] == pytest.approx(atoms.get_potential_energy())
        np.testing.assert_allclose(results["forces"], atoms.get_forces())
        np.testing.assert_allclose(results["stress"], atoms.get_stress())
    assert "stress" not in calculator.calculate_many([Atoms("Cu2", [[0, 0, 0], [0, 0, 2.4]])])[0]


# ---------------------------------------------------------------- random cells
def test_symmetric_random_cells_have_a_space_group_and_keep_their_distances() -> None:
    least = {"Si-Si": 2.0, "C-Si": 1.7, "C-C": 1.4}
    cells = random_cells(["Si8", "Si4C2", "CSi3C"], [14, 22], 12, seed=1, separation=least, symmetry=1.0)
    table = {frozenset(pair.split("-")): d for pair, d in least.items()}
    for atoms in cells:
        found = spglib.get_symmetry(
            (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers), symprec=1e-4
        )
        assert len(found["rotations"]) > 1
        assert 14 <= atoms.get_volume() / len(atoms) <= 22
        symbols = atoms.get_chemical_symbols()
        whole = atoms.repeat(3)
        distances = whole.get_all_distances()
        np.fill_diagonal(distances, np.inf)
        for i, row in enumerate(distances):
            for j, d in enumerate(row):
                pair = frozenset((symbols[i % len(symbols)], symbols[j % len(symbols)]))
                assert d >= table[pair] - 1e-6
    assert {a.get_chemical_formula("reduce") for a in cells} <= {"Si8", "Si4C2", "CSi3C"}


def test_random_cells_without_symmetry_have_none() -> None:
    for atoms in random_cells(["Cu6"], [11, 14], 4, seed=0):
        cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
        assert spglib.get_spacegroup(cell, symprec=1e-4) == "P1 (1)"


# ---------------------------------------------------------------- minima
def test_one_structure_in_any_cell_is_one_minimum() -> None:
    fcc, wide = bulk("Cu", a=3.6), bulk("Cu", a=3.6, cubic=True)
    wide.rotate(33, (1, 2, 3), rotate_cell=True)
    wide.rattle(0.005, seed=0)
    hcp = bulk("Cu", "hcp", a=3.6 / 2**0.5, covera=(8 / 3) ** 0.5)
    runs = [
        Relaxation(hcp, -1.99, 5, True, 0.0),
        Relaxation(fcc, -1.0, 5, True, 0.0),
        Relaxation(wide, -3.999, 5, True, 0.0),
        Relaxation(bulk("Cu", a=3.6), -9.0, 5, False, 1.0),
    ]
    minima = distinct_minima(runs)
    assert [m.found for m in minima] == [(1, 2), (0,)]
    assert [m.spacegroup for m in minima] == ["Fm-3m (225)", "P6_3/mmc (194)"]
    assert [m.energy for m in minima] == pytest.approx([-1.0, -0.995])


def test_the_distance_of_scaled_structures_knows_no_volume() -> None:
    small, large = bulk("Cu", a=3.6), bulk("Cu", a=4.0, cubic=True)
    assert structure_distance(small, large) > 0.3
    assert structure_distance(small, large, scaled=True) == pytest.approx(0, abs=1e-9)
    assert structure_distance(small, bulk("Ag")) == np.inf


# ---------------------------------------------------------------- searches
def test_a_random_search_of_silicon_finds_diamond() -> None:
    found = random_search(stillinger_weber(), ["Si2"], [17, 24], n=8, seed=1, fmax=0.05, steps=150)
    best = found.minima[0]
    assert best.spacegroup == "Fd-3m (227)"
    assert best.energy == pytest.approx(-4.3366, abs=1e-3)
    assert structure_distance(bulk("Si", a=5.431), best.atoms) < 0.05
    energies = [m.energy for m in found.minima]
    assert energies == sorted(energies)
    ends = [i for m in found.minima for i in m.found]
    assert sorted(ends) == [i for i, run in enumerate(found.runs) if run.converged]
    assert found.force_calls == found.calls_until(7) == sum(run.steps + 1 for run in found.runs)


class Cluster(Calculator):
    """4 (r⁻¹² − r⁻⁶) over all pairs, many clusters of one size at once."""

    implemented_properties: ClassVar[list[str]] = ["energy", "forces"]

    def calculate_many(self, structures: list[Atoms]) -> list[dict[str, Any]]:
        x = np.stack([a.positions for a in structures])
        apart = x[:, :, None] - x[:, None]
        inverse = 1 / ((apart**2).sum(axis=-1) + np.diag([np.inf] * x.shape[1]))
        energy = 2 * (inverse**6 - inverse**3).sum(axis=(1, 2))
        pull = 24 * (2 * inverse**7 - inverse**4)
        forces = (pull[..., None] * apart).sum(axis=2)
        return [{"energy": e, "forces": f} for e, f in zip(energy, forces, strict=True)]


def test_basin_hopping_finds_the_icosahedron_of_thirteen() -> None:
    """−44.3268 ε: D. J. Wales and J. P. K. Doye, J. Phys. Chem. A 101, 5111 (1997), table 1."""
    rng = np.random.default_rng(0)
    starts = [Atoms("Ar13", rng.uniform(-1.5, 1.5, (13, 3))) for _ in range(2)]
    found = basin_hopping(Cluster(), starts, hops=5, temperature=0.8)
    assert 13 * found.minima[0].energy == pytest.approx(-44.3268, abs=1e-3)
    assert len(found.runs) == 2 + 2 * 5
    atoms = found.minima[0].atoms
    atoms.calc = LennardJones(rc=1e3)
    assert atoms.get_potential_energy() == pytest.approx(-44.3268, abs=1e-3)


def test_the_seed_decides_where_basin_hopping_goes() -> None:
    start = [Atoms("Ar4", [[0, 0, 0], [1.1, 0, 0], [0, 1.1, 0], [0, 0, 1.1]])]
    one, same, other = (basin_hopping(Cluster(), start, hops=2, seed=s) for s in (3, 3, 4))
    assert [run.energy for run in one.runs] == [run.energy for run in same.runs]
    assert [run.energy for run in one.runs] != [run.energy for run in other.runs]
    assert 4 * one.minima[0].energy == pytest.approx(-6, abs=1e-3)


def test_basin_hopping_needs_starts_that_relax() -> None:
    with pytest.raises(ValueError, match="start 0 does not relax in 1 steps: its largest force"):
        basin_hopping(LennardJones(), [Atoms("Ar3", [[0, 0, 0], [1, 0, 0], [0, 1.3, 0]])], steps=1)


# ---------------------------------------------------------------- ranking
def test_ranking_by_hand() -> None:
    """Ten candidates, four of them stable; the prediction has two of these among its three choices."""
    reference = [0.0, 0.1, 0.2, 0.3, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5]
    predicted = [0.1, 1.0, 0.2, 0.9, 0.3, 1.1, 1.2, 1.3, 1.4, 1.5]
    found = ranking(reference, predicted, threshold=0.5, k=3)
    assert found.precision == pytest.approx(2 / 3)
    assert found.recall == pytest.approx(2 / 4)
    assert found.f1 == pytest.approx(4 / 7)
    assert found.prevalence == pytest.approx(0.4)
    assert found.daf == pytest.approx(2 / 3 / 0.4)
    assert found.top_k_recall == pytest.approx(2 / 3)
    assert found.enrichment == pytest.approx((3 / 4) / 0.4)  # of the four lowest, three are stable
    assert found.max_enrichment == pytest.approx(1 / 0.4)
    pairs = 45
    wrong = 4  # order predicted 0 2 4 3 1 5...: 2<1, 4<3, 4<1, 3<1
    assert found.kendall == pytest.approx((pairs - 2 * wrong) / pairs)
    half = ranking(reference, predicted, threshold=0.5, k=3, fraction=0.2)
    assert half.enrichment == half.max_enrichment == pytest.approx(2.5)


def test_ranking_is_that_of_scipy_and_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=60).round(1)  # with ties
    guess = (true + rng.normal(size=60)).round(1)
    found = ranking(true, guess, threshold=-0.5)
    assert found.kendall == pytest.approx(kendalltau(true, guess).statistic)
    assert found.spearman == pytest.approx(spearmanr(true, guess).statistic)
    stable, chosen = true <= -0.5, guess <= -0.5
    assert found.precision == pytest.approx(precision_score(stable, chosen))
    assert found.recall == pytest.approx(recall_score(stable, chosen))
    assert found.f1 == pytest.approx(f1_score(stable, chosen))


def test_what_is_undefined_is_none() -> None:
    flat = ranking([0.0, 1.0, 2.0], [5.0, 5.0, 5.0], threshold=1.0, k=1)
    assert flat.kendall is flat.spearman is flat.precision is flat.f1 is flat.daf is None
    assert flat.recall == 0.0
    none = ranking([1.0, 2.0], [0.0, np.inf], threshold=0.5, k=1)
    assert none.recall is none.enrichment is none.daf is None
    assert none.spearman == pytest.approx(1.0)
    with pytest.raises(ValueError, match="k is between 1 and the 2 candidates"):
        ranking([1.0, 2.0], [1.0, 2.0], 0.0, k=3)
    with pytest.raises(ValueError, match="same two or more"):
        ranking([1.0, 2.0], [1.0], 0.0)
