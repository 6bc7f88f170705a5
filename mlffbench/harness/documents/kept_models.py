"""Kept models: how large they may be, and which of them stay after a run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mlffbench.harness.case import Case
from mlffbench.harness.documents.store import Store
from mlffbench.harness.reference_group import ranking_error
from mlffbench.system.lease import Leases

__all__ = ["SMALL", "Discarded", "best_models", "discard_models", "kept_bytes", "largest_model"]

SMALL = "small"
LARGEST = {SMALL: 50_000_000, "none": 0}  # bytes of each model; no limit for "all" and "best"


@dataclass(frozen=True)
class Discarded:
    """A model that was removed, and its bytes."""

    case: Case
    size: int


def largest_model(keep: str) -> int | None:
    """Bytes up to which a model is kept; None for any number.

    Parameters
    ----------
    keep : {"small", "all", "best", "none"}
        ``keep_models`` of a suite.
    """
    return LARGEST.get(keep)


def discard_models(store: Store, cases: Sequence[Case], keep: str) -> list[Discarded]:
    """Remove the models that a suite does not keep, and say in their documents why.

    `keep` is ``best``: all but those of `best_models`; ``none``: all; else nothing is removed.
    """
    if keep not in ("best", "none"):
        return []
    staying = best_models(store, cases) if keep == "best" else set()
    leaving = [case for case in cases if case.id not in staying and _has_model(store, case)]
    with store.leases() as leases:
        removed = [_discarded(store, case, keep, leases) for case in leaving]
    return [one for one in removed if one.size]


def _discarded(store: Store, case: Case, keep: str, leases: Leases) -> Discarded:
    """Remove a model, unless another run holds its case."""
    with leases.claim(case.id) as lease:
        size = 0 if lease is None else store.discard_model(case.id, f"keep_models: {keep}")
    return Discarded(case, size)


def best_models(store: Store, cases: Iterable[Case]) -> set[str]:
    """Ids of the best kept model of each problem and seed: the least RMSE on the group that ranks.

    Of forces, else of energies per atom, as the leaderboard ranks; all models where none has such a number.
    """
    problems: dict[str, dict[str, tuple[float, float]]] = {}
    for case in cases:
        document = store.load(case.id)
        if document is not None and _has_model(store, case):
            problem = f"{case.dataset} {case.split} {case.seed}"
            problems.setdefault(problem, {})[case.id] = ranking_error(document)
    best: set[str] = set()
    for errors in problems.values():
        least = min(errors.values())
        best |= {id for id, error in errors.items() if error == least}
    return best


def kept_bytes(store: Store, cases: Iterable[Case]) -> list[int]:
    """Bytes of the kept models of these cases."""
    files = (store.model_path(case.id) for case in cases if _has_model(store, case))
    return [file.stat().st_size for file in files]


def _has_model(store: Store, case: Case) -> bool:
    return store.model_path(case.id).is_file()
