"""Reports: ranks, ratios and means computed by hand, and pages that a browser opens."""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from example_documents import failed, outcome, predictions, score
from rich.console import Console

from mlffbench.report.dataframes import leaderboard
from mlffbench.report.dataframes.costs import costs
from mlffbench.report.dataframes.profiles import aligned, profile_errors
from mlffbench.report.dataframes.scores import aggregated
from mlffbench.report.formats import html, markdown, terminal
from mlffbench.report.formats.write import write
from mlffbench.report.results import in_reading_order, problems, series
from mlffbench.report.statistics import over_seeds, pareto_front, rank_ranges

HOSTILE = "<script>alert(1)</script>"
MALONALDEHYDE = "malonaldehyde · official(train='train_300K')"


def row(frame, method):
    """The one row of a method."""
    (found,) = frame[frame["method"] == method].to_dict("records")
    return found


@pytest.fixture
def documents():
    """Two methods that cannot be told apart, a worse one, a failure."""
    return [outcome("worse", 0.05), failed("gap"), outcome("close", 0.021), outcome("best", 0.020)]


def test_ranks_overlap():
    # 10–20 and 15–30 overlap; both lie below 40–50; 19–45 overlaps with all
    assert rank_ranges([10, 15, 40, 19], [20, 30, 50, 45]) == [(1, 3), (1, 3), (3, 4), (1, 4)]


def test_method_without_interval_has_no_certain_rank():
    assert rank_ranges([1, np.nan, 5], [2, np.nan, 6]) == [(1, 2), (1, 3), (2, 3)]


def test_pareto_front():
    assert pareto_front([1, 2, 2, 3, np.nan], [9, 5, 6, 5, 1]) == [True, True, False, False, False]


def test_two_seeds_t_interval():
    """Mean 2, s = √2, t(0.975, 1) = 12.706: 2 ± 12.706, cut at 0."""
    found = over_seeds([1.0, 3.0], [0.9, 2.9], [1.1, 3.1])
    assert found.value == 2
    assert (found.low, found.high) == (0, pytest.approx(2 + 12.7062, abs=1e-3))
    assert found.interval == "seeds"


def test_deterministic_method_keeps_the_uncertainty_of_its_test_frames():
    assert over_seeds([2.0, 2.0, 2.0], [1.8] * 3, [2.3] * 3) == pytest.approx((2.0, 1.8, 2.3, "test frames"))


def test_diverged_seed_is_not_averaged_away():
    found = over_seeds([1.0, float("inf")], [0.9, np.nan], [1.1, np.nan])
    assert found.value == np.inf
    assert found.interval == "none"


def test_leaderboard_by_hand(documents):
    board = leaderboard.leaderboard(documents)
    assert list(board["method"]) == ["best", "close", "worse", "gap"]
    assert list(board["best rank"][:3]) == [1, 1, 3]
    assert list(board["worst rank"][:3]) == [2, 2, 3]
    best = row(board, "best")
    assert best["force RMSE test_300K (meV/Å)"] == pytest.approx(20)
    assert best["force low test_300K (meV/Å)"] == pytest.approx(18)
    assert best["force ratio test_1200K"] == pytest.approx(3)
    assert best["energy ratio test_1200K"] == pytest.approx(4)
    assert np.isnan(best["force RMSE proton_transfer (meV/Å)"])
    assert best["ranked by"] == "force RMSE on test_300K"
    gap = row(board, "gap")
    assert (gap["status"], gap["failure kind"]) == ("failed", "out of memory")
    assert np.isnan(gap["rank"])
    assert np.isnan(gap["fit time (s)"])


def test_costs_by_hand(documents):
    best = row(costs(documents), "best")
    assert best["prepare time (µs/atom)"] == pytest.approx(20)  # 2 · 0.009 s over 900 atoms
    assert best["prediction time (µs/atom)"] == pytest.approx(100)
    assert best["peak memory (MB)"] == 800
    assert np.isnan(best["peak GPU memory (MB)"])


def test_seeds_are_averaged():
    found = [outcome("soap", f, seed=s) for s, f in enumerate((0.02, 0.03, 0.04))] + [failed("soap", seed=3)]
    soap = row(leaderboard.leaderboard(found), "soap")
    assert (soap["seeds"], soap["failed seeds"], soap["status"], soap["interval"]) == (3, 1, "ok", "seeds")
    assert soap["force RMSE test_300K (meV/Å)"] == pytest.approx(30)
    half = 4.30265 * 10 / np.sqrt(3)  # t(0.975, 2) · s / √n
    assert soap["force high test_300K (meV/Å)"] == pytest.approx(30 + half, abs=1e-3)
    assert soap["fit time (s)"] == pytest.approx(11)
    assert len(leaderboard.failures(found)) == 1


