"""`REDIS_URL` taken apart: one server, a socket, or the Sentinels that know which server is the master."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")
PORTS = {"redis": 6379, "rediss": 6379, "redis+sentinel": 26379, "rediss+sentinel": 26379}
# What a URL may say after `?`; others reach redis-py's constructors as texts, where they fail or change our replies.
OPTIONS = {
    "db", "username", "password", "socket_timeout", "socket_connect_timeout", "socket_keepalive", "max_connections",
    "health_check_interval", "timeout", "client_name", "protocol",
}  # fmt: skip
WRITTEN = "; in a password write # as %23, / as %2F, ? as %3F, @ as %40"
SENTINEL_FORM = "redis+sentinel://USER:PASSWORD@HOST:26379,HOST2:26379/SERVICE/0"


@dataclass(frozen=True)
class RedisAddress:
    """Where Redis is.

    `hosts` are (host, port) pairs: the server, or the Sentinels when `service` names what they watch; none for a
    socket, whose path is `path`.
    """

    scheme: str
    hosts: tuple[tuple[str, int], ...] = ()
    service: str = ""
    database: int = 0
    path: str = ""
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def tls(self) -> bool:
        return self.scheme.startswith("rediss")

    @property
    def shown(self) -> str:
        """Hosts, ports and database, never user or password."""
        if self.path:
            return self.path
        hosts = ",".join(f"{host}:{port}" for host, port in self.hosts)
        return f"{hosts}/{self.service}/{self.database}" if self.service else f"{hosts}/{self.database}"

    @classmethod
    def of(cls, text: str) -> RedisAddress:
        """Raises ValueError with the end of a sentence that tells nothing of the password."""
        try:
            parts = urlsplit(text)
            hosts = _hosts(parts.netloc.rpartition("@")[2], scheme=parts.scheme)
        except ValueError:
            raise ValueError(f"is not a URL{WRITTEN}") from None
        if parts.scheme not in SCHEMES:
            raise ValueError("must begin with redis://, rediss://, unix:// or redis+sentinel://")
        strange = [name for name in parse_qs(parts.query, keep_blank_values=True) if not _is_option(name, parts.scheme)]
        if strange and hosts:
            raise ValueError(f"has an option after ? that cannot be used: {strange[0][:40]!r}")
        user, password = _person(parts.netloc)
        if parts.scheme == "unix":
            return cls(parts.scheme, path=parts.path, username=user, password=password)
        if not hosts:
            form = SENTINEL_FORM if "sentinel" in parts.scheme else "redis://HOST:6379/0"
            raise ValueError(f"names no host: {form}{WRITTEN if parts.fragment or parts.query else ''}")
        service, database = _place(parts.path, sentinel="sentinel" in parts.scheme)
        if service and parts.query:
            raise ValueError("has options after ?, which Sentinel does not take: set REDIS_ variables")
        return cls(parts.scheme, hosts, service, database, username=user, password=password)


def _hosts(text: str, *, scheme: str) -> tuple[tuple[str, int], ...]:
    found = []
    for part in text.split(","):
        one = urlsplit(f"//{part}")
        if one.hostname:
            one.hostname.encode("idna")  # as whoever connects will: a name that is none would raise there
            found.append((one.hostname, one.port or PORTS.get(scheme, 0)))
    if len(found) > 1 and "sentinel" not in scheme:
        raise ValueError("several hosts")
    return tuple(found)


def _person(netloc: str) -> tuple[str | None, str | None]:
    person, at, _ = netloc.rpartition("@")
    user, _, password = person.partition(":")
    return (unquote(user) or None, unquote(password) or None) if at else (None, None)


def _place(path: str, *, sentinel: bool) -> tuple[str, int]:
    """The service's name, with Sentinel, and the number of the database."""
    parts = [unquote(part) for part in path.strip("/").split("/") if part]
    service = parts.pop(0) if sentinel and parts else ""
    if sentinel and not service:
        raise ValueError(f"names no service that the Sentinels watch: {SENTINEL_FORM}")
    number = parts.pop(0) if parts else "0"
    if parts or not number.isdecimal():
        raise ValueError("ends with something that is no number of a database: …/0")
    return service, int(number)


def _is_option(name: str, scheme: str) -> bool:
    return name in OPTIONS or (scheme == "rediss" and name.startswith("ssl_"))
