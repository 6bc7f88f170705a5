"""GAP against the closed formula of its process, and what a program in another process may not do."""

from __future__ import annotations

import os
import signal
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.emt import EMT
from example_structures import copper

from mlffbench import testing
from mlffbench.data import Labels, labels_of
from mlffbench.descriptors.neighbours import periodic_box
from mlffbench.estimators.gap import GAP
from mlffbench.potentials import quip

pytest.importorskip("quippy")

SMALL: dict[str, Any] = {"cutoff": 3.0, "n_max": 3, "l_max": 2, "n_sparse": 20, "sigma": 0.5}


def waters(n: int, seed: int = 0) -> tuple[list[Atoms], Labels]:
    """Single and double molecules under effective-medium forces: any smooth potential will do."""
    rng = np.random.default_rng(seed)
    frames = []
    for i in range(n):
        atoms = molecule("H2O")
        if i % 2:
            other = molecule("H2O")
            other.translate([2.6, 0.3, 0.2])
            atoms += other
        atoms.positions += rng.normal(scale=0.08, size=atoms.positions.shape)
        atoms.calc = EMT()
        atoms.get_forces()
        frames.append(atoms)
    labels = labels_of(frames)
    return [Atoms(a.numbers, a.positions) for a in frames], replace(labels, stress=None)


# ---------------------------------------------------------------- the formula
def test_energies_are_those_of_the_exact_process() -> None:
    """All environments as sparse points: E* = k*ᵀ(K + Σ)⁻¹(E − n ē), Σ = σ² n, K = Σ_ij δ² (x̂_i·x̂_j)^ζ."""
    frames, labels = waters(10)
    labels = Labels(labels.energy)
    model = GAP(
        **SMALL | {"n_sparse": 1000, "zeta": 2.0, "delta": 0.7, "energy_noise": 0.03}, sparse_method="none"
    ).fit(frames[:8], labels[:8])
    kernel = 0.7**2 * _kernel(model, frames)
    sizes = np.array([len(a) for a in frames])
    energy = labels.energy - [sum(model.atomic_energies_[s] for s in a.symbols) for a in frames]
    mean = np.mean(energy[:8] / sizes[:8])
    noise = np.diag(0.03**2 * sizes[:8])
    weights = np.linalg.solve(kernel[:8, :8] + noise, energy[:8] - mean * sizes[:8])
    expected = kernel[:, :8] @ weights + mean * sizes + (labels.energy - energy)
    np.testing.assert_allclose(model.predict(frames).energy, expected, atol=1e-5)


def _kernel(model: GAP, frames: list[Atoms]) -> np.ndarray:
    """Σ_ij (x̂_i·x̂_j)² over the atoms of two frames of the same element, by quippy's own vectors."""
    from quippy.descriptors import Descriptor

    vectors = []
    for z in (1, 8):
        soap = Descriptor(
            f"soap cutoff={model.cutoff} cutoff_transition_width={model.cutoff_width} n_max={model.n_max} "
            f"l_max={model.l_max} atom_sigma={model.sigma} Z={z} n_species=2 species_Z={{1 8}}"
        )
        vectors.append([soap.calc(periodic_box(a, model.cutoff))["data"] for a in frames])
    pairs = [[[(a @ b.T) ** 2 for b in each] for a in each] for each in vectors]
    return np.array([[[np.sum(k) for k in row] for row in each] for each in pairs]).sum(axis=0)


def test_it_learns_stresses_of_the_right_sign() -> None:
    frames, labels = copper(16)
    assert labels.stress is not None
    train = Labels(labels.energy[:12], None, labels.stress[:12])
    parameters = SMALL | {"cutoff": 4.0, "n_max": 6, "l_max": 4, "n_sparse": 48}
    model = GAP(**parameters, stress_noise=1e-4).fit(frames[:12], train)
    found = model.predict(frames[12:]).stress
    assert found is not None
    error = np.sqrt(np.mean(np.square(np.array(found) - np.array(labels.stress[12:]))))
    assert error < 0.3 * np.std(labels.stress)


def test_forces_that_are_missing_are_no_zeros() -> None:
    frames, labels = waters(8)
    assert labels.forces is not None
    some = replace(labels, forces=(*labels.forces[:4], None, None, None, None))
    few = GAP(**SMALL).fit(frames, some).predict(frames).forces
    all_ = GAP(**SMALL).fit(frames, labels).predict(frames).forces
    assert few is not None
    assert all_ is not None
    size = np.sqrt(np.mean(np.square(np.concatenate(labels.forces[4:]))))
    for forces in (few, all_):
        error = np.concatenate(forces[4:]) - np.concatenate(labels.forces[4:])
        assert np.sqrt(np.mean(np.square(error))) < 0.5 * size
    assert np.abs(np.concatenate(few) - np.concatenate(all_)).max() > 1e-4


