"""Two services in one Redis, told apart by RQ_KEY_PREFIX alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.platform.conftest import Sail, Serve
from tests.support.accounts import Accounts


@pytest.mark.needs("redis-server")
def test_a_service_with_a_prefix_of_its_own_and_one_without_share_a_redis(serve: Serve, sail: Sail) -> None:
    server = serve()
    fleets = {"rq": sail(server.url), "team-a": sail(server.url, RQ_KEY_PREFIX="team-a")}
    for fleet in fleets.values():
        fleet.works()
    with server.client() as client:
        for prefix, fleet in fleets.items():
            fleet.lab.stop()
            assert Accounts.read(client, prefix=prefix).check().ticks("tick", "enqueued")
        keys: Any = client.keys("*")
        assert {key.decode().partition(":")[0] for key in keys} == set(fleets)
    by_hand = [[job for job in fleet.ran("ours") if "by-hand" in job] for fleet in fleets.values()]
    assert [len(jobs) for jobs in by_hand] == [1, 1] and by_hand[0] != by_hand[1]
