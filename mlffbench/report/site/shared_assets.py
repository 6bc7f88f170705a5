"""Scripts and styles that several pages of the site have in common, moved into files of their own."""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

__all__ = ["share_assets"]

FOLDER = "assets"
LEAST = 2_000  # characters that are worth a file
ELEMENT = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1\s*>", re.DOTALL | re.IGNORECASE)
KIND = re.compile(r"""\btype\s*=\s*["']?([^"'\s>]+)""", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""([^\s=]+)\s*=\s*"([^"]*)\"""")
SCRIPTS = ("text/javascript", "application/javascript")  # types of scripts that are run


class _Asset(NamedTuple):
    """A script, style or text inside a page."""

    tag: str
    attributes: str
    content: str

    @property
    def is_run(self) -> bool:
        """True for a script that the browser runs, as it meets it."""
        kind = KIND.search(self.attributes)
        return self.tag == "script" and (kind is None or kind[1].lower() in SCRIPTS)

    @property
    def path(self) -> str:
        digest = sha256(f"{self.attributes}\n{self.content}".encode()).hexdigest()[:12]
        return f"{FOLDER}/{digest}.{'css' if self.tag == 'style' else 'js'}"

    @property
    def file(self) -> str:
        """Content of its file: a text that scripts read is put back into the page by a script."""
        if self.tag == "style" or self.is_run:
            return self.content
        pairs = dict(ATTRIBUTE.findall(self.attributes))
        return (
            "{\nconst text = document.createElement('script');\n"
            f"const attributes = {json.dumps(pairs)};\n"
            "Object.entries(attributes).forEach(([name, value]) => text.setAttribute(name, value));\n"
            f"text.textContent = {json.dumps(self.content)};\ndocument.currentScript.replaceWith(text);\n}}\n"
        )

    @property
    def element(self) -> str:
        """The asset as a page of its own has it."""
        return f"<{self.tag}{self.attributes}>{self.content}</{self.tag}>"

    def link(self, page: str) -> str:
        """Element that loads the file into a page with this path."""
        address = posixpath.relpath(self.path, posixpath.dirname(page) or ".")
        if self.tag == "style":
            return f'<link rel="stylesheet" href="{address}">'
        return f'<script src="{address}"></script>'


def share_assets(pages: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The pages, and the files of what at least two of them have in common, by path.

    A page from the disk may load no other text than scripts and styles, so that texts for scripts, such as
    packed libraries, become scripts that put them back. Of a page that was read only what no other has stays
    in memory.

    Parameters
    ----------
    pages : iterable of (str, str)
        Path in the site and HTML.
    """
    kept: dict[str, list[str | _Asset]] = {}
    known: dict[_Asset, _Asset] = {}
    uses: Counter[_Asset] = Counter()
    for path, page in pages:
        kept[path] = [known.setdefault(p, p) if isinstance(p, _Asset) else p for p in _parts(page)]
        uses.update({part for part in kept[path] if isinstance(part, _Asset)})
    files = {asset.path: asset.file for asset, n in uses.items() if n > 1}
    for path, parts in kept.items():
        texts = (_text(part, path, uses[part] > 1) if isinstance(part, _Asset) else part for part in parts)
        files[path] = "".join(texts)
    return files


def _parts(page: str) -> Iterator[str | _Asset]:
    """The page in pieces: assets that are worth a file, and what stands between them."""
    end = 0
    for match in ELEMENT.finditer(page):
        if len(match[3]) >= LEAST:
            yield page[end : match.start()]
            yield _Asset(match[1].lower(), match[2], match[3])
            end = match.end()
    yield page[end:]


def _text(asset: _Asset, page: str, shared: bool) -> str:
    """The asset's place in a page: a link to its file, or the asset itself."""
    return asset.link(page) if shared else asset.element
