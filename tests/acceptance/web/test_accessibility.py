"""axe-core finds nothing on any page of ours, by day, by night and on a phone; and no page scrolls sideways."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from rqclock.store.replies import text
from tests.acceptance.web.browsing import person, visitor
from tests.acceptance.web.conftest import PREFIX, Running
from tests.support.waiting import until

pytestmark = pytest.mark.needs("chromium", "npm")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 900}},
    "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 320, "height": 700}},
}
PAGES = [
    "/",
    "/?q=nothing+like+it",
    "/schedules/default/sweeping",
    "/schedules/default/reindex",
    "/schedules/default/nothing",
    "/run-now/default/hourly",
    "/pause/default/hourly",
    "/resume/default/hourly",
    "/skip-next/default/hourly",
    "/run-after-all/default/hourly",
    "/backfill/default/sweeping",
    "/backfill/default/sweeping?from=2099-01-01T00:00&to=2020-01-01T00:00",
    "/jobs",
    "/jobs?state=failed&queue=mail",
    "/requeue-all/mail",
    "/activity",
    "/pause-all/default",
    "/resume-all/default",
]


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script, installed by npm in the version of the lock file."""
    folder = tmp_path_factory.mktemp("axe")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(Path(__file__).parent / "axe" / name, folder)
    subprocess.run(["npm", "ci", "--silent"], cwd=folder, check=True, timeout=300)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page, axe: str) -> list[str]:
    page.evaluate(axe)
    found = page.evaluate("rules => axe.run(document, { runOnly: rules })", RULES)["violations"]
    return [f"{page.url}: {one['id']}: {[node['html'][:100] for node in one['nodes'][:3]]}" for one in found]


def is_too_wide(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_is_wrong_with_any_page(running: Running, chromium: Browser, axe: str, look: str) -> None:
    page = person(running, chromium, role="admin", **LOOKS[look]).new_page()
    until(lambda: running.redis.zcard(f"{PREFIX}:failed:mail") > 0, what="a failed job")
    [first] = running.redis.zrange(f"{PREFIX}:failed:mail", 0, 0)
    id = text(first)
    wrong, wide = [], []
    for path in [*PAGES, f"/job/{id}", f"/job-arguments/{id}", f"/requeue-job/{id}", f"/discard-job/{id}"]:
        page.goto(running.address + path)
        wrong += violations(page, axe)
        if is_too_wide(page):
            wide.append(path)
    page.context.close()
    assert wrong == [] and wide == []


def test_the_long_words_for_a_run_that_waits_make_no_page_wider(running: Running, chromium: Browser) -> None:
    page = person(running, chromium, role="viewer", **LOOKS["phone"]).new_page()

    def waits() -> bool:
        page.goto(f"{running.address}/schedules/default/sweeping")
        return "waiting in the queue" in page.locator("table.runs").inner_text()

    running.redis.set(f"{PREFIX}:suspended", 1)
    try:
        until(waits, 60)
        assert not is_too_wide(page)
    finally:
        running.redis.delete(f"{PREFIX}:suspended")
    page.context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_nothing_is_wrong_with_the_pages_of_a_visitor(running: Running, chromium: Browser, axe: str, look: str) -> None:
    page = visitor(chromium, **LOOKS[look]).new_page()
    wrong = []
    for path in ("/sign-in", "/sign-in/dev?token=wrong", "/sign-in/openid/done"):
        page.goto(running.address + path)
        wrong += violations(page, axe)
    page.context.close()
    assert wrong == []
