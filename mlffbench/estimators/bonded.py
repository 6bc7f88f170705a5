"""A force field of GAFF's form, every parameter fitted to the data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from ase import Atoms

from mlffbench.data import Labels, concatenate
from mlffbench.descriptors.graph import build, with_forces
from mlffbench.descriptors.graph import labels as as_labels
from mlffbench.forcefield import ForceField
from mlffbench.potentials.gaff import fit as fitting
from mlffbench.potentials.gaff.batches import assemble
from mlffbench.potentials.gaff.energy_terms import Basis, Batch, basis, energies
from mlffbench.potentials.gaff.parameter_tables import Memory
from mlffbench.system.device import checked_device

__all__ = ["Bonded"]


class Bonded(ForceField):
    """Harmonic bonds and angles, cosine torsions, Lennard-Jones and charges (GAFF's form), all fitted.

    E = Σ_bonds k (r − r0)² + Σ_angles k (θ − θ0)² + Σ_torsions Σ_n ½ V_n cos nφ
        + Σ_impropers ½ V (1 − cos 2φ) + Σ_pairs ε [(R/r)¹² − 2 (R/r)⁶] + q q'/4πε0 r + Σ_atoms e

    A pair one or two bonds apart does not interact, one of three bonds with ε/2 and q q'/1.2; ε = √(ε ε'),
    R = R + R'. A phase of 180° is a negative V_n. Impropers are the mean over a centre's orders of
    neighbours. Lennard-Jones ends by a quintic switch from 0.8 to 1 cutoff, Coulomb by the shifted force.

    Bonds are read off the geometry: heavy atoms closer than 1.3 sums of covalent radii (up to 1.6 where that
    completes surroundings known from training), every hydrogen to its nearest atom, metals and noble gases to
    nothing. A hydrogen on its way between two atoms puts the molecule into a blend of its two bonding
    patterns, with weights that depend smoothly on the two distances, so that a proton may cross over. What
    shares its surroundings up to `depth` bonds shares parameters; a term that training never showed gets the
    mean of those alike at smaller depth, or none.

    The fit is exact least squares: the rows of all labels are reduced once to a triangle, as the energy is
    linear in k, k r0, k r0², V, ε R¹², ε R⁶ and q q', and the parameters themselves are then found within
    bounds by a trust-region method with the exact Jacobian. Charges leave the training frames neutral.

    Parameters
    ----------
    cutoff : float
        Of what is not bonded, Å.
    depth : int
        Bonds away to which atoms are told apart; less where that would take too many parameters.
    periodicities : sequence of int
        The n of the torsions.
    blend : float
        Half the width of the blend of a hydrogen between two partners, in sums of covalent radii; positive.
    energy_weight, forces_weight, stress_weight : float
        The loss is Σ weight (RMSE/σ)², σ the spread of that label in training; energies per atom.
    alpha : float
        Weight of a prior of usual sizes (`_bonded_solve.PIECES`): it decides what the data leave open.
    max_iterations : int
        Steps of the optimiser at most.
    device : str
        Where predictions are made; the fit runs on the CPU.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    parameters_ : dict
        By kind and key: ``parameters_["bonds"]["C(CHH)-H(C)"] == {"k": ..., "r0": ...}``; eV, Å, radians, e.
    types_ : Types
        The atom types and the coarser types they refine.
    loss_ : float
        Of the fit.

    References
    ----------
    J. Wang, R. M. Wolf, J. W. Caldwell, P. A. Kollman and D. A. Case, J. Comput. Chem. 25, 1157 (2004). The
    shifted force: C. J. Fennell and J. D. Gezelter, J. Chem. Phys. 124, 234104 (2006), undamped.

    Examples
    --------
    >>> from mlffbench.datasets.malonaldehyde import malonaldehyde
    >>> data = malonaldehyde()
    >>> model = Bonded(depth=1).fit(data.frames[:20], data.labels[:20])
    >>> round(model.parameters_["bonds"]["C(CHO)-H(C)"]["r0"], 1)
    1.1
    """

    def __init__(
        self,
        cutoff: float = 9.0,
        depth: int = 3,
        periodicities: Sequence[int] = (1, 2, 3, 4),
        blend: float = 0.25,
        energy_weight: float = 1.0,
        forces_weight: float = 1.0,
        stress_weight: float = 1.0,
        alpha: float = 1e-4,
        max_iterations: int = 200,
        device: str = "cpu",
        atomic_energies: Mapping[str, float] | None = None,
    ) -> None:
        self.cutoff = cutoff
        self.depth = depth
        self.periodicities = periodicities
        self.blend = blend
        self.energy_weight = energy_weight
        self.forces_weight = forces_weight
        self.stress_weight = stress_weight
        self.alpha = alpha
        self.max_iterations = max_iterations
        self.device = device
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"cutoff": 6.0, "depth": 2, "max_iterations": 30}

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        if self.blend <= 0 or self.depth < 0 or not self.periodicities or min(self.periodicities) < 1:
            raise ValueError("Bonded needs blend > 0, depth >= 0 and periodicities of at least 1")
        settings = fitting.Settings(
            cutoff=self.cutoff,
            depth=self.depth,
            width=self.blend,
            periodicities=tuple(self.periodicities),
            weights=(self.energy_weight, self.forces_weight, self.stress_weight),
            alpha=self.alpha,
            max_iterations=self.max_iterations,
        )
        found = fitting.learn(list(frames), labels, settings, self._forms())
        self.parameters_, self.types_, self.loss_ = found

    def _forms(self) -> dict[str, Basis]:
        return basis(self.cutoff, self.periodicities)

    def _prepare(self, frames: Sequence[Atoms]) -> list[tuple[Batch, dict[str, torch.Tensor]]]:
        """Batches of some thousand atoms, each with its coefficients."""
        device = checked_device(self.device)
        memory = self._remembered()
        known = self.types_.parents.keys()
        values = {kind: table.to(device) for kind, table in memory.values.items()}
        prepared = []
        for part in fitting.chunks(np.array([len(a) for a in frames])):
            memory.forget_much()
            graph = build([frames[i] for i in part], self.cutoff, device=self.device)
            patterns = fitting.recognise(graph, self.blend, self.types_.depth, known, memory.topologies)
            batch = assemble(graph, patterns, memory.finder, self.blend, memory.rows)
            prepared.append((fitting.at_rest(batch, memory.rest), values))
        return prepared

    def _remembered(self) -> Memory:
        """Tables of the parameters and topologies met before: built anew where `parameters_` is another."""
        memory = getattr(self, "_memory", None)
        if memory is None or memory.parameters is not self.parameters_:
            memory = self._memory = Memory.of(self.parameters_, self.types_)
        return memory

    def _evaluate(self, inputs: list[tuple[Batch, dict[str, torch.Tensor]]]) -> Labels:
        forms = self._forms()
        parts = [
            as_labels(batch.graph, *with_forces(energies(batch, values, forms), batch.graph))
            for batch, values in inputs
        ]
        return concatenate(parts)

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in super().__getstate__().items() if k != "_memory"}
