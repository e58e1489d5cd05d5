"""What is known of providers, told by the host's name: what ends when, what costs, which setting is the trap.

Dates are those that Microsoft announced in October 2025.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rqclock.doctor.check import Check, failure, ok, warning
from rqclock.settings import Settings

NAME = "platform"
AZURE_CACHE, AZURE_ENTERPRISE, AZURE_MANAGED = (
    ".redis.cache.windows.net", ".redisenterprise.cache.azure.net", ".redis.azure.net",
)  # fmt: skip
UPSTASH, AMAZON = ".upstash.io", ".cache.amazonaws.com"
HEROKU_HOSTS = (".compute.amazonaws.com", ".compute-1.amazonaws.com")
MONTH = 30 * 86_400
BEATS = 4  # in a life of the lease
TO_MANAGED = "move to Azure Managed Redis: clustering policy Non-clustered, eviction policy NoEviction, TLS, port 10000"


def judge(settings: Settings, environ: Mapping[str, str]) -> Iterator[Check]:
    """What is known of where this Redis is; nothing for a host that nothing is known of."""
    for host, _ in settings.redis.hosts:
        if host.endswith(AZURE_CACHE):
            yield _azure_cache()
        elif host.endswith(AZURE_ENTERPRISE):
            yield _retiring("Azure Cache for Redis Enterprise", "31 March 2027")
        elif host.endswith(AZURE_MANAGED):
            yield ok(NAME, "Azure Managed Redis: of its clustering policies only Non-clustered can be used")
        elif host.endswith(UPSTASH):
            yield _per_command(settings)
        elif host.endswith(AMAZON):
            yield _amazon(host)
        elif _is_heroku(host, environ):
            yield ok(NAME, "Heroku Key-Value Store: its address and password may change; take REDIS_URL as it comes")


def _azure_cache() -> Check:
    found = _retiring("Azure Cache for Redis (Basic, Standard, Premium)", "30 September 2028")
    why = f"{found.why}; its newest version is Redis 6.0, and 6.2 is needed (LMOVE, COPY)"
    return warning(NAME, found.what, why=why, remedy=found.remedy)


def _retiring(product: str, day: str) -> Check:
    what = f"{product} is retired on {day}"
    return warning(NAME, what, why="after that day there is no server", remedy=TO_MANAGED)


def _per_command(settings: Settings) -> Check:
    beats = BEATS / settings.lease * MONTH / 1e6
    return warning(
        NAME,
        f"Upstash: pay-as-you-go charges for each command; an idle clock sends over {beats:.1f} million a month",
        why="clock and workers ask all the time, also when nothing is due",
        remedy="take a fixed plan; a longer RQCLOCK_LEASE means fewer commands, and a later takeover",
    )


def _amazon(host: str) -> Check:
    if host.startswith("clustercfg.") or ".serverless." in host:
        return failure(
            NAME,
            f"{host} is an endpoint in cluster mode",
            why="one step of the clock writes several keys, which a cluster keeps on different shards",
            remedy="create a node-based cache with cluster mode disabled, and use its primary endpoint",
        )
    return ok(NAME, "ElastiCache: use the primary endpoint, and a parameter group with maxmemory-policy noeviction")


def _is_heroku(host: str, environ: Mapping[str, str]) -> bool:
    return host.endswith(HEROKU_HOSTS) and "DYNO" in environ


def certificate_note(settings: Settings, environ: Mapping[str, str]) -> str:
    """What to add where the provider's certificates are signed by nobody that could be known."""
    host = settings.redis.hosts[0][0] if settings.redis.hosts else ""
    if not host.endswith(HEROKU_HOSTS):
        return ""
    return (
        "; Heroku Key-Value Store has self-signed certificates: there only REDIS_VERIFY=none works, at the risk that "
        "whoever can redirect the traffic can pose as the server"
    )


def eviction_note(settings: Settings, environ: Mapping[str, str]) -> str:
    """Where that setting is, at this provider."""
    host = settings.redis.hosts[0][0] if settings.redis.hosts else ""
    if _is_heroku(host, environ):
        return "heroku redis:maxmemory --policy noeviction"
    if host.endswith(AMAZON):
        return "give the cache a parameter group of its own with maxmemory-policy noeviction"
    if host.endswith(AZURE_MANAGED):
        return "set the database's eviction policy to NoEviction"
    if host.endswith(AZURE_CACHE):
        return "set maxmemory-policy to noeviction under Advanced settings of the cache"
    if host.endswith(UPSTASH):
        return "switch Eviction off in the database's settings"
    if "RENDER" in environ:
        return "set maxmemoryPolicy: noeviction of the Key Value instance in render.yaml"
    return "CONFIG SET maxmemory-policy noeviction, and the same in redis.conf"


def cluster_note(settings: Settings) -> str:
    """How to get a server without cluster mode, at this provider."""
    host = settings.redis.hosts[0][0] if settings.redis.hosts else ""
    if host.endswith(AZURE_MANAGED):
        return "create the instance anew with clustering policy Non-clustered (OSS and Enterprise both split the keys)"
    if host.endswith(AMAZON):
        return "create a node-based cache with cluster mode disabled, and use its primary endpoint"
    return "use a server with cluster-enabled no; for high availability Sentinel or a managed primary with a replica"
