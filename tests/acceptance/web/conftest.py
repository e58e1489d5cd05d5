"""The web process as it is started in production: gunicorn, with a real clock and a real worker beside it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

import pytest
import redis as redis_py
from playwright.sync_api import Browser
from rq.defaults import RQ_KEY_PREFIX

from rqclock.web import create_app
from tests.support.ports import any_free
from tests.support.processes import Launched
from tests.support.server import Server
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[3]
SECRET = "for tests"
PREFIX = "team-a"  # not RQ's own: every part must ask the setting
TIMETABLE = """
from rqclock import Clock
from tests.integration.web import chores

clock = Clock(timezone="Europe/London")
clock.every("1 second", name="sweeping").enqueue(chores.sweep)
clock.every("2 seconds", name="<img src=x onerror=alert(1)>").enqueue(chores.spill)
clock.every("working day", at="10:35", name="morning post", owner="Post room").enqueue(chores.spill)
clock.every("hour", at=":15", name="hourly").enqueue(chores.sweep, "north", password="hunter2")
clock.on_demand("reindex").enqueue(chores.sweep)

if __name__ == "__main__":
    clock.run()
"""


@dataclass(frozen=True)
class Running:
    """A running system. `first_page` is what its sign-in link opened, `cookie` the session that it gave."""

    address: str
    link: str
    first_page: str
    cookie: str
    redis: redis_py.Redis

    def cookie_of(self, role: str) -> str:
        """The session of a person with that role, signed as the web process signs them."""
        app = create_app({"RQCLOCK_SECRET_KEY": SECRET, "RQ_KEY_PREFIX": RQ_KEY_PREFIX})
        serializer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
        person = {"id": role, "email": f"{role}@example.org", "roles": [role], "since": time.time()}
        return str(serializer.dumps(person))


def answers(address: str) -> bool:
    try:
        with urlopen(f"{address}/livez", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def offers_sign_in(provider: int) -> bool:
    """Whether the OpenID provider on that port answers."""
    try:
        with urlopen(f"http://127.0.0.1:{provider}/.well-known/openid-configuration", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def sign_in(link: str) -> tuple[str, str]:
    """The page that the link opens, and the session's cookie."""
    jar = CookieJar()
    with build_opener(HTTPCookieProcessor(jar)).open(link, timeout=60) as answer:
        page = str(answer.read().decode())
    return page, next(str(cookie.value) for cookie in jar if cookie.name == "rqclock_session")


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One system for all tests of this folder: it takes seconds to start, and they only look, or add."""
    folder = tmp_path_factory.mktemp("web")
    server = Server(folder / "redis").start()
    port = any_free()
    address = f"http://127.0.0.1:{port}"
    (folder / "clock.py").write_text(TIMETABLE)
    commands = {
        "clock": ["python", os.fspath(folder / "clock.py")],
        "worker": ["rq", "worker", "-c", "rqclock.rq_settings", "-j", "rqclock.Job", "default", "mail"],
        "web": ["gunicorn", "-c", "python:rqclock.gunicorn_settings", "--bind", f"127.0.0.1:{port}"],
    }
    provider = any_free()
    person = {"sub": "olga", "email": "olga@example.org", "roles": ["support"]}
    commands["provider"] = [
        "oidc-provider-mock",
        "-p",
        str(provider),
        "-n",
        "true",
        "--user-claims",
        json.dumps(person),
    ]
    env = environment(server.url) | {
        "RQCLOCK_OIDC_ISSUER": f"http://127.0.0.1:{provider}",
        "RQCLOCK_OIDC_CLIENT_ID": "rqclock",
        "RQCLOCK_OIDC_CLIENT_SECRET": "a secret of the test",
        "RQCLOCK_ENVIRONMENT": "qa",
    }
    started = [
        Launched(command, cwd=ROOT, env=env, output=folder / f"{name}.log") for name, command in commands.items()
    ]
    redis = server.client()
    try:
        until(lambda: answers(address), 60, what="the page")
        until(lambda: offers_sign_in(provider), 60, what="the provider")
        until(lambda: redis.zcard(f"{PREFIX}:failed:mail") > 0, 60, what="a failed job")
        link = f"{address}/sign-in/dev?token=once"
        yield Running(address, link, *sign_in(link), redis)
    finally:
        for process in reversed(started):
            process.end()
        server.kill()


def environment(redis_url: str) -> dict[str, str]:
    programs = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    return {
        **os.environ,
        "PATH": programs,
        "PYTHONPATH": os.fspath(ROOT),
        "REDIS_URL": redis_url,
        "RQ_KEY_PREFIX": PREFIX,
        "RQCLOCK_SECRET_KEY": SECRET,
        "RQCLOCK_DEV_SIGN_IN": "once",
        "RQCLOCK_SERVICE": "Post room",
    }


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    from tests.acceptance.web.browsing import launched

    with launched() as browser:
        yield browser
