"""NEP potentials: a ``nep.txt`` of GPUMD or torchnep, or NEP89 for 89 elements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

__all__ = ["NEP"]

REMEDY = "a suite makes its environment, or pip install 'torchnep>=1.0.7,<1.1'"


class NEP(Calculator):
    """Energies (eV), forces (eV/Å) and stresses (eV/Å³) of a NEP4 network, in float64, by torchnep.

    A network is text without code. Without a file it is NEP89 [1]_, made for inorganic and organic materials
    of 89 elements, which is taken out of the package NepTrainKit, 8 MB, downloaded once. Its training data
    were selected from several datasets; they may contain the structures that it is tested on.

    Parameters
    ----------
    file : str, optional
        A ``nep.txt`` of version 4.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...

    Raises
    ------
    ModuleNotFoundError
        torchnep is not installed; suites make an environment that has it.
    OSError
        NEP89 is not here and cannot be downloaded.
    ValueError
        The file is no NEP4.

    References
    ----------
    .. [1] T. Liang et al., NEP89: Universal neuroevolution potential for inorganic and organic materials
       across 89 elements, arXiv:2504.21286 (2025).
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy", "forces", "stress"]
    requires: ClassVar[tuple[str, ...]] = ("torch", "torchnep")
    origin: ClassVar[Mapping[str, str]] = {
        "level": "several levels of theory: those of the public datasets that its structures are from",
        "data": "inorganic and organic materials of 89 elements, selected from several datasets",
    }
    environment: ClassVar[Mapping[str, Any]] = {
        "name": "nep",
        "requirements": ["torchnep>=1.0.7,<1.1", "torch>=2.6,<2.14", "pip"],
    }
    dtype = "float64"

    def __init__(self, file: str | None = None, device: str = "cpu") -> None:
        super().__init__()
        try:
            from mlffbench.potentials.nep.potential import NEPPotential

            self.potential = NEPPotential.read(file, device)
        except ModuleNotFoundError as error:
            message = f"the calculator nep cannot be loaded ({error}); {REMEDY}"
            raise ModuleNotFoundError(message, name=error.name) from error

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        self.results = self.potential.results(self.atoms)
