"""Pages of the site for files of the repository that documents link to.

A link such as ``../results/peers/mace.json`` works on a code host; in the site it leads to a page that
shows the file. A folder becomes a page that lists its files. A script of a gallery leads to its executed
page.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from generated_files import write_generated

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "_repository"  # of the pages, below docs/
ALWAYS = ("CONTRIBUTING.md", "CHANGELOG.md")
LINK = re.compile(r"(?<!\!)\]\(([^)\s#]+)(#[^)\s]*)?\)")
LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".json": "json", ".sh": "bash"}
QUICK = os.environ.get("MLFFBENCH_DOCS_QUICK") == "1"  # leaderboards as text, folders without their files
LARGEST = 200_000  # bytes of a file that is shown in full
CASE = re.compile(r"-[0-9a-f]{12}\.json$")
SUFFIXES = (*LANGUAGES, ".md", ".txt", "")  # of files that are shown; a folder's other files are named


def setup(app: Any) -> dict[str, bool]:
    """Write the pages before Sphinx reads, and turn links as it reads."""
    app.connect("builder-inited", lambda app: write_pages(Path(app.srcdir)))
    app.connect("source-read", _turn_links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_pages(docs: Path, root: Path = ROOT) -> None:
    """Write a page for every file of the repository that a document of ``docs`` links to."""
    write_generated(repository_pages(docs, root), docs / FOLDER)


def repository_pages(docs: Path, root: Path = ROOT) -> dict[str, str]:
    """Pages by their paths below the folder of pages; of linked files, and of those that these link to."""
    boards = (file.relative_to(root).as_posix() for file in root.glob("results/*/leaderboard.md"))
    waiting = [*ALWAYS, *boards, *_linked(docs, root)]
    seen: dict[str, None] = {}
    while waiting:
        path = waiting.pop()
        if path not in seen and (root / path).exists():
            seen[path] = None
            waiting.extend(_further(root, path))
    return {page_of(root, path): _page(root, path) for path in sorted(seen)}


def _linked(docs: Path, root: Path) -> Iterator[str]:
    """Paths in the repository that documents link to."""
    for file in sorted(docs.glob("*.md")):
        yield from _targets(file.read_text(encoding="utf-8"), docs.relative_to(root).as_posix())


def _targets(text: str, folder: str) -> Iterator[str]:
    """Paths in the repository, outside ``docs``, that a Markdown text in a folder links to."""
    for target, _ in LINK.findall(text):
        path = posixpath.normpath(posixpath.join(folder, target))
        if ":" not in target and not path.startswith(("docs/", "../", "/")):
            yield path


def _further(root: Path, path: str) -> Iterable[str]:
    """Paths that a page about a path links to."""
    file = root / path
    if file.is_dir():
        return [f"{path}/{name}" for name in _entries(file) if _is_shown(file / name)]
    if file.suffix == ".md" and file.stat().st_size <= LARGEST:
        return _targets(file.read_text(encoding="utf-8"), posixpath.dirname(path))
    return []


def _entries(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith((".", "__")))


def _is_shown(path: Path) -> bool:
    """True for what a folder's page links to: folders and texts, but no documents of cases."""
    is_text = path.suffix in SUFFIXES and not CASE.search(path.name) and path.stat().st_size <= LARGEST
    return not QUICK and (path.is_dir() or is_text)


def page_of(root: Path, path: str) -> str:
    """Path of the page about a path in the repository."""
    if (root / path).is_dir():
        return f"{path}/index.md"
    return path if path.endswith(".md") else f"{path}.md"


def _page(root: Path, path: str) -> str:
    file = root / path
    head = "" if path in ALWAYS else "---\norphan: true\n---\n\n"
    if file.is_dir():
        return head + _listing(root, path)
    if file.suffix == ".md" and not (QUICK and file.name == "leaderboard.md"):
        text = turned(file.read_text(encoding="utf-8"), posixpath.dirname(path), root)
        return head + without_skipped_levels(text)
    text = file.read_text(encoding="utf-8", errors="replace")
    fence = "`" * max(3, *(len(run) + 1 for run in re.findall(r"`+", text) or [""]))
    language = LANGUAGES.get(file.suffix, "text")
    title = f"# {posixpath.basename(path)}\n\n`{path}` in the repository.\n\n"
    return f"{head}{title}{fence}{language}\n{text}\n{fence}\n"


def _listing(root: Path, path: str) -> str:
    lines = []
    for name in _entries(root / path):
        entry = f"{path}/{name}"
        shown = _is_shown(root / entry)
        lines.append(f"- [{name}](/{FOLDER}/{page_of(root, entry)})" if shown else f"- `{name}`")
    return f"# {path}\n\nFiles of this folder of the repository.\n\n" + "\n".join(lines) + "\n"


def without_skipped_levels(text: str) -> str:
    """The text with headings that are at most one level below the heading before."""
    lines, deepest, code = [], 0, False
    for line in text.splitlines(keepends=True):
        code ^= line.startswith("```")
        marks = re.match(r"#+(?= )", line)
        if marks and not code:
            deepest = min(len(marks[0]), deepest + 1)
            line = "#" * deepest + line.removeprefix(marks[0])
        lines.append(line)
    return "".join(lines)


def turned(text: str, folder: str, root: Path = ROOT) -> str:
    """The text of a file in a folder of the repository, its links turned to pages of the site."""

    def link(match: re.Match[str]) -> str:
        target, part = match[1], match[2] or ""
        path = posixpath.normpath(posixpath.join(folder, target))
        if ":" in target or path.startswith(("../", "/")):
            return match[0]
        if gallery := re.fullmatch(r"docs/(\w+/plot_\w+)\.py", path):
            return f"](/_gallery/{gallery[1]}.rst{part})"
        if path.startswith("docs/"):
            return f"](/{path.removeprefix('docs/')}{part})"
        return f"](/{FOLDER}/{page_of(root, path)}{part})"

    return LINK.sub(link, text)


def _turn_links(app: Any, docname: str, source: list[str]) -> None:
    """Turn the links of a document that also is read on a code host."""
    if "/" not in docname and Path(app.env.doc2path(docname)).suffix == ".md":
        source[0] = turned(source[0], "docs")
