"""The leaderboard's columns: errors in training beside those of the test, labels that were ignored."""

from __future__ import annotations

import re

from example_documents import failed, outcome, trained

from mlffbench.report.formats import html, markdown, terminal
from mlffbench.report.formats.csv_file import wide_frame
from mlffbench.report.results import Results
from mlffbench.report.tables.leaderboard import leaderboard_tables
from mlffbench.report.tables.sections import sections


def board(*documents):
    (section,) = sections(Results.from_documents(documents))
    (table,) = section.blocks["leaderboard"]
    names = [column.name for column in table.columns]
    return names, {
        row.cells[1].text: dict(zip(names, (c.text for c in row.cells), strict=True)) for row in table.rows
    }


def test_errors_in_training_stand_beside_those_of_the_test():
    fits = [trained(outcome("net", 0.02), 0.005, 0.018), trained(outcome("kernel", 0.03), 0.001)]
    names, rows = board(*fits, outcome("old", 0.04), failed("gap"))
    assert names[2:6] == ["F RMSE", "F train", "F validation", "E RMSE"]
    assert [rows["net"][name] for name in names[3:5]] == ["5.00 ±0.50", "18.0 ±1.8"]
    assert [rows["kernel"][name] for name in names[3:5]] == ["1.00 ±0.10", "–"], "it holds nothing out"
    assert [rows["old"][name] for name in names[3:5]] == ["–", "–"]


def test_the_mean_over_seeds_is_that_of_all_seeds():
    _, rows = board(*(trained(outcome("net", seed=s), 0.001 * (s + 1)) for s in (0, 1, 2)))
    assert rows["net"]["F train"] == "2.0 [0, 4.5]"  # t(2) = 4.303, s/√3 = 0.577


def test_labels_that_were_given_and_ignored_are_a_column():
    fits = [trained(outcome("mace")), trained(outcome("sgdml"), ignored=("energy", "charges"))]
    names, rows = board(*fits, outcome("old"))
    assert names[-1] == "ignored"
    assert {label: row["ignored"] for label, row in rows.items()} == {
        "mace": "none", "sgdml": "energy, charges", "old": "–"
    }  # fmt: skip


def test_older_results_have_none_of_these_columns():
    names, _ = board(outcome("a"), outcome("b"))
    assert not {"F train", "F validation", "ignored"} & set(names)


def test_every_format_shows_them(tmp_path):
    results = Results.from_documents([trained(outcome("net"), 0.0123, 0.0145, ("stress",)), outcome("old")])
    for text in (markdown.render(results, "suite"), html.render(results, lambda _: None, "suite")):
        assert {"12.3", "14.5"} <= set(re.findall(r"\d+\.\d+", text))
        assert re.search(r"F train.*F validation.*ignored.*stress", text, re.DOTALL)
    from rich.console import Console

    console = Console(width=200, record=True, file=(tmp_path / "out").open("w"))
    console.print(terminal.render(results, 200))
    console.file.close()
    assert re.search(r"F train.*ignored.*12\.3.*stress", console.export_text(), re.DOTALL)
    rows = wide_frame(results).set_index(["method", "test"])
    assert rows["force RMSE (meV/Å)"]["net"]["training part"] == 12.3
    assert rows["force RMSE (meV/Å)"]["net"]["validation part"] == 14.5
    assert rows["frames"]["net"]["training part"] == 100
    assert rows["ignored labels"]["net"].tolist() == ["stress"] * len(rows.loc["net"])
    assert "training part" not in rows.loc["old"].index


def test_a_test_group_named_train_stays_itself():
    document = trained(outcome("net"), 0.001)
    tests = {"train": 30, **document["split"]["tests"]}
    document["split"] = {**document["split"], "tests": tests, "in_domain": "train"}
    document["scores"].append({**document["scores"][0], "test": "train", "value": 0.07})
    _, rows = board(document)
    assert (rows["net"]["F RMSE"][:2], rows["net"]["F train"]) == ("70", "1.00 ±0.10")
    frame = wide_frame(Results.from_documents([document])).set_index("test")["force RMSE (meV/Å)"]
    assert (frame["train"], frame["training part"]) == (70.0, 1.0)


def test_an_error_in_training_of_another_unit_is_set_aside():
    document = trained(outcome("net"), 0.001, unit="kcal/mol/Å")
    (section,) = sections(Results.from_documents([document]))
    assert "F train" not in [c.name for c in leaderboard_tables(section.problem, section.frames)[0].columns]
    assert any("kcal" in sentence for sentence in section.problem.doubts)
