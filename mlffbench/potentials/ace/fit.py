"""The stages of ace-jax's fit of a linear ACE, without its predictions."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from ace_jax.basis.model import Basis
from ace_jax.fit.ard import run_ard_stage
from ace_jax.fit.pipeline import FitConfig, load_fit_data
from ace_jax.fit.pipeline.export import linear_arrays_from_mean
from ace_jax.fit.pipeline.mapfit import fit_map
from ace_jax.fit.pipeline.objective import make_objective
from ace_jax.fit.pipeline.problem import build_problem
from ace_jax.fit.predict import fit_posterior
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from mlffbench.data import Labels
from mlffbench.descriptors.neighbours import boxed
from mlffbench.potentials.ace.jax_session import double_precision
from mlffbench.potentials.ace.spread import jackknife_arrays
from mlffbench.system import progress

__all__ = ["Settings", "fit"]

STAGES = 5  # neighbours, basis, design matrix, hyperparameters, coefficients
BATCH_ATOMS = 128


@dataclass(frozen=True)
class Settings:
    """Weights of energies, forces and virials, of which any fixes them all; with a jackknife or without."""

    weights: tuple[float | None, float | None, float | None]
    uncertainty: bool
    seed: int


def fit(
    basis: Basis, frames: Sequence[Atoms], labels: Labels, settings: Settings
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray] | None]:
    """Mean coefficients of the regression as the arrays of ace-jax's model, and the jackknife if asked."""
    atoms = labelled(frames, labels)
    config = _config(basis, frames, settings)
    report = lambda step: progress.report("fit", step, STAGES)
    with double_precision(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a predicted gain of 1e-3 nats is no reason to stop a run
        data = load_fit_data(config, train=atoms, test=atoms[:1], log=_quiet)
        report(1)
        built = build_problem(config, data)
        report(2)
        objective = make_objective(config, data, built)
        report(3)
        optimum = fit_map(config, data, built, objective, log=_quiet)
        report(4)
        theta = optimum.theta
        if settings.uncertainty:
            result = run_ard_stage(config, data, built, theta, log=_quiet, full_stats=objective.lin)
            mean, jackknife = result.posterior.mean, jackknife_arrays(result.posterior)
        else:
            mean, _ = fit_posterior(theta, objective.stats(theta), built.prob, data.ds_train)
            jackknife = None
        report(5)
        return linear_arrays_from_mean(data.z, data.E0, built.prob.cfg, mean), jackknife


def _quiet(*texts: object) -> None:
    """Take ace-jax's messages and drop them."""


def _config(basis: Basis, frames: Sequence[Atoms], settings: Settings) -> FitConfig:
    size = np.mean([len(atoms) for atoms in frames])
    fixed = any(weight is not None for weight in settings.weights)
    weights = {kind: 1.0 if w is None else w for kind, w in zip("EFV", settings.weights, strict=True)}
    return FitConfig(
        model=basis,
        arm="linear",
        m_per_species=0,
        stress_key="stress",
        r0=None,
        seed=settings.seed,
        batch=max(1, round(BATCH_ATOMS / size)),
        weights={"default": weights} if fixed else None,
        uq="ard" if settings.uncertainty else "blr",
        ard_mode="sequential" if fixed else "joint",  # joint finds the noise of each kind anew
        ard_support=False,
    ).validate()


def labelled(frames: Sequence[Atoms], labels: Labels) -> list[Atoms]:
    """Copies of the frames with their labels in a calculator, as ace-jax reads them.

    A vector that a cell lacks becomes one around the atoms: neighbours are searched in a cell of three.
    """
    copies = []
    for i, atoms in enumerate(frames):
        own = {"forces": labels.forces and labels.forces[i], "stress": labels.stress and labels.stress[i]}
        if not atoms.pbc.all():
            own["stress"] = None
        copy = boxed(atoms)  # ace-jax inverts the cell
        known = {name: value for name, value in own.items() if value is not None}
        copy.calc = SinglePointCalculator(copy, energy=float(labels.energy[i]), **known)
        copies.append(copy)
    return copies
