"""Where there is nothing to show a command says so: an empty table with its title broken up helps nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.command import Rqclock
from tests.support.leader import Leader

BOX = set("│┃┏┌└┡╇━─")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("history", "tick"), "tick: no run yet"),
        (("failed", "list"), "no job has failed for good"),
        (("quarantine", "list"), "no job was put aside"),
        (("user", "list"), "no account yet"),
        (("alert", "list"), "no alert is open"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_clock_that_has_just_begun_has_nothing_to_show_and_says_so(
    rqclock: Rqclock, leader: Leader, command: tuple[str, ...], said: str
) -> None:
    result = rqclock(*command)
    assert (result.code, result.out, result.err) == (0, f"{said}\n", "")
    assert rqclock(*command, "--json").out == ""


def test_an_empty_redis_has_no_activity_and_no_schedules(rqclock: Rqclock, redis: Any) -> None:
    assert rqclock("activity").out == "nothing yet\n"
    assert rqclock("activity", "--since", "2 days").out == "nothing since 2 days\n"
    assert rqclock("activity", "--json").out == ""
    status = rqclock("status")
    assert status.code == 1
    assert status.out.splitlines()[-1] == "schedules: none yet; a clock brings its timetable when it leads"
    assert not BOX & set(status.out)


def test_a_clock_file_without_schedules_has_no_table_and_no_coming_run(
    rqclock: Rqclock, redis: Any, tmp_path: Path
) -> None:
    (tmp_path / "clock.py").write_text("from rqclock import Clock\n\nclock = Clock()\n")
    assert rqclock("list").out == "clock.py: default, 0 schedules, times of UTC\n"
    assert rqclock("next").out == "no run comes\n"
    assert rqclock("next", "--json").out == ""
