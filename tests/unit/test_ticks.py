"""Slugs and job ids: what a tick is called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rq.job import validate_job_id

from rqclock.jobs.attempts import attempt
from rqclock.store.ticks import current_tick, job_id, read_job_id, slug

NAMES = [
    ("weekly report, north", "weekly-report-north"),
    ("housekeeping.heartbeat", "housekeeping-heartbeat"),
    ("Gebühren.prüfen", "gebuhren-prufen"),
    ("  -- Ünder_score -- ", "under-score"),
]
UNREADABLE = ["👋🏽", "你好", "שלום", "…", "", "%%%"]


@pytest.mark.parametrize(("name", "expected"), NAMES)
def test_a_slug_is_the_name_in_plain_letters(name: str, expected: str) -> None:
    assert slug(name) == expected


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_name_without_plain_letters_gets_eight_digits_of_its_own(name: str) -> None:
    assert len(slug(name)) == 8
    assert len({slug(name) for name in UNREADABLE}) == len(UNREADABLE)


def test_long_names_that_begin_alike_keep_apart() -> None:
    long = "x" * 5000
    assert len({slug(long), slug(long + "y"), slug(long[:-1])}) == 3
    assert len(slug(long)) <= 69


@given(st.text())
def test_every_name_gives_a_job_id_that_rq_takes_and_that_can_be_read_again(name: str) -> None:
    found = slug(name)
    made = job_id(found, 1_800_000_000)
    validate_job_id(made)
    assert read_job_id(made) == (found, 1_800_000_000, None)


@given(st.text(min_size=1), st.integers(0, 4_102_444_800), st.from_regex(r"[A-Za-z0-9-]{1,20}", fullmatch=True))
def test_a_job_id_of_a_run_by_hand_keeps_its_token(name: str, instant: int, token: str) -> None:
    made = job_id(slug(name), instant, token)
    validate_job_id(made)
    assert read_job_id(made) == (slug(name), instant, token)


def test_a_job_id_reads_as_name_and_time() -> None:
    assert job_id("housekeeping-heartbeat", 1_795_420_800) == "housekeeping-heartbeat_20261123T080000Z"


def test_the_jobs_of_a_clock_with_a_name_of_its_own_begin_with_it() -> None:
    made = job_id("sync", 1_795_420_800, clock="pensions")
    assert made == "pensions_sync_20261123T080000Z"
    assert read_job_id(made) == ("sync", 1_795_420_800, None)


@pytest.mark.parametrize(
    "other",
    [
        "3f6cd0b3-6a39-4b6e-a3b8-3a4b53e33c7c",
        "tick_20261323T080000Z",
        "tick_20261123T080000Z_x1",
        "tick_20261123T080000Z\n",
        "_20261123T080000Z",
        "",
    ],
)
def test_an_id_that_is_none_of_ours_is_not_read(other: str) -> None:
    assert read_job_id(other) is None


def test_outside_of_a_job_there_is_no_tick() -> None:
    assert current_tick() is None


@pytest.mark.parametrize(
    ("attempts", "left", "returned", "expected"),
    [(None, None, None, 1), (b"4", b"3", None, 1), (b"4", b"2", None, 2), (b"4", b"0", None, 4), (b"1", None, b"2", 3)],
)
def test_attempts_count_from_one(attempts: bytes, left: bytes, returned: bytes, expected: int) -> None:
    assert attempt(attempts, left, returned) == expected
