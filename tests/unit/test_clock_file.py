"""Every line of a clock file that could not work is refused at load, with its place and what to do."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from rqclock.errors import ConfigurationError, TimetableError
from rqclock.loading import load

HEAD = """
from datetime import date, datetime, timedelta
from rqclock import Clock
from tests.support import jobs
clock = Clock(timezone="Europe/London")
every = clock.every
"""
LINE = len(HEAD.splitlines()) + 1


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(body: str, head: str = HEAD) -> str:
    Path("clock.py").write_text(head + textwrap.dedent(body))
    return "clock.py"


def problems(body: str, head: str = HEAD) -> list[str]:
    """The lines that the file is refused with."""
    with pytest.raises(TimetableError) as caught:
        load(write(body, head))
    return str(caught.value).splitlines()


# --- one line, one refusal

REFUSED = [
    ('every("day", att="10:00").enqueue(jobs.plain)', "'att'", 'did you mean "at"'),
    ('every("day", at="10:00", catchup="all").enqueue(jobs.plain)', "'catchup'", 'did you mean "catch_up"'),
    ('every("day", zone="UTC").enqueue(jobs.plain)', "'zone'", ""),
    ('every("day", tz="Europe/Londn").enqueue(jobs.plain)', "Europe/Londn", "Europe/London"),
    ('every("3 mounths").enqueue(jobs.plain)', "mounth", "month"),
    ('every("").enqueue(jobs.plain)', "", ""),
    ("every(None).enqueue(jobs.plain)", "None", ""),
    ("every(5).enqueue(jobs.plain)", "5", ""),
    ("every(timedelta(0)).enqueue(jobs.plain)", "", ""),
    ('every("day", at="12:99").enqueue(jobs.plain)', "12:99", ""),
    ('every("day", at="noon").enqueue(jobs.plain)', "noon", ""),
    ('every("day", at=5).enqueue(jobs.plain)', "5", ""),
    ('every("month", on=32, at="10:00").enqueue(jobs.plain)', "32", ""),
    ('clock.cron("* * *").enqueue(jobs.plain)', "* * *", ""),
    ('clock.cron("61 * * * *").enqueue(jobs.plain)', "61", ""),
    ('clock.cron("0 0 30 2 *").enqueue(jobs.plain)', "", ""),
    ("clock.cron(None).enqueue(jobs.plain)", "None", ""),
    ('every("day", gap="nxt").enqueue(jobs.plain)', "gap='nxt'", 'did you mean "next"'),
    ('every("day", fold="last").enqueue(jobs.plain)', "fold='last'", '"first" or "second" or "both"'),
    ('every("day", catch_up="latset").enqueue(jobs.plain)', "catch_up='latset'", 'did you mean "latest"'),
    ('every("day", overlap="deny").enqueue(jobs.plain)', "overlap='deny'", '"allow" or "skip"'),
    ('every("day", catch_up_within="1 dya").enqueue(jobs.plain)', "catch_up_within='1 dya'", "day"),
    ('every("day", catch_up_within="monday").enqueue(jobs.plain)', "catch_up_within='monday'", "12 hours"),
    ('every("day", catch_up_within=-1).enqueue(jobs.plain)', "catch_up_within=-1", "negative"),
    ('every("day", catch_up_within=None).enqueue(jobs.plain)', "catch_up_within=None", ""),
    ('every("day", catch_up_within=1.5).enqueue(jobs.plain)', "catch_up_within=1.5", ""),
    ('every("day", catch_up_within=True).enqueue(jobs.plain)', "catch_up_within=True", ""),
    ('every("day", late_ok=0).enqueue(jobs.plain)', "late_ok=0", "1 second"),
    ('every("day", spread="wide").enqueue(jobs.plain)', "spread='wide'", ""),
    ('every("day", name="").enqueue(jobs.plain)', "name=''", ""),
    ('every("day", name=5).enqueue(jobs.plain)', "name=5", ""),
    ('every("day", name="x" * 101).enqueue(jobs.plain)', "101", "100"),
    ('every("day", name="a\\nb").enqueue(jobs.plain)', "control characters", ""),
    ('every("day", name=" a").enqueue(jobs.plain)', "spaces around", ""),
    ('every("day", enabled="no").enqueue(jobs.plain)', "enabled='no'", "True or False"),
    ('every("day", run_now=1).enqueue(jobs.plain)', "run_now=1", "True or False"),
    ('every("day", owner=None).enqueue(jobs.plain)', "owner=None", "text"),
    ('every("day", if_="weekdays").enqueue(jobs.plain)', "if_='weekdays'", "function"),
    ('every("day", if_=lambda: True).enqueue(jobs.plain)', "if_: <lambda>()", "lambda t: t.day <= 7"),
    ('every("day", if_=lambda a, b: True).enqueue(jobs.plain)', "if_: <lambda>(a, b)", "'b'"),
    ('every("day", if_=lambda *, at: True).enqueue(jobs.plain)', "if_: <lambda>(*, at)", "lambda t: t.day <= 7"),
    ('every("day", if_=jobs.plain).enqueue(jobs.plain)', "if_: plain()", "lambda t: t.day <= 7"),
    ('every("day", retry=3).enqueue(jobs.plain)', "retry belongs", "@job(retry=3)"),
    ('every("day", retries=3).enqueue(jobs.plain)', "retries belongs", "@job(retry=3)"),
    ('every("day", job_timeout="1h").enqueue(jobs.plain)', "job_timeout belongs", "@job(timeout='1h')"),
    ('every("day", result_ttl=60).enqueue(jobs.plain)', "result_ttl belongs", "@job(result_ttl=60)"),
    ('clock.on_demand("x", queue="mail").enqueue(jobs.plain)', "queue belongs", "@job(queue='mail')"),
    ('every("day", retry=object()).enqueue(jobs.plain)', "retry belongs", "@job(retry=…)"),
    ('every("day").enqueue(jobs.plain, job_timeout=30)', "job_timeout belongs", "@job(timeout=30)"),
    ('every("day").enqueue(jobs.add, 1, description="x")', "description belongs", "@job(description='x')"),
    ('every("day", calendar="UK").enqueue(jobs.plain)', '"UK"', 'did you mean "GB"'),
    ('every("day", calendar="mars").enqueue(jobs.plain)', "mars", ""),
    ('every("day")', "names a time and no job", ".enqueue(function)"),
    ("every('day').enqueue(lambda: None)", "lambda", "a module of its own"),
    ("every('day').enqueue(jobs.make_nested())", "inside a function", "a module of its own"),
    ("every('day').enqueue('jobs.plain')", "'jobs.plain'", "function itself"),
    ("every('day').enqueue(None)", "None", "function itself"),
    ("every('day').enqueue(jobs)", "module", "function itself"),
    ("every('day').enqueue(jobs.plain())", "'done'", "function itself"),
    ("every('day').enqueue(jobs.partial)", "partial", "functions only"),
    ("every('day').enqueue(jobs.Desk())", "Desk", "functions only"),
    ("every('day').enqueue(jobs.Desk().clear)", "clear", ""),
    ("every('day').enqueue(jobs.impostor)", "tests.support.jobs.plain", ""),
    ("every('day').enqueue(jobs.add, (1, 2))", "tuple", ""),
    ("every('day').enqueue(jobs.add, b'x')", "bytes", "JSON"),
    ("every('day').enqueue(jobs.add, a={1: 2})", "key", ""),
    ("every('day').enqueue(jobs.add)", "add(a: 'int', b: 'int' = 0)", "missing"),
    ("every('day').enqueue(jobs.add, 1, c=2)", "add", "'c'"),
    ("every('day').enqueue(jobs.plain, 1)", "plain", "too many"),
    ("clock.on_demand('').enqueue(jobs.plain)", "name=''", ""),
    ("clock.on_demand('reindex')", "", ".enqueue(function)"),
]


@pytest.mark.parametrize(("line", "named", "advice"), REFUSED, ids=[case[0] for case in REFUSED])
def test_a_line_that_could_not_work_is_refused_with_its_place_and_a_way_out(line: str, named: str, advice: str) -> None:
    found = problems(line)
    assert len(found) == 1
    assert found[0].startswith(f"clock.py:{LINE}: ")
    assert named in found[0]
    assert advice in found[0]


CONDITIONS = [
    "lambda t: True",
    "lambda t, day=1: True",
    "lambda *args: True",
    "bool",  # has no signature to be read
    "jobs.anything",
    "jobs.partial",
    "Weekday(1)",
]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_condition_that_can_be_asked_with_the_local_time_is_taken(condition: str) -> None:
    head = HEAD + textwrap.dedent(
        """
        from dataclasses import dataclass
        @dataclass  # equal by value, so without a hash
        class Weekday:
            day: int
            def __call__(self, t): return t.isoweekday() == self.day
        """
    )
    assert load(write(f"every('day', if_={condition}).enqueue(jobs.plain)", head)).schedules[0].predicate is not None


DECORATED = """
import functools
def with_db(function):
    @functools.wraps(function)
    def wrapper(*args): return function("db", *args)
    return wrapper