def test_newest_document_of_a_seed_counts():
    old, new = outcome("soap", 0.5), outcome("soap", 0.1)
    new["provenance"]["date"] = "2026-12-01T00:00:00+00:00"
    (problem,) = problems([new, old])
    assert "2 documents for 1 seed" in problem.doubts[0]
    assert (
        row(leaderboard.transfer([new, old]).query("test == 'test_300K'"), "soap")["force RMSE (meV/Å)"]
        == 100
    )


def test_one_label_with_two_parameter_sets_is_two_rows():
    found = [outcome("mace", 0.02, params={"channels": 64}), outcome("mace", 0.03)]
    assert set(leaderboard.leaderboard(found)["method"]) == {
        "mace (channels=64)",
        "mace (channels by default)",
    }


def test_other_frames_are_doubted():
    other = outcome("mace")
    other["split"] = {**other["split"], "digest": "another"}
    (problem,) = problems([outcome("soap"), other])
    assert "split differs" in problem.doubts[0]
    assert "split differs" in markdown.render([outcome("soap"), other], "suite")


def test_energies_rank_where_nobody_has_forces(documents):
    for document in documents:
        document["scores"] = [s for s in document["scores"] if s["quantity"] != "forces"]
    board = leaderboard.leaderboard(documents)
    assert set(board["ranked by"]) == {"energy RMSE on test_300K"}
    assert "F RMSE" not in markdown.render(documents, "suite")


def test_method_without_forces_is_not_ranked_among_forces(documents):
    documents[0]["scores"] = [s for s in documents[0]["scores"] if s["quantity"] != "forces"]
    assert list(leaderboard.leaderboard(documents)["method"]) == ["best", "close", "worse", "gap"]
    assert np.isnan(row(leaderboard.leaderboard(documents), "worse")["best rank"])


def test_no_in_domain_group_no_ratios(documents):
    for document in documents:
        if document["split"]:
            document["split"] = {**document["split"], "in_domain": None}
    assert leaderboard.transfer(documents)["force ratio"].isna().all()
    assert "×" not in markdown.render(documents, "suite").split("## How to read")[0]


def test_groups_in_reading_order():
    names = ["dihedral", "test_1200K", "test_600K", "test_300K"]
    assert series(names) == ["test_300K", "test_600K", "test_1200K"]
    assert in_reading_order(names, "test_600K") == ["test_600K", "test_300K", "test_1200K", "dihedral"]


def test_profiles_are_aligned_at_the_reference_minimum():
    curve = aligned(outcome("a")["profiles"]["proton_transfer"])
    np.testing.assert_allclose(curve.reference, [100, 300, 0], atol=1e-6)
    np.testing.assert_allclose(curve.predicted, [100, 400, 0], atol=1e-6)
    errors = row(profile_errors([outcome("a")]), "a")
    assert errors["highest point error (meV)"] == pytest.approx(100)
    assert errors["profile RMSE (meV)"] == pytest.approx(100 / np.sqrt(3))


def test_task_scores_keep_their_unit(documents):
    found = leaderboard.task_scores(documents)
    assert set(found["unit"]) == {"µs/atom"}
    assert set(found["value"]) == {70.0}
    assert "speed 8 copies" in markdown.render(documents, "suite")


def test_a_failed_task_is_shown_beside_a_case_that_went_well(documents):
    documents[0]["task_failures"] = [{"task": "speed(copies=[0])", "kind": "error", "message": "no copies"}]
    failed = leaderboard.failures(documents)
    row = failed[failed["method"] == f"{documents[0]['case']['label']}, speed(copies=[0])"].iloc[0]
    assert (row["kind"], row["message"]) == ("error", "no copies")
    assert "no copies" in markdown.render(documents, "demo")


def test_csv_holds_every_metric_with_its_unit(documents, tmp_path):
    documents[0]["scores"].append(score("test_300K", 0.03, metric="mae"))
    _, path, _ = write(documents, predictions, tmp_path, "suite")
    frame = pd.read_csv(path)
    assert frame["force MAE (meV/Å)"].dropna().tolist() == [30.0]
    assert {"force RMSE (meV/Å) low", "energy ratio", "fit time (s)", "failure kind"} <= set(frame.columns)
    assert set(frame["method"]) == {"best", "close", "worse", "gap"}
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_terminal_fits_80_columns(documents):
    documents.append(outcome("a_method_with_a_rather_long_name", 0.04))
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    with console.file:
        console.print(terminal.render(documents))
        text = console.export_text()
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text
    assert "gap, seed 0: out of memory. 17 GiB were asked for" in text


def test_everything_is_escaped(documents):
    documents += [outcome(HOSTILE), failed("bad", message=HOSTILE)]
    documents[0]["case"]["label"] = "a\"b'c</script>"
    page = html.render(documents, predictions, HOSTILE)
    assert HOSTILE not in page
    assert HOSTILE not in markdown.render(documents, HOSTILE)


