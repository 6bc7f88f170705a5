"""The Gaussian approximation potential through its authors' own program, gap_fit of QUIP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from ase import Atoms
from sklearn.utils import check_random_state

from mlffbench.data import Labels
from mlffbench.forcefield import ForceField
from mlffbench.potentials.quip import boxed, gap_fit, potential

__all__ = ["GAP"]


class GAP(ForceField):
    """Sparse Gaussian process of atomic energies on SOAP, fitted and evaluated by QUIP: ``gap_fit``, quippy.

    The authors' implementation [1]_ [2]_ of what `SOAPGPR` writes again: a SOAP of each element with the
    kernel δ² (x̂·x̂')^ζ and `n_sparse` environments, trained on energies and on the forces and stresses that
    labels have. The mean energy per atom of what the base class leaves is fitted apart: gap_fit's
    ``e0_method=average``. QUIP computes on one thread, its linear algebra on those of the environment.

    Parameters
    ----------
    cutoff : float
        Å.
    cutoff_width : float
        Neighbours fade out over this last part of the cutoff, Å.
    n_max, l_max : int
        Radial functions and largest angular degree.
    sigma : float
        Width of the atoms' Gaussians, Å: ``atom_sigma``.
    zeta : float
        Exponent of the kernel.
    delta : float
        Prior standard deviation of an atom's energy, eV.
    n_sparse : int
        Sparse points of each element; the most important choice between accuracy and time.
    sparse_method : str
        How they are chosen: ``cur_points``, ``random``, ``uniform``, ``kmeans`` ... of ``gap_fit``.
    energy_noise : float
        Standard deviation of energies per square root of atoms, eV: gap_fit's ``sigma_per_atom``.
    forces_noise : float
        Standard deviation of force components, eV/Å.
    stress_noise : float
        Standard deviation of stress components, eV/Å³; gap_fit is told that of each frame's virial.
    uncertainty : bool
        Whether predictions carry `energy_std`: the sum of the atoms' √``local_gap_variance``, an upper bound
        of the process's own deviation without the noise of the labels.
    random_state : int, optional
        Draws the sparse points.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    files_ : dict of str to str
        The potential as QUIP and LAMMPS read it: ``gap.xml`` and the files of its sparse points.

    References
    ----------
    .. [1] A. P. Bartók, M. C. Payne, R. Kondor and G. Csányi, Phys. Rev. Lett. 104, 136403 (2010).
    .. [2] S. Klawohn et al., J. Chem. Phys. 159, 174108 (2023). Code: https://github.com/libAtoms/QUIP
    """

    requires = ("quippy",)
    extra = "gap"

    def __init__(
        self,
        cutoff: float = 4.0,
        cutoff_width: float = 0.5,
        n_max: int = 6,
        l_max: int = 4,
        sigma: float = 0.3,
        zeta: float = 2.0,
        delta: float = 1.0,
        n_sparse: int = 500,
        sparse_method: str = "cur_points",
        energy_noise: float = 0.001,
        forces_noise: float = 0.01,
        stress_noise: float = 0.0005,
        uncertainty: bool = False,
        random_state: int | None = 0,
        atomic_energies: Mapping[str, float] | None = None,
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
    def test_params(cls) -> dict[str, Any]:
        return {"n_max": 3, "l_max": 2, "n_sparse": 20}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        for name in ("cutoff", "n_sparse", "energy_noise", "forces_noise", "stress_noise", "delta"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive; got {getattr(self, name)}")
        self._potential_: Any = None  # of Fortran, read from the files when first needed
        noise = f"{self.energy_noise} {self.forces_noise} {self.stress_noise}"
        arguments = {
            "gap": self._descriptors(frames),
            "default_sigma": f"{{{noise} 0}}",
            "e0_method": "average",
            "rnd_seed": check_random_state(self.random_state).randint(1, 2**31 - 1),
        }
        self.files_ = gap_fit(frames, labels, arguments, self.cutoff, self.stress_noise)

    def _descriptors(self, frames: Sequence[Atoms]) -> str:
        """One SOAP for each element, with no more sparse points than there are environments."""
        numbers, counts = np.unique(np.concatenate([a.numbers for a in frames]), return_counts=True)
        common = {
            "cutoff": self.cutoff, "cutoff_transition_width": self.cutoff_width, "n_max": self.n_max,
            "l_max": self.l_max, "atom_sigma": self.sigma, "zeta": self.zeta, "delta": self.delta, "f0": 0.0,
            "covariance_type": "dot_product", "sparse_method": self.sparse_method, "add_species": "F",
            "n_species": len(numbers), "species_Z": f"{{{{{' '.join(map(str, numbers))}}}}}",
        }  # fmt: skip
        each = [
            common | {"Z": z, "n_sparse": min(self.n_sparse, count)}
            for z, count in zip(numbers.tolist(), counts.tolist(), strict=True)
        ]
        return "{" + " : ".join("soap " + " ".join(f"{k}={v}" for k, v in d.items()) for d in each) + "}"

    def _evaluate(self, inputs: Sequence[Atoms]) -> Labels:
        energy, forces, stress, std = [], [], [], []
        for atoms in inputs:
            results, variance = self._calculate(atoms)
            energy.append(results["energy"])
            forces.append(results["forces"])
            stress.append(results.get("stress"))
            std.append(np.sqrt(np.maximum(variance, 0.0)).sum())
        return Labels(
            np.array(energy), tuple(forces), tuple(stress), np.array(std) if self.uncertainty else None
        )

    def _calculate(self, atoms: Atoms) -> tuple[dict[str, Any], np.ndarray]:
        """quippy's results of a frame, and its atoms' variances, eV², where they are wanted."""
        quip = self._potential_ = self._potential_ or potential(self.files_)
        wanted = ["energy", "forces"] + ["stress"] * bool(atoms.pbc.all())
        extra = "local_gap_variance" if self.uncertainty else ""
        quip.reset()
        quip.calculate(boxed(atoms, self.cutoff), wanted, calc_args=extra)
        return quip.results, quip.extra_results["atoms"].get("local_gap_variance", np.zeros(0))

    def __getstate__(self) -> dict[str, Any]:
        """The files instead of Fortran's memory."""
        state = super().__getstate__().copy()
        return state | {"_potential_": None} if "_potential_" in state else state
