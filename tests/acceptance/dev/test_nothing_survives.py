"""`rqclock dev` leaves no process, port or lock behind, however it ends."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rqclock.dev import ports
from tests.acceptance.dev.conftest import Project
from tests.support.processes import Launched, all_gone
from tests.support.waiting import until

PidOf = Callable[[Launched, str], int]
CLOCK = "clock: python actor.py clock"
WORKER_WITH_A_DEAF_CHILD = "worker: python actor.py worker child"


def redis_port(process: Launched) -> int:
    found = re.search(r"Redis: redis://127\.0\.0\.1:(\d+)", process.wait_for("Redis: "))
    assert found
    return int(found.group(1))


def running(project: Project, pid_of: PidOf, *lines: str) -> tuple[Launched, list[int]]:
    """The runner with its processes up, and the ids of all that runs below it."""
    project.procfile(*(lines or (CLOCK, WORKER_WITH_A_DEAF_CHILD)))
    process = project.dev()
    pid_of(process, "clock")
    pid_of(process, "worker")
    return process, process.below()


def starts_again(project: Project) -> None:
    again = project.dev()
    again.wait_for("clock is ")
    assert again.stop() == 143


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_everything_and_is_told_by_the_exit_code(
    project: Project, pid_of: PidOf, number: int, code: int
) -> None:
    process, below = running(project, pid_of)
    port = redis_port(process)
    process.signal(number)
    assert process.wait(25) == code  # less than the grace of a worker, whose child is deaf
    all_gone(below)
    assert ports.is_free(port)


def test_kill_9_of_the_runner_leaves_nothing(project: Project, pid_of: PidOf) -> None:
    process, below = running(project, pid_of)
    port = redis_port(process)
    assert len(below) == 7, "server, clock and worker, a guard for each, and the worker's child"
    process.kill()
    all_gone(below)
    assert ports.is_free(port)
    starts_again(project)


def test_kill_9_of_the_runners_whole_group_leaves_nothing(project: Project, pid_of: PidOf) -> None:
    process, below = running(project, pid_of)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    all_gone(below)


def test_kill_9_of_a_worker_takes_its_orphan_with_it_and_starts_another(project: Project, pid_of: PidOf) -> None:
    process, _ = running(project, pid_of)
    first = pid_of(process, "worker")
    child = int(re.findall(r"child (\d+)", process.output)[0])
    os.kill(first, signal.SIGKILL)
    all_gone([child])
    process.wait_for("worker was ended by SIGKILL; it starts again in 1 s")
    until(lambda: pid_of(process, "worker") != first)
    assert process.stop() == 143


def test_kill_9_of_a_guard_takes_all_below_it_and_starts_another(project: Project, pid_of: PidOf) -> None:
    process, _ = running(project, pid_of)
    first = pid_of(process, "worker")
    child = int(re.findall(r"child (\d+)", process.output)[0])
    guard = int(Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(guard, signal.SIGKILL)
    all_gone([first, child])
    until(lambda: pid_of(process, "worker") != first)
    assert process.stop() == 143


def test_a_second_ctrl_c_kills_at_once(project: Project, pid_of: PidOf) -> None:
    process, below = running(project, pid_of, CLOCK, "worker: python actor.py worker deaf child")
    process.signal(signal.SIGINT)
    process.wait_for("stopping")
    began = time.monotonic()
    process.signal(signal.SIGINT)
    assert process.wait() == 130
    assert time.monotonic() - began < 15, "half of the worker's grace"
    all_gone(below)


@pytest.mark.slow
def test_a_worker_has_30_seconds_to_finish_and_another_process_10(project: Project, pid_of: PidOf) -> None:
    process, below = running(
        project, pid_of, "clock: python actor.py clock deaf", "worker: python actor.py worker deaf"
    )
    began = time.monotonic()
    process.signal(signal.SIGTERM)
    process.wait_for("clock has not stopped within 10 s: killed")
    assert 9 < time.monotonic() - began < 25
    assert process.wait(60) == 143
    assert 29 < time.monotonic() - began < 39, "both at the same time"
    all_gone(below)


def test_it_ends_when_nobody_reads_its_output(project: Project) -> None:
    project.procfile("clock: sh -c 'echo $$ > pid; while :; do echo tick; sleep 0.1; done'")
    pipeline = project.dev_piped_into("head -n 6")
    assert pipeline.wait() == 0
    assert "tick" in pipeline.output
    all_gone([int((project.folder / "pid").read_text())])
