"""All schedules of a Clock paused at once, and resumed: for admins, told on every page of schedules."""

from __future__ import annotations

import time

import pytest
import redis as redis_py

from rqclock import Clock
from rqclock.acts.activity import ALL, read
from rqclock.acts.pauses import Pauses
from tests.integration.web import chores
from tests.integration.web.conftest import As
from tests.integration.web.pressing import HERE, press, said
from tests.integration.web.test_schedules_page import text_of
from tests.integration.web.timetables import Led
from tests.support.waiting import clear_of

PAUSE, RESUME = "/pause-all/default", "/resume-all/default"


@pytest.fixture
def led(redis: redis_py.Redis) -> Led:
    clear_of(600)
    clock = Clock(timezone="Europe/London")
    clock.every("10 minutes", name="sweeping").enqueue(chores.sweep)
    clock.every("hour", name="dusting").enqueue(chores.sweep)
    return Led(redis, clock, began=int(time.time()) - 7200)


def test_an_admin_pauses_and_resumes_everything_with_a_reason(led: Led, as_: As, redis: redis_py.Redis) -> None:
    admin = as_("admin")
    assert said(admin, press(admin, PAUSE, reason="the register moves")).startswith("Paused all schedules until")
    assert Pauses(redis, led.keys).in_force()[ALL].why == "the register moves"
    page = text_of(as_("viewer").get("/").text)
    assert "All schedules are paused by" in page and "the register moves" in page
    assert "Resume all" not in page  # a viewer is offered nothing that is refused
    assert said(admin, press(admin, RESUME)) == "Resumed all schedules."
    assert Pauses(redis, led.keys).in_force() == {}
    assert [(entry.what, entry.schedule) for entry in read(redis, led.keys)] == [("resumed", ALL), ("paused", ALL)]


def test_no_reason_and_a_time_that_is_past_are_refused_beside_their_fields(led: Led, as_: As) -> None:
    answer = press(as_("admin"), PAUSE, until="2020-01-01T08:00")
    assert answer.status_code == 422
    assert "Say why." in answer.text and "That is past already." in answer.text


@pytest.mark.parametrize("role", ["viewer", "support"])
def test_it_is_for_admins(led: Led, as_: As, redis: redis_py.Redis, role: str) -> None:
    for path in (PAUSE, RESUME):
        assert as_(role).get(path).status_code == 403
        assert as_(role).post(path, headers=HERE).status_code in (400, 403)
    assert Pauses(redis, led.keys).in_force() == {}
    assert "Pause all" not in as_(role).get("/").text
    assert "Pause all schedules" in as_("admin").get("/").text


def test_the_page_that_resumes_tells_what_it_means(led: Led, as_: As) -> None:
    admin = as_("admin")
    press(admin, "/pause/default/dusting", reason="by itself")
    press(admin, PAUSE, reason="the register moves")
    page = text_of(admin.get(RESUME).text)
    assert "No run fell due meanwhile." in page and "sweeping runs next" in page
    assert "1 schedule stays paused by its own pause." in page


def test_a_clock_that_does_not_exist_is_not_found(led: Led, as_: As) -> None:
    assert as_("admin").get("/pause-all/nowhere").status_code == 404
