"""A managed Redis changes the server behind its address: the replica is promoted, the old primary follows it.

The old one closes no connection that is in use; whoever stays on it reads, and may write nothing.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.acceptance.platform.conftest import Sail, Serve
from tests.support.fleet import PATIENCE, Fleet, Said
from tests.support.proxy import Proxy
from tests.support.sentinel import LOOPBACK, Guarded
from tests.support.waiting import until

pytestmark = pytest.mark.needs("redis-server")


class Address:
    """One address, and the two servers that it stands for in turn."""

    def __init__(self, primary: Guarded, replica: Guarded) -> None:
        self.primary, self.replica = primary, replica
        self._proxy = Proxy(primary.port).start()
        self._follow(replica, primary)

    @property
    def url(self) -> str:
        return self.primary.url.replace(str(self.primary.port), str(self._proxy.port))

    def change(self) -> None:
        """As providers do it: promote, let the address lead there, demote."""
        with self.replica.client() as client:
            client.replicaof("NO", "ONE")
        self._proxy.target = self.replica.port
        self.primary, self.replica = self.replica, self.primary
        self._follow(self.replica, self.primary)

    def refusals(self) -> int:
        """How many writes the replica has refused so far."""
        with self.replica.client() as client:
            errors = client.info("errorstats")
        return int(errors.get("errorstat_READONLY", {}).get("count", 0))

    def stop(self) -> None:
        self._proxy.stop()

    def _follow(self, one: Guarded, other: Guarded) -> None:
        with one.client() as client:
            client.replicaof(LOOPBACK, other.port)
        until(one.is_replica, PATIENCE, what="replication")


@pytest.fixture
def address(serve: Serve) -> Iterator[Address]:
    made = Address(serve(), serve())
    yield made
    made.stop()


def test_all_processes_leave_a_server_that_was_replaced_behind_their_address(address: Address, sail: Sail) -> None:
    fleet = sail(address.url)
    web = fleet.works()
    address.change()
    began = time.monotonic()
    fleet.runs_on("ours", "stock")
    fleet.lab.note("two further jobs of each queue after", time.monotonic() - began)
    codes = [web.press("/run-now/default/by%20hand")[0] for _ in range(3)]
    assert codes[1:] == [200, 200]  # the first may be told that its server writes no more
    assert web.shows_the_clock() and "by hand" in fleet.status()
    until(lambda: stay_away(address, fleet), PATIENCE, what=Said(fleet))
    print(fleet.lab.measured, "refused writes:", address.refusals(), "restarts of RQ's worker:", fleet.restarts, codes)
    fleet.lab.stop()
    with address.primary.client() as client:
        accounts = fleet.lab.accounts(client)
    assert accounts.ticks() == accounts.ticks("tick", "enqueued")


def stay_away(address: Address, fleet: Fleet) -> bool:
    """Whether nobody tries to write to the replica while all go on."""
    before = address.refusals()
    fleet.runs_on("ours", "stock", more=2)
    return address.refusals() == before
