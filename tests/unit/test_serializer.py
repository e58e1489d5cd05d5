"""Jobs are JSON; a pickle is told by its bytes, and runs nothing unless it is allowed to."""

from __future__ import annotations

import pickle
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st
from rq.serializers import DefaultSerializer, JSONSerializer

from rqclock import Job
from rqclock.jobs.serializer import JobSerializer, PickleRefused, dumps, loads, why_not_json

RAN: list[str] = []


class Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return RAN.append, ("it ran",)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_refused_before_anything_of_it_runs(protocol: int) -> None:
    with pytest.raises(PickleRefused, match="RQCLOCK_ALLOW_PICKLE=1"):
        loads(pickle.dumps(Bomb(), protocol))
    assert RAN == []


@pytest.mark.parametrize("protocol", [0, 1])
def test_a_pickle_of_the_oldest_protocols_is_no_json_and_runs_nothing(protocol: int) -> None:
    with pytest.raises(ValueError):
        loads(pickle.dumps(Bomb(), protocol))
    assert RAN == []


def test_a_pickle_is_read_where_it_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RQCLOCK_ALLOW_PICKLE", "1")
    assert loads(pickle.dumps({"a": (1, 2)})) == {"a": (1, 2)}


@pytest.mark.parametrize("value", ["0", "yes", "true", ""])
def test_only_one_word_allows_pickles(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("RQCLOCK_ALLOW_PICKLE", value)
    with pytest.raises(PickleRefused):
        loads(pickle.dumps(1))


def test_what_we_write_is_what_rqs_json_serializer_writes() -> None:
    value = ["a.b", None, [1, "ü"], {"k": 1.5}]
    assert dumps(value) == JSONSerializer.dumps(value)
    assert JSONSerializer.loads(dumps(value)) == value


def test_a_job_reads_json_where_rq_would_have_taken_its_pickle() -> None:
    assert Job(connection=redis.Redis()).serializer is JobSerializer
    assert Job(connection=redis.Redis(), serializer=DefaultSerializer).serializer is JobSerializer


def test_a_serializer_that_someone_chose_is_kept() -> None:
    assert Job(connection=redis.Redis(), serializer=JSONSerializer).serializer is JSONSerializer


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_what_json_carries_is_carried_unchanged(value: Any) -> None:
    assert why_not_json(value) is None
    assert loads(dumps(value)) == value


@pytest.mark.parametrize(
    "value",
    [
        (1, 2),
        [(1,)],
        {1: "a"},
        {"a": {None: 1}},
        {1, 2},
        b"bytes",
        Decimal("NaN"),
        {"__rqclock__": "date", "value": "2027-01-01"},
        {"__rqclock__": 1},
        time(9, 30),
        float("nan"),
        [float("inf")],
        object(),
        type("Text", (str,), {})("x"),
    ],
)
def test_what_json_would_change_or_drop_is_told(value: Any) -> None:
    assert why_not_json(value)


CARRIED = [
    date(2027, 1, 1),
    datetime(2027, 3, 28, 1, 30),
    datetime(2027, 3, 28, 1, 30, 0, 5, tzinfo=UTC),
    datetime(2027, 7, 1, 9, tzinfo=ZoneInfo("Europe/London")),
    UUID("12345678-1234-5678-1234-567812345678"),
    Decimal("10.50"),
]


@pytest.mark.parametrize("value", CARRIED)
def test_dates_instants_uuids_and_decimals_arrive_as_they_were(value: Any) -> None:
    arrived = loads(dumps({"deep": [value]}))["deep"][0]
    assert why_not_json({"deep": [value]}) is None
    assert (type(arrived), arrived) == (type(value), value)
    assert str(arrived) == (value.isoformat(" ") if isinstance(value, datetime) else str(value))


@pytest.mark.parametrize("value", CARRIED)
def test_a_worker_that_knows_nothing_of_tags_reads_plain_json(value: Any) -> None:
    seen = JSONSerializer.loads(dumps([value]))[0]
    assert set(seen) == {"__rqclock__", "value"} and isinstance(seen["value"], str)


@pytest.mark.parametrize(
    "text",
    ['{"__rqclock__": "os.system", "value": "x"}', '{"__rqclock__": "decimal", "value": "x"}', '{"__rqclock__": []}'],
)
def test_a_tag_that_nobody_wrote_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="tagged value"):
        loads(text.encode())


def test_arguments_that_are_too_large_are_told_before_they_are_written() -> None:
    assert "1 MB is the limit" in str(why_not_json("x" * 50_000_000))
    assert "1 MB is the limit" in str(why_not_json(["x" * 700_000, "y" * 700_000]))


def test_a_list_that_holds_itself_is_told_and_does_not_hang() -> None:
    loop: list[Any] = []
    loop.append(loop)
    assert why_not_json(loop)
