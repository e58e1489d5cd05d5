"""`list`, `next`, `simulate` and `check` read the clock file alone: no Redis is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.command import Rqclock

LIST = ["name", "when", "timezone", "job", "queue", "description", "enabled", "next", "catch_up", "catch_up_within"]


def test_list_as_json_is_one_array_of_all_schedules_in_their_order(rqclock: Rqclock) -> None:
    result = rqclock("list", "--json")
    assert (result.code, result.err) == (0, "")
    found = result.json
    assert [entry["name"] for entry in found] == ["jobs.plain", "sums, often", "post", "off", "reindex"]
    assert all(list(entry)[: len(LIST)] == LIST for entry in found)


def test_list_tells_each_schedule_as_it_is(rqclock: Rqclock) -> None:
    first, sums, post, off, reindex = rqclock("list", "--json").json
    assert {name: first[name] for name in LIST} | {"next": None} == {
        "name": "jobs.plain",
        "when": "every day at 10:35",
        "timezone": "Europe/London",
        "job": "tests.support.jobs.plain",
        "queue": "default",
        "description": "Reminds",
        "enabled": True,
        "next": None,
        "catch_up": "latest",
        "catch_up_within": 43200,
    }
    assert (sums["catch_up"], sums["catch_up_within"]) == ("all", 3600)
    assert (post["queue"], post["job"]) == ("mail", "tests.support.jobs.retried")
    assert (off["enabled"], off["next"]) == (False, None)
    assert (reindex["when"], reindex["next"]) == ("on demand", None)


def test_next_in_a_list_is_an_instant_in_utc(rqclock: Rqclock) -> None:
    text = rqclock("list", "--json").json[0]["next"]
    assert text.endswith("Z")
    assert datetime.fromisoformat(text).tzname() == "UTC"


def test_list_for_people_shows_every_name_zone_and_queue(rqclock: Rqclock) -> None:
    out = rqclock("list").out
    for word in ("jobs.plain", "sums, often", "Europe/London", "mail", "every day at 10:35", "switched off"):
        assert word in out


def test_next_tells_coming_runs_in_order(rqclock: Rqclock) -> None:
    found = rqclock("next", "-n", "20", "--json").lines
    assert len(found) == 20
    assert [entry["tick"] for entry in found] == sorted(entry["tick"] for entry in found)
    assert {entry["schedule"] for entry in found} <= {"jobs.plain", "sums, often", "post"}


def test_next_of_one_schedule_goes_by_name_or_slug(rqclock: Rqclock) -> None:
    by_name, by_slug = (rqclock("next", name, "-n", "3", "--json").lines for name in ("sums, often", "sums-often"))
    assert by_name == by_slug
    assert {entry["schedule"] for entry in by_name} == {"sums, often"}


def test_an_unknown_schedule_is_told_what_was_perhaps_meant(rqclock: Rqclock) -> None:
    result = rqclock("next", "pots")
    assert (result.code, result.out) == (2, "")
    assert 'did you mean "post"' in result.err
    assert 'did you mean "post"' in rqclock("next", "POST").err


# --- simulate


def test_an_on_demand_schedule_is_of_the_clocks_zone_and_never_late(rqclock: Rqclock, folder: Path) -> None:
    with (folder / "clock.py").open("a") as file:
        file.write("clock.on_demand('elsewhere', tz='Asia/Tokyo').enqueue(jobs.plain)\n")
    found = {one["name"]: one for one in rqclock("list", "--json").json}
    assert (found["reindex"]["timezone"], found["elsewhere"]["timezone"]) == ("Europe/London", "Asia/Tokyo")
    [line] = [line for line in rqclock("list").out.splitlines() if "reindex" in line]
    assert "latest" not in line and "UTC" not in line


def test_simulate_gives_one_object_a_line_ordered_by_time(rqclock: Rqclock) -> None:
    found = rqclock("simulate", "--from", "2027-03-28", "--to", "2027-03-29", "--json").lines
    assert all(set(entry) == {"schedule", "tick", "local"} for entry in found)
    assert [entry["tick"] for entry in found] == sorted(entry["tick"] for entry in found)
    assert len([entry for entry in found if entry["schedule"] == "sums, often"]) == 23 * 6  # the clocks go forward


def test_simulate_tells_the_tick_in_utc_and_its_local_time_with_offset(rqclock: Rqclock) -> None:
    [found] = rqclock("simulate", "jobs.plain", "--from", "2027-06-01", "--to", "2027-06-02", "--json").lines
    assert found == {
        "schedule": "jobs.plain",
        "tick": "2027-06-01T09:35:00Z",
        "local": "2027-06-01T10:35:00+01:00",
    }


@pytest.mark.parametrize(
    ("start", "end", "count"),
    [
        ("2027-06-01T10:35", "2027-06-01T10:36", 1),
        ("2027-06-01T10:34", "2027-06-01T10:35", 0),
        ("2027-06-01T09:35+00:00", "2027-06-01T09:36Z", 1),
        ("2027-06-01T10:35+00:00", "2027-06-01T11:00+00:00", 0),
    ],
)
def test_simulate_includes_its_start_excludes_its_end_and_means_the_clocks_zone(
    rqclock: Rqclock, start: str, end: str, count: int
) -> None:
    assert len(rqclock("simulate", "jobs.plain", "--from", start, "--to", end, "--json").lines) == count


def test_schedules_due_at_one_instant_come_in_the_order_of_the_file(rqclock: Rqclock, folder: Path) -> None:
    lines = "".join(f"every('hour', name='{name}').enqueue(jobs.plain)\n" for name in "zab")
    (folder / "clock.py").write_text((folder / "clock.py").read_text().partition("every(")[0] + lines)
    found = rqclock("simulate", "--from", "2027-06-01T00:00", "--to", "2027-06-01T00:01", "--json").lines
    assert [entry["schedule"] for entry in found] == ["z", "a", "b"]


def test_simulate_leaves_out_what_a_condition_forbids(rqclock: Rqclock, folder: Path) -> None:
    text = "every('hour', name='even', if_=lambda t: t.hour % 2 == 0).enqueue(jobs.plain)\n"
    (folder / "clock.py").write_text((folder / "clock.py").read_text() + text)
    assert len(rqclock("simulate", "even", "--from", "2027-06-01", "--to", "2027-06-02", "--json").lines) == 12


def test_a_condition_that_raises_is_told_in_one_line(rqclock: Rqclock, folder: Path) -> None:
    text = "every('hour', name='odd', if_=lambda t: t.nonsense).enqueue(jobs.plain)\n"
    (folder / "clock.py").write_text((folder / "clock.py").read_text() + text)
    result = rqclock("simulate", "odd", "--from", "2027-06-01", "--to", "2027-06-02", "--json")
    assert result.code == 2
    assert "odd" in result.err and "nonsense" in result.err and len(result.err.splitlines()) == 1


def test_simulate_takes_times_of_day_and_lengths_from_now_on(rqclock: Rqclock) -> None:
    [found] = rqclock("simulate", "jobs.plain", "--from", "10:00", "--to", "11:00", "--json").lines
    assert found["local"][10:16] == "T10:35" and datetime.fromisoformat(found["tick"]) > datetime.now(UTC)
    assert len(rqclock("simulate", "sums, often", "--from", "1 hour", "--to", "2 hours", "--json").lines) == 12


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("soon", "2027-01-01"),
        ("2027-01-02", "2027-01-01"),
        ("2027-01-01", "2027-01-01"),
        ("2027-01-01", "9999-12-31T23:59"),
        ("2027-01-01", "99999999999 days"),
    ],
)
def test_a_span_of_time_that_is_none_is_a_usage_error(rqclock: Rqclock, start: str, end: str) -> None:
    result = rqclock("simulate", "--from", start, "--to", end, "--json")
    assert (result.code, result.out) == (2, "")
    assert result.err


@pytest.mark.parametrize(
    ("start", "end"),
    [("0001-01-01", "0001-02-01"), ("1969-12-01", "1970-01-08")],
)
def test_instants_before_all_computers_are_refused_in_words(rqclock: Rqclock, start: str, end: str) -> None:
    result = rqclock("simulate", "post", "--from", start, "--to", end, "--json")
    assert result.code == 2
    assert "times from 1970 to 2200 can be used" in result.err


# --- check


def test_check_of_a_good_file_says_how_many_schedules_it_has(rqclock: Rqclock) -> None:
    result = rqclock("check")
    assert (result.code, result.err) == (0, "")
    assert "clock.py: 5 schedules, no errors" in result.out


def test_check_tells_all_errors_on_standard_error_and_says_no(rqclock: Rqclock, folder: Path) -> None:
    bad = "every('day', at='12:99').enqueue(jobs.plain)\nevery('hour')\n"
    (folder / "clock.py").write_text((folder / "clock.py").read_text() + bad)
    result = rqclock("check")
    assert (result.code, result.out) == (1, "")
    assert [line.split(":")[0] for line in result.err.splitlines()] == ["clock.py", "clock.py"]


def test_check_tells_programs_all_errors_on_standard_output_and_says_no(rqclock: Rqclock, folder: Path) -> None:
    bad = "every('day', at='12:99').enqueue(jobs.plain)\nevery('hour')\n"
    (folder / "clock.py").write_text((folder / "clock.py").read_text() + bad)
    result = rqclock("check", "--json")
    assert (result.code, result.err) == (1, "")
    errors = result.json.pop("errors")
    assert [(error["file"], error["line"]) for error in errors] == [("clock.py", 15), ("clock.py", 16)]
    assert all(set(error) == {"file", "line", "message"} and error["message"] for error in errors)
    assert {name: result.json[name] for name in ("file", "schedules", "warnings")} == {
        "file": "clock.py",
        "schedules": None,
        "warnings": [],
    }


BARE = "from rqclock import Clock\nfrom tests.support import jobs\nclock = Clock()\n"
DAILY = "clock.every('day').enqueue(jobs.plain)\n"
GUARD = "if __name__ == '__main__':\n    "
NEVER = 'nothing in it starts the clock: "python clock.py" ends at once; add if __name__ == "__main__": clock.run()'


@pytest.mark.parametrize(
    "end",
    [
        "",
        "clock.run  # without parentheses\n",
        f"{GUARD}pass\n",
        "clock.every('hour', name='x').enqueue(post.run)\n",  # a job that is called run starts nothing
    ],
)
def test_check_warns_of_a_file_that_python_would_end_at_once(rqclock: Rqclock, folder: Path, end: str) -> None:
    post = "from types import SimpleNamespace\npost = SimpleNamespace(run=jobs.plain)\n"
    (folder / "clock.py").write_text(BARE + post + DAILY + end)
    result = rqclock("check")
    assert (result.code, result.err) == (0, "")
    assert result.out.splitlines()[0] == f"warning: {NEVER}"
    assert rqclock("check", "--json").json["warnings"] == [
        {"file": None, "line": None, "schedule": None, "message": NEVER}
    ]


@pytest.mark.parametrize(
    "end",
    [
        f"{GUARD}clock.run()\n",
        f"{GUARD}sys.exit(clock.run())\n",
        f"def start():\n    clock.run()\n{GUARD}start()\n",
        f"from tests.support.command import runner as begin\n{GUARD}begin(clock)\n",  # who knows what it does
        f"start = clock.run\n{GUARD}start()\n",
        "def main():\n    clock.run()\nif __name__ != 'rqclock_timetable':\n    main()\n",
        "if False:\n    jobs.main(clock)\n",
    ],
)
def test_check_is_content_with_a_file_that_starts_its_clock_somehow(rqclock: Rqclock, folder: Path, end: str) -> None:
    (folder / "clock.py").write_text(BARE + DAILY + end)
    assert rqclock("check", "--json").json["warnings"] == []


def test_check_is_content_with_a_module_of_a_package_that_another_one_may_run(rqclock: Rqclock, folder: Path) -> None:
    (folder / "shop").mkdir()
    (folder / "shop/clock.py").write_text(BARE + DAILY)
    (folder / "shop/__init__.py").write_text("")
    assert rqclock("check", "--file", "shop/clock.py", "--json").json["warnings"] == []
    (folder / "shop/__init__.py").unlink()
    assert "python shop/clock.py" in rqclock("check", "--file", "shop/clock.py").out


def test_a_file_that_is_not_there_is_a_line_and_two_for_programs_too(rqclock: Rqclock) -> None:
    for command in (("check",), ("explain", "post")):
        result = rqclock(*command, "--file", "nowhere.py", "--json")
        assert (result.code, result.out) == (2, "")
        assert "nowhere.py" in result.err


def test_every_other_command_refuses_a_bad_file_with_two(rqclock: Rqclock, folder: Path) -> None:
    (folder / "clock.py").write_text("from rqclock import Clock\nclock = Clock()\nclock.every('day')\n")
    for command in (["list"], ["next"], ["explain", "x"], ["simulate", "--from", "08:00", "--to", "1 hour"]):
        result = rqclock(*command)
        assert (result.code, result.out) == (2, "")
        assert result.err.startswith("clock.py:3: ")


# --- which file


@pytest.mark.parametrize(
    "arguments", [("--file", "other.py", "list", "--json"), ("list", "--file", "other.py", "--json")]
)
def test_the_file_may_be_named_before_or_after_the_command(
    rqclock: Rqclock, folder: Path, arguments: tuple[str, ...]
) -> None:
    (folder / "other.py").write_text("from rqclock import Clock\nclock = Clock()\n")
    assert rqclock(*arguments).json == []


def test_the_file_may_be_named_by_the_environment_and_the_option_wins(
    rqclock: Rqclock, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "other.py").write_text("from rqclock import Clock\nclock = Clock()\n")
    monkeypatch.setenv("RQCLOCK_FILE", "other.py")
    assert rqclock("list", "--json").json == []
    assert len(rqclock("list", "--file", "clock.py", "--json").json) == 5


def test_a_file_that_is_not_there_is_told_on_standard_error(rqclock: Rqclock) -> None:
    result = rqclock("list", "--file", "nowhere.py")
    assert (result.code, result.out) == (2, "")
    assert "nowhere.py" in result.err


# --- usage


def test_an_unknown_command_is_told_what_was_perhaps_meant(rqclock: Rqclock) -> None:
    result = rqclock("lst")
    assert (result.code, result.out) == (2, "")
    assert 'did you mean "list"' in result.err


@pytest.mark.parametrize("arguments", [("list", "--jsn"), ("next", "-n", "0"), ("next", "-n", "x"), ("simulate",)])
def test_a_wrong_option_is_a_usage_error(rqclock: Rqclock, arguments: tuple[str, ...]) -> None:
    result = rqclock(*arguments)
    assert (result.code, result.out) == (2, "")


@pytest.mark.parametrize("arguments", [("--help",), ("list", "--help"), ("history", "-h"), ("--version",)])
def test_help_is_an_answer(rqclock: Rqclock, arguments: tuple[str, ...]) -> None:
    result = rqclock(*arguments)
    assert (result.code, result.err) == (0, "")
    assert result.out


@pytest.mark.parametrize("command", [("status",), ("history", "post"), ("run", "post")])
def test_redis_out_of_reach_is_one_line_and_two(rqclock: Rqclock, command: tuple[str, ...]) -> None:
    result = rqclock(*command)
    assert (result.code, result.out) == (2, "")
    assert "127.0.0.1:1/0 cannot be reached" in result.err and len(result.err.splitlines()) == 1


def test_a_setting_that_cannot_be_read_is_one_line_and_two(rqclock: Rqclock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RQCLOCK_LEASE", "soon")
    result = rqclock("status")
    assert result.code == 2
    assert result.err.startswith("RQCLOCK_LEASE")


@pytest.mark.parametrize("command", [("list",), ("next",)])
def test_without_redis_it_is_said_that_pauses_and_skips_are_not_shown(
    rqclock: Rqclock, command: tuple[str, ...]
) -> None:
    result = rqclock(*command)
    assert (result.code, "sums, often" in result.out) == (0, True)
    [line] = result.err.splitlines()
    assert line.startswith("without what is paused or skipped: Redis at 127.0.0.1:1/0 cannot be reached")
    assert rqclock(*command, "--json").err == ""


@pytest.mark.parametrize("command", [("list",), ("status",), ("run", "post"), ("pause", "--all", "--reason", "x")])
@pytest.mark.parametrize("before", [True, False])
def test_a_clock_file_that_is_named_and_not_there_is_refused(
    rqclock: Rqclock, command: tuple[str, ...], before: bool
) -> None:
    named = ("--file", "nosuch.py")
    result = rqclock(*named, *command) if before else rqclock(*command, *named)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("nosuch.py: there is no such clock file")
