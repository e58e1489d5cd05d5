"""Every command that clock, worker and web send, really tried: under the prefix, on keys that are removed again."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import redis
from redis import exceptions as errors

from rqclock.doctor import server
from rqclock.doctor.check import Check, failure, ok, unknown
from rqclock.doctor.facts import Facts
from rqclock.settings import Settings

NAME = "commands"
LIFE = 60  # seconds that the keys live if the doctor dies amid the trial
SCRIPT = "redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2]) return redis.call('GET', KEYS[1])"
SPLIT = ("CROSSSLOT", "MOVED", "ASK", "CLUSTERDOWN")
CODES = {  # redis-py turns the code with which such an error begins into a class, and takes it off its text
    errors.ReadOnlyError: "READONLY",
    errors.OutOfMemoryError: "OOM",
    errors.ClusterCrossSlotError: "CROSSSLOT",
    errors.ClusterDownError: "CLUSTERDOWN",
    errors.MovedError: "MOVED",
    errors.AskError: "ASK",
    errors.NoPermissionError: "NOPERM",
    errors.NoScriptError: "NOSCRIPT",
}

# Capitals S H L Z X T and small twins are keys: string, hash, list, sorted set, stream, set. C is a channel.
STEPS = """
SET S 1 EX 60|GET S|PERSIST S|EXPIRE S 60|TYPE S|EXISTS S|PTTL S|TTL S|INCR S|RENAME S s
HSET H a 1 b 2|HSETNX H c 3|HGET H a|HMGET H a b|HGETALL H|HVALS H|HKEYS H|HLEN H|HEXISTS H a|HINCRBY H a 1
HINCRBYFLOAT H a 1|HDEL H b|HSCAN H 0|COPY H h
RPUSH L a b c|LPUSH L d|LMOVE L l LEFT RIGHT|BLMOVE L l LEFT RIGHT 1|LPOS L b|LRANGE L 0 -1|LLEN L|LREM L 0 z|LPOP L
BLPOP l 1
SADD T a|SREM T z|SMEMBERS T|SISMEMBER T a|SCARD T|SRANDMEMBER T
ZADD Z 1 a|ZSCORE Z a|ZMSCORE Z a|ZRANGE Z 0 -1|ZREVRANGE Z 0 -1|ZRANGEBYSCORE Z 0 9|ZCARD Z|ZCOUNT Z 0 9|ZREM Z z
ZREMRANGEBYSCORE Z 8 9|ZREMRANGEBYRANK Z 8 9
XADD X * a 1|XLEN X|XRANGE X - +|XREVRANGE X + -|XREAD COUNT 1 STREAMS X 0-0|XTRIM X MAXLEN 9
SCRIPT LOAD|EVALSHA|CLIENT ID|CLIENT UNBLOCK
WATCH S|UNWATCH|MULTI|EXEC|TIME|SCAN 0 COUNT 1|DBSIZE|PUBLISH C a|SUBSCRIBE C|UNSUBSCRIBE C
"""
KEYS = "SsHhLlZXT"
MAKERS = ("SET", "PERSIST", "HSET", "COPY", "RPUSH", "LPUSH", "LMOVE", "BLMOVE", "SADD", "ZADD", "XADD")


@dataclass(frozen=True)
class Refusal:
    """A command, and what the server said to it."""

    command: str
    code: str
    said: str

    @classmethod
    def of(cls, command: str, error: Exception) -> Refusal:
        said = " ".join(str(error).split())
        known = next((code for kind, code in CODES.items() if isinstance(error, kind)), "")
        return cls(command, known or said.partition(" ")[0], said)

    @property
    def is_denied(self) -> bool:
        return self.code == "NOPERM" or "can't run this command" in self.said


def attempt(connection: redis.Redis, prefix: str) -> list[Refusal]:
    """Try them all, in one round trip, and clean up. Raises redis.RedisError when the connection is lost."""
    head = f"{prefix}:doctor:{secrets.token_hex(4)}:"
    keys = [f"{head}{letter}" for letter in KEYS] + [f"{head}script"]
    last = [("EXPIRE", key, str(LIFE)) for key in keys] + [("DEL", key) for key in keys]
    steps = [*_mortal(_steps(head)), *last]
    pipeline: Any = connection.pipeline(transaction=False)
    for step in steps:
        pipeline.pipeline_execute_command(*step)  # and not execute_command, which would send WATCH at once
    answers = pipeline.execute(raise_on_error=False)
    found: dict[str, Refusal] = {}
    for step, answer in zip(steps, answers, strict=True):
        if isinstance(answer, Exception):
            found.setdefault(step[0], Refusal.of(step[0], answer))
    return list(found.values())


def _steps(head: str) -> Iterator[tuple[str, ...]]:
    digest = hashlib.sha1(SCRIPT.encode()).hexdigest()
    own = {
        "SCRIPT LOAD": ("SCRIPT LOAD", SCRIPT),
        "CLIENT ID": ("CLIENT ID",),
        "CLIENT UNBLOCK": ("CLIENT UNBLOCK", "0"),
        "EVALSHA": ("EVALSHA", digest, "1", f"{head}script", "a", str(LIFE)),
    }
    for step in "|".join(STEPS.split("\n")).strip("|").split("|"):
        command, *arguments = step.split()
        yield own.get(step) or (command, *(_place(argument, head) for argument in arguments))


def _mortal(steps: Iterable[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Each key gets its end with the command that makes it: the connection may break at the next."""
    made = set()
    for step in steps:
        yield step
        for key in (part for part in step[1:3] if ":doctor:" in part):
            if step[0] in MAKERS and (step[0], key) not in made:
                made.add((step[0], key))
                yield "EXPIRE", key, str(LIFE)


