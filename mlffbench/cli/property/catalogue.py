"""Properties that a calculator and structures suffice for: one function of each file in ``properties/``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import files
from typing import Any

from mlffbench.registry import suggest
from mlffbench.registry.description import Description, describe_function, module_summary, public_names

__all__ = ["ELSEWHERE", "Property", "property_names", "property_of"]

FOLDER = "mlffbench.properties"
ELSEWHERE = {  # files whose functions take something else than a calculator and structures
    "bonds": "lists the bonds of a structure, without a potential",
    "bulk_dynamics": "runs many trajectories at once: 'dynamics' runs one, and the task 'md' compares them",
    "diffusion": "takes positions over time: run 'dynamics' and call mlffbench.properties.diffusion",
    "distributions": "takes the frames of a trajectory: run 'dynamics -o md.extxyz' and call "
    "mlffbench.properties.distributions",
    "duplicates": "compares structures, without a potential; see 'mlffbench data audit'",
    "limits": "holds the stability criteria of 'dynamics'",
    "minima": "merges relaxations; 'random_search' and 'basin_hopping' do so",
    "pointwise_distances": "is a distance of structures, without a potential",
    "random_cells": "makes random cells, without a potential; 'random_search' relaxes them",
    "ranking": "compares two lists of energies; see 'mlffbench predict'",
    "spectra": "takes velocities over time: run 'dynamics' and call mlffbench.properties.spectra",
    "survival": "takes the lifetimes of many trajectories; see the task 'md'",
    "symmetry": "is the symmetry of a structure, without a potential",
}
STRUCTURES = {  # annotations of parameters that hold structures: the fewest and the most
    "Atoms": (1, 1),
    "Atoms | None": (0, 1),
    "Sequence[Atoms]": (1, None),
    "Mapping[str, Atoms]": (1, None),
}
OPTIONS = ("bool", "float", "int", "str", "tuple[", "Sequence[", "Mapping[str, float]")  # given as texts


@dataclass(frozen=True)
class Property:
    """A property: its function and what the user gives.

    Attributes
    ----------
    name : str
        Name of the file.
    summary : str
        First sentence of the file.
    function : str
        Name of the function in it.
    description : Description
    """

    name: str
    summary: str
    function: str
    description: Description

    @property
    def structures(self) -> dict[str, tuple[int, int | None]]:
        """Parameters that hold structures, with the fewest and the most of each."""
        notes = self.description.annotations
        return {name: STRUCTURES[note] for name, note in notes.items() if note in STRUCTURES}

    @property
    def options(self) -> dict[str, str]:
        """Parameters that are given as texts, with their defaults."""
        notes = self.description.annotations
        return {
            name: default
            for name, default in self.description.parameters.items()
            if notes[name] not in STRUCTURES and notes[name].startswith(OPTIONS)
        }

    @property
    def call(self) -> Callable[..., Any]:
        """The function itself; this imports its file."""
        function: Callable[..., Any] = getattr(import_module(f"{FOLDER}.{self.name}"), self.function)
        return function


def property_names() -> list[str]:
    """Names of the properties; nothing is imported."""
    stems = (p.name.removesuffix(".py") for p in files(FOLDER).iterdir() if p.name.endswith(".py"))
    return sorted(name for name in stems if not name.startswith("_") and name not in ELSEWHERE)


def property_of(name: str) -> Property:
    """Property of a name.

    Raises
    ------
    LookupError
        There is no such property.
    """
    if name in ELSEWHERE:
        raise LookupError(f"{name!r} {ELSEWHERE[name]}")
    if name not in property_names():
        raise LookupError(f"no property {name!r}{suggest(name, property_names())}")
    module = f"{FOLDER}.{name}"
    public_ones = public_names(module)
    for public in sorted(
        public_ones, key=lambda p: p != name
    ):  # the function of the file's name, else the first
        description = describe_function(module, public)
        if next(iter(description.parameters), "") == "calculator":
            return Property(name, module_summary(module), public, description)
    raise LookupError(f"{name!r} has no function of a calculator")
