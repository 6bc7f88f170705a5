"""Quantity: one measured number, as documents of tasks, metrics and costs hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Direction", "Quantity", "Status"]

Direction = Literal["lower", "higher", "target", "none"]
Counted = Literal["", "trials", "all"]
Status = Literal["passed", "marginal", "failed"]
CLOCK = ("s", "ms", "µs", "d", "days")  # of times that a machine needs; simulated ones are in fs and ps


@dataclass(frozen=True)
class Quantity:
    """A measured number: its names in documents and in words, and its judgement.

    Attributes
    ----------
    task, quantity, metric : str
        Names in a document. `task` is '' for errors on test groups, and for the same errors on the training
        part; ``timing``, ``cost``, ``model``, ``history``, ``tuning``, ``profile``, ``ranks`` are no tasks:
        they name the part of a document, or the table, that holds the number. `quantity` may be a pattern of
        `fnmatch`: ``surface_energy_*``.
    name, symbol : str
        Name in words, and the field's symbol.
    unit : str
        As in documents; '' for a number without one.
    sentence : str
        Definition, for tooltips and the glossary.
    direction : {"lower", "higher", "target", "none"}
        The better numbers: lower ones, higher ones, those near `target`; none is better.
    target : float, optional
        Best number of the direction "target".
    passed, failed : float, optional
        Bounds of the best and of the worst numbers; between them a number is marginal. Both or neither.
    relative : bool
        The bounds are of the number over the absolute value of its reference.
    broken : float, optional
        Bound beyond which the number tells that a structure collapsed, or exploded, and nothing else.
    counted : {"", "trials", "all"}
        What a count or a share is of, where documents hold their number: independent ``trials``, from which
        an interval follows, or ``all`` bonds, modes, pairs ... of one result, which are no sample.
    is_share : bool
        The number is a count over the number of trials.
    source : str
        Publication of the definition, and where the bounds come from.
    """

    task: str
    quantity: str
    metric: str
    name: str
    symbol: str
    unit: str
    sentence: str
    direction: Direction = "lower"
    target: float | None = None
    passed: float | None = None
    failed: float | None = None
    relative: bool = False
    broken: float | None = None
    source: str = ""
    counted: Counted = ""
    is_share: bool = False

    @property
    def key(self) -> tuple[str, str, str]:
        """Names in a document: task, quantity, metric."""
        return self.task, self.quantity, self.metric

    @property
    def is_pattern(self) -> bool:
        """True for a quantity that stands for many names."""
        return any(mark in self.quantity for mark in "*[")

    @property
    def is_timed(self) -> bool:
        """True for a time that a machine needed, and for all that the task speed measured with its times."""
        return self.task == "speed" or self.unit.partition("/")[0] in CLOCK

    @property
    def shown_unit(self) -> str:
        """Unit in tables: errors on test groups in meV, other numbers as in documents."""
        return f"m{self.unit}" if not self.task and self.unit.startswith("eV") else self.unit

    def judge(self, value: float, reference: float | None = None) -> Status | None:
        """Compare a number, in the unit of documents, with the thresholds.

        Parameters
        ----------
        value : float
        reference : float, optional
            True number that `value` is the error of; needed for relative bounds.

        Returns
        -------
        {"passed", "marginal", "failed"} or None
            None without thresholds, or without the reference that they need. NaN and ∞ have failed.
        """
        if self.passed is None or self.failed is None:
            return None
        if self.relative:
            if reference is None or not abs(reference) > 0:
                return None
            value = value / abs(reference)
        if self.direction == "higher":
            return "passed" if value >= self.passed else "marginal" if value >= self.failed else "failed"
        if self.direction == "target":
            value = abs(value - (self.target or 0.0))
        return "passed" if value <= self.passed else "marginal" if value <= self.failed else "failed"

    @property
    def thresholds(self) -> str:
        """Thresholds in words: ``passed ≤ 0.05, failed > 0.2``; '' without any."""
        if self.passed is None or self.failed is None:
            return ""
        best, worst = ("≥", "<") if self.direction == "higher" else ("≤", ">")
        numbers = [100 * bound if self.relative else bound for bound in (self.passed, self.failed)]
        unit = " % of the reference" if self.relative else f" {self.unit}" if self.unit else ""
        apart = f" from {self.target:g}" if self.direction == "target" and self.target is not None else ""
        return f"passed {best} {numbers[0]:g}{unit}{apart}, failed {worst} {numbers[1]:g}{unit}{apart}"
