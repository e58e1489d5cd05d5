"""Servers and proxies without HELLO, the word with which the newer protocol begins."""

from __future__ import annotations

import pytest

from tests.acceptance.platform.conftest import Sail, Serve
from tests.support.fleet import PATIENCE

ROLES = {"clock", "janitor", "reaper", "outcomes", "retention", "wake", "watch", "alerts", "worker", "web"}


@pytest.mark.needs("redis-server")
def test_all_processes_do_without_hello_and_name_their_connections_by_their_role(serve: Serve, sail: Sail) -> None:
    server = serve(arguments=("--rename-command", "HELLO", ""))
    fleet = sail(server.url)
    fleet.works()
    with server.client() as client:
        others = [one for one in client.client_list() if int(one["id"]) != client.client_id()]
    assert {one["resp"] for one in others} == {"2"}, others
    names = {one["name"] for one in others if one["name"].startswith("rqclock-")}
    assert {"rqclock-clock", "rqclock-worker", "rqclock-web"} <= names <= {f"rqclock-{role}" for role in ROLES}
    commands = [one for one in others if one["name"] not in names]  # RQ gives the worker's own name to this one
    assert [len(one["name"]) for one in commands] == [32, 32] and {one["cmd"] for one in commands} == {"subscribe"}
    doctor = fleet.command("doctor")
    doctor.wait(PATIENCE)
    assert "clock, worker, web reach" in doctor.output
