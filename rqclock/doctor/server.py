"""Rules on the server itself: what it is, and what it has room for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rqclock.doctor import platforms
from rqclock.doctor.check import Check, failure, ok, unknown, warning
from rqclock.doctor.facts import Facts
from rqclock.settings import Settings

LEAST = (6, 2)
FREE_CLIENTS = 50  # what a second clock, a few workers and a web process take during a deploy
SKEW = 2.0  # seconds
CLUSTER = "cluster mode"
READ_ONLY = "read-only"


def judge(facts: Facts, settings: Settings, *, tried: bool) -> Iterator[Check]:
    """All of them, by what the server told. `tried`: every command was taken, so it must be a master of its own."""
    yield role(facts, tried=tried)
    yield standalone(facts, settings, tried=tried)
    yield version(facts)
    yield clients(facts)
    yield skew(facts)


def role(facts: Facts, *, tried: bool = False) -> Check:
    if facts.get("role") is None and tried:
        return ok("role", f"it takes writes ({_untold(facts)})")
    if facts.get("role") is None:
        return unknown("role", _untold(facts), remedy="the provider's page says whether this endpoint is the primary's")
    if facts.is_replica:
        return failure(
            "role",
            f"a replica of {facts.get('master_host')}:{facts.get('master_port')}, {READ_ONLY}",
            why="nothing can be queued there, and workers cannot take jobs from it",
            remedy="write the master's address into REDIS_URL, or the Sentinels': redis+sentinel://HOST:26379/SERVICE/0",
        )
    return ok("role", f"master with {_count(facts.number('connected_slaves') or 0, 'replica')}")


def standalone(facts: Facts, settings: Settings, *, tried: bool = False) -> Check:
    if facts.is_cluster:
        return refused_cluster(CLUSTER, settings)
    if facts.number("cluster_enabled") is None and tried:
        return ok("standalone", f"commands over several keys are taken ({_untold(facts)})")
    if facts.number("cluster_enabled") is None:
        return unknown("standalone", _untold(facts), remedy="see under commands: they were tried over several keys")
    return ok("standalone", "not in cluster mode")


def refused_cluster(what: str, settings: Settings) -> Check:
    """A server that keeps keys on several shards, or behaves as if it did."""
    return failure(
        "standalone",
        what,
        why="queueing a run is one step over several keys (the job, its queue, the record of it), which a "
        "cluster keeps on different shards, so it refuses the step",
        remedy=platforms.cluster_note(settings),
    )


def version(facts: Facts) -> Check:
    told = facts.get("valkey_version") or facts.get("redis_version")
    if told is None:
        return unknown(
            "version", _untold(facts), remedy="Redis 6.2 or newer, or Valkey, is needed: see the provider's page"
        )
    if facts.is_valkey:
        return ok("version", f"Valkey {told}")
    numbers = tuple(int(part) for part in re.findall(r"\d+", str(told))[:2])
    if numbers < LEAST:
        why = "LMOVE and COPY, with which jobs are queued and taken, came with 6.2"
        remedy = "upgrade to Redis 7, or to Valkey"
        return failure("version", f"Redis {told}, older than 6.2", why=why, remedy=remedy)
    return ok("version", f"Redis {told}")


def clients(facts: Facts) -> Check:
    used, most = facts.number("connected_clients"), facts.number("maxclients")
    if used is None or not most:
        return unknown("connections", _untold(facts), remedy="the plan says how many connections it allows")
    free = most - used
    if free < min(FREE_CLIENTS, most / 2):
        return warning(
            "connections",
            f"{used} of {most} in use, {free} free",
            why="a deploy doubles them for a while; a clock holds 5, a worker 4 or more",
            remedy="raise maxclients (or the plan), or lower WORKER_CONCURRENCY and gunicorn's --threads",
        )
    return ok("connections", f"{used} of {most} in use")


def skew(facts: Facts) -> Check:
    if facts.skew is None:
        return unknown("clock skew", "TIME was denied", remedy="compare `date -u` here with TIME there")
    if abs(facts.skew) <= SKEW + facts.doubt:
        return ok("clock skew", f"Redis and this host agree within {abs(facts.skew) + facts.doubt:.1f} s")
    ahead = "ahead of" if facts.skew > 0 else "behind"
    return warning(
        "clock skew",
        f"Redis's clock is {abs(facts.skew):.0f} s {ahead} this host's",
        why="runs go by Redis's clock, so they are early or late by that much if Redis is wrong; starts and ends of "
        "jobs are written by the workers' hosts",
        remedy="let NTP set both; `date -u` tells which of them is wrong",
    )


def _untold(facts: Facts) -> str:
    return "INFO is denied" if "INFO" in facts.denied else "INFO does not say it"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
