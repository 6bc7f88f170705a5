"""Registry: a name is a file; ``load("estimators", "mace")`` imports ``estimators/mace.py``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any

from mlffbench.data import Spec

__all__ = ["KINDS", "build", "load", "make", "names", "parameters", "parts", "resolve", "suggest", "summary"]

KINDS = ("estimators", "datasets", "splits", "metrics", "tasks", "checks", "samplers", "calculators")
FOLDERS = {
    "checks": "datasets/checks",
    "samplers": "labelling/samplers",
    "calculators": "labelling/calculators",
}  # of the kinds that do not lie on the top floor


def names(kind: str) -> list[str]:
    """List the names of a kind from the files of its folder; nothing is imported."""
    folder = Path(__file__).parent / FOLDERS.get(kind, kind)
    return sorted(p.stem for p in folder.glob("*.py") if not p.stem.startswith("_"))


def suggest(word: str, known: Iterable[str]) -> str:
    """Complete an error message: ``; there are [...]; did you mean 'mace'?``"""
    known = sorted(known)
    near = get_close_matches(str(word), known, n=1, cutoff=0.5)
    return f"; there are {known}" + (f"; did you mean {near[0]!r}?" if near else "")


def load(kind: str, name: str) -> Callable[..., Any]:
    """Import the class or function of a name; ``package.module:Name`` is looked up elsewhere.

    Raises
    ------
    LookupError
        There is no such name.
    """
    if ":" in name:
        module, _, attribute = name.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except (ModuleNotFoundError, AttributeError) as error:
            raise LookupError(f"no {kind.removesuffix('s')} {name!r}: {error}") from error
    if name not in names(kind):
        raise LookupError(f"no {kind.removesuffix('s')} {name!r}{suggest(name, names(kind))}")
    module_ = import_module(f"mlffbench.{FOLDERS.get(kind, kind).replace('/', '.')}.{name}")
    (public,) = module_.__all__  # one file, one public name
    return getattr(module_, public)


def parameters(target: Callable[..., Any], skip: Iterable[str] = ()) -> dict[str, Any]:
    """Parameter names and defaults (``inspect.Parameter.empty`` if required)."""
    signature = inspect.signature(target)
    return {p.name: p.default for p in signature.parameters.values() if p.name not in skip}


def _has_kwargs(target: Callable[..., Any]) -> bool:
    """Return True if the callable has ``**kwargs``."""
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(target).parameters.values())


def build(kind: str, name: str, params: Mapping[str, Any], skip: Iterable[str] = ()) -> Callable[..., Any]:
    """Load a name after checking its keywords, also those of estimators inside it.

    Raises
    ------
    LookupError
        Unknown name or keyword, or an estimator without the model that it is made of.
    """
    target = load(kind, name)
    known = parameters(target, skip)
    called = f"{kind.removesuffix('s')} {name!r}"
    for parameter in params:
        if parameter not in known and not _has_kwargs(target):
            raise LookupError(f"{called} has no parameter {parameter!r}{suggest(parameter, known)}")
    for word, kinds in parts(target).items():
        if word not in params and known[word] is inspect.Parameter.empty:
            raise LookupError(f"{called} needs {word!r}: a name, or 'name: {{keyword: value}}'")
        if isinstance(params.get(word), str | Mapping):
            try:
                build(*resolve(params[word], kinds))
            except LookupError as error:
                raise LookupError(f"in {word!r} of {called}: {error.args[0]}") from error
    return target


def parts(target: Callable[..., Any]) -> Mapping[str, tuple[str, ...]]:
    """Parameters that hold a spec themselves, and the kinds each may be of."""
    return getattr(target, "parts", {})


def resolve(value: Spec | str | Mapping[str, Any], kinds: tuple[str, ...]) -> tuple[str, str, dict[str, Any]]:
    """Resolve a nested spec, ``name`` or ``{name: {keyword: value}}``, to kind, name and keywords.

    Where several kinds are possible and more than one has the name, or it is somebody else's
    ``package.module:Name``, the kind is written around it: ``{calculator: name}``.

    Raises
    ------
    LookupError
        No such name, a name of several kinds, or something else than a name and its keywords.

    Examples
    --------
    >>> resolve({"morse": {"cutoff": 5.0}}, ("estimators",))
    ('estimators', 'morse', {'cutoff': 5.0})
    >>> resolve({"calculator": {"lennard_jones": {"sigma": 3.0}}}, ("calculators", "estimators"))
    ('calculators', 'lennard_jones', {'sigma': 3.0})
    """
    words = {k.removesuffix("s"): k for k in kinds}
    if isinstance(value, Mapping) and len(value) == 1 and (key := next(iter(value))) in words:
        inside = _parsed(value[key])
        return words[key], inside.name, dict(inside.params)
    spec = _parsed(value)
    name, params = spec.name, dict(spec.params)
    matches = kinds if ":" in name else [k for k in kinds if name in names(k)]
    if len(matches) == 1:
        return matches[0], name, params
    if not matches:
        known = [n for k in kinds for n in names(k)]
        raise LookupError(f"no {' or '.join(words)} {name!r}{suggest(name, known)}")
    choices = " or ".join(f"'{{{k.removesuffix('s')}: {name}}}'" for k in matches)
    raise LookupError(f"{name!r} can be {' or '.join(words)}; write {choices}")


def _parsed(value: Any) -> Spec:
    try:
        return Spec.parse(value)
    except ValueError as error:
        raise LookupError(str(error)) from error


def make(value: Spec | str | Mapping[str, Any], kinds: tuple[str, ...], **given: Any) -> Any:
    """Construct a nested spec; `given` fills parameters that it has and does not set.

    Raises
    ------
    LookupError
        Unknown name or keyword.
    """
    kind, name, params = resolve(value, kinds)
    target = build(kind, name, params)
    known = parameters(target)
    return target(**{**{k: v for k, v in given.items() if k in known}, **params})


def summary(target: Callable[..., Any]) -> str:
    """First line of the docstring."""
    return (inspect.getdoc(target) or "").partition("\n")[0]
