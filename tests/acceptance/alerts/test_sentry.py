"""Errors in Sentry: a real worker, a job that fails, and a real endpoint that takes the envelope."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py
from rq import Queue

from rqclock import Job
from tests.support.alert_receivers import Endpoint, black_hole
from tests.support.processes import Launch, Launched
from tests.support.server import Server
from tests.support.waiting import until

JOBS = """
from rqclock import job

@job(retry=0, sensitive=("email",))
def write(pupil, email):
    address = f"to {email}"
    raise ValueError(f"no such pupil: {email}")
"""
ARGUMENTS = ("Robin Example", "robin@school.example")
LONG = 40.0
OURS, STOCK = ("-w", "rqclock.Worker", "-j", "rqclock.Job"), ("-j", "rqclock.Job")


def events(endpoint: Endpoint) -> list[Any]:
    """The events of all envelopes."""
    found = []
    for call in list(endpoint.calls):
        zipped = call.headers.get("Content-Encoding") == "gzip"
        lines = (gzip.decompress(call.body) if zipped else call.body).splitlines()
        found += [json.loads(body) for head, body in zip(lines[1::2], lines[2::2], strict=False)
                  if json.loads(head).get("type") == "event"]  # fmt: skip
    return found


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    endpoint = Endpoint()
    yield endpoint
    endpoint.close()


class Office:
    """A worker with one failing job in its queue."""

    def __init__(self, folder: Path, launch: Launch, server: Server) -> None:
        (folder / "letters.py").write_text(JOBS)
        self.folder, self._launch = folder, launch
        self.environment = {"REDIS_URL": server.url, "RQCLOCK_JOB_MODULES": "letters", "RQCLOCK_ENVIRONMENT": "qa"}

    def write(self, count: int = 1) -> None:
        """Application code enqueues so many jobs."""
        code = f"import letters\nfor n in range({count}): letters.write.enqueue(*{ARGUMENTS})"
        process = self._launch("python", "-c", code, cwd=self.folder, env=self.environment)
        assert process.wait(LONG) == 0, process.output

    def start(self, code: str, **variables: str) -> Launched:
        return self._launch("python", "-c", code, cwd=self.folder, env=self.environment | variables)

    def work(self, *which: str, **variables: str) -> Launched:
        command = ("rq", "worker", "-c", "rqclock.rq_settings", *which, "--burst")
        return self._launch(*command, cwd=self.folder, env=self.environment | variables)


@pytest.fixture
def office(tmp_path: Path, launch: Launch, redis: redis_py.Redis, redis_server: Server) -> Office:
    return Office(tmp_path, launch, redis_server)


def dsn(endpoint: Endpoint) -> str:
    return endpoint.url.replace("http://", "http://publickey@") + "/1"


@pytest.mark.parametrize("which", [OURS, STOCK], ids=["rqclock.Worker", "stock worker"])
def test_the_error_of_a_job_arrives_without_its_arguments(
    office: Office, endpoint: Endpoint, which: tuple[str, ...]
) -> None:
    office.write()
    worker = office.work(*which, SENTRY_DSN=dsn(endpoint))
    assert worker.wait(LONG) == 0, worker.output
    [event] = events(endpoint)
    [error] = event["exception"]["values"]
    assert (error["type"], error["value"]) == ("ValueError", "no such pupil: [masked]")
    assert error["stacktrace"]["frames"][-1]["function"] == "write"
    assert event["environment"] == "qa"
    assert event["tags"]["job_id"] in worker.output
    assert event["tags"]["process"] == "worker"
    for argument in ARGUMENTS:
        assert argument not in json.dumps(event)


def test_each_error_is_sent_once_also_by_a_process_that_runs_many_jobs(office: Office, endpoint: Endpoint) -> None:
    office.write(3)
    assert office.work(*OURS, SENTRY_DSN=dsn(endpoint)).wait(LONG) == 0
    assert len({event["tags"]["job_id"] for event in events(endpoint)}) == len(events(endpoint)) == 3


def test_without_a_dsn_nothing_is_sent_and_nothing_is_said(office: Office, endpoint: Endpoint) -> None:
    office.write()
    worker = office.work(*OURS)
    assert worker.wait(LONG) == 0
    assert "ValueError" in worker.output and "sentry" not in worker.output.lower()


def test_that_the_package_is_missing_is_said_in_one_line_and_jobs_run_all_the_same(office: Office) -> None:
    (office.folder / "sentry_sdk.py").write_text("raise ImportError('not installed')\n")
    office.write()
    folders = f"{office.folder}:{Path(__file__).parents[3]}"
    worker = office.work(*OURS, SENTRY_DSN="https://publickey@sentry.example/1", PYTHONPATH=folders)
    assert worker.wait(LONG) == 0
    assert worker.output.count("SENTRY_DSN is set, but sentry-sdk is not installed: errors are not sent") == 1
    assert "no such pupil" in worker.output


@pytest.mark.slow
def test_a_sentry_that_does_not_answer_holds_no_job_up(office: Office, redis: redis_py.Redis) -> None:
    office.write(40)
    registry = Queue("default", connection=redis, job_class=Job).failed_job_registry
    with black_hole() as port:
        worker = office.work(*OURS, SENTRY_DSN=f"http://publickey@127.0.0.1:{port}/1")
        # With two seconds for each it would take eighty.
        until(lambda: registry.count == 40, LONG, what="the end of 40 jobs")
        assert worker.wait(LONG) == 0


ACTIVE = "print('active', sentry_sdk.get_client().is_active())"


def test_the_web_process_starts_with_it(office: Office, endpoint: Endpoint) -> None:
    code = f"import sentry_sdk; from rqclock.web import create_app; create_app(); {ACTIVE}"
    web = office.start(code, SENTRY_DSN=dsn(endpoint), RQCLOCK_SECRET_KEY="for tests")
    assert web.wait(LONG) == 0 and "active True" in web.output


def test_an_application_that_has_started_it_by_itself_is_left_as_it_is(office: Office, endpoint: Endpoint) -> None:
    code = f"import sentry_sdk; sentry_sdk.init(release='theirs'); from rqclock import sentry; {ACTIVE}; "
    code += "print(sentry.start('worker'), sentry_sdk.get_client().options['release'])"
    process = office.start(code, SENTRY_DSN=dsn(endpoint), RQCLOCK_RELEASE="ours")
    assert process.wait(LONG) == 0 and "True theirs" in process.output
