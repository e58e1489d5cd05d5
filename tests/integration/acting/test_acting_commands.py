"""`pause`, `resume`, `skip-next`, `run`, `backfill` and `activity`, as people and programs call them."""

from __future__ import annotations

import csv
import io
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rqclock.store.ticks import iso
from tests.support.command import Rqclock
from tests.support.leader import Leader


def span(start: timedelta, end: timedelta) -> tuple[str, ...]:
    """From so long ago to so long ago, by one and the same clock's reading."""
    now = datetime.now(UTC)
    first, last = ((now - length).isoformat(timespec="seconds") for length in (start, end))
    return "--from", first, "--to", last


def activity(rqclock: Rqclock) -> list[tuple[str, str, str]]:
    return [(entry["who"], entry["what"], entry["schedule"]) for entry in rqclock("activity", "--json").lines]


# --- pause and resume


def test_a_pause_says_what_is_paused_and_until_when(rqclock: Rqclock, leader: Leader) -> None:
    result = rqclock("pause", "tick", "--reason", "the register is down", "--by", "Ann")
    assert (result.code, result.out) == (0, "paused tick until it is resumed\n")
    again = rqclock("pause", "tick", "--reason", "still", "--by", "Bob", "--until", "2099-01-01T08:00")
    assert again.out == (
        "paused tick until Thu 01 Jan 2099 08:00:00 GMT (it was paused by Ann: the register is down before)\n"
    )


def test_a_length_is_an_end_too(rqclock: Rqclock, leader: Leader) -> None:
    result = rqclock("pause", "--all", "--reason", "maintenance", "--until", "2 hours", "--json").json
    left = datetime.fromisoformat(result["until"]) - datetime.now(UTC)
    assert timedelta(minutes=119) < left <= timedelta(hours=2)
    assert (result["schedule"], result["replaced"]) == ("*", None)


def test_who_acts_is_the_user_of_the_shell_unless_said(
    rqclock: Rqclock, leader: Leader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "carol")
    rqclock("pause", "tick", "--reason", "x")
    rqclock("resume", "tick", "--by", "Dan")
    assert activity(rqclock) == [("Dan", "resumed", "tick"), ("carol", "paused", "tick")]


def test_resuming_says_by_whom_it_was_paused_what_it_took_and_what_comes(rqclock: Rqclock, leader: Leader) -> None:
    rqclock("pause", "daily report", "--reason", "the register is down", "--by", "Ann")
    preview = rqclock("resume", "daily report", "--dry-run")
    result = rqclock("resume", "daily report")
    assert (preview.code, result.code) == (0, 0)
    first, second, *rest = result.out.splitlines()
    assert first.startswith("resumed daily report: it was paused by Ann: the register is down, since ")
    assert second.startswith("0 runs fell due meanwhile and stay skipped")
    assert rest[0] == "next:" and rest[1].endswith("daily report")
    assert preview.out.splitlines()[0].startswith("would resume daily report: ")


def test_resuming_what_is_not_paused_is_a_no(rqclock: Rqclock, leader: Leader) -> None:
    result = rqclock("resume", "tick")
    assert (result.code, result.out) == (1, "nothing to resume: tick is not paused\n")
    assert rqclock("resume", "--all", "--json").json is None
    assert rqclock("resume", "--all").out == "nothing to resume: there is no pause of all schedules\n"


def test_resuming_one_of_all_that_are_paused_tells_of_the_pause_of_all(rqclock: Rqclock, leader: Leader) -> None:
    rqclock("pause", "--all", "--reason", "maintenance", "--by", "Ann")
    result = rqclock("resume", "tick")
    assert result.code == 1
    assert result.out == (
        "tick is not paused by itself: everything is paused by Ann: maintenance; to end that: rqclock resume --all\n"
    )


