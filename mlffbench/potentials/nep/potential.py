"""A NEP4 network of a file, or NEP89, evaluated one structure at a time."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from ase import Atoms

from mlffbench.descriptors.graph import build, labels
from mlffbench.potentials.nep.evaluation import evaluate, network
from mlffbench.potentials.nep.nep_text import NEPText
from mlffbench.potentials.weights import weights_of
from mlffbench.system.device import checked_device
from mlffbench.system.text_file import read_text

__all__ = ["NEPPotential"]


@dataclass(frozen=True)
class NEPPotential:
    """Network of a ``nep.txt`` on a device.

    Attributes
    ----------
    network : torchnep.nep.NEPCalculator
    elements : list of str
    cutoff : float
        Å.
    device : str
    """

    network: Any
    elements: list[str]
    cutoff: float
    device: str

    @classmethod
    def read(cls, file: str | None = None, device: str = "cpu") -> NEPPotential:
        """Read a file, or download NEP89 where none is named.

        Raises
        ------
        ModuleNotFoundError
            torchnep is not installed.
        OSError
            There is no such file, or NEP89 cannot be downloaded.
        ValueError
            It is no NEP4 network.
        """
        import_module("torchnep")  # before anything is downloaded
        if file is not None and not Path(file).is_file():
            raise FileNotFoundError(f"no NEP file {file!r}; without a file it is NEP89")
        text = read_text(weights_of("nep89")[0] if file is None else Path(file))
        known, place = NEPText.parse(text), str(checked_device(device))
        return cls(network(text, place), known.elements, known.cutoff, place)

    def results(self, atoms: Atoms) -> dict[str, Any]:
        """Results of a structure under ASE's names: energy, forces, and stress of three periodic directions.

        Raises
        ------
        ValueError
            The network does not know an element.
        """
        if unknown := sorted(set(atoms.symbols) - set(self.elements)):
            raise ValueError(f"this NEP knows no {', '.join(unknown)}; it knows {' '.join(self.elements)}")
        graph = build([atoms], self.cutoff, device=self.device)
        predicted = labels(graph, *evaluate(self.network, graph))
        energy = float(predicted.energy[0])
        results = {"energy": energy, "free_energy": energy, "forces": (predicted.forces or ())[0]}
        stress = (predicted.stress or (None,))[0]
        return results if stress is None else {**results, "stress": stress}