# ---------------------------------------------------------------- frames
def test_an_open_direction_is_as_wide_as_it_need_be() -> None:
    frames, labels = copper(6)
    model = GAP(**SMALL).fit(frames, labels)
    slab = bulk("Cu", cubic=True).repeat((1, 1, 2))
    slab.pbc = (True, True, False)
    wide = slab.copy()
    wide.set_cell([slab.cell[0], slab.cell[1], [0, 0, 40.0]])
    wide.pbc = True
    turned = slab.copy()
    turned.rotate(30, "x", rotate_cell=True)
    turned.positions += 3.0
    expected = model.predict([wide])
    for atoms in (slab, turned):
        found = model.predict([atoms])
        assert found.energy[0] == pytest.approx(expected.energy[0], abs=1e-7)
        assert found.stress is None
    np.testing.assert_allclose(model.predict([slab]).forces[0], expected.forces[0], atol=1e-7)


def test_equal_environments_and_lone_atoms() -> None:
    """A crystal at rest has one environment; an atom on its own has no neighbour."""
    frames = [bulk("Cu", cubic=True), bulk("Cu", cubic=True), Atoms("Cu", positions=[[1.0, 2.0, 3.0]])]
    predicted = GAP(**SMALL).fit(frames, [-1.0, -1.0, 2.0]).predict(frames)
    np.testing.assert_allclose(predicted.energy, [-1.0, -1.0, 2.0], atol=0.02)
    np.testing.assert_allclose(np.concatenate(predicted.forces), 0.0, atol=1e-6)


def test_uncertainty_grows_where_nothing_is_known() -> None:
    frames, labels = waters(10)
    stretched = frames[0].copy()
    stretched.positions[1] *= 1.5
    model = GAP(**SMALL, uncertainty=True).fit(frames, labels)
    known, unknown = model.predict([frames[0], stretched]).energy_std
    assert unknown > 5 * known >= 0
    assert model.set_params(uncertainty=False).predict(frames).energy_std is None


# ---------------------------------------------------------------- the program
def test_a_failure_says_what_the_program_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GAP, "_validate_params", lambda self: None)
    with pytest.raises(RuntimeError, match=r"(?s)gap_fit ended with status \d+.*nonsense"):
        GAP(**SMALL, sparse_method="nonsense").fit(*waters(4))


@pytest.mark.parametrize("name", ["n_sparse", "energy_noise", "stress_noise"])
def test_what_must_be_positive(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a .*number"):
        GAP(**SMALL | {name: 0}).fit(*waters(4))


def test_an_interrupt_takes_the_program_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program, pid = tmp_path / "gap_fit", tmp_path / "pid"
    program.write_text(f"#!/bin/sh\necho $$ > {pid}\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setattr(quip, "_program", lambda: str(program))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def interrupt(*_: object) -> None:
        if not pid.exists() or not pid.read_text():
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            return
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(KeyboardInterrupt):
            GAP(**SMALL).fit(*waters(4))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    assert not list(tmp_path.glob("mlffbench-gap-*"))


def test_nothing_stays_in_the_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    frames, labels = waters(4)
    GAP(**SMALL).fit(frames, labels).predict(frames)
    assert not list(tmp_path.iterdir())


def test_its_files_are_a_potential_for_quip(tmp_path: Path) -> None:
    from quippy.potential import Potential

    example = testing.fitted(GAP, testing.molecules(6))
    model: Any = example.model
    for name, text in model.files_.items():
        (tmp_path / name).write_text(text)
    atoms = example.frames[2].copy()
    atoms.calc = Potential(param_filename=str(tmp_path / "gap.xml"))
    baseline = sum(model.atomic_energies_[s] for s in atoms.symbols)
    predicted = model.predict([atoms])
    assert predicted.energy[0] == pytest.approx(atoms.get_potential_energy() + baseline, abs=1e-7)
    np.testing.assert_allclose(predicted.forces[0], atoms.get_forces(), atol=1e-7)


def test_what_is_exported_has_the_atomic_energies(tmp_path: Path) -> None:
    """Molecules and a crystal in quippy's own potential, equal to the estimator's predictions."""
    from quippy.potential import Potential

    waters_ = waters(6)
    copper_ = copper(6)
    for name, (frames, labels) in {"water": waters_, "copper": copper_}.items():
        energies = {"H": -13.6, "O": -2041.3, "Cu": -1640.5}
        labels = replace(labels, energy=labels.energy + [sum(energies[s] for s in a.symbols) for a in frames])
        model = GAP(**SMALL, atomic_energies=energies).fit(frames, labels)
        files = model.export(tmp_path / f"{name}.xml").files
        atoms = periodic_box(frames[3], model.cutoff)
        atoms.calc = Potential(param_filename=str(files[0]))
        predicted = model.predict([frames[3]])
        assert predicted.energy[0] == pytest.approx(atoms.get_potential_energy(), abs=1e-8)
        np.testing.assert_allclose(predicted.forces[0], atoms.get_forces(), atol=1e-8)
        if name == "copper":
            assert predicted.stress is not None
            np.testing.assert_allclose(predicted.stress[0], atoms.get_stress(), atol=1e-8)
    include, xml, _ = model.export(tmp_path / "cu.lammps").files
    label = xml.read_text().partition("<")[2].partition(">")[0]
    assert f'pair_coeff * * {xml.name} "Potential xml_label={label}" 29' in include.read_text()
