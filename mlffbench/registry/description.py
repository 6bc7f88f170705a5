"""Descriptions of names, read from their source without importing it: no framework is loaded for a list."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from mlffbench.registry.docstring import Docstring, read_docstring
from mlffbench.registry.door import load
from mlffbench.registry.own_names import FOLDERS

__all__ = ["COMPUTED", "REQUIRED", "Description", "describe", "describe_function"]

PACKAGE = Path(__file__).parents[1]
REQUIRED = "required"
COMPUTED = object()  # value of an attribute that only a running program knows


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
    if ":" in name or not _file(f"mlffbench.{module}").is_file():
        return _imported(load(kind, name))
    (public,) = _source(f"mlffbench.{module}").public
    return describe_function(f"mlffbench.{module}", public)


def describe_function(module: str, name: str) -> Description:
    """Describe a class or function of our own module."""
    source = _source(module)
    node = source.nodes[name]
    if isinstance(node, ast.ClassDef):
        doc, parameters = _documentation(module, node), _constructor(module, node)
        attributes = _attributes(module, node)
    else:
        doc, parameters = read_docstring(ast.get_docstring(node)), _arguments(module, node)
        attributes = {}
    return Description(
        doc,
        {name: default for name, (default, _) in parameters.items()},
        {name: annotation for name, (_, annotation) in parameters.items()},
        attributes,
        source.imported_modules,
    )


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


# ---------------------------------------------------------------- what is written
@dataclass(frozen=True)
class _Source:
    """Classes, functions, constants and imports of one of our files."""

    public: tuple[str, ...]
    nodes: Mapping[str, Any]
    constants: Mapping[str, ast.expr]
    origins: Mapping[str, tuple[str, str]]  # name here -> module and name there

    @property
    def imported_modules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(module for module, _ in self.origins.values()))


def _file(module: str) -> Path:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@lru_cache(maxsize=256)
def _source(module: str) -> _Source:
    body = ast.parse(_file(module).read_text(encoding="utf-8")).body
    constants = {name: value for node in body for name, value in _assigned(node)}
    imports = [node for node in body if isinstance(node, ast.ImportFrom) and node.module]
    return _Source(
        tuple(ast.literal_eval(constants["__all__"])) if "__all__" in constants else (),
        {n.name: n for n in body if isinstance(n, ast.ClassDef | ast.FunctionDef)},
        constants,
        {a.asname or a.name: (str(node.module), a.name) for node in imports for a in node.names},
    )


def _assigned(node: ast.stmt) -> list[tuple[str, ast.expr]]:
    """Names and values of an assignment."""
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
        return [(node.target.id, node.value)]
    if isinstance(node, ast.Assign):
        return [(t.id, node.value) for t in node.targets if isinstance(t, ast.Name)]
    return []


def _bases(module: str, node: ast.ClassDef) -> list[tuple[str, ast.ClassDef]]:
    """Bases of a class that stand in our own files, with their modules."""
    bases = []
    for base in node.bases:
        home, name = _origin(module, base.id) if isinstance(base, ast.Name) else ("", "")
        if home.partition(".")[0] == "mlffbench" and isinstance(
            there := _source(home).nodes.get(name), ast.ClassDef
        ):
            bases.append((home, there))
    return bases


def _origin(module: str, name: str) -> tuple[str, str]:
    """Module and name under which a name of a module is defined."""
    return _source(module).origins.get(name, (module, name))


def _attributes(module: str, node: ast.ClassDef) -> dict[str, Any]:
    """Constants of a class, its own before those of its bases."""
    values: dict[str, Any] = {}
    for home, base in reversed(_bases(module, node)):
        values |= _attributes(home, base)
    for statement in node.body:
        values |= {name: _value(module, value) for name, value in _assigned(statement)}
    return values


def _value(module: str, node: ast.expr) -> Any:
    """Value of a literal, or of another class's attribute; `COMPUTED` for anything else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        home, name = _origin(module, node.value.id)
        owner = _source(home).nodes.get(name) if home.partition(".")[0] == "mlffbench" else None
        return _attributes(home, owner).get(node.attr, COMPUTED) if owner is not None else COMPUTED
    if isinstance(node, ast.Name) and node.id in _source(module).constants:
        return _value(module, _source(module).constants[node.id])
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return COMPUTED


def _documentation(module: str, node: ast.ClassDef) -> Docstring:
    """Docstring of a class, with what its bases say of inherited parameters."""
    doc = read_docstring(ast.get_docstring(node))
    for home, base in _bases(module, node):
        doc = doc.completed(_documentation(home, base))
    return doc


def _constructor(module: str, node: ast.ClassDef) -> dict[str, tuple[str, str]]:
    """Defaults and annotations of the parameters of a class: of ``__init__``, or a dataclass's fields."""
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            return _arguments(module, statement)
    fields: dict[str, tuple[str, str]] = {}
    for home, base in reversed(_bases(module, node)):
        fields |= _constructor(home, base)
    if any("dataclass" in ast.unparse(decorator) for decorator in node.decorator_list):
        fields |= _fields(module, node)
    return fields


def _fields(module: str, node: ast.ClassDef) -> dict[str, tuple[str, str]]:
    """Defaults and annotations of a dataclass's own fields."""
    lines = [
        line for line in node.body if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    ]
    return {
        line.target.id: (_written(module, line.value), annotation)  # type: ignore[union-attr]
        for line in lines
        if not (annotation := ast.unparse(line.annotation)).startswith(("ClassVar", "KW_ONLY"))
    }


def _arguments(module: str, node: ast.FunctionDef) -> dict[str, tuple[str, str]]:
    """Defaults and annotations of a function's parameters."""
    positional, named = [*node.args.posonlyargs, *node.args.args], node.args.kwonlyargs
    absent: list[ast.expr | None] = [None] * (len(positional) - len(node.args.defaults))
    defaults = [*absent, *node.args.defaults, *node.args.kw_defaults]
    return {
        argument.arg: (_written(module, default), _annotation(argument))
        for argument, default in zip([*positional, *named], defaults, strict=True)
        if argument.arg != "self"
    }


def _annotation(argument: ast.arg) -> str:
    return "" if argument.annotation is None else ast.unparse(argument.annotation)


def _written(module: str, default: ast.expr | None) -> str:
    """Default as a text; a module's constant by its value."""
    if default is None:
        return REQUIRED
    value = _value(module, default)
    return ast.unparse(default) if value is COMPUTED else repr(value)
