"""Pages of the documentation site: form of the scripts, links, targets, headings."""

from __future__ import annotations

import ast
import posixpath
import re

import pytest
from example_documentation import DOCS, GALLERIES, MARKDOWN, ROOT, SCRIPTS, documents, script_texts

TEXT, CODE = 120, 130  # columns; a string of code that a formatter leaves may be a little longer
FORMULA = re.compile(r"#(  +| \.\. math::).*\\")
LINKING = [*MARKDOWN, ROOT / "README.md", ROOT / "CONTRIBUTING.md"]
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```", flags=re.M | re.S)


def name_of(file):
    return file.relative_to(DOCS).as_posix()


@pytest.mark.parametrize("file", SCRIPTS, ids=name_of)
def test_a_script_is_a_page(file):
    """A title, underlined, and a paragraph; code that compiles; lines that fit."""
    source = file.read_text(encoding="utf-8")
    assert re.fullmatch(r"plot_\d\d_[a-z0-9_]+\.py", file.name)
    title, underline, *rest = (ast.get_docstring(ast.parse(source)) or "").splitlines()
    assert set(underline) == {"="}
    assert len(underline) >= len(title) > 0
    assert len(" ".join(rest).split()) >= 10, "no paragraph below the title"
    compile(source, file.name, "exec", dont_inherit=True)
    lines = [(n, line) for n, line in enumerate(source.splitlines(), start=1) if not FORMULA.match(line)]
    long = [n for n, line in lines if len(line) > (TEXT if line.startswith("#") else CODE)]
    assert not long, f"lines {long} are too long"


@pytest.mark.parametrize("folder", GALLERIES)
def test_a_gallery_has_a_title_and_pages_in_order(folder):
    header = (DOCS / folder / "GALLERY_HEADER.rst").read_text(encoding="utf-8")
    assert re.search(r"^[^\n]+\n=+$", header, flags=re.M)
    numbers = [file.name[5:7] for file in sorted((DOCS / folder).glob("plot_*.py"))]
    assert numbers
    assert len(set(numbers)) == len(numbers), "two pages have one number"


@pytest.mark.parametrize("file", LINKING, ids=lambda file: file.name)
def test_links_of_markdown_lead_somewhere(file):
    """Files exist; a part of a page is one of its headings."""
    text = file.read_text(encoding="utf-8")
    for target, part in re.findall(r"(?<!!)\]\(([^)\s#]*)(#[^)\s]+)?\)", text):
        if target.startswith(("http:", "https:")):
            continue
        made = posixpath.normpath(target).startswith("reference/")  # pages of the build
        place = file.parent / target if target else file
        assert made or place.exists(), target
        if part and not made:
            headings = re.findall(r"^#+ (.*)$", place.read_text(encoding="utf-8"), flags=re.M)
            assert part[1:] in {anchor(heading) for heading in headings}, f"{target}{part}"


def anchor(heading: str) -> str:
    """Anchor of a heading, as code hosts make it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def test_documents_that_pages_refer_to_exist():
    """Those of the reference are checked by the build, see test_site_build."""
    texts = {name_of(file): script_texts(file) for file in SCRIPTS}
    headers = [DOCS / folder / "GALLERY_HEADER.rst" for folder in GALLERIES]
    texts |= {name_of(file): file.read_text(encoding="utf-8") for file in headers if file.is_file()}
    dead = {
        f"{page}: {target}"
        for page, text in texts.items()
        for target in re.findall(r":doc:`(?:[^`<]*<)?/?([^`>]+)>?`", text)
        if not target.startswith("reference/") and target.removesuffix(".md") not in documents()
    }
    assert not dead


def test_every_page_is_in_a_table_of_contents():
    listed = {
        line.strip()
        for file in MARKDOWN
        for block in TOCTREE.findall(file.read_text(encoding="utf-8"))
        for line in block.splitlines()
    }
    assert {file.stem for file in MARKDOWN} - {"index"} <= listed
    assert {f"_gallery/{name}/index" for name in GALLERIES} <= listed


def test_citations_are_in_the_bibliography():
    from pybtex.database import parse_file

    known = set(parse_file(str(DOCS / "references.bib")).entries)
    cited = {
        key.strip()
        for file in SCRIPTS
        for keys in re.findall(r":cite(?::\w+)?:`([^`]+)`", file.read_text(encoding="utf-8"))
        for key in keys.split(",")
    }
    assert cited <= known, cited - known
