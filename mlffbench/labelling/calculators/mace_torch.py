"""Models of mace-torch: a ``.model`` file, evaluated by its authors' calculator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from ase import Atoms
from ase.calculators.calculator import Calculator, all_changes

__all__ = ["MACETorch"]


class MACETorch(Calculator):
    """Energies (eV), forces (eV/Å) and stresses (eV/Å³) of a ``.model`` file of mace-torch, say MACE-MP-0.

    The file is a pickle: reading it runs the code in it, so a suite or a recipe that names one needs
    ``--trust FILE``.

    Parameters
    ----------
    file : str
        The ``.model`` file.
    head : str, optional
        Name of the head, where the file has several.
    dtype : {'float32', 'float64'}, optional
        Precision; by default that of the file.
    device : str
        ``cpu``, ``cuda``, ``cuda:1`` ...
    sha256 : str, optional
        Checksum that the file must have.

    Raises
    ------
    ModuleNotFoundError
        mace-torch is not installed.
    ValueError
        The file has another checksum, holds no such model or no such head.

    References
    ----------
    I. Batatia et al., NeurIPS 2022, arXiv:2206.07697. Code: https://github.com/ACEsuit/mace
    """

    implemented_properties: ClassVar[list[str]] = ["energy", "free_energy", "forces", "stress"]
    needs_trust: ClassVar[Mapping[str, str]] = {"file": "is a pickle, whose code runs when it is read"}

    def __init__(
        self,
        file: str,
        head: str | None = None,
        dtype: Literal["float32", "float64"] | None = None,
        device: str = "cpu",
        sha256: str | None = None,
    ) -> None:
        super().__init__()
        try:
            from mlffbench.potentials.mace.pickled_model import read_model
        except ModuleNotFoundError as error:
            message = f"the calculator mace_torch cannot be loaded ({error}); pip install 'mlffbench[mace]'"
            raise ModuleNotFoundError(message, name=error.name) from error
        self.model = read_model(file, head, dtype, device, sha256)
        self.dtype = self.model.dtype

    def calculate(
        self,
        atoms: Atoms | None = None,
        properties: list[str] | None = None,
        system_changes: list[str] = all_changes,
    ) -> None:
        super().calculate(atoms, properties, system_changes)
        results: dict[str, Any] = self.model.results(self.atoms)
        self.results = {name: results[name] for name in self.implemented_properties if name in results}
