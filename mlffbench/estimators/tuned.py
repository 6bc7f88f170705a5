"""Tuned: any estimator with the hyperparameters that do best on held-out training frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from annotated_types import Predicate, doc
from ase import Atoms
from sklearn.utils import check_random_state

from mlffbench.data import Labels, as_atoms
from mlffbench.estimators.base.composite import Composite
from mlffbench.estimators.tuning.limits import MOST, TRIALS
from mlffbench.estimators.tuning.sklearn_search import check_trials, is_sklearn_searcher
from mlffbench.forcefield import ForceField, Prepared
from mlffbench.system.ranges import AtomEnergies, Count, Positive, Seed, ShareOrNumber

if TYPE_CHECKING:
    from mlffbench.estimators.tuning.trials import Trials

__all__ = ["Tuned"]

STATES = ("complete", "pruned", "failed", "out of time")


def _is_searcher(name: str) -> bool:
    return name == "optuna" or is_sklearn_searcher(name)


Searcher = Annotated[
    str,
    Predicate(_is_searcher),
    doc(
        "optuna, random, grid or one of scikit-learn's, such as sklearn.model_selection:HalvingRandomSearchCV"
    ),
]


class Tuned(Composite):
    """The best of several settings of a model, chosen inside the training set and fitted to all of it.

    Every trial fits the model to a part of the training frames and is judged by the error on the rest: the
    root mean square error of forces, which ranks methods in a suite, or of energies per atom where there are
    no forces. The first trial has the model's own parameters, so that tuning never ends worse by this
    measure. The setting of least error is fitted again, to all frames. The time of all this is the time of
    the fit. Trials that fail are counted, and are no candidates; the search fails if all do.

    A trial of a network ends early if its validation loss is worse than the median of the trials before it at
    the same epoch (optuna). Finished trials stay in the checkpoint folder of a case, and a run that was
    killed goes on from there.

    Parameters
    ----------
    model : ForceField, str or mapping
        An estimator, or a spec as in a suite. Parameters that it sets to another value than their default
        keep it.
    searcher : str
        ``optuna``: the tree-structured Parzen estimator with median pruning; ``random`` and ``grid``:
        `RandomizedSearchCV` and `GridSearchCV` of scikit-learn, of whose other searchers
        ``sklearn.model_selection:HalvingRandomSearchCV`` is the name. A grid takes three values of a
        distribution.
    trials : int, optional
        Number of trials, that of the model's own parameters included. Default: 20, or with `seconds` as many
        as there is time for.
    seconds : float, optional
        Time of all trials, s: none starts after it, and one of a method that reports its progress ends. The
        last fit comes after it. Results then depend on the speed of the machine.
    validation : float or int
        Share or number of the training frames that judge the trials.
    space : mapping, optional
        Parameters to search, each a list of values, a frozen distribution of `scipy.stats`, or as text
        ``{uniform: [low, high]}``, ``{loguniform: [low, high]}``, ``{randint: [low, high]}`` (whole numbers
        below `high`). Parameters of models inside the model are written ``model__cutoff``. By default what
        the model's `search_space` publishes.
    random_state : int or None
        Seed of the search, of the choice of validation frames, and of the models.
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV.

    Attributes
    ----------
    model_ : ForceField
        The final model, which can be used without this one. It has the atomic energies; `atomic_energies_`
        here are zero.
    best_params_ : dict
        The parameters that won, {} if those are the model's own.
    best_error_, default_error_ : float or None
        Validation errors of the final setting and of the model's own; None if there is none.
    quantity_ : str or None
        Quantity of these errors: ``forces`` (eV/Å) or ``energy_per_atom`` (eV).
    tuning_ : dict
        The search in numbers: `searcher`, `trials` and how many of them were `complete`, `pruned`, `failed`
        or `out of time`, `seconds`, `params`, `quantity`, `error` and `default_error`.
    history_ : list of dict
        One row a trial: its `trial` number, `params`, `state` (complete, pruned, failed, out of time),
        `error`, `seconds`; of a failed one the `failure`.
    tuning_seconds_ : float
        Time of all trials, those before an interruption included, s.

    Examples
    --------
    >>> from mlffbench.datasets.lennard_jones import lennard_jones
    >>> argon = lennard_jones(n_train=12, n_test=1)
    >>> model = Tuned("morse", "random", trials=3, space={"cutoff": [3.5, 8.0]}, random_state=0)
    >>> model = model.fit(argon.frames[:12], argon.labels[:12])
    >>> model.best_params_, len(model.history_)
    ({'cutoff': 8.0}, 3)
    """

    predicts_std: ClassVar[bool] = True
    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {"model": ("estimators",)}

    def __init__(
        self,
        model: ForceField | str | Mapping[str, Any],
        searcher: Searcher = "optuna",
        trials: Count | None = None,
        seconds: Positive | None = None,
        validation: ShareOrNumber = 0.2,
        space: Mapping[str, Any] | None = None,
        random_state: Seed | None = None,
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.model = model
        self.searcher = searcher
        self.trials = trials
        self.seconds = seconds
        self.validation = validation
        self.space = space
        self.random_state = random_state
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        model = {"morse": {"cutoff": 4.0, "max_iterations": 5}}
        return {"model": model, "searcher": "random", "trials": 2, "random_state": 0,
                "space": {"n_starts": [1, 2]}}  # fmt: skip

    def submodels(self) -> list[Any]:
        return [getattr(self, "model_", None) or self.build_part("model")]

    def fitted_parts(self) -> list[tuple[str, ForceField]]:
        return [("model", self.model_)] if hasattr(self, "model_") else []

    def import_libraries(self) -> None:
        super().import_libraries()
        if self.searcher == "optuna":
            from mlffbench.estimators.tuning.optuna_search import import_optuna

            import_optuna()

    def _validate_params(self) -> None:
        super()._validate_params()
        check_trials(self.searcher, self.trials)
        self.search_axes()

    # ------------------------------------------------------------ fitting
    def fit(self, X: Sequence[Atoms], y: Any = None, groups: Sequence[Any] | None = None) -> Self:
        """Search and fit; the frames may come in any order.

        Parameters
        ----------
        X, y : as of `ForceField.fit`
        groups : sequence of n values, optional
            Frames of one group are fitted or judge together: trajectories, molecules, temperatures.
        """
        X = list(map(as_atoms, X)) if isinstance(X, Sequence) and not isinstance(X, str) else X
        if groups is not None and len(groups) != len(X):
            raise ValueError(f"groups has {len(groups)} values for {len(X)} frames")
        self._groups = {} if groups is None else {id(a): str(g) for a, g in zip(X, groups, strict=True)}
        try:
            return super().fit(X, y)
        finally:
            del self._groups

    def _reference(self, frames: Sequence[Atoms], energy: Any) -> dict[str, float]:
        """Zero: the model has the atomic energies, and is complete without this one."""
        return dict.fromkeys(self.elements_, 0.0)

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        trials = self._search(frames, labels)
        if trials is not None:
            trials.refuse_failure()
        rows = [] if trials is None else trials.rows
        best = None if trials is None else trials.best()
        self.history_ = rows
        self.tuning_seconds_ = sum(row["seconds"] for row in rows)
        self.best_params_ = {} if best is None else best["params"]
        self.best_error_: float | None = None if best is None else best["error"]
        self.quantity_: str | None = None if best is None else best["quantity"]
        self.default_error_ = rows[0].get("error") if rows else None
        self.model_ = self._candidate(self.best_params_).fit(frames, labels)
        self._hold_out(getattr(self.model_, "validation_frames_", ()))

    @property
    def tuning_(self) -> dict[str, Any]:
        """The search in numbers."""
        states = Counter(row["state"] for row in self.history_)
        return {
            "searcher": self.searcher,
            "trials": len(self.history_),
            **{state: states[state] for state in STATES},
            "seconds": self.tuning_seconds_,
            "params": self.best_params_,
            "quantity": self.quantity_,
            "error": self.best_error_,
            "default_error": self.default_error_,
        }

    def _candidate(self, params: Mapping[str, Any]) -> ForceField:
        """The unfitted model with these parameters in place of its own."""
        given = {"random_state": self.random_state, "atomic_energies": self.atomic_energies}
        known = {word: value for word, value in given.items() if value is not None}
        return self.build_part("model", **known).set_params(**params)

    def search_axes(self) -> dict[str, Any]:
        """Parameters that are searched, with their choices and ranges.

        Raises
        ------
        ValueError
            The space is none, names parameters that the model does not have, or there is nothing to search.
        """
        from mlffbench.estimators.tuning.space import check_values, free_space, read_space

        model = self.build_part("model")
        space = free_space(model) if self.space is None else self.space
        if not space:
            raise ValueError(f"{type(model).__name__} has nothing to tune; name parameters in 'space'")
        axes = read_space(space)
        check_values(model, axes)
        return axes

    def _search(self, frames: Sequence[Atoms], labels: Labels) -> Trials | None:
        """Run the trials; None if the frames are too few to hold some out.

        Raises
        ------
        ValueError
            All trials failed.
        """
        from mlffbench.estimators.tuning.optuna_search import optuna_search
        from mlffbench.estimators.tuning.sklearn_search import sklearn_search
        from mlffbench.estimators.tuning.trials import Trials
        from mlffbench.estimators.tuning.validation import hold_out

        space = self.search_axes()
        rng = check_random_state(self.random_state)
        seed = int(rng.randint(2**31 - 1))
        groups = [self._groups[id(atoms)] for atoms in frames] if self._groups else None
        data = hold_out(frames, labels, self.validation, groups, rng)
        if data is None:
            return None
        most = self.trials or (TRIALS if self.seconds is None else MOST)
        trials = Trials(self._candidate, data, most, self.seconds)
        trials.run({})
        if trials.ended:
            return trials
        if self.searcher == "optuna":
            own = self._candidate({})
            known = {**own.get_params(), **own.resolved_params()}
            optuna_search(trials, space, {k: v for k, v in known.items() if k in space}, seed)
        else:
            sklearn_search(self.searcher, trials, space, seed)
        return trials

    def _has_partial_fit(self) -> bool:
        return all(hasattr(model, "partial_fit") for model in self.submodels())

    def _partial_fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        """Fit the final model to more frames; its hyperparameters do not change."""
        self.model_.partial_fit(frames, labels)
        self._hold_out(getattr(self.model_, "validation_frames_", ()))

    # ------------------------------------------------------------ predicting
    def _prepare(self, frames: Sequence[Atoms]) -> Prepared:
        return self.model_.prepare(frames)

    def _evaluate(self, inputs: Prepared) -> Labels:
        return self.model_.evaluate(inputs)

    def _evaluate_only(self, inputs: Prepared, quantities: frozenset[str]) -> Labels:
        return self.model_.evaluate(inputs, quantities)

    @property
    def dtype_(self) -> str:
        """Precision of the model; raises AttributeError for a model without this choice."""
        model: Any = self.model_
        return getattr(model, "dtype_", None) or model.dtype
