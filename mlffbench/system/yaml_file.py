"""YAML files validated by a pydantic model; errors name file, line, column and the nearest valid word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from mlffbench.system.plain_text import shortened
from mlffbench.system.settings_source import LONGEST, SettingsSource
from mlffbench.system.text_file import read_text
from mlffbench.system.yaml_text import YamlError, compose, construct

__all__ = ["YamlFile"]

MOST_BYTES = 1_000_000
SHOWN = 120  # characters of a line


class YamlFile(SettingsSource):
    """Content of a YAML file, and the line and column of each entry.

    Parameters
    ----------
    file : Path
    error : type of ValueError
        Class of the exceptions raised.
    text : str, optional
        The content, where it was read from elsewhere; `file` then only names it.

    Raises
    ------
    error
        It cannot be read, is larger than a megabyte, or not YAML of plain values in UTF-8.
    """

    def __init__(self, file: Path, error: type[ValueError], text: str | None = None) -> None:
        self.file = Path(file)
        self.marks: dict[tuple[Any, ...], tuple[int, int]] = {}
        try:
            text = read_text(self.file, MOST_BYTES) if text is None else text
            node = compose(text)
            super().__init__(construct(node), error)
        except OSError as failure:
            raise error(f"{file}: {failure.strerror or failure}") from failure
        except YamlError as failure:
            raise error(_in_its_line(file, text or "", failure)) from failure
        except ValueError as failure:
            raise error(str(failure)) from failure
        if node is not None:
            self._walk(node, ())

    def has(self, path: tuple[Any, ...]) -> bool:
        """True for a path at which something stands."""
        return path in self.marks

    def place(self, path: tuple[Any, ...]) -> str:
        """A place as editors read it: ``suite.yaml:12:7``."""
        line, column = self.marks.get(path, (1, 1))
        return f"{self.file}:{line}:{column}"

    def order(self, path: tuple[Any, ...]) -> tuple[int, ...]:
        """Key by which mistakes are sorted: line and column."""
        return self.marks.get(path, (1, 1))

    def _walk(self, node: yaml.Node, where: tuple[Any, ...]) -> None:
        self.marks.setdefault(where, _mark(node))
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                inside = (*where, _word(key))
                self.marks[inside] = _mark(key)
                self._walk(value, inside)
        elif isinstance(node, yaml.SequenceNode):
            for i, value in enumerate(node.value):
                self._walk(value, (*where, i))


def _in_its_line(file: Path, text: str, failure: YamlError) -> str:
    """The failure behind its place, above the line of the file with a mark where it is."""
    message, lines = shortened(str(failure), LONGEST), text.splitlines()
    if failure.line is None:
        return f"{file}: {message}"
    if failure.column is None or failure.line > len(lines):
        return f"{file}:{failure.line}: {message}"
    line = lines[failure.line - 1].expandtabs(1)
    shown = f"\n  {line}\n  {' ' * (failure.column - 1)}^" if len(line) <= SHOWN else ""
    return f"{file}:{failure.line}:{failure.column}: {message}{shown}"


def _word(key: yaml.Node) -> Any:
    """Value of a key; texts as they stand."""
    return key.value if key.tag.endswith(":str") else construct(key)


def _mark(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1
