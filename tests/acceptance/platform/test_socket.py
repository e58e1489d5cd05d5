"""Redis behind a file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.acceptance.platform.conftest import Sail, Serve
from tests.support.sentinel import PASSWORD


@pytest.mark.needs("redis-server")
def test_all_processes_work_at_a_unix_socket(serve: Serve, sail: Sail) -> None:
    with tempfile.TemporaryDirectory() as folder:  # the path of a socket may have 107 bytes, pytest's own has more
        socket = Path(folder) / "redis.sock"
        serve(arguments=("--unixsocket", str(socket)))
        sail(f"unix://:{PASSWORD}@{socket}?db=2").works()
