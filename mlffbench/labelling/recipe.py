"""Labelling recipe: the YAML file of the structures to sample and of the calculator that labels them."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from ase import Atoms
from ase.build import bulk, molecule
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from mlffbench.data import Spec
from mlffbench.datasets.formats.structure_file import read_structures
from mlffbench.registry import is_trusted_file, remedy
from mlffbench.system.failures import catch_failure
from mlffbench.system.file_name import check_file_name
from mlffbench.system.text_file import read_text
from mlffbench.system.yaml_file import YamlFile

__all__ = ["Draw", "Group", "LabelSettings", "Recipe", "RecipeError", "read_card", "read_recipe", "structure"]

SAMPLER_ARGUMENTS = ("atoms", "calculator", "seed")  # given by the draw, not in the parameters of a sampler
MOST_ATOMS = 1_000_000  # of a structure
HARMLESS = re.compile(  # environment variables; others may name libraries that a program loads
    r"[A-Z]+_NUM_THREADS|MALLOC_[A-Z_]+_|OMP_(DYNAMIC|PLACES|PROC_BIND|STACKSIZE|WAIT_POLICY)"
)


class RecipeError(ValueError):
    """Invalid recipe; the message names file, line and the nearest valid word."""


def _pipeline(value: Any) -> Any:
    return [Spec.parse(v) for v in (value if isinstance(value, list) else [value])]


Calculator = Annotated[Any, BeforeValidator(Spec.parse)]
FileName = Annotated[str, AfterValidator(check_file_name)]
Pipeline = Annotated[list[Any], BeforeValidator(_pipeline)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Draw(_Strict):
    """Frames from one structure: samplers one after the other, each on every frame of the one before."""

    of: str = Field(description="name of a structure")
    by: Pipeline = Field(min_length=1, description="a sampler, or several in a row")
    seed: int = 0
    calculator: Calculator | None = Field(default=None, description="sampling calculator, not sample_with")


class Group(_Strict):
    """Frames that become one group of the dataset."""

    draws: list[Draw] = Field(min_length=1)
    columns: dict[str, float | str] = Field(
        default={}, description="facts of every frame: phase, temperature"
    )
    label_params: dict[str, Any] = Field(default={}, description="changes to label_with for this group")


class LabelSettings(_Strict):
    """Calculator that labels the structures, and the worker processes that run it."""

    calculator: Calculator
    python: str | None = Field(default=None, description="Python interpreter with the calculator's program")
    workers: int = Field(default=1, ge=1, description="labels computed at a time")
    threads: int = Field(default=1, ge=1, description="threads of each worker")
    time_limit: float | None = Field(default=None, gt=0, description="seconds a label may take")
    environment: dict[str, str] = {}


class Recipe(_Strict):
    """Content of a recipe file."""

    name: FileName = Field(pattern=r"^[A-Za-z0-9_.-]+$")
    structures: dict[FileName, dict[str, Any]] = Field(min_length=1)
    sample_with: Calculator | None = None
    label_with: LabelSettings
    groups: dict[FileName, Group] = Field(min_length=1)
    isolated_atoms: dict[str, dict[str, Any]] = Field(
        default={}, description="changes to label_with for each isolated atom; 'cell' puts it into a box"
    )
    card: dict[str, Any] = {}
    card_from: list[FileName] = Field(
        default=[], description="JSON files beside the recipe, added to the card"
    )

    def calculator_of_group(self, name: str) -> Spec:
        """Calculator that labels a group."""
        return self._labelling_calculator(self.groups[name].label_params)

    def calculator_of_atom(self, symbol: str) -> Spec:
        """Calculator that labels an isolated atom."""
        params = {k: v for k, v in self.isolated_atoms[symbol].items() if k != "cell"}
        return self._labelling_calculator(params)

    def _labelling_calculator(self, params: Mapping[str, Any]) -> Spec:
        """The calculator of `label_with` with some parameters changed."""
        base = self.label_with.calculator
        return Spec(base.name, {**base.params, **params})


def read_recipe(file: Path) -> Recipe:
    """Read and check a recipe file.

    Raises
    ------
    RecipeError
        The file cannot be read, is not YAML, has an unknown key, name or keyword, or a value of the wrong
        type.
    """
    source = YamlFile(file, RecipeError)
    recipe = source.validated(
        Recipe, "a recipe is a mapping with at least 'name', 'structures', 'label_with' and 'groups'"
    )
    if recipe.sample_with is not None:
        source.check(("sample_with",), "calculators", recipe.sample_with)
    for place, message in _untrusted(recipe.label_with):
        raise RecipeError(source.say(("label_with", place), message))
    _check_labelling(recipe, source)
    for i, name in enumerate(recipe.card_from):
        if not Path(file).with_name(name).is_file():
            raise RecipeError(source.say(("card_from", i), f"there is no file {name!r} beside the recipe"))
        try:
            read_card(Path(file).with_name(name))
        except (OSError, ValueError) as error:
            raise RecipeError(source.say(("card_from", i), str(error))) from error
    for name, group in recipe.groups.items():
        for i, draw in enumerate(group.draws):
            _check_draw(recipe, draw, ("groups", name, "draws", i), source)
    for name in recipe.structures:
        _, failure = catch_failure(partial(structure, recipe, name, Path(file).parent))
        if failure is not None:
            raise RecipeError(source.say(("structures", name), f"structure {name!r}: {failure['message']}"))
    return recipe


def read_card(file: Path) -> dict[str, Any]:
    """Read a JSON file of entries of a card.

    Raises
    ------
    OSError, ValueError
        It cannot be read, or holds no JSON object.
    """
    try:
        card = json.loads(read_text(file))
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{file} is not JSON: {error}") from error
    if not isinstance(card, dict):
        raise ValueError(f"{file} must hold a JSON object, not {type(card).__name__}")
    return card


def _untrusted(settings: LabelSettings) -> Iterator[tuple[str, str]]:
    """Yield the place of a program or environment variable that the user does not trust, and a refusal."""
    program = settings.python
    if program is not None and program != sys.executable and not is_trusted_file(program):
        may = "a recipe from a stranger may name any program"
        yield "python", f"{program!r} would compute the labels, and {may}; {remedy(program)}"
    for name in settings.environment:
        if not (HARMLESS.fullmatch(name) or is_trusted_file(name)):
            yield "environment", f"{name!r} may change the code that the workers run; {remedy(name)}"


def _check_labelling(recipe: Recipe, source: YamlFile) -> None:
    source.check(("label_with", "calculator"), "calculators", recipe.label_with.calculator)
    for name in recipe.groups:
        source.check(("groups", name, "label_params"), "calculators", recipe.calculator_of_group(name))
    for symbol in recipe.isolated_atoms:
        source.check(("isolated_atoms", symbol), "calculators", recipe.calculator_of_atom(symbol))


def _check_draw(recipe: Recipe, draw: Draw, where: tuple[Any, ...], source: YamlFile) -> None:
    if draw.of not in recipe.structures:
        raise RecipeError(
            source.say((*where, "of"), f"no structure {draw.of!r}; there are {list(recipe.structures)}")
        )
    for i, sampler in enumerate(draw.by):
        source.check((*where, "by", i), "samplers", sampler, SAMPLER_ARGUMENTS)
    if draw.calculator is not None:
        source.check((*where, "calculator"), "calculators", draw.calculator)


def structure(recipe: Recipe, name: str, folder: Path) -> Atoms:
    """Build a structure of the recipe from a file, ASE's ``bulk`` or ``molecule``, or explicit ``atoms``.

    Parameters
    ----------
    folder : Path
        Folder of the recipe, which file names are relative to.

    Raises
    ------
    ValueError, TypeError, LookupError, OSError
        The entry is no valid structure.
    """
    entry = dict(recipe.structures[name])
    repeat = entry.pop("repeat", None)
    builders = {
        "file": lambda f: read_structures(folder / f, "-1")[0],
        "bulk": _bulk,
        "molecule": molecule,
        "atoms": _atoms,
    }
    if len(entry) != 1 or not set(entry) <= set(builders):
        raise ValueError(f"write one of {list(builders)} (and 'repeat'), not {list(entry)}")
    ((kind, value),) = entry.items()
    atoms = builders[kind](value)
    if not repeat:
        return atoms
    if len(atoms) * np.prod(np.broadcast_to(repeat, 3), dtype=float) > MOST_ATOMS:
        raise ValueError(f"repeat: {repeat} makes more than {MOST_ATOMS} atoms")
    return atoms.repeat(repeat)


def _bulk(params: Mapping[str, Any]) -> Atoms:
    return bulk(**params)


def _atoms(params: Mapping[str, Any]) -> Atoms:
    return Atoms(**params)
