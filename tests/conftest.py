"""Fixtures of every tier. Nothing here touches the environment's own Redis or database."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import redis as redis_py
from hypothesis import HealthCheck, settings

from tests.support.processes import Launch, Launched
from tests.support.server import Server

ROOT = Path(__file__).resolve().parent.parent
FOREIGN = ("RQ_", "RQCLOCK_", "REDIS_", "DATABASE_URL", "GUNICORN_CMD_ARGS", "SMTP_", "SENTRY_")

# Where Debian has a program under another name than other systems, or in a package of another name.
PACKAGES = {"chromium": "chromium", "redis-server": "redis-server", "pg_ctl": "postgresql", "promtool": "prometheus"}

# Before any test module is imported: what tests enqueue; rq and our own settings read the environment at import.
for _name in [name for name in os.environ if name.startswith(FOREIGN)]:
    del os.environ[_name]
os.environ["RQCLOCK_JOB_MODULES"] = "tests.*,bench.*"
os.environ["RQCLOCK_LOG"] = "text"


# An example may take as long as a busy machine needs; how fast something is, tests ask elsewhere.
settings.register_profile("patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def find_program(name: str) -> str | None:
    """Where the program is: on PATH, or where Debian keeps PostgreSQL's own."""
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)
    return shutil.which(name) or (str(debian[0]) if debian else None)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What shares servers or processes stays together when tests run beside each other: a folder of acceptance tests,
    a file of others. Those folders take minutes each, so they begin first."""
    for item in items:
        shared = item.path.parent if "acceptance" in item.path.parts else item.path
        item.add_marker(pytest.mark.xdist_group(str(shared.relative_to(ROOT))))
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: ("acceptance" not in item.path.parts, "faults" not in item.path.parts))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Leave out a test whose programs the system lacks, saying how to get them; in CI their absence is a failure."""
    for marker in item.iter_markers("needs"):
        missing = [PACKAGES.get(name, name) for name in marker.args if find_program(name) is None]
        if not missing:
            continue
        line = f"left out, this system lacks a program: apt-get install {' '.join(missing)}"
        if os.environ.get("CI"):
            pytest.fail(line, pytrace=False)
        pytest.skip(line)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One embedded Valkey for all tests, without persistence. A test that stops a server makes its own `Server`."""
    server = Server(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.kill()


@pytest.fixture
def redis(redis_server: Server) -> Iterator[redis_py.Redis]:
    """An empty Redis: bytes, no retries."""
    client = redis_server.client()
    # A killed worker of the last test may still be about to die, and its waiting command would take the first job.
    client.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    client.flushall()
    client.config_resetstat()
    yield client
    client.close()


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts real processes: `launch("python", "clock.py", env={"REDIS_URL": redis_server.url})`.

    `python` is the one that runs the tests; its folder is first on PATH. Every process ends with the test.
    """
    started: list[Launched] = []
    numbers = count(1)

    def start(*command: str | os.PathLike[str], cwd: Path = ROOT, env: dict[str, str] | None = None) -> Launched:
        programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        environment = {**os.environ, "PATH": programs, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT), **(env or {})}
        output = tmp_path / f"output-{next(numbers)}.log"
        process = Launched(command, cwd=cwd, env=environment, output=output)
        started.append(process)
        return process

    yield start
    for process in reversed(started):
        process.end()
