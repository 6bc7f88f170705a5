"""The report's page in a browser: what a reader can do with it."""

from __future__ import annotations

import ast
import csv
import io
import json
from dataclasses import replace
from importlib import resources
from pathlib import Path

import pytest
from ase.build import molecule
from example_browser import GL, chromium, faults_of
from example_documents import failed, measured, outcome, predictions

from mlffbench.report.formats.csv_file import inert
from mlffbench.report.formats.markdown import safe
from mlffbench.report.formats.write import write
from mlffbench.report.quantities.catalogue import known_quantity
from mlffbench.report.results import Results
from mlffbench.report.unfinished import UnfinishedCase

pytestmark = pytest.mark.slow
HOSTILE = "<img src=x onerror=alert(1)>"
REPORT = resources.files("mlffbench.report")


def with_tasks(label, c11):
    """A method with errors on every group, and with tasks."""
    document, tasks = outcome(label, 0.02), measured(label, c11)
    scores = [*document["scores"], *(score for score in tasks["scores"] if score.get("task"))]
    return {**document, **{key: tasks[key] for key in ("curves", "task_failures")}, "scores": scores}


def documents():
    """Two problems; methods of three families, a hostile name, a failure, tasks."""
    hot = [
        with_tasks("soap", 140.0),
        with_tasks("mace", 165.0),
        outcome("morse", 0.2),
        outcome(HOSTILE, 0.05),
    ]
    second = [outcome("soap", 0.05), outcome("mace", 0.01), failed("morse"), outcome(HOSTILE, 0.07)]
    for document in second:
        document["case"]["dataset"] = {"name": "silicon", "params": {}}
        document["id"] = f"second-{document['id']}"
        if document["dataset"]:
            document["dataset"] = {**document["dataset"], "name": "silicon", "elements": ["Si"]}
    families = {"soap": "kernel", "mace": "neural network", "morse": "classical"}
    for document in (*hot, *second):
        if document["model"]:
            document["model"] = {
                **document["model"],
                "family": families.get(document["case"]["label"], "other"),
            }
    return [*hot, *second]


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    frames = lambda id, group, numbers: [molecule("H2O")] * len(numbers)
    *_, page = write(Results.from_documents(documents()), predictions, folder, "suite", frames)
    return page.as_uri()


@pytest.fixture(scope="module")
def mixed(tmp_path_factory):
    """Page of a problem with forces and of one with energies alone; a method waits."""
    documents = [outcome("soap", 0.02), outcome("mace", 0.04), outcome("soap", 0.003), outcome("mace", 0.001)]
    for document in documents[2:]:
        document["case"]["dataset"] = {"name": "energies", "params": {}}
        groups = [{**s, "quantity": "energy_per_atom", "unit": "eV/atom"} for s in document["scores"][:2]]
        document.update(id=f"energies-{document['id']}", scores=groups)
    results = Results.from_documents(documents)
    waiting = UnfinishedCase(results.problems[1].name, "later", 0, "waiting")
    folder = tmp_path_factory.mktemp("mixed")
    *_, page = write(replace(results, unfinished=(waiting,)), lambda id: None, folder, "suite")
    return page.as_uri()


@pytest.fixture(scope="module")
def browser():
    with chromium(*GL) as started:
        yield started


