"""The list of schedules: found, filtered, sorted, in pages; and what needs a banner."""

from __future__ import annotations

import json
import re
import time
from html import unescape

import pytest
import redis as redis_py

from rqclock import Clock
from tests.integration.web import chores
from tests.integration.web.conftest import As
from tests.integration.web.test_schedules_page import text_of
from tests.integration.web.timetables import Led


@pytest.fixture
def led(redis: redis_py.Redis) -> Led:
    clock = Clock(timezone="Europe/London")
    for number in range(58):
        clock.every("day", at=f"{number % 24:02}:30", name=f"batch {number:02}").enqueue(chores.sweep)
    clock.every("10 minutes", name="alpha", owner="Team Ferry").enqueue(chores.spill)
    clock.every("hour", name="zulu", enabled=False).enqueue(chores.sweep)
    return Led(redis, clock, began=int(time.time()) - 86_400)


def names(page: str) -> list[str]:
    return [unescape(name) for name in re.findall(r'class="name" href="[^"]+">([^<]+)<', page)]


def test_a_long_list_comes_in_pages_and_none_is_lost(led: Led, as_: As) -> None:
    first, second = (names(as_("viewer").get(f"/?page={page}").text) for page in (1, 2))
    assert len(first) == 50 and len(second) == 10 and len({*first, *second}) == 60
    assert first == sorted(first) and "Page 1 of 2" in as_("viewer").get("/").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=ferry", ["alpha"]),
        ("q=CHORES.SPILL", ["alpha"]),
        ("q=every+10+minutes", ["alpha"]),
        ("queue=mail", ["alpha"]),
        ("state=off", ["zulu"]),
        ("q=batch+07&state=on", ["batch 07"]),
        ("q=batch+07&state=paused", []),
        ("q=nothing+like+it", []),
    ],
)
def test_schedules_are_found_by_text_queue_and_state(led: Led, as_: As, query: str, found: list[str]) -> None:
    assert names(as_("viewer").get(f"/?{query}").text) == found


def test_those_that_went_wrong_and_those_that_are_paused_can_be_listed_alone(
    led: Led, as_: As, redis: redis_py.Redis
) -> None:
    led.decide("alpha", None)
    led.work()
    led.decide("batch 03", "missed", why="clock was down")
    redis.hset(led.keys.named("paused"), "batch-04", json.dumps({"by": "Ann", "why": "x", "at": 1}))
    viewer = as_("viewer")
    assert names(viewer.get("/?state=wrong").text) == ["alpha", "batch 03"]
    assert names(viewer.get("/?state=paused").text) == ["batch 04"]
    assert 'href="/?state=wrong"' in viewer.get("/").text


def test_a_run_under_way_does_not_take_a_schedule_off_the_list_of_wrong_ones(led: Led, as_: As) -> None:
    led.decide("alpha", None)
    led.work()
    led.decide("alpha", None)
    assert names(as_("viewer").get("/?state=wrong").text) == ["alpha"]


def test_the_list_can_be_sorted_by_what_is_due_next(led: Led, as_: As) -> None:
    page = as_("viewer").get("/?sort=next")
    assert names(page.text)[0] == "alpha" and 'aria-sort="ascending"' in page.text
    assert names(as_("viewer").get("/?sort=next&page=2").text)[-1] == "zulu"


def test_what_was_asked_for_is_kept_by_the_pages_links_and_its_live_part(led: Led, as_: As) -> None:
    page = unescape(as_("viewer").get("/?q=batch&sort=next").text)
    assert 'data-live="/?q=batch&sort=next&live=1"' in page and "/?q=batch&sort=next&page=2" in page


def test_strange_addresses_show_the_list(led: Led, as_: As) -> None:
    for query in ("page=x", "page=-1", "page=9999", "sort=x", "state=x", "queue=%00", "q=" + "x" * 1000):
        assert as_("viewer").get(f"/?{query}").status_code == 200, query


def test_a_new_timetable_is_on_the_page_at_once(led: Led, as_: As, redis: redis_py.Redis) -> None:
    viewer = as_("viewer")
    assert "newcomer" not in viewer.get("/").text
    clock = Clock(timezone="Europe/London")
    clock.every("hour", name="newcomer").enqueue(chores.sweep)
    redis.delete(led.keys.named("lease"))
    Led(redis, clock, began=int(time.time()))
    assert names(viewer.get("/").text) == ["newcomer"]


def test_the_next_24_hours_are_drawn_with_a_lane_for_each_that_is_due(led: Led, as_: As) -> None:
    page = as_("viewer").get("/?q=alpha").text
    drawing = page.partition('<svg class="drawing')[2].partition("</svg>")[0]
    assert drawing.count("<rect") == 1 and "alpha: " in drawing and "style=" not in drawing


def test_a_redis_that_throws_data_away_is_announced(led: Led, as_: As, redis: redis_py.Redis) -> None:
    try:
        redis.config_set("maxmemory", "200mb")
        redis.config_set("maxmemory-policy", "allkeys-lru")
        page = text_of(as_("viewer").get("/").text)
        assert "Redis throws data away when it is full" in page and "allkeys-lru" in page
        redis.config_set("maxmemory-policy", "noeviction")
        assert "throws data away" not in as_("viewer").get("/").text
    finally:
        redis.config_set("maxmemory", "0")
        redis.config_set("maxmemory-policy", "noeviction")


def test_one_schedule_shows_how_long_its_runs_took_and_what_comes(led: Led, as_: As, redis: redis_py.Redis) -> None:
    led.decide("alpha", None, "missed", None, why="")
    led.work()
    redis.hset(led.keys.named("paused"), "alpha", json.dumps({"by": "Ann", "why": "ink", "at": 1}))
    page = as_("viewer").get("/schedules/default/alpha").text
    drawing = page.partition('<svg class="drawing plot')[2].partition("</svg>\n</div>")[0]
    assert drawing.count('class="touch"') == 3 and drawing.count('class="sign"') == 3
    text = text_of(page)
    assert "left out: paused by Ann: ink" in text and "not tried again" in text and "10 minutes back" in text


def test_a_schedules_own_arguments_are_for_those_who_may_act(redis: redis_py.Redis, as_: As) -> None:
    clock = Clock(timezone="Europe/London")
    clock.every("hour", name="with arguments").enqueue(chores.sweep, "north", api_key="xyzzy")
    Led(redis, clock, began=int(time.time()))
    path = "/schedules/default/with%20arguments"
    assert "north" not in as_("viewer").get(path).text
    page = unescape(as_("admin").get(path).text)
    assert '"north", api_key="[masked]"' in page and "xyzzy" not in page
    assert "xyzzy" not in as_("admin").get("/run-now/default/with%20arguments").text
