"""What is said of a server, from what it tells of itself."""

from __future__ import annotations

from typing import Any

import pytest
from redis.exceptions import NoPermissionError, OutOfMemoryError, ReadOnlyError, ResponseError

from rqclock.doctor import memory, persistence, server, trials
from rqclock.doctor.check import Check, Verdict
from rqclock.doctor.facts import Facts
from rqclock.doctor.trials import Refusal
from rqclock.settings import Settings

REMEDY = "set it"
DENIED = Facts(denied={"INFO": "NOPERM", "CONFIG": "NOPERM"})
APP = Settings.read({"REDIS_URL": "redis://app:pw@127.0.0.1:6379/0"})


def told(**info: Any) -> Facts:
    return Facts(info=info)


def words(check: Check) -> tuple[str, str]:
    return str(check.verdict), check.what


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (told(role="master"), Verdict.OK),
        (told(role="slave", master_host="a", master_port=1), Verdict.FAILURE),
        (DENIED, Verdict.UNKNOWN),
    ],
)
def test_only_a_master_will_do(facts: Facts, verdict: Verdict) -> None:
    assert server.role(facts).verdict is verdict


def test_a_server_that_took_every_command_is_a_master_of_its_own_though_it_tells_nothing() -> None:
    assert server.role(DENIED, tried=True).verdict is Verdict.OK
    assert server.standalone(DENIED, Settings(), tried=True).verdict is Verdict.OK


def test_cluster_mode_is_a_failure_that_stops_a_deploy_and_says_why() -> None:
    found = server.standalone(told(cluster_enabled=1), Settings())
    assert (found.verdict, found.stops_deploy) == (Verdict.FAILURE, True)
    assert "different shards" in found.why


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        (told(redis_version="6.0.16"), Verdict.FAILURE),
        (told(redis_version="6.2.0"), Verdict.OK),
        (told(redis_version="10.1"), Verdict.OK),
        (told(redis_version="7.2.4", valkey_version="9.1.2"), Verdict.OK),
        (DENIED, Verdict.UNKNOWN),
    ],
)
def test_redis_6_2_is_the_oldest_that_will_do(facts: Facts, verdict: Verdict) -> None:
    assert server.version(facts).verdict is verdict


@pytest.mark.parametrize(
    ("used", "most", "verdict"), [(10, 10_000, "ok"), (9_960, 10_000, "warning"), (5, 20, "ok"), (12, 20, "warning")]
)
def test_few_free_connections_are_a_warning(used: int, most: int, verdict: str) -> None:
    assert words(server.clients(told(connected_clients=used, maxclients=most)))[0] == verdict


@pytest.mark.parametrize(
    ("skew", "doubt", "verdict"),
    [(0.5, 0.0, "ok"), (-1.9, 0.0, "ok"), (2.5, 0.0, "warning"), (-9.0, 0.1, "warning"), (2.5, 1.0, "ok")],
)
def test_clocks_two_seconds_apart_are_a_warning_unless_the_way_was_as_long(
    skew: float, doubt: float, verdict: str
) -> None:
    assert words(server.skew(Facts(skew=skew, doubt=doubt)))[0] == verdict


@pytest.mark.parametrize(
    ("facts", "verdict", "stops"),
    [
        (told(maxmemory_policy="noeviction", maxmemory=9), Verdict.OK, False),
        (told(maxmemory_policy="allkeys-lru", maxmemory=9), Verdict.FAILURE, True),
        (told(maxmemory_policy="volatile-ttl", maxmemory=9), Verdict.FAILURE, True),
        (told(maxmemory_policy="allkeys-lru", maxmemory=0), Verdict.WARNING, False),
        (told(maxmemory_policy="volatile-lru"), Verdict.FAILURE, True),
        (Facts(config={"maxmemory-policy": "allkeys-lru", "maxmemory": "5"}), Verdict.FAILURE, True),
        (DENIED, Verdict.UNKNOWN, False),
    ],
)
def test_any_policy_that_evicts_is_a_failure_once_there_is_a_limit(facts: Facts, verdict: Verdict, stops: bool) -> None:
    found = memory.policy(facts, REMEDY)
    assert (found.verdict, found.stops_deploy) == (verdict, stops)


