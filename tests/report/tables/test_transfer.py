"""Errors by test group, with those on the training part before them."""

from __future__ import annotations

from example_documents import outcome, trained

from mlffbench.report.results import Results
from mlffbench.report.tables.sections import sections


def tables(*documents):
    (section,) = sections(Results.from_documents(documents))
    return section.blocks["transfer"]


def test_the_training_part_comes_before_the_groups():
    forces, energies = tables(trained(outcome("net"), 0.005, 0.018), outcome("old"))
    assert [c.name for c in forces.columns] == [
        "method", "training part", "validation part", "test_300K", "test_1200K", "proton_transfer"
    ]  # fmt: skip
    texts = {row.cells[0].text: [cell.text for cell in row.cells[1:4]] for row in forces.rows}
    assert texts == {
        "net": ["5.00 ±0.50", "18.0 ±1.8", "20.0 ±2.0"], "old": ["–", "–", "20.0 ±2.0"]
    }  # fmt: skip
    assert "training part" not in [c.name for c in energies.columns], "nobody has any of the energy"


def test_older_results_have_test_groups_alone():
    assert [c.name for c in tables(outcome("old"))[0].columns][1] == "test_300K"


def test_errors_and_ratios_have_intervals_or_a_reason():
    document = outcome("soap", 0.02)
    document["clusters"] = {"proton_transfer": {"reason": "points along a path are no sample"}}
    forces, energies = tables(document)
    cells = {c.name: cell.text for c, cell in zip(forces.columns, forces.rows[0].cells, strict=True)}
    # two independent errors of ±10 %: r exp(± 1.96 √(2 · 0.051²)) = r · 1.152±1
    assert cells["test_1200K"] == "60.0 ±6.0 (3.00× [2.60, 3.46])"
    assert "with its interval. ± or [ ]: 95 % intervals." in forces.caption
    assert "Without an interval" not in forces.caption
    assert energies.caption.endswith(
        "Without an interval: proton_transfer: points along a path are no sample."
    )
