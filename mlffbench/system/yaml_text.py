"""YAML 1.2 as plain values: ``1e-3`` is a number, ``no``, ``1:30`` and ``2024-01-01`` are texts."""

from __future__ import annotations

import math
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
MOST_NODES = 50_000  # an alias counts as often as it is used
MOST_LEVELS = 100
LONGEST = 10_000  # characters of a text
BEYOND = 2**63
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # all but tab and line feed


PLAIN_WORDS = {  # for the parser's
    "mapping values are not allowed": "a second ':' in one line; write {name: {keyword: value}} with braces",
    "expected <block end>": "the indentation differs from that of the lines above",
    "found character '\\t'": "a tab; indent with spaces",
    "could not find expected ':'": "a key without ':' behind it",
    "expected ',' or ']'": "a list without its closing ] or a comma",
    "expected ',' or '}'": "braces without their closing } or a comma",
    "found unexpected end of stream": "a text without its closing quotation mark",
    "found undefined alias": "a word after * that no & names",
}


class YamlError(ValueError):
    """A text that is not YAML of plain values; `line` and `column` count from 1, None where unknown."""

    def __init__(self, message: str, line: int | None, column: int | None = None) -> None:
        super().__init__(message)
        self.line, self.column = line, column


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with the scalars of YAML 1.2, and limits that hold while it reads."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.nodes, self.levels = 0, 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()
        self.nodes += 1
        _check_limits(self.nodes, self.levels, *_place(event))
        _check_text(getattr(event, "value", ""), *_place(event))
        self.levels += 1
        node = super().compose_node(parent, index)
        self.levels -= 1
        return node

    def construct_whole_number(self, node: yaml.ScalarNode) -> int:
        text = str(self.construct_scalar(node))
        if len(text) > 70 or abs(number := int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))) >= BEYOND:
            raise YamlError("not valid here: a whole number beyond 64 bits", *_place(node))
        return number

    def construct_decimal_number(self, node: yaml.ScalarNode) -> float:
        number = float(self.construct_yaml_float(node))
        if math.isinf(number) and "inf" not in str(node.value).lower():
            raise YamlError("not valid here: a number beyond 1.8e308", *_place(node))
        return number


_Loader.yaml_implicit_resolvers = {}  # none of YAML 1.1
for _word, (_pattern, _first) in CORE.items():
    _Loader.add_implicit_resolver(f"{TAG}{_word}", re.compile(rf"^(?:{_pattern})$"), _first)
_Loader.add_constructor(f"{TAG}int", _Loader.construct_whole_number)
_Loader.add_constructor(f"{TAG}float", _Loader.construct_decimal_number)
RESOLVER = _Loader("")


def read_yaml(text: str) -> Any:
    """Parse a text as mappings, lists, texts, numbers, booleans and None.

    Raises
    ------
    YamlError
        It is not YAML, too large, holds other values, a key twice, or an alias inside its own anchor.
    """
    return construct(compose(text))


def compose(text: str) -> yaml.Node | None:
    """Parse a text as checked nodes, which know their lines; None for an empty text."""
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = _mark(error)
        place = getattr(error, "position", None)
        line = mark.line + 1 if mark else text[:place].count("\n") + 1 if place is not None else None
        raise YamlError(
            f"not valid YAML: {_problem(error)}", line, mark.column + 1 if mark else None
        ) from None
    if node is not None:
        _check(node, (), [0])
    return node


def _mark(error: yaml.YAMLError) -> yaml.Mark | None:
    """Place of an error; of a text that does not end, its beginning."""
    unclosed = getattr(error, "context", None) == "while scanning a quoted scalar"
    mark: yaml.Mark | None = getattr(error, "context_mark" if unclosed else "problem_mark", None)
    return mark


def _problem(error: yaml.YAMLError) -> str:
    """Error in one line, in plain words."""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error)
    return next((words for start, words in PLAIN_WORDS.items() if problem.startswith(start)), problem)


def _place(part: Any) -> tuple[int, int]:
    """Line and column of an event or node, from 1."""
    return int(part.start_mark.line) + 1, int(part.start_mark.column) + 1


def _check_limits(nodes: int, levels: int, line: int, column: int) -> None:
    if nodes > MOST_NODES or levels > MOST_LEVELS:
        raise YamlError(
            f"not valid here: more than {MOST_NODES} entries, or {MOST_LEVELS} levels", line, column
        )


def _check_text(text: str, line: int, column: int) -> None:
    """Refuse long texts, and characters that write over the terminal or cannot be written at all."""
    if len(text) > LONGEST:
        raise YamlError(f"not valid here: a text of {len(text)} characters; at most {LONGEST}", line, column)
    if control := CONTROL.search(text):
        raise YamlError(f"not valid here: a text with the control character {control[0]!r}", line, column)


def _check(node: yaml.Node, inside: tuple[int, ...], count: list[int]) -> None:
    """Refuse cycles, documents that aliases blow up, other tags, keys that are no words or stand twice."""
    count[0] += 1
    if id(node) in inside:
        raise YamlError("not valid here: an anchor contains itself", *_place(node))
    _check_limits(count[0], len(inside), *_place(node))
    _check_tag(node)
    children = node.value if isinstance(node, yaml.SequenceNode) else ()
    if isinstance(node, yaml.MappingNode):
        _check_keys(node)
        children = [part for pair in node.value for part in pair]
    for child in children:
        _check(child, (*inside, id(node)), count)


def _check_tag(node: yaml.Node) -> None:
    """Refuse a tag that is none of plain values, or does not fit what it stands before."""
    if isinstance(node, yaml.ScalarNode):
        plain = RESOLVER.resolve(yaml.ScalarNode, node.value, (True, False)).removeprefix(TAG)
        fits = {plain, "str"} | ({"float"} if plain == "int" else set())
    else:
        fits = {"seq" if isinstance(node, yaml.SequenceNode) else "map"}
    tag = node.tag.removeprefix(TAG)
    if node.tag not in PLAIN or tag not in fits:
        shown = f"!!{tag}" if node.tag.startswith(TAG) else tag
        raise YamlError(
            f"not valid here: the tag {shown}; write plain texts, numbers, lists and mappings", *_place(node)
        )


def _check_keys(node: yaml.MappingNode) -> None:
    seen = set()
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise YamlError("not valid here: a key must be one word", *_place(key))
        if key.value in seen:
            raise YamlError(f"{key.value!r} appears twice", *_place(key))
        seen.add(key.value)


def construct(node: yaml.Node | None) -> Any:
    """Convert checked nodes to values."""
    if node is None:
        return None
    try:
        return _Loader("").construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise YamlError(f"not valid YAML: {_problem(error)}", mark.line + 1 if mark else None) from None
