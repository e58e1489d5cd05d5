from __future__ import annotations

from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.acceptance.web.conftest import Running
from tests.support.waiting import until


def read(running: Running, path: str) -> str:
    request = Request(running.address + path, headers={"Cookie": f"rqclock_session={running.cookie}"})
    with urlopen(request, timeout=60) as answer:
        return str(answer.read().decode())


def test_the_link_opens_the_schedules_once(running: Running) -> None:
    assert "<h1>Schedules</h1>" in running.first_page and "dev@localhost" in running.first_page
    with pytest.raises(HTTPError, match="403") as refused:
        urlopen(running.link, timeout=60)
    assert "has been used already" in refused.value.read().decode()


def test_the_page_shows_what_clock_and_worker_do(running: Running) -> None:
    assert "Clock: running on" in read(running, "/")
    until(lambda: 'class="mark good"' in read(running, "/"), what="a run that went well")
    until(lambda: "OSError: the ink is on the floor" in read(running, "/"), what="one that failed")
    assert "sweeping" in read(running, "/schedules/default/sweeping")


def test_rq_dashboard_shows_the_queues_under_their_own_prefix(running: Running) -> None:
    assert '"name":"mail"' in read(running, "/rq/0/data/queues.json")
    assert "the ink is on the floor" in read(running, "/rq/0/data/jobs/mail/failed/8/asc/1.json")
    assert '"queues":["default","mail"]' in read(running, "/rq/0/data/workers.json")
