"""How well predicted energies put candidates in order, and find the stable ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Ranking", "ranking"]


@dataclass(frozen=True)
class Ranking:
    """Predicted against reference order, the lowest value being the best; None where undefined.

    Attributes
    ----------
    kendall : float or None
        τ_b: pairs in the same order minus pairs in the other, over all; None where one side is constant.
    spearman : float or None
        ρ, the correlation of the ranks.
    top_k_recall : float
        Share of the k lowest by reference among the k lowest by prediction.
    enrichment, max_enrichment : float
        Factor by which the candidates of lowest prediction, as many as are stable, have more stable ones than
        candidates drawn at random; and of a perfect order.
    prevalence : float
        Share of the stable, whose reference is at or below the threshold.
    precision : float or None
        Share of the truly stable among those predicted stable; None where none is.
    recall : float or None
        Share of those found among the truly stable; None where none is.
    """

    kendall: float | None
    spearman: float | None
    top_k_recall: float
    enrichment: float | None
    max_enrichment: float | None
    prevalence: float
    precision: float | None
    recall: float | None

    @property
    def f1(self) -> float | None:
        """2 precision · recall / (precision + recall), 0 where nothing is found."""
        if self.precision is None or self.recall is None:
            return None
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    @property
    def daf(self) -> float | None:
        """Discovery acceleration factor: precision over prevalence, 1 for a blind choice."""
        return None if self.precision is None or not self.prevalence else self.precision / self.prevalence


def ranking(
    reference: Sequence[float] | np.ndarray,
    predicted: Sequence[float] | np.ndarray,
    threshold: float,
    k: int = 10,
    fraction: float | None = None,
) -> Ranking:
    """Kendall's τ, Spearman's ρ, top-k recall, enrichment, and the finding of stable candidates.

    Parameters
    ----------
    reference, predicted : (n,) arrays
        Energies above a common baseline, eV per atom; what could not be predicted is infinite.
    threshold : float
        At or below it a candidate is stable, by the reference and by the prediction.
    k : int
        At most n.
    fraction : float, optional
        Of the candidates that are picked, for the enrichment; by default as many as are stable.

    Raises
    ------
    ValueError
        Lists of different lengths or of fewer than two, or `k` or `fraction` out of range.

    References
    ----------
    J. Riebesell et al., "Matbench Discovery", Nat. Mach. Intell. 7, 836 (2025), arXiv:2308.14920, for
    precision, recall, F1 and DAF; A. Nicholls, J. Comput. Aided Mol. Des. 22, 239 (2008) for enrichment.
    """
    true, guess = np.asarray(reference, float), np.asarray(predicted, float)
    if true.shape != guess.shape or true.ndim != 1 or len(true) < 2:
        raise ValueError(f"two lists of the same two or more candidates; got {true.shape} and {guess.shape}")
    if not 1 <= k <= len(true):
        raise ValueError(f"k is between 1 and the {len(true)} candidates; got {k}")
    if fraction is not None and not 0 < fraction <= 1:
        raise ValueError(f"fraction is above 0 and at most 1; got {fraction}")
    kendall, spearman = _correlations(true, guess)
    stable, chosen = true <= threshold, guess <= threshold
    hits = int((stable & chosen).sum())
    picked = int(stable.sum()) if fraction is None else max(1, round(fraction * len(true)))
    return Ranking(
        kendall,
        spearman,
        len(np.intersect1d(_lowest(true, k), _lowest(guess, k))) / k,
        _enrichment(stable, guess, picked),
        _enrichment(stable, true, picked),
        float(stable.mean()),
        hits / int(chosen.sum()) if chosen.any() else None,
        hits / int(stable.sum()) if stable.any() else None,
    )


def _correlations(true: np.ndarray, guess: np.ndarray) -> tuple[float | None, float | None]:
    from scipy.stats import kendalltau, rankdata, spearmanr

    a, b = rankdata(true), rankdata(guess)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return None, None
    return float(kendalltau(a, b).statistic), float(spearmanr(a, b).statistic)


def _lowest(values: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(values, kind="stable")[:k]


def _enrichment(stable: np.ndarray, order: np.ndarray, picked: int) -> float | None:
    """(stable among the picked / picked) / (stable / all)."""
    return float(stable[_lowest(order, picked)].mean() / stable.mean()) if stable.any() else None