def alone(function):
    @functools.wraps(function)
    def wrapper(): return function()
    return wrapper
@with_db
def ok(db, t): return True
class Rules:
    @with_db
    def ok(self, db, t): return True
@alone
def never(): return True
"""


@pytest.mark.parametrize("condition", ["ok", "Rules().ok"])
def test_a_condition_whose_decorator_fills_in_an_argument_is_taken(condition: str) -> None:
    write(f"every('day', if_={condition}).enqueue(jobs.plain)", HEAD + DECORATED)
    assert load("clock.py").schedules[0].predicate is not None


def test_a_condition_that_neither_takes_the_local_time_nor_its_decorator_is_refused() -> None:
    [found] = problems("every('day', if_=never).enqueue(jobs.plain)", HEAD + DECORATED)
    assert "if_: never() is asked with the local time alone" in found


def test_an_argument_that_is_called_as_an_option_of_job_is_the_functions_own() -> None:
    Path("eager_workers.py").write_text("def again(retry=0, *, queue=''): ...\ndef any(n, **more): ...\n")
    own, more, missing = (
        "every('day').enqueue(eager_workers.again, retry=3, queue='north')\n",
        "every('day').enqueue(eager_workers.any, 1, timeout=3)\n",
        "every('day', name='x').enqueue(eager_workers.any, timeout=3)\n",
    )
    first, second = load(write(own + more, HEAD + "import eager_workers\n")).schedules
    assert (first.target.kwargs, second.target.kwargs) == ({"retry": 3, "queue": "north"}, {"timeout": 3})
    assert "missing a required argument: 'n'" in problems(missing, HEAD + "import eager_workers\n")[0]


def test_a_function_of_the_clock_file_itself_is_refused() -> None:
    found = problems("def here(): ...\nevery('day').enqueue(here)")
    assert found == [
        f"clock.py:{LINE + 1}: here is a function of clock.py itself: a worker can't import it; "
        "move it to a module of its own"
    ]


def test_a_function_that_the_clock_file_wraps_is_refused() -> None:
    found = problems(
        """
        import functools
        @functools.wraps(jobs.plain)
        def here(): ...
        every('day').enqueue(here)
        """
    )
    assert len(found) == 1 and "clock.py:" in found[0]


# --- names


def test_two_schedules_of_one_name_are_refused_naming_the_other_line() -> None:
    found = problems("every('day').enqueue(jobs.plain)\nevery('hour').enqueue(jobs.plain)")
    assert found == [
        f"clock.py:{LINE + 1}: 'jobs.plain' has the same name as line {LINE}: tell them apart with name=\"…\""
    ]


def test_two_names_that_give_the_same_job_ids_are_refused() -> None:
    found = problems("every('day', name='a.b').enqueue(jobs.plain)\nevery('day', name='A b').enqueue(jobs.plain)")
    assert len(found) == 1
    assert "'a.b'" in found[0] and "'a-b'" in found[0]


def test_names_in_any_script_are_told_apart() -> None:
    write("for name in ('日次', '週次', '👋', 'x' * 100, 'x' * 99): every('day', name=name).enqueue(jobs.plain)")
    assert len({schedule.slug for schedule in load("clock.py").schedules}) == 5


def test_the_default_name_is_the_modules_last_part_and_the_function() -> None:
    write("every('day').enqueue(jobs.plain)")
    assert load("clock.py").schedules[0].name == "jobs.plain"


# --- all at once, at the right place


def test_all_problems_of_a_file_are_told_at_once_in_their_order() -> None:
    found = problems(
        """\
        every("day", at="12:99").enqueue(jobs.plain)
        every("hour")
        every("day", name="fine").enqueue(jobs.plain)
        every("fortnite").enqueue(lambda: None)
        clock.cron("x").enqueue(jobs.plain)
        """
    )
    assert [line.split(":")[1] for line in found] == [str(LINE + n) for n in (0, 1, 3, 4)]


def test_a_line_that_is_built_in_a_helper_file_is_told_where_it_stands() -> None:
    Path("more_lines.py").write_text("def add(clock, jobs):\n    clock.every('dy').enqueue(jobs.plain)\n")
    assert problems("import more_lines\nmore_lines.add(clock, jobs)")[0].startswith("more_lines.py:2: ")


def test_a_statement_over_several_lines_is_told_by_one_of_them() -> None:
    found = problems('every(\n    "day",\n    at="12:99",\n).enqueue(\n    jobs.plain,\n)')
    assert LINE <= int(found[0].split(":")[1]) <= LINE + 5


def test_a_team_whose_folder_begins_like_ours_gets_its_own_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import rqclock

    beside = Path(rqclock.__file__).parent.with_name("rqclock-no-such-team") / "clock.py"
    source = compile(HEAD + "every('dy').enqueue(jobs.plain)", str(beside), "exec")
    names: dict = {}
    exec(source, names)
    with pytest.raises(TimetableError, match=rf"rqclock-no-such-team/clock.py:{LINE}: "):
        names["clock"].timetable()


# --- the Clock itself


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ('timezone="Mars/Base"', "Mars/Base"),
        ("timezone=None", "None"),
        ('name=""', "name=''"),
        ("catch_up='x'", "catch_up='x'"),
        ("tz='UTC'", "'tz'"),
        ("catch_up_rate=0", "catch_up_rate=0"),
        ("queue='mail'", "@job(queue='mail')"),
        ("late_ok='soon'", "late_ok='soon'"),
    ],
)
def test_what_is_wrong_with_the_clock_is_told_once_at_its_line(arguments: str, named: str) -> None:
    head = f"from rqclock import Clock\nfrom tests.support import jobs\nclock = Clock({arguments})\n"
    lines = "\n".join(f"clock.every('day', name='s{n}').enqueue(jobs.plain)" for n in range(3))
    found = problems(lines, head)
    assert len(found) == 1
    assert found[0].startswith("clock.py:3: ") and named in found[0]


def test_a_clock_with_a_problem_still_tells_the_problems_of_its_lines() -> None:
    head = "from rqclock import Clock\nfrom tests.support import jobs\nclock = Clock(timezone='Mars/Base')\n"
    assert len(problems("clock.every('day', at='12:99', tz='UTC').enqueue(jobs.plain)", head)) == 2


def test_defaults_of_the_clock_hold_for_every_line_that_says_nothing_else() -> None:
    head = "from rqclock import Clock\nfrom tests.support import jobs\nclock = Clock(catch_up='all', owner='north')\n"
    write("clock.every('day').enqueue(jobs.plain)\nclock.every('day', catch_up='none').enqueue(jobs.add, 1)", head)
    one, two = load("clock.py").schedules
    assert (one.policies.catch_up, two.policies.catch_up) == ("all", "none")
    assert one.owner == two.owner == "north"


# --- the file


def test_a_file_that_is_not_there_says_how_to_name_another() -> None:
    with pytest.raises(ConfigurationError, match="--file or RQCLOCK_FILE"):
        load("elsewhere.py")


def test_a_folder_is_no_clock_file() -> None:
    Path("clock.py").mkdir()
    with pytest.raises(ConfigurationError):
        load("clock.py")


@pytest.mark.parametrize("name", ["timetable", "timetable.yml", "timetable.pyc"])
def test_a_file_that_is_not_python_is_refused(name: str) -> None:
    Path(name).write_text("every day: tea\n")
    with pytest.raises(ConfigurationError) as caught:
        load(name)
    assert name in str(caught.value)


def test_a_syntax_error_is_told_with_its_line() -> None:
    found = problems("x = = 1", "\n\n\n")
    assert found[0].startswith("clock.py:4: ")


def test_an_import_that_fails_is_told_with_the_line_of_the_import() -> None:
    found = problems("from workers_of_nobody import x")
    assert found[0].startswith(f"clock.py:{LINE}: ModuleNotFoundError")


@pytest.mark.parametrize(
    ("line", "error", "meant"),
    [
        ("clock.evry('day')", "AttributeError: 'Clock' object has no attribute 'evry'", "every"),
        ("evry('day')", "NameError: name 'evry' is not defined", "every"),
        ("jobs.plian", "AttributeError: module 'tests.support.jobs' has no attribute 'plian'", "plain"),
        ("jobs.Desk.clsoe", "AttributeError: type object 'Desk' has no attribute 'clsoe'", "close"),
        (
            "def add():\n    hourly = 'hour'\n    every(horly)\nadd()",
            "NameError: name 'horly' is not defined",
            "hourly",
        ),
        ("pritn('x')", "NameError: name 'pritn' is not defined", "print"),
        ("from tests.support.jobs import plian", "ImportError: cannot import name 'plian'", "plain"),
    ],
)
def test_a_name_that_is_mistyped_is_told_with_the_one_that_was_perhaps_meant(line: str, error: str, meant: str) -> None:
    [found] = problems(line)
    assert error in found
    assert f'; did you mean "{meant}"?' in found


@pytest.mark.parametrize("line", ["qqqq('day')", "clock.qqqq('day')", "raise NameError('x')", "raise ImportError"])
def test_an_error_that_resembles_nothing_is_told_as_it_is(line: str) -> None:
    [found] = problems(line)
    assert "did you mean" not in found


STRANGE = """
class Raising(type):
    def __dir__(cls): raise RuntimeError("no list")
