"""The contracts as functions, for our tests and for yours: ``check_forcefield(MyModel)``."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy.spatial.transform import Rotation
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from mlffbench.data import Dataset, Labels
from mlffbench.forcefield import ForceField

__all__ = ["FORCEFIELD_CHECKS", "Fitted", "check_forcefield", "fitted", "molecules", "solids"]


@dataclass(frozen=True)
class Fitted:
    """A model, and the frames and labels it was fitted to."""

    model: ForceField
    frames: list[Atoms]
    labels: Labels


def check_forcefield(cls: type[ForceField]) -> None:
    """Run every check of the contract, on molecules and on periodic cells.

    Raises
    ------
    AssertionError
        The first check that fails says what it found.
    """
    for dataset in (molecules(), solids()):
        example = fitted(cls, dataset)
        for check in FORCEFIELD_CHECKS:
            check(example)


def molecules(n: int = 10) -> Dataset:
    """Malonaldehyde, real DFT labels."""
    from mlffbench.datasets.malonaldehyde import malonaldehyde

    return _head(malonaldehyde(), n)


def solids(n: int = 8) -> Dataset:
    """A strained and rattled Lennard-Jones crystal, exact labels."""
    from mlffbench.datasets.lennard_jones import lennard_jones

    return _head(lennard_jones(n_train=n), n)


def _head(dataset: Dataset, n: int) -> Dataset:
    columns = {k: v[:n] for k, v in dataset.columns.items()}
    return Dataset(
        dataset.name, dataset.frames[:n], dataset.labels[:n], columns, dataset.card, dataset.atomic_energies
    )


def fitted(cls: type[ForceField], dataset: Dataset) -> Fitted:
    """A quick fit: the class's own ``test_params``."""
    frames = [a.copy() for a in dataset.frames]
    return Fitted(cls(**cls.test_params()).fit(frames, dataset.labels), frames, dataset.labels)


# ---------------------------------------------------------------- derivatives
def forces_are_minus_the_gradient(example: Fitted, step: float = 1e-4) -> None:
    """F = −dE/dr along random directions, by central differences."""
    if "forces" not in example.model.properties:
        return
    rng = np.random.default_rng(0)
    atoms = example.frames[1]
    forces = _forces(example.model.predict([atoms]))
    for _ in range(3):
        direction = rng.normal(size=atoms.positions.shape)
        up, down = (_moved(atoms, sign * step * direction) for sign in (1, -1))
        numeric = -_slope(example.model, up, down, 2 * step)
        _close(np.sum(forces * direction), numeric, 1e-4, "force along a direction against −ΔE/Δx")


def stress_is_the_strain_derivative(example: Fitted, step: float = 1e-4) -> None:
    """σ = (dE/dε)/V, the six components by central differences."""
    atoms = example.frames[1]
    if "stress" not in example.model.properties or not atoms.pbc.all():
        return
    predicted = example.model.predict([atoms]).stress
    assert predicted is not None, "the model claims stress but predicts none for a periodic cell"
    assert predicted[0] is not None
    for component, (i, j) in enumerate([(0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1)]):
        strain = np.zeros((3, 3))
        strain[i, j] += 0.5 * step
        strain[j, i] += 0.5 * step
        slope = _slope(example.model, _strained(atoms, strain), _strained(atoms, -strain), 2 * step)
        _close(predicted[0][component], slope / atoms.get_volume(), 1e-5, f"stress {i}{j} against ΔE/Δε/V")


def _slope(model: ForceField, up: Atoms, down: Atoms, distance: float) -> float:
    energy = model.predict([up, down]).energy
    return (energy[0] - energy[1]) / distance


# ---------------------------------------------------------------- symmetries
def translation_changes_nothing(example: Fitted) -> None:
    _same_everywhere(example, [_moved(a, np.array([1.3, -0.7, 4.1])) for a in example.frames[:3]])


def permutation_permutes_the_forces(example: Fitted) -> None:
    rng = np.random.default_rng(1)
    orders = [rng.permutation(len(a)) for a in example.frames[:3]]
    shuffled = [a[o] for a, o in zip(example.frames, orders, strict=False)]
    _same_everywhere(example, shuffled, lambda f, k: f[orders[k]])


def rotation_rotates_the_forces(example: Fitted) -> None:
    matrix = Rotation.random(rng=np.random.default_rng(2)).as_matrix()
    _same_everywhere(example, [_rotated(a, matrix) for a in example.frames[:3]], lambda f, _: f @ matrix.T)


def _same_everywhere(
    example: Fitted, changed: list[Atoms], expected: Callable[[np.ndarray, int], np.ndarray] = lambda f, _: f
) -> None:
    before, after = (example.model.predict(x) for x in (example.frames[: len(changed)], changed))
    _close(after.energy, before.energy, 1e-6, "energies after the change")
    for k in range(len(changed)):
        if before.forces is not None and after.forces is not None:
            _close(_forces(after, k), expected(_forces(before, k), k), 1e-5, f"forces of frame {k}")


def two_far_copies_are_twice_one(example: Fitted) -> None:
    atoms = example.frames[0]
    far = _moved(atoms, np.array([60.0, 0.0, 0.0]))
    pair = atoms.repeat((2, 1, 1)) if atoms.pbc.any() else atoms + far
    one, two = example.model.predict([atoms]), example.model.predict([pair])
    _close(two.energy, 2 * one.energy, 1e-5, "energy of two copies against twice one")
    if one.forces is not None:
        _close(_forces(two), np.vstack([_forces(one)] * 2), 1e-5, "forces of two copies")


