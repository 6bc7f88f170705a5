"""The report's page in a browser: what a reader can do with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ase.build import molecule
from example_browser import GL, chromium, faults_of
from example_documents import failed, measured, outcome, predictions

from mlffbench.report.formats.write import write
from mlffbench.report.quantities.catalogue import known_quantity
from mlffbench.report.results import Results

pytestmark = pytest.mark.slow
HOSTILE = "<img src=x onerror=alert(1)>"


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
def browser():
    with chromium(*GL) as started:
        yield started


@pytest.fixture
def opened(browser, address):
    """Open the page at a hash; afterwards nothing was said in the console and nothing asked of a network."""
    contexts, faults = [], []

    def open_page(hash="", **settings):
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
    page.fill("[data-threshold='0.forces']", "20")
    page.fill("[data-threshold='1.forces']", "60")
    first = page.locator("#matrix tbody tr", has_text="soap").locator("td.value")
    assert first.nth(0).inner_text().startswith("● 20.0")
    assert first.nth(1).inner_text().startswith("◐ 50.0")
    for measure in ("energy_per_atom", "worst"):
        page.fill(f"[data-weight='{measure}']", "0")
    assert matrix_order(page)[0] == "mace"
    again = opened(page.url.partition("#")[2])
    assert again.input_value("[data-threshold='1.forces']") == "60"
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


def test_tables_are_sorted_by_numbers_with_failures_last(opened):
    page = opened("tab=problem-2")
    rows = "#panel-2-leaderboard tbody tr"
    page.wait_for_selector("#panel-2-leaderboard .dt-column-order")
    page.click("#panel-2-leaderboard th[data-name='F RMSE'] .dt-column-order")
    assert [name.split()[0] for name in column(page, f"{rows} td:nth-child(2)")][:2] == ["mace", "soap"]
    page.click("#panel-2-leaderboard th[data-name='F RMSE'] .dt-column-order")
    names = column(page, f"{rows} td:nth-child(2)")
    assert names[0] == HOSTILE
    assert names[-1] == "morse"  # it failed
    again = opened(page.url.partition("#")[2])
    again.wait_for_selector("#panel-2-leaderboard .dt-column-order")
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
    page.evaluate("window.print = () => { window.printed = true; }")
    page.click("#print")
    page.wait_for_function("window.printed")
    assert page.locator(".plot").count() == page.locator(".plot.js-plotly-plot").count() > 10
    page.emulate_media(media="print")
    assert page.locator("#problem-2").is_visible()
    assert not page.locator(".tools").is_visible()
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert not page.locator("#problem-2").is_visible()


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
