"""Classes whose objects may stand in a model file."""

from __future__ import annotations

import re
from dataclasses import is_dataclass

from sklearn.base import BaseEstimator

from mlffbench import registry

__all__ = ["MOVED", "VALUES", "is_listed", "is_of_ours", "may_be_stored"]

VALUES = {
    "mlffbench.data:Labels",
    "mlffbench.descriptors.acsf:ACSF",
    "mlffbench.descriptors.power_spectrum:Basis",
    "mlffbench.descriptors.soap:SOAP",
    "mlffbench.estimators.base.composite:Calculated",
    "mlffbench.potentials.fchl19:Points",
    "mlffbench.potentials.gaff.atom_types:Types",
    "mlffbench.potentials.networks.rigidity:Rigidity",
    "mlffbench.potentials.sgdml.atom_matching:Template",
    "mlffbench.potentials.sgdml.hyperparameter_search:Trial",
    "mlffbench.potentials.sgdml.kernel:Field",
    "mlffbench.potentials.soap.dscribe_wrapper:DscribeBasis",
    "mlffbench.potentials.soap.kernel:Kernel",
    "sklearn.frozen._frozen:FrozenEstimator",
}  # classes that may stand in a model file beside the estimators, and those of modules that the user trusts
MOVED = {
    "mlffbench.descriptors._power_spectrum:Basis": "mlffbench.descriptors.power_spectrum:Basis",
    "mlffbench.estimators._bonded_types:Types": "mlffbench.potentials.gaff.atom_types:Types",
    "mlffbench.estimators._composed:Calculated": "mlffbench.estimators.base.composite:Calculated",
    "mlffbench.estimators._fchl_model:Points": "mlffbench.potentials.fchl19:Points",
    "mlffbench.estimators._sgdml_kernel:Field": "mlffbench.potentials.sgdml.kernel:Field",
    "mlffbench.estimators._sgdml_order:Template": "mlffbench.potentials.sgdml.atom_matching:Template",
    "mlffbench.estimators._sgdml_tuning:Trial": "mlffbench.potentials.sgdml.hyperparameter_search:Trial",
    "mlffbench.estimators._soap_dscribe:DscribeBasis": (
        "mlffbench.potentials.soap.dscribe_wrapper:DscribeBasis"
    ),
    "mlffbench.estimators._soap_kernel:Kernel": "mlffbench.potentials.soap.kernel:Kernel",
}  # classes in files of format 1 -> where they are now


def is_listed(name: str) -> bool:
    """True for classes of ours, of scikit-learn and of installed plugins that may stand in a model file."""
    return name in VALUES or registry.is_public("estimators", name) or registry.is_plugin_class(name)


def is_of_ours(name: str) -> bool:
    """True for ``module:Name`` of mlffbench."""
    return re.match(r"mlffbench\b", name) is not None


def may_be_stored(kind: type) -> bool:
    """True for estimators, frozen dataclasses and named tuples."""
    frozen = is_dataclass(kind) and kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    named = issubclass(kind, tuple) and hasattr(kind, "_fields")
    return issubclass(kind, BaseEstimator) or frozen or named