class Numbered(type):
    def __dir__(cls): return [1, 2]
class A(metaclass=Raising): ...
class B(metaclass=Numbered): ...
"""


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("A().x", "AttributeError: 'A' object has no attribute 'x'"),
        ("A.x", "AttributeError: type object 'A' has no attribute 'x'"),
        ("B().x", "AttributeError: 'B' object has no attribute 'x'"),
        ("import lazy_workers\nlazy_workers.x", "AttributeError: module 'lazy_workers' has no attribute 'x'"),
        ("raise NameError('odd', name=5)", "NameError: odd"),
        ("raise AttributeError('odd', name=5, obj=clock)", "AttributeError: odd"),
        ("raise ImportError(\"cannot import name 'x'\", name=[])", "ImportError: cannot import name 'x'"),
    ],
)
def test_where_no_name_can_be_looked_up_the_error_is_told_in_its_one_line(line: str, error: str) -> None:
    Path("lazy_workers.py").write_text("def __dir__(): raise RuntimeError('no list')\n")
    [found] = problems(line, HEAD + STRANGE)
    assert error in found and "did you mean" not in found


def test_an_error_inside_an_imported_file_names_both_places() -> None:
    Path("broken_workers.py").write_text("a = 1\nb = a / 0\n")
    found = problems("import broken_workers")
    assert found[0].startswith(f"clock.py:{LINE}: ZeroDivisionError")
    assert "broken_workers.py:2" in found[0]


def test_a_job_option_that_cannot_be_read_names_both_places() -> None:
    Path("odd_workers.py").write_text("from rqclock import job\n\n@job(timeout='soon')\ndef x(): ...\n")
    found = problems("import odd_workers")
    assert found[0].startswith(f"clock.py:{LINE}: @job(timeout='soon')")
    assert "odd_workers.py:3" in found[0]


def test_a_file_without_a_clock_says_so() -> None:
    with pytest.raises(ConfigurationError, match="defines no Clock"):
        load(write("", "x = 1\n"))


def test_a_file_with_two_clocks_says_so() -> None:
    with pytest.raises(ConfigurationError, match="2 Clocks"):
        load(write("second = Clock()"))


def test_one_clock_under_two_names_is_one_clock() -> None:
    assert load(write("alias = clock\nevery('day').enqueue(jobs.plain)")).schedules


def test_a_timetable_without_a_line_is_no_error() -> None:
    assert load(write("")).schedules == ()


def test_loading_does_not_run_the_clock_nor_touch_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    assert load(write("every('day').enqueue(jobs.plain)\nif __name__ == '__main__':\n    clock.run()")).schedules


def test_what_stands_beside_the_clock_file_can_be_imported_wherever_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("app").mkdir()
    Path("app/beside_the_clock.py").write_text("def tidy(): ...\n")
    Path("app/clock.py").write_text(HEAD + "import beside_the_clock\nevery('day').enqueue(beside_the_clock.tidy)\n")
    [schedule] = load("app/clock.py").schedules
    assert schedule.target.path == "beside_the_clock.tidy"
    assert (schedule.file, schedule.line) == ("app/clock.py", LINE + 1)


def test_every_kind_of_function_that_a_worker_can_import_is_taken() -> None:
    write(
        """
        for function in (jobs.plain, jobs.retried, jobs.later, jobs.Desk.sort, jobs.Desk.close, print):
            every("day").enqueue(function)
        """
    )
    assert [schedule.target.path for schedule in load("clock.py").schedules] == [
        "tests.support.jobs.plain",
        "tests.support.jobs.retried",
        "tests.support.jobs.later",
        "tests.support.jobs.Desk.sort",
        "tests.support.jobs.Desk.close",
        "builtins.print",
    ]
