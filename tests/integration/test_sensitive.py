"""A sensitive argument is carried to its job, and to nowhere else: no command, page, log line or record shows it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from rq import Queue

from rqclock import Job
from rqclock.acts import activity
from rqclock.aftercare.outcomes import Outcomes
from rqclock.loading import load
from rqclock.store.ticks import local
from rqclock.web import create_app
from tests.support.command import Rqclock, runner
from tests.support.leader import Leader, Time
from tests.support.processes import Launch
from tests.support.server import Server

MARK = "amira-4711"
CLOCK = f"""
from rqclock import Clock
from tests.support import chores

clock = Clock(timezone="Europe/London")
clock.every("second", name="named").enqueue(chores.letter, "Amira", email='{MARK}@"home".org')
clock.every("second", name="placed").enqueue(chores.letter, "Amira", '{MARK}@"home".org')
clock.every("second", name="by setting").enqueue(chores.fail, text='{MARK}@"home".org')
clock.every("second", name="placed by setting").enqueue(chores.fail, '{MARK}@"home".org')
"""
NAMES = ("named", "placed", "by setting", "placed by setting")
OURS = ("-c", "rqclock.rq_settings", "-j", "rqclock.Job", "-w")
WORKERS = {"stock": (*OURS, "rq.Worker"), "ours": (*OURS, "rqclock.Worker"), "plain": ("-S", "json")}


@pytest.fixture
def rqclock(
    tmp_path: Path, redis_server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Rqclock:
    monkeypatch.chdir(tmp_path)
    for name, value in {"REDIS_URL": redis_server.url, "COLUMNS": "300", "RQCLOCK_SENSITIVE": "text"}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "clock.py").write_text(CLOCK)
    return runner(monkeypatch, capsys)


@pytest.fixture
def leader(redis: redis_py.Redis, rqclock: Rqclock) -> Leader:
    """One run of each schedule is in the queue."""
    leader = Leader(redis, load("clock.py"), Time(now=int(time.time()))).lead()
    leader.step(1)
    return leader


@pytest.fixture(params=list(WORKERS))
def printed(
    request: pytest.FixtureRequest, leader: Leader, launch: Launch, tmp_path: Path, redis_server: Server
) -> str:
    """What a worker has printed that ran them; each failed, with the argument in its error and in its log.

    A plain one, which knows nothing of ours, prints and records what it likes.
    """
    options = (*WORKERS[request.param], "-u", redis_server.url, "--burst", "default")
    worker = launch("rq", "worker", *options, cwd=tmp_path, env={"RQCLOCK_LOG": "json"})
    assert worker.wait(60) == 0
    Outcomes(leader.connection, leader.keys).step(leader.time.now)
    assert (MARK in worker.output) == (request.param == "plain")
    return worker.output


HIDES = pytest.mark.parametrize("printed", ["stock", "ours"], indirect=True)


@HIDES
def test_a_worker_s_lines_hide_it_and_say_all_else(printed: str) -> None:
    assert printed.count("bounced") >= 2 and printed.count("[masked]") >= 5 and "Amira" in printed


@HIDES
def test_neither_results_descriptions_nor_records_hold_it(printed: str, leader: Leader, redis: redis_py.Redis) -> None:
    ids = [name for schedule in NAMES for name in leader.ids(int(leader.time.now) - 1_800_000_000, name=schedule)]
    for job in Job.fetch_many(ids, connection=redis):
        assert job is not None
        [result] = job.results()
        assert MARK not in f"{job.description} {result.exc_string}" and "[masked]" in str(result.exc_string)
    outcomes = [redis.hgetall(leader.keys.of("outcomes", leader.schedule(name).slug)) for name in NAMES]
    assert "[masked]" in str(outcomes) and MARK not in str(outcomes)
    assert MARK not in str(list(activity.read(redis, leader.keys)))


def test_no_command_shows_it(printed: str, leader: Leader, rqclock: Rqclock) -> None:
    said = ""
    for words in _commands(leader.time.now):
        for form in ((), ("--json",)):
            done = rqclock(*words, *form)
            assert "Traceback" not in done.err, (words, done.err)
            said += done.out + done.err
    assert MARK not in said
    assert "letter('Amira', email=[masked])" in said and "letter('Amira', [masked])" in said
    assert "fail(text=[masked])" in said


def test_no_page_shows_it(printed: str, leader: Leader, redis_server: Server) -> None:
    environ = {"REDIS_URL": redis_server.url, "RQCLOCK_SECRET_KEY": "for tests", "RQCLOCK_DEV_SIGN_IN": "x"}
    browser = create_app({**environ, "RQCLOCK_SENSITIVE": "text"}).test_client()
    with browser.session_transaction() as session:
        session.update(id="x", email="ann@example.org", roles=["admin"], since=time.time())
    seen = ""
    for address in _addresses(leader):
        answer: Any = browser.get(address)
        assert answer.status_code == 200, address
        seen += answer.text
    assert MARK not in seen and "[masked]" in seen and "Amira" in seen


def test_a_webhook_does_not_send_it(redis: redis_py.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    from rq.webhook import Webhook

    sent: list[str] = []
    monkeypatch.setattr(Webhook, "send", lambda self, job, exc_string=None: sent.append(str(exc_string)))
    queue = Queue(connection=redis, job_class=Job)
    job = queue.create_job("tests.support.chores.letter", kwargs={"name": "A", "email": MARK})
    job.webhooks = [Webhook("http://127.0.0.1:9", "failed")]
    job.send_webhooks("failed", exc_string=f"ValueError: {MARK} bounced")
    assert sent == ["ValueError: [masked] bounced"]


def _commands(now: float) -> list[tuple[str, ...]]:
    at = f"{local(int(now), 'Europe/London'):%Y-%m-%dT%H:%M:%S}"
    each = [words for name in NAMES for words in (("explain", name), ("history", name), ("why", name, at))]
    simulated = ("simulate", "--from", at, "--to", f"{local(int(now) + 5, 'Europe/London'):%Y-%m-%dT%H:%M:%S}")
    others = [("list",), ("next",), ("check",), ("status",), ("failed", "list"), ("activity",), ("audit",), simulated]
    return [*each, *others, ("settings",)]


def _addresses(leader: Leader) -> list[str]:
    jobs = [f"{job}" for name in NAMES for job in leader.ids(int(leader.time.now) - 1_800_000_000, name=name)]
    of_jobs = [f"/{page}/{job}" for job in jobs for page in ("job", "job-arguments")]
    pages = ("schedules", "run-now", "backfill")
    dashboard = ("queues", "workers", "jobs/default/failed/50/asc/1")
    return [
        *(f"/rq/0/data/{part}.json" for part in dashboard),
        "/",
        "/jobs",
        "/activity",
        "/activity.csv",
        *of_jobs,
        *(f"/{p}/default/{n}" for p in pages for n in NAMES),
    ]
