"""A stranger's module that leaves marks when it is imported and when it is called."""

from __future__ import annotations

from pathlib import Path

MODULE = """
from os import system
from pathlib import Path

from mlffbench.datasets.lennard_jones import lennard_jones
from mlffbench.estimators.morse import Morse

HERE = Path(__file__).parent
(HERE / "imported").touch()
number = 3


def call(*args, **params):
    (HERE / "called").touch()
    return 0


def data():
    return lennard_jones(n_train=4, n_test=2)


class Mine(Morse):
    pass


class Other:
    def __init__(self, *args, **params):
        call()
"""


class Stranger:
    """The module ``strangers_module`` in a folder."""

    name = "strangers_module"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / f"{self.name}.py").write_text(MODULE)

    @property
    def marks(self) -> list[str]:
        """Marks of what ran: ``imported``, ``called``, and whatever commands have made."""
        return sorted(p.name for p in self.folder.iterdir() if p.suffix != ".py" and p.name != "__pycache__")
