"""A real Chromium, for tests of pages: `browser` starts the machine's own; PHONE and DESKTOP are views of it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Error, Page, async_playwright

from tests.javascript import missing

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# Without a network of its own: what Chromium asks its maker's hosts for is not for tests.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}
DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}


def program() -> str:
    """Where Chromium is; the test is skipped when it is not there, or fails where everything is wanted."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        missing("Chromium is not installed: pages were not looked at")
    return found


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium, without a window."""
    async with async_playwright() as play:
        running = await play.chromium.launch(executable_path=program(), args=list(FLAGS))
        yield running
        await running.close()


class Watched:
    """A page, and what went wrong in it: errors of its scripts, refusals of its policy, requests to other hosts."""

    def __init__(self, page: Page, base: str) -> None:
        self.page, self.base = page, base
        self.wrong: list[str] = []
        self.bytes = 0
        page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
        page.on("request", lambda asked: self._ask(asked.url))

    def _ask(self, url: str) -> None:
        if not url.startswith((self.base, "data:", "blob:")):
            self.wrong.append(f"asked {url}")


@asynccontextmanager
async def visiting(browser: Browser, base: str, **view: Any) -> AsyncIterator[Watched]:
    """A new visitor's page. What goes wrong in it fails the test at the end."""
    context: BrowserContext = await browser.new_context(base_url=base, **{**PHONE, "locale": "th-TH", **view})
    page = await context.new_page()
    watched = Watched(page, base)
    try:
        yield watched
        assert not watched.wrong, watched.wrong
    finally:
        try:
            await context.close()
        except Error:  # The browser is gone already: the test has said why.
            assert not browser.is_connected()
