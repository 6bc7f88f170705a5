"""Requirements of a suite's entries on this machine: optional packages, files and devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.forcefield import ForceField
from mlffbench.system.device import checked_device

__all__ = ["unmet_requirements"]


def unmet_requirements(kind: str, spec: Spec) -> Iterator[registry.Fault]:
    """Yield paths in a spec, and sentences on packages and devices that are not here."""
    target = registry.load(kind, spec.name)
    missing = _missing_packages(target)
    if missing:
        yield (), f"not installed here: {missing}"
    for word in getattr(target, "needs_trust", {}):
        file = spec.params.get(word)
        if file is not None and not Path(str(file)).expanduser().is_file():
            yield (spec.name, word), f"{spec.name}: there is no {word} {str(file)!r} here"
    device = spec.params.get("device", "cpu")
    if not missing and device != "cpu":
        try:
            checked_device(str(device))
        except (ValueError, ImportError) as error:
            yield (spec.name, "device"), str(error)
    for word, kinds in registry.parts(target).items():
        value = spec.params.get(word)
        if isinstance(value, str | Mapping):
            yield from _unmet_inside((spec.name, word), value, kinds)


def _missing_packages(target: Any) -> str | None:
    """Sentence on the packages that an estimator lacks, with the command that installs them."""
    try:
        if isinstance(target, type) and issubclass(target, ForceField):
            target._check_installed()
    except ImportError as error:
        return str(error)
    return None


def _unmet_inside(
    place: tuple[Any, ...], value: str | Mapping[str, Any], kinds: tuple[str, ...]
) -> Iterator[registry.Fault]:
    kind, name, params = registry.resolve(value, kinds)
    for path, sentence in unmet_requirements(kind, Spec(name, params)):
        yield (*place, *registry.wrapper(value, kind, name), *path), sentence
