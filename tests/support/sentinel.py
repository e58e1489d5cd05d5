"""A primary, its replicas and the Sentinels that watch them: Debian's Redis, each program with a password."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from rqclock.dev.guard import die_with
from tests.support.certificates import Authority
from tests.support.ports import any_free
from tests.support.server import Server
from tests.support.waiting import until

SERVICE = "clockwork"
PASSWORD = "s3cret-of-servers"
SENTINEL_PASSWORD = "s3cret-of-sentinels"
LOOPBACK = "127.0.0.1"
AT_ONCE = ("--repl-diskless-sync-delay", "0")  # else the first replica waits 5 s for others
SENTINEL = """
bind {host}
{listen}
dir {folder}
logfile {folder}/sentinel.log
requirepass {secret}
sentinel sentinel-pass {secret}
sentinel monitor {service} {host} {watched} 2
sentinel auth-pass {service} {password}
sentinel down-after-milliseconds {service} 4000
sentinel failover-timeout {service} 3000
sentinel parallel-syncs {service} 2
sentinel myid {id}
"""
# Above, 4 s without an answer are a death: a busy machine may give a server no turn for less.
# What Sentinels else learn of each other within some seconds.
REPLICA = "sentinel known-replica {service} {host} {port}\n"
OTHER = "sentinel known-sentinel {service} {host} {port} {id}\n"


class Guarded(Server):
    """Debian's redis-server with a password (if any), and with TLS alone where there is an `authority`."""

    def __init__(
        self,
        folder: Path,
        *,
        password: str = PASSWORD,
        authority: Authority | None = None,
        names: Sequence[str] = (LOOPBACK, "localhost"),
        arguments: tuple[str, ...] = (),
    ) -> None:
        super().__init__(folder, program="redis-server")
        self.password, self._authority = password, authority
        self._shown = authority.certificate("a.test") if authority else None
        self._arguments = (*AT_ONCE, *_secrets(password), *_encryption(authority, self.port, names), *arguments)

    @property
    def url(self) -> str:
        return f"redis{'s' if self._authority else ''}://:{self.password}@{LOOPBACK}:{self.port}/0"

    def client(self) -> redis.Redis:
        trust: dict[str, Any] = {}
        if self._authority and self._shown:
            trust = {"ssl_ca_certs": str(self._authority.file), "ssl_check_hostname": False}
            trust |= {"ssl_certfile": str(self._shown[0]), "ssl_keyfile": str(self._shown[1])}
        return redis.Redis.from_url(self.url, retry=Retry(NoBackoff(), 0), protocol=2, **trust)

    def replication(self) -> dict[str, Any]:
        """What the server says of it; nothing while it cannot be asked."""
        try:
            with self.client() as client:
                return dict(client.info("replication"))
        except redis.RedisError:
            return {}

    def is_replica(self) -> bool:
        """Whether it is one, with all of its primary's data."""
        return self.replication().get("master_link_status") == "up"

    def _up(self) -> bool:
        assert self._process and self._process.poll() is None, f"the server on port {self.port} ended"
        return bool(self.replication())


def _secrets(password: str) -> tuple[str, ...]:
    return ("--requirepass", password, "--masterauth", password) if password else ()


def _encryption(authority: Authority | None, port: int, names: Sequence[str]) -> tuple[str, ...]:
    if authority is None:
        return ()
    certificate, key = authority.certificate(*names)
    files = ("--tls-cert-file", f"{certificate}", "--tls-key-file", f"{key}", "--tls-ca-cert-file", f"{authority.file}")
    ways = ("--tls-auth-clients", "no", "--tls-replication", "yes")
    return ("--port", "0", "--tls-port", str(port), *files, *ways)


