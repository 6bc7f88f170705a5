"""Search spaces: choices and distributions by parameter, as objects of scipy or as text of a suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone

from mlffbench import registry
from mlffbench.estimators.base.composite import Composite, is_spec
from mlffbench.forcefield import ForceField
from mlffbench.system.parameter_values import check_parameters

__all__ = ["Axis", "Choices", "Range", "Space", "check_values", "free_space", "plain", "read_space"]

FORMS = ("uniform", "loguniform", "randint")
EDGE = 1e-9  # quantiles 0 and 1 of a distribution may lie outside of it, or at infinity


@dataclass(frozen=True)
class Choices:
    """Values to choose from; numbers in ascending order are an ordered axis."""

    values: tuple[Any, ...]

    @property
    def ordered(self) -> bool:
        """True if neighbours in the list are alike: numbers that rise."""
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in self.values)
        return numbers and list(self.values) == sorted(self.values)

    def place(self, value: Any) -> int | None:
        """Position of a value in the list; None for one that is not there."""
        return self.values.index(plain(value)) if plain(value) in self.values else None

    def levels(self) -> list[Any]:
        """The values of a grid."""
        return list(self.values)

    def extremes(self) -> list[Any]:
        """All values, which are within the parameter's range if each is."""
        return list(self.values)

    def searched(self) -> list[Any]:
        """The values as scikit-learn's searchers take them."""
        return list(self.values)


@dataclass(frozen=True)
class Range:
    """A frozen distribution of `scipy.stats`, walked along its quantiles: evenly in its own measure."""

    distribution: Any

    @property
    def whole(self) -> bool:
        """True for a distribution of whole numbers."""
        return hasattr(self.distribution.dist, "pmf")

    def at(self, quantile: float) -> float:
        """The value at a quantile between 0 and 1."""
        value = float(self.distribution.ppf(min(max(quantile, EDGE), 1 - EDGE)))
        return round(value) if self.whole else value

    def place(self, value: Any) -> float | None:
        """Quantile of a value; None for one outside of the distribution, or no number."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        below, above = self.distribution.cdf(value - 1 if self.whole else value), self.distribution.cdf(value)
        low, high = self.distribution.support()
        return float((below + above) / 2) if low <= value <= high else None

    def extremes(self) -> list[Any]:
        """The least and the greatest value."""
        return [self.at(0), self.at(1)]

    def levels(self) -> list[Any]:
        """The values of a grid: the middles of the thirds of the distribution."""
        return list(dict.fromkeys(self.at(q) for q in (1 / 6, 1 / 2, 5 / 6)))

    def searched(self) -> Any:
        """The distribution as scikit-learn's searchers take it."""
        return self.distribution


Axis = Choices | Range
Space = Mapping[str, Axis]


def read_space(space: Mapping[str, Any]) -> dict[str, Axis]:
    """Read choices and distributions, also those written as text: ``{loguniform: [1e-4, 1e-2]}``.

    Raises
    ------
    ValueError
        An entry is none of these.
    """
    return {name: _axis(name, value) for name, value in space.items()}


def _axis(name: str, value: Any) -> Axis:
    if isinstance(value, Choices | Range):
        return value
    if hasattr(value, "ppf") and hasattr(value, "support"):
        return Range(value)
    if isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in FORMS:
        ((form, bounds),) = value.items()
        return Range(_distribution(name, form, bounds))
    if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str) and len(value):
        return Choices(tuple(plain(v) for v in value))
    raise ValueError(
        f"space: {name} must be a list of values or one of {{uniform: [low, high]}}, "
        f"{{loguniform: [low, high]}} and {{randint: [low, high]}}, not {value!r:.80}"
    )


def _distribution(name: str, form: str, bounds: Any) -> Any:
    """The frozen distribution between two bounds; of whole numbers without the upper one, as scipy's."""
    from scipy import stats

    is_number = lambda v: isinstance(v, int | float) and not isinstance(v, bool) and np.isfinite(v)
    pair = isinstance(bounds, Sequence) and len(bounds) == 2 and all(map(is_number, bounds))
    if not pair or not bounds[0] < bounds[1] or (form == "loguniform" and bounds[0] <= 0):
        more = " above zero" if form == "loguniform" else ""
        raise ValueError(f"space: {form} of {name} takes two rising numbers{more}, not {bounds!r:.80}")
    low, high = bounds
    if form == "randint" and not (isinstance(low, int) and isinstance(high, int)):
        raise ValueError(f"space: randint of {name} takes two whole numbers, not {bounds!r:.80}")
    return stats.uniform(low, high - low) if form == "uniform" else getattr(stats, form)(low, high)


def check_values(model: ForceField, space: Space) -> None:
    """Refuse a space with values that a model does not take, or with parameters that it does not have.

    Raises
    ------
    ValueError
        The first of these.
    """
    known = model.get_params()
    for name, axis in space.items():
        if name not in known:
            raise ValueError(f"space: {type(model).__name__} has no {name!r}{registry.suggest(name, known)}")
        for value in axis.extremes():
            *parts, word = name.split("__")
            owner = clone(model).set_params(**{name: value})
            for part in parts:
                owner = getattr(owner, part)
            try:
                check_parameters(type(owner), {word: value})
            except ValueError as error:
                raise ValueError(f"space: {error}") from None


def free_space(model: ForceField) -> dict[str, Any]:
    """The space that a model and the models inside it publish, without what is set to another value."""
    defaults = registry.parameters(type(model))
    own = type(model).search_space().items()
    space = {name: values for name, values in own if plain(getattr(model, name)) == plain(defaults[name])}
    for name in model.parts if isinstance(model, Composite) else ():
        if (part := _inner_model(model, name)) is not None:
            space |= {f"{name}__{word}": values for word, values in free_space(part).items()}
    return space


def _inner_model(model: Composite, name: str) -> ForceField | None:
    """The unfitted estimator that stands in a parameter; None for a calculator or a frozen one."""
    value = getattr(model, name)
    if is_spec(value):
        kind, _, _ = registry.resolve(value, model.parts[name])
        return model.build_part(name) if kind == "estimators" else None
    return value if isinstance(value, ForceField) else None


def plain(value: Any) -> Any:
    """A value as JSON has it: numbers of numpy as Python's, tuples as lists."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(v) for v in value]
    return value
