"""A primary, two replicas and three Sentinels, each with a password: what a failover does to those who work there."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.acceptance.platform.conftest import Sail
from tests.support.certificates import Authority
from tests.support.fleet import PATIENCE, Fleet, Said, Web
from tests.support.sentinel import PASSWORD, SENTINEL_PASSWORD, Guarded, Watched
from tests.support.waiting import until

pytestmark = pytest.mark.needs("redis-server")


@pytest.fixture(scope="module", params=["plain", pytest.param("TLS", marks=pytest.mark.slow)])
def watched(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[Watched]:
    made = Watched(tmp_path_factory.mktemp("sentinel"), authority=authority if request.param == "TLS" else None)
    try:
        yield made.start()
    finally:
        made.end()


class Service:
    """Two clocks, both workers and the web process, at work."""

    def __init__(self, fleet: Fleet, watched: Watched) -> None:
        with watched.primary().client() as client:
            client.flushall()
        self.fleet, self.watched = fleet, watched
        self.web: Web = fleet.works()
        fleet.clock().wait_for("joined", PATIENCE)

    def goes_on(self, since: float) -> None:
        """At the primary of now: ticks, both kinds of jobs, the page, and what a person asks for."""
        self._ticks(since)
        self.fleet.runs_on("ours", more=1)
        self.fleet.lab.note("our worker", time.monotonic() - since)
        until(self.web.shows_the_clock, PATIENCE, what=Said(self.fleet))
        self.fleet.lab.note("page", time.monotonic() - since)
        until(lambda: self.web.press("/run-now/default/by%20hand")[0] == 200, PATIENCE, what=Said(self.fleet))
        self.fleet.runs_on("stock", more=1)
        self.fleet.lab.note("RQ's worker", time.monotonic() - since)

    def accounts(self) -> None:
        """Each tick is decided once; what was decided a second time says so of itself."""
        self.fleet.lab.stop()
        with self.watched.primary().client() as client:
            accounts = self.fleet.lab.accounts(client)
        assert accounts.ticks() == accounts.ticks("tick", "enqueued")
        refired = {time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(tick)) for tick in accounts.refired()}
        assert refired <= self._acknowledged()  # only what a clock had been told is decided
        self.fleet.lab.note("decided again", len(refired), "ticks")
        print(self.fleet.lab.measured, "restarts of RQ's worker:", self.fleet.restarts)

    def _acknowledged(self) -> set[str]:
        """The ticks that a clock has logged as queued; those of a large batch have no line of their own."""
        return {at for clock in self.fleet.lab.clocks for at in re.findall(r"enqueued tick due (\S+)", clock.output)}

    def _ticks(self, since: float) -> None:
        with self.watched.primary().client() as client:
            self.fleet.lab.ticks(client, 1, timeout=PATIENCE)
            self.fleet.lab.note("ticks", time.monotonic() - since)


@pytest.fixture
def service(watched: Watched, sail: Sail, authority: Authority) -> Service:
    trust = {"REDIS_CA_FILE": str(authority.file)} if watched.url.startswith("rediss") else {}
    return Service(sail(watched.url, REDIS_SENTINEL_PASSWORD=SENTINEL_PASSWORD, **trust), watched)


def test_all_go_on_at_the_new_primary_when_the_old_one_is_killed_and_leave_it_alone_when_it_returns(
    service: Service, watched: Watched
) -> None:
    old = watched.primary()
    old.kill()
    began = time.monotonic()
    until(lambda: watched.primary() is not old, PATIENCE, what="another primary")
    service.fleet.lab.note("another primary", time.monotonic() - began)
    service.goes_on(began)
    old.start()  # as a primary with what it knew: its own configuration says nothing else
    until(lambda: old.is_replica() and watched.is_whole(), PATIENCE, what="the old primary as a replica")
    service.fleet.runs_on("ours", "stock", more=1)
    assert not written(old)
    service.accounts()
    assert PASSWORD not in service.fleet.said() and SENTINEL_PASSWORD not in service.fleet.said()


def test_all_go_on_when_the_primary_is_changed_for_maintenance(service: Service, watched: Watched) -> None:
    old = watched.primary()
    began = time.monotonic()
    watched.fail_over()
    until(lambda: watched.primary() is not old, PATIENCE, what="another primary")
    service.fleet.lab.note("another primary", time.monotonic() - began)
    service.goes_on(began)
    until(lambda: old.is_replica() and watched.is_whole(), PATIENCE, what="the old primary as a replica")
    service.accounts()


def test_work_goes_on_where_it_is_while_no_sentinel_answers(service: Service, watched: Watched) -> None:
    watched.kill_sentinels()
    try:
        service.fleet.runs_on("ours", more=3)  # RQ's own worker forks for each job, and each fork asks Sentinel
        assert service.web.press("/run-now/default/by%20hand")[0] == 200
    finally:
        watched.restart_sentinels()
    service.accounts()


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({}, "the Sentinels at 127.0.0.1:"),
        ({"REDIS_SENTINEL_PASSWORD": "wrong"}, "REDIS_SENTINEL_PASSWORD"),
    ],
)
def test_a_password_that_sentinel_refuses_is_told(
    watched: Watched, sail: Sail, authority: Authority, env: dict[str, str], words: str
) -> None:
    fleet = sail(watched.url, REDIS_CA_FILE=str(authority.file), **env)
    for process in (fleet.clock(), fleet.worker(), fleet.stock()):
        assert process.wait(PATIENCE) == 2, process.output
        assert words in process.output and len(process.output.splitlines()) == 1 and len(process.output) < 400


def written(server: Guarded) -> dict[str, Any]:
    """What clients have tried to write since it was started; replication brings results, never scripts."""
    with server.client() as client:
        scripts: dict[str, Any] = client.info("commandstats")
        refused: dict[str, Any] = client.info("errorstats")
    found = {name: value for name, value in scripts.items() if "eval" in name}
    return found | {name: value for name, value in refused.items() if "READONLY" in name}