def test_a_resumption_under_the_pause_of_all_says_that_this_stays(rqclock: Rqclock, leader: Leader) -> None:
    rqclock("pause", "--all", "--reason", "maintenance", "--by", "Ann")
    rqclock("pause", "tick", "--reason", "x")
    assert "everything stays paused by Ann: maintenance" in rqclock("resume", "tick").out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("pause", "tick"), "--reason"),
        (("pause", "--reason", "x"), "say the NAME of one schedule, or --all"),
        (("pause", "tick", "--all", "--reason", "x"), "say the NAME of one schedule, or --all"),
        (
            ("pause", "tikc", "--reason", "x"),
            "there is no schedule 'tikc' in the timetable in force; did you mean \"tick\"?",
        ),
        (("pause", "tick", "--reason", "x", "--until", "soon"), "'soon' is neither a time nor a length"),
        (("pause", "tick", "--reason", "x", "--until", "2001-01-01"), "would be over already"),
        (("pause", "tick", "--reason", "   "), "say why"),
        (("pause", "--all", "--reason", ""), "say why"),
        (("pause", "tick", "--reason", "x", "--until", "99999999999 days"), "times from 1970 to 2200 can be used"),
        (("pause", "TIKC", "--reason", "x"), 'did you mean "tick"'),
        (("audit", "--from", "9999-12-31", "--to", "9999-12-31T23:00"), "times from 1970 to 2200 can be used"),
        (("activity", "--since", "0001-01-01"), "times from 1970 to 2200 can be used"),
        (("why", "tick", "0001-01-01T00:00"), "times from 1970 to 2200 can be used"),
        (("skip-next", "nothing"), "there is no schedule 'nothing'"),
        (("why", "tick", "2026-01-01"), "'2026-01-01' is not a time such as"),
        (("why", "tick", "late"), "'late' is not a time such as"),
        (("backfill", "tick", "--from", "1 hour", "--rate", "fast"), "'fast' is no rate"),
        (("backfill", "tick", "--from", "1 hour", "--to", "2 hours"), "is not later than"),
        (("audit", "--from", "1 hour", "--to", "2 hours"), "is not later than"),
        (("activity", "--since", "yesterday"), "'yesterday' is neither a time nor a length"),
    ],
)
def test_what_cannot_be_done_is_told_on_standard_error_and_is_two(
    rqclock: Rqclock, leader: Leader, arguments: tuple[str, ...], text: str
) -> None:
    result = rqclock(*arguments)
    assert (result.code, result.out) == (2, "")
    assert text in result.err


def test_a_schedule_that_the_clock_file_lacks_can_be_paused(rqclock: Rqclock, leader: Leader) -> None:
    Path("clock.py").write_text("from rqclock import Clock\nclock = Clock()\n")
    assert rqclock("pause", "tick", "--reason", "x").code == 0


def test_without_a_clock_file_the_only_clock_in_redis_is_meant(rqclock: Rqclock, leader: Leader) -> None:
    os.remove("clock.py")
    assert rqclock("pause", "tick", "--reason", "x").code == 0
    assert rqclock("why", "tick", "2099-01-01T00:00:10").code == 0


def test_without_a_clock_file_and_with_two_clocks_the_name_is_asked_for(rqclock: Rqclock, leader: Leader) -> None:
    os.remove("clock.py")
    leader.connection.sadd("rq:clocks", "another")
    refused = rqclock("pause", "tick", "--reason", "x")
    assert refused.code == 2
    assert "say with --clock which is meant: another, default" in refused.err
    assert rqclock("pause", "tick", "--reason", "x", "--clock", "default").code == 0


def test_a_broken_clock_file_does_not_keep_people_from_pausing(rqclock: Rqclock, leader: Leader) -> None:
    Path("clock.py").write_text("import nothing_that_exists\n")
    result = rqclock("pause", "tick", "--reason", "x")
    assert result.code == 0
    assert "going by the timetable of 'default' in Redis" in result.err


def test_before_any_clock_has_started_it_says_so(rqclock: Rqclock) -> None:
    result = rqclock("pause", "tick", "--reason", "x")
    assert (result.code, "start a clock first" in result.err) == (2, True)


# --- where it shows


def test_status_list_and_history_show_who_paused_and_why(rqclock: Rqclock, leader: Leader) -> None:
    rqclock("pause", "tick", "--reason", "the register is down", "--by", "Ann")
    rqclock("skip-next", "daily report", "--reason", "a holiday", "--by", "Bob")
    for command in (["status"], ["list"]):
        out = rqclock(*command).out
        assert "paused by Ann: the register is down" in out, command
        assert "skipped by Bob: a holiday" in out, command
    assert "tick: paused by Ann" in rqclock("history", "tick").out


