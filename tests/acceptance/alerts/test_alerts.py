"""Alerts end to end: real clocks, workers and watchers, a real HTTP endpoint and a real SMTP server."""

from __future__ import annotations

import json
import signal
import sys
import urllib.request
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import redis as redis_py

from rqclock.alerts.watcher import LOOKS_IN_SILENCE
from rqclock.store.replies import text
from rqclock.store.server_now import server_now
from tests.support.alert_receivers import Endpoint, Mailbox, black_hole
from tests.support.ports import any_free
from tests.support.processes import Launch, Launched
from tests.support.server import Server
from tests.support.waiting import until

CLOCK = """
from rqclock import Clock
import jobs

clock = Clock(timezone="Europe/London")
clock.every("2 seconds", name="report", must_finish_within="4 seconds").enqueue(jobs.work)

if __name__ == "__main__":
    clock.run()
"""
JOBS = """
from rqclock import job

@job(retry=0)
def work():
    pass
"""
WITHIN = 4.0  # must_finish_within
SILENT_AFTER = 5.0
LOOK = SILENT_AFTER / LOOKS_IN_SILENCE
FEW_LOOKS = 12 * LOOK  # a look that took long on a busy machine is followed by ten times as long without one
LONG = 40.0  # seconds that a busy machine may take
WATCH = ("python", "-m", "rqclock", "watch")


class Service:
    """Clock, worker and watchers of one folder, whose alerts come to `endpoint` and `mailbox`."""

    def __init__(self, folder: Path, launch: Launch, redis_url: str) -> None:
        (folder / "clock.py").write_text(CLOCK)
        (folder / "jobs.py").write_text(JOBS)
        self.endpoint, self.mailbox = Endpoint(), Mailbox()
        self._folder, self._launch = folder, launch
        self.environment = {
            "REDIS_URL": redis_url,
            "RQCLOCK_ALIVE_DIR": str(folder / "alive"),
            "RQCLOCK_SILENT_AFTER": f"{SILENT_AFTER:g}",
            "RQCLOCK_SECRET_KEY": "for tests",
            "RQCLOCK_ALERT_WEBHOOK": f"{self.endpoint.url}/hook",
            "RQCLOCK_ALERT_SECRET": "s3cret",
            "RQCLOCK_ALERT_EMAIL": "ops@example.org",
            "SMTP_URL": self.mailbox.url,
            "RQCLOCK_ALERT_FROM": "clock@example.org",
        }

    def start(self, *command: str, alerts: bool = True, **variables: str) -> Launched:
        told = self.environment if alerts else {k: v for k, v in self.environment.items() if "ALERT" not in k}
        return self._launch(*command, cwd=self._folder, env=told | variables)

    def clock(self, *, alerts: bool = False) -> Launched:
        clock = self.start("python", "clock.py", alerts=alerts)
        clock.wait_for("joined", LONG)
        return clock

    def worker(self) -> Launched:
        return self.start("rq", "worker", "-c", "rqclock.rq_settings", "-w", "rqclock.Worker", "-j", "rqclock.Job")

    def told(self, kind: str, event: str = "alert") -> int:
        """How often it came to the endpoint; the mailbox must have it as often."""
        found = [notice for notice in self.endpoint.notices(event) if notice["kind"] == kind]
        titles = {_title(notice["title"]) for notice in found}
        mails = [message for message in list(self.mailbox.messages) if _title(message["Subject"]) in titles]
        return len(found) if len(mails) == len(found) else -1

    def wait(self, kind: str, event: str = "alert") -> None:
        until(lambda: self.told(kind, event) == 1, LONG, what=f"{event} of {kind}")

    def notice(self, kind: str, event: str = "alert") -> Any:
        """The one that came to the endpoint."""
        (found,) = [notice for notice in self.endpoint.notices(event) if notice["kind"] == kind]
        return found

    def close(self) -> None:
        self.endpoint.close()
        self.mailbox.close()


def _title(subject: object) -> str:
    """Without its spaces: a long subject is folded on its way."""
    return "".join(str(subject).split())


@pytest.fixture
def service(tmp_path: Path, launch: Launch, redis: redis_py.Redis, redis_server: Server) -> Iterator[Service]:
    service = Service(tmp_path, launch, redis_server.url)
    yield service
    service.close()


def of_the_lease(redis: redis_py.Redis, field: str) -> float:
    """When the clock that leads, or led, was last heard (`at`), or took the lead (`since`), in Redis's time."""
    return int(redis.hget("rq:clock:default:lease", field) or 0) / 1000


def first_run(redis: redis_py.Redis) -> float:
    """When the first run of the schedule was due."""
    (tick,) = map(text, redis.zrange("rq:clock:default:index:report", 0, 0))
    return float(tick)


def instant(notice: Any, field: str) -> float:
    """Notices say full seconds, the one that has begun."""
    return datetime.fromisoformat(notice[field]).timestamp()


