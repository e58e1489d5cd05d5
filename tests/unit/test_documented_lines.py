"""What the library's README says of a line's options and refusals is what a clock file does with them."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from rqclock.errors import TimetableError
from rqclock.loading import load
from rqclock.timetable import policies
from rqclock.timetable.schedules import Schedule
from tests.support.tables import cells

HEAD = """from datetime import date, timedelta
from rqclock import Clock
from tests.support import jobs
clock = Clock("Europe/London"{defaults})
every, cron = clock.every, clock.cron
"""
OPTIONS = [(name, *map(str.strip, rest.split("|"))) for name, rest in cells("Options of a line")]
EXAMPLES = [(name, example) for name, examples, _, _ in OPTIONS for example in re.findall("`(.*?)`", examples)]
ON_THE_CLOCK = [(name, example) for name, example in EXAMPLES if name in policies.Defaults.__annotations__]
FORMS = [(form, answer) for form, answer in cells("Forms that are refused") if not form.startswith("natural(")]
# Their answer speaks of the choices that a line has, in the words of its options.
AS_OPTIONS = ("gap=", "fold=", "if_holiday=")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(line: str, defaults: str = "") -> tuple[Schedule, ...]:
    Path("clock.py").write_text(HEAD.format(defaults=defaults) + line + "\n")
    return load("clock.py").schedules


def refusal(line: str) -> str:
    with pytest.raises(TimetableError) as caught:
        read(line)
    return str(caught.value)


# --- options


def test_the_table_of_options_is_complete() -> None:
    assert {name for name, *_ in OPTIONS} == set(policies.Options.__annotations__)
    assert {name for name, _, clock_wide, _ in OPTIONS if clock_wide == "yes"} == set(policies.Defaults.__annotations__)


@pytest.mark.parametrize("name", list(policies.CHOICES))
def test_every_choice_is_in_the_table(name: str) -> None:
    assert [example for option, example in EXAMPLES if option == name] == [f'"{c}"' for c in policies.CHOICES[name]]


@pytest.mark.parametrize(("name", "example"), EXAMPLES)
def test_an_option_is_taken_by_a_line(name: str, example: str) -> None:
    assert len(read(f'every("day", at="10:35", {name}={example}).enqueue(jobs.plain)')) == 1


@pytest.mark.parametrize(("name", "example"), ON_THE_CLOCK)
def test_an_option_of_the_clock_is_that_of_a_line_which_says_nothing_else(name: str, example: str) -> None:
    line = 'every("day", at="10:35"{}).enqueue(jobs.plain)'
    [by_default] = read(line.format(""), f", {name}={example}")
    [by_line] = read(line.format(f", {name}={example}"))
    assert by_default.definition() == by_line.definition()


# --- defaults that do not fit every line


@pytest.mark.parametrize("moves", ["next", "previous"])
def test_a_clocks_rule_for_holidays_moves_days_and_leaves_intervals_alone(moves: str) -> None:
    lines = 'every("10 minutes", name="often").enqueue(jobs.plain)\nevery("monday", name="days").enqueue(jobs.plain)'
    often, days = read(lines, f', if_holiday="{moves}"')
    assert often.words == "every 10 minutes"
    assert "working day" in days.words


def test_a_line_that_asks_an_interval_to_move_its_days_is_refused_all_the_same() -> None:
    assert "moves days" in refusal('every("10 minutes", if_holiday="next").enqueue(jobs.plain)')


def test_a_clock_that_skips_holidays_skips_intervals_too() -> None:
    [often] = read('every("10 minutes").enqueue(jobs.plain)', ', if_holiday="skip"')
    assert often.words == "every 10 minutes, not on holidays"


def test_a_line_may_take_back_what_the_clock_says_of_holidays() -> None:
    [days] = read('every("monday", if_holiday="skip").enqueue(jobs.plain)', ', if_holiday="next"')
    assert days.words == "every Monday at 00:00, not on holidays"


def chosen(lines: str, defaults: str) -> list[tuple[str | None, str | None]]:
    specs = [schedule.trigger.spec() for schedule in read(lines, defaults) if schedule.trigger]
    return [(spec.get("gap"), spec.get("fold")) for spec in specs]


KINDS = "\n".join(
    f"{when}.enqueue(jobs.plain)"
    for when in (
        'every("day", at="01:30", name="fixed")',
        'every("hour", at=":15", name="wild")',
        'cron("*/15 * * * *", name="cron")',
        'every("15 minutes", name="interval")',
    )
)


def test_without_a_clocks_word_each_kind_of_line_has_its_own_rule_for_clock_changes() -> None:
    assert chosen(KINDS, "") == [("next", "first"), ("skip", "both"), ("skip", "both"), (None, None)]


def test_a_clocks_word_on_clock_changes_holds_for_all_but_intervals() -> None:
    assert chosen(KINDS, ', gap="shift"') == [("shift", "first"), ("shift", "both"), ("shift", "both"), (None, None)]
    wild = ("skip", "second")
    assert chosen(KINDS, ', fold="second"') == [("next", "second"), wild, wild, (None, None)]


# --- refusals


def test_the_tables_of_refusals_were_found() -> None:
    assert len(cells("Lines that are refused")) > 25
    assert len(FORMS) > 40


@pytest.mark.parametrize(("line", "answer"), cells("Lines that are refused"))
def test_a_line_is_refused_with_its_place_as_the_readme_says(line: str, answer: str) -> None:
    assert refusal(line) == f"clock.py:6: {answer}"


@pytest.mark.parametrize(("form", "answer"), FORMS)
def test_a_form_that_is_refused_is_refused_in_a_clock_file_with_its_line(form: str, answer: str) -> None:
    found = refusal(f"{form}.enqueue(jobs.plain)")
    assert found.startswith("clock.py:6: ")
    if not answer.startswith(AS_OPTIONS):
        assert found == f"clock.py:6: {answer}"


def test_all_that_is_wrong_with_a_file_is_told_at_once_each_at_its_line() -> None:
    lines = [f"{form}.enqueue(jobs.plain)" for form, _ in FORMS]
    told = refusal("\n".join(lines)).splitlines()
    assert [line.split(":")[1] for line in told] == [str(6 + n) for n in range(len(lines))]


def test_a_line_over_a_week_of_seconds_is_read_as_written() -> None:
    [schedule] = read("every(timedelta(days=7), name='x').enqueue(jobs.plain)")
    assert schedule.trigger is not None and schedule.trigger.period == timedelta(days=7).total_seconds()
