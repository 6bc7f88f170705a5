"""A potential that exists already: any ASE calculator, a saved model, a model of mace-torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from ase import Atoms

from mlffbench import registry
from mlffbench.data import InvalidPrediction, Labels
from mlffbench.estimators.base.composite import (
    Calculated,
    SharedCapabilities,
    clone_sharing_calculators,
    is_spec,
)
from mlffbench.forcefield import ForceField, least_squares_energies
from mlffbench.system import model_file
from mlffbench.system.checksum import Checksum
from mlffbench.system.ranges import AtomEnergies, Device

__all__ = ["Pretrained"]

SAVED = ".mlff"
LINES: Mapping[str, Any] = {"n_lines": 2, "length": 0.16, "n": 8}  # Å; points that float32 tells apart
REFUSALS = (LookupError, NotImplementedError, ValueError, AssertionError)  # of structures, by calculators


class Pretrained(ForceField):
    """Any potential on the same tests as the fitted methods: zero-shot, or with refitted atomic energies.

    Nothing is trained here: forces and stresses are the potential's own. So are the energies, unless
    `refit_atomic_energies` adds an energy per atom of each element, which removes the difference between two
    levels of theory as far as the composition explains it. What the potential was trained on is not known
    here; it may contain the test structures.

    Parameters
    ----------
    calculator : ASE calculator, str or mapping, optional
        A name of the registry, ``{tblite: {method: GFN2-xTB}}``, or ``package.module:Name`` of a module that
        the user trusts. Many calculators cannot be pickled: a spec is saved, pickled and sent to other
        processes as text; an instance is shared by clones.
    file : str, optional
        In place of a calculator: an ``.mlff`` file of mlffbench, or a ``.model`` file of mace-torch, say
        MACE-MP-0. The latter is a pickle: reading it runs the code in it, so it needs ``--trust FILE``.
    refit_atomic_energies : bool
        Add the energies e_Z per atom that minimise Σ (E − E_potential − Σ_Z n_Z e_Z)² over the training
        structures. Where their compositions do not determine all e_Z, those of the smallest norm.
    head : str, optional
        Name of the head of a ``.model`` file with several.
    dtype : {'float32', 'float64'}, optional
        Precision of a ``.model`` file; by default its own.
    device : str
        Device of a file's model: ``cpu``, ``cuda``, ``cuda:1`` ...
    atomic_energies : mapping of str to float, optional
        Energies of isolated atoms, eV; no effect, as nothing is fitted relative to them.

    Attributes
    ----------
    atomic_energies_ : dict of str to float
        The refitted e_Z, eV; zero without the refit.
    potential_ : ForceField
        The model of an ``.mlff`` file, which is saved with this one.
    checksum_ : str or None
        SHA-256 of a ``.model`` file, which is not: a saved model reads it again, if it is the same file.
    origin_ : dict of str to str or None
        Training data, level of theory and functional of a calculator that names them.
    conservation_ : dict of str to float or None
        Forces against the gradient of the energy along straight lines through a training structure:
        ``error``, eV/Å, and ``relative_error``; None of a potential without forces. See
        `mlffbench.properties.conservation`.

    Examples
    --------
    >>> from mlffbench.datasets.lennard_jones import lennard_jones
    >>> argon = lennard_jones(n_train=8, n_test=1)
    >>> model = Pretrained("lennard_jones", refit_atomic_energies=True).fit(argon.frames, argon.labels)
    >>> {symbol: round(energy, 6) for symbol, energy in model.atomic_energies_.items()}
    {'Ar': 0.0}
    """

    family: ClassVar[str] = "pretrained"
    fitted_here: ClassVar[bool] = False
    predicts_std: ClassVar[bool] = True
    parts: ClassVar[Mapping[str, tuple[str, ...]]] = {"calculator": ("calculators",)}
    needs_trust: ClassVar[Mapping[str, str]] = {"file": "is a pickle, whose code runs when it is read"}
    without_code: ClassVar[tuple[str, ...]] = (SAVED,)
    one_of: ClassVar[tuple[tuple[str, ...], ...]] = (("calculator", "file"),)
    properties = SharedCapabilities()
    supports = SharedCapabilities()

    def __init__(
        self,
        calculator: Any = None,
        file: str | None = None,
        refit_atomic_energies: bool = False,
        *,
        head: str | None = None,
        dtype: Literal["float32", "float64"] | None = None,
        device: Device = "cpu",
        atomic_energies: AtomEnergies | None = None,
    ) -> None:
        self.source = calculator  # `calculator` is the method that returns the fitted model's
        self.file = file
        self.refit_atomic_energies = refit_atomic_energies
        self.head = head
        self.dtype = dtype
        self.device = device
        self.atomic_energies = atomic_energies

    @classmethod
    def test_params(cls) -> dict[str, Any]:
        calculator = {"lennard_jones": {"epsilon": 0.01, "sigma": 1.0, "cutoff": 4.0}}
        return {"calculator": calculator, "refit_atomic_energies": True}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters."""
        return super().get_params(deep=False) | {"calculator": self.source}

    def set_params(self, **params: Any) -> Self:
        """Set parameters."""
        if "calculator" in params:
            self.source = params.pop("calculator")
        return super().set_params(**params)

    def submodels(self) -> list[Any]:
        """The potential, opened if it was not yet."""
        return [self._potential()]

    def fit(self, X: Sequence[Atoms], y: Any = None) -> Self:
        self._forget()
        self.__dict__.pop("_opened", None)  # a file may have changed
        return super().fit(X, y)

    fit.__doc__ = ForceField.fit.__doc__

    def learned_labels(self) -> tuple[str, ...]:
        """Energies if the isolated-atom energies are refitted to them."""
        return ("energy",) if self.refit_atomic_energies else ()

    # ------------------------------------------------------------ potential
    def _potential(self) -> Any:
        """The fitted model of an ``.mlff`` file, or the calculator, opened once."""
        if hasattr(self, "potential_"):
            return self.potential_
        if "_opened" not in vars(self):
            self._opened = self._open()
        return self._opened

    def _validate_params(self) -> None:
        super()._validate_params()
        if (self.source is None) == (self.file is None):
            raise ValueError("Pretrained needs a calculator or a file, one of them")

    def _open(self) -> Any:
        if self.file is None:
            return self._opened_calculator(self.source)
        if not str(self.file).endswith(SAVED):
            settings = {"head": self.head, "dtype": self.dtype, "device": self.device}
            known = {"file": str(self.file), "sha256": getattr(self, "checksum_", None)}
            return self._opened_calculator({"mace_torch": {**known, **settings}})
        model = model_file.load(self.file, device=self.device)
        if not isinstance(model, ForceField) or not hasattr(model, "elements_"):
            raise ValueError(f"{self.file} holds no fitted model")
        return model

    @staticmethod
    def _opened_calculator(value: Any) -> Calculated:
        if not is_spec(value) and not hasattr(value, "get_property"):
            raise TypeError(
                "calculator of Pretrained must be an ASE calculator, its name, or "
                f"'{{name: {{keyword: value}}}}'; got {value!r}"
            )
        opened = Calculated(value)
        if "energy" not in opened.properties:
            raise ValueError(f"the calculator {value!r} has no energy")
        return opened

    # ------------------------------------------------------------ fitting
    def _reference(self, frames: Sequence[Atoms], energy: np.ndarray) -> dict[str, float]:
        """Least squares of the energies that the potential leaves unexplained; zeros without the refit."""
        if not self.refit_atomic_energies:
            return dict.fromkeys(self.elements_, 0.0)
        own = self._evaluate(self._prepare(frames)).energy
        for i in np.flatnonzero(~np.isfinite(own)):
            formula = frames[int(i)].get_chemical_formula()
            raise ValueError(f"the potential's energy of a training frame of {formula} is {own[i]}")
        return least_squares_energies(frames, energy - own, self.elements_)

    def _fit(self, frames: Sequence[Atoms], labels: Labels) -> None:
        """Try a frame with each element, and remember the file."""
        first = {s: i for i, atoms in reversed(list(enumerate(frames))) for s in set(atoms.symbols)}
        self._evaluate(self._prepare([frames[i] for i in sorted(set(first.values()))]))
        opened = self._opened
        if isinstance(opened, ForceField):
            self.potential_: ForceField = opened
        pickled = self.file is not None and not isinstance(opened, ForceField)
        self.checksum_ = Checksum("").of(Path(str(self.file))) if pickled else None
        model = opened.calculator if isinstance(opened, Calculated) else opened
        self.dtype_ = str(getattr(model, "dtype_", None) or getattr(model, "dtype", None) or "float64")
        self.origin_, self.conservation_ = self._known_origin(), self._measured_conservation(frames[0])

    def _known_origin(self) -> dict[str, str] | None:
        """Facts that a calculator of the registry states of its training; None of weights of the user."""
        if not is_spec(self.source):
            return None
        kind, name, params = registry.resolve(self.source, self.parts["calculator"])
        known = getattr(registry.load(kind, name), "origin", None)
        own = any(params.get(word) is not None for word in ("file", "folder"))
        return dict(known) if isinstance(known, Mapping) and not own else None

    def _measured_conservation(self, atoms: Atoms) -> dict[str, float] | None:
        """Forces against differences of the energy."""
        from mlffbench.properties.conservation import conservation

        if "forces" not in self.properties:
            return None
        lines = conservation(self.calculator(), atoms, **LINES)
        return {"error": lines.error, "relative_error": lines.relative_error}

    # ------------------------------------------------------------ predicting
    def _prepare(self, frames: Sequence[Atoms]) -> Any:
        potential = self._potential()
        return potential.prepare(frames), frames

    def _evaluate(self, inputs: tuple[Any, Sequence[Atoms]]) -> Labels:
        """Labels by the potential; a structure that it refuses is a ValueError with a sentence."""
        prepared, frames = inputs
        try:
            return self._potential().evaluate(prepared)
        except InvalidPrediction:
            raise
        except REFUSALS as error:
            elements = sorted({s for atoms in frames for s in atoms.symbols})
            said = f"{type(error).__name__}: {error}"
            raise ValueError(f"the potential cannot compute frames of {elements}: {said}") from error

    # ------------------------------------------------------------ copies
    def __getstate__(self) -> dict[str, Any]:
        """The state without the opened calculator."""
        state = super().__getstate__().copy()
        state.pop("_opened", None)
        return state

    def __sklearn_clone__(self) -> Self:
        return clone_sharing_calculators(self)