def test_a_job_that_does_not_finish_and_a_silent_clock_are_told_once_and_their_recovery_too(
    service: Service, redis: redis_py.Redis
) -> None:
    clock = service.clock()
    clock.wait_for("leading", LONG)
    pinged = f"{service.endpoint.url}/ping/{{schedule}}"
    watchers = [service.start(*WATCH, RQCLOCK_PING_URL=pinged) for _ in range(2)]
    watchers[0].wait_for("watching; notices go to", LONG)
    watched = server_now(redis)
    service.wait("not-finished")
    late = service.notice("not-finished")
    assert instant(late, "since") == instant(late, "due") + WITHIN <= instant(late, "at")
    assert instant(late, "at") - max(first_run(redis) + WITHIN, watched) < FEW_LOOKS
    service.worker()
    service.wait("not-finished", "back")
    until(lambda: "/ping/report" in service.endpoint.paths(), LONG, what="the ping of a run that went well")
    assert service.endpoint.paths()[0] == "/ping/report/start"
    clock.kill()
    service.wait("clock-silent")
    silent, last = service.notice("clock-silent"), of_the_lease(redis, "at")
    assert instant(silent, "since") == int(last)
    assert SILENT_AFTER - 1 <= instant(silent, "at") - last < SILENT_AFTER + FEW_LOOKS
    service.clock()
    service.wait("clock-silent", "back")
    back = service.notice("clock-silent", "back")
    assert -1 <= instant(back, "at") - of_the_lease(redis, "since") < FEW_LOOKS
    assert abs(back["after_seconds"] - (instant(back, "at") - last)) <= 2
    assert all(watcher.stop(LONG) == 0 for watcher in watchers)
    assert [service.told(kind) for kind in ("not-finished", "clock-silent")] == [1, 1]
    assert [service.told(kind, "back") for kind in ("not-finished", "clock-silent")] == [1, 1]
    said = [notice["text"] for notice in service.endpoint.notices()]
    assert said[0].startswith("report has not finished in time: due ")
    assert "no clock leads 'default': the last one was last heard at" in said[1]
    assert "s3cret" not in "".join(watcher.output for watcher in watchers)


@pytest.mark.parametrize("preload", [(), ("--preload",)], ids=["forked first", "loaded first"])
def test_the_web_process_tells_of_a_clock_that_stands_still(service: Service, preload: tuple[str, ...]) -> None:
    clock = service.clock()
    clock.wait_for("leading", LONG)  # there is no silence before
    web = service.start(
        sys.executable, "-m", "gunicorn", "--no-control-socket", "-w", "2", "--threads", "4", *preload,
        "-b", f"127.0.0.1:{any_free()}", "rqclock.web:create_app()",
    )  # fmt: skip
    web.wait_for("Booting worker", LONG)
    until(lambda: len(web.below()) >= 2, LONG)
    clock.signal(signal.SIGSTOP)
    service.wait("clock-silent")
    silent = service.notice("clock-silent")
    assert SILENT_AFTER - 1 <= instant(silent, "at") - instant(silent, "since") < SILENT_AFTER + FEW_LOOKS
    clock.signal(signal.SIGCONT)
    service.wait("clock-silent", "back")
    assert service.told("clock-silent") == 1


def test_a_first_clock_that_never_comes_is_told_by_the_web_process_until_it_does(service: Service) -> None:
    web = service.start(
        sys.executable, "-m", "gunicorn", "--no-control-socket", "-w", "2", "--threads", "4",
        "-b", f"127.0.0.1:{any_free()}", "rqclock.web:create_app()",
    )  # fmt: skip
    web.wait_for("Booting worker", LONG)
    service.worker()  # so that somebody wants a clock
    service.wait("clock-silent")
    (told,) = service.endpoint.notices()
    assert told["text"].startswith("no clock has ever led here: ") and told["clock"] is None
    service.clock()
    service.wait("clock-silent", "back")
    assert service.told("clock-silent") == 1


def test_a_clock_that_stands_by_tells_what_the_leading_one_would_not_hear_of(service: Service) -> None:
    leader = service.clock(alerts=True)
    leader.wait_for("leading", LONG)
    service.clock(alerts=True)
    service.wait("not-finished")
    assert service.told("not-finished") == 1


