"""Choice of one case of a results folder, by the method, problem and seed that a user names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from mlffbench.harness.reference_group import ranking_error, reference_scores
from mlffbench.report.dataframes.leaderboard import leaderboard
from mlffbench.report.problems import Document, Method, Problem, failed_as
from mlffbench.report.results import Results

__all__ = ["BEST", "ChosenRow", "choose_row", "in_domain_errors", "problems_named", "rows_of"]

BEST = "best"
SHOWN = 12  # choices in a message


@dataclass(frozen=True, eq=False)
class ChosenRow:
    """A case of a results folder: problem, label of its row, seed and document."""

    problem: str
    label: str
    seed: Any
    document: Document


def rows_of(results: Results) -> list[ChosenRow]:
    """Cases that went well, in the order of ranks; one a problem, method and seed."""
    board = leaderboard(results)
    order = {(row.problem, row.method): i for i, row in enumerate(board.itertuples())}
    pairs = sorted(results.methods(), key=lambda pair: order[pair[0].name, pair[1].label])
    return [
        ChosenRow(problem.name, method.label, document["case"].get("seed"), document)
        for problem, method in pairs
        for document in method.done
    ]


def choose_row(
    results: Results, method: str, problem: str | None = None, seed: int | None = None
) -> ChosenRow:
    """The one case that is meant; of ``best`` the first in rank, with the seed of least error.

    Tuned methods, ranked apart, are the best only where no other has a rank.

    Parameters
    ----------
    method : str
        Label of a row, the name of its estimator, the id of a case, or ``best``.
    problem : str, optional
        Name of the problem or of its dataset, or a part of it that no other has.

    Raises
    ------
    LookupError
        None is meant, or several are; the message lists the choices.
    """
    problems = problems_named(results, problem)
    rows = [row for row in rows_of(results) if row.problem in {p.name for p in problems}]
    chosen = _best(results, rows, seed) if method == BEST else _named(rows, method)
    if not chosen:
        raise LookupError(_nothing(problems, rows, method))
    of_seed = [row for row in chosen if seed is None or row.seed == seed]
    if not of_seed:
        raise LookupError(f"{method} has no seed {seed}; it has {_listed(row.seed for row in chosen)}")
    if len(of_seed) > 1:
        raise LookupError(_several(method, of_seed))
    return of_seed[0]


def problems_named(results: Results, name: str | None) -> list[Problem]:
    """Problems of this name or with a dataset of this name, else those whose name contains it; all for None.

    Raises
    ------
    LookupError
        There is none.
    """
    named = [p for p in results.problems if name in (None, p.name, _dataset(p))]
    matches = named or [p for p in results.problems if str(name).lower() in p.name.lower()]
    if not matches:
        known = list(dict.fromkeys(map(_dataset, results.problems)))
        raise LookupError(f"no problem {name!r}; there are {_listed(known)}{_hint(str(name), known)}")
    return matches


def _dataset(problem: Problem) -> str:
    """The dataset in the name of a problem."""
    return problem.name.partition(" · ")[0]


def _named(rows: Sequence[ChosenRow], method: str) -> list[ChosenRow]:
    """Rows of this label or, where there is none, of this estimator or case."""
    own = [row for row in rows if row.label == method]
    return own or [r for r in rows if method in (r.document["case"]["estimator"]["name"], r.document["id"])]


def _best(results: Results, rows: Sequence[ChosenRow], seed: int | None) -> list[ChosenRow]:
    """Rows of the first rank of each problem, tuned ones last; of several seeds that of least error."""
    board = leaderboard(results)
    winners = board[board["rank"] == 1].drop_duplicates("problem")  # tuned rows stand below the others
    first = {(row.problem, row.method) for row in winners.itertuples()}
    of_method: dict[str, list[ChosenRow]] = {}
    for row in rows:
        if (row.problem, row.label) in first and (seed is None or row.seed == seed):
            of_method.setdefault(row.problem, []).append(row)
    return [min(same, key=lambda row: ranking_error(row.document)) for same in of_method.values()]


def in_domain_errors(document: Document) -> list[dict[str, Any]]:
    """Root mean square errors on the group that ranks: quantity, number and unit, in meV."""
    return [
        {"group": score["test"], "quantity": score["quantity"], "rmse": 1000 * score["value"],
         "unit": f"m{score['unit']}"}
        for score in reference_scores(document) if str(score.get("unit")).startswith("eV")
    ]  # fmt: skip


# ---------------------------------------------------------------- messages
def _nothing(problems: Sequence[Problem], rows: Sequence[ChosenRow], method: str) -> str:
    """Sentence on a method that has no finished case."""
    if method == BEST:
        return "no method has a rank here; name one of " + _listed(dict.fromkeys(r.label for r in rows))
    failed = [m for p in problems for m in p.methods if m.label == method and m.failed and not m.done]
    if failed:
        return f"the fit of {method} has failed: {_failure(failed[0])}"
    labels = list(dict.fromkeys(row.label for row in rows))
    return f"no method {method!r}; there are {_listed(labels)} and 'best'{_hint(method, labels)}"


def _hint(word: str, known: Sequence[str]) -> str:
    near = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else ""


def _failure(method: Method) -> str:
    failure: Mapping[str, Any] = method.failed[0].get("failure") or {}
    message = str(failure.get("message") or "").strip().splitlines()
    return f"{failed_as(failure)}: {message[0] if message else ''}"


def _several(method: str, rows: Sequence[ChosenRow]) -> str:
    """Sentence on several cases, with the options that tell them apart."""
    labels = dict.fromkeys(row.label for row in rows)
    problems, seeds = dict.fromkeys(row.problem for row in rows), dict.fromkeys(row.seed for row in rows)
    if len(labels) > 1 and method != BEST:
        return f"{method!r} is the method of several rows; write one of {_listed(labels)}"
    choices = []
    if len(problems) > 1:
        choices.append(f"a problem of {_listed(problems)}")
    if len(rows) > len(problems):
        choices.append(f"a seed of {_listed(seeds)}")
    return f"{method} was fitted {len(rows)} times here; choose {', and '.join(choices)}"


def _listed(values: Iterable[Any]) -> str:
    texts = [repr(v) if isinstance(v, str) else str(v) for v in values]
    more = f" and {len(texts) - SHOWN} others" if len(texts) > SHOWN else ""
    return (", ".join(texts[:SHOWN]) or "none") + more
