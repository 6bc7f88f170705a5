"""Source of our own modules, read without running it: constants, docstrings and parameters of classes."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from mlffbench.registry.docstring import Docstring, read_docstring

__all__ = [
    "COMPUTED",
    "REQUIRED",
    "Source",
    "class_constants",
    "class_documentation",
    "constructor_parameters",
    "file_of",
    "function_parameters",
    "source_of",
]

PACKAGE = Path(__file__).parents[1]
REQUIRED = "required"
COMPUTED = object()  # value of an attribute that only a running program knows


@dataclass(frozen=True)
class Source:
    """Docstring, classes, functions, constants and imports of one of our files."""

    text: str | None
    public: tuple[str, ...]
    nodes: Mapping[str, Any]
    constants: Mapping[str, ast.expr]
    origins: Mapping[str, tuple[str, str]]  # name here -> module and name there

    @property
    def imported_modules(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(module for module, _ in self.origins.values()))


def file_of(module: str) -> Path:
    """File of a module of ours, which need not exist."""
    path = PACKAGE.joinpath(*module.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@lru_cache(maxsize=256)
def source_of(module: str) -> Source:
    """Source of a module of ours, read once."""
    tree = ast.parse(file_of(module).read_text(encoding="utf-8"))
    body = tree.body
    constants = {name: value for node in body for name, value in _assigned(node)}
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    return Source(
        ast.get_docstring(tree),
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
            there := source_of(home).nodes.get(name), ast.ClassDef
        ):
            bases.append((home, there))
    return bases


def _origin(module: str, name: str) -> tuple[str, str]:
    """Module and name under which a name of a module is defined."""
    return source_of(module).origins.get(name, (module, name))


def class_constants(module: str, node: ast.ClassDef) -> dict[str, Any]:
    """Constants of a class, its own before those of its bases."""
    values: dict[str, Any] = {}
    for home, base in reversed(_bases(module, node)):
        values |= class_constants(home, base)
    for statement in node.body:
        values |= {name: _value(module, value) for name, value in _assigned(statement)}
    return values


def _value(module: str, node: ast.expr) -> Any:
    """Value of a literal, or of another class's attribute; `COMPUTED` for anything else."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        home, name = _origin(module, node.value.id)
        owner = source_of(home).nodes.get(name) if home.partition(".")[0] == "mlffbench" else None
        return class_constants(home, owner).get(node.attr, COMPUTED) if owner is not None else COMPUTED
    if isinstance(node, ast.Name):
        home, name = _origin(module, node.id)
        known = source_of(home).constants if home.partition(".")[0] == "mlffbench" else {}
        return _value(home, known[name]) if name in known else COMPUTED
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        return COMPUTED


def class_documentation(module: str, node: ast.ClassDef) -> Docstring:
    """Docstring of a class, with what its bases say of inherited parameters."""
    doc = read_docstring(ast.get_docstring(node))
    for home, base in _bases(module, node):
        doc = doc.completed(class_documentation(home, base))
    return doc


def constructor_parameters(module: str, node: ast.ClassDef) -> dict[str, tuple[str, str]]:
    """Defaults and annotations of the parameters of a class: of ``__init__``, or a dataclass's fields."""
    for statement in node.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__init__":
            return function_parameters(module, statement)
    fields: dict[str, tuple[str, str]] = {}
    for home, base in reversed(_bases(module, node)):
        fields |= constructor_parameters(home, base)
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


def function_parameters(module: str, node: ast.FunctionDef) -> dict[str, tuple[str, str]]:
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
