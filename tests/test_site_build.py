"""Quick form of the documentation site: all pages without executing any, no warning, no dead link.

One test, since the build takes most of a minute: it looks at the built pages and at the reference among them,
made from the package.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote

from example_documentation import ROOT, SCRIPTS

from mlffbench import registry
from mlffbench.cli.property.catalogue import property_names
from mlffbench.harness.planning.plan import Suite
from mlffbench.report.quantities.catalogue import QUANTITIES

LINKED = ("CHANGELOG.md", "CONTRIBUTING.md", "Dockerfile", "benchmarks", "mlffbench", "results")
MADE = ("_build", "_gallery", "_repository", "reference", "sg_*", "__pycache__")
OUTSIDE = re.compile(r"""<(?:script|link|img|iframe)\b[^>]*\b(?:src|href)=["'](?:https?:)?//""")
Files = dict[str, str]  # texts by path


def test_the_quick_form_of_the_site(tmp_path):
    site = build(tmp_path)
    pages = texts(site, "html")
    check_pages(site, pages)
    check_requests(pages)
    check_links(site, pages)
    reference = texts(tmp_path / "docs" / "reference", "md")
    check_names(reference)
    check_order(reference)
    check_contents(reference)


def build(root: Path) -> Path:
    """The site, built in a copy of docs/ so that nothing is written into the repository."""
    shutil.copytree(ROOT / "docs", root / "docs", ignore=shutil.ignore_patterns(*MADE))
    extension = root / "docs" / "_ext" / "reference"  # has the name of what it makes
    shutil.copytree(ROOT / "docs" / "_ext" / "reference", extension, dirs_exist_ok=True)
    for name in LINKED:
        (root / name).symlink_to(ROOT / name)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    built = subprocess.run(
        ["bash", "docs/build.sh", "--quick"],
        cwd=root, capture_output=True, text=True, check=False, env={**os.environ, "PATH": path},
    )  # fmt: skip
    assert built.returncode == 0, f"{built.stdout}\n{built.stderr}"[-4000:]
    return root / "docs" / "_build" / "html"


def texts(folder: Path, suffix: str) -> Files:
    files = sorted(folder.rglob(f"*.{suffix}"))
    return {file.relative_to(folder).as_posix(): file.read_text(encoding="utf-8") for file in files}


# ---------------------------------------------------------------- the built pages
def check_pages(site: Path, pages: Files) -> None:
    """All pages are there, and those of galleries say that they were not executed."""
    executed = [f"_gallery/{file.parent.name}/{file.stem}.html" for file in SCRIPTS]
    assert {"index.html", "your_data.html", "reference/estimators/mace.html", *executed} <= pages.keys()
    assert all("Not executed" in pages[page] for page in executed)
    assert (site / "_static" / "mathjax" / "tex-chtml.js").is_file()
    assert (site / "searchindex.js").is_file()


def check_requests(pages: Files) -> None:
    """No page asks for anything outside."""
    assert not {page: found[0] for page, text in pages.items() if (found := OUTSIDE.search(text))}


def check_links(site: Path, pages: Files) -> None:
    """Files and parts of pages that links lead to exist."""
    parts = {page: {*re.findall(r'\bid="([^"]+)"', text)} for page, text in pages.items()}
    dead = set()
    for page, text in pages.items():
        body = text.partition("<article")[2].partition("</article>")[0]
        for address in set(re.findall(r'<a\b[^>]*\bhref="([^"]+)"', body)):
            target, _, part = unquote(unescape(address)).partition("#")
            if re.match(r"\w+:", target):
                continue
            path = os.path.normpath(Path(page).parent / target) if target else page
            known = part in parts.get(path, ()) if part and path.endswith(".html") else (site / path).exists()
            if not known:
                dead.add(f"{page}: {address}")
    assert not dead, sorted(dead)[:20]


# ---------------------------------------------------------------- the reference
def check_names(reference: Files) -> None:
    """Every name of the package has a page, or a section of one."""
    named = {f"{kind}/{name}.md" for kind in registry.KINDS for name in registry.names(kind)}
    assert named <= reference.keys()
    assert {f"properties/{name}.md" for name in property_names()} <= reference.keys()
    text = "\n".join(text for path, text in reference.items() if path.startswith("quantities/"))
    assert len(re.findall("^## ", text, flags=re.M)) == len(QUANTITIES)
    keywords = re.findall("^## (.*)$", reference["suite/suite.md"].replace("\\", ""), flags=re.M)
    assert keywords == list(Suite.model_fields)
    assert {"commands/run.md", "commands/data-check.md", "commands/results-sql.md"} <= reference.keys()
    assert ".. autofunction:: mlffbench.load_results" in reference["functions/mlffbench.md"]


def check_order(reference: Files) -> None:
    """Parts of pages stand in one order."""
    order = (
        "Definition", "Settings", "Reference values", "Cost", "How to read", "Papers", "Licence", "Needs",
        "Example",
    )  # fmt: skip
    for path, text in reference.items():
        if path.startswith(("estimators/", "datasets/", "tasks/", "commands/")) and "/index" not in path:
            parts = re.findall("^## (.*)$", text, flags=re.M)
            assert parts == [part for part in order if part in parts], path


def check_contents(reference: Files) -> None:
    """Pages of a method, a dataset and a document hold what the package and the results say."""
    method, data = reference["estimators/soap_gpr.md"], reference["datasets/acac.md"]
    assert "- `n_sparse` (`int`, default `2000`)\n\n  Sparse points of each element" in method
    assert "[quickstart](/_repository/results/quickstart/leaderboard.md)" in method
    assert "| 9.3 ±1.4 |" in method  # as results/quickstart/leaderboard.md has it
    assert "### Search space" in method
    assert "PBE-D3/def2-SVP" in data
    assert "### Published" in data
    assert all("## Licence\n\nMIT" in page for page in (method, data))
    score = reference["documents/document.md"].partition("## score\n")[2]
    assert "| `value` | number or null | yes |" in score
