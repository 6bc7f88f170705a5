"""Checks that a pickled or saved model predicts the same when it is loaded."""

from __future__ import annotations

import pickle
from pathlib import Path
from tempfile import TemporaryDirectory

from mlffbench.forcefield import ForceField
from mlffbench.registry.trusted import restored_trust
from mlffbench.testing.compare import same
from mlffbench.testing.examples import Fitted

__all__ = ["pickle_keeps_predictions", "save_keeps_predictions"]


def pickle_keeps_predictions(example: Fitted) -> None:
    """Compare predictions after pickling."""
    _check_copy(pickle.loads(pickle.dumps(example.model)), example, "after pickling")


def save_keeps_predictions(example: Fitted) -> None:
    """Compare predictions after `save` and `load`, whose file holds data and no code.

    The class is trusted for that moment, not in the rest of the process.
    """
    with TemporaryDirectory() as folder, restored_trust():
        file = Path(folder) / "model"
        example.model.save(file)
        _check_copy(ForceField.load(file, trust=[type(example.model).__module__]), example, "after loading")


def _check_copy(copy: ForceField, example: Fitted, when: str) -> None:
    """Assert that a copy has the model's class, parameters and predictions."""
    assert type(copy) is type(example.model), f"a {type(copy).__name__} {when}"
    assert copy.get_params(deep=False).keys() == example.model.get_params(deep=False).keys(), (
        "other parameters"
    )
    frames = example.frames[:2]
    same(copy.predict(frames), example.model.predict(frames), 1e-9, when)
