"""Verdict on a problem: one generated paragraph that answers which method, how sure, at what cost."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from mlffbench.report.budgets import unequal
from mlffbench.report.conditions import timed_apart
from mlffbench.report.dataframes.frames import Frames
from mlffbench.report.dataframes.scores import SHOWN
from mlffbench.report.problems import Document, Problem, dig, kept_file
from mlffbench.report.quantities.catalogue import known_quantity
from mlffbench.report.results import number
from mlffbench.report.verdict.board import CLASSICAL, Board
from mlffbench.report.wording import plain, ratio

__all__ = ["NEAR", "divided", "verdict"]

NEAR = 2.0  # times the best error: still a candidate if it is cheaper
ROUNDING = 1e-6  # meV: a ratio of smaller errors says nothing
NAMED = 4  # methods or test groups that a sentence lists
SENTENCE = re.compile(r"(?<=[.!?]) (?=[A-Z])")


def verdict(problem: Problem, frames: Frames) -> str:
    """Best method and those that share its rank, other test groups, the cheapest near it, the failures.

    Parameters
    ----------
    frames : Frames
        Of this problem. Errors, intervals, ranks and costs are those of its tables.
    """
    board = Board(problem, frames)
    parts = (
        _best, _floor, _leads, _loses, _unusable, _no_transfer, _cheapest, _classical, _no_better, _stopped,
        _tuned, _left_out, _doubtful, _model,
    )  # fmt: skip
    return " ".join(sentence for part in parts for sentence in part(board))


def divided(text: str, n_sentences: int = 1) -> tuple[str, str]:
    """The first sentences of a verdict, and the rest."""
    sentences = SENTENCE.split(text)
    return " ".join(sentences[:n_sentences]), " ".join(sentences[n_sentences:])


# ---------------------------------------------------------------- which method, and how sure
def _best(board: Board) -> Iterator[str]:
    if board.best is None:
        yield f"No method{' but the baseline' if board.floor else ''} has an error to be ranked by."
        return
    word = SHOWN[board.quantity][0]
    yield (
        f"Best here: {board.best}, {word} RMSE {board.text(board.best)} on {board.problem.reference}"
        f"{_seeds(board, board.best)}{_company(board, board.best)}."
    )


def _company(board: Board, best: str) -> str:
    """Methods that the best cannot be told apart from, or ``sure``; not where seeds of the best failed."""
    ranks = board.ranked
    alike = [m for m in ranks.index if m != best and not board.is_told_apart(best, m)]
    if rivals := [label for label in alike if label in board.rivals]:
        return f"; not told apart from {_listed(rivals)}"
    doubtful = alike or len(ranks) == 1 or ranks["interval"][best] == "none" or ranks["failed seeds"][best]
    return "" if doubtful else "; sure: every other ranked method is certainly worse"


def _seeds(board: Board, best: str) -> str:
    if failed := _failed_seeds(board, best):
        return f" ({failed})"
    return " (one seed)" if int(board.ranked["seeds"][best]) == 1 else ""


def _failed_seeds(board: Board, label: str) -> str:
    """``1 of 3 seeds failed``; '' where none did or all did."""
    method = board.methods[label]
    done, failed = len(method.done), len(method.failed)
    return f"{failed} of {done + failed} seeds failed" if done and failed else ""


def _floor(board: Board) -> Iterator[str]:
    """Sentences on the error beside the baseline's and the noise of the labels, where these are known."""
    if board.best is None:
        return
    best, unusable = board.error(board.best), not board.is_usable(board.best)
    if board.floor is not None and board.error(board.floor) > 0 and np.isfinite(best):
        share = 100 * best / board.error(board.floor)
        end = ", more than half: not usable" if unusable else ""
        yield f"That is {plain(share)} % of the error of the baseline {board.floor}{end}."
    elif unusable:
        yield f"That is not usable: {_usable_limit(board)}."
    if (noise := board.label_noise) is not None:
        below = "below" if best < noise else f"{ratio(best / noise)}"
        yield f"It is {below} the noise of the labels, {plain(noise)} {board.unit()}."


def _usable_limit(board: Board, test: str | None = None) -> str:
    """Bound of a usable error in words."""
    if board.floor is not None:
        return "usable is at most half the baseline's error"
    bound = known_quantity("", board.quantity_on(test), "rmse").failed or np.nan
    return f"usable is at most {plain(1000 * bound)} {board.unit(test)}"


