"""A clock, a worker and a web process, each a process of its own, scraped as Prometheus does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.support.lab import ClockProcess, Lab
from tests.support.ports import any_free
from tests.support.processes import Launch, Launched
from tests.support.scraping import Scrape
from tests.support.server import Server
from tests.support.waiting import until

TOKEN = "only-prometheus-knows"
LINES = (
    'clock.every("second", name="good").enqueue(jobs.plain)',
    'clock.every("second", name="bad").enqueue(jobs.fail)',
)


@dataclass
class Running:
    """A system; `web` and `clock` are the addresses of its two `/metrics`."""

    lab: Lab
    server: Server
    leader: ClockProcess
    web: str
    others: list[Launched]

    @property
    def clock(self) -> str:
        return f"http://127.0.0.1:{self.leader.health}/metrics"

    def __str__(self) -> str:
        return "\n".join(f"--- {one.command[:2]}:\n{one.output[-2000:]}" for one in (self.leader, *self.others))

    def of_web(self, well: Callable[[Scrape], bool]) -> Scrape:
        """The web process's first scrape that is as it should be."""
        return self._settled(lambda: Scrape.at(self.web, token=TOKEN), well)

    def of_clock(self, well: Callable[[Scrape], bool]) -> Scrape:
        return self._settled(lambda: Scrape.at(self.clock), well)

    def _settled(self, ask: Callable[[], Scrape], well: Callable[[Scrape], bool]) -> Scrape:
        found: list[Scrape] = []

        def is_well() -> bool:
            try:
                found[:] = [ask()]
            except (OSError, HTTPException):  # it has not opened its port yet
                return False
            return well(found[0])

        until(is_well, 60, what=self)
        return found[0]


@pytest.fixture
def running(tmp_path: Path, launch: Launch) -> Iterator[Running]:
    lab = Lab(tmp_path / "lab")
    server = lab.server(append_only=True)
    leader = lab.clock(server.url, lab.file(*LINES), healthy=True)
    worker = launch("rq", "worker", "-w", "rqclock.Worker", "-j", "rqclock.Job", "-u", server.url, "default")
    port = any_free()
    env = {"REDIS_URL": server.url, "RQCLOCK_SECRET_KEY": "for tests", "RQCLOCK_METRICS_TOKEN": TOKEN}
    command = ("gunicorn", "--no-control-socket", "--threads", "2", "--bind", f"127.0.0.1:{port}")
    web = launch(*command, "rqclock.web:create_app()", env=env)
    yield Running(lab, server, leader, f"http://127.0.0.1:{port}/metrics", [worker, web])
    lab.close()


def works(scrape: Scrape) -> bool:
    ended = scrape.by("rqclock_jobs_ended_total", "outcome")
    return ended.get("finished", 0) > 1 and ended.get("failed", 0) > 1


def test_clock_and_web_show_the_same_system_to_prometheus(running: Running) -> None:
    of_clock = running.of_clock(works)
    of_web = running.of_web(works)
    for scrape in (of_clock, of_web):
        assert scrape.by("rqclock_leaders", "clock") == {"default": 1}
        assert scrape.by("rqclock_scrape_ok", "part").keys() == {
            "presence", "runs", "jobs", "schedules", "queues", "workers", "server",
        }  # fmt: skip
        decided = scrape.by("rqclock_schedule_runs_total", "schedule", decision="enqueued")
        assert decided.keys() == {"good", "bad"} and sum(decided.values()) == scrape.value(
            "rqclock_runs_total", decision="enqueued"
        )
        assert scrape.value("rqclock_queue_workers", queue="default") == 1
        assert scrape.by("rqclock_schedule_last_ended_timestamp_seconds", "schedule", outcome="failed").keys() == {
            "bad"
        }
    own = {name for name in of_clock.names - of_web.names if not name.startswith(("process_", "rqclock_process_"))}
    assert own == {"rqclock_leading"} and of_clock.value("rqclock_leading") == 1
    assert of_web.names < of_clock.names  # a name that both have means the same


def test_who_has_not_the_token_gets_no_figures_of_the_web_process(running: Running) -> None:
    running.of_web(works)
    for token in ("", "wrong"):
        with pytest.raises(HTTPError, match="401"):
            Scrape.at(running.web, token=token)


def test_counters_go_on_over_a_takeover_and_a_clock_that_is_gone_is_seen_by_the_web(running: Running) -> None:
    before = running.of_web(works)
    running.leader.kill()
    gone = running.of_web(lambda scrape: scrape.value("rqclock_leaders") == 0)
    silent = gone.value("rqclock_clock_silent_seconds")
    assert silent is not None and silent > 9
    running.leader = running.lab.clock(running.server.url, healthy=True)
    after = running.of_clock(lambda scrape: (scrape.value("rqclock_takeovers_total") or 0) >= 2)
    for name, labels in (
        ("rqclock_runs_total", {"decision": "enqueued"}),
        ("rqclock_jobs_ended_total", {"outcome": "failed"}),
    ):
        was, now = before.value(name, **labels), after.value(name, **labels)
        assert was is not None and now is not None and now >= was


def test_a_clock_whose_redis_is_gone_still_shows_its_own_figures(running: Running) -> None:
    running.of_clock(works)
    running.server.kill()
    found = running.of_clock(lambda scrape: scrape.value("rqclock_up") == 0)
    assert {"rqclock_leading", "rqclock_process_loop_age_seconds"} < found.names
    assert "rqclock_runs_total" not in found.names
    running.server.start()
    back = running.of_clock(lambda scrape: scrape.value("rqclock_leading") == 1)
    assert back.value("process_resident_memory_bytes")
