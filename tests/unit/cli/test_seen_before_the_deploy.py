"""What `list`, `next`, `explain` and `check` promise to show before it happens."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from rqclock import Clock
from rqclock.cli import table
from rqclock.cli.check import warnings
from rqclock.cli.explain import words
from rqclock.cli.simulate import with_progress
from rqclock.timetable.forecast import CROWD, clock_changes, crowded_minutes
from tests.support import jobs
from tests.support.command import Rqclock

from .conftest import NOW

DAY, MONTHS_13 = 86_400, 396 * 86_400
NIGHT = 'every("day", at="01:30", name="night").enqueue(jobs.plain)\n'
SPRING, AUTUMN = r"\d+ Mar \d{4}: 01:30 does not exist, runs 02:00", r"\d+ Oct \d{4}: 01:30 happens twice, runs once"


@pytest.fixture
def clock() -> Clock:
    return Clock("Europe/London")


def add(folder: Path, *lines: str) -> None:
    with (folder / "clock.py").open("a") as file:
        file.writelines(lines)


def told(clock: Clock) -> list[str]:
    return [str(remark) for remark in warnings(clock.timetable(), NOW)]


def explained(clock: Clock) -> str:
    return "\n".join(words(clock.timetable().schedules[0], NOW))


# --- clock changes of the next 13 months


@pytest.mark.parametrize(
    "command", [("list",), ("next", "-n", "1"), ("next", "night"), ("explain", "night"), ("check",)]
)
def test_runs_that_a_clock_change_touches_are_marked_thirteen_months_ahead(
    rqclock: Rqclock, folder: Path, command: tuple[str, ...]
) -> None:
    add(folder, NIGHT)
    out = rqclock(*command).out
    for change in (SPRING, AUTUMN):
        assert len(re.findall(change, out)) == 1, out


@pytest.mark.parametrize("command", [("list",), ("next",), ("explain", "jobs.plain")])
def test_a_timetable_that_no_clock_change_touches_is_not_marked(rqclock: Rqclock, command: tuple[str, ...]) -> None:
    assert "clock change" not in rqclock(*command).out


def test_next_of_one_schedule_tells_its_own_changes_only(rqclock: Rqclock, folder: Path) -> None:
    add(folder, NIGHT)
    assert "clock change" not in rqclock("next", "jobs.plain").out


def test_many_touched_runs_are_counted_instead_of_listed(rqclock: Rqclock, folder: Path) -> None:
    add(folder, "for n in range(30): every('day', at='01:30', name=f'night {n}').enqueue(jobs.plain)\n")
    lines = [line for line in rqclock("list").out.splitlines() if line.startswith("clock change: ")]
    assert len(lines) == 21
    assert lines[-1].startswith("clock change: and ") and "rqclock explain NAME" in lines[-1]


def test_programs_get_the_note_of_a_run_beside_it(rqclock: Rqclock) -> None:
    assert [run["note"] for run in rqclock("next", "jobs.plain", "-n", "2", "--json").lines] == [None, None]


def test_a_moved_run_says_so_in_its_own_line(rqclock: Rqclock, folder: Path) -> None:
    add(folder, NIGHT)
    out = rqclock("simulate", "night", "--from", "2027-03-28", "--to", "2027-03-29").out
    assert out == "Sun 28 Mar 2027 02:00:00 BST  night  (01:30 does not exist on 28 Mar 2027, runs 02:00)\n"


def test_touches_come_by_time_with_spread_and_leave_out_what_is_switched_off(clock: Clock) -> None:
    clock.every("day", at="01:30", name="b", spread="10 minutes").enqueue(jobs.plain)
    clock.every("day", at="01:45", name="a", fold="both").enqueue(jobs.plain)
    clock.every("day", at="01:30", name="off", enabled=False).enqueue(jobs.plain)
    clock.on_demand("never").enqueue(jobs.plain)
    schedules = clock.timetable().schedules
    found = clock_changes(schedules, NOW, NOW + MONTHS_13)
    assert [touch.schedule.name for touch in found] == ["a", "b", "b", "a"]
    assert [touch.tick for touch in found] == sorted(touch.tick for touch in found)
    spread = [touch for touch in found if touch.schedule.name == "b"]
    assert all(touch.schedule.after(touch.tick - 1) == touch.tick for touch in spread)


# --- check


def test_check_warns_of_each_schedule_in_a_gap_or_fold_with_its_line(clock: Clock) -> None:
    clock.every("day", at="01:30").enqueue(jobs.plain)
    place = r"test_seen_before_the_deploy\.py:\d+: jobs\.plain: "
    spring, autumn = told(clock)
    assert re.search(place + "28 Mar 2027: 01:30 does not exist, runs 02:00$", spring)
    assert re.search(place + r"31 Oct 2027: 01:30 happens twice, runs once \(first\)$", autumn)


def test_check_warns_of_a_schedule_that_is_not_due_in_the_next_five_years(clock: Clock) -> None:
    clock.every("16 years", name="comet").enqueue(jobs.plain)  # in 2034
    clock.cron("0 0 29 2 */7", name="leap Sunday").enqueue(jobs.plain)  # the next one is in 2032
    clock.cron("0 0 29 2 *", name="leap").enqueue(jobs.plain)
    clock.every("16 years", name="off", enabled=False).enqueue(jobs.plain)
    clock.on_demand("button").enqueue(jobs.plain)
    assert [re.sub(r".*py:\d+: ", "", warning) for warning in told(clock)] == [
        "comet: not due once in the next 5 years",
        "leap Sunday: not due once in the next 5 years",
    ]


@pytest.mark.parametrize(("count", "warned"), [(CROWD - 1, 0), (CROWD, 1)])
def test_check_warns_of_the_most_crowded_minute(clock: Clock, count: int, warned: int) -> None:
    for n in range(count):
        clock.every("day", at="08:00", name=f"report {n}").enqueue(jobs.plain)
    found = told(clock)
    assert len(found) == warned
    assert all(f"{CROWD} schedules are due in one minute, Sun 22 Nov 2026 08:00:00 GMT" in line for line in found)


def test_schedules_that_are_spread_do_not_crowd(clock: Clock) -> None:
    for n in range(2 * CROWD):
        clock.every("day", at="08:00", name=f"report {n}", spread="1 hour").enqueue(jobs.plain)
    assert told(clock) == []


def test_a_schedule_counts_once_in_a_minute_however_often_it_is_due(clock: Clock) -> None:
    for n in range(CROWD - 1):
        clock.every("10 seconds", name=f"often {n}").enqueue(jobs.plain)
    clock.every("day", at="08:00", name="daily").enqueue(jobs.plain)
    assert list(crowded_minutes(clock.timetable().schedules, NOW, NOW + DAY)) == [(NOW + 20 * 3600, CROWD)]


def test_check_counts_its_warnings_and_still_says_yes(rqclock: Rqclock, folder: Path) -> None:
    add(folder, NIGHT)
    result = rqclock("check")
    assert (result.code, result.err) == (0, "")
    assert result.out.endswith("clock.py: 6 schedules, no errors, 2 warnings\n")


def test_check_tells_programs_all_warnings_with_their_places(rqclock: Rqclock, folder: Path) -> None:
    add(folder, "for n in range(30): every('day', at='01:30', name=f'night {n}').enqueue(jobs.plain)\n")
    result = rqclock("check", "--json")
    assert (result.code, result.err) == (0, "")
    found = result.json
    assert (found["file"], found["schedules"], found["errors"]) == ("clock.py", 35, [])
    assert len(found["warnings"]) == 60  # none is left out
    first = found["warnings"][0]
    assert (first["file"], first["line"]) == ("clock.py", 15)
    assert first["schedule"] == "night 0" and re.search(f"{SPRING}|{AUTUMN}", first["message"])


def test_a_warning_of_the_whole_file_has_no_place(rqclock: Rqclock, folder: Path) -> None:
    (folder / "clock.py").write_text("from rqclock import Clock\nclock = Clock()\nif 0: clock.run()\n")
    [warning] = rqclock("check", "--json").json["warnings"]
    assert {name: warning[name] for name in ("file", "line", "schedule")} == dict.fromkeys(("file", "line", "schedule"))
    assert warning["message"].startswith("it has no schedule: ")


# --- explain


def test_explain_says_when_what_and_how_in_words(clock: Clock) -> None:
    clock.every(
        "working day", at="10:35", name="chase", catch_up="all", catch_up_within="1 day", overlap="skip", owner="north"
    ).enqueue(jobs.add, 1, b=2)
    lines = re.sub(r"\d+ retries", "… retries", explained(clock)).splitlines()
    assert re.fullmatch(r"chase \(.*test_seen_before_the_deploy\.py:\d+\)", lines[0])
    assert lines[1:] == [
        "  runs every working day at 10:35, Europe/London time",
        "  queues tests.support.jobs.add(1, b=2) on 'default'; at most 3 min, … retries",
        "  if later than 10 s: missed runs not older than 1 d are caught up, the others are recorded as missed",
        "  if the run before is still going, the next is skipped, and recorded as such",
        "  owner: north",
        "  next: Mon 23 Nov 2026 10:35:00 GMT  chase",
        "  next: Tue 24 Nov 2026 10:35:00 GMT  chase",
        "  next: Wed 25 Nov 2026 10:35:00 GMT  chase",
    ]


@pytest.mark.parametrize(
    ("catch_up", "said"),
    [
        (
            "latest",
            "the latest missed run is caught up once if it is not older than 12 h, the others are recorded as missed",
        ),
        ("all", "missed runs not older than 12 h are caught up, the others are recorded as missed"),
        ("none", "missed runs are recorded, and not caught up"),
    ],
)
def test_explain_says_what_happens_to_a_late_run(clock: Clock, catch_up: str, said: str) -> None:
    clock.every("day", catch_up=catch_up).enqueue(jobs.plain)  # type: ignore[arg-type]
    assert f"  if later than 10 s: {said}\n" in explained(clock)


def test_explain_says_what_is_special(clock: Clock) -> None:
    clock.every("day", if_=bool, spread="1 hour", description="Tidies", run_now=False).enqueue(jobs.retried)
    text = explained(clock)
    assert "\n  Tidies\n" in text
    assert "on 'mail'; at most 3 min, 3 retries" in text
    assert "only when bool says so, asked at each run" in text
    assert re.search(r"\d+ min after that time|\d+ s after that time", text)
    assert "nobody may start it by hand" in text


def test_explain_of_what_is_switched_off_or_on_demand_promises_no_run(clock: Clock) -> None:
    clock.every("day", name="off", enabled=False).enqueue(jobs.plain)
    clock.on_demand("button").enqueue(jobs.plain)
    off, button = ("\n".join(words(schedule, NOW)) for schedule in clock.timetable().schedules)
    assert "SWITCHED OFF" in off and "next:" not in off
    assert "runs on demand" in button and "next:" not in button and "time" not in button


def test_explain_tells_programs_what_list_tells_and_the_rest(rqclock: Rqclock, folder: Path) -> None:
    add(folder, "every('day', at='01:30', name='night', overlap='skip', if_=bool, owner='N').enqueue(jobs.add, 1)\n")
    result = rqclock("explain", "night", "--json")
    assert (result.code, result.err) == (0, "")
    found = result.json
    listed = rqclock("list", "--json").json[-1]
    assert {name: found[name] for name in listed} == listed
    told = {name: value for name, value in found.items() if name not in (*listed, "runs", "clock_changes", "retries")}
    assert told == {
        "file": "clock.py",
        "line": 15,
        "owner": "N",
        "call": "tests.support.jobs.add(1)",
        "timeout": 180,
        "late_ok": 10,
        "overlap": "skip",
        "spread": 0,
        "condition": "bool",
        "run_now": True,
    }
    assert found["runs"] == rqclock("next", "night", "-n", "3", "--json").lines
    assert [bool(re.search(f"{SPRING}|{AUTUMN}", change["text"])) for change in found["clock_changes"]] == [True, True]
    assert all(change["tick"].endswith("Z") for change in found["clock_changes"])


def test_explain_tells_programs_of_no_run_where_there_is_none(rqclock: Rqclock) -> None:
    for name in ("off", "reindex"):
        found = rqclock("explain", name, "--json").json
        assert (found["next"], found["runs"], found["condition"]) == (None, [], None)


def test_explain_shows_programs_no_argument_that_nobody_should_read(rqclock: Rqclock, folder: Path) -> None:
    add(folder, "from tests.support import chores\n")
    add(folder, "every('day', name='hush').enqueue(chores.letter, 'Ann', 's3cret@example.org')\n")
    assert "s3cret" not in rqclock("explain", "hush", "--json").out


# --- list on any terminal


def printed(width: int, rows: list[table.Row]) -> list[str]:
    out = StringIO()
    table.show(rows, Console(file=out, width=width), title="clock.py", zone="Europe/London")
    return out.getvalue().splitlines()


ROW = table.Row(
    name="applications.reject_by_default",
    when="every fifth minute from 09:00 through 17:59 on Monday through Friday",
    zone="Europe/London",
    job="workers.applications.reject_by_default",
    queue="decisions",
    next="Mon 23 Nov 2026 09:00:00 GMT",
    if_late="latest within 12 h",
)


def test_a_wide_terminal_shows_a_line_for_each_schedule() -> None:
    lines = printed(250, [ROW, ROW])
    assert len([line for line in lines if ROW.name in line and ROW.when in line and ROW.job in line]) == 2


def test_on_eighty_columns_nothing_is_cut_off_or_broken_within_a_word() -> None:
    lines = printed(80, [ROW])
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    for word in (ROW.name, ROW.job, "queue: decisions", ROW.next, "if late: latest within 12 h", *ROW.when.split()):
        assert word in text
    assert "…" not in text
    assert len(lines) == 5  # the title, and four for the schedule


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_on_a_narrow_terminal_every_letter_of_a_name_is_there(width: int) -> None:
    lines = printed(width, [ROW])
    assert ROW.name in "".join("".join(line[: width - 30].split()) for line in lines)


def test_another_zone_and_what_a_person_did_are_told_on_a_narrow_terminal_too() -> None:
    there = table.Row(
        "a", "every day", "Asia/Tokyo", "m.f", "default", "now", "all", "paused by Ann: the register is down"
    )
    text = "\n".join(printed(80, [ROW, there]))
    assert "every day (Asia/Tokyo)" in text
    assert "paused by Ann: the register is down" in text
    assert "(Europe/London)" not in text


# --- simulate


def test_progress_is_shown_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    for is_terminal in (True, False):
        out = StringIO()
        monkeypatch.setattr(out, "isatty", lambda answer=is_terminal: answer, raising=False)
        monkeypatch.setattr("sys.stderr", out)
        monkeypatch.setenv("TERM", "xterm")
        schedule = Clock().timetable()
        runs = [(second, schedule) for second in range(100)]
        assert list(with_progress(iter(runs), 0, 100)) == runs  # type: ignore[arg-type, comparison-overlap]
        assert ("simulating" in out.getvalue()) == is_terminal