# ---------------------------------------------------------------- the other test groups
def _leads(board: Board) -> Iterator[str]:
    """Sentence on the groups where the best has the least error, too."""
    best = board.best
    led = [test for test in _usable_groups(board) if best is not None and board.least(test) == best]
    if best is not None and led:
        each = [f"{test} ({board.text(best, test)}{_times(board, best, test)})" for test in led[:NAMED]]
        yield f"It also has the least error on {_listed(each, len(led) - len(each))}."


def _loses(board: Board) -> Iterator[str]:
    """Sentences on the groups where another method has the least error, the largest first."""
    best = board.best
    if best is None:
        return
    winners = [(test, board.least(test)) for test in _usable_groups(board)]
    lost = [(test, winner) for test, winner in winners if winner != best]
    lost.sort(key=lambda pair: -board.error(pair[1], pair[0]))
    for test, winner in lost[:NAMED]:
        there = f"{board.text(winner, test)}{_times(board, winner, test)}"
        yield f"On {test}: {winner} with {there}; {best} has {plain(board.error(best, test))}."
    if len(lost) > NAMED:
        yield f"So on {len(lost) - NAMED} more groups."


def _unusable(board: Board) -> Iterator[str]:
    """Sentence on the groups where no method is usable."""
    groups = [test for test in board.others if not _is_usable_by_any(board, test)]
    each = []
    for test in groups[:NAMED]:
        first = board.least(test)
        floor = "" if board.floor is None else f", the baseline's {plain(board.error(board.floor, test))}"
        each.append(f"{test} (least {board.text(first, test)}, of {first}{floor})")
    if each:
        limits = dict.fromkeys(_usable_limit(board, test) for test in groups)
        yield f"None is usable on {_listed(each, len(groups) - len(each))}; {', '.join(limits)}."


def _no_transfer(board: Board) -> Iterator[str]:
    """Sentence on a problem whose only test structures are like the training ones."""
    problem = board.problem
    if board.best is not None and problem.in_domain is not None and len(problem.tests) == 1:
        yield "How far it transfers was not tested: no test group is unlike the training data."


def _usable_groups(board: Board) -> list[str]:
    return [test for test in board.others if _is_usable_by_any(board, test)]


def _is_usable_by_any(board: Board, test: str) -> bool:
    return board.is_usable(board.least(test), test)


def _times(board: Board, label: str, test: str) -> str:
    """``, 3.50× its error on 300K``; '' where there is no ratio."""
    inside, quantity = board.problem.in_domain, board.quantity_on(test)
    if inside is None or quantity != board.quantity_on(inside):
        return ""
    error, base = board.error(label, test), board.error(label, inside)
    known = base > ROUNDING and np.isfinite(error) and np.isfinite(base)
    return f", {ratio(error / base)} its error on {inside}" if known else ""


# ---------------------------------------------------------------- at what cost
def _cheapest(board: Board) -> Iterator[str]:
    """Sentence on the fastest method within twice the least error, of those that were timed alike."""
    best = board.best
    if best is None or len(board.rivals) < 2 or not np.isfinite(board.cost(best)):
        return
    limit = NEAR * board.error(best)
    near = [m for m in board.rivals if board.error(m) <= limit]
    takes = f"{plain(board.cost(best))} µs/atom"
    near_what = f"its error on {board.problem.reference}"
    floor_near = board.floor is not None and board.error(board.floor) <= limit
    if len(near) == 1 and not floor_near:
        yield f"No other ranked method comes within twice {near_what}; it predicts in {takes}."
        return
    apart = timed_apart(board.problem)
    if best in apart:
        yield f"{best} was timed under other conditions than most ({takes}): no order of times."
        return
    alike = [label for label in near if label not in apart and np.isfinite(board.cost(label))]
    others = [label for label in near if label in apart]
    left = f"; not compared, as timed under other conditions: {_listed(others)}" if others else ""
    cheapest = min(alike, key=board.cost)
    if cheapest != best:
        yield (
            f"Cheapest within twice {near_what}: {cheapest} ({board.text(cheapest)}; "
            f"{plain(board.cost(cheapest))} µs/atom instead of {plain(board.cost(best))}){left}."
        )
    elif len(alike) > 1:
        yield f"It is also the cheapest within twice {near_what} ({takes}){left}."
    else:
        yield f"It predicts in {takes}{left}."


