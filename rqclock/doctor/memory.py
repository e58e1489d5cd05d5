"""Rules on what the server does when it is full, and how far that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rqclock.doctor import platforms
from rqclock.doctor.check import Check, failure, ok, unknown, warning
from rqclock.doctor.facts import Facts
from rqclock.settings import Settings

TIGHT, FULL = 0.75, 0.95
SAFE = "noeviction"
SILENTLY = "a full Redis deletes jobs, queues and records as if they were a cache, and nobody is told"


def judge(facts: Facts, settings: Settings, environ: Mapping[str, str]) -> Iterator[Check]:
    """All of them."""
    yield policy(facts, platforms.eviction_note(settings, environ))
    yield headroom(facts)
    yield evictions(facts)


def policy(facts: Facts, remedy: str) -> Check:
    told = facts.get("maxmemory_policy")
    if told is None:
        return unknown("maxmemory-policy", "INFO and CONFIG do not tell it", remedy=f"it must be {SAFE}: {remedy}")
    if told == SAFE:
        return ok("maxmemory-policy", SAFE)
    if facts.number("maxmemory") == 0:
        why = f"as soon as somebody sets maxmemory, {SILENTLY}"
        return warning("maxmemory-policy", f"{told}, and no maxmemory yet", why=why, remedy=remedy)
    return failure("maxmemory-policy", str(told), why=SILENTLY, remedy=remedy)


def headroom(facts: Facts) -> Check:
    used, most = facts.number("used_memory"), facts.number("maxmemory")
    if used is None or most is None:
        return unknown("memory", "INFO does not tell it", remedy="see the provider's page; alert on 75 % of the plan")
    if most == 0:
        return _without_limit(used, facts.number("total_system_memory") or 0)
    share = used / most
    what = f"{size(used)} of {size(most)} in use ({share:.0%})"
    if share < TIGHT:
        return ok("memory", what)
    return _tight(what) if share < FULL else _full(what)


def _without_limit(used: int, system: int) -> Check:
    what = f"{size(used)} in use, no maxmemory" + (f"; the host has {size(system)}" if system else "")
    if system and used > system * TIGHT:
        return warning(
            "memory", what, why="the kernel kills a server that grows beyond its host", remedy="maxmemory, more memory"
        )
    return ok("memory", what)


def _tight(what: str) -> Check:
    why = "when it is full nothing can be queued; what falls due then is decided late, or recorded as missed"
    return warning("memory", what, why=why, remedy="raise it, or keep results for a shorter time: @job(result_ttl=…)")


def _full(what: str) -> Check:
    why = "a full Redis refuses writes, and then nothing is queued"
    remedy = "raise maxmemory now; then `rqclock why` tells what was due meanwhile"
    return failure("memory", what, why=why, remedy=remedy, stops_deploy=False)


def evictions(facts: Facts) -> Check:
    count = facts.number("evicted_keys")
    if count is None:
        return unknown(
            "evictions", "INFO does not tell it", remedy="the provider's metrics have evicted keys: 0 is right"
        )
    if count == 0:
        return ok("evictions", "none since the server's start")
    return warning(
        "evictions",
        f"{count} keys since the server's start",
        why="what was evicted may have been jobs that were queued, or records of what ran",
        remedy=f"maxmemory-policy {SAFE}; `rqclock audit` finds what is missing; a restart resets the count",
    )


def size(number: int) -> str:
    """
    >>> size(1_572_864), size(300), size(8 * 2**30)
    ('1.5 MiB', '300 B', '8.0 GiB')
    """
    amount, units = float(number), ["B", "KiB", "MiB", "GiB", "TiB"]
    while amount >= 1024 and len(units) > 1:
        amount /= 1024
        units.pop(0)
    return f"{number} B" if units[0] == "B" else f"{amount:.1f} {units[0]}"