class Watched:
    """One service: three servers, of which one is the primary, and three Sentinels."""

    def __init__(self, folder: Path, *, authority: Authority | None = None) -> None:
        self._folder, self._authority = folder, authority
        self.servers = [Guarded(folder / f"server-{n}", authority=authority) for n in range(3)]
        self.ports = [any_free() for _ in range(3)]
        self._sentinels: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        hosts = ",".join(f"{LOOPBACK}:{port}" for port in self.ports)
        return f"redis{'s' if self._authority else ''}+sentinel://:{PASSWORD}@{hosts}/{SERVICE}/0"

    def start(self) -> Watched:
        """Wait until the replicas have the primary's data and every Sentinel knows all others."""
        primary, *replicas = self.servers
        for server in self.servers:
            server.start()
        for replica in replicas:
            with replica.client() as client:
                client.replicaof(LOOPBACK, primary.port)
        until(lambda: all(replica.is_replica() for replica in replicas), 60, what="replication")
        for port in self.ports:
            self._configure(port, primary.port)
        self.restart_sentinels()
        return self

    def is_whole(self) -> bool:
        """Whether all Sentinels see three Sentinels and two replicas that are up, and name one primary."""
        seen = [self._view(port) for port in self.ports]
        whole = all(view.get("num-other-sentinels") == 2 and view.get("num-slaves") == 2 for view in seen)
        return whole and len({view["port"] for view in seen}) == 1 and all(view["is_master"] for view in seen)

    def primary(self) -> Guarded:
        """The server that most Sentinels name."""
        named = [self._view(port).get("port") for port in self.ports]
        return max(self.servers, key=lambda server: named.count(server.port))

    def fail_over(self) -> None:
        """What an operator says before maintenance of the primary, until the Sentinel that is told has done it.

        It gives up where the replica does not answer in time, and then waits to be told again.
        """
        old = self.primary().port
        until(lambda: self._fails_over(old), 60, what="another primary")

    def _fails_over(self, old: int) -> bool:
        seen = self._view(self.ports[0])
        if seen.get("port") == old and "failover_in_progress" not in seen["flags"]:
            with self._client(self.ports[0]) as client, suppress(redis.ResponseError):  # no good replica at the moment
                client.execute_command("SENTINEL", "FAILOVER", SERVICE)
        return seen.get("port") not in (None, old)

    def kill_sentinels(self) -> None:
        for sentinel in self._sentinels:
            sentinel.kill()
            sentinel.wait(10)

    def restart_sentinels(self) -> None:
        """With what they knew."""
        self._sentinels = [self._begin(port) for port in self.ports]
        until(self.is_whole, 60, what="the Sentinels to know each other")

    def end(self) -> None:
        self.kill_sentinels()
        for server in self.servers:
            server.kill()

    def _configure(self, port: int, watched: int) -> None:
        folder = self._file(port).parent
        folder.mkdir(parents=True)
        listen = f"port {port}"
        if self._authority:
            flags = _encryption(self._authority, port, (LOOPBACK,))
            listen = "\n".join(f"{flag[2:]} {value}" for flag, value in zip(flags[::2], flags[1::2], strict=True))
        words = {"host": LOOPBACK, "service": SERVICE, "secret": SENTINEL_PASSWORD, "password": PASSWORD}
        text = SENTINEL.format(listen=listen, folder=folder, watched=watched, id=_id(port), **words)
        replicas = [REPLICA.format(port=server.port, **words) for server in self.servers if server.port != watched]
        others = [OTHER.format(port=other, id=_id(other), **words) for other in self.ports if other != port]
        self._file(port).write_text("".join([text, *replicas, *others]))

    def _file(self, port: int) -> Path:
        return self._folder / f"sentinel-{port}" / "sentinel.conf"

    def _begin(self, port: int) -> subprocess.Popen[bytes]:
        me, quiet = os.getpid(), subprocess.DEVNULL
        return subprocess.Popen(
            [shutil.which("redis-server") or "redis-server", str(self._file(port)), "--sentinel"],
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            start_new_session=True,
            preexec_fn=lambda: die_with(me),
        )

    def _client(self, port: int) -> redis.Redis:
        trust: dict[str, Any] = {"ssl": True, "ssl_ca_certs": str(self._authority.file)} if self._authority else {}
        return redis.Redis(LOOPBACK, port, password=SENTINEL_PASSWORD, protocol=2, retry=Retry(NoBackoff(), 0), **trust)

    def _view(self, port: int) -> dict[str, Any]:
        try:
            with self._client(port) as client:
                return dict(client.sentinel_master(SERVICE))
        except redis.RedisError:
            return {}


def _id(port: int) -> str:
    return f"{port:040x}"
