"""Facts of names, read from their descriptions: what a method needs, predicts and cannot do."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, is_dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from mlffbench.registry.description import COMPUTED, Description
from mlffbench.registry.docstring import Entry

__all__ = ["GIVEN", "cost", "estimator_facts", "limits", "packages", "parameter_facts", "presets"]

GIVEN = {  # what mlffbench passes, not the user
    "splits": ("dataset", "seed"),
    "metrics": ("true", "predicted"),
    "tasks": ("model", "dataset", "split", "seed"),
    "checks": ("dataset",),
    "samplers": ("atoms", "calculator", "seed"),
}
FRAMES, ATOMS = 200, 10  # of the fit whose cost is told: structures, and atoms in each, with forces
LONGEST = 40  # characters of a licence's name; some packages write the whole text there


def parameter_facts(description: Description, given: Collection[str] = ()) -> list[dict[str, str]]:
    """Name, type, default and meaning of the parameters that a user sets, all but those given."""
    own = [name for entry in description.doc.entries.get("Parameters", ()) for name in entry.names]
    names = [name for name in description.parameters if name not in given]
    rows = []
    for name in sorted(names, key=lambda n: own.index(n) if n in own else len(own)):
        entry = description.doc.entry(name)
        kind = _type(entry, name) if entry else ""
        kind = kind or description.annotations.get(name, "")
        text = entry.text if entry else ""
        rows.append({"name": name, "type": kind, "default": description.parameters[name], "text": text})
    return rows


def _type(entry: Entry, name: str) -> str:
    """Type of one of the names of an entry: ``float`` of fmax in ``fmax, steps : float, int``."""
    kind = entry.kind.removesuffix("optional").removesuffix(", ")
    kinds = kind.split(", ")
    return kinds[entry.names.index(name)] if len(kinds) == len(entry.names) and "{" not in kind else kind


def estimator_facts(description: Description) -> dict[str, Any]:
    """Facts of a method; None where only the model that it is made of tells."""
    known = description.attributes
    requires = _tuple(known.get("requires")) or ()
    missing = [module for module in requires if not _installed(module)]
    properties, supports = (_tuple(known.get(name)) for name in ("properties", "supports"))
    return {
        "family": _text(known.get("family")),
        "installed": not missing,
        "missing": missing,
        "extra": _text(known.get("extra")),
        "own_environment": isinstance(known.get("environment"), Mapping),
        "requires": list(requires),
        "periodic": None if supports is None else "periodic" in supports,
        "one_molecule_only": None if supports is None else "extensive" not in supports,
        "forces": None if properties is None else "forces" in properties,
        "stress": None if properties is None else "stress" in properties,
        "uncertainty": known.get("predicts_std") is True,
        "runs_in": list(_tuple(known.get("runs_in")) or ("ASE",)),
        "fitted_here": known.get("fitted_here", True) is True,
    }


def _tuple(value: Any) -> tuple[str, ...] | None:
    return tuple(value) if isinstance(value, tuple | list) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value is not COMPUTED else None


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def limits(description: Description) -> Iterator[str]:
    """Sentences on what a method cannot do."""
    facts = estimator_facts(description)
    if facts["forces"] is None:
        yield "takes what the model that it is made of takes, and predicts what that predicts"
    if facts["periodic"] is False:
        yield "no periodic structures"
    if facts["one_molecule_only"]:
        yield "one molecule only, that of the training set"
    if facts["forces"] is False:
        yield "no forces"
    if facts["stress"] is False:
        yield "no stress, hence no relaxation of cells, elastic constants and constant pressure"
    if not facts["uncertainty"]:
        yield "no uncertainty of its own; 'committee' gives it one"
    trusted = description.attributes.get("needs_trust")
    for parameter, reason in trusted.items() if isinstance(trusted, Mapping) else ():
        yield f"{parameter} {reason}: only with --trust FILE"


def packages(description: Description) -> list[dict[str, str | None]]:
    """Distributions that a method needs beyond the core: version and licence, None if not installed."""
    from importlib.metadata import PackageNotFoundError, metadata

    rows = []
    for module in _tuple(description.attributes.get("requires")) or ():
        name = _distribution(module)
        try:
            facts = metadata(name) if name else None
        except PackageNotFoundError:
            facts = None
        version = None if facts is None else str(facts["Version"])
        licence = None if facts is None else _licence(facts)
        rows.append({"name": name or module, "version": version, "licence": licence})
    return rows


@cache
def _distribution(module: str) -> str | None:
    """Distribution that a module belongs to; this reads the records of all that are installed."""
    from importlib.metadata import packages_distributions

    return next(iter(packages_distributions().get(module, ())), None)


def _licence(facts: Any) -> str | None:
    """Licence as the metadata of a distribution name it."""
    classes = [
        c.rpartition(" :: ")[2] for c in facts.get_all("Classifier") or () if c.startswith("License ::")
    ]
    stated = [facts.get("License-Expression"), *classes, facts.get("License")]
    return next((text for text in stated if text and len(text) <= LONGEST), None)


def cost(name: str, description: Description) -> dict[str, Any] | None:
    """Cost of a method by the model that sizes proposals, see `FRAMES`; None where nothing was measured.

    Seconds of a fit (None where the clock or the number of epochs ends it), microseconds an atom of a
    prediction.
    """
    from mlffbench.harness.planning.proposal.candidates import CANDIDATES, Size
    from mlffbench.harness.planning.proposal.cost import Workload

    known = next((c for c in CANDIDATES if c.name == name), None)
    if known is None:
        return None
    work = Workload(FRAMES, FRAMES, 0, atoms=ATOMS, forces=1.0, density=1.0)
    size, trained = 0.0, known.scale is not None and not isinstance(known.scale, Size)
    if isinstance(known.scale, Size):
        default = description.parameters.get(known.scale.parameter, "")
        size = float(default) if default.isdigit() else float(known.scale.least)
    fit = None if trained else known.cost.fit(work, size)
    return {
        "frames": FRAMES,
        "atoms": ATOMS,
        "fit_seconds": fit,
        "predict_us_per_atom": 1e6 * known.cost.predict,
    }


def presets(description: Description) -> dict[str, dict[str, Any]]:
    """Settings of each preset, from the family's file ``presets``; empty without one."""
    module = next((m for m in description.imports if m.endswith(".presets")), None)
    table = (
        getattr(import_module(module), "PRESETS", {}) if module and "preset" in description.parameters else {}
    )
    return {name: asdict(s) if is_dataclass(s) else dict(s) for name, s in table.items()}  # type: ignore[arg-type]
