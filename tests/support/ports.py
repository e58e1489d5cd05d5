"""Ports for the servers of tests: none is given twice, neither in this test run nor in others on this machine.

What the system hands out was free a moment ago, and may be another test's, or the near end of anybody's connection,
when a server begins to listen there, or listens again after kill -9. So these are from below the range that Linux
takes those from. A process has blocks of them to itself as long as it lives: whoever holds the UDP port of the same
number as a block's first has that block.
"""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator

from rqclock.dev.ports import LOOPBACK, is_free

FIRST, BLOCK, BLOCKS = 20_000, 20, 600


def any_free() -> int:
    """A port that nobody listens on now, and that no other test is given."""
    with _asking:  # tests of faults run in threads
        return next(port for port in _ports if is_free(port))


def _ours() -> Iterator[int]:
    held: list[socket.socket] = []
    for first in random.sample(range(FIRST, FIRST + BLOCKS * BLOCK, BLOCK), BLOCKS):
        token = socket.socket(type=socket.SOCK_DGRAM)
        try:
            token.bind((LOOPBACK, first))
        except OSError:  # another's block
            token.close()
            continue
        held.append(token)
        yield from range(first, first + BLOCK)


_ports = _ours()
_asking = threading.Lock()
