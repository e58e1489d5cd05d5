"""A schedule's job as RQ would write it, and the refusal of what the fire script could not copy."""

from __future__ import annotations

import json
import zlib

import pytest
from rq import Queue

from rqclock import Clock
from rqclock.errors import ConfigurationError, TimetableError
from rqclock.jobs.decorator import JobOptions
from rqclock.timetable import template
from rqclock.timetable.schedules import Schedule
from tests.support import jobs


def schedule() -> Schedule:
    clock = Clock()
    clock.every("day", name="Täglich").enqueue(jobs.add, 1, b=2)
    return clock.timetable().schedules[0]


def test_the_template_holds_the_job_as_json() -> None:
    fields = template.fields(schedule())
    assert json.loads(zlib.decompress(fields[b"data"])) == ["tests.support.jobs.add", None, [1], {"b": 2}]
    assert fields[b"status"] == b"queued"
    assert fields[b"origin"] == b"default"
    assert fields[b"schedule"] == "Täglich".encode()


def test_the_template_leaves_out_what_each_tick_sets() -> None:
    assert template.fields(schedule()).keys().isdisjoint({b"created_at", b"enqueued_at", b"scheduled_for"})


def test_every_value_of_the_template_is_bytes() -> None:
    assert all(isinstance(part, bytes) for pair in template.fields(schedule()).items() for part in pair)


def test_making_a_template_asks_no_server() -> None:
    template.fields(schedule())  # the connection of its queue leads nowhere


def test_an_option_that_makes_rq_send_other_commands_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_more(self: Queue, job: object, pipeline: object, **more: object) -> None:
        pipeline.sadd("a", "b")  # type: ignore[attr-defined]
        pipeline.zadd("rate-limit", {"x": 1})  # type: ignore[attr-defined]

    monkeypatch.setattr(Queue, "enqueue_job", with_more)
    template.check.cache_clear()
    with pytest.raises(ConfigurationError, match="SADD ZADD"):
        template.check(JobOptions(queue="refused"))
    template.check.cache_clear()


def test_such_an_option_is_refused_at_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "KNOWN_COMMANDS", ("SADD",))
    template.check.cache_clear()
    clock = Clock()
    clock.every("day").enqueue(jobs.plain)
    with pytest.raises(TimetableError, match=r"test_template.py:\d+: RQ .* rqclock cannot fire it"):
        clock.timetable()
    template.check.cache_clear()


@pytest.mark.parametrize(
    "options", [JobOptions(), JobOptions(ttl=60), JobOptions(retries=2, intervals=(1,)), JobOptions(result_ttl=0)]
)
def test_every_option_of_job_is_one_that_can_be_fired(options: JobOptions) -> None:
    template.check.cache_clear()
    template.check(options)
