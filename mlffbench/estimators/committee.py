"""Committee: the mean of several fits of one model, with their spread as uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from annotated_types import Interval
from ase import Atoms
from sklearn.utils import check_random_state

from mlffbench.data import Labels
from mlffbench.estimators.base.composite import Composite
from mlffbench.forcefield import ForceField
from mlffbench.system import progress
from mlffbench.system.ranges import AtomEnergies, Seed, Share

__all__ = ["Committee"]


class Committee(Composite):
    """The mean of n fits of one model with different seeds and training subsets; their spread as uncertainty.

    E = ⟨E_k⟩,  F = ⟨F_k⟩,  σ_E² = Σ_k (E_k − E)² / (n − 1), likewise for each force component: query by
    committee [1]_, deep ensembles [2]_. The spread measures what the data leave open to this model, not the
    model's own error, and is not calibrated [3]_. Forces and stresses are means of derivatives, hence the
    derivatives of the mean energy.

    Parameters
    ----------
    model : ForceField, str or mapping
        An estimator, which is cloned, or a spec as in a suite: ``morse``,
        ``{behler_parrinello: {hidden: [32, 32]}}``.
    n : int
        Number of members, at least 2.
    resample : {"subsample", "bootstrap", "none"}
        Training frames of a member: a random subsample without replacement; as many frames as there are,
        drawn with replacement (Breiman, Mach. Learn. 24, 123 (1996)); all frames, so that only seeds differ,
        for models with a random start. Every member sees a frame with each element.
    fraction : float
        Size of the subsample as a fraction of the training frames.
    random_state : int or None
        Seed of the resampling, and of the members' different seeds if they have a ``random_state``.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV; by default one least-squares solution for all members.

    Attributes
    ----------
    members_ : list of ForceField
        The fitted members; their atomic energies are zero, since the committee adds them.
    history_ : list of dict
        The members' histories one after the other, if they have one: `member`, and cumulative `epoch` and
        `seconds`.

    References
    ----------
    .. [1] H. S. Seung, M. Opper and H. Sompolinsky, COLT 1992, 287; C. Schran, K. Brezina and O. Marsalek,
       J. Chem. Phys. 153, 104105 (2020).
    .. [2] B. Lakshminarayanan, A. Pritzel and C. Blundell, NeurIPS 2017, arXiv:1612.01474.
    .. [3] G. Imbalzano et al., J. Chem. Phys. 154, 074102 (2021).

    Examples
    --------
    >>> from mlffbench.datasets.lennard_jones import lennard_jones
    >>> argon = lennard_jones(n_train=8, n_test=1)
    >>> model = Committee({"morse": {"cutoff": 8.0}}, n=3, random_state=0)
    >>> model = model.fit(argon.frames[:8], argon.labels[:8])
    >>> model.predict(argon.frames[:2]).energy_std.shape
    (2,)
    """

    predicts_std: ClassVar[bool] = True
    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {"model": ("estimators",)}

    def __init__(
        self,
        model: ForceField | str | Mapping[str, Any],
        n: Annotated[int, Interval(ge=2, le=1000)] = 4,
        resample: Literal["subsample", "bootstrap", "none"] = "subsample",
        fraction: Share = 0.8,
        random_state: Seed | None = None,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.model = model
        self.n = n
        self.resample = resample
        self.fraction = fraction
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def search_space(cls) -> dict[str, Any]:
        """Share of the frames that a member sees: few make members differ, many make each better."""
        from scipy.stats import uniform

        return {
            "fraction": uniform(0.5, 0.5),
        }

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"model": {"morse": {"cutoff": 4.0, "max_iterations": 5}}, "n": 2, "random_state": 3}

    def submodels(self) -> list[Any]:
        return getattr(self, "members_", None) or [self.build_part("model")]

    def fitted_parts(self) -> list[tuple[str, ForceField]]:
        return [("model", member) for member in getattr(self, "members_", ())]

    @classmethod
    def fits_of(cls, part: str, params: Mapping[str, Any]) -> int:
        n = params.get("n", 4)
        return n if type(n) is int and n > 0 else 1  # a wrong value is refused elsewhere

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        rng = check_random_state(self.random_state)
        members: list[ForceField] = []
        for k in range(self.n):
            member = self.build_part("model").set_params(atomic_energies=dict.fromkeys(self.elements_, 0.0))
            seed = int(rng.randint(2**31 - 1))
            if "random_state" in member.get_params(deep=False):
                member.set_params(random_state=seed)
            indices = self._training_indices(frames, rng)
            members.append(member.fit([frames[i] for i in indices], labels[indices]))
            progress.report("member", k + 1, self.n)
        self.members_ = members

    def _training_indices(self, frames: Sequence[Atoms], rng: np.random.RandomState) -> np.ndarray:
        """Indices of a member's frames; for each element that these lack, one frame that has it is added."""
        n = len(frames)
        if self.resample == "none":
            return np.arange(n)
        bootstrap = self.resample == "bootstrap"
        size = n if bootstrap else max(1, round(self.fraction * n))
        indices = rng.choice(n, size, replace=bootstrap).tolist()
        for symbol in self.elements_:
            if not any(symbol in frames[i].symbols for i in indices):
                indices.append(rng.choice([i for i in range(n) if symbol in frames[i].symbols]))
        return np.sort(indices)

    def _has_partial_fit(self) -> bool:
        return all(hasattr(member, "partial_fit") for member in self.submodels())

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        """Fit every member to all new frames; members still differ by their earlier frames."""
        for member in self.members_:
            member.partial_fit(frames, labels)

    def _prepare(self, frames: Sequence[Atoms]) -> list[Any]:
        if self.members_[0].shares_inputs:
            return [self.members_[0].prepare(frames)] * len(self.members_)
        return [member.prepare(frames) for member in self.members_]

    def _evaluate(self, inputs: list[Any]) -> Labels:
        wanted = ("energy", "forces", "stress")  # not the members' own deviations
        predictions = [member.evaluate(i, wanted) for member, i in zip(self.members_, inputs, strict=True)]
        energy = np.array([labels.energy for labels in predictions])
        return Labels(
            energy.mean(axis=0),
            _reduced(predictions, "forces", np.mean),
            _reduced(predictions, "stress", np.mean),
            energy.std(axis=0, ddof=1),
            _reduced(predictions, "forces", np.std, ddof=1),
        )

    @property
    def history_(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for k, member in enumerate(self.members_):
            last = rows[-1] if rows else {}
            for row in member.history_:
                cumulative = {c: row[c] + last.get(c, 0) for c in ("epoch", "seconds") if c in row}
                rows.append({"member": k, **row, **cumulative})
        return rows

    @property
    def dtype_(self) -> str:
        """Precision of the members; raises AttributeError for models without this choice."""
        member: Any = self.members_[0]
        return getattr(member, "dtype_", None) or member.dtype


def _reduced(predictions: Sequence[Labels], name: str, reduce: Any, **options: Any) -> tuple[Any, ...] | None:
    """Mean or spread of a label over the members, frame by frame; None for labels that a member lacks."""
    values = [getattr(labels, name) for labels in predictions]
    if any(v is None for v in values):
        return None
    return tuple(
        None if any(v is None for v in of_frame) else reduce(np.array(of_frame), axis=0, **options)
        for of_frame in zip(*values, strict=True)
    )
