"""What a model file may hold."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mlffbench.estimators import AtomicReference
from mlffbench.system.encoding import Writer


class Outer(AtomicReference):
    class Inner(AtomicReference):
        pass


@dataclass(frozen=True)
class Unlisted:
    number: int


def test_a_class_that_could_not_be_loaded_is_not_saved(monkeypatch):
    with pytest.raises(TypeError, match=r"Outer\.Inner is defined inside a function or class"):
        Writer().encode(Outer.Inner(), "model")
    assert Writer().encode(Unlisted(1), "v")["object"] == f"{__name__}:Unlisted"
    monkeypatch.setattr(Unlisted, "__module__", "mlffbench.potentials.new")
    with pytest.raises(TypeError, match=r"hold no mlffbench\.potentials\.new:Unlisted; see VALUES"):
        Writer().encode(Unlisted(1), "v")
