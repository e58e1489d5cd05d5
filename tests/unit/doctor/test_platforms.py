"""What is known of providers by the name of the host."""

from __future__ import annotations

import pytest

from rqclock.doctor import platforms
from rqclock.settings import Settings


def judged(host: str, **environ: str) -> list[tuple[str, str]]:
    settings = Settings.read({"REDIS_URL": f"rediss://:pw@{host}:6380/0"})
    return [(str(check.verdict), check.what) for check in platforms.judge(settings, environ)]


@pytest.mark.parametrize(
    ("host", "verdict", "what"),
    [
        ("jobs.redis.cache.windows.net", "warning", "retired on 30 September 2028"),
        ("jobs.westeurope.redisenterprise.cache.azure.net", "warning", "retired on 31 March 2027"),
        ("jobs.uksouth.redis.azure.net", "ok", "Non-clustered"),
        ("apt-fox-1.upstash.io", "warning", "over 5.2 million a month"),
        ("clustercfg.jobs.abc.euw2.cache.amazonaws.com", "failure", "cluster mode"),
        ("jobs-abc.serverless.euw2.cache.amazonaws.com", "failure", "cluster mode"),
        ("master.jobs.abc.euw2.cache.amazonaws.com", "ok", "primary endpoint"),
    ],
)
def test_known_hosts_are_told_with_what_is_known(host: str, verdict: str, what: str) -> None:
    [(found, said)] = judged(host)
    assert found == verdict
    assert what in said


def test_nothing_is_said_of_a_host_that_nothing_is_known_of() -> None:
    assert judged("redis.example.org") == []


def test_heroku_is_known_by_its_dynos() -> None:
    host = "ec2-1-2-3-4.compute-1.amazonaws.com"
    assert judged(host) == []
    assert "Heroku" in judged(host, DYNO="release.1")[0][1]


def test_a_certificate_that_cannot_be_verified_is_told_with_its_risk_on_heroku_alone() -> None:
    def note(host: str) -> str:
        return platforms.certificate_note(Settings.read({"REDIS_URL": f"rediss://:pw@{host}:1/0"}), {})

    assert "REDIS_VERIFY=none" in note("ec2-1-2-3-4.compute-1.amazonaws.com")
    assert "pose as the server" in note("ec2-1-2-3-4.compute-1.amazonaws.com")
    assert note("redis.example.org") == ""
