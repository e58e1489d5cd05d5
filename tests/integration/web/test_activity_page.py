from __future__ import annotations

import csv
import time

import pytest
import redis as redis_py

from rqclock import Clock
from rqclock.acts.activity import By, Entry, record
from tests.integration.web import chores
from tests.integration.web.conftest import As
from tests.integration.web.test_schedules_page import text_of
from tests.integration.web.timetables import Led
from tests.support.waiting import clear_of

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def led(redis: redis_py.Redis) -> Led:
    clear_of(3600)  # what is of today stays so
    clock = Clock(timezone="Europe/London")
    clock.every("10 minutes", name="sweeping").enqueue(chores.sweep)
    return Led(redis, clock, began=int(time.time()))


def act(redis: redis_py.Redis, led: Led, who: str, what: str, why: str = "") -> None:
    record(redis, led.keys, Entry.of(what, By(who, why, "web, 10.0.0.1"), schedule="sweeping"))


def test_everybody_sees_who_did_what_when_why_and_from_where(led: Led, as_: As, redis: redis_py.Redis) -> None:
    act(redis, led, "Ann", "paused", "the register is down")
    page = text_of(as_("viewer").get("/activity").text)
    for text in ("today", "Ann", "paused", "sweeping", "the register is down", "web, 10.0.0.1"):
        assert text in page


def test_it_can_be_searched_and_narrowed_to_a_person(led: Led, as_: As, redis: redis_py.Redis) -> None:
    act(redis, led, "Ann", "paused", "the register is down")
    act(redis, led, "Bob", "run now", "ink")
    viewer = as_("viewer")
    assert "Bob" not in text_of(viewer.get("/activity?q=REGISTER").text)
    assert "Ann" not in text_of(viewer.get("/activity?who=Bob").text)
    assert "Nothing is recorded that fits" in viewer.get("/activity?q=nothing+like+it").text


def test_a_long_activity_is_shown_in_pages_and_none_is_lost(led: Led, as_: As, redis: redis_py.Redis) -> None:
    for number in range(205):
        act(redis, led, "Ann", "paused", f"why-{number:03}")
    pages = [as_("viewer").get(f"/activity?page={page}").text for page in (1, 2, 3)]
    shown = [sum(f"why-{number:03}" in page for number in range(205)) for page in pages]
    assert shown == [100, 100, 5] and "Older" not in pages[2] and "Older" in pages[0]


def test_it_can_be_taken_away_as_csv_that_no_spreadsheet_runs(led: Led, as_: As, redis: redis_py.Redis) -> None:
    act(redis, led, "=cmd()", "paused", '"quoted", comma')
    answer = as_("viewer").get("/activity.csv")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    [row] = list(csv.DictReader(answer.text.splitlines()))
    assert row["who"] == "'=cmd()" and row["why"] == '"quoted", comma' and row["schedule"] == "sweeping"


def test_hostile_texts_and_strange_addresses_break_nothing(led: Led, as_: As, redis: redis_py.Redis) -> None:
    act(redis, led, HOSTILE, HOSTILE, HOSTILE)
    redis.xadd(led.keys.named("activity"), {"entry": "not json"})
    for query in ("", "?page=x", "?days=x", "?page=-1", "?q=%00", "?page=99999999999"):
        answer = as_("viewer").get(f"/activity{query}")
        assert answer.status_code == 200 and "<img src=x" not in answer.text
