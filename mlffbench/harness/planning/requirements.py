"""Requirements of a suite's entries on this machine: optional packages, files and devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.estimators.tuning.limits import TUNED
from mlffbench.forcefield import PACKAGES
from mlffbench.harness.case import Case
from mlffbench.system.device import checked_device
from mlffbench.system.distant_model import is_distant
from mlffbench.system.python_environment import PythonEnvironment

__all__ = ["unmet_by", "unmet_requirements"]

SAVED = ".mlff"
FOLDER = "folder"  # keyword that names one
SEARCHER = "optuna"  # by default; the others are scikit-learn's


def unmet_by(case: Case, elsewhere: bool = False) -> Iterator[registry.Fault]:
    """Yield paths in a row, and sentences on what its case lacks, here or in its environment.

    Nothing is installed; of an environment that is yet to be made nothing is known.

    Parameters
    ----------
    elsewhere : bool
        The case runs on another machine, which has the packages and devices.
    """
    if case.environment is None or elsewhere:
        yield from unmet_requirements("estimators", case.estimator, elsewhere)
    else:
        yield from _unmet_there(case.estimator, case.environment)


def _unmet_there(spec: Spec, environment: Mapping[str, Any]) -> Iterator[registry.Fault]:
    python = PythonEnvironment.of(environment)
    if python.is_existing:
        try:
            if absent := python.lacking(_modules("estimators", spec)):
                yield ("environment",), python.lack([PACKAGES.get(name, name) for name in absent])
        except ImportError as error:
            yield ("environment",), str(error)
    yield from unmet_requirements("estimators", spec, elsewhere=True)


def _modules(kind: str, spec: Spec) -> list[str]:
    """Modules that a method needs, and those that it is made of."""
    target = registry.load(kind, spec.name)
    modules = list(getattr(target, "requires", ()))
    for word, kinds in registry.parts(target).items():
        if isinstance(value := spec.params.get(word), str | Mapping):
            inner, name, params = registry.resolve(value, kinds)
            modules += _modules(inner, Spec(name, params))
    return list(dict.fromkeys(modules))


def unmet_requirements(kind: str, spec: Spec, elsewhere: bool = False) -> Iterator[registry.Fault]:
    """Yield paths in a spec, and sentences on packages and devices that are not here.

    Parameters
    ----------
    elsewhere : bool
        Another Python has the packages and devices.
    """
    target = registry.load(kind, spec.name)
    requires = () if elsewhere or is_distant(target) else _required(kind, spec)
    absent = [name for name in requires if find_spec(name) is None]
    missing = [PACKAGES.get(name, name) for name in absent]
    if missing:
        extra = "search" if SEARCHER in absent else getattr(target, "extra", None)
        remedy = f"pip install 'mlffbench[{extra}]'" if extra else f"pip install {' '.join(missing)}"
        called = f"{kind.removesuffix('s')} {spec.name!r}"
        yield (), f"{called} needs {', '.join(missing)}, not installed here: {remedy}"
    for word, sentence in _absent_files(target, spec):
        yield (spec.name, word), f"{spec.name}: {sentence}"
    device = spec.params.get("device", "cpu")
    if not (missing or elsewhere) and device != "cpu":
        try:
            checked_device(str(device))
        except (ValueError, ImportError) as error:
            yield (spec.name, "device"), str(error)
    for word, kinds in registry.parts(target).items():
        value = spec.params.get(word)
        if isinstance(value, str | Mapping):
            yield from _unmet_inside((spec.name, word), value, kinds, elsewhere)


def _absent_files(target: Any, spec: Spec) -> Iterator[tuple[str, str]]:
    """Yield keywords whose file is not here, or is no saved model, and sentences on them."""
    for word, text in registry.named_files(target, spec.params).items():
        file = Path(text).expanduser()
        if word in getattr(target, "written", ()):
            continue
        if not (file.is_dir() if word == FOLDER else file.is_file()):
            wrong = registry.wrong_name(target, word, text)
            yield word, f"{word!r} {wrong}" if wrong else f"there is no {word} {text!r} here"
        elif file.suffix == SAVED and not is_zipfile(file):
            yield word, f"{str(file)!r} is not a model that mlffbench saved"


def _required(kind: str, spec: Spec) -> tuple[str, ...]:
    """Modules that an entry imports beyond our dependencies: of a search, those of its searcher."""
    requires: tuple[str, ...] = getattr(registry.load(kind, spec.name), "requires", ())
    if (kind, spec.name) == ("estimators", TUNED) and spec.params.get("searcher", SEARCHER) == SEARCHER:
        return (*requires, SEARCHER)
    return requires


def _unmet_inside(
    place: tuple[Any, ...], value: str | Mapping[str, Any], kinds: tuple[str, ...], elsewhere: bool
) -> Iterator[registry.Fault]:
    kind, name, params = registry.resolve(value, kinds)
    for path, sentence in unmet_requirements(kind, Spec(name, params), elsewhere):
        yield (*place, *registry.wrapper(value, kind, name), *path), sentence
