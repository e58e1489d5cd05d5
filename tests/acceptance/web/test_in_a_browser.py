"""What only a browser can show: scripts that run or do not, tables that are drawn, clicks that act."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.web.browsing import Complaints, person
from tests.acceptance.web.conftest import PREFIX, Running
from tests.support.waiting import until

pytestmark = pytest.mark.needs("chromium")
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def page(running: Running, chromium: Browser, complaints: Complaints) -> Iterator[Page]:
    """The schedules page of somebody who has signed in."""
    page = person(running, chromium).new_page()
    complaints.listen(page)
    page.goto(running.address)
    yield page
    page.context.close()


def test_the_schedules_keep_themselves_up_to_date(page: Page, complaints: Complaints) -> None:
    newest = page.locator("tr", has_text="sweeping").locator(".mark").last
    before = str(newest.get_attribute("title"))
    expect(newest).not_to_have_attribute("title", before)
    page.get_by_role("button", name="Pause updates").click()
    expect(page.locator(".live")).to_contain_text("Updates are paused")
    assert complaints == []


@pytest.mark.fault("39", "names, arguments, errors, workers and queues that are HTML and script")
def test_hostile_names_make_no_element_on_any_page(running: Running, page: Page, complaints: Complaints) -> None:
    running.redis.sadd(f"{PREFIX}:queues", f"{PREFIX}:queue:{HOSTILE}")
    running.redis.sadd(f"{PREFIX}:workers", f"{PREFIX}:worker:{HOSTILE}")
    worker: dict[Any, Any] = {"state": "busy", "queues": f"default,{HOSTILE}"}
    worker |= {"version": HOSTILE, "python_version": HOSTILE}
    running.redis.hset(f"{PREFIX}:worker:{HOSTILE}", mapping=worker)
    running.redis.sadd(f"{PREFIX}:worker:{HOSTILE}:executions", f"{HOSTILE}:attempt")
    job: dict[Any, Any] = {"status": "failed", "data": b"x", "description": HOSTILE}
    job |= {"origin": "mail", "worker_name": HOSTILE}
    running.redis.hset(f"{PREFIX}:job:{HOSTILE}", mapping=job)
    running.redis.zadd(f"{PREFIX}:failed:mail", {HOSTILE: 4_000_000_000})
    seen = {
        "/": "sweeping",
        "/rq/": HOSTILE,
        "/rq/0/view/workers": HOSTILE,
        "/rq/0/view/jobs/mail/failed/200/dsc/1": HOSTILE,
        f"/rq/0/view/job/{HOSTILE}": HOSTILE,
        f"/job/{HOSTILE}": HOSTILE,
        "/jobs?state=failed&queue=mail": HOSTILE,
        "/activity": "Activity",
    }
    for path, text in seen.items():
        page.goto(running.address + path)
        expect(page.locator("body")).to_contain_text(text)
        assert page.locator("img[src=x], main script, td script").count() == 0, path
    assert complaints == []


def test_rq_dashboard_draws_its_tables_under_its_policy(running: Running, page: Page, complaints: Complaints) -> None:
    page.get_by_role("link", name="Queues").click()
    expect(page.locator("table#queues tbody tr", has_text="mail")).to_be_visible()
    page.get_by_role("link", name="Workers").click()
    expect(page.locator("table#workers tbody tr", has_text="default, mail")).to_be_visible()
    page.goto(f"{running.address}/rq/0/view/jobs/mail/failed/8/asc/1")
    expect(page.locator("table#jobs tbody tr").first).to_contain_text("the ink is on the floor")
    page.locator(".job_id a").first.click()
    expect(page.locator("main")).to_contain_text("OSError: the ink is on the floor")
    assert complaints == []


def test_requeue_is_one_click_and_comes_from_our_own_page(running: Running, page: Page) -> None:
    page.goto(f"{running.address}/rq/0/view/jobs/mail/failed/200/asc/1")
    page.wait_for_load_state("networkidle")
    row = page.locator("table#jobs tbody tr").first
    job = str(row.get_attribute("data-job-id"))
    before = running.redis.xlen(f"{PREFIX}:results:{job}")
    with page.expect_response(lambda response: "requeue" in response.url):  # its table may be redrawn
        page.locator(f'tr[data-job-id="{job}"]').get_by_text("Requeue", exact=True).click()
    until(lambda: running.redis.xlen(f"{PREFIX}:results:{job}") > before, 60, what="a second attempt of the job")


def test_signing_out_ends_it(running: Running, page: Page, complaints: Complaints) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("h1")).to_have_text("Sign in")
    page.goto(f"{running.address}/rq/")
    expect(page.locator("h1")).to_have_text("Sign in")
    assert complaints == []
