"""The Gaussian approximation potential through its authors' own program, gap_fit of QUIP."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from ase import Atoms
from sklearn.utils import check_random_state

from mlffbench.data import Labels
from mlffbench.estimators.base.exportable import Exportable
from mlffbench.forcefield import ForceField
from mlffbench.potentials import quip, quip_files
from mlffbench.system.ranges import AtomEnergies, Count, Length, Order, Positive, Seed

__all__ = ["GAP"]

SparseMethod = Literal[
    "cur_points", "cur_covariance", "cluster", "kmeans", "fuzzy", "covariance", "uniform", "uniq", "random",
    "pivot", "none",
]  # fmt: skip
SOAP_PARAMETERS = (
    "cutoff", "cutoff_width", "n_max", "l_max", "sigma", "zeta", "delta", "n_sparse", "sparse_method",
)  # fmt: skip


class GAP(Exportable, ForceField):
    """Sparse Gaussian process of atomic energies on SOAP, fitted and evaluated by QUIP: ``gap_fit``, quippy.

    The authors' implementation [1]_ [2]_ of the method of `SOAPGPR`: a SOAP per element with the kernel
    δ² (x̂·x̂')^ζ and `n_sparse` environments, trained on energies and on the forces and stresses that labels
    have. The mean energy per atom, once the atomic reference is subtracted, is fitted apart: gap_fit's
    ``e0_method=average``. QUIP computes on one thread, its linear algebra on those that the environment sets.

    Parameters
    ----------
    cutoff : float
        Cutoff of the SOAPs, Å.
    cutoff_width : float
        Neighbours fade out over this last part of the cutoff, Å.
    n_max, l_max : int
        Number of radial functions, and largest angular degree.
    sigma : float
        Width of the atoms' Gaussians, Å: ``atom_sigma``.
    zeta : float
        Exponent of the kernel.
    delta : float
        Prior standard deviation of an atom's energy, eV.
    n_sparse : int
        Sparse points of each element; the most important choice between accuracy and time.
    sparse_method : str
        Selection of the sparse points by ``gap_fit``: ``cur_points``, ``random``, ``uniform``, ``kmeans`` ...
    energy_noise : float
        Standard deviation of energies per square root of atoms, eV: gap_fit's ``sigma_per_atom``.
    forces_noise : float
        Standard deviation of force components, eV/Å.
    stress_noise : float
        Standard deviation of stress components, eV/Å³; gap_fit gets that of each frame's virial.
    uncertainty : bool
        Predict `energy_std`: the sum of the atoms' √``local_gap_variance``, an upper bound of the process's
        own deviation without the noise of the labels.
    random_state : int, optional
        Seed of the draw of sparse points.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    files_ : dict of str to str
        The potential as QUIP reads it, without the atomic energies: ``gap.xml`` and the files of its sparse
        points. `export` writes them with the atomic energies.

    References
    ----------
    .. [1] A. P. Bartók, M. C. Payne, R. Kondor and G. Csányi, Phys. Rev. Lett. 104, 136403 (2010).
    .. [2] S. Klawohn et al., J. Chem. Phys. 159, 174108 (2023). Code: https://github.com/libAtoms/QUIP
    """

    family: ClassVar[str] = "Gaussian process"
    predicts_std: ClassVar[bool] = True
    requires: ClassVar[tuple[str, ...]] = ("quippy",)
    extra: ClassVar[str | None] = "gap"
    runs_in: ClassVar[tuple[str, ...]] = ("ASE", "LAMMPS")
    export_formats: ClassVar[Mapping[str, str]] = {"quip": ".xml", "lammps": ".lammps"}

    def __init__(
        self,
        cutoff: Length = 4.0,
        cutoff_width: Length = 0.5,
        n_max: Count = 6,
        l_max: Order = 4,
        sigma: Positive = 0.3,
        zeta: Positive = 2.0,
        delta: Positive = 1.0,
        n_sparse: Count = 500,
        sparse_method: SparseMethod = "cur_points",
        energy_noise: Positive = 0.001,
        forces_noise: Positive = 0.01,
        stress_noise: Positive = 0.0005,
        uncertainty: bool = False,
        random_state: Seed | None = 0,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.cutoff_width = cutoff_width
        self.n_max = n_max
        self.l_max = l_max
        self.sigma = sigma
        self.zeta = zeta
        self.delta = delta
        self.n_sparse = n_sparse
        self.sparse_method = sparse_method
        self.energy_noise = energy_noise
        self.forces_noise = forces_noise
        self.stress_noise = stress_noise
        self.uncertainty = uncertainty
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Reach, resolution and smoothness of SOAP, body order and regularisation.

        The noise of energies stays: an error of forces would give the energies away. Ranges as in common use:
        V. L. Deringer et al., Chem. Rev. 121, 10073 (2021).
        """
        from scipy.stats import loguniform, randint, uniform

        return {
            "cutoff": uniform(3.5, 2.5),
            "cutoff_width": uniform(0.3, 0.9),
            "n_max": randint(4, 10),
            "l_max": randint(3, 8),
            "sigma": uniform(0.2, 0.5),
            "zeta": [2.0, 3.0, 4.0],
            "delta": loguniform(0.1, 10.0),
            "forces_noise": loguniform(1e-3, 0.1),
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"n_max": 3, "l_max": 2, "n_sparse": 20}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self._potential_: Any = None  # of Fortran, read from the files when first needed
        noise = f"{self.energy_noise} {self.forces_noise} {self.stress_noise}"
        arguments = {
            "gap": quip.soap_descriptors(frames, **{name: getattr(self, name) for name in SOAP_PARAMETERS}),
            "default_sigma": f"{{{noise} 0}}",
            "e0_method": "average",
            "rnd_seed": check_random_state(self.random_state).randint(1, 2**31 - 1),
        }
        self.files_ = quip.gap_fit(frames, labels, arguments, self.cutoff, self.stress_noise)

    @property
    def n_parameters_(self) -> int:
        """Number of sparse points."""
        return sum(map(int, re.findall(r'\bn_sparseX="(\d+)"', self.files_["gap.xml"])))

    def _evaluate(self, inputs: Sequence[Atoms]) -> Labels:
        self._potential_ = self._potential_ or quip.potential(self.files_)
        energy, forces, stress, std = [], [], [], []
        for atoms in inputs:
            results, variance = quip.calculate(self._potential_, atoms, self.cutoff, self.uncertainty)
            energy.append(results["energy"])
            forces.append(results["forces"])
            stress.append(results.get("stress"))
            std.append(np.sqrt(np.maximum(variance, 0.0)).sum())
        return Labels(
            np.array(energy), tuple(forces), tuple(stress), np.array(std) if self.uncertainty else None
        )

    def _exported(self, target: Path, format: str) -> tuple[dict[Path, str | bytes], str]:
        """The potential with the atomic energies, for quippy or for LAMMPS."""
        name = target.name if format == "quip" else f"{target.name}.xml"
        files: dict[str, str] = quip_files.named(self.files_, name, self.atomic_energies_)
        if format == "quip":
            usage = quip_files.calculator_script(name)
        else:
            text, usage = quip_files.lammps(target.name, files[name], name, self.elements_)
            files = {target.name: text, **files}
        return {target.with_name(file): text for file, text in files.items()}, usage

    def __getstate__(self) -> dict[str, Any]:
        """The attributes, with the files in place of Fortran's memory."""
        state = super().__getstate__().copy()
        return state | {"_potential_": None} if "_potential_" in state else state
