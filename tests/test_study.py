"""The page of the study says what its results say."""

from __future__ import annotations

from pathlib import Path

from example_scripts import script

ROOT = Path(__file__).parents[1]


def study():
    return script(ROOT / "benchmarks" / "study.py")


def test_the_tables_are_those_of_the_results():
    module = study()
    page = module.PAGE.read_text(encoding="utf-8")
    assert page == module.with_tables(page), "python benchmarks/study.py --write makes them again"
    assert page.count("<!-- end -->") == 4


def test_numbers_have_three_digits():
    assert [study()._three(v) for v in (5e-12, 0.0123, 9.418, 65.0, 99.96, 705.2)] == [
        "0", "0.0123", "9.42", "65.0", "100.0", "705",
    ]  # fmt: skip