def test_words_of_people_are_text_and_no_markup(rqclock: Rqclock, leader: Leader) -> None:
    rqclock("pause", "tick", "--reason", "[/bold] [red]down", "--by", "A\x1b[31mnn")
    for command in (["status"], ["list"], ["history", "tick"], ["activity"]):
        result = rqclock(*command)
        assert "[/bold] [red]down" in result.out, command
        assert "\x1b[31m" not in result.out, command


# --- skip-next


def test_skip_next_says_which_run_and_can_be_undone(rqclock: Rqclock, leader: Leader) -> None:
    result = rqclock("skip-next", "daily report", "--by", "Ann", "--reason", "a holiday")
    assert (result.code, "will be skipped by Ann: a holiday: the run of " in result.out) == (0, True)
    assert "is to be skipped by Ann" in rqclock("skip-next", "daily report", "--by", "Bob").out
    assert "after all" in rqclock("skip-next", "daily report", "--undo").out
    undone = rqclock("skip-next", "daily report", "--undo")
    assert (undone.code, undone.out) == (1, "no run of daily report is to be skipped\n")


# --- activity


def test_an_act_of_a_program_writes_its_log_line_to_standard_error(rqclock: Rqclock, leader: Leader) -> None:
    result = rqclock("pause", "tick", "--reason", "x", "--by", "Ann")
    line = json.loads(result.err)
    assert (line["event"], line["who"], line["what"]) == ("activity", "Ann", "paused")


def test_run_now_is_in_the_activity(rqclock: Rqclock, leader: Leader) -> None:
    rqclock("run", "tick", "--reason", "asked for", "--by", "Ann")
    entry = rqclock("activity", "--json").lines[0]
    assert (entry["who"], entry["what"], entry["why"], entry["schedule"]) == ("Ann", "run now", "asked for", "tick")
    assert entry["where"].startswith("cli on ")


def test_the_activity_as_csv_is_whole_and_holds_no_formulas(rqclock: Rqclock, leader: Leader) -> None:
    for number in range(60):
        rqclock("pause", "tick", "--reason", f"=cmd|{number}", "--by", "Ann, Bob")
    rows = list(csv.DictReader(io.StringIO(rqclock("activity", "--csv").out)))
    assert len(rows) == 60
    assert (rows[0]["who"], rows[0]["why"], rows[0]["what"]) == ("Ann, Bob", "'=cmd|59", "paused")
    assert len(rqclock("activity", "--json").lines) == 50
    assert len(rqclock("activity", "-n", "7", "--json").lines) == 7


def test_since_leaves_out_what_was_before(rqclock: Rqclock, leader: Leader) -> None:
    rqclock("pause", "tick", "--reason", "x")
    assert rqclock("activity", "--since", iso(leader.time.now + 3600), "--json").out == ""
    assert len(rqclock("activity", "--since", "1 hour", "--json").lines) == 1


# --- backfill


def test_a_dry_run_shows_what_would_be_done_and_does_nothing(rqclock: Rqclock, leader: Leader) -> None:
    before = leader.queued()
    result = rqclock("backfill", "tick", "--from", "9 minutes", "--to", "8 minutes", "--dry-run")
    assert result.code == 0
    assert result.out.count("would be queued (was missed)") == 6
    assert result.out.splitlines()[-1] == "6 would be queued, 0 left as they are"
    assert leader.queued() == before


def test_a_backfill_queues_what_was_missed_and_says_how_many(rqclock: Rqclock, leader: Leader) -> None:
    arguments = ("backfill", "tick", *span(timedelta(minutes=9), timedelta(minutes=8)))
    before = len(leader.queued())
    result = rqclock(*arguments, "--by", "Ann", "--reason", "lost letters")
    assert (result.code, result.out) == (0, "6 queued\n")
    assert len(leader.queued()) == before + 6
    again = rqclock(*arguments)
    assert (again.code, again.out) == (1, "0 queued; 6 left: queued already: --again runs it once more\n")
    assert activity(rqclock)[0] == ("Ann", "backfilled", "tick")
    run = next(run for run in rqclock("history", "tick", "-n", "60", "--json").lines if run["backfilled_from"])
    assert run["reason"].startswith("backfilled by Ann: lost letters; it had been missed: ")


