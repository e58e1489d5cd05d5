"""While Redis's time has jumped and the clocks hold on to theirs, commands mean theirs, until it is accepted."""

from __future__ import annotations

import time
from datetime import datetime

import pytest

from tests.support.command import Rqclock
from tests.support.leader import Leader

HOUR = 3600


@pytest.fixture
def held(leader: Leader) -> Leader:
    """The leading clock, for which it is an hour earlier than for Redis."""
    leader.time.now = time.time() - HOUR
    leader.lease.held = float(HOUR)
    return leader.beat()


def test_the_clock_leads_and_the_jump_is_told(rqclock: Rqclock, held: Leader) -> None:
    result = rqclock("status")
    assert result.code == 0 and "leads since" in result.out
    assert "TIME: Redis's jumped and is 1 h ahead of the clocks'" in result.out
    assert rqclock("status", "--json").json["time_held"] == HOUR


def test_a_span_of_time_counts_from_the_clocks_time(rqclock: Rqclock, held: Leader) -> None:
    ends = rqclock("pause", "tick", "--reason", "repair", "--until", "5 minutes", "--json").json["until"]
    assert abs(datetime.fromisoformat(ends).timestamp() - (held.time.now + 300)) < 30


def test_accepting_is_an_act_and_the_clocks_see_it_with_their_next_beat(rqclock: Rqclock, held: Leader) -> None:
    assert held.lease.last and held.lease.last.accepted == ""
    result = rqclock("accept-time", "--by", "Ann", "--reason", "the host was wrong")
    assert (result.code, "ahead by 1 h" in result.out) == (0, True)
    last = held.beat().lease.last
    assert last and last.accepted != ""
    [entry] = [entry for entry in rqclock("activity", "--json").lines if entry["what"] == "time accepted"]
    assert (entry["who"], entry["why"], entry["detail"]) == ("Ann", "the host was wrong", {"seconds": HOUR})


def test_there_is_nothing_to_accept_where_nobody_holds_anything(rqclock: Rqclock, leader: Leader) -> None:
    result = rqclock("accept-time")
    assert (result.code, "there is nothing to accept" in result.err) == (1, True)
    leader.lease.leave()
    assert "no clock runs" in rqclock("accept-time").err
