"""Descriptions of names, read from their source without importing it: no framework is loaded for a list."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mlffbench.registry.docstring import Docstring, read_docstring
from mlffbench.registry.door import load
from mlffbench.registry.own_names import FOLDERS
from mlffbench.registry.own_source import (
    COMPUTED,
    REQUIRED,
    class_constants,
    class_documentation,
    constructor_parameters,
    file_of,
    function_parameters,
    source_of,
)

__all__ = [
    "COMPUTED",
    "REQUIRED",
    "Description",
    "describe",
    "describe_function",
    "module_summary",
    "public_names",
]


@dataclass(frozen=True)
class Description:
    """Documentation of a class or function, with its parameters and the constants of its class.

    Attributes
    ----------
    doc : Docstring
    parameters : mapping of str to str
        Defaults by name, as they are written; `REQUIRED` where there is none.
    annotations : mapping of str to str
        Annotations of the parameters, "" where there is none.
    attributes : mapping of str to Any
        Constants of a class and its bases, such as ``family``; `COMPUTED` where they are no literals.
    imports : tuple of str
        Modules that its file imports names from.
    """

    doc: Docstring
    parameters: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    imports: tuple[str, ...] = ()


def describe(kind: str, name: str) -> Description:
    """Describe a name of the registry; only another package's is imported.

    Raises
    ------
    LookupError
        There is no such name, or it is not trusted.
    """
    module = f"{FOLDERS.get(kind, kind)}/{name}".replace("/", ".")
    if ":" in name or not file_of(f"mlffbench.{module}").is_file():
        return _imported(load(kind, name))
    (public,) = public_names(f"mlffbench.{module}")
    return describe_function(f"mlffbench.{module}", public)


def describe_function(module: str, name: str) -> Description:
    """Describe a class or function of our own module."""
    source = source_of(module)
    node = source.nodes.get(name)
    if node is None:
        return Description(Docstring())  # a constant
    if isinstance(node, ast.ClassDef):
        doc, parameters = class_documentation(module, node), constructor_parameters(module, node)
        attributes = class_constants(module, node)
    else:
        doc, parameters = read_docstring(ast.get_docstring(node)), function_parameters(module, node)
        attributes = {}
    return Description(
        doc,
        {name: default for name, (default, _) in parameters.items()},
        {name: annotation for name, (_, annotation) in parameters.items()},
        attributes,
        source.imported_modules,
    )


def public_names(module: str) -> tuple[str, ...]:
    """``__all__`` of our own module."""
    return source_of(module).public


def module_summary(module: str) -> str:
    """First sentence of the docstring of our own module."""
    return read_docstring(source_of(module).text).summary


# ---------------------------------------------------------------- what is imported
def _imported(target: Callable[..., Any]) -> Description:
    """Describe a class or function of another package."""
    signature = inspect.signature(target)
    known = [p for p in signature.parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    names = [n for n in dir(target) if not n.startswith("_")] if isinstance(target, type) else []
    return Description(
        read_docstring(inspect.getdoc(target)),
        {p.name: REQUIRED if p.default is p.empty else repr(p.default) for p in known},
        {p.name: "" if p.annotation is p.empty else str(p.annotation) for p in known},
        {n: value for n in names if not callable(value := getattr(target, n, COMPUTED))},
    )