def test_endpoints_that_do_not_answer_delay_nothing(service: Service) -> None:
    with black_hole() as port:
        clock = service.start("python", "clock.py", RQCLOCK_ALERT_WEBHOOK=f"http://127.0.0.1:{port}/")
        clock.wait_for("leading", LONG)
        hole = f"http://127.0.0.1:{port}/{{schedule}}"
        address = f"127.0.0.1:{any_free()}"
        web = service.start(
            sys.executable, "-m", "gunicorn", "--no-control-socket", "--threads", "4", "-b", address,
            "rqclock.web:create_app()", RQCLOCK_ALERT_WEBHOOK=f"http://127.0.0.1:{port}/", RQCLOCK_PING_URL=hole,
        )  # fmt: skip
        web.wait_for("Booting worker", LONG)
        service.worker()
        clock.kill()
        until(lambda: service.mailbox.titled("no clock leads"), LONG, what="the e-mail")
        assert "could not be sent by email" not in web.output
        with urllib.request.urlopen(f"http://{address}/livez", timeout=9) as answer:  # the hook's takes ten seconds
            assert answer.status == 200
        web.wait_for(f"could not be sent by webhook: 127.0.0.1:{port}: no answer in time", LONG)
        service.clock()
        until(lambda: service.mailbox.titled("back:"), LONG, what="the recovery by e-mail")


@pytest.mark.slow
def test_an_alert_whose_watcher_was_killed_while_it_sent_it_is_sent_by_another(
    service: Service, redis: redis_py.Redis
) -> None:
    no_mail: dict[str, Any] = {"RQCLOCK_ALERT_EMAIL": "", "RQCLOCK_ALERT_FROM": ""}

    def claimed() -> bool:
        """Whether a message is due only in half a minute or more: somebody has it."""
        return redis.zcount("rq:alerts:due:webhook", redis.time()[0] * 1000 + 30_000, "+inf") > 0

    with black_hole() as port:
        service.clock().wait_for("leading", LONG)
        watcher = service.start(*WATCH, **no_mail, RQCLOCK_ALERT_WEBHOOK=f"http://127.0.0.1:{port}/")
        until(claimed, LONG, what="the first try")
        watcher.kill()
    service.start(*WATCH, **no_mail)
    until(lambda: service.endpoint.notices(), 60.0 + LONG, what="the alert, a minute after it was claimed")
    assert [notice["kind"] for notice in service.endpoint.notices()] == ["not-finished"]


def test_a_redis_that_is_gone_is_told_by_each_watcher_for_itself(tmp_path: Path, launch: Launch) -> None:
    server = Server(tmp_path / "own").start()
    service = Service(tmp_path, launch, server.url)
    try:
        watcher = service.start(*WATCH)
        until(lambda: server.client().exists("rq:alerts:turn"), LONG)
        server.kill()
        service.wait("redis-away")
        assert str(server.port) in service.notice("redis-away")["text"]
        server.start()
        service.wait("redis-away", "back")
        assert watcher.stop(LONG) == 0
        assert service.told("redis-away") == 1
    finally:
        server.kill()
        service.close()


def test_a_test_notice_says_of_each_channel_whether_it_arrives(service: Service) -> None:
    command = service.start("python", "-m", "rqclock", "alert", "test")
    assert command.wait(LONG) == 0, command.output
    assert command.output.splitlines() == [
        f"webhook ({service.endpoint.url.removeprefix('http://')}): sent",
        f"email (ops@example.org by {service.mailbox.address}): sent",
    ]
    assert [notice["kind"] for notice in service.endpoint.notices("test")] == ["test"]
    assert service.mailbox.titled("a test from ")


def test_a_test_notice_that_does_not_arrive_ends_with_1(service: Service) -> None:
    service.endpoint.status = 410
    command = service.start(*WATCH, "--test")
    assert command.wait(LONG) == 1, command.output
    assert "not sent: 127.0.0.1:" in command.output and "answers 410" in command.output
    assert "): sent" in command.output


def test_a_test_notice_tells_programs_of_each_channel_on_a_line(service: Service) -> None:
    service.endpoint.status = 410
    command = service.start("python", "-m", "rqclock", "alert", "test", "--json")
    assert command.wait(LONG) == 1, command.output
    endpoint = service.endpoint.url.removeprefix("http://")
    assert [json.loads(line) for line in command.output.splitlines()] == [
        {"channel": "webhook", "where": endpoint, "sent": False, "problem": f"{endpoint} answers 410"},
        {"channel": "email", "where": f"ops@example.org by {service.mailbox.address}", "sent": True, "problem": None},
    ]


def test_settings_that_lack_one_another_stop_every_process_at_its_start_with_one_line(service: Service) -> None:
    web = ("python", "-c", "from rqclock.web import create_app; create_app()")
    for command in (("python", "clock.py"), WATCH, ("python", "-m", "rqclock", "alert", "test"), web):
        process = service.start(*command, RQCLOCK_ALERT_WEBHOOK="")
        assert process.wait(LONG) != 0
        last = process.output.strip().splitlines()[-1]
        assert "RQCLOCK_ALERT_SECRET is set, but RQCLOCK_ALERT_WEBHOOK is not" in last


def test_without_any_channel_there_is_nothing_to_watch_for(service: Service) -> None:
    process = service.start(*WATCH, alerts=False)
    assert process.wait(LONG) == 2
    assert process.output.startswith("no alert has anywhere to go: set RQCLOCK_ALERT_WEBHOOK")
