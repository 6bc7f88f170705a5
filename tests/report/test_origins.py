"""Levels of theory, conservation and training data of potentials that come from elsewhere."""

from __future__ import annotations

import pytest
from example_documents import outcome

from mlffbench.report.formats import csv_file, html, markdown
from mlffbench.report.grouping import group_documents
from mlffbench.report.results import Results

MP = {"functional": "PBE", "level": "PBE and PBE+U, VASP", "data": "MPtrj"}


def universal(label="mp", level="PBE/def2-SVP", origin=MP, error=0.001, share=0.001):
    document = outcome(label)
    conservation = {"error": error, "relative_error": share}
    document["model"] = {**document["model"], "fitted_here": False}
    document["model"] |= {"origin": origin, "conservation": conservation}
    document["dataset"] = {**document["dataset"], "card": {"level": level}}
    return document


def said(*documents):
    (problem,) = group_documents(documents)
    return " ".join(problem.doubts)


@pytest.mark.parametrize("level", ["PBE/def2-SVP", "PBE, VASP PAW", "pbe"])
def test_the_same_functional_with_other_settings_is_said_and_not_marked(level):
    document = universal(level=level)
    text = said(document, outcome("soap"))
    assert (
        f"mp: trained on labels of PBE and PBE+U, VASP; the labels here are {level}: errors of energies"
        in text
    )
    assert "another functional" not in text
    table = markdown.render(Results.from_documents([document, outcome("soap")]), "suite")
    assert "mp (not fitted here) |" in table


@pytest.mark.parametrize(
    "level", ["PBE-D3/def2-SVP (UHF), ORCA 5.0", "ωB97X/6-31G(d), ORCA", "PBE0/def2-SVP"]
)
def test_another_functional_is_a_mark_in_every_format(level):
    results = Results.from_documents([universal(level=level), outcome("soap")])
    mark = "mp (not fitted here, another functional)"
    assert mark in markdown.render(results, "suite")
    assert mark in html.render(results, lambda _: None, "suite")
    notes = csv_file.wide_frame(results).set_index("method")["note"]
    assert set(notes["mp"] if hasattr(notes["mp"], "tolist") else [notes["mp"]]) == {
        "not fitted here, another functional"
    }
    assert set(notes[["soap"]]) == {""}
    assert "another functional, so that the errors of forces hold" in said(universal(level=level))


@pytest.mark.parametrize("level", ["unknown", "analytic: Lennard-Jones", None])
def test_of_data_without_a_functional_none_is_claimed(level):
    document = universal(level=level)
    assert "another functional" not in said(document)
    assert ("here are unknown" if level is None else f"here are {level}") in said(document)


def test_without_facts_of_the_origin_nothing_is_said_of_levels():
    assert "trained on labels" not in said(universal(origin=None))


def test_forces_that_are_no_gradient_are_marked_with_the_number():
    results = Results.from_documents([universal("orb", error=0.49, share=0.31), universal("mp")])
    table = markdown.render(results, "suite")
    assert "orb (not fitted here, not conservative)" in table
    assert "mp (not fitted here) |" in table
    text = said(universal("orb", error=0.49, share=0.31))
    assert "orb: its forces are not minus the gradient of its energy" in text
    assert "differ by 0.49 eV/Å, 31% of the force" in text


@pytest.mark.parametrize(("error", "share"), [(0.01, 0.3), (0.3, 0.01), (None, None), ("much", {})])
def test_rounding_and_nonsense_are_no_doubt(error, share):
    assert "gradient" not in said(universal(error=error, share=share))


def test_older_documents_without_these_facts_are_read():
    document = outcome("mp")
    document["model"] = {**document["model"], "fitted_here": False}
    assert "mp (not fitted here)" in markdown.render(Results.from_documents([document]), "suite")
