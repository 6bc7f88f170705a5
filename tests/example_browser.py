"""Chromium without a window, and what its pages say and ask for that they should not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")  # three dimensions
NAMES = ("chromium", "chromium-browser", "google-chrome")


@contextmanager
def chromium(*arguments: str) -> Iterator:
    """A browser; the test is skipped where playwright or Chromium is not installed."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright drives the browser")
    known = next(filter(None, map(shutil.which, NAMES)), None)
    with api.sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=known, args=["--no-sandbox", *arguments])
        except api.Error as error:
            pytest.skip(f"no Chromium: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


def faults_of(page, own=("file:", "blob:", "data:"), levels=("error",)) -> list[str]:
    """Messages in the console, exceptions and dialogs of a page, and requests to other addresses."""
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type in levels else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("dialog", lambda dialog: faults.append(dialog.message))
    page.on("request", lambda r: None if r.url.startswith(own) else faults.append(r.url))
    return faults