@pytest.mark.parametrize(
    ("used", "most", "verdict"), [(10, 100, "ok"), (75, 100, "warning"), (95, 100, "failure"), (10, 0, "ok")]
)
def test_a_server_that_is_nearly_full_is_told(used: int, most: int, verdict: str) -> None:
    assert words(memory.headroom(told(used_memory=used, maxmemory=most)))[0] == verdict


def test_without_a_limit_the_host_is_the_limit() -> None:
    assert memory.headroom(told(used_memory=80, maxmemory=0, total_system_memory=100)).verdict is Verdict.WARNING


def test_evictions_that_have_happened_are_a_warning() -> None:
    assert words(memory.evictions(told(evicted_keys=3))) == ("warning", "3 keys since the server's start")


@pytest.mark.parametrize(
    ("facts", "verdict", "what"),
    [
        (told(aof_enabled=1, aof_last_write_status="ok"), "ok", "append-only file"),
        (told(aof_enabled=1, aof_last_write_status="err"), "failure", "append-only"),
        (Facts({"aof_enabled": 0}, {"save": "3600 1"}), "warning", "snapshots only (save 3600 1)"),
        (Facts({"aof_enabled": 0, "rdb_last_bgsave_status": "err"}, {"save": "3600 1"}), "failure", "snapshot"),
        (Facts({"aof_enabled": 0}, {"save": ""}), "warning", "none"),
        (told(aof_enabled=0), "cannot tell", "CONFIG does not tell"),
        (Facts(config={"appendonly": "yes", "appendfsync": "always"}), "ok", "appendfsync always"),
        (DENIED, "cannot tell", "do not tell"),
    ],
)
def test_what_a_restart_leaves_is_told(facts: Facts, verdict: str, what: str) -> None:
    found = persistence.judge(facts)
    assert found.verdict == verdict
    assert what in found.what


def refusals(**errors: Exception) -> list[Check]:
    found = [Refusal.of(command.replace("_", " "), error) for command, error in errors.items()]
    return list(trials.judge(found, APP, Facts()))


def test_a_right_that_is_withheld_is_told_with_the_line_that_gives_it() -> None:
    denied = NoPermissionError("User app has no permissions to run the 'lmove' command")
    [found] = refusals(LMOVE=denied, SCRIPT_LOAD=denied)
    assert found.what == "user app may not send LMOVE, SCRIPT LOAD"
    assert found.remedy == "ACL SETUSER app +lmove +script|load"


def test_keys_and_channels_that_are_withheld_are_told_likewise() -> None:
    key, channel = NoPermissionError("No permissions to access a key"), NoPermissionError("… to access a channel")
    [found] = refusals(SET=key, PUBLISH=channel)
    assert found.remedy == "ACL SETUSER app ~rq:* &rq:*"


def test_a_full_server_is_one_failure_and_not_one_for_each_command() -> None:
    full = OutOfMemoryError("command not allowed when used memory > 'maxmemory'.")
    [found] = refusals(SET=full, HSET=full, RENAME=ResponseError("no such key"))
    assert found.what == "writes are refused: Redis is full"


def test_a_failed_snapshot_that_stops_writes_is_told_as_that() -> None:
    [found] = refusals(SET=ResponseError("MISCONF Redis is configured to save RDB snapshots"))
    assert "writes are refused: MISCONF" in found.what


def test_a_replica_is_no_server_without_these_commands() -> None:
    assert [str(found.verdict) for found in refusals(SET=ReadOnlyError("read only"))] == ["cannot tell"]


def test_commands_that_a_server_lacks_are_one_failure() -> None:
    [found] = refusals(LMOVE=ResponseError("unknown command 'LMOVE'"), COPY=ResponseError("unknown command 'COPY'"))
    assert found.what.startswith("refused: LMOVE, COPY; the first with")


def test_keys_on_several_shards_are_told_as_cluster_mode_though_the_server_hides_it() -> None:
    [found] = refusals(COPY=ResponseError("CROSSSLOT Keys in request don't hash to the same slot"))
    assert (found.name, found.verdict) == ("standalone", Verdict.FAILURE)