def _classical(board: Board) -> Iterator[str]:
    """Sentence on the best classical potential, where there are others too."""
    classical = [label for label in board.rivals if board.family(label) == CLASSICAL]
    if not classical or board.best is None or len(classical) == len(board.rivals):
        return
    first, best = classical[0], board.error(board.best)
    if first == board.best:
        enough = "is enough here: it is" if board.is_usable(first) else "is"
        yield f"A classical potential {enough} the best."
    else:
        is_near = board.error(first) <= NEAR * best and board.is_usable(first)
        may = "may be" if is_near else "is not"
        more = f", {ratio(board.error(first) / best)} the best error" if best > 0 else ""
        yield f"A classical potential {may} enough: {first} has {board.text(first)}{more}."


def _no_better(board: Board) -> Iterator[str]:
    """Sentence on the methods that are not certainly better than the baseline."""
    if board.floor is None:
        return
    better = board.ranked["beaten by"][board.floor]
    if weak := [label for label in board.rivals if label not in better]:
        yield f"Not certainly better than the baseline {board.floor}: {_listed(weak)}."


def _stopped(board: Board) -> Iterator[str]:
    """Sentence on the methods whose training the clock ended."""
    stopped = [label for label in board.rivals if any(map(_reached_the_limit, board.methods[label].done))]
    if stopped:
        yield f"More time may change the order: the clock stopped the training of {_listed(stopped)}."


def _reached_the_limit(document: Document) -> bool:
    """True for a training that ended by its time, as the document says or, in an older one, by its length."""
    if (end := dig(document, "model", "stopped_by")) is not None:
        return "time" in str(end).split(", ")
    limit = number(dig(document, "case", "estimator", "params", "max_seconds"))
    return number(dig(document, "timings", "fit", "seconds")) >= limit


def _tuned(board: Board) -> Iterator[str]:
    """Sentence on the best of the tuned methods, which no default one is compared with."""
    if not len(board.tuned):
        return
    best, costs = str(board.tuned.index[0]), board.frames.costs.set_index("method")
    seconds = float(costs["tuning_time"].get(best, np.nan))
    charged = f" after {plain(seconds)} s of search" if np.isfinite(seconds) else ""
    word = SHOWN[board.quantity][0]
    yield f"Among tuned methods, ranked apart: {best}, {word} RMSE {board.text(best)}{charged}."


# ---------------------------------------------------------------- rows that tell less
def _left_out(board: Board) -> Iterator[str]:
    """Sentence on the methods that failed, left out test groups or had other frames or another budget."""
    leaderboard = board.frames.leaderboard
    failed = leaderboard[leaderboard["status"] == "failed"]
    reasons = [f"{m} ({kind})" for m, kind in zip(failed["method"], failed["failure kind"], strict=True)]
    reasons += [f"{m} ({text})" for m in board.methods if (text := _failed_seeds(board, m))]
    reasons += [f"{m} (without {_listed(tests)})" for m, tests in board.problem.gaps.items()]
    reasons += [f"{m} (other frames)" for m in board.elsewhere]
    done = {method.label for method in board.problem.methods if method.done}
    budgets = [label for label in unequal(board.problem) if label in done and label not in board.problem.gaps]
    reasons += [f"{label} (other budget)" for label in budgets]
    if reasons:
        yield f"Not comparable or failed: {_listed(reasons)}."


def _doubtful(board: Board) -> Iterator[str]:
    if leaky := list(board.problem.leaks):
        yield f"Errors on {_listed(leaky)} flatter: frames there have copies in the training set."
    if board.problem.doubts:
        yield "Not all rows are comparable: see Careful."


def _model(board: Board) -> Iterator[str]:
    if board.best and (file := kept_file(board.methods[board.best].done[0])):
        yield f"The model of {board.best} is {file} in the results folder."


def _listed(names: Sequence[str], more: int = 0) -> str:
    """``a, b and c``; of many the first names and the number of the others, to which `more` are added."""
    if not more and len(names) > NAMED + 1:
        names, more = names[:NAMED], len(names) - NAMED
    shown = [*names, f"{more} others"] if more else list(names)
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
