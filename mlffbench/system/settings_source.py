"""Settings that a pydantic model validates; errors name the place and the nearest valid word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.system.parameter_values import WrongValueError, check_values, required
from mlffbench.system.plain_text import shortened

__all__ = ["SettingsSource"]

LONGEST = 2000  # characters of a message
MOST_MESSAGES = 20

Model = TypeVar("Model", bound=BaseModel)


class SettingsSource:
    """Settings as plain values; a place in them is a path of keys and positions.

    Parameters
    ----------
    content : mapping
    error : type of ValueError
        Class of the exceptions raised.
    """

    def __init__(self, content: Any, error: type[ValueError]) -> None:
        self.content, self.error = content, error

    def has(self, path: tuple[Any, ...]) -> bool:
        """True for a path at which something stands."""
        inside = self.content
        for word in path:
            try:
                inside = inside[word]
            except (LookupError, TypeError):
                return False
        return True

    def place(self, path: tuple[Any, ...]) -> str:
        """A place in words: ``estimators[1].morse.cutoff``."""
        words = "".join(f"[{word}]" if isinstance(word, int) else f".{word}" for word in path)
        return words.lstrip(".") or "suite"

    def validated(self, model: type[Model], what: str) -> Model:
        """Validate the content as `model`; `what` describes such a file in the error message.

        Raises
        ------
        error
            An unknown or missing key, or a value of the wrong kind.
        """
        if not isinstance(self.content, Mapping):
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
        """Prefix the message with its place, of the bad keyword where it is known."""
        path, message = tuple(where), shortened(message, LONGEST)
        if spec is not None:
            bad = [k for k in spec.params if k == parameter or f"no parameter {k!r}" in message]
            for longer in ((*path, spec.name, *bad), (*path, *bad)):
                if bad and self.has(longer):
                    return f"{self.place(longer)}: {message}"
        while path and not self.has(path):
            path = path[:-1]
        return f"{self.place(path)}: {message}"


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
