"""Cost of large results folders: tables, resume check, report, sort; seconds, memory and size of the page.

    python benchmarks/scale/report.py
    python benchmarks/scale/report.py --documents 10000 --steps table again
    python benchmarks/scale/report.py --documents 95 --base all --add  # 19 methods, 5 problems, all tasks
    python benchmarks/scale/report.py --documents 7500 --add           # 50 methods, 50 problems, 3 seeds

Copies of one committed document stand for methods, datasets and seeds; every row has other numbers. It has
one test group (10 scores, 5 kB), with ``--base groups`` five (50 scores, 14 kB), with ``--base tasks`` five
and tasks (98 scores, 39 kB), with ``--base all`` five and all tasks (250 kB with their curves). Each step is
a process of its own. ``table`` reads a folder that nobody has read, ``again`` has its index; both list the
cases and make the table of scores. ``resume`` is `run --dry-run` of a suite whose cases have all finished.
``sort`` opens the page in headless Chromium and sorts its matrix of methods and problems by six columns; its
times are those of the page's main thread and of the clock. No document has predictions.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

from mlffbench.harness.planning.planned_run import plan_run
from mlffbench.system.provenance import provenance

ROOT = Path(__file__).parents[2]
SIZES = {
    95: (19, 5, 1),
    1_000: (10, 10, 10),
    7_500: (50, 50, 3),
    10_000: (50, 20, 10),
    50_000: (100, 50, 10),
    100_000: (200, 50, 10),
}  # methods, datasets, seeds
STEPS = {
    95: ("report", "sort"),
    1_000: ("table", "again", "resume", "report"),
    7_500: ("report", "sort"),
    10_000: ("table", "again", "resume", "report"),
    50_000: ("report",),
    100_000: ("table", "again", "list"),
}
BASE = "MLFFBENCH_SCALE_BASE"  # the document that is copied, for the processes of this script
BASES = {
    "group": "families/atomic_reference-a00a70b332ac.json",
    "groups": "families/atomic_reference-9031bed4b526.json",
    "tasks": "quickstart/atomic_reference-*.json",
    "all": "malonaldehyde/soap_gpr-*.json",
}
SCORES = "import sys, mlffbench; r = mlffbench.load_results(sys.argv[1]); print(len(r.cases), len(r.scores))"
SUITE = """
name: scale
seeds: [{seeds}]
problems:
{problems}
estimators:
{rows}
"""
SORT = """
column => new Promise(resolve => {
  const matrix = document.getElementById("matrix"), head = matrix.tHead.rows[0].cells[column];
  const begun = performance.now();
  const sorted = () => { matrix.offsetHeight; resolve(performance.now() - begun); };
  new MutationObserver(sorted).observe(head, {attributeFilter: ["aria-sort"]});
  head.querySelector(".dt-column-order").click();
})
"""  # from the click until all rows stand in their order and have their places
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
MEASURE = """
import json, resource, subprocess, sys, time
begun = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
wall, cpu = time.perf_counter() - begun, usage.ru_utime + usage.ru_stime
print(json.dumps({"wall_seconds": round(wall, 1), "cpu_seconds": round(cpu, 1),
    "peak_memory_mb": round(usage.ru_maxrss / 1024, 1)}))
