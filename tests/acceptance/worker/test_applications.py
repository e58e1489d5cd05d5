"""A real small Django and a real small Flask application under one kept process, and their database restarted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rq import Queue
from rq.job import JobStatus

from tests.support.postgres import Postgres
from tests.support.processes import Launch, Launched
from tests.support.server import Server
from tests.support.waiting import until

APPS = Path(__file__).parent / "apps"
CLOCK = """
from rqclock import Clock
import {0}_jobs

clock = Clock()
clock.every("1 second", name="soon").enqueue({0}_jobs.backend)

if __name__ == "__main__":
    clock.run()
"""

pytestmark = pytest.mark.needs("pg_ctl")


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    made = Postgres()
    yield made
    made.stop()


@pytest.fixture
def environment(postgres: Postgres, server: Server, app: str) -> dict[str, str]:
    return {
        "REDIS_URL": server.url,
        "RQ_CONFIG": "rqclock.rq_settings",
        "RQ_WORKER_CLASS": "rqclock.Worker",
        "RQCLOCK_SETUP": f"{app}_app.setup",
        "RQCLOCK_JOB_MODULES": "",
        "PG_FOLDER": str(postgres.folder),
        "PYTHONPATH": f"{APPS}:{Path.cwd()}",
    }


@pytest.fixture
def run(launch: Launch, queue: Queue, tmp_path: Path, app: str, environment: dict[str, str]) -> Callable[[str], Any]:
    """Run one job of the application under one worker, and answer its result; None when it failed."""
    (tmp_path / "clock.py").write_text(CLOCK.format(app))
    worker: Launched = launch("rq", "worker", cwd=tmp_path, env=environment)

    def call(name: str) -> Any:
        job = queue.enqueue(f"{app}_jobs.{name}")
        until(lambda: job.get_status() in (JobStatus.FINISHED, JobStatus.FAILED), 60, what=f"{job}: {worker.output}")
        return job.return_value()

    return call


@pytest.mark.parametrize("app", ["django", "flask"])
def test_a_kept_process_survives_a_restart_of_the_database(
    run: Callable[[str], Any], postgres: Postgres, app: str
) -> None:
    horse, first = run("backend")
    assert run("broken") is None
    assert run("backend")[0] == horse
    postgres.restart()
    same_horse, second = run("backend")
    assert same_horse == horse and second != first


@pytest.mark.parametrize("app", ["flask"])
def test_a_job_runs_in_the_context_of_the_flask_application(run: Callable[[str], Any]) -> None:
    assert run("greet") == "Good morning"


@pytest.mark.parametrize("app", ["django"])
def test_the_clock_sets_the_application_up_before_it_reads_its_jobs(
    launch: Launch, tmp_path: Path, queue: Queue, environment: dict[str, str], app: str
) -> None:
    (tmp_path / "clock.py").write_text(CLOCK.format(app))
    clock = launch("python", "clock.py", cwd=tmp_path, env=environment)
    until(lambda: len(queue) or not clock.running, 60, what="a job")
    assert len(queue), clock.output


@pytest.mark.parametrize("app", ["django"])
def test_a_set_up_that_fails_is_told_in_one_line(launch: Launch, tmp_path: Path, environment: dict[str, str]) -> None:
    (tmp_path / "clock.py").write_text(CLOCK.format("django"))
    clock = launch("python", "clock.py", cwd=tmp_path, env=environment | {"RQCLOCK_SETUP": "nowhere.setup"})
    assert clock.wait() == 2
    assert "rqclock: RQCLOCK_SETUP=nowhere.setup: ModuleNotFoundError: No module named 'nowhere'" in clock.output