def _place(argument: str, head: str) -> str:
    return f"{head}{argument}" if argument in (*KEYS, "C") else argument


def judge(refusals: list[Refusal], settings: Settings, facts: Facts) -> Iterator[Check]:
    """What they say together."""
    if not refusals:
        yield ok(NAME, f"all tried under {settings.key_prefix}: queueing, taking, copying, scripts, publishing")
        return
    if split := _saying(refusals, *SPLIT):
        if not facts.is_cluster:  # else it is told already
            yield server.refused_cluster(f"{split.command} over two keys: {split.said}", settings)
        return
    if _saying(refusals, "READONLY"):
        yield unknown(NAME, "not tried: this server is read-only", remedy="connect to the master")
        return
    if full := _saying(refusals, "OOM", "MISCONF"):
        yield _stuck(full)
        return
    yield from _denied([one for one in refusals if one.is_denied], settings)
    # NOSCRIPT comes of a refused SCRIPT LOAD, where the server does not happen to know the script already.
    yield from _others([one for one in refusals if not one.is_denied and one.code != "NOSCRIPT"])


def _saying(refusals: list[Refusal], *words: str) -> Refusal | None:
    return next((one for one in refusals if one.code in words), None)


def _stuck(one: Refusal) -> Check:
    if one.code == "MISCONF":
        remedy = "look at disk and memory of the server; it takes writes again after the next snapshot that succeeds"
        return failure(NAME, f"writes are refused: {one.said}", why="nothing can be queued", remedy=remedy)
    remedy = "raise maxmemory (or the plan), or delete what is not needed"
    return failure(NAME, "writes are refused: Redis is full", why="nothing can be queued", remedy=remedy)


def _denied(refusals: list[Refusal], settings: Settings) -> Iterator[Check]:
    """Rights that an ACL withholds: those of commands, of keys, of channels."""
    user, prefix = settings.redis.username or "default", settings.key_prefix
    keys = [one.command for one in refusals if " key" in one.said]
    channels = [one.command for one in refusals if " channel" in one.said]
    commands = [one.command for one in refusals if one.command not in (*keys, *channels)]
    rights = [*(f"+{_acl(command)}" for command in commands)]
    rights += [f"~{prefix}:*"] if keys else []
    rights += [f"&{prefix}:*"] if channels else []
    if rights:
        yield failure(
            NAME,
            f"user {user} may not send {', '.join(commands)}" if commands else f"user {user} may not use {prefix}:…",
            why="clock, worker or web need it; they would fail in the middle of their work",
            remedy=f"ACL SETUSER {user} {' '.join(rights)}",
        )


def _acl(command: str) -> str:
    return command.lower().replace(" ", "|")


def _others(refusals: list[Refusal]) -> Iterator[Check]:
    if refusals:
        names = ", ".join(one.command for one in refusals)
        yield failure(
            NAME,
            f"refused: {names}; the first with {refusals[0].said!r}",
            why="clock, worker or web need them",
            remedy="Redis 6.2 or newer, or Valkey, has them; some providers leave commands out: see their list",
        )
