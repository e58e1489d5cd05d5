"""A worker waits for pipes and sockets by whatever numbers the system gives them."""

from __future__ import annotations

import fcntl
import os
import resource

import pytest

from rqclock.worker.listening import readable


def test_a_descriptor_above_what_select_can_hold_is_heard() -> None:
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] <= 1500:
        pytest.skip("this system allows no such numbers")
    listens, tells = os.pipe()
    high = fcntl.fcntl(listens, fcntl.F_DUPFD, 1500)
    assert readable([high], 0.0) == []
    os.write(tells, b"x")
    assert readable([listens, high], 1.0) == [listens, high]
    for number in (listens, tells, high):
        os.close(number)


def test_the_end_of_the_other_side_is_heard() -> None:
    listens, tells = os.pipe()
    os.close(tells)
    assert readable([listens], 5.0) == [listens]
    os.close(listens)
