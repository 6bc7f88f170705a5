"""A YAML file checked against a pydantic model: complaints name file, line and the nearest valid word."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from mlffbench import registry
from mlffbench.data import Spec

__all__ = ["YamlFile"]

Model = TypeVar("Model", bound=BaseModel)


class YamlFile:
    """A file's content, and where each of its entries stands.

    Parameters
    ----------
    file : Path
    error : type of ValueError
        What is raised for whatever is wrong with it.

    Raises
    ------
    error
        It cannot be read, is not YAML, is not a mapping, or says a thing twice.
    """

    def __init__(self, file: Path, error: type[ValueError]) -> None:
        self.file, self.error = Path(file), error
        self.lines: dict[tuple[Any, ...], int] = {}
        try:
            text = self.file.read_text(encoding="utf-8")
        except OSError as trouble:
            raise error(f"{file}: {trouble.strerror or trouble}") from trouble
        try:
            self.content = yaml.safe_load(text)
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as trouble:
            mark = getattr(trouble, "problem_mark", None)
            where = f"{file}:{mark.line + 1}" if mark else str(file)
            raise error(f"{where}: not valid YAML: {getattr(trouble, 'problem', trouble)}") from trouble
        if node is not None:
            self._walk(node, ())

    def _walk(self, node: yaml.Node, where: tuple[Any, ...]) -> None:
        self.lines.setdefault(where, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inside = (*where, key.value)
                if inside in self.lines:
                    raise self.error(f"{self.file}:{key.start_mark.line + 1}: {key.value!r} appears twice")
                self.lines[inside] = key.start_mark.line + 1
                self._walk(value, inside)
        elif isinstance(node, yaml.SequenceNode):
            for i, value in enumerate(node.value):
                self._walk(value, (*where, i))

    def validated(self, model: type[Model], what: str) -> Model:
        """The content as `model`; `what` says what such a file is.

        Raises
        ------
        error
            An unknown or missing key, or a value of the wrong kind.
        """
        if not isinstance(self.content, dict):
            raise self.error(f"{self.file}: {what}")
        try:
            return model.model_validate(self.content)
        except ValidationError as trouble:
            complaints = [self.say(e["loc"], _sentence(e, model)) for e in trouble.errors()]
            raise self.error("\n".join(complaints)) from None

    def check(self, where: Iterable[Any], kind: str, spec: Spec, skip: Iterable[str] = ()) -> None:
        """The name and every keyword of a spec must be known to the registry.

        Raises
        ------
        error
            They are not.
        """
        try:
            registry.build(kind, spec.name, spec.params, skip)
        except LookupError as trouble:
            raise self.error(self.say(where, str(trouble.args[0]), spec)) from trouble

    def say(self, where: Iterable[Any], message: str, spec: Spec | None = None) -> str:
        """The message with file and line, of the bad keyword where the message quotes one."""
        place = tuple(where)
        if spec is not None:
            bad = [k for k in spec.params if f"no parameter {k!r}" in message]
            for longer in ((*place, spec.name, *bad), (*place, *bad)):
                if bad and longer in self.lines:
                    return f"{self.file}:{self.lines[longer]}: {message}"
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.file}:{self.lines.get(place, 1)}: {message}"


def _sentence(error: Any, model: type[BaseModel]) -> str:
    """pydantic's complaint in the words of the file."""
    *path, word = error["loc"]
    if error["type"] == "extra_forbidden":
        return f"unknown key {word!r}{registry.suggest(str(word), _model_at(model, path).model_fields)}"
    if error["type"] == "missing":
        return f"{word!r} is missing"
    return f"{word}: {error['msg'].removeprefix('Value error, ')}"


def _model_at(model: type[BaseModel], path: Iterable[Any]) -> type[BaseModel]:
    """The model that a path of keys and positions leads to."""
    for word in path:
        if word in model.model_fields:
            model = _inner(model.model_fields[word].annotation) or model
    return model


def _inner(annotation: Any) -> type[BaseModel] | None:
    """The model inside ``list[Model]``, ``dict[str, list[Model]]``, ``Model | None`` ..."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner(part))), None)
