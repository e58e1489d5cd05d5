"""The pictures of the README, from a running system: start `bin/dev --clocks 2`, let it work for two minutes, then

    .venv/bin/python bin/screenshots.py LINK [FOLDER]

LINK is the sign-in link that bin/dev has printed and nobody has opened yet; FOLDER is docs/images if not given.
It pauses one schedule there and runs another one now, so that the pages have something to show.
Needs Chromium (Debian: apt-get install chromium).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

DESK = {"width": 1280, "height": 1180}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": DESK},
    "dark": {"viewport": DESK, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
}
PAUSED, RUN, SHOWN = "applications.chase_providers", "weekly report, north", "development: heartbeat"
PAGES = {
    "schedules": "/",
    "schedule": f"/schedules/default/{SHOWN}",
    "pause": f"/pause/default/{SHOWN}",
    "jobs": "/jobs",
    "activity": "/activity",
    "queues": "/rq/",
}
QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"]


def main(link: str, folder: str = "docs/images") -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=QUIET, chromium_sandbox=False)
        first = chromium.new_context()
        page = first.new_page()
        page.goto(link)
        _act(page, link)
        for look, options in LOOKS.items():
            _take(_signed_in(chromium, like=first, options=options), link=link, look=look, folder=Path(folder))
        chromium.close()


def _act(page: Page, link: str) -> None:
    """What a person did here, for the activity page."""
    page.goto(urljoin(link, f"/pause/default/{PAUSED}"))
    page.get_by_label("Why").fill("the register of providers is down")
    page.get_by_role("button", name="Pause").click()
    page.goto(urljoin(link, f"/run-now/default/{RUN}"))
    page.get_by_label("Why (optional)").fill("the board meets today")
    page.get_by_role("button", name="Run now").click()


def _signed_in(chromium: Browser, *, like: BrowserContext, options: dict[str, Any]) -> BrowserContext:
    """A browser with the session of another: the link opens only once."""
    context = chromium.new_context(**options)
    context.add_cookies(like.cookies())  # type: ignore[arg-type]
    return context


def _take(context: BrowserContext, *, link: str, look: str, folder: Path) -> None:
    page = context.new_page()
    for name, path in PAGES.items():
        page.goto(urljoin(link, path), wait_until="networkidle")
        page.screenshot(path=folder / f"{name}-{look}.png")
        print(folder / f"{name}-{look}.png")
    context.close()


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
