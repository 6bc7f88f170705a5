"""Ranking of candidates by predicted energies: rank correlations and discovery of the stable ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["Ranking", "ranking"]


@dataclass(frozen=True)
class Ranking:
    """Agreement of predicted and reference order, lowest values first; None where undefined.

    Attributes
    ----------
    kendall : float or None
        Kendall's τ_b, (concordant − discordant pairs) over all pairs; None if either side is constant.
    spearman : float or None
        Spearman's ρ, the correlation of the ranks.
    top_k_recall : float
        Share of the k lowest by reference among the k lowest by prediction.
    enrichment, max_enrichment : float or None
        Share of stable candidates among the lowest predictions (by default as many as are stable), over their
        share among all; and the same for the reference order. None without stable candidates.
    prevalence : float
        Share of stable candidates: reference at or below the threshold.
    precision : float or None
        Share of truly stable candidates among those predicted stable; None if none is predicted stable.
    recall : float or None
        Share of candidates predicted stable among the truly stable; None if none is stable.
    k, n_predicted, n_stable : int
        Denominators of `top_k_recall`, `precision` and `recall`.
    """

    kendall: float | None
    spearman: float | None
    top_k_recall: float
    enrichment: float | None
    max_enrichment: float | None
    prevalence: float
    precision: float | None
    recall: float | None
    k: int
    n_predicted: int
    n_stable: int

    @property
    def f1(self) -> float | None:
        """2 precision · recall / (precision + recall), 0 if both are 0."""
        if self.precision is None or self.recall is None:
            return None
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    @property
    def daf(self) -> float | None:
        """Discovery acceleration factor: precision over prevalence, 1 for a random choice."""
        return None if self.precision is None or not self.prevalence else self.precision / self.prevalence


def ranking(
    reference: Sequence[float] | np.ndarray,
    predicted: Sequence[float] | np.ndarray,
    threshold: float,
    k: int = 10,
    fraction: float | None = None,
) -> Ranking:
    """Kendall's τ, Spearman's ρ, top-k recall, enrichment, and precision and recall of stable candidates.

    Parameters
    ----------
    reference, predicted : (n,) arrays
        Energies above a common baseline, eV per atom; infinite where there is no prediction.
    threshold : float
        Largest energy of a stable candidate, for reference and prediction alike.
    k : int
        Number of lowest candidates compared, n at most.
    fraction : float, optional
        Share of the candidates selected for the enrichment; by default as many as are stable.

    Raises
    ------
    ValueError
        The lists have different lengths or fewer than two entries, or `k` or `fraction` is out of range.

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
    stable, predicted_stable = true <= threshold, guess <= threshold
    hits, n_stable, n_predicted = (
        int(mask.sum()) for mask in (stable & predicted_stable, stable, predicted_stable)
    )
    n_selected = n_stable if fraction is None else max(1, round(fraction * len(true)))
    return Ranking(
        kendall,
        spearman,
        len(np.intersect1d(_lowest(true, k), _lowest(guess, k))) / k,
        _enrichment(stable, guess, n_selected),
        _enrichment(stable, true, n_selected),
        float(stable.mean()),
        hits / n_predicted if n_predicted else None,
        hits / n_stable if n_stable else None,
        k,
        n_predicted,
        n_stable,
    )


def _correlations(true: np.ndarray, guess: np.ndarray) -> tuple[float | None, float | None]:
    from scipy.stats import kendalltau, rankdata, spearmanr

    a, b = rankdata(true), rankdata(guess)
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return None, None
    return float(kendalltau(a, b).statistic), float(spearmanr(a, b).statistic)


def _lowest(values: np.ndarray, k: int) -> np.ndarray:
    """Indices of the k lowest values."""
    return np.argsort(values, kind="stable")[:k]


def _enrichment(stable: np.ndarray, energies: np.ndarray, n_selected: int) -> float | None:
    """(stable among the selected / selected) / (stable / all), the lowest energies being selected."""
    return float(stable[_lowest(energies, n_selected)].mean() / stable.mean()) if stable.any() else None
