"""What Compose gives to the web process lets the person in who did what the head of docker-compose.yml says."""

from __future__ import annotations

import re
import subprocess
import sys
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener, urlopen

import pytest
import redis as redis_py

from tests.acceptance.web.conftest import ROOT, answers, sign_in
from tests.support.ports import any_free
from tests.support.processes import Launch
from tests.support.server import Server
from tests.support.waiting import until
from tests.unit.deploy.places import compose, of_compose

PASSWORD = "correct horse battery staple"


@pytest.fixture
def environment(redis_server: Server, redis: redis_py.Redis) -> dict[str, str]:
    """What the web process is given, with the Redis and the port of this machine; nobody has an account yet."""
    port = any_free()
    here = {"REDIS_URL": redis_server.url, "PORT": str(port), "GUNICORN_CMD_ARGS": f"--bind=127.0.0.1:{port}"}
    return of_compose().told | here | {"RQCLOCK_DEVELOPMENT": ""}


def web(launch: Launch, environment: dict[str, str]) -> str:
    """The address of the console, when it answers."""
    address = f"http://127.0.0.1:{environment['PORT']}"
    launch(*str(compose()["services"]["web"]["command"]).split(), env=environment)
    until(lambda: answers(address), 60, what="the page")
    return address


def enter(person: OpenerDirector, address: str) -> str:
    """The page after the form of the sign-in."""
    with person.open(f"{address}/sign-in", timeout=60) as page:
        [token] = re.findall(r'name="csrf_token" value="([^"]+)"', page.read().decode())
    form = urlencode({"csrf_token": token, "email": "you@example.org", "password": PASSWORD}).encode()
    with person.open(Request(f"{address}/sign-in", form, {"Origin": address}), timeout=60) as answer:
        return str(answer.read().decode())


def test_an_account_made_as_the_head_of_the_file_says_signs_in_as_an_admin(
    launch: Launch, environment: dict[str, str]
) -> None:
    [words] = re.findall(
        r"run --rm web rqclock (user add .+)$", (ROOT / "docker-compose.yml").read_text(), re.MULTILINE
    )
    command = [sys.executable, "-m", "rqclock", *words.split(), "--stdin"]
    made = subprocess.run(command, cwd=ROOT, env=environment, input=PASSWORD, capture_output=True, text=True)
    assert (made.returncode, made.stdout) == (0, "added you@example.org as admin\n"), made.stderr
    page = enter(build_opener(HTTPCookieProcessor(CookieJar())), web(launch, environment))
    assert "<h1>Schedules</h1>" in page and "you@example.org" in page and 'bar-role">admin' in page


def test_the_link_with_a_token_of_ones_own_opens_once_and_the_page_names_the_variable(
    launch: Launch, environment: dict[str, str]
) -> None:
    address = web(launch, environment | {"RQCLOCK_DEV_SIGN_IN": "0f" * 16})
    link = f"{address}/sign-in/dev?token={'0f' * 16}"
    assert "<h1>Schedules</h1>" in sign_in(link)[0]
    with pytest.raises(HTTPError, match="403") as refused:
        urlopen(link, timeout=60)
    page = refused.value.read().decode()
    assert "RQCLOCK_DEV_SIGN_IN" in page and "bin/dev" not in page
