"""YAML files validated by a pydantic model; errors name file, line and the nearest valid word."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.system.parameter_values import WrongValueError, check_values, required
from mlffbench.system.text_file import read_text
from mlffbench.system.yaml_text import YamlError, compose, construct

__all__ = ["YamlFile"]

MOST_BYTES = 1_000_000
LONGEST = 2000  # characters of a message
MOST_MESSAGES = 20

Model = TypeVar("Model", bound=BaseModel)


class YamlFile:
    """Content of a YAML file, and the line number of each entry.

    Parameters
    ----------
    file : Path
    error : type of ValueError
        Class of the exceptions raised.

    Raises
    ------
    error
        It cannot be read, is larger than a megabyte, or not YAML of plain values in UTF-8.
    """

    def __init__(self, file: Path, error: type[ValueError]) -> None:
        self.file, self.error = Path(file), error
        self.lines: dict[tuple[Any, ...], int] = {}
        try:
            node = compose(read_text(self.file, MOST_BYTES))
            self.content = construct(node)
        except OSError as failure:
            raise error(f"{file}: {failure.strerror or failure}") from failure
        except YamlError as failure:
            where = f"{file}:{failure.line}" if failure.line else str(file)
            raise error(f"{where}: {_cut(str(failure))}") from failure
        except ValueError as failure:
            raise error(str(failure)) from failure
        if node is not None:
            self._walk(node, ())

    def _walk(self, node: yaml.Node, where: tuple[Any, ...]) -> None:
        self.lines.setdefault(where, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inside = (*where, key.value)
                self.lines[inside] = key.start_mark.line + 1
                self._walk(value, inside)
        elif isinstance(node, yaml.SequenceNode):
            for i, value in enumerate(node.value):
                self._walk(value, (*where, i))

    def validated(self, model: type[Model], what: str) -> Model:
        """Validate the content as `model`; `what` describes such a file in the error message.

        Raises
        ------
        error
            An unknown or missing key, or a value of the wrong kind.
        """
        if not isinstance(self.content, dict):
            raise self.error(self.say((), what))
        try:
            return model.model_validate(self.content)
        except ValidationError as failure:
            messages = [self.say(e["loc"], _sentence(e, model)) for e in failure.errors()[:MOST_MESSAGES]]
            more = failure.error_count() - len(messages)
            raise self.error("\n".join([*messages, *([f"and {more} more"] if more else [])])) from None

    def check(self, where: Iterable[Any], kind: str, spec: Spec, skip: Iterable[str] = ()) -> None:
        """Refuse a spec whose name or keywords the registry does not know, or with a value of another type.

        Raises
        ------
        error
            An unknown name or keyword, a text where a number belongs, or a keyword that is missing.
        """
        try:
            registry.build(kind, spec.name, spec.params, skip)
            check_values(kind, spec, skip)
        except LookupError as failure:
            parameter = failure.parameter if isinstance(failure, WrongValueError) else None
            raise self.error(self.say(where, str(failure.args[0]), spec, parameter)) from failure
        missing = [] if kind == "metrics" or ":" in spec.name else required(kind, spec, skip)
        if missing:
            raise self.error(self.say(where, f"{kind.removesuffix('s')} {spec.name!r} needs {missing}"))

    def say(
        self, where: Iterable[Any], message: str, spec: Spec | None = None, parameter: str | None = None
    ) -> str:
        """Prefix the message with file and line, of the bad keyword where it is known."""
        path, message = tuple(where), _cut(message)
        if spec is not None:
            bad = [k for k in spec.params if k == parameter or f"no parameter {k!r}" in message]
            for longer in ((*path, spec.name, *bad), (*path, *bad)):
                if bad and longer in self.lines:
                    return f"{self.file}:{self.lines[longer]}: {message}"
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.file}:{self.lines.get(path, 1)}: {message}"


def _cut(message: str) -> str:
    """Message without the middle of a very long one: a file may have named something with a whole book."""
    if len(message) <= LONGEST:
        return message
    return f"{message[: LONGEST // 2]} ... {message[-LONGEST // 2 :]}"


def _sentence(error: Any, model: type[BaseModel]) -> str:
    """Rewrite a pydantic error in terms of the file."""
    *path, word = [step for step in error["loc"] if step != "[key]"]
    if error["type"] == "extra_forbidden":
        return f"unknown key {word!r}{registry.suggest(str(word), _model_at(model, path).model_fields)}"
    if error["type"] == "missing":
        return f"{word!r} is missing"
    return f"{word}: {error['msg'].removeprefix('Value error, ')}"


def _model_at(model: type[BaseModel], path: Iterable[Any]) -> type[BaseModel]:
    """The pydantic model at a path of keys and positions."""
    for word in path:
        if word in model.model_fields:
            model = _inner(model.model_fields[word].annotation) or model
    return model


def _inner(annotation: Any) -> type[BaseModel] | None:
    """The pydantic model inside ``list[Model]``, ``dict[str, list[Model]]``, ``Model | None`` ..."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _inner(part))), None)
