"""Settings that a pydantic model validates; errors name the place and the nearest valid word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from mlffbench import registry
from mlffbench.data import Spec
from mlffbench.system.parameter_values import spec_faults
from mlffbench.system.plain_text import shortened

__all__ = ["LONGEST", "Mistake", "SettingsSource"]

LONGEST = 2000  # characters of a message
MOST_MESSAGES = 20
UNKNOWN = ("extra_forbidden", "unexpected_keyword_argument")
PLAIN_WORDS = {  # for pydantic's
    "too_short": "must have an entry",
    "invalid_key": "a key must be a text",
    "string_pattern_mismatch": "must be a word of letters, digits, '_', '.' and '-'",
}

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Mistake:
    """A sentence on what is wrong at a path of keys and positions."""

    path: tuple[Any, ...]
    sentence: str


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

    def order(self, path: tuple[Any, ...]) -> tuple[int, ...]:
        """Key by which mistakes are sorted; here they stay in the order they are found."""
        return ()

    def say(self, where: Iterable[Any], sentence: str) -> str:
        """The sentence behind its place, as near to it as something stands."""
        return f"{self.place(self.nearest(tuple(where)))}: {shortened(sentence, LONGEST)}"

    def nearest(self, path: tuple[Any, ...]) -> tuple[Any, ...]:
        """The longest beginning of a path at which something stands."""
        while path and not self.has(path):
            path = path[:-1]
        return path

    def refuse(self, mistakes: Iterable[Mistake]) -> None:
        """Raise if there are mistakes, with one line for each.

        Raises
        ------
        error
            There are some.
        """
        ordered = sorted(mistakes, key=lambda mistake: self.order(self.nearest(mistake.path)))
        lines = list(dict.fromkeys(self.say(mistake.path, mistake.sentence) for mistake in ordered))
        if lines:
            more = [f"and {len(lines) - MOST_MESSAGES} more"] if len(lines) > MOST_MESSAGES else []
            raise self.error("\n".join([*lines[:MOST_MESSAGES], *more]))

    def read_as(self, model: type[Model], what: str) -> tuple[Model | None, list[Mistake]]:
        """The content as `model`, None with the mistakes if it is no such; `what` describes such settings."""
        if not isinstance(self.content, Mapping):
            return None, [Mistake((), what)]
        try:
            return model.model_validate(self.content), []
        except ValidationError as failure:
            return None, [Mistake(e["loc"], _sentence(e, model)) for e in failure.errors()]

    def validated(self, model: type[Model], what: str) -> Model:
        """Validate the content as `model`; `what` describes such settings in the error message.

        Raises
        ------
        error
            An unknown or missing key, or a value of the wrong kind.
        """
        value, mistakes = self.read_as(model, what)
        self.refuse(mistakes)
        assert value is not None
        return value

    def mistakes(
        self, where: Iterable[Any], kind: str, spec: Spec, skip: Iterable[str] = ()
    ) -> list[Mistake]:
        """Mistakes in a spec: names and keywords the registry does not know, and values of another type."""
        try:
            faults = spec_faults(kind, spec, skip)
        except ImportError as failure:
            faults = [((), f"{kind.removesuffix('s')} {spec.name!r} cannot be imported: {failure}")]
        return [Mistake(self._inside(tuple(where), path), sentence) for path, sentence in faults]

    def _inside(self, where: tuple[Any, ...], path: tuple[Any, ...]) -> tuple[Any, ...]:
        """Place of a path in a spec; the keywords of ``{path: a.xyz, lazy: true}`` stand side by side."""
        flat = path[:1] == ("path",) and self.has((*where, *path[1:]))
        return (*where, *(path[1:] if flat else path))

    def check(self, where: Iterable[Any], kind: str, spec: Spec, skip: Iterable[str] = ()) -> None:
        """Refuse a spec with mistakes.

        Raises
        ------
        error
            There are some.
        """
        self.refuse(self.mistakes(where, kind, spec, skip))


def _sentence(error: Any, model: type[BaseModel]) -> str:
    """Rewrite a pydantic error in terms of the file."""
    *path, word = [step for step in error["loc"] if step != "[key]"]
    if error["type"] in UNKNOWN:
        return f"unknown key {word!r}{registry.suggest(str(word), _keys(_model_at(model, path)))}"
    if error["type"] == "missing":
        return f"{word!r} is missing"
    message = error["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
    message = PLAIN_WORDS.get(error["type"], message)
    if error["type"] == "model_type":
        keys = ", ".join(_keys(_model_at(model, [*path, word])))
        message = f"must be a mapping with {keys}" if keys else "must be a mapping"
    shown = f", not {error['input']!r:.80}" if message.startswith("must be") else ""
    if error["type"] == "list_type" and isinstance(error["input"], str | int | float):
        shown += f"; write [{error['input']!s:.80}]"
    return f"{_name(path, word)}: {message}{shown}"


def _keys(model: type[BaseModel]) -> Iterable[str]:
    """Keys as they are written in a file: those that the model names, else its fields."""
    return getattr(model, "keys", model.__pydantic_fields__)


def _name(path: list[Any], word: Any) -> str:
    """Name of an entry: the key, of a list with the number."""
    return f"{path[-1]}[{word}]" if isinstance(word, int) and path else str(word)


def _model_at(model: type[BaseModel], path: Iterable[Any]) -> type[BaseModel]:
    """The pydantic model at a path of keys and positions."""
    for word in path:
        if word in model.__pydantic_fields__:
            model = _inner(model.__pydantic_fields__[word].annotation) or model
    return model


def _inner(annotation: Any) -> type[BaseModel] | None:
    """The pydantic model inside ``list[Model]``, ``dict[str, list[Model]]``, ``Model | None`` ..."""
    if isinstance(annotation, type) and hasattr(annotation, "__pydantic_fields__"):
        return annotation
    return next((model for part in get_args(annotation) if (model := _inner(part))), None)