def test_page_needs_no_network(documents):
    page = html.render(documents, predictions, "suite")
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)\s*=\s*[\"']?(https?:)?//", page)
    assert not re.search(r"@import|url\(\s*[\"']?http", page.split("<script>")[0])
    assert page.count('class="plot"') >= 8
    assert len(page) < 8e6


def test_missing_predictions_are_said(documents):
    assert "No stored predictions of bare" in html.render([*documents, outcome("bare")], predictions, "suite")


@pytest.mark.parametrize(
    "found", [[], [failed("gap"), failed("mace", "timed out")]], ids=["none", "all failed"]
)
def test_reports_of_nothing(found, tmp_path):
    paths = write(found, predictions, tmp_path, "suite")
    assert [p.name for p in paths] == ["leaderboard.md", "leaderboard.csv", "report.html"]
    said = "timed out" if found else "No case has been run yet"
    assert said in paths[0].read_text()
    assert said in paths[2].read_text()
    assert "None" not in paths[0].read_text()
    Console(width=80, quiet=True).print(terminal.render(found))


def test_no_number_breaks_a_report(tmp_path):
    found = [
        outcome("nan", float("nan")),
        outcome("inf", float("inf")),
        outcome("zero", 0.0),
        outcome("none"),
    ]
    found[3]["scores"] = [{**s, "value": None} for s in found[3]["scores"]]
    found[3]["timings"] = {"fit": None, "predict": {}}
    broken = found[2]["profiles"]["proton_transfer"]
    broken["energy_predicted"] = [None, float("nan"), float("inf")]
    write(found, lambda _: None, tmp_path, "suite")
    Console(width=80, quiet=True).print(terminal.render(found))
    assert leaderboard.leaderboard(found)["method"].iloc[0] == "zero"


def test_learning_curve_across_problems():
    large, small = outcome("soap", 0.02), outcome("soap", 0.04)
    for document, size in ((small, 100), (large, 400)):
        document["case"]["split"] = {"name": "learning_curve", "params": {"n": size}}
        document["split"] = {**document["split"], "n_train": size}
    assert "Learning curves" in html.render([small, large], predictions, "suite")


def test_documents_are_left_alone(documents):
    before = copy.deepcopy(documents)
    html.render(documents, predictions, "suite")
    assert documents == before
    assert not aggregated(documents).empty


def test_report_imports_no_framework():
    code = (
        "import sys, mlffbench.report.formats.write, mlffbench.report.formats.terminal;"
        "print({'torch', 'ase', 'sklearn'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
def test_browser_draws_every_figure(tmp_path):
    *_, page = write([outcome(HOSTILE)], predictions, tmp_path, "suite")
    switches = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-sync",
    ]
    switches += ["--disable-background-networking", "--disable-component-update", "--window-size=1300,9000"]
    switches += ["--virtual-time-budget=20000", f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
    done = subprocess.run(["chromium", *switches, page.as_uri()], capture_output=True, text=True, timeout=300)
    body = done.stdout.split("<main>")[-1]
    plots = body.count('role="img"')
    assert plots >= 8
    assert len(re.findall(r'class="plot js-plotly-plot"', body)) == plots


def test_ones_own_files_are_named_shortly_and_told_apart():
    one, two, other = outcome("a"), outcome("b"), outcome("a")
    for document, path in ((one, "x/data/train.xyz"), (two, "y/data/train.xyz"), (other, "z/set/all.xyz")):
        document["case"]["dataset"] = {"name": "path", "params": {"path": path, "level": "PBE"}}
    split = "official(train='train_300K')"
    assert [p.name for p in problems([one, other])] == [f"data/train.xyz · {split}", f"set/all.xyz · {split}"]
    assert len({p.name for p in problems([one, two])}) == 2


def leaking(document, **tests):
    leaks = {"verdict": "leaky", "n_twins": sum(tests.values()), "n_near": 0, "tests": tests}
    return {**document, "split": {**document["split"], "leaks": leaks}}


def test_a_leaky_group_is_marked_wherever_its_errors_stand():
    found = [leaking(outcome("soap"), test_1200K=3), leaking(outcome("mace", 0.03), test_1200K=3)]
    text = markdown.render(found, "suite")
    assert "3 of 50 frames of test_1200K have a twin in the training set" in text
    board, moved = text.split("### Force RMSE by test group")
    assert "‡" not in board.split("### Leaderboard")[1]
    line = next(line for line in moved.splitlines() if line.startswith("| soap"))
    cells = [c.strip() for c in line.split("|")]
    assert [c for c in cells if c.endswith("‡")] == ["60.0 (3.00×)‡"]
    in_domain = markdown.render([leaking(outcome("soap"), test_300K=1)], "suite")
    assert "20.0 ±2.0‡" in in_domain


def test_a_split_without_leaks_has_no_mark():
    text = markdown.render([leaking(outcome("soap"))], "suite")
    assert "leaky" not in text
    assert "‡" not in text.split("## How to read this")[0]