def one_by_one_is_the_batch(example: Fitted) -> None:
    batch = example.model.predict(example.frames)
    for k, atoms in enumerate(example.frames):
        alone = example.model.predict([atoms])
        _close(alone.energy[0], batch.energy[k], 1e-6, f"energy of frame {k} alone against in the batch")
        if batch.forces is not None:
            _close(_forces(alone), _forces(batch, k), 1e-6, f"forces of frame {k} alone")


# ---------------------------------------------------------------- life of an estimator
def constructor_only_remembers(example: Fitted) -> None:
    fresh = clone(example.model)
    assert fresh.get_params() == example.model.get_params(), "clone changed a parameter"
    assert not [n for n in vars(fresh) if n.endswith("_")], "a learned attribute before fit"
    assert "atomic_energies" in fresh.get_params(), "every estimator takes atomic_energies"
    name = next(iter(fresh.get_params()))
    assert fresh.set_params(**{name: fresh.get_params()[name]}) is fresh


def predicting_unfitted_is_an_error(example: Fitted) -> None:
    with _raises(NotFittedError):
        clone(example.model).predict(example.frames)


def refit_is_a_fresh_fit(example: Fitted) -> None:
    half = len(example.frames) // 2 + 1
    first, second = example.frames[:half], example.labels[:half]
    refitted = clone(example.model).fit(example.frames, example.labels).fit(first, second)
    fresh = clone(example.model).fit(first, second)
    _close(
        refitted.predict(first).energy, fresh.predict(first).energy, 1e-6, "a second fit against a fresh one"
    )


def inputs_stay_unchanged(example: Fitted) -> None:
    frames = [a.copy() for a in example.frames]
    model = clone(example.model).fit(frames, example.labels)
    model.predict(frames)
    assert all(a == b for a, b in zip(frames, example.frames, strict=True)), "fit or predict changed a frame"
    assert all(a.calc is None for a in frames), "fit or predict left a calculator on a frame"


def pickle_keeps_predictions(example: Fitted) -> None:
    copy = pickle.loads(pickle.dumps(example.model))
    expected, got = (m.predict(example.frames[:2]).energy for m in (example.model, copy))
    _close(got, expected, 1e-9, "energies after pickling")


def non_atoms_are_refused(example: Fitted) -> None:
    wrong = [np.zeros((4, 3)), "H2O", [1.0, 2.0], example.frames[0], np.array([[1.0]])]
    for X in wrong:
        with _raises(TypeError, r"ase\.Atoms"):
            example.model.predict(X)
        with _raises(TypeError, r"ase\.Atoms"):
            clone(example.model).fit(X, [0.0])


def unseen_elements_are_refused(example: Fitted) -> None:
    strange = example.frames[0].copy()
    strange.symbols[0] = "Xe"
    with _raises(ValueError, r"was trained on .* cannot predict \['Xe'\]"):
        example.model.predict([strange])


def a_single_atom_has_no_force(example: Fitted) -> None:
    atom = Atoms(example.model.elements_[:1], positions=[[0.1, 0.2, 0.3]])
    labels = example.model.predict([atom])
    assert np.isfinite(labels.energy).all(), "the energy of a lone atom is not finite"
    if labels.forces is not None:
        _close(_forces(labels), 0.0, 1e-8, "the force on a lone atom")


def the_calculator_agrees(example: Fitted) -> None:
    atoms = example.frames[0].copy()
    atoms.calc = example.model.calculator()
    _close(atoms.get_potential_energy(), example.model.predict([atoms]).energy[0], 1e-8, "calculator energy")


FORCEFIELD_CHECKS: tuple[Callable[[Fitted], None], ...] = (
    forces_are_minus_the_gradient,
    stress_is_the_strain_derivative,
    translation_changes_nothing,
    permutation_permutes_the_forces,
    rotation_rotates_the_forces,
    two_far_copies_are_twice_one,
    one_by_one_is_the_batch,
    constructor_only_remembers,
    predicting_unfitted_is_an_error,
    refit_is_a_fresh_fit,
    inputs_stay_unchanged,
    pickle_keeps_predictions,
    non_atoms_are_refused,
    unseen_elements_are_refused,
    a_single_atom_has_no_force,
    the_calculator_agrees,
)


# ---------------------------------------------------------------- helpers
def _moved(atoms: Atoms, displacement: np.ndarray) -> Atoms:
    moved = atoms.copy()
    moved.positions += displacement
    return moved


def _strained(atoms: Atoms, strain: np.ndarray) -> Atoms:
    strained = atoms.copy()
    strained.set_cell(strained.cell @ (np.eye(3) + strain), scale_atoms=True)
    return strained


def _rotated(atoms: Atoms, matrix: np.ndarray) -> Atoms:
    rotated = atoms.copy()
    rotated.set_cell(np.asarray(atoms.cell) @ matrix.T)
    rotated.positions = atoms.positions @ matrix.T
    return rotated


def _forces(labels: Labels, k: int = 0) -> np.ndarray:
    assert labels.forces is not None, "no forces"
    forces = labels.forces[k]
    assert forces is not None, f"no forces for frame {k}"
    return forces


@contextmanager
def _raises(kind: type[Exception], pattern: str = "") -> Iterator[None]:
    message = None
    try:
        yield
    except kind as error:
        message = str(error)
    assert message is not None, f"{kind.__name__} was not raised"
    assert re.search(pattern, message), f"the message {message!r} does not match {pattern!r}"


def _close(got: object, expected: object, tolerance: float, what: str) -> None:
    """Largest absolute difference."""
    error = float(np.abs(np.asarray(got) - np.asarray(expected)).max(initial=0.0))
    assert error <= tolerance, f"{what}: off by {error:.3g} (tolerance {tolerance:.0e})"
