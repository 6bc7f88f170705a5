"""Facts of a fit in its document."""

from __future__ import annotations

import warnings

import pytest

from mlffbench import registry
from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.datasets.malonaldehyde import malonaldehyde
from mlffbench.harness.metadata import model_metadata


def facts(name, data, n=8, **params):
    cls = registry.load("estimators", name)
    model = cls(**{**cls.test_params(), **params})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return model_metadata(model.fit(data.frames[:n], data.labels[:n]))


@pytest.mark.parametrize(
    ("name", "params", "n_parameters", "epochs", "stopped_by"),
    [
        ("atomic_reference", {}, 1, None, None),
        ("morse", {"max_iterations": 200}, 3 + 1, None, "converged"),
        ("morse", {"max_iterations": 1}, 3 + 1, None, "iterations"),
        ("committee", {"model": {"morse": {"cutoff": 4.0, "max_iterations": 1}}}, 2 * 4, None, "iterations"),
        ("soap_kernel_ridge", {"n_representers": 20}, 24, None, None),
        ("behler_parrinello", {"max_epochs": 2, "n_networks": 2}, None, 2, "epochs"),
        ("behler_parrinello", {"max_epochs": 900, "max_seconds": 1e-6}, None, 1, "time"),
    ],
)
def test_parameters_and_end_of_a_fit(name, params, n_parameters, epochs, stopped_by):
    metadata = facts(name, lennard_jones(n_train=8, n_test=1), **params)
    assert (metadata["epochs"], metadata["stopped_by"]) == (epochs, stopped_by)
    assert metadata["captured"] == ("no: cpu" if epochs else None)
    assert metadata["kernels"] is None
    assert metadata["n_parameters"] == n_parameters or (
        n_parameters is None and metadata["n_parameters"] > 50
    )


def test_what_an_optimiser_or_a_trial_has_set_is_resolved():
    data = malonaldehyde()
    sgdml = facts("sgdml", data, sigma=None, lam=None)
    assert sgdml["params"]["sigma"] is None
    assert sgdml["resolved"]["sigma"] in (5, 10, 20, 40)
    assert sgdml["n_parameters"] == 8 * 9 * 3
    process = facts("soap_gpr", data, n_sparse=5)
    assert process["n_parameters"] == 3 * 5
    assert process["resolved"]["delta"] > 0


def test_submodels_are_resolved():
    argon = lennard_jones(n_train=8, n_test=1)
    resolved = facts("committee", argon, model="morse")["resolved"]
    assert resolved["model"] == "morse"
    assert resolved["model__cutoff"] == 6.0
    assert "model__atomic_energies" not in resolved
