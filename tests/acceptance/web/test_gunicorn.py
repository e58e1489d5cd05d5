"""The web process as the Procfile starts it: what it writes, and how it ends."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from tests.acceptance.web.conftest import answers
from tests.support.ports import any_free
from tests.support.processes import Launch, Launched
from tests.support.waiting import until

GRACE = 60.0  # seconds: gunicorn's own 25, which it waits out for a process that it had just forked, and some
COMMAND = ("gunicorn", "-c", "python:rqclock.gunicorn_settings")
SECRETS = ("s3cret-of-redis", "s3cret-of-sessions", "s3cret-of-sign-in", "s3cret-of-a-query")
BROKEN = """
def application(environ, start_response):
    if environ["PATH_INFO"] != "/livez":
        raise RuntimeError("the ink is on the floor")
    start_response("200 OK", [])
    return [b"ok"]
"""


class Web:
    """A running web process whose Redis is away."""

    def __init__(self, launch: Launch, *arguments: str, **env: str) -> None:
        self.port = any_free()
        self.process: Launched = launch(*COMMAND, *arguments, env=settings(self.port) | env)
        until(lambda: answers(f"http://127.0.0.1:{self.port}"), timeout=60, what="the page")

    def ask(self, path: str) -> None:
        with suppress(HTTPError):
            urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60).close()

    def send(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(request)
            return connection.recv(64)

    def lines(self) -> list[dict[str, Any]]:
        """What it has written from first to last; every line must be JSON."""
        assert self.process.stop(GRACE) == 0
        return [json.loads(line) for line in self.process.output.splitlines()]


def settings(port: int) -> dict[str, str]:
    return {
        "PORT": str(port),
        "REDIS_URL": f"redis://:s3cret-of-redis@127.0.0.1:{any_free()}/0",
        "RQCLOCK_SECRET_KEY": "s3cret-of-sessions",
        "RQCLOCK_DEV_SIGN_IN": "s3cret-of-sign-in",
        "RQCLOCK_LOG": "json",
        "RQCLOCK_RELEASE": "2027-01-01.1",
    }


def test_every_line_is_json_and_none_holds_a_secret(launch: Launch) -> None:
    web = Web(launch)
    web.ask("/sign-in/dev?token=s3cret-of-sign-in")
    web.ask("/nowhere?code=s3cret-of-a-query")
    assert b"400" in web.send(b"GET /odd?code=s3cret-of-a-query and more HTTP/1.1\r\n\r\n")
    lines = web.lines()
    assert {(line["process"], line["release"]) for line in lines} == {("web", "2027-01-01.1")}
    messages = [line["message"] for line in lines]
    for part in ("Listening at: ", "Invalid request from ip=127.0.0.1", "cannot be reached", "Handling signal: term"):
        assert any(part in message for message in messages), part
    assert not [secret for secret in SECRETS if secret in web.process.output]


def test_a_request_is_one_line_with_its_facts_and_a_probe_that_went_well_is_none(launch: Launch) -> None:
    web = Web(launch)
    web.ask("/schedules/a%0Ab?code=1")
    (line,) = [line for line in web.lines() if line["logger"] == "gunicorn.access" and "/sign-in" not in line["path"]]
    assert line["seconds"] >= 0 and line["bytes"] > 0
    assert {name: line[name] for name in ("message", "method", "path", "status", "client")} == {
        "message": "GET /schedules/a%0Ab 302",
        "method": "GET",
        "path": "/schedules/a%0Ab",
        "status": 302,
        "client": "127.0.0.1",
    }


def test_an_error_of_another_application_is_one_line_with_its_traceback_and_without_the_query(
    launch: Launch, tmp_path: Path
) -> None:
    (tmp_path / "broken.py").write_text(BROKEN)
    web = Web(launch, "--chdir", str(tmp_path), "broken:application")
    web.ask("/a?code=s3cret-of-a-query")
    (line,) = [line for line in web.lines() if line["level"] == "ERROR"]
    assert line["message"].endswith("/a?[masked]") and "RuntimeError: the ink is on the floor" in line["exc_info"]
    assert "s3cret" not in web.process.output


@pytest.mark.parametrize(
    ("env", "said"),
    [
        ({"RQCLOCK_SECRET_KEY": ""}, "rqclock: RQCLOCK_SECRET_KEY is not set"),
        ({"RQCLOCK_ENVIRONMENT": "production"}, "rqclock: RQCLOCK_DEV_SIGN_IN is set while RQCLOCK_ENVIRONMENT is"),
        ({"RQCLOCK_PROXIES": "many"}, "rqclock: RQCLOCK_PROXIES 'many'"),
    ],
)
def test_a_setting_that_cannot_be_used_ends_it_with_one_line(launch: Launch, env: dict[str, str], said: str) -> None:
    process = launch(*COMMAND, env=settings(any_free()) | env)
    assert process.wait(60) not in (0, -9)
    assert [line for line in process.output.splitlines() if line.startswith(said)]
    assert "Traceback" not in process.output


def test_a_mistyped_setting_is_a_warning_in_its_log(launch: Launch) -> None:
    web = Web(launch, RQCLOCK_LEAS="9")
    assert [line["message"] for line in web.lines() if line["level"] == "WARNING"] == [
        'RQCLOCK_LEAS is no setting; did you mean "RQCLOCK_LEASE"?'
    ]


def test_a_connection_that_a_load_balancer_keeps_open_does_not_hold_up_the_end(launch: Launch) -> None:
    web = Web(launch)
    kept = HTTPConnection("127.0.0.1", web.port, timeout=60)
    for _ in range(2):  # the second goes over the kept connection
        kept.request("GET", "/livez")
        assert kept.getresponse().read() == b"ok\n"
    assert kept.sock is not None
    assert web.process.stop(timeout=20) == 0  # its grace is 25 s
    kept.close()


def test_under_rqclock_dev_requests_are_not_told_beside_the_lines_of_jobs(launch: Launch) -> None:
    web = Web(launch, RQCLOCK_DEVELOPMENT="1", RQCLOCK_LOG="text")
    web.ask("/nowhere")
    assert web.process.stop(GRACE) == 0
    assert "Listening at" in web.process.output and "GET /" not in web.process.output


def test_it_leaves_no_file_in_the_temporary_folder_or_at_home(launch: Launch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    web = Web(launch, HOME=str(home), TMPDIR=str(home), XDG_RUNTIME_DIR=str(home))
    assert list(home.iterdir()) == []
    assert web.process.stop(GRACE) == 0


def test_web_concurrency_says_how_many_processes_answer(launch: Launch) -> None:
    web = Web(launch, WEB_CONCURRENCY="2")
    until(lambda: len(web.process.below()) == 2, 60, what="two processes")
    until(lambda: web.process.output.count("Booting worker") == 2, 60, what="the lines of both")
    assert len([line for line in web.lines() if line["message"].startswith("Booting worker")]) == 2
