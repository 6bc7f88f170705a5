"""Checks that input no model can take is refused with a sentence."""

from __future__ import annotations

import numpy as np
from sklearn.base import clone

from mlffbench.testing.compare import raises
from mlffbench.testing.examples import Fitted

__all__ = ["non_atoms_are_refused", "unseen_elements_are_refused"]


def non_atoms_are_refused(example: Fitted) -> None:
    """Check that `fit` and `predict` raise TypeError for anything but a list of Atoms."""
    wrong = [np.zeros((4, 3)), "H2O", [1.0, 2.0], example.frames[0], np.array([[1.0]])]
    for X in wrong:
        with raises(TypeError, r"ase\.Atoms"):
            example.model.predict(X)
        with raises(TypeError, r"ase\.Atoms"):
            clone(example.model).fit(X, [0.0])


def unseen_elements_are_refused(example: Fitted) -> None:
    """Check that `predict` raises ValueError for an element that training did not contain."""
    unseen = example.frames[0].copy()
    unseen.symbols[0] = "Xe"
    with raises(ValueError, r"was trained on .* cannot predict \['Xe'\]"):
        example.model.predict([unseen])
