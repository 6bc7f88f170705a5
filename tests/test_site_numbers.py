"""Numbers with units in docs and README: shown by committed results, or settings with a reason.

A number stands in a section that names its folder (``results/NAME``) and is there, to the digits that it has,
with its unit; or it stands in `documented_numbers.yaml` with the reason why no result shows it. Tables whose
units stand in their heads are compared cell by cell in `test_readme.py`, `test_docs.py` and others.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml
from example_documentation import DOCS, MARKDOWN, ROOT, SCRIPTS, prose, script_code, script_texts

PAGES = [file for file in (*MARKDOWN, ROOT / "README.md") if file.name != "quantities.md"]  # that one is made
SETTINGS = yaml.safe_load(Path(__file__).with_name("documented_numbers.yaml").read_text(encoding="utf-8"))
UNIT = (
    r"(?:×|meV/atom|meV/Å|meV|eV/atom|eV/Å³?|eV|GPa|THz|µs/atom|µs|ms|s\b|minutes?\b|min\b|hours?\b|MB|GB|kB|%|"
    r"1/cm|J/m²|fs|ps|Å\b)"
)
NUMBER = re.compile(rf"(?<![\w.,/\-^])([−-]?\d[\d,]*(?:\.\d+)?(?:e-?\d+)?)\s?({UNIT})")
LITERAL = re.compile(r"(?<![\w.])\d[\d_]*(?:\.\d+)?(?:e[-+]?\d+)?")  # in code
SCALES = {"meV": ("eV", 1e3), "meV/atom": ("eV/atom", 1e3), "meV/Å": ("eV/Å", 1e3)}


def sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Prose of a page by section, with the results folders that the section names."""
    for part in re.split(r"^(?=#+ )", text, flags=re.M):
        yield prose(part), re.findall(r"results/(\w+)", part)


def unshown(text: str, settings: set[str]) -> list[str]:
    """Numbers of a page that neither a result nor a setting shows."""
    return [
        f"{number} {unit}"
        for part, folders in sections(text)
        for number, unit in NUMBER.findall(part)
        if f"{number} {unit}" not in settings and not any(shows(f, number, unit) for f in folders)
    ]


def shows(folder: str, number: str, unit: str) -> bool:
    """True if a results folder holds a number of this unit that rounds to the one written."""
    return any(_rounds(value, number) for value in evidence(folder).get(unit, ()))


def _rounds(value: float, number: str) -> bool:
    written, step = _value(number)
    return abs(value - written) <= 0.501 * step


def _value(number: str) -> tuple[float, float]:
    """A number as it is written, and the step of its last digit."""
    text = number.replace("−", "-").replace(",", "").replace("_", "")
    mantissa, _, exponent = text.partition("e")
    return float(text), 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))


@cache
def evidence(folder: str) -> dict[str, tuple[float, ...]]:
    """Numbers of a results folder by unit."""
    place = ROOT / "results" / folder
    found: dict[str, list[float]] = {}
    for unit, value in (*_tables(place), *_texts(place), *_other(place)):
        found.setdefault(unit, []).append(value)
    return {unit: tuple(set(values)) for unit, values in found.items()}


def _tables(place: Path) -> Iterator[tuple[str, float]]:
    """Numbers of a leaderboard and of scores, also in meV."""
    for file in place.glob("leaderboard.csv"):
        for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
            for column, text in row.items():
                if (unit := re.search(r"\(([^)]+)\)", column)) and text:
                    yield unit[1], float(text)
    for file in place.glob("scores.csv"):
        for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines()):
            for text in filter(None, (row["value"], row["predicted"], row["reference"])):
                yield row["unit"], float(text)
                yield from ((u, f * float(text)) for u, (unit, f) in SCALES.items() if unit == row["unit"])


def _texts(place: Path) -> Iterator[tuple[str, float]]:
    """Numbers in the words of a leaderboard."""
    for file in place.glob("leaderboard.md"):
        for number, unit in NUMBER.findall(prose(file.read_text(encoding="utf-8"))):
            yield unit, float(number.replace("−", "-").replace(",", ""))


def _other(place: Path) -> Iterator[tuple[str, float]]:
    """Numbers of measurements that are no cases, which stand there without their unit in one form."""
    for file in place.glob("*.json"):
        content = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(content, dict) and "case" not in content:
            for value in _leaves(content):
                for unit, scale in (
                    ("×", 1),
                    ("s", 1),
                    ("ms", 1e3),
                    ("µs/atom", 1),
                    ("meV/Å", 1),
                    ("%", 100),
                ):
                    yield unit, scale * value
                yield "×", 1 / value if value else 0.0
            for claim in content.get("claims", ()):
                yield {"x": "×"}.get(claim["unit"], claim["unit"]), claim["measured"]


def _leaves(content: object) -> Iterator[float]:
    if isinstance(content, dict | list):
        for value in content.values() if isinstance(content, dict) else content:
            yield from _leaves(value)
    elif isinstance(content, int | float) and not isinstance(content, bool):
        yield float(content)


def settings_of(page: str) -> set[str]:
    return {number for numbers in SETTINGS.get(page, {}).values() for number in numbers}


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_numbers_are_measured_or_settings(file):
    assert not unshown(file.read_text(encoding="utf-8"), settings_of(file.name))


@pytest.mark.parametrize("page", sorted(SETTINGS))
def test_no_setting_is_listed_that_the_page_lacks(page):
    files = {file.name: file for file in PAGES} | {f.relative_to(DOCS).as_posix(): f for f in SCRIPTS}
    text = files[page].read_text(encoding="utf-8")
    text = script_texts(files[page]) if page.endswith(".py") else prose(text)
    said = {f"{number} {unit}" for number, unit in NUMBER.findall(text)}
    assert settings_of(page) <= said, settings_of(page) - said


@pytest.mark.parametrize("file", SCRIPTS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_numbers_in_the_text_of_a_script_stand_in_its_code(file):
    """Or in a results folder that the page names."""
    text, code = script_texts(file), script_code(file)
    page = file.relative_to(DOCS).as_posix()
    assert not unused(text, code, re.findall(r"results/(\w+)", f"{text}\n{code}"), settings_of(page))


def unused(text: str, code: str, folders: list[str], settings: set[str]) -> list[str]:
    """Numbers with units of a script's text that neither its code, nor a result, nor a setting has."""
    text = re.sub(r"``[^`]+``|:\w+(?::\w+)?:`[^`]+`", "", text)
    literals = [_value(word)[0] for word in LITERAL.findall(code)]
    return [
        f"{number} {unit}"
        for number, unit in NUMBER.findall(text)
        if f"{number} {unit}" not in settings
        and not any(_rounds(value * scale, number) for value in literals for scale in (1, 1e3, 1e-3, 100))
        and not any(shows(folder, number, unit) for folder in folders)
    ]


def test_an_invented_number_of_a_script_is_found():
    assert unused("at 0.5 fs, 300 meV, 7 eV", "step, barrier = 0.5, 0.3", [], set()) == ["7 eV"]


def test_an_invented_number_is_found():
    """The check can fail: of the neighbours of a measured number, and without a folder."""
    ours = "## Ours\n\nSee `results/quickstart`: soap_gpr has 9.3 meV/Å, and 9.4 meV/Å; 3.33 ×.\n\n"
    text = f"{ours}## Next\n\n9.3 meV/Å"
    assert unshown(text, set()) == ["9.4 meV/Å", "3.33 ×", "9.3 meV/Å"]
    assert unshown(text, {"9.4 meV/Å", "3.33 ×"}) == ["9.3 meV/Å"]
