"""Specs: names and keywords of a suite's entries, checked, resolved and made."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mlffbench.data import Spec
from mlffbench.registry.door import load, names
from mlffbench.registry.named_files import named_files, wrong_name
from mlffbench.registry.own_names import suggest
from mlffbench.registry.trusted import may_read, remedy

__all__ = ["Fault", "build", "faults", "make", "parameters", "parts", "resolve", "summary", "wrapper"]


def parameters(target: Callable[..., Any], skip: Iterable[str] = ()) -> dict[str, Any]:
    """Parameter names and defaults (``inspect.Parameter.empty`` if required)."""
    signature = inspect.signature(target)
    return {p.name: p.default for p in signature.parameters.values() if p.name not in skip}


def _has_kwargs(target: Callable[..., Any]) -> bool:
    """Return True if the callable has ``**kwargs``."""
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(target).parameters.values())


Fault = tuple[tuple[Any, ...], str]


def faults(kind: str, name: str, params: Mapping[str, Any], skip: Iterable[str] = ()) -> Iterator[Fault]:
    """Yield paths inside a spec, and sentences on names, keywords and files that are not right there.

    Estimators and other specs inside it are read too. Values are not looked at, see
    `mlffbench.system.parameter_values`.
    """
    try:
        target = load(kind, name)
    except LookupError as error:
        yield (), str(error.args[0])
        return
    known = parameters(target, skip)
    called = f"{kind.removesuffix('s')} {name!r}"
    for parameter in params:
        if parameter not in known and not _has_kwargs(target):
            others = suggest(str(parameter), known, f"mlffbench show {name}")
            yield (name, parameter), f"{called} has no parameter {parameter!r}{others}"
    reasons: Mapping[str, str] = getattr(target, "needs_trust", {})
    for word, file in named_files(target, params).items():
        if not may_read(target, file):
            reason = wrong_name(target, word, file) or f"{reasons[word]}; {remedy(file)}"
            yield (name, word), f"{word!r} of {called} {reason}"
    for words in getattr(target, "one_of", ()):
        if sum(params.get(word) is not None for word in words) != 1:
            yield (), f"{called} needs {' or '.join(map(repr, words))}, one of them"
    for word, kinds in parts(target).items():
        if word not in params and known[word] is inspect.Parameter.empty:
            yield (), f"{called} needs {word!r}: a name, or 'name: {{keyword: value}}'"
        if isinstance(params.get(word), str | Mapping):
            yield from _faults_inside((name, word), params[word], kinds, f"in {word!r} of {called}")


def _faults_inside(
    place: tuple[str, str], value: str | Mapping[str, Any], kinds: tuple[str, ...], where: str
) -> Iterator[Fault]:
    try:
        kind, name, params = resolve(value, kinds)
    except LookupError as error:
        yield place, f"{where}: {error.args[0]}"
        return
    for path, sentence in faults(kind, name, params):
        yield (*place, *wrapper(value, kind, name), *path), f"{where}: {sentence}"


def wrapper(value: Any, kind: str, name: str) -> tuple[str, ...]:
    """The key around a nested spec that says its kind, ``{calculator: {emt: ...}}``, if there is one."""
    word = kind.removesuffix("s")
    return (word,) if isinstance(value, Mapping) and word in value and word != name else ()


def build(kind: str, name: str, params: Mapping[str, Any], skip: Iterable[str] = ()) -> Callable[..., Any]:
    """Load a name after checking its keywords, also those of estimators inside it.

    Raises
    ------
    LookupError
        Unknown name or keyword, an estimator without the model that it is made of, or code or a file that
        is not trusted: `needs_trust` of the target names parameters, with the reason.
    """
    for _, sentence in faults(kind, name, params, skip):
        raise LookupError(sentence)
    return load(kind, name)


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
