"""Services at every kind of Redis: real servers, real processes, ended whatever becomes of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.support.certificates import Authority
from tests.support.fleet import Fleet
from tests.support.sentinel import Guarded

Serve = Callable[..., Guarded]
Sail = Callable[..., Fleet]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts one of Debian's servers; options as in `Guarded`."""
    numbers = count(1)
    with ExitStack() as stack:

        def start(**options: object) -> Guarded:
            server = Guarded(tmp_path / f"redis-{next(numbers)}", **options)  # type: ignore[arg-type]
            stack.callback(server.kill)
            server.start()
            return server

        yield start


@pytest.fixture
def sail(tmp_path: Path) -> Iterator[Sail]:
    """Puts a service at a Redis: `sail(server.url, REDIS_CA_FILE="…")`."""
    numbers = count(1)
    with ExitStack() as stack:

        def begin(url: str, **env: str) -> Fleet:
            fleet = Fleet(tmp_path / f"fleet-{next(numbers)}", url, **env)
            stack.callback(fleet.close)
            return fleet

        yield begin
