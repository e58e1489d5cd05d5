"""Rules on what is left of the data after the server was restarted."""

from __future__ import annotations

from rqclock.doctor.check import Check, failure, ok, unknown, warning
from rqclock.doctor.facts import Facts

NAME = "persistence"
APPEND_ONLY = "appendonly yes (appendfsync everysec loses at most the last second); managed: a plan with persistence"


def judge(facts: Facts) -> Check:
    """AOF, RDB, or nothing, and whether the last write of it went well."""
    append_only = _is_on(facts.get("aof_enabled"), facts.config.get("appendonly"))
    saves = facts.config.get("save")
    if append_only is None:
        return unknown(
            NAME, "INFO and CONFIG do not tell it", remedy="see whether the plan has persistence: AOF is best"
        )
    if append_only and facts.get("aof_last_write_status") not in (None, "ok"):
        return _failed("the append-only file", "the disk of the server, and its log")
    if facts.get("rdb_last_bgsave_status") not in (None, "ok"):
        return _failed("the snapshot (RDB)", "disk and memory of the server, and its log")
    if append_only:
        fsync = facts.config.get("appendfsync")
        return ok(NAME, f"append-only file{f', appendfsync {fsync}' if fsync else ''}")
    if saves is None:
        return unknown(NAME, "no append-only file; CONFIG does not tell of snapshots", remedy=f"better: {APPEND_ONLY}")
    return _snapshots(saves) if saves else _nothing()


def _is_on(told: object, parameter: str | None) -> bool | None:
    if told is not None:
        return str(told) == "1"
    return None if parameter is None else parameter == "yes"


def _failed(what: str, look: str) -> Check:
    why = "nothing is kept from now on, and by default Redis refuses all writes after a failed snapshot"
    return failure(NAME, f"the server could not write {what}", why=why, remedy=f"look at {look}")


def _snapshots(saves: str) -> Check:
    why = "a crash loses what was queued, decided and finished since the last one: minutes, up to an hour"
    return warning(NAME, f"snapshots only (save {saves})", why=why, remedy=APPEND_ONLY)


def _nothing() -> Check:
    why = "a restart of the server loses every job that waits, and the record of what ran"
    return warning(NAME, "none", why=why, remedy=APPEND_ONLY)
