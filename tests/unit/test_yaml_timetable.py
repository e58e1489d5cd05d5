"""`clock.load` reads GoodJob's format, and refuses what GoodJob would pass over: see rqclock/README.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from rqclock.errors import ConfigurationError, TimetableError
from rqclock.loading import load
from rqclock.timetable.schedules import Schedule
from tests.support.tables import cells

CLOCK = 'from rqclock import Clock\nclock = Clock("Europe/London", owner="north")\nclock.load("jobs.yml")\n'
JOB = "tests.support.jobs"
ENTRY = f'nightly:\n  cron: "0 5 * * *"\n  class: {JOB}.anything\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clock.py").write_text(CLOCK)
    return tmp_path


def read(text: str) -> tuple[Schedule, ...]:
    Path("jobs.yml").write_text(text)
    return load("clock.py").schedules


def problems(text: str) -> list[str]:
    """The lines that the file is refused with."""
    with pytest.raises(TimetableError) as caught:
        read(text)
    return str(caught.value).splitlines()


def entry(*lines: str) -> str:
    """An entry with these keys, and with cron and class where the lines name none."""
    known = {"cron": '  cron: "0 5 * * *"', "class": f"  class: {JOB}.anything"}
    given = {line.split(":")[0] for line in lines}
    rest = [line for key, line in known.items() if key not in given]
    return "\n".join(["nightly:", *(f"  {line}" for line in lines), *rest, ""])


# --- what is accepted


def test_every_key_arrives_in_the_schedule() -> None:
    [schedule] = read(
        entry(
            'cron: "15 0 * * *"',
            "args: [1, {full: true}]",
            "kwargs: {region: north}",
            "set: {queue: slow}",
            "description: Copies all providers",
            "enabled_by_default: false",
        )
    )
    target = schedule.target
    assert (schedule.name, schedule.words, schedule.timezone) == ("nightly", "at 00:15 every day", "Europe/London")
    assert (target.path, target.args, target.kwargs) == (f"{JOB}.anything", (1, {"full": True}), {"region": "north"})
    assert (target.options.queue, schedule.description, schedule.enabled) == ("slow", "Copies all providers", False)
    assert (schedule.file, schedule.line) == ("jobs.yml", 1)


def test_what_the_file_does_not_say_comes_from_the_function_and_the_clock() -> None:
    [schedule] = read(entry(f"class: {JOB}.retried"))
    assert (schedule.target.options.queue, schedule.target.options.retries) == ("mail", 3)
    assert (schedule.owner, schedule.enabled, schedule.target.args) == ("north", True, ())


@pytest.mark.parametrize(
    ("args", "arrived"),
    [
        ("[1, name]", (1, "name")),
        ("[]", ()),
        ("[[1, 2]]", ([1, 2],)),
        ("42", (42,)),
        ("name", ("name",)),
        ("{region: north}", ({"region": "north"},)),
        ("[{region: north}]", ({"region": "north"},)),
        ("", (None,)),
    ],
)
def test_a_list_of_arguments_is_positional_and_anything_else_is_one_argument(args: str, arrived: object) -> None:
    assert read(entry(f"args: {args}"))[0].target.args == arrived


@pytest.mark.parametrize(
    ("cron", "words", "zone"),
    [
        ('"0 5 * * * Asia/Tokyo"', "at 05:00 every day", "Asia/Tokyo"),
        ("every day at 5am", "every day at 05:00", "Europe/London"),
        ("every day at 6:00 and 18:00", "every day at 06:00 and 18:00", "Europe/London"),
        ("every weekday at noon America/New_York", "every weekday at 12:00", "America/New_York"),
        ("'@hourly'", "at the start of every hour", "Europe/London"),
        ('"*/30 * * * * *"', "every 30th second of every minute", "Europe/London"),
    ],
)
def test_cron_may_be_an_expression_an_alias_or_a_phrase_with_a_zone(cron: str, words: str, zone: str) -> None:
    [schedule] = read(entry(f"cron: {cron}"))
    assert (schedule.words, schedule.timezone) == (words, zone)


@pytest.mark.parametrize("path", [f"{JOB}.plain", f"{JOB}.Desk.sort", "builtins.print"])
def test_class_is_the_dotted_path_of_whatever_a_worker_can_import(path: str) -> None:
    assert read(entry(f"class: {path}"))[0].target.path == path


def test_anchors_and_merge_keys_are_plain_yaml() -> None:
    shared = "nightly: &nightly\n" + ENTRY.partition("\n")[2]
    one, two, three = read(shared + "early:\n  <<: *nightly\n  cron: every day at 4am\nagain: *nightly\n")
    assert [one.words, two.words, three.words] == ["at 05:00 every day", "every day at 04:00", "at 05:00 every day"]
    assert {schedule.target.path for schedule in (one, two, three)} == {f"{JOB}.anything"}


def test_a_merged_entry_may_be_an_anchor_itself() -> None:
    merged = f"a: &a\n  cron: '@daily'\n  class: {JOB}.plain\nb: &b\n  <<: *a\n  cron: '@hourly'\nc: *b\nd:\n  <<: *b\n"
    assert [schedule.name for schedule in read(merged)] == ["a", "b", "c", "d"]


def test_the_file_is_looked_for_beside_the_clock_file(folder: Path) -> None:
    (folder / "app" / "config").mkdir(parents=True)
    (folder / "app" / "clock.py").write_text(CLOCK.replace("jobs.yml", "config/jobs.yml"))
    (folder / "app" / "config" / "jobs.yml").write_text(ENTRY)
    [schedule] = load("app/clock.py").schedules
    assert schedule.file == "app/config/jobs.yml"


def test_a_byte_order_mark_is_no_part_of_a_name() -> None:
    assert read("\ufeff" + ENTRY)[0].name == "nightly"


# --- what is refused


@pytest.mark.parametrize(("line", "answer"), cells("What `clock.load` refuses"))
def test_a_line_that_could_not_work_is_refused_at_its_line_as_the_readme_says(line: str, answer: str) -> None:
    lines = line.split(" ⏎ ")
    assert problems(entry(*lines)) == [f"jobs.yml:{1 + len(lines)}: nightly: {answer}"]


def test_the_table_of_refusals_was_found() -> None:
    assert len(cells("What `clock.load` refuses")) > 20


@pytest.mark.parametrize("missing", ["cron", "class"])
def test_an_entry_without_a_time_or_a_job_is_refused(missing: str) -> None:
    text = "\n".join(line for line in ENTRY.splitlines() if f"{missing}:" not in line)
    assert problems(text) == [f'jobs.yml:1: nightly: it has no "{missing}:"']


@pytest.mark.parametrize("text", ["nightly: 5\n", "nightly: [1]\n", "nightly:\n"])
def test_an_entry_that_is_no_mapping_is_refused(text: str) -> None:
    assert problems(text) == ["jobs.yml:1: nightly: below the name belong cron: and class:"]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "null\n", "- a\n", "hello\n"])
def test_a_file_that_holds_no_names_of_jobs_is_refused(text: str) -> None:
    [problem] = problems(text)
    assert problem.startswith("jobs.yml:1: ")
    assert problem.endswith("it must be names of jobs, each with its cron: and class:")


@pytest.mark.parametrize(
    ("text", "at"), [('nightly:\n\tcron: "0 5 * * *"\n', 2), (ENTRY + "\tdescription: x\n", 4), ("\ta: 1\n", 1)]
)
def test_a_tab_is_refused_by_its_name(text: str, at: int) -> None:
    assert problems(text) == [f"jobs.yml:{at}: a tab: YAML is indented with spaces"]


@pytest.mark.parametrize(
    ("text", "at", "key", "first"),
    [
        (ENTRY + ENTRY, 4, "nightly", 1),
        (ENTRY + '  cron: "0 6 * * *"\n', 4, "cron", 2),
        (ENTRY + "  kwargs:\n    a: 1\n    a: 2\n", 6, "a", 5),
        (ENTRY + "  set: {queue: a, queue: b}\n", 4, "queue", 4),
    ],
    ids=["job", "key", "argument", "option"],
)
def test_what_stands_twice_is_refused_where_it_stands_again(text: str, at: int, key: str, first: int) -> None:
    found = problems(text)
    assert found == [f'jobs.yml:{at}: "{key}:" stands in line {first} already: YAML would drop that one']


@pytest.mark.parametrize(
    "text",
    [
        ENTRY + "  args: !!python/object/apply:pathlib.Path.touch [[victim]]\n",
        ENTRY + "  args: !!python/object/new:pathlib.Path [victim]\n",
        ENTRY.replace("class:", "class: !!python/name:os.system x\n  args:"),
        "nightly: !ruby/object:Job\n" + ENTRY.partition("\n")[2],
        ENTRY + "  !!python/name:os.system x: 1\n",
    ],
)
def test_a_tag_makes_no_object_and_is_refused(text: str, folder: Path) -> None:
    [problem] = problems(text)
    assert "the tag '" in problem and problem.endswith("is refused: only plain values are read")
    assert not (folder / "victim").exists()


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("nightly: {cron: 1\n", 2),
        (ENTRY + "---\n" + ENTRY, 4),
        ("nightly: *other\n", 1),
        ("nightly:\n  cron: * 5 * * *\n", 2),
        ("a: \x01\n", 1),
    ],
    ids=["brace", "two documents", "unknown anchor", "unquoted star", "control character"],
)
def test_what_is_not_yaml_is_told_with_its_line(text: str, at: int) -> None:
    [problem] = problems(text)
    assert problem.startswith(f"jobs.yml:{at}: this is not YAML: ")


def test_a_file_in_another_encoding_is_refused() -> None:
    Path("jobs.yml").write_bytes(b"gr\xfc\xdfe: 1\n")
    with pytest.raises(TimetableError, match=r"^clock\.py:3: jobs\.yml cannot be read: "):
        load("clock.py")


def test_a_missing_file_is_told_at_the_line_that_loads_it() -> None:
    with pytest.raises(TimetableError) as caught:
        load("clock.py")
    assert str(caught.value) == "clock.py:3: jobs.yml: there is no such file"


def test_a_module_that_raises_while_it_is_imported_is_told_at_its_class(folder: Path) -> None:
    (folder / "broken_yaml_jobs.py").write_text("1 / 0\n")
    [problem] = problems(entry("class: broken_yaml_jobs.run"))
    assert problem.startswith("jobs.yml:2: nightly: class:")
    assert "ZeroDivisionError in broken_yaml_jobs" in problem


def test_two_names_that_give_the_same_job_ids_are_refused() -> None:
    [problem] = problems(ENTRY.replace("nightly", "a b") + ENTRY.replace("nightly", "a-b"))
    assert problem.startswith("jobs.yml:4: a-b: ") and "line 1" in problem


def test_a_name_that_a_line_of_the_clock_file_has_is_refused() -> None:
    Path("clock.py").write_text(CLOCK + f'import {JOB}\nclock.every("day", name="nightly").enqueue({JOB}.plain)\n')
    Path("jobs.yml").write_text(ENTRY)
    with pytest.raises(TimetableError, match=r"^clock\.py:5: 'nightly' has the same name as"):
        load("clock.py")


def test_all_problems_of_a_file_are_told_at_once() -> None:
    text = "".join(
        [
            "one:\n  cron: 61 * * * *\n  class: nowhere.run\n  queue: x\n  args: [!!binary aGk=]\n",
            "two:\n  class: tests.support.jobs.plain\n",
            "three: 3\n",
            ENTRY,
            ENTRY,
        ]
    )
    starts = [":".join(problem.split(": ")[:2]) for problem in problems(text)]
    assert starts == ["jobs.yml:2:one", "jobs.yml:3:one", "jobs.yml:4:one", "jobs.yml:6:two", "jobs.yml:8:three",
                      'jobs.yml:12:"nightly:" stands in line 9 already']  # fmt: skip


def test_problems_of_the_clock_file_are_told_beside_them() -> None:
    Path("clock.py").write_text(CLOCK + 'clock.every("dya")\n')
    Path("jobs.yml").write_text(ENTRY + "  quue: x\n")
    with pytest.raises(TimetableError) as caught:
        load("clock.py")
    assert [str(problem).split(": ")[0] for problem in caught.value.problems] == ["clock.py:4", "jobs.yml:4"]


def test_a_path_that_is_a_folder_is_refused_in_words(folder: Path) -> None:
    (folder / "jobs.yml").mkdir()
    with pytest.raises(ConfigurationError, match=r"jobs\.yml cannot be read"):
        load("clock.py")
