"""The main job, end to end, with real processes: a timetable in Python becomes finished jobs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.noise import measured
from tests.support.processes import Launch, Launched
from tests.support.server import Server
from tests.support.waiting import until

CLOCK = """
from rqclock import Clock
import jobs

clock = Clock(timezone="Europe/London")
clock.every("1 second").enqueue(jobs.work, 1)
clock.every("2 seconds").enqueue(jobs.fail)

if __name__ == "__main__":
    clock.run()
"""
JOBS = """
import rqclock

def work(number):
    tick = rqclock.current_tick()
    return [number, tick.name, tick.scheduled_at.isoformat(), tick.attempt]

def fail():
    raise ValueError("no such pupil")
"""
STOCK = ("rq", "worker", "default")
WORKER = ("rq", "worker", "-c", "rqclock.rq_settings", "-j", "rqclock.Job")


class Project:
    """A folder with a clock file, and the processes that run it."""

    def __init__(self, folder: Path, launch: Launch, server: Server) -> None:
        (folder / "clock.py").write_text(CLOCK)
        (folder / "jobs.py").write_text(JOBS)
        self.folder = folder
        self._launch = launch
        self.environment = {"REDIS_URL": server.url, "RQCLOCK_ALIVE_DIR": str(folder / "alive")}

    def start(self, *command: str, **variables: str) -> Launched:
        return self._launch(*command, cwd=self.folder, env=self.environment | variables)

    def clock(self, **variables: str) -> Launched:
        return self.start("python", "clock.py", **variables)

    def leading(self) -> Launched:
        clock = self.clock()
        clock.wait_for("leading")
        return clock

    def ask(self, *arguments: str) -> list[dict[str, Any]]:
        """What `rqclock … --json` prints, line by line."""
        process = self.start("python", "-m", "rqclock", *arguments, "--json")
        process.wait()
        return [json.loads(line) for line in process.output.splitlines()]

    def runs(self) -> list[dict[str, Any]]:
        """Those of `jobs.work`, the oldest first."""
        return self.ask("history", "jobs.work", "-n", "1000")[::-1]

    def ran(self, name: str, count: int) -> list[dict[str, Any]]:
        """The first `count` runs of a schedule, once so many have ended."""

        def ended() -> list[dict[str, Any]]:
            runs = [run for run in self.ask("history", name, "-n", "100") if run["status"] in ("finished", "failed")]
            return runs if len(runs) >= count else []

        return until(ended, 60, what=f"{count} ended runs of {name}")


@pytest.fixture
def project(tmp_path: Path, launch: Launch, tmp_path_factory: pytest.TempPathFactory) -> Any:
    server = Server(tmp_path_factory.mktemp("server")).start()
    yield Project(tmp_path, launch, server)
    server.kill()


def test_what_is_due_is_enqueued_by_the_clock_and_run_by_rq_worker(project: Project) -> None:
    project.leading()
    project.start(*WORKER)
    runs = project.ran("jobs.work", 3)
    assert {run["decision"] for run in runs} == {"enqueued"} and {run["status"] for run in runs} == {"finished"}
    assert len({run["tick"] for run in runs}) == len(runs)
    assert all(run["duration"] is not None and run["lateness"] < 5 and run["worker"] for run in runs)


def test_a_bare_rq_worker_runs_the_jobs_where_the_environment_names_our_classes(project: Project) -> None:
    project.leading()
    project.start("rq", "worker", RQ_JOB_CLASS="rqclock.Job", RQ_CONFIG="rqclock.rq_settings")
    assert project.ran("jobs.work", 1)[0]["status"] == "finished"


def test_a_failed_job_shows_the_line_that_says_why(project: Project) -> None:
    project.leading()
    project.start(*WORKER)
    assert project.ran("jobs.fail", 1)[0]["error"] == "ValueError: no such pupil"


def test_a_stock_worker_that_reads_pickle_is_told_what_to_set(project: Project) -> None:
    project.leading()
    project.start(*STOCK, RQ_REDIS_URL=project.environment["REDIS_URL"])
    assert "set RQ_JOB_CLASS" in project.ran("jobs.work", 1)[0]["error"]


def test_a_stock_worker_with_json_runs_our_jobs(project: Project) -> None:
    project.leading()
    project.start(*STOCK, "-S", "json", RQ_REDIS_URL=project.environment["REDIS_URL"])
    assert project.ran("jobs.work", 1)[0]["status"] == "finished"


def taken_over(project: Project, leader: Launched) -> Launched:
    """Kill who leads; the standby that leads now, and has enqueued some ticks."""
    standby = project.clock()
    standby.wait_for("joined")
    until(lambda: len(project.runs()) >= 2, what="two ticks of the first leader")
    leader.kill()
    standby.wait_for("leading")
    until(lambda: standby.output.count("enqueued jobs.work") >= 4, what="ticks of the second leader")
    return standby


def test_a_standby_goes_on_within_3_seconds_when_the_leader_is_killed_and_no_tick_is_lost(project: Project) -> None:
    leaders = [project.leading()]

    def take_over() -> float:
        before = len(project.runs())
        leaders.append(taken_over(project, leaders[-1]))
        return float(max(run["lateness"] for run in project.runs()[before:]))

    worst, margin = measured(take_over, promised=3)
    runs = project.runs()
    seconds = [run["tick"] for run in runs]
    assert len(set(seconds)) == len(seconds), "a tick twice"
    instants = [int(second[17:19]) + 60 * int(second[14:16]) for second in seconds]
    assert instants == [(instants[0] + n) % 3600 for n in range(len(instants))], "a tick is missing"
    print(f"takeover: the latest tick was enqueued {worst:.2f} s late")
    assert worst < 3 + margin


def test_sigterm_ends_the_clock_with_0_and_hands_over(project: Project) -> None:
    leader = project.leading()
    assert leader.stop() == 0
    (status,) = project.ask("status")
    assert status["leader"] is None and status["standbys"] == []


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("redis://:wrong@127.0.0.1:{port}/0", "refused the user name or password"),
        ("redis//oops", "REDIS_URL must begin with"),
        ("redis://127.0.0.1:99999/0", "REDIS_URL is not a URL"),
    ],
)
def test_a_redis_url_that_cannot_work_is_one_line_and_exit_2(project: Project, url: str, line: str) -> None:
    port = project.environment["REDIS_URL"].rsplit(":", 1)[1].split("/")[0]
    clock = project.clock(REDIS_URL=url.format(port=port))
    assert clock.wait() == 2
    assert line in clock.output and len(clock.output.splitlines()) == 1 and "wrong@" not in clock.output


def test_the_clock_waits_for_redis_says_so_once_and_goes_on(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    server = Server(tmp_path_factory.mktemp("late"), append_only=True)
    clock = project.clock(REDIS_URL=server.url)
    clock.wait_for("cannot be reached")
    server.start()
    try:
        clock.wait_for("enqueued jobs.work")
        assert clock.output.partition("is back")[0].count("cannot be reached") == 1
        known = clock.output.count("cannot be reached")
        server.kill()
        until(lambda: clock.output.count("cannot be reached") > known, what="the second outage")
        before = clock.output.count("enqueued jobs.work")
        server.start()
        until(lambda: clock.output.count("enqueued jobs.work") > before, what="ticks after the outage")
        assert clock.stop() == 0
    finally:
        server.kill()


def test_the_probe_says_whether_a_clock_makes_progress(project: Project) -> None:
    nobody = project.start("python", "-m", "rqclock", "alive")
    assert nobody.wait() == 1 and "no clock runs" in nobody.output
    clock = project.leading()
    until(lambda: project.start("python", "-m", "rqclock", "alive").wait() == 0, what="a pulse")
    clock.kill()
    assert project.start("python", "-m", "rqclock", "alive").wait() == 1
