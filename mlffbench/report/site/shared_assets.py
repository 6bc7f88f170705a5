"""Scripts and styles that several pages of the site have in common, moved into files of their own."""

from __future__ import annotations

import json
import posixpath
import re
from collections import Counter
from collections.abc import Mapping
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

    def link(self, page: str) -> str:
        """Element that loads the file into a page with this path."""
        address = posixpath.relpath(self.path, posixpath.dirname(page) or ".")
        if self.tag == "style":
            return f'<link rel="stylesheet" href="{address}">'
        return f'<script src="{address}"></script>'


def share_assets(pages: Mapping[str, str]) -> dict[str, str]:
    """The pages, and the files of what at least two of them have in common, by path.

    A page from the disk may load no other text than scripts and styles, so that texts for scripts, such as
    packed libraries, become scripts that put them back.

    Parameters
    ----------
    pages : mapping of str to str
        HTML by path in the site.
    """
    uses = Counter(asset for page in pages.values() for asset in dict.fromkeys(_assets(page)))
    shared = {asset for asset, n in uses.items() if n > 1}
    files = {asset.path: asset.file for asset in uses if asset in shared}
    return files | {path: _linked(path, page, shared) for path, page in pages.items()}


def _assets(page: str) -> list[_Asset]:
    found = (_Asset(m[1].lower(), m[2], m[3]) for m in ELEMENT.finditer(page))
    return [asset for asset in found if len(asset.content) >= LEAST]


def _linked(path: str, page: str, shared: set[_Asset]) -> str:
    def element(match: re.Match[str]) -> str:
        asset = _Asset(match[1].lower(), match[2], match[3])
        return asset.link(path) if asset in shared else match[0]

    return ELEMENT.sub(element, page)