def test_a_backfill_again_queues_under_new_ids(rqclock: Rqclock, leader: Leader) -> None:
    minute = span(timedelta(seconds=90), timedelta(seconds=60))
    found = rqclock("backfill", "tick", *minute, "--again", "--json").lines
    assert len(found) == 3
    assert all("_r" in one["job_id"] and one["outcome"] == "enqueued" and one["was"] == "enqueued" for one in found)


# --- why and audit


def test_why_means_every_run_of_a_minute_and_one_with_seconds(rqclock: Rqclock, leader: Leader) -> None:
    minute = datetime.fromtimestamp(leader.time.now, UTC) - timedelta(minutes=8)
    text = minute.strftime("%Y-%m-%dT%H:%M")
    found = rqclock("why", "tick", f"{text}Z", "--json").lines
    assert [one["answer"] for one in found] == ["missed"] * 6
    one = rqclock("why", "tick", f"{text}:03Z", "--json").lines
    assert [(answer["answer"], len(answer["nearest"])) for answer in one] == [("not due", 2)]
    assert "missed: " in rqclock("why", "tick", f"{text}:10Z").out


def test_why_takes_a_time_of_today_with_its_offset(rqclock: Rqclock, leader: Leader) -> None:
    at = datetime.now(UTC).replace(hour=12, minute=0, second=10, microsecond=0)
    [found] = rqclock("why", "tick", "12:00:10Z", "--json").lines
    assert abs(datetime.fromisoformat(found["instant"]) - at) <= timedelta(days=1)
    assert found["instant"].endswith("T12:00:10Z")


def test_why_reads_times_in_the_schedules_own_zone(rqclock: Rqclock, leader: Leader) -> None:
    found = rqclock("why", "daily report", "2099-06-01T10:35", "--json").lines
    assert [(one["answer"], one["instant"]) for one in found] == [("future", "2099-06-01T09:35:00Z")]


def test_an_audit_of_a_sound_ledger_is_zero_and_says_what_was_due(rqclock: Rqclock, leader: Leader) -> None:
    result = rqclock("audit", "--from", "9 minutes")
    assert (result.code, "no difference" in result.out) == (0, True)
    *findings, total = rqclock("audit", "--from", "9 minutes", "--json").lines
    assert findings == []
    assert (total["differences"], total["runs"] >= 54, total["decisions"]["missed"] >= 20) == (0, True, True)


def test_an_audit_that_finds_a_difference_is_one_and_names_it(rqclock: Rqclock, leader: Leader) -> None:
    tick = int(leader.time.now) // 10 * 10 - 60
    leader.work()
    leader.connection.hdel("rq:clock:default:ledger:tick", str(tick))
    result = rqclock("audit", "--from", "5 minutes", "--json")
    assert result.code == 1
    assert [(one["kind"], one["schedule"], one["tick"]) for one in result.lines[:-1]] == [
        ("missing", "tick", iso(tick))
    ]
    shown = rqclock("audit", "tick", "--from", "5 minutes")
    assert shown.out.startswith(f"missing: tick, {iso(tick)}: ")
    assert rqclock("audit", "daily report", "--from", "5 minutes").code == 0
    assert rqclock("why", "tick", iso(tick)).code == 1


def test_the_coming_runs_say_which_of_them_will_not_be(rqclock: Rqclock, leader: Leader) -> None:
    rqclock("skip-next", "daily report", "--reason", "moved by hand", "--by", "Bob")
    first, second = rqclock("next", "daily report", "-n", "2").out.splitlines()[:2]
    assert "skipped by Bob: moved by hand" in first and "Bob" not in second
    rqclock("pause", "--all", "--reason", "maintenance", "--by", "Ann", "--until", "2099-01-01T08:00")
    for line in rqclock("next", "-n", "3").out.splitlines()[:3]:
        assert "[paused by Ann: maintenance" in line
