"""A run that failed and will be tried again says which attempt is next, and when."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

import pytest
import redis as redis_py

from rqclock import Clock
from tests.integration.web.conftest import As
from tests.integration.web.test_schedules_page import text_of
from tests.integration.web.timetables import Led
from tests.support import jobs

DUE = datetime(2040, 3, 1, 10, 31, 5, tzinfo=UTC)


@pytest.fixture
def job_id(redis: redis_py.Redis) -> str:
    """A job whose first attempt has failed, and whose second one is due at a time that the test knows."""
    clock = Clock(timezone="Europe/London")
    clock.every("10 minutes", name="post").enqueue(jobs.fails_then_waits)
    led = Led(redis, clock, began=int(time.time()) - 86400)
    [tick] = led.decide("post", None)
    led.work()
    found = led.keys.job_id("post", tick)
    assert redis.zadd("rq:scheduled:default", {found: DUE.timestamp()}, xx=True, ch=True)
    return found


def test_the_row_of_the_run_says_it(job_id: str, as_: As) -> None:
    page = text_of(as_("viewer").get("/schedules/default/post").text)
    assert "failed, will be tried again" in page
    assert re.search(r"attempt 2 of 2 *, next at (Thu )?1 Mar 2040 10:31:05", page), page


def test_the_page_of_the_job_says_it(job_id: str, as_: As) -> None:
    page = text_of(as_("viewer").get(f"/job/{job_id}").text)
    assert re.search(r"Next attempt (Thu )?1 Mar 2040 10:31:05", page)
    assert "Attempt 2 of 2" in page


def test_a_job_that_was_lost_with_its_worker_has_one_attempt_more(job_id: str, as_: As, redis: redis_py.Redis) -> None:
    redis.hset(f"rq:job:{job_id}", "lost", 1)
    assert "Attempt 3 of 3" in text_of(as_("viewer").get(f"/job/{job_id}").text)
