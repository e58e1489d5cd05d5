"""A real browser, and what it complains of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, expect, sync_playwright

from tests.acceptance.web.conftest import Running
from tests.conftest import find_program

QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
QUIET += ["--disable-component-update", "--disable-sync"]
LONG = 60_000.0  # ms that a busy machine may take for one step


class Complaints(list[str]):
    """What the browser's console and the page's scripts complained of, and every dialog that opened."""

    def listen(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("dialog", self._dialog)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.append(message.text)

    def _dialog(self, dialog: Dialog) -> None:
        self.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@contextmanager
def launched() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        program = find_program("chromium")
        chromium = playwright.chromium.launch(
            executable_path=program, args=QUIET, chromium_sandbox=False, timeout=2 * LONG
        )
        expect.set_options(timeout=LONG)
        yield chromium
        chromium.close()


def visitor(chromium: Browser, **options: Any) -> BrowserContext:
    """The browser of somebody who has not signed in."""
    context = chromium.new_context(**options)
    context.set_default_timeout(LONG)
    return context


def person(running: Running, chromium: Browser, *, role: str | None = None, **options: Any) -> BrowserContext:
    """The browser of somebody with that role; None: of the developer who opened the link."""
    context = visitor(chromium, **options)
    cookie = running.cookie_of(role) if role else running.cookie
    context.add_cookies([{"name": "rqclock_session", "value": cookie, "url": running.address}])
    return context
