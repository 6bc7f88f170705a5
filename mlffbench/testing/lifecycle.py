"""Checks of construction, cloning, fits, repeated fits and the calculator of an estimator."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError

from mlffbench.testing.compare import close, forces_of, raises, same
from mlffbench.testing.examples import FEW, Fitted

__all__ = [
    "a_partial_fit_goes_on",
    "constructor_only_remembers",
    "inputs_stay_unchanged",
    "predicting_unfitted_is_an_error",
    "refit_is_a_fresh_fit",
    "the_calculator_agrees",
]


def constructor_only_remembers(example: Fitted) -> None:
    """Check that the constructor stores its parameters unchanged and sets no fitted attribute."""
    fresh = clone(example.model)
    before, after = (_comparable_params(model) for model in (example.model, fresh))
    assert after == before, "clone changed a parameter"
    assert not [n for n in vars(fresh) if n.endswith("_")], "a fitted attribute before fit"
    assert "atomic_energies" in after, "every estimator takes atomic_energies"
    name = next(iter(after))
    assert fresh.set_params(**{name: fresh.get_params()[name]}) is fresh


def _comparable_params(model: BaseEstimator) -> dict[str, object]:
    """Parameters, with types in place of estimators, whose own parameters are listed too."""
    return {k: type(v) if isinstance(v, BaseEstimator) else v for k, v in model.get_params().items()}


def predicting_unfitted_is_an_error(example: Fitted) -> None:
    """Check that `predict` before `fit` raises NotFittedError."""
    with raises(NotFittedError):
        clone(example.model).predict(example.frames)


def refit_is_a_fresh_fit(example: Fitted) -> None:
    """Compare a second fit, to fewer frames, with a first fit to these frames."""
    fresh = example.few
    refitted = deepcopy(example.model).fit(fresh.frames, fresh.labels)
    same(refitted.predict(fresh.frames), fresh.model.predict(fresh.frames), 1e-6, "of a second fit")


def a_partial_fit_goes_on(example: Fitted) -> None:
    """Continue training with `partial_fit`, for models that have it; predictions must stay finite."""
    model = clone(example.model)
    if "warm_start" in model.get_params(deep=False):
        model.set_params(warm_start=True)
    if not hasattr(model, "partial_fit"):
        return
    model.fit(example.frames[:FEW], example.labels[:FEW])
    known = set(model.elements_)
    more = [i for i, a in enumerate(example.frames) if i >= FEW - 1 and set(a.symbols) <= known]
    assert model.partial_fit([example.frames[i] for i in more], example.labels[more]) is model
    assert np.isfinite(model.predict(example.frames[:FEW]).energy).all(), "an energy is not finite"


def inputs_stay_unchanged(example: Fitted) -> None:
    """Check that neither the fit nor the predictions of all checks before changed a frame."""
    example.model.predict(example.frames)
    same_frames = all(a == b for a, b in zip(example.frames, example.before, strict=True))
    assert same_frames, "fit or predict changed a frame"
    assert all(a.calc is None for a in example.frames), "fit or predict left a calculator on a frame"


def the_calculator_agrees(example: Fitted) -> None:
    """Compare the ASE calculator with `predict`."""
    atoms = example.frames[0].copy()
    atoms.calc = example.model.calculator()
    labels = example.model.predict([atoms])
    close(atoms.get_potential_energy(), labels.energy[0], 1e-8, "calculator energy")
    if labels.forces is not None:
        close(atoms.get_forces(), forces_of(labels), 1e-8, "calculator forces")
    for name in ("stress", "energy_std", "forces_std"):
        values = getattr(labels, name)
        if values is not None and values[0] is not None:
            close(atoms.calc.get_property(name, atoms), values[0], 1e-8, f"calculator {name}")
