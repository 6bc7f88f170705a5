"""Registry: a name is a file; ``load("estimators", "mace")`` imports ``estimators/mace.py``.

It is the only door to code that a suite, a recipe or a model file names: of other packages it imports those
that the user trusts (``--trust``, ``MLFFBENCH_TRUST``, `trust`), and nothing else.
"""

from __future__ import annotations

import inspect
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from mlffbench.data import Dataset, Spec, Split

__all__ = [
    "FOREIGN",
    "KINDS",
    "build",
    "is_public",
    "is_trusted",
    "is_trusted_file",
    "load",
    "make",
    "names",
    "parameters",
    "parts",
    "remedy",
    "resolve",
    "suggest",
    "summary",
    "trust",
]

KINDS = ("estimators", "datasets", "splits", "metrics", "tasks", "checks", "samplers", "calculators")
FOLDERS = {
    "checks": "datasets/checks",
    "samplers": "labelling/samplers",
    "calculators": "labelling/calculators",
}  # of the kinds that do not lie on the top floor
TRUST = "MLFFBENCH_TRUST"  # environment variable: what the user trusts, separated by commas
FOREIGN = re.compile(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):(?P<attribute>[A-Za-z_]\w*)", re.ASCII)


@runtime_checkable
class Calculator(Protocol):
    """Calculator of ASE, as far as it is used here."""

    def get_property(self, name: str) -> Any: ...


RETURNED: dict[str, type] = {"datasets": Dataset, "splits": Split, "calculators": Calculator}


# ---------------------------------------------------------------- trust
def trust(*names: str) -> None:
    """Trust modules, with what lies below them, and files, in this process and those that it starts.

    A suite, a recipe or a model file may then use the code of these modules, as ``module:Name``, and run or
    unpickle these files.

    Examples
    --------
    >>> trust("my_package", "models/medium.model")
    >>> is_trusted("my_package.networks"), is_trusted_file("./models/medium.model"), is_trusted("os")
    (True, True, False)
    """
    added = [part.strip() for name in names for part in name.split(",")]
    os.environ[TRUST] = ",".join(dict.fromkeys(name for name in (*_trusted(), *added) if name))


def _trusted() -> list[str]:
    return [name for part in os.environ.get(TRUST, "").split(",") if (name := part.strip())]


def is_trusted(module: str, also: Iterable[str] = ()) -> bool:
    """True for a module that the user trusts, and for one below it; `also` adds to these."""
    return any(module == known or module.startswith(f"{known}.") for known in (*_trusted(), *also))


def is_trusted_file(file: str, also: Iterable[str] = ()) -> bool:
    """True for a file that the user trusts, however its path is written; `also` adds to these.

    A bare name may be a program of the ``PATH`` or an environment variable: it is compared as it is.
    """
    place = lambda name: os.path.abspath(name) if os.path.basename(name) != name else name
    return place(file) in map(place, (*_trusted(), *also))


def remedy(name: str) -> str:
    """Complete a refusal: the way to trust a module or file."""
    return f"if you trust it, add --trust {name} (or set {TRUST}={name})"


# ---------------------------------------------------------------- names
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
    """Import the class or function of a name, or of a ``package.module:Name`` that the user trusts.

    Raises
    ------
    LookupError
        There is no such name, its module is not trusted, or it is nothing of this kind.
    """
    if ":" in name:
        return _foreign(kind, name)
    if name not in names(kind):
        raise LookupError(f"no {kind.removesuffix('s')} {name!r}{suggest(name, names(kind))}")
    module_ = import_module(f"mlffbench.{FOLDERS.get(kind, kind).replace('/', '.')}.{name}")
    (public,) = module_.__all__  # one file, one public name
    return getattr(module_, public)


def is_public(kind: str, name: str) -> bool:
    """True if ``module:Name`` is one of our own public names of a kind."""
    module, _, attribute = name.partition(":")
    folder, _, file = module.rpartition(".")
    ours = folder == f"mlffbench.{FOLDERS.get(kind, kind).replace('/', '.')}" and file in names(kind)
    return ours and load(kind, file).__name__ == attribute


def _foreign(kind: str, name: str) -> Callable[..., Any]:
    """Import ``package.module:Name`` if it is trusted and of this kind; nothing is called."""
    called = f"{kind.removesuffix('s')} {name!r}"
    match = FOREIGN.fullmatch(name)
    if match is None:
        raise LookupError(f"no {called}; code of other packages is written package.module:Name")
    module = match["module"]
    _check_trusted(kind, name, module, f"{called} is code of the module {module!r}")
    try:
        target = getattr(import_module(module), match["attribute"])
        inspect.signature(target)
    except Exception as error:  # whatever their module raises
        raise LookupError(f"no {called}: {error}") from error
    home = getattr(target, "__module__", None) or "builtins"
    own = f"{home}:{getattr(target, '__name__', '')}"
    _check_trusted(kind, own, home, f"{called} stands there, but is code of the module {home!r}")
    if not _is_of(kind, target):
        raise LookupError(f"{called} is a {type(target).__name__}, not {_wanted(kind)}")
    return target if isinstance(target, type) else _checked(target, RETURNED.get(kind, object), called)


def _check_trusted(kind: str, name: str, module: str, what: str) -> None:
    """Refuse code that is not trusted; of our own modules only the public names of the kind are at choice."""
    if is_public(kind, name):
        return
    if module.partition(".")[0] == "mlffbench":
        raise LookupError(f"no {kind.removesuffix('s')} {name!r}{suggest(name, names(kind))}")
    if not is_trusted(module):
        stranger = "a file from a stranger may name any program"
        raise LookupError(f"{what}, not mlffbench's: {stranger}; {remedy(module)}")


def _is_of(kind: str, target: Any) -> bool:
    """True if a class or function can be something of this kind."""
    if kind == "estimators":
        base = getattr(sys.modules.get("mlffbench.forcefield"), "ForceField", ())
        return isinstance(target, type) and issubclass(target, base)
    return kind == "calculators" and hasattr(target, "get_property") if isinstance(target, type) else True


def _wanted(kind: str) -> str:
    classes = {"estimators": "a class derived from ForceField", "calculators": "an ASE calculator"}
    return classes.get(kind, "a function")


def _checked(function: Callable[..., Any], expected: type, called: str) -> Callable[..., Any]:
    """The function, which raises a ValueError where it returns something else."""

    @wraps(function)
    def call(*args: Any, **params: Any) -> Any:
        value = function(*args, **params)
        if not isinstance(value, expected):
            raise ValueError(f"{called} returned a {type(value).__name__}, not a {expected.__name__}")
        return value

    return call


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
        Unknown name or keyword, an estimator without the model that it is made of, or code or a file that
        is not trusted: `needs_trust` of the target names parameters, with the reason.
    """
    target = load(kind, name)
    known = parameters(target, skip)
    called = f"{kind.removesuffix('s')} {name!r}"
    for parameter in params:
        if parameter not in known and not _has_kwargs(target):
            raise LookupError(f"{called} has no parameter {parameter!r}{suggest(parameter, known)}")
    for word, reason in getattr(target, "needs_trust", {}).items():
        if params.get(word) is not None and not is_trusted_file(str(params[word])):
            raise LookupError(f"{word!r} of {called} {reason}; {remedy(str(params[word]))}")
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
