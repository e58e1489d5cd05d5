"""Redis that fills up, and Redis that throws keys away."""

from __future__ import annotations

from typing import Any

from rqclock.alerts.failures import LATELY, Failure, judge
from rqclock.alerts.redis_health import RedisHealth

NOW = 1_800_000_000.0


def said(health: RedisHealth, now: float, **facts: Any) -> dict[str, bool | None]:
    return {finding.kind.slug: finding.bad for finding in health.look(facts, now)}


def test_memory_is_told_above_nine_tenths_and_over_below_eight() -> None:
    health = RedisHealth()
    found = [said(health, NOW, maxmemory=100, used_memory=used)["redis-memory"] for used in (89, 90, 85, 79)]
    assert found == [None, True, None, False]


def test_without_a_limit_or_without_info_nothing_is_said() -> None:
    assert said(RedisHealth(), NOW, maxmemory=0, used_memory=100) == {}
    assert said(RedisHealth(), NOW) == {}


def test_evictions_are_told_when_they_happen_and_over_after_ten_quiet_minutes() -> None:
    health = RedisHealth()
    seen = [(0, 7), (5, 7), (10, 9), (15, 9), (600, 9), (611, 9)]
    found = [said(health, NOW + at, run_id="a", evicted_keys=count)["redis-evicts"] for at, count in seen]
    assert found == [None, None, True, None, None, False]


def test_a_server_that_restarted_has_thrown_nothing_away_by_that() -> None:
    health = RedisHealth()
    said(health, NOW, run_id="a", evicted_keys=0)
    assert said(health, NOW + 5, run_id="b", evicted_keys=5)["redis-evicts"] is None


def test_failed_jobs_of_an_hour_are_one_alert_of_their_queue() -> None:
    failures = [Failure("a", NOW - 60, "OSError: no disk"), Failure("b", NOW - 30, "ValueError: no"),
                Failure("old", NOW - LATELY - 1, "x")]  # fmt: skip
    found = judge("mail", failures, NOW)
    assert found.bad and found.id == "jobs-failed::mail"
    assert found.text == "2 jobs of queue mail failed for good within an hour; the last was b: ValueError: no"
    assert judge("mail", failures, NOW + LATELY).bad is False