"""  # the memory is that of the largest process


def base_document() -> dict[str, Any]:
    (original,) = (ROOT / "results").glob(BASES[os.environ.get(BASE, "group")])
    document = json.loads(original.read_text(encoding="utf-8"))
    document.pop("predictions", None)
    return document


def write_copies(folder: Path, n_methods: int, n_datasets: int, n_seeds: int) -> None:
    """Write a document for every method, dataset and seed."""
    base = base_document()
    for method, dataset, seed in product(range(n_methods), range(n_datasets), range(n_seeds)):
        document = one_of_many(base, method, dataset, seed)
        write(folder, document)


def write(folder: Path, document: dict[str, Any]) -> None:
    """Write a document as if it were a minute old: an index leaves the youngest files out."""
    path = folder / f"{document['id']}.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    os.utime(path, (time.time() - 60,) * 2)


def one_of_many(base: dict[str, Any], method: int, dataset: int, seed: int) -> dict[str, Any]:
    """The document under other names, with errors that grow from method to method."""
    document = copy.deepcopy(base)
    case = document["case"]
    case["dataset"] = {"name": "path", "params": {"path": f"/data/set{dataset}/d.xyz"}}
    case["label"], case["seed"] = f"method_{method:03d}", seed
    case["estimator"] = {"name": f"m{method}", "params": {}}
    digest = hashlib.sha256(f"{dataset} {method} {seed}".encode()).hexdigest()[:12]
    document["id"] = f"m{method}-{digest}"
    document["split"]["digest"] = f"{dataset}-{seed}"
    for score in document["scores"]:
        for key in ("value", "low", "high"):
            if score.get(key) is not None:
                score[key] *= 1 + (method + dataset / 100 + seed / 1000) / 10
    return document


def write_finished(folder: Path, n_methods: int, n_problems: int, n_seeds: int) -> Path:
    """Write a suite beside the folder, and a finished document for each of its cases."""
    rows = [f"  - morse: {{cutoff: {4 + k / 100:.2f}}}\n    as: m{k}" for k in range(n_methods)]
    problem = "  - dataset: malonaldehyde\n    split: {{random: {{train: {n}, test: 50}}}}"
    problems = [problem.format(n=100 + k) for k in range(n_problems)]
    suite = folder.with_suffix(".yaml")
    text = SUITE.format(
        seeds=", ".join(map(str, range(n_seeds))), problems="\n".join(problems), rows="\n".join(rows)
    )
    suite.write_text(text, encoding="utf-8")
    base = {**base_document(), "inputs": {}}
    for case in plan_run(suite).cases:
        write(folder, {**base, "id": case.id, "case": case.to_json()})
    return suite


def commands(folder: Path, size: tuple[int, int, int], steps: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Each step and its command; the folder is written before the first."""
    if set(steps) - {"resume"}:
        write_copies(folder, *size)
    program = [sys.executable, "-m", "mlffbench"]
    for step in steps:
        if step in ("table", "again"):
            yield step, [sys.executable, "-c", SCORES, str(folder)]
        elif step == "list":
            yield step, [*program, "results", "list", str(folder)]
        elif step == "report":
            yield step, [*program, "report", str(folder)]
        elif step == "sort":
            yield step, []
        else:
            finished = folder / "finished"
            finished.mkdir()
            suite = write_finished(finished, *size)
            for name in ("resume", "resume again"):
                yield name, [*program, "run", str(suite), "--out", str(finished), "--dry-run"]


def sort(page_file: Path) -> dict[str, Any]:
    """Milliseconds that sorting the matrix by one of six columns takes, at most."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(page_file.as_uri())
        page.wait_for_selector("html.ready", state="attached", timeout=300_000)
        matrix = page.locator("#matrix")
        size = [matrix.locator("tbody tr").count(), matrix.locator("thead th[data-p]").count()]
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
        seconds = lambda: next(
            m["value"]
            for m in devtools.send("Performance.getMetrics")["metrics"]
            if m["name"] == "TaskDuration"
        )
        wall, thread = [], []
        for column in range(1, 7):  # the first holds boxes
            begun = seconds()
            wall.append(page.evaluate(SORT, column))
            thread.append(1000 * (seconds() - begun))
        browser.close()
    return {
        "matrix": size, "most_thread_ms": round(max(thread), 1), "most_wall_ms": round(max(wall), 1)
    }  # fmt: skip


def measure(n_documents: int, steps: list[str]) -> Iterator[dict[str, Any]]:
    """Cost of each step."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "results"
        folder.mkdir()
        for step, command in commands(folder, SIZES[n_documents], steps):
            load = os.getloadavg()[0]
            facts = {"documents": n_documents, "base": os.environ[BASE], "step": step}
            if step == "sort":
                yield {**facts, **sort(folder / "report.html"), "load_average_before": round(load, 2)}
                continue
            done = subprocess.run(
                [sys.executable, "-c", MEASURE, *command], stdout=subprocess.PIPE, text=True, check=True
            )
            page = folder / "report.html"
            size = {"page_mb": round(page.stat().st_size / 1e6, 2)} if step == "report" else {}
            yield {
                **facts, **json.loads(done.stdout), **size, "load_average_before": round(load, 2),
            }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "results/scale/report.json")
    parser.add_argument("--documents", type=int, choices=SIZES, nargs="+", default=list(SIZES))
    parser.add_argument("--base", choices=BASES, default="group")
    parser.add_argument("--steps", nargs="+", help="by default those of each size; sort needs report")
    parser.add_argument("--add", action="store_true", help="keep the other rows of the file")
    args = parser.parse_args()
    os.environ[BASE] = args.base
    facts = provenance()
    stamp = {"revision": facts["revision"], "date": facts["date"]}
    rows = json.loads(args.out.read_text(encoding="utf-8"))["rows"] if args.add else []
    for n_documents in args.documents:
        for row in measure(n_documents, args.steps or list(STEPS[n_documents])):
            same = {key: row[key] for key in ("documents", "base", "step")}
            rows = [r for r in rows if any(r.get(key) != value for key, value in same.items())]
            rows.append({**row, **stamp})
            print(json.dumps(row), flush=True)
    document = {"about": __doc__, "rows": rows, "provenance": facts}
    args.out.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
