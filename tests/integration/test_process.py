"""One turn of a clock's loop at a time: what it does when Redis or the lease fails just then."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from rqclock import Clock
from rqclock.errors import ConfigurationError, RedisUnavailable
from rqclock.running.command import main
from rqclock.running.process import Process
from rqclock.running.pulse import STALLED_AFTER
from rqclock.running.ticker import Ticker
from rqclock.settings import Settings
from rqclock.store.ledger import Fenced
from tests.support import jobs
from tests.support.leader import seconds
from tests.support.server import Server
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """`main` sets logging up for a whole process, and this one goes on."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, which it may kill."""
    server = Server(tmp_path / "redis", append_only=True).start()
    yield server
    server.kill()


def process(server: Server, clock: Clock | None = None) -> Process:
    """A clock process whose loop the test turns; what follows the leader in threads stays away."""
    found = Process((clock or seconds()).timetable(), Settings(redis_url=server.url))
    found._followers.start = found._followers.listen = lambda: None  # type: ignore[method-assign]
    return found


def leading(process: Process) -> bool:
    process._turn()
    return process._lease.leading and process._ticker is not None


def test_a_clock_alone_leads_within_its_first_turns(server: Server) -> None:
    clock = process(server)
    assert any(leading(clock) for _ in range(5))


def test_redis_that_goes_away_just_when_a_clock_is_fenced_does_not_end_the_clock(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = process(server)
    until(lambda: leading(clock))
    fences: list[str] = []

    def fenced(ticker: Ticker) -> None:
        server.kill()
        fences.append("another clock took the lead")
        raise Fenced(fences[0])

    with monkeypatch.context() as patched:
        patched.setattr(Ticker, "step", fenced)
        until(lambda: leading(clock) or fences)
    for _ in range(2):
        clock._turn()
    server.start()
    until(lambda: leading(clock))


def test_redis_that_comes_back_without_its_data_is_led_again(server: Server, tmp_path: Path) -> None:
    clock = process(server)
    until(lambda: leading(clock))
    server.client().flushall()
    until(lambda: leading(clock) and server.client().hlen("rq:clock:default:timetable") > 0)


def test_a_template_that_someone_deletes_under_a_running_clock_is_written_again(server: Server) -> None:
    clock = process(server)
    until(lambda: leading(clock))
    redis = server.client()
    redis.delete("rq:clock:default:template:tick")
    until(lambda: leading(clock) and redis.exists("rq:clock:default:template:tick"))
    before = redis.llen("rq:queue:default")
    until(lambda: leading(clock) and redis.llen("rq:queue:default") > before)


def test_a_broken_key_of_ours_is_waited_for_and_the_clock_goes_on_after_its_repair(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    clock = process(server)
    until(lambda: leading(clock))
    redis = server.client()
    redis.delete("rq:clock:default:open")
    redis.set("rq:clock:default:open", "not ours")

    def told() -> bool:
        clock._turn()
        return "rq:clock:default:open" in caplog.text

    until(told)
    redis.delete("rq:clock:default:open")
    before = redis.llen("rq:queue:default")
    until(lambda: leading(clock) and redis.llen("rq:queue:default") > before)


def test_a_foreign_timetable_under_the_same_clock_name_is_refused_until_it_takes_over(server: Server) -> None:
    first = process(server, seconds("ours"))
    until(lambda: leading(first))
    with pytest.raises(ConfigurationError, match="--take-over"):
        process(server, seconds("theirs"))._turn()
    stranger = Process(seconds("theirs").timetable(), Settings(redis_url=server.url), take_over=True)
    stranger._followers.start = stranger._followers.listen = lambda: None  # type: ignore[method-assign]
    stranger._turn()


def test_a_wrong_password_ends_the_clock_with_one_line_that_does_not_tell_it(server: Server) -> None:
    server.client().execute_command("CONFIG", "SET", "requirepass", "right")
    wrong = Process(seconds().timetable(), Settings(redis_url=server.url.replace("//", "//:wr0ng@")))
    with pytest.raises(RedisUnavailable) as caught:
        wrong._turn()
    assert "password" in str(caught.value)
    assert "wr0ng" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_database_that_redis_does_not_have_ends_the_clock_as_it_ends_a_worker(server: Server) -> None:
    wrong = Process(seconds().timetable(), Settings(redis_url=server.url.replace("/0", "/9999")))
    with pytest.raises(RedisUnavailable, match=r"has no database of this number .*: end REDIS_URL with /0$"):
        wrong._turn()


def test_a_clock_that_cannot_be_read_ends_with_all_its_errors_and_exit_code_two(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    clock.every("dy").enqueue(jobs.plain)
    clock.every("day")
    assert main(clock.timetable, []) == 2
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_an_argument_that_a_clock_does_not_know_shows_how_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(seconds().timetable, ["--faster"]) == 2
    assert "usage: python clock.py" in capsys.readouterr().err


def test_a_setting_that_cannot_be_read_ends_the_clock_before_redis_is_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("REDIS_URL", "http://127.0.0.1")
    assert main(seconds().timetable, []) == 2
    assert capsys.readouterr().err.startswith("REDIS_URL")


def test_with_the_longest_lease_nothing_is_waited_for_until_it_looks_like_a_stall(server: Server) -> None:
    clock = Process(seconds(period="day").timetable(), Settings(redis_url=server.url, lease=60.0))
    clock._followers.start = clock._followers.listen = lambda: None  # type: ignore[method-assign]
    waits: list[float] = []
    clock._waiter.wait = lambda length: bool(waits.append(length))  # type: ignore[assignment, func-returns-value]
    assert any(leading(clock) for _ in range(5))
    assert clock._connection.connection_pool.connection_kwargs["socket_timeout"] < STALLED_AFTER / 2
    assert max(waits) < STALLED_AFTER / 1.5
