"""Each error with which a connection fails is told as what it is, with the remedy for that."""

from __future__ import annotations

import pytest
from redis.exceptions import AuthenticationError, ConnectionError, TimeoutError

from rqclock.doctor import connecting, refusals
from rqclock.doctor.check import Check
from rqclock.doctor.connecting import Knock
from rqclock.settings import Settings

PLAIN = Settings.read({"REDIS_URL": "redis://app:s3cret@h.example:6379/0"})
SAFE = Settings.read({"REDIS_URL": "rediss://app:s3cret@h.example:6379/0"})
REFUSED = ConnectionError("Error 111 connecting to h.example:6379. Connection refused.")
SLOW = TimeoutError("Timeout reading from h.example:6379")
VERIFY = "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "


@pytest.mark.parametrize(
    ("error", "name", "what"),
    [
        (AuthenticationError("invalid username-password pair or user is disabled."), "authentication", "password of"),
        (AuthenticationError("Authentication required."), "authentication", "REDIS_URL has none"),
        (
            AuthenticationError("AUTH <password> called without any password configured for the default user."),
            "authentication",
            "has none configured",
        ),
        (ConnectionError("max number of clients reached"), "connection", "no connection free"),
        (ConnectionError("Redis is loading the dataset in memory"), "connection", "loading its data"),
        (REFUSED, "connection", "nothing listens at h.example:6379/0"),
        (ConnectionError("Error -2 connecting to h:1. Name or service not known."), "connection", "not known here"),
        (TimeoutError("Timeout connecting to server"), "connection", "does not take a connection within 3 s"),
        (SLOW, "connection", "no answer from"),
        (ConnectionError("DB index is out of range"), "connection", "no such database"),
    ],
)
def test_an_error_is_told_as_what_it_is(error: Exception, name: str, what: str) -> None:
    found = refusals.reason(error, PLAIN, {})
    assert found.name == name
    assert what in found.what


@pytest.mark.parametrize(
    ("text", "what", "remedy"),
    [
        ("self-signed certificate in certificate chain", "authority that is not known", "REDIS_CA_FILE"),
        ("unable to get local issuer certificate", "authority that is not known", "REDIS_CA_FILE"),
        ("certificate has expired", "has expired", "renew"),
        ("Hostname mismatch, certificate is not valid for 'h.example'.", "not made out to h.example", "chain"),
    ],
)
def test_a_certificate_is_told_with_what_is_wrong_with_it(text: str, what: str, remedy: str) -> None:
    found = refusals.reason(ConnectionError(VERIFY + text), SAFE, {})
    assert found.name == "TLS"
    assert what in found.what
    assert remedy in found.remedy


def judge(**errors: Exception | None) -> list[Check]:
    knocks = [Knock(role, 2.0, answer=None if error else 0.001, error=error) for role, error in errors.items()]
    return list(connecting.judge(knocks, PLAIN, {}))


def test_processes_that_fail_for_the_same_reason_are_one_line() -> None:
    [found] = judge(clock=REFUSED, worker=REFUSED, web=REFUSED, doctor=REFUSED)
    assert found.what == "nothing listens at h.example:6379/0"
    assert found.stops_deploy


def test_slowness_that_stops_some_of_them_stops_no_deploy() -> None:
    slow, fine = judge(clock=SLOW, worker=SLOW, web=None, doctor=None)
    assert slow.what == "clock, worker: no answer from h.example:6379/0 in time"
    assert not slow.stops_deploy
    assert fine.what == "web reaches h.example:6379/0"


def test_a_server_that_answers_nobody_stops_a_deploy() -> None:
    [found] = judge(clock=SLOW, worker=SLOW, web=SLOW, doctor=SLOW)
    assert found.stops_deploy


def test_a_slow_answer_is_told_with_its_figure_and_who_gives_up_before_it() -> None:
    [found] = connecting.latency([Knock("clock", 2.0), Knock("web", 5.0, answer=2.31), Knock("doctor", 5.0)])
    assert found.what == "an answer takes 2.3 s; limits: clock 2 s, web 5 s"
    assert found.why == "clock gives up before it comes, and does nothing"


def test_a_certificate_that_is_not_verified_is_told_with_the_risk() -> None:
    for environ in (
        {"REDIS_URL": "rediss://h/0", "REDIS_VERIFY": "none"},
        {"REDIS_URL": "rediss://h/0?ssl_cert_reqs=none"},
        {"REDIS_URL": "rediss://h/0?ssl_cert_reqs=CERT_NONE"},
    ):
        assert "pose as the server" in connecting.encryption(Settings.read(environ)).why
    assert connecting.encryption(SAFE).what == "encrypted; verified: its chain and host name"


@pytest.mark.parametrize(
    ("host", "verdict"),
    [
        ("redis.example.org", "warning"),
        ("8.8.8.8", "warning"),
        ("redis", "ok"),
        ("10.1.2.3", "ok"),
        ("redis.internal", "ok"),
    ],
)
def test_a_server_elsewhere_that_lets_everybody_in_is_a_warning(host: str, verdict: str) -> None:
    settings = Settings.read({"REDIS_URL": f"redis://{host}:6379/0"})
    assert str(connecting.authentication(settings).verdict) == verdict
