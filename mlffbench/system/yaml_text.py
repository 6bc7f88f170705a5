"""YAML 1.2 as plain values: ``1e-3`` is a number, ``no``, ``1:30`` and ``2024-01-01`` are texts."""

from __future__ import annotations

import re
from typing import Any

import yaml

__all__ = ["YamlError", "compose", "construct", "read_yaml"]

TAG = "tag:yaml.org,2002:"
PLAIN = {f"{TAG}{word}" for word in ("null", "bool", "int", "float", "str", "seq", "map", "merge")}
CORE = {  # YAML 1.2.2, section 10.3.2
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    "float": (
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    "merge": (r"<<", ["<"]),
}
MOST_NODES = 100_000  # an alias counts as often as it is used


class YamlError(ValueError):
    """A text that is not YAML of plain values; `line` counts from 1, None where it is unknown."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalars of YAML 1.2."""

    def construct_whole_number(self, node: yaml.ScalarNode) -> int:
        text = str(self.construct_scalar(node))
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))


_Loader.yaml_implicit_resolvers = {}  # none of YAML 1.1
for _word, (_pattern, _first) in CORE.items():
    _Loader.add_implicit_resolver(f"{TAG}{_word}", re.compile(rf"^(?:{_pattern})$"), _first)
_Loader.add_constructor(f"{TAG}int", _Loader.construct_whole_number)


def read_yaml(text: str) -> Any:
    """Parse a text as mappings, lists, texts, numbers, booleans and None.

    Raises
    ------
    YamlError
        It is not YAML, holds other values, or an alias inside its own anchor.
    """
    return construct(compose(text))


def compose(text: str) -> yaml.Node | None:
    """Parse a text as checked nodes, which know their lines; None for an empty text."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = getattr(error, "position", None)
        line = mark.line + 1 if mark else text[:place].count("\n") + 1 if place is not None else None
        raise YamlError(f"not valid YAML: {_problem(error)}", line) from None
    except RecursionError:
        raise YamlError("not valid YAML: it is nested too deeply", None) from None
    if node is not None:
        _check(node, (), [0])
    return node


def _problem(error: yaml.YAMLError) -> str:
    """Error in one line."""
    return getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)


def _check(node: yaml.Node, inside: tuple[int, ...], count: list[int]) -> None:
    """Refuse cycles, documents that aliases blow up, keys that are no scalars and other tags."""
    line, count[0] = node.start_mark.line + 1, count[0] + 1
    if id(node) in inside:
        raise YamlError("not valid here: an anchor contains itself", line)
    if count[0] > MOST_NODES or len(inside) > 100:
        raise YamlError(f"not valid here: more than {MOST_NODES} entries, or 100 levels", line)
    if node.tag not in PLAIN:
        tag = node.tag.replace(TAG, "!!")
        raise YamlError(
            f"not valid here: the tag {tag}; write plain texts, numbers, lists and mappings", line
        )
    children = node.value if isinstance(node, yaml.SequenceNode) else ()
    if isinstance(node, yaml.MappingNode):
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError("not valid here: a key must be one word", key.start_mark.line + 1)
        children = [part for pair in node.value for part in pair]
    for child in children:
        _check(child, (*inside, id(node)), count)


def construct(node: yaml.Node | None) -> Any:
    """Convert checked nodes to values."""
    if node is None:
        return None
    try:
        return _Loader("").construct_document(node)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = _problem(error) if isinstance(error, yaml.YAMLError) else str(error)
        raise YamlError(f"not valid YAML: {problem}", mark.line + 1 if mark else None) from None
