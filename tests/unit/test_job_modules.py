"""A forged job must not choose what a worker runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import redis

from rqclock import Job, job
from rqclock.jobs import job_modules
from rqclock.jobs.job_modules import JobRefused, allows, resolve
from rqclock.jobs.serializer import dumps

JOBS = "tests.support.jobs"


@pytest.fixture(autouse=True)
def nothing_listed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("RQCLOCK_JOB_MODULES", "")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "path",
    [
        "os.system",
        "posix.system",
        "subprocess.call",
        "builtins.eval",
        "eval",
        "",
        ".",
        "os",
        "antigravity.fly",
        "tests.support.chores.os.kill",
        "tests.support.chores.Path.unlink",
        "tests.support.chores.get_current_job",
        "tests.support.chores.add.__globals__",
        "tests.support.chores.__builtins__.eval",
        "tests.support.chores.add.__class__",
        "tests.support.chores.missing",
    ],
)
def test_what_our_own_code_has_not_named_is_refused(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setenv("RQCLOCK_JOB_MODULES", "tests.support.chores")
    with pytest.raises(JobRefused, match="a job "):
        resolve(path)


def test_a_module_that_is_not_allowed_is_not_even_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trap.py").write_text("raise SystemExit('sprung')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(JobRefused, match="add it to RQCLOCK_JOB_MODULES"):
        resolve("trap.run")
    assert "trap" not in sys.modules


def test_modules_of_job_functions_may_be_named() -> None:
    from tests.support import jobs

    assert resolve(f"{JOBS}.retried") is jobs.retried
    assert resolve(f"{JOBS}.plain") is jobs.plain
    assert resolve(f"{JOBS}.Desk.sort") is jobs.Desk.sort


def test_a_listed_module_may_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RQCLOCK_JOB_MODULES", "other, tests.support.chores")
    assert resolve("tests.support.chores.add")(1, 2) == 3


def test_the_timetable_names_its_modules_even_where_nobody_has_read_it_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:

    job_modules._read_timetable.cache_clear()
    (tmp_path / "lone_jobs.py").write_text("def run(): return 'ran'")
    (tmp_path / "clock.py").write_text(
        "from rqclock import Clock\nimport lone_jobs\nclock = Clock()\nclock.every('day').enqueue(lone_jobs.run)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert resolve("lone_jobs.run")() == "ran"


@pytest.mark.parametrize(
    ("module", "listed", "allowed"),
    [
        ("app", "app", True),
        ("app.tasks", "app", False),
        ("app.tasks", "app.*", True),
        ("app", "app.*", True),
        ("application", "app.*", False),
        ("anything", "*", True),
        ("anything", "", False),
    ],
)
def test_the_list_means_what_it_says(module: str, listed: str, allowed: bool) -> None:
    assert allows(module, listed) is allowed


def forged(data: Any, **fields: Any) -> Job:
    made = Job("forged", connection=redis.Redis())
    made.restore({b"data": dumps(data), **{name.encode(): value for name, value in fields.items()}})
    return made


def test_a_forged_job_has_no_function() -> None:
    with pytest.raises(JobRefused, match=r"os\.system"):
        assert forged(["os.system", None, ["true"], {}]).func


def test_a_forged_job_cannot_bring_the_object_whose_method_is_called() -> None:
    with pytest.raises(JobRefused, match="object that it carries"):
        assert forged(["format", "{}", [], {}]).func


@pytest.mark.parametrize("kind", ["success", "failure", "stopped"])
def test_a_forged_callback_is_refused(kind: str) -> None:
    made = forged([f"{JOBS}.plain", None, [], {}], **{f"{kind}_callback_name": b"os.system"})
    with pytest.raises(JobRefused):
        getattr(made, f"{kind}_callback")


def test_a_job_of_ours_is_run() -> None:
    @job()
    def here() -> None: ...

    assert forged([f"{JOBS}.add", None, [1], {"b": 2}]).perform() == 3


def test_a_builtin_in_the_timetable_opens_no_other_builtin() -> None:
    job_modules.name(print)
    assert resolve("builtins.print") is print
    with pytest.raises(JobRefused):
        resolve("builtins.eval")
