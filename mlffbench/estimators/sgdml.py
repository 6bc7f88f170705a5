"""Symmetric gradient-domain machine learning: the force field of one molecule from a few hundred forces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from ase import Atoms
from sklearn.utils import check_random_state

from mlffbench.data import Labels
from mlffbench.forcefield import ForceField
from mlffbench.potentials.sgdml import hyperparameter_search as tuning
from mlffbench.potentials.sgdml import solver as solver
from mlffbench.potentials.sgdml.atom_matching import Template, distance_matrices
from mlffbench.potentials.sgdml.inverse_distances import Points, pair_permutations
from mlffbench.potentials.sgdml.kernel import Kernel
from mlffbench.potentials.sgdml.permutations import find_permutations
from mlffbench.system.device import checked_device

__all__ = ["SGDML"]

FRAMES_AT_ONCE = 256  # in a prediction
MIN_TRIED = 4  # structures without which nothing is left out
SIGMA, LAM = 20.0, 1e-10  # where there is nothing to choose them by


class SGDML(ForceField):
    """sGDML, one molecule: forces as a Gaussian process of energy-conserving fields, symmetric in like atoms.

    F ~ GP(0, Σ_P Jᵀ ∂²k/∂x∂x' P J'),  x = 1/|r_a − r_b|,  k Matérn 5/2;  the energy is the field's integral

    Chmiela et al., Sci. Adv. 3, e1603015 (2017) and Nat. Commun. 9, 3887 (2018). The permutations P are those
    that the training structures show; energies give the constant of integration only. Trained on forces:
    frames without them add to the constant alone. The inverse distances belong to one molecule without a
    cell: other atoms are refused, and so are periodic frames, whose nearest images would change with a kink.

    Atoms in another order are brought to that of the first training frame by the permutation of like atoms
    that comes nearest to a training structure; the given order is kept where the elements stand in it, unless
    another is clearly meant.

    Parameters
    ----------
    sigma : float, optional
        Length scale in inverse distances, 1/Å. Default: one of 5, 10, 20, 40, by trials: smaller fits (4500
        force components at most) predict energies and forces of up to 50 other training structures.
    lam : float, optional
        Added to the kernel's diagonal, the variance of noise over that of forces. Default: 1e-10 or
        1e-8, by the same trials. Of all pairs within 2 % of the best, that of the smallest lam, then sigma,
        is used.
    symmetric : bool
        Whether to look for permutations; False is GDML.
    max_memory_gb : float
        A kernel matrix beyond this, 72 n² N² bytes for n structures of N atoms, is never made: conjugate
        gradients solve instead of Cholesky.
    rank : int
        Columns of the kernel in the preconditioner of conjugate gradients: memory for speed.
    tolerance : float
        Relative residual at which conjugate gradients end.
    max_iterations : int
        Of conjugate gradients; ending early costs accuracy, see `residual_`.
    device : str
        Where torch computes: ``cpu``, ``cuda``.
    random_state : int, optional
        Draws the structures of the trials and the columns of the preconditioner.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    permutations_ : (P, N) array of int
        The group of permutations, the identity first.
    sigma_, lam_ : float
        Those used; `lam_` is larger than `lam` where the matrix was not positive definite with it.
    trials_ : tuple of Trial
        What σ and λ were chosen by; empty where both were given.
    iterations_ : int
        Steps of conjugate gradients; 0 of Cholesky.
    residual_ : float
        |F − (K + λ)α|/|F|.
    constant_ : float
        The constant of integration, eV.

    Examples
    --------
    >>> from mlffbench.datasets.malonaldehyde import malonaldehyde
    >>> data = malonaldehyde()
    >>> model = SGDML(sigma=20.0, lam=1e-10).fit(data.frames[:20], data.labels[:20])
    >>> bool(abs(model.predict(data.frames[:20]).forces[0] - data.labels.forces[0]).max() < 0.02)
    True
    """

    properties: ClassVar[tuple[str, ...]] = ("energy", "forces")
    supports: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        sigma: float | None = None,
        lam: float | None = None,
        symmetric: bool = True,
        max_memory_gb: float = 5.0,
        rank: int = 4000,
        tolerance: float = 1e-4,
        max_iterations: int = 400,
        device: str = "cpu",
        random_state: int | None = None,
        atomic_energies: Mapping[str, float] | None = None,
    ) -> None:
        self.sigma = sigma
        self.lam = lam
        self.symmetric = symmetric
        self.max_memory_gb = max_memory_gb
        self.rank = rank
        self.tolerance = tolerance
        self.max_iterations = max_iterations
        self.device = device
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"sigma": 20.0, "lam": 1e-10}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        device, rng = checked_device(self.device), check_random_state(self.random_state)
        self.template_ = _template(frames)
        positions, orders = self._prepare(frames)
        known = [i for i, f in enumerate(labels.forces or ()) if f is not None]
        if not known:
            raise ValueError("SGDML learns from forces, and these labels have none")
        forces = np.array([labels.forces[i][orders[i]] for i in known])  # type: ignore[index]
        self.permutations_ = self._permutations(self.template_, positions[known])
        perms = pair_permutations(self.permutations_).to(device)
        points = Points.of(torch.as_tensor(positions[known], device=device))
        self.origin_ = points.x[:, perms].mean(dim=(0, 1))
        points = points.since(self.origin_)
        target = torch.as_tensor(forces, device=device).flatten(1)
        energy = torch.as_tensor(labels.energy[known], device=device)
        self.sigma_, lam = self._choose(points, perms, energy, target, rng)
        kernel = Kernel(points, perms, self.sigma_)
        solution = self._solve(kernel, target.flatten(), lam, rng)
        self.lam_, self.iterations_ = solution.lam, solution.iterations
        self.residual_ = solution.residual
        self.field_ = kernel.field(solution.coefficients)
        self.constant_ = 0.0
        self.constant_ = float(np.mean(labels.energy - self._evaluate((positions, orders)).energy))

    def _permutations(self, template: Template, positions: np.ndarray) -> np.ndarray:
        identity = np.arange(len(template.numbers))[None]
        return (
            find_permutations(distance_matrices(positions), template.numbers) if self.symmetric else identity
        )

    def _choose(
        self,
        points: Points,
        perms: torch.Tensor,
        energy: torch.Tensor,
        forces: torch.Tensor,
        rng: np.random.RandomState,
    ) -> tuple[float, float]:
        """σ and λ: as given, or the best of trials."""
        sigmas = tuning.SIGMAS if self.sigma is None else (self.sigma,)
        lams = tuning.LAMS if self.lam is None else (self.lam,)
        self.trials_: tuple[tuning.Trial, ...] = ()
        if len(sigmas) == len(lams) == 1:
            return sigmas[0], lams[0]
        if len(points) < MIN_TRIED:
            return self.sigma or SIGMA, LAM if self.lam is None else self.lam
        self.trials_ = tuning.try_all(points, perms, energy, forces, sigmas, lams, rng)
        found = tuning.best(self.trials_)
        return found.sigma, found.lam

    def _solve(
        self, kernel: Kernel, forces: torch.Tensor, lam: float, rng: np.random.RandomState
    ) -> solver.Solution:
        if 8e-9 * kernel.size**2 <= self.max_memory_gb:
            return solver.solve(kernel, forces, lam)
        limits = (self.rank, self.tolerance, self.max_iterations)
        return solver.iterate(kernel, forces, lam, *limits, rng)

    def _prepare(self, frames: Sequence[Atoms]) -> tuple[np.ndarray, np.ndarray]:
        """Positions in the molecule's order, (m, N, 3) Å, and the frame's atom at each place, (m, N)."""
        orders = self.template_.orders(frames)
        return np.array([a.positions[o] for a, o in zip(frames, orders, strict=True)]), orders

    def _evaluate(self, inputs: tuple[np.ndarray, np.ndarray]) -> Labels:
        energy, forces = [], []
        for part in np.array_split(inputs[0], -(-len(inputs[0]) // FRAMES_AT_ONCE)):
            points = Points.of(torch.as_tensor(part, device=self.origin_.device))
            values, slopes = self.field_(points.x - self.origin_)
            energy.append(values.cpu().numpy() + self.constant_)
            forces.append(points.pull(slopes).cpu().numpy().reshape(part.shape))
        back = np.argsort(inputs[1], axis=1)
        per_frame = np.take_along_axis(np.concatenate(forces), back[..., None], axis=1)
        return Labels(np.concatenate(energy), tuple(per_frame))


def _template(frames: Sequence[Atoms]) -> Template:
    """The first frame's order, and the frames that have it."""
    numbers = frames[0].numbers
    if len(numbers) < 2:
        raise ValueError(f"SGDML describes a molecule; frame 0 is a lone atom, {frames[0].symbols}")
    same = [a.positions for a in frames if np.array_equal(a.numbers, numbers)]
    return Template.of(numbers, np.array(same))
