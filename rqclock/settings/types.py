"""The types of settings: how the text of a variable becomes a value.

A reader raises ValueError with the end of a sentence: "is not a number of seconds".
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from rqclock.settings.redis_address import RedisAddress


@dataclass(frozen=True)
class Type:
    """What a setting may be, in a few words, and the reading of it."""

    words: str
    read: Callable[[str], Any]


def seconds(least: float, most: float) -> Type:
    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            raise ValueError("is not a number of seconds") from None
        if not least <= number <= most:
            raise ValueError(f"must be between {least:g} and {most:.12g} seconds")
        return number

    return Type(f"seconds, {least:g} to {most:.12g}", read)


def whole(least: int, most: int, *, of: str = "a whole number") -> Type:
    """`of` says of what, for the error."""

    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise ValueError(f"is not {of}: {least} to {most}")
        return int(text)

    return Type(f"{least} to {most}", read)


def one_of(*words: str) -> Type:
    def read(text: str) -> str:
        if text not in words:
            raise ValueError(
                f"is {'none of ' + ', '.join(words) if len(words) > 2 else 'neither ' + ' nor '.join(words)}"
            )
        return text

    return Type(" or ".join(words), read)


def url(*schemes: str, example: str) -> Type:
    """A URL of one of these schemes. Its text may hold a password, so no error repeats it."""

    def read(text: str) -> str:
        parts = _parts(text)
        if parts is None or parts.scheme not in schemes or not parts.hostname:
            raise ValueError(f"is no address such as {example}")
        return text

    return Type("URL", read)


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _names(text: str) -> tuple[str, ...]:
    found = _several(text)
    if not found:
        raise ValueError("holds no name: one or more, with commas between")
    return found


def _redis_url(text: str) -> str:
    RedisAddress.of(text)
    return text


def _key_prefix(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_.:{}-]+", text):
        raise ValueError("may hold letters, digits and _ . : - { } only (RQ's own rule)")
    return text


def _modules(text: str) -> tuple[str, ...]:
    found = _several(text)
    wrong = [name for name in found if name != "*" and not re.fullmatch(r"[\w.]+(\.\*)?", name)]
    if wrong:
        raise ValueError(f"holds {wrong[0]!r}, which is no module: app.tasks, or app.* for all below")
    return found


def _mail_addresses(text: str) -> tuple[str, ...]:
    found = _names(text)
    wrong = [name for name in found if not re.fullmatch(r"[^@\s]+@[^@\s]+", name)]
    if wrong:
        raise ValueError(f"holds {wrong[0]!r}, which is no e-mail address")
    return found


def _issuer(text: str) -> str:
    """Over TLS: whoever can change what the provider says decides who is an admin. A provider on this machine may do
    without."""
    parts = _parts(text)
    local = parts is not None and parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")
    if parts is None or not (local or (parts.scheme == "https" and parts.hostname)):
        raise ValueError("must begin with https://")
    return text.rstrip("/")


def _ping_url(text: str) -> str:
    if "{schedule}" not in text:
        raise ValueError("has no {schedule} in it, such as https://hc-ping.com/KEY/{schedule}")
    WEB_URL.read(text.replace("{schedule}", "name"))
    return text


def _file(text: str) -> str:
    if not os.path.isfile(text) or not os.access(text, os.R_OK):
        raise ValueError("is no file that can be read")
    return text


def _parts(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 (the property raises on a bad port)
    except ValueError:
        return None
    return parts


TEXT = Type("text", str)
PATH = Type("path of a file", str)
FILE = Type("path of a file", _file)
PORT = whole(1, 65_535, of="a port")
REDIS_URL = Type("URL", _redis_url)
WEB_URL = url("https", "http", example="https://host/path")
SMTP_URL = url("smtp", "smtps", example="smtp://name:password@host:587")
ISSUER = Type("URL", _issuer)
PING_URL = Type("URL with {schedule}", _ping_url)
KEY_PREFIX = Type("text", _key_prefix)
NAMES = Type("names, commas between", _names)
VALUES = Type("values, commas between", _several)
MODULES = Type("modules, commas between", _modules)
MAIL_ADDRESSES = Type("e-mail addresses", _mail_addresses)
MAIL_ADDRESS = Type("e-mail address", lambda text: _mail_addresses(text)[0])
ON = one_of("1", "0")
