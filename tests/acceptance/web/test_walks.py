"""What people of each role do, from the sign-in to the activity page, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from rqclock.store.replies import text
from tests.acceptance.web.browsing import person, visitor
from tests.acceptance.web.conftest import PREFIX, Running
from tests.support.waiting import until

pytestmark = pytest.mark.needs("chromium")
FOCUSED = "[document.activeElement.tagName, getComputedStyle(document.activeElement).outlineStyle]"
PAUSE = "/pause/default/morning%20post"


def page_of(running: Running, chromium: Browser, role: str, path: str = "/", **options: object) -> Page:
    page = person(running, chromium, role=role, **options).new_page()
    page.goto(running.address + path)
    return page


def test_a_visitor_signs_in_through_the_provider_and_is_where_they_wanted_to_be(
    running: Running, chromium: Browser
) -> None:
    page = visitor(chromium).new_page()
    page.goto(f"{running.address}/activity")
    expect(page).to_have_title(re.compile("^Sign in"))
    page.get_by_role("link", name="Sign in", exact=True).click()
    page.get_by_role("button", name="olga").click()
    expect(page.locator("h1")).to_have_text("Activity")
    expect(page.locator(".bar-user")).to_contain_text("olga@example.org support")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{running.address}/activity")
    expect(page.locator("h1")).to_have_text("Sign in")
    page.context.close()


def test_a_viewer_sees_and_may_not_act(running: Running, chromium: Browser) -> None:
    page = page_of(running, chromium, "viewer", "/schedules/default/morning%20post")
    expect(page.locator("h1")).to_have_text("morning post")
    expect(page.get_by_role("link", name="Pause")).to_have_count(0)
    expect(page.locator("body")).not_to_contain_text("north")
    refused = page.goto(running.address + PAUSE)
    assert refused and refused.status == 403
    expect(page.locator("h1")).to_have_text("You may not do this")
    token = page.locator('input[name="csrf_token"]').first.get_attribute("value")
    fields: dict[str, str | float | bool] = {"csrf_token": str(token), "token": "0" * 24, "reason": "x"}
    answer = page.request.post(running.address + PAUSE, form=fields, headers={"Origin": running.address})
    assert answer.status == 403 and not running.redis.hexists(f"{PREFIX}:clock:default:paused", "morning-post")
    page.context.close()


@pytest.mark.parametrize("script", [True, False], ids=["with JavaScript", "without"])
def test_support_pauses_with_a_reason_and_resumes(running: Running, chromium: Browser, script: bool) -> None:
    page = page_of(running, chromium, "support", "/schedules/default/morning%20post", java_script_enabled=script)
    page.get_by_role("link", name="Pause", exact=True).click()
    page.get_by_label("Why").fill("the register is down")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused morning post until somebody resumes it")).to_be_visible()
    expect(page.locator("main")).to_contain_text("by support@example.org: the register is down")
    page.get_by_role("link", name="Resume").click()
    expect(page.locator("main")).to_contain_text("No run fell due meanwhile")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Resumed morning post.")).to_be_visible()
    page.context.close()


def test_support_runs_a_schedule_now_and_sees_it_run(running: Running, chromium: Browser) -> None:
    page = page_of(running, chromium, "support", "/schedules/default/reindex")
    page.get_by_role("link", name="Run now").click()
    expect(page.locator("main")).to_contain_text("it is not running")
    page.get_by_label("Why (optional)").fill("after the import")
    page.get_by_role("button", name="Run now").dblclick()
    # The second press is told what the first did; or, where that one is not done yet, that it was pressed before.
    expect(page.get_by_text(re.compile("Queued reindex as reindex_|This was sent before"))).to_be_visible()
    expect(page.locator("table.runs")).to_contain_text("after the import")
    expect(page.locator("table.runs .badge.good")).to_have_count(1)
    page.goto(f"{running.address}/activity?q=after+the+import")
    expect(page.locator("table tbody tr")).to_have_count(1)
    expect(page.locator("table")).to_contain_text("support@example.org")
    page.context.close()


def test_an_error_is_told_at_the_top_beside_the_field_and_in_the_title(running: Running, chromium: Browser) -> None:
    page = page_of(running, chromium, "support", PAUSE)
    page.get_by_label("Why").fill("   ")
    page.get_by_role("button", name="Pause").click()
    expect(page).to_have_title(re.compile("^Error: Pause morning post"))
    page.get_by_role("alert").get_by_role("link", name="Say why").click()
    expect(page.get_by_label("Why")).to_be_focused()
    expect(page.get_by_label("Why")).to_have_attribute("aria-invalid", "true")
    page.context.close()


def test_an_admin_queues_past_runs_after_seeing_which(running: Running, chromium: Browser) -> None:
    page = page_of(running, chromium, "admin", "/pause/default/sweeping")
    page.get_by_label("Why").fill("for the test")
    page.get_by_role("button", name="Pause").click()
    until(lambda: "skipped" in _rows(running), 60, what="a run that was skipped")
    page.goto(f"{running.address}/resume/default/sweeping")
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("Resumed sweeping.")).to_be_visible()
    page.goto(f"{running.address}/schedules/default/sweeping")
    page.get_by_role("link", name="Queue past runs").click()
    page.get_by_label("Due from").evaluate("field => { field.value = '2020-01-01T00:00' }")
    page.get_by_label("Up to, not included").evaluate("field => { field.value = '2099-01-01T00:00' }")
    page.get_by_role("button", name="Show which runs").click()
    expect(page.get_by_role("heading", name=re.compile("would be queued"))).to_be_visible()
    page.get_by_label("Why").fill("after the outage")
    page.get_by_role("button", name=re.compile("^Queue [0-9]+ run")).click()
    expect(page.get_by_text(re.compile("Queued [0-9]+ past runs of sweeping"))).to_be_visible()
    page.goto(f"{running.address}/activity")
    expect(page.locator("table")).to_contain_text("queued past runs: sweeping")
    page.context.close()


def _rows(running: Running) -> str:
    return " ".join(map(text, running.redis.hvals(f"{PREFIX}:clock:default:ledger:sweeping")))


def test_support_queues_a_failed_job_again_and_finds_no_secret(running: Running, chromium: Browser) -> None:
    page = page_of(running, chromium, "support", "/jobs?state=failed&queue=mail")
    page.get_by_role("link", name="tests.integration.web.chores.spill").first.click()
    expect(page.locator("main")).to_contain_text("OSError: the ink is on the floor")
    page.get_by_role("link", name="Queue it again").click()
    page.get_by_role("button", name="Queue it again").click()
    expect(page.get_by_text("Queued it again.")).to_be_visible()
    page.goto(f"{running.address}/run-now/default/hourly")
    page.get_by_role("button", name="Run now").click()
    page.locator("table.runs a.plain").first.click()
    page.get_by_role("link", name="Show the arguments").click()
    expect(page.locator("main")).to_contain_text('"north"')
    expect(page.locator("main")).not_to_contain_text("hunter2")
    page.context.close()


def test_everything_is_reached_by_the_keyboard_and_what_has_focus_is_seen(running: Running, chromium: Browser) -> None:
    page = page_of(running, chromium, "support")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the main content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the main content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(FOCUSED))
    assert {outline for tag, outline in seen if tag != "BODY"} == {"solid"}
    page.context.close()