@pytest.fixture
def opened(browser, address):
    """Open the page at a hash; afterwards nothing was said in the console and nothing asked of a network."""
    contexts, faults = [], []

    def open_page(hash="", address=address, **settings):
        context = browser.new_context(**{"viewport": {"width": 1400, "height": 900}, **settings})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        faults.append(faults_of(page))
        page.goto(f"{address}#{hash}")
        page.wait_for_selector("html.ready", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not [fault for own in faults for fault in own]


def column(page, selector):
    return page.eval_on_selector_all(selector, "cells => cells.map(c => c.innerText.trim())")


def matrix_order(page):
    return column(page, "#matrix tbody tr:not([hidden]) th")


def drawn(page):
    return page.locator(".js-plotly-plot:visible")


def sort_by(page, head, direction):
    """Click on the head of a column, and wait until the rows stand in this direction."""
    page.click(f"{head} .dt-column-order")
    page.wait_for_selector(f"{head}[aria-sort={direction}]")


def downloaded_rows(page, menu):
    """Rows of the CSV file of a menu of exports."""
    with page.expect_download() as download:
        page.select_option(menu, "Download CSV")
    return list(csv.reader(io.StringIO(Path(download.value.path()).read_text("utf-8"))))


# ---------------------------------------------------------------- order and choice
def test_matrix_is_ordered_by_the_geometric_mean_and_failures_stand_last(opened):
    page = opened()
    page.wait_for_selector("#matrix td.merit")
    # soap: (1 · 5)^½, mace: (1 · 1)^½; the hostile one (2.5 · 7)^½; morse failed once
    assert matrix_order(page) == ["mace", "soap", HOSTILE, "morse"]
    assert column(page, "#matrix td.merit") == ["1.00×", "2.24×", "4.18×", "–"]
    assert "out of memory" in page.locator("#matrix tbody tr").nth(3).inner_text()
    page.select_option("#rank", "fit_time")
    assert "rank=fit_time" in page.url


def test_each_problem_has_its_verdict_in_a_line_that_opens(opened):
    page = opened()
    lines = column(page, "details.verdict summary")
    assert lines[0].startswith("malonaldehyde")
    assert ". Best here: " in lines[0]
    rest = page.locator("details.verdict p").nth(1)
    assert not rest.is_visible()
    page.locator("details.verdict summary").nth(1).press("Enter")
    assert rest.is_visible()
    rest.locator("a").click()
    page.wait_for_selector("#problem-2")


def test_orders_by_tasks_and_by_cost_at_equal_error(opened):
    page = opened("rank=tasks_passed")
    page.wait_for_selector("#matrix td.merit")
    # soap and mace passed one of two tasks of the first problem, the second problem has no tasks
    assert sorted(column(page, "#matrix td.merit")) == ["1.00×", "1.00×", "∞", "∞"]
    assert set(matrix_order(page)[:2]) == {"soap", "mace"}
    page.select_option("#rank", "cost_at_error")
    row = page.locator("#matrix tbody tr", has_text="morse")
    assert row.locator("td.value").first.inner_text() == "more than twice the least error"
    assert row.locator("td.merit").inner_text() == "–"


def test_heads_of_columns_and_numbers_of_the_matrix_have_tooltips(opened):
    page = opened("tab=problem-1")
    head = page.locator("#panel-1-leaderboard th[data-name='F RMSE']")
    assert head.get_attribute("title") == known_quantity("", "forces", "rmse").sentence
    cell = page.locator("#matrix tbody tr", has_text="soap").locator("td.value").nth(1)
    assert cell.get_attribute("title") == "50.0 [45.0, 55.0] meV/Å"


def test_weights_and_thresholds_change_the_order_and_stand_in_the_address(opened):
    page = opened()
    page.click("details.weights summary")
    page.fill("[data-threshold='0.error']", "20")
    page.fill("[data-threshold='1.error']", "60")
    first = page.locator("#matrix tbody tr", has_text="soap").locator("td.value")
    assert first.nth(0).inner_text().startswith("● 20.0")
    assert first.nth(1).inner_text().startswith("◐ 50.0")
    for measure in ("energy_per_atom", "worst"):
        page.fill(f"[data-weight='{measure}']", "0")
    assert matrix_order(page)[0] == "mace"
    again = opened(page.url.partition("#")[2])
    assert again.input_value("[data-threshold='1.error']") == "60"
    assert again.input_value("#rank") == "weights"
    assert matrix_order(again) == matrix_order(page)


def test_filters_by_text_family_problem_and_element(opened):
    page = opened("family=kernel")
    assert matrix_order(page) == ["soap"]
    assert page.inner_text("#count") == "1 of 4 methods"
    page.click("#reset")
    page.fill("[data-filter=text]", "network")
    assert matrix_order(page) == ["mace"]
    page.fill("[data-filter=text]", "")
    page.check("[data-filter=element][value=Si]")
    assert column(page, ".tabs.problems [role=tab]:not([hidden])")[0].startswith("silicon")
    assert page.locator("#matrix thead th:visible").count() == 4
    assert "element=Si" in page.url


def test_the_order_of_the_address_outlasts_a_filter_and_gives_way_to_another_rank(opened):
    page = opened()
    page.wait_for_selector("#matrix .dt-column-order")
    for direction in ("ascending", "descending"):
        sort_by(page, "#matrix th[data-name^='silicon']", direction)
    order = [HOSTILE, "soap", "mace", "morse"]  # 70, 50, 10, a failure
    assert matrix_order(page) == order
    page.fill("[data-filter=text]", "a")
    page.fill("[data-filter=text]", "")
    page.check("#judge")
    assert matrix_order(page) == order
    assert matrix_order(opened(page.url.partition("#")[2])) == order
    page.select_option("#rank", "worst")
    assert "order.matrix" not in page.url
    assert matrix_order(page)[0] == "mace"


def test_a_problem_without_forces_is_ranked_by_its_energies(opened, mixed):
    page = opened(address=mixed)
    page.wait_for_selector("#matrix .dt-column-order")
    assert column(page, "#matrix thead th[data-p] small") == ["meV/Å", "meV/atom"]
    # soap: (1 · 3)^½, mace: (2 · 1)^½; later has no number
    assert matrix_order(page) == ["mace", "soap", "later"]
    assert column(page, "#matrix td.merit") == ["1.41×", "1.73×", "–"]
    assert column(page, "#matrix tbody tr:has-text('later') td.value") == ["not run", "waiting"]
    assert page.locator("#matrix td.value").nth(1).get_attribute("title") == "1.00 [0.900, 1.10] meV/atom"
    page.check("#judge")
    assert column(page, "#matrix tbody tr:has-text('mace') td.value") == ["● 40.0#2", "● 1.00#1"]
    assert page.input_value("[data-threshold='0.error']") == "", "50 meV/Å or 1 meV/atom"


def test_the_page_names_problems_that_an_order_passes_over(opened):
    page = opened("rank=tasks_passed")
    text = page.inner_text("#measure")
    assert "× best is without silicon · official" in text
    page.select_option("#rank", "error")
    assert "× best is without" not in page.inner_text("#measure")


def test_chosen_rows_are_compared(opened):
    page = opened()
    for name in ("soap", "mace"):
        page.check(f"input[aria-label='Choose {name}']")
    page.check("[data-filter=only]")
    assert set(matrix_order(page)) == {"soap", "mace"}
    page.click("[data-value=cost]")
    drawn(page).first.wait_for()
    page.wait_for_function("document.querySelector('.js-plotly-plot').data.some(t => t.visible === false)")
    shown = drawn(page).first.evaluate(
        "p => p.data.filter(t => t.name && t.visible !== false).map(t => t.name)"
    )
    assert set(shown) == {"soap", "mace"}


def pair_rows(page, problem=2):
    rows = page.locator(f"#panel-{problem}-leaderboard table.pairs tbody tr:visible")
    return [row.locator("td").all_inner_texts() for row in rows.all()]


def test_pairs_are_those_with_the_best_or_of_the_chosen_rows(opened):
    page = opened("tab=problem-2")
    page.wait_for_selector("#panel-2-leaderboard table.pairs .dt-column-order")
    # 10, 50 and 70 meV/Å with intervals of ±10 %: half widths (1 + 25)^½, (1 + 49)^½ and (25 + 49)^½
    against_soap = ["mace", "soap", "−40.0 [−45.1, −34.9]", "> 0.99", "better ~"]
    against_hostile = ["mace", HOSTILE, "−60.0 [−67.1, −52.9]", "> 0.99", "better ~"]
    between = ["soap", HOSTILE, "−20.0 [−28.6, −11.4]", "> 0.99", "better ~"]
    assert pair_rows(page) == [against_soap, against_hostile]
    for name in ("soap", HOSTILE):
        page.locator("#matrix").get_by_label(f"Choose {name}", exact=True).check()
    assert pair_rows(page) == [between]
    page.locator("#matrix").get_by_label("Choose soap", exact=True).uncheck()
    assert pair_rows(page) == [against_hostile, between]
    page.locator("#matrix").get_by_label(f"Choose {HOSTILE}", exact=True).uncheck()
    page.locator("#matrix").get_by_label("Choose morse", exact=True).check()
    assert pair_rows(page) == []
    assert "no pair that is compared here" in page.inner_text("#panel-2-leaderboard .which")


def test_pairs_of_another_problem_follow_the_choice(opened):
    page = opened("tab=problem-2")
    for name in ("soap", "mace"):
        page.check(f"input[aria-label='Choose {name}']")
    page.click("#problem-1-tab")
    # 20 and 20 meV/Å: no difference, half width (4 + 4)^½
    assert [row[2:] for row in pair_rows(page, 1)] == [["0 [−2.83, 2.83]", "0.50", "equivalent ~"]]
    assert "within ±5 meV/Å" in page.inner_text("#panel-1-leaderboard [data-id=pairs] .caption")


def test_pairs_are_sorted_and_leave_the_page(opened):
    page = opened("tab=problem-2")
    sort_by(page, "#panel-2-leaderboard table.pairs th[data-name='difference']", "ascending")
    assert [row[1] for row in pair_rows(page)] == [HOSTILE, "soap"]
    page.check("input[aria-label='Choose soap']")
    assert [row[:2] for row in pair_rows(page)] == [["mace", "soap"], ["soap", HOSTILE]]
    rows = downloaded_rows(page, "#panel-2-leaderboard [data-id=pairs] select.export")
    assert rows[0] == ["method", "compared with", "difference (meV/Å)", "P", "verdict"]
    assert rows[1][:3] == ["mace", "soap", "−40.0 [−45.1, −34.9]"]


def test_tables_are_sorted_by_numbers_with_failures_last(opened):
    page = opened("tab=problem-2")
    rows = "#panel-2-leaderboard [data-id=leaderboard] tbody tr"
    head = "#panel-2-leaderboard th[data-name='F RMSE']"
    sort_by(page, head, "ascending")
    assert [name.split()[0] for name in column(page, f"{rows} td:nth-child(2)")][:2] == ["mace", "soap"]
    sort_by(page, head, "descending")
    names = column(page, f"{rows} td:nth-child(2)")
    assert names[0] == HOSTILE
    assert names[-1] == "morse"  # it failed
    again = opened(page.url.partition("#")[2])
    again.wait_for_selector(f"{head}[aria-sort=descending]")
    assert column(again, f"{rows} td:nth-child(2)") == names


# ---------------------------------------------------------------- details
def test_a_number_opens_the_case_behind_it_and_the_address_finds_it(opened):
    page = opened()
    page.click("#matrix tbody tr:has-text('soap') td.value >> nth=1")
    drawer = page.locator("#drawer")
    drawer.wait_for()
    text = drawer.inner_text()
    assert "soap · silicon" in text
    assert "50.0 [45.0, 55.0], rank 2" in text
    assert "logs/second-soap-0.log" in text
    again = opened(page.url.partition("#")[2])
    again.locator("#drawer dd", has_text="second-soap-0").first.wait_for()
    again.keyboard.press("Escape")
    again.wait_for_function("!location.hash.includes('case=')")


def test_a_point_opens_its_frame_in_three_dimensions(opened):
    page = opened("part=parity")
    drawn(page).first.wait_for()
    page.wait_for_function("document.querySelector('.js-plotly-plot')?.data?.length === 2")
    drawn(page).first.scroll_into_view_if_needed()
    place = drawn(page).first.locator(".point").first.bounding_box()
    x, y = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    drawn(page).first.locator(".hovertext", has_text="frame 0").wait_for()
    page.mouse.down()
    page.mouse.up()
    page.locator("#drawer .structure canvas").first.wait_for()
    assert "Frame" in page.inner_text("#drawer h2")


def test_tabs_and_cells_by_keyboard(opened):
    page = opened()
    page.focus("#problem-1-tab")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#problem-2-tab", "aria-selected") == "true"
    assert "tab=problem-2" in page.url
    page.wait_for_selector("#matrix td[tabindex='0']")
    page.focus("#matrix td[tabindex='0']")
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    page.locator("#drawer").wait_for()
    assert "mace" in page.inner_text("#drawer h2")


def test_the_tab_key_reaches_the_first_cell_that_is_shown(opened):
    page = opened()
    page.wait_for_selector("#matrix td[tabindex='0']")
    page.fill("[data-filter=problem]", "silicon")
    page.fill("[data-filter=text]", "soap")
    stop = page.locator("#matrix tbody [tabindex='0']")
    assert stop.count() == 1
    assert "soap" in stop.locator("xpath=..").inner_text()
    stop.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.dataset.problem") == "1", "the first column is hidden"


def test_legend_hides_a_method_everywhere(opened):
    page = opened("part=transfer")
    drawn(page).first.wait_for()
    page.click("#problem-1 .legend button:has-text('soap')")
    assert "soap" not in matrix_order(page)
    hidden = drawn(page).first.evaluate("p => p.data.filter(t => t.visible === false).map(t => t.name)")
    assert set(hidden) == {"soap"}


# ---------------------------------------------------------------- ways out
def test_tables_and_figures_leave_the_page(opened):
    page = opened("part=cost")
    page.wait_for_selector("#panel-1-cost .table select.export")
    for kind, word in (("CSV", "method,"), ("LaTeX", r"\toprule"), ("Markdown", "| --- |")):
        with page.expect_download() as download:
            page.select_option("#panel-1-cost .table select.export >> nth=0", f"Download {kind}")
        text = Path(download.value.path()).read_text("utf-8")
        assert word in text
        assert "soap" in text
    for kind, start in (("PNG", b"\x89PNG"), ("SVG", b"<svg")):
        with page.expect_download() as download:
            page.select_option("#panel-1-cost figure select.export >> nth=0", f"Download {kind}")
        assert Path(download.value.path()).read_bytes().startswith(start)


def test_columns_that_a_filter_hid_stay_on_the_page(opened):
    page = opened()
    page.wait_for_selector(".table[data-id=matrix] > select.export")
    page.fill("[data-filter=problem]", "silicon")
    rows = downloaded_rows(page, ".table[data-id=matrix] > select.export")
    assert rows[0][:2] == ["method", "times the best"]
    assert [name.split()[0] for name in rows[0][2:]] == ["silicon"]
    assert rows[0][2].endswith(" (meV/Å)")
    assert {len(row) for row in rows} == {3}


def test_figures_leave_with_the_names_of_methods_as_they_are(opened):
    page = opened("part=cost")
    rows = downloaded_rows(page, "#panel-1-cost figure select.export >> nth=0")
    assert rows[0] == ["trace", "x", "y"]
    assert HOSTILE in {row[0] for row in rows}
    assert all(float(row[2]) > 0 for row in rows[1:])


def export(browser, function, *texts):
    """Results of a function of the script of exports."""
    source = REPORT.joinpath("page", "script", "exports.js").read_text("utf-8")
    page = browser.new_page()
    results = page.evaluate(f"texts => {{ {source}; return texts.map({function}); }}", list(texts))
    page.close()
    return results


TEXTS = ["=1+1", " +x", "-stress", "@a", "\uff1da", "\tx", "a,b", 'a "b"', "x\r\ny", "a b", "a=b", "–", "−1"]


def test_texts_are_no_formulas_as_in_the_files_of_the_report(browser):
    cells = export(browser, "csvCell", *TEXTS)
    ((*read,),) = csv.reader(io.StringIO(",".join(cells)))
    assert read == [inert(text) for text in TEXTS]
    assert export(browser, "csvCell", -0.5, None) == ["-0.5", ""]


def test_texts_are_no_markup_of_markdown_as_in_the_files_of_the_report(browser):
    texts = ["soap_gpr", "_a_", "a|b", "<b>", "a & b", "[x](y)", "~a", "$x$", "*b*", "# a", "a ##", "\\", "`"]
    assert export(browser, "markdownWords", *texts) == [safe(text) for text in texts]


def test_latex_of_signs(browser):
    texts = ["32 of 32 (≥ 0.91)", r"a_b & 5 % #1 {x} ~ ^ \ $", "8.1 ±0.5 µs", "meV/Å³", "10⁻³", "1–2", "[a]"]
    assert export(browser, "latexWords", *texts) == [
        r"32 of 32 ($\geq$ 0.91)",
        r"a\_b \& 5 \% \#1 \{x\} \textasciitilde{} \textasciicircum{} \textbackslash{} \$",
        r"8.1 $\pm$0.5 $\mu$s",
        r"meV/\AA{}$^{3}$",
        r"10$^{-}$$^{3}$",
        "1--2",
        "{}[a]",
    ]


def signs():
    """Signs beyond ASCII in the texts of the report, without those of docstrings."""
    texts = []
    for folder in ("tables", "quantities", "dataframes", "figures", "verdict"):
        for file in REPORT.joinpath(folder).iterdir():
            tree = ast.parse(file.read_text("utf-8")) if file.name.endswith(".py") else ast.parse("")
            documented = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
            constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
            texts += [c.value for c in constants if isinstance(c.value, str) and c not in documented]
    return sorted({sign for text in texts for sign in text if not sign.isascii()} - {"\u0303"})


def test_latex_has_a_command_for_every_sign_of_the_report(browser):
    found = signs()
    assert {"±", "×", "µ", "Å", "σ", "²", "₁", "√"} < set(found)
    commands = export(browser, "latexWords", *found, *"≤≥∞→°…‡§¶")
    assert [command for command in commands if not command.isascii()] == []


def test_a_damaged_address_opens_the_page(opened):
    page = opened("100%")
    assert page.inner_text("#count") == "4 methods"
    page = opened("order.matrix=99 asc&rank=nothing&case=x")
    page.wait_for_selector("#matrix .dt-column-order")
    assert matrix_order(page)[0] == "mace"
    assert page.input_value("#rank") == "error"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_themes_colour_figures_too(opened, scheme):
    page = opened("part=cost", color_scheme=scheme)
    drawn(page).first.wait_for()
    ground = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--card').trim()")
    assert ground == {"light": "#ffffff", "dark": "#1b2229"}[scheme]
    page.wait_for_function(f"document.querySelector('.js-plotly-plot')?.layout?.plot_bgcolor === '{ground}'")
    page.click("#theme")
    page.wait_for_function(f"document.querySelector('.js-plotly-plot').layout.plot_bgcolor !== '{ground}'")


def test_paper_holds_every_figure(opened):
    page = opened()
    page.evaluate("void (window.print = () => { window.printed = true; })")  # a function is called
    page.click("#print")
    page.wait_for_function("window.printed")
    assert page.locator(".plot").count() == page.locator(".plot.js-plotly-plot").count() > 10
    page.emulate_media(media="print")
    assert page.locator("#problem-2").is_visible()
    assert not page.locator(".tools").is_visible()
    assert page.locator("details:not([open])").count() == 0
    assert "−40.0 [−45.1, −34.9]" in page.inner_text("#problem-2 table.pairs")
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.locator("#problem-2").is_visible()
    assert page.locator("details.verdict[open]").count() == 0


def test_a_phone_shows_cards_and_nothing_wider_than_itself(opened):
    page = opened(viewport={"width": 400, "height": 800})
    page.wait_for_selector("#panel-1-leaderboard td[data-label]")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert (
        page.eval_on_selector("#panel-1-leaderboard tbody tr", "row => getComputedStyle(row).display")
        == "block"
    )
    cell = page.locator("#panel-1-leaderboard tbody td").nth(2)
    assert cell.evaluate("c => getComputedStyle(c, '::before').content") == '"F RMSE"'
    page.check("input[aria-label='Choose mace']")
    cell = page.locator("table.pairs:visible tbody td").nth(2)
    assert cell.evaluate("c => getComputedStyle(c, '::before').content") == '"difference"'
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


@pytest.mark.parametrize(
    "settings", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 400, "height": 800}}]
)
def test_axe_finds_nothing(opened, settings):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened("part=cost", **settings)
    page.locator("#panel-1-cost .plot").first.scroll_into_view_if_needed()
    drawn(page).first.wait_for()
    found = axe.run(page).response["violations"]
    assert not found, json.dumps(
        [(v["id"], [n["html"][:200] for n in v["nodes"][:3]]) for v in found], indent=1
    )
