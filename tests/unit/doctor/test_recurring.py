"""Each recurring entry of rq-scheduler becomes a line of a clock file that can be pasted."""

from __future__ import annotations

import json
import pickle
import zlib
from datetime import UTC, datetime
from typing import Any

import pytest

from rqclock import Clock
from rqclock.doctor import entry, recurring
from rqclock.doctor.entry import Entry
from tests.support import jobs

FIVE = datetime(2026, 11, 23, 5, tzinfo=UTC).timestamp()
CALL = ("tests.support.jobs.add", [1], {"b": 2})


def made(meta: dict[str, Any], *, queue: str = "default", timeout: str = "", following: float = FIVE) -> Entry:
    return Entry("id", meta, CALL, "", queue, timeout, following)


def lines(meta: dict[str, Any], **options: Any) -> list[str]:
    return list(recurring.lines(made(meta, **options)))


@pytest.mark.parametrize(
    ("meta", "when"),
    [
        ({"interval": 600}, 'every("10 minutes")'),
        ({"interval": 60}, 'every("minute")'),
        ({"interval": 5400}, 'every("90 minutes")'),
        ({"interval": 45}, 'every("45 seconds")'),
        ({"interval": 7200}, 'every("2 hours")'),
        ({"interval": 86_400}, 'every("day", at="05:00", tz="UTC")'),
        ({"interval": 604_800}, 'every("7 days", at="05:00", tz="UTC")'),
        ({"cron_string": "0 5 * * *"}, 'cron("0 5 * * *", tz="UTC")'),
        ({"cron_string": "0 6 * * *"}, 'cron("0 6 * * *")'),
    ],
)
def test_an_entry_becomes_the_line_that_replaces_it(meta: dict[str, Any], when: str) -> None:
    assert lines(meta) == [f"clock.{when}.enqueue(jobs.add, 1, b=2)"]


def test_the_lines_can_be_pasted_as_they_are() -> None:
    entries = [made({"interval": 600}), made({"cron_string": "0 5 * * MON"}), made({"interval": 86_400})]
    [check] = recurring.judge(entries)
    assert check.paste[0] == "from tests.support import jobs"
    for number, line in enumerate(check.paste[1:]):
        clock = Clock()
        exec(line, {"clock": clock, "jobs": jobs})
        assert [schedule.target.path for schedule in clock.timetable().schedules] == ["tests.support.jobs.add"], number


def test_what_a_line_cannot_say_stands_above_it() -> None:
    found = lines({"interval": 60, "repeat": 3}, queue="low", timeout="900")
    assert found[0] == '# queue low: @job(queue="low") above the function'
    assert found[1] == "# timeout 900 s: @job(timeout=900) above the function"
    assert "3 more times" in found[2]


def test_an_expression_that_a_clock_refuses_is_told_with_its_text() -> None:
    [line] = lines({"cron_string": "0 0 30 2 *"})
    assert line.startswith("# id: no line can say cron '0 0 30 2 *'")


def test_a_pickle_is_read_as_far_as_it_is_plain() -> None:
    assert entry.plain(pickle.dumps({"interval": 60, "repeat": None})) == {"interval": 60, "repeat": None}
    assert entry.plain(json.dumps({"interval": 60}).encode()) == {"interval": 60}


def test_no_text_from_redis_becomes_a_line_of_code_of_its_own() -> None:
    lines_end = "x\nimport os; os.abort()"
    call: list[Any] = [lines_end, None, [], {}]
    said = lines_end.encode()
    values: list[bytes | None] = [b'{"interval": 60}', json.dumps(call).encode(), said, said, said]
    found = entry._entry(lines_end, values, FIVE)
    assert found.call is None
    assert all(line.startswith("#") and "\n" not in line for line in recurring.lines(found))


class Bomb:
    def __reduce__(self) -> Any:
        return (exec, ("raise SystemExit('it ran')",))


def test_a_pickle_that_would_run_something_is_not_run() -> None:
    assert entry.plain(pickle.dumps(Bomb())) is None
    assert entry.plain(zlib.compress(b"junk")) is None


def test_a_call_that_cannot_be_read_is_left_to_a_person_with_its_times() -> None:
    unread = Entry("id", {"interval": 60}, None, "tests.support.jobs.add(<Thing>)", "default", "")
    assert list(recurring.lines(unread)) == [
        "# its arguments cannot be read without running them; fill them in: tests.support.jobs.add(<Thing>)",
        '# clock.every("minute").enqueue(jobs.add, …)',
    ]


def test_times_that_cannot_be_read_are_left_to_a_person() -> None:
    unread = Entry("id", {}, CALL, "tests.support.jobs.add(1)", "default", "", readable=False)
    [line] = recurring.lines(unread)
    assert line == "# id: no line can say times that cannot be read: write this one by hand (tests.support.jobs.add(1))"
