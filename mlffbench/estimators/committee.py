"""A committee: several fits of one model, their mean, and their disagreement as uncertainty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from ase import Atoms
from sklearn.utils import check_random_state

from mlffbench.data import Labels
from mlffbench.estimators.base.composite import Composed
from mlffbench.forcefield import ForceField
from mlffbench.system import progress

__all__ = ["Committee"]

RESAMPLE = ("subsample", "bootstrap", "none")


class Committee(Composed):
    """The mean of n fits of one model that differ by seed and training part; their spread as uncertainty.

    E = ⟨E_k⟩,  F = ⟨F_k⟩,  σ_E² = Σ_k (E_k − E)² / (n − 1), likewise for each force component: query by
    committee [1]_, deep ensembles [2]_. The spread measures what the data leave open to this model, not the
    model's own error, and is not calibrated [3]_. Forces and stresses are means of derivatives, hence the
    derivatives of the mean energy.

    Parameters
    ----------
    model : ForceField, str or mapping
        An estimator, which is cloned, or what a suite says of one: ``morse``,
        ``{behler_parrinello: {hidden: [32, 32]}}``.
    n : int
        Members, at least 2.
    resample : {"subsample", "bootstrap", "none"}
        What a member is fitted to: a random part of the training frames; as many frames drawn with
        replacement (Breiman, Mach. Learn. 24, 123 (1996)); all of them, so that only seeds differ, for models
        that start at random. A frame with each element is always among them.
    fraction : float
        Size of that part.
    random_state : int or None
        Of the draws; it also gives the members that have a ``random_state`` different ones.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV; else one least-squares solution for all members.

    Attributes
    ----------
    members_ : list of ForceField
        Fitted; their atomic energies are zero, since the committee adds them.
    history_ : list of dict
        The members' rows, if they have any, one member after the other: `member`, and `epoch` and `seconds`
        counted on.

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

    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {"model": ("estimators",)}

    def __init__(
        self,
        model: ForceField | str | Mapping[str, Any],
        n: int = 4,
        resample: str = "subsample",
        fraction: float = 0.8,
        random_state: int | None = None,
        atomic_energies: Mapping[str, float] | None = None,
    ) -> None:
        self.model = model
        self.n = n
        self.resample = resample
        self.fraction = fraction
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        return {"model": {"morse": {"cutoff": 4.0, "max_iterations": 5}}, "n": 2, "random_state": 0}

    def pieces(self) -> list[Any]:
        return getattr(self, "members_", None) or [self.made("model")]

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        self._check_parameters()
        rng = check_random_state(self.random_state)
        members: list[ForceField] = []
        for k in range(self.n):
            member = self.made("model").set_params(atomic_energies=dict.fromkeys(self.elements_, 0.0))
            seed = int(rng.randint(2**31 - 1))
            if "random_state" in member.get_params(deep=False):
                member.set_params(random_state=seed)
            picks = self._picks(frames, rng)
            members.append(member.fit([frames[i] for i in picks], labels[picks]))
            progress.report("member", k + 1, self.n)
        self.members_ = members

    def _check_parameters(self) -> None:
        if not self.n >= 2:
            raise ValueError(f"a committee needs at least 2 members; got n={self.n}")
        if self.resample not in RESAMPLE:
            raise ValueError(f"resample must be one of {RESAMPLE}, not {self.resample!r}")
        if not 0 < self.fraction <= 1:
            raise ValueError(f"fraction must be above 0 and at most 1; got {self.fraction}")

    def _picks(self, frames: Sequence[Atoms], rng: np.random.RandomState) -> np.ndarray:
        """The frames of a member, and for each element that these lack one that has it."""
        n = len(frames)
        if self.resample == "none":
            return np.arange(n)
        size, again = (n, True) if self.resample == "bootstrap" else (max(1, round(self.fraction * n)), False)
        picks = rng.choice(n, size, replace=again).tolist()
        for symbol in self.elements_:
            if not any(symbol in frames[i].symbols for i in picks):
                picks.append(rng.choice([i for i in range(n) if symbol in frames[i].symbols]))
        return np.sort(picks)

    def _has_partial_fit(self) -> bool:
        return all(hasattr(piece, "partial_fit") for piece in self.pieces())

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        """Every member learns all of them: the members differ by what they learned before."""
        for member in self.members_:
            member.partial_fit(frames, labels)

    def _prepare(self, frames: Sequence[Atoms]) -> list[Any]:
        if self.members_[0].shares_inputs:
            return [self.members_[0].prepare(frames)] * len(self.members_)
        return [member.prepare(frames) for member in self.members_]

    def _evaluate(self, inputs: list[Any]) -> Labels:
        votes = [member.evaluate(i) for member, i in zip(self.members_, inputs, strict=True)]
        energy = np.array([vote.energy for vote in votes])
        return Labels(
            energy.mean(axis=0),
            _over(votes, "forces", np.mean),
            _over(votes, "stress", np.mean),
            energy.std(axis=0, ddof=1),
            _over(votes, "forces", np.std, ddof=1),
        )

    @property
    def history_(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        for k, member in enumerate(self.members_):
            before = rows[-1] if rows else {}
            for row in member.history_:
                on = {word: row[word] + before.get(word, 0) for word in ("epoch", "seconds") if word in row}
                rows.append({"member": k, **row, **on})
        return rows

    @property
    def dtype_(self) -> str:
        """The members' precision; an AttributeError where they have no choice."""
        member: Any = self.members_[0]
        return getattr(member, "dtype_", None) or member.dtype


def _over(votes: Sequence[Labels], name: str, reduce: Any, **how: Any) -> tuple[Any, ...] | None:
    """`reduce` over the members, frame by frame; None where a member has none."""
    values = [getattr(vote, name) for vote in votes]
    if any(v is None for v in values):
        return None
    frames = zip(*values, strict=True)
    return tuple(None if any(v is None for v in f) else reduce(np.array(f), axis=0, **how) for f in frames)
