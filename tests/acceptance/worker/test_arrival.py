"""A worker that starts before its Redis, or in a bad moment of it: it waits, says so once, and can be told to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis as redis_py
from rq import Queue
from rq.job import JobStatus

from rqclock import Job
from tests.support import chores
from tests.support.lab import NOISE
from tests.support.ports import any_free
from tests.support.processes import Launch, Launched
from tests.support.proxy import Proxy
from tests.support.server import Server
from tests.support.waiting import until

KINDS = {"ours": ("-w", "rqclock.Worker"), "stock": ()}
READY = "Listening on"
BACK = "Redis takes commands again"
SECRET = "correct-horse"
SLOW = """
import pathlib, time
pathlib.Path("begun").touch()
time.sleep(600)
"""
CLOCK = """
from rqclock import Clock
import slow

clock = Clock()
clock.on_demand("by hand").enqueue(print)

if __name__ == "__main__":
    clock.run()
"""

Begin = Callable[..., Launched]


@pytest.fixture(params=list(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def begin(launch: Launch, kind: str, tmp_path: Path) -> Begin:
    """A worker in an empty folder that reads our settings: `begin(url, "--burst", REDIS_TIMEOUT="1")`."""

    def run(url: str, *options: str, **variables: str) -> Launched:
        command = ("rq", "worker", "-c", "rqclock.rq_settings", *KINDS[kind], "-j", "rqclock.Job", *options)
        return launch(*command, cwd=tmp_path, env={"REDIS_URL": url, **variables})

    return run


def says_once(worker: Launched, *words: str) -> None:
    """Each of these in a line of its own, and no other line before the worker began."""
    *lines, _ = worker.wait_for(READY).partition("started with PID")[0].splitlines()
    assert len(lines) == len(words) and all(map(str.__contains__, lines, words)), worker.output


def works(queue: Queue) -> None:
    job = queue.enqueue(chores.add, 1)
    until(lambda: job.get_status() == JobStatus.FINISHED, 60)


# --- what it waits for


def test_a_worker_waits_for_a_redis_that_is_not_there_yet(begin: Begin, tmp_path: Path) -> None:
    server = Server(tmp_path / "redis")
    worker = begin(server.url)
    worker.wait_for("waiting")
    server.start()
    try:
        says_once(worker, f"Redis at 127.0.0.1:{server.port}/0 cannot be reached", BACK)
        assert "is it running, is REDIS_URL right?; waiting" in worker.output
        works(Queue(connection=server.client(), job_class=Job))
    finally:
        server.kill()


def test_a_worker_waits_while_redis_is_full(begin: Begin, server: Server, client: redis_py.Redis, queue: Queue) -> None:
    client.config_set("maxmemory", "1")
    worker = begin(server.url)
    worker.wait_for("waiting")
    client.config_set("maxmemory", "0")
    says_once(worker, "refused what it was asked for", BACK)
    works(queue)


def test_a_worker_waits_while_redis_is_read_only(begin: Begin, server: Server, client: redis_py.Redis) -> None:
    client.replicaof("127.0.0.1", any_free())  # of nobody
    worker = begin(server.url)
    worker.wait_for("waiting")
    client.replicaof("NO", "ONE")
    says_once(worker, "takes no writes", BACK)


class Loading(Server):
    """A server that takes minutes to load its few keys, unless it is told to be quick."""

    @classmethod
    def of(cls, folder: Path) -> Loading:
        made = cls(folder, arguments=("--loading-process-events-interval-bytes", "1024", "--rdbcompression", "no"))
        made.start()
        with made.client() as client:
            client.mset({f"key:{n}": "x" * 1024 for n in range(300)})
            client.save()
        made.kill()
        made._arguments += ("--key-load-delay", "1000000")  # microseconds for each key
        made.start()
        return made

    def _up(self) -> bool:
        try:
            return super()._up() or bool(self.client().ping())
        except redis_py.BusyLoadingError:
            return True
        except redis_py.ConnectionError:
            return False


def test_a_worker_waits_while_redis_loads_its_data(begin: Begin, tmp_path: Path) -> None:
    server = Loading.of(tmp_path / "redis")
    try:
        worker = begin(server.url)
        worker.wait_for("waiting")
        server.client().config_set("key-load-delay", "0")
        says_once(worker, "is loading its data", BACK)
    finally:
        server.kill()


def test_a_worker_waits_while_workers_are_suspended(begin: Begin, server: Server, client: redis_py.Redis) -> None:
    client.set("rq:suspended", "1")  # as `rq suspend` does
    worker = begin(server.url)
    worker.wait_for("waiting")
    client.delete("rq:suspended")
    says_once(worker, "workers are suspended by `rq suspend`: waiting for `rq resume`", "suspended no more")


def test_a_burst_ends_while_workers_are_suspended(begin: Begin, server: Server, client: redis_py.Redis) -> None:
    client.set("rq:suspended", "1")
    worker = begin(server.url, "--burst")
    assert worker.wait() == 1
    assert "RQ is currently suspended" in worker.output


# --- what it does not wait for


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("redis://:not-it@127.0.0.1:{port}/0", "refused the user name or password in REDIS_URL"),
        ("redis://127.0.0.1:{port}/0", "wants a password, and REDIS_URL has none"),
        (f"redis://:{SECRET}@127.0.0.1:{{port}}/9999", "DB index is out of range"),
        ("http://127.0.0.1:{port}/0", "REDIS_URL must begin with"),
    ],
)
def test_what_waiting_cannot_help_ends_a_worker_at_once_with_one_line(
    begin: Begin, server: Server, client: redis_py.Redis, url: str, words: str
) -> None:
    client.config_set("requirepass", SECRET)
    worker = begin(url.format(port=server.port))
    assert worker.wait() == 2
    assert words in worker.output and len(worker.output.splitlines()) == 1
    assert SECRET not in worker.output and "not-it" not in worker.output


@pytest.mark.parametrize("command", [("info",), ("empty", "default"), ("requeue", "--queue", "default", "--all")])
def test_other_commands_of_rq_answer_at_once(launch: Launch, tmp_path: Path, command: tuple[str, ...]) -> None:
    env = {"RQ_CONFIG": "rqclock.rq_settings", "REDIS_URL": f"redis://127.0.0.1:{any_free()}/0"}
    process = launch("rq", *command, cwd=tmp_path, env=env)
    assert process.wait() == 1
    assert "Connection refused" in process.output and "waiting" not in process.output


def test_other_commands_of_rq_are_not_taken_for_workers(
    launch: Launch, tmp_path: Path, server: Server, client: redis_py.Redis
) -> None:
    def names() -> set[str]:
        return {one["name"] for one in client.client_list()}

    info = launch(
        "rq", "info", "-i", "1", cwd=tmp_path, env={"RQ_CONFIG": "rqclock.rq_settings", "REDIS_URL": server.url}
    )
    until(lambda: "rqclock-rq" in names(), 60, what=info)
    assert "rqclock-worker" not in names()


# --- being stopped


@pytest.fixture
def hole(server: Server) -> Iterator[Proxy]:
    """It takes every connection and answers nothing. Asked for before the worker, which then ends first."""
    made = Proxy(server.port).start()
    made.swallow()
    yield made
    made.mend()
    made.stop()


def stops_at_once(process: Launched) -> None:
    began = time.monotonic()
    assert process.stop() == 0
    took = time.monotonic() - began
    print(f"stopped {took:.1f} s after SIGTERM")
    assert took < 1 + NOISE


def test_a_worker_that_waits_for_redis_obeys_sigterm(begin: Begin) -> None:
    worker = begin(f"redis://127.0.0.1:{any_free()}/0")
    worker.wait_for("waiting")
    stops_at_once(worker)


def test_a_worker_that_waits_for_an_answer_obeys_sigterm(hole: Proxy, begin: Begin, client: redis_py.Redis) -> None:
    worker = begin(hole.url, REDIS_TIMEOUT="60")
    until(lambda: client.info("clients")["connected_clients"] > 1, 60)
    stops_at_once(worker)


def test_a_silent_redis_counts_as_away_after_its_timeout(hole: Proxy, begin: Begin) -> None:
    worker = begin(hole.url, REDIS_TIMEOUT="0.5")
    worker.wait_for("waiting")
    hole.mend()
    says_once(worker, "cannot be reached (Timeout reading from", BACK)


def test_a_worker_that_waits_for_resume_obeys_sigterm(begin: Begin, server: Server, client: redis_py.Redis) -> None:
    client.set("rq:suspended", "1")
    worker = begin(server.url)
    worker.wait_for("waiting")
    stops_at_once(worker)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With a clock file whose application takes its time to be imported."""
    (tmp_path / "slow.py").write_text(SLOW)
    (tmp_path / "clock.py").write_text(CLOCK)
    return tmp_path


def test_a_worker_that_still_imports_obeys_sigterm(begin: Begin, folder: Path, server: Server) -> None:
    worker = begin(server.url)
    until((folder / "begun").exists, 60)
    stops_at_once(worker)


def test_a_clock_that_still_imports_obeys_sigterm(launch: Launch, folder: Path) -> None:
    clock = launch("python", "clock.py", cwd=folder)
    until((folder / "begun").exists, 60)
    stops_at_once(clock)


def test_a_program_that_only_reads_the_clock_file_dies_of_sigterm_as_it_always_did(
    launch: Launch, folder: Path
) -> None:
    process = launch("python", "-m", "rqclock", "list", cwd=folder)
    until((folder / "begun").exists, 60)
    assert process.stop() == -15
