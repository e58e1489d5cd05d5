"""The ways to a server that fail: each is told as what it is, and none takes for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.acceptance.doctor.certificates import HOST, tls_port
from tests.integration.doctor.conftest import Doctor
from tests.support.certificates import Authority
from tests.support.lab import Lab
from tests.support.ports import any_free
from tests.support.sentinel import SENTINEL_PASSWORD, Watched
from tests.support.server import Server

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path / "lab")
    yield made
    made.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_tls_to_a_plain_port_is_told_with_the_scheme_to_write(doctor: Doctor, redis_server: Server) -> None:
    url = redis_server.url.replace("redis://", "rediss://")
    check = doctor(url=url, before_deploy=True, REDIS_CONNECT_TIMEOUT="1").one("TLS", "failure")
    assert "does not speak TLS" in check.what
    assert "begin REDIS_URL with redis://" in check.remedy


@pytest.mark.needs("redis-server")
def test_no_tls_to_a_tls_port_is_told_with_the_scheme_to_write(doctor: Doctor, lab: Lab, authority: Authority) -> None:
    port = tls_port(lab, authority)
    check = doctor(url=f"redis://127.0.0.1:{port}/0", before_deploy=True).one("TLS", "failure")
    assert "speaks TLS only" in check.what
    assert "begin REDIS_URL with rediss://" in check.remedy


@pytest.mark.needs("redis-server")
def test_a_certificate_for_another_host_is_told_and_chain_does_without_its_name(
    doctor: Doctor, lab: Lab, authority: Authority
) -> None:
    url = f"rediss://127.0.0.1:{tls_port(lab, authority, authority.certificate('redis.example'))}/0"
    ca = str(authority.file)
    assert "not made out to 127.0.0.1" in doctor(url=url, before_deploy=True, REDIS_CA_FILE=ca).of("TLS")[0][1]
    found = doctor(url=url, before_deploy=True, REDIS_CA_FILE=ca, REDIS_VERIFY="chain")
    assert found.of("TLS") == [("ok", "encrypted; verified: its chain, not its host name")]


@pytest.mark.needs("redis-server")
def test_an_expired_certificate_is_told(doctor: Doctor, lab: Lab, authority: Authority) -> None:
    port = tls_port(lab, authority, authority.certificate(HOST, until=LONG_AGO))
    found = doctor(url=f"rediss://127.0.0.1:{port}/0", before_deploy=True, REDIS_CA_FILE=str(authority.file))
    assert found.of("TLS") == [("failure", f"the certificate of 127.0.0.1:{port}/0 has expired")]


@pytest.mark.needs("redis-server")
def test_a_server_that_wants_a_certificate_of_ours_is_told_with_the_variables(
    doctor: Doctor, lab: Lab, authority: Authority
) -> None:
    port = tls_port(lab, authority, clients="yes")
    url, ca = f"rediss://127.0.0.1:{port}/0", str(authority.file)
    check = doctor(url=url, before_deploy=True, REDIS_CA_FILE=ca).one("TLS", "failure")
    assert "REDIS_CERT_FILE" in check.remedy
    pem, key = authority.certificate("client")
    found = doctor(url=url, before_deploy=True, REDIS_CA_FILE=ca, REDIS_CERT_FILE=str(pem), REDIS_KEY_FILE=str(key))
    assert found.of("TLS")[0][0] == "ok"


def test_a_server_that_never_answers_stops_a_deploy_after_its_time_limits(
    doctor: Doctor, lab: Lab, redis_server: Server
) -> None:
    proxy = lab.proxy(redis_server.port)
    proxy.swallow()
    found = doctor(url=proxy.url, before_deploy=True, REDIS_TIMEOUT="0.5", RQCLOCK_LEASE="1")
    check = found.one("connection", "failure")
    assert check.what == f"no answer from 127.0.0.1:{proxy.port}/0 in time"
    assert check.stops_deploy


def test_a_connection_that_is_lost_on_the_way_is_no_crash(doctor: Doctor, lab: Lab, redis_server: Server) -> None:
    proxy = lab.proxy(redis_server.port)
    proxy.cut_reply(b"maxmemory-policy")
    assert doctor(url=proxy.url, before_deploy=True).of("server")[0][0] == "cannot tell"


def test_a_socket_that_is_not_there_is_told(doctor: Doctor, tmp_path: Path) -> None:
    found = doctor(url=f"unix://{tmp_path}/none.sock")
    assert found.of("connection") == [("failure", f"{tmp_path}/none.sock: there is no such file")]


def test_sentinels_that_are_not_there_are_told(doctor: Doctor) -> None:
    port = any_free()
    found = doctor(url=f"redis+sentinel://127.0.0.1:{port}/jobs/0")
    assert f"the Sentinels at 127.0.0.1:{port}/jobs/0 did not answer" in found.of("connection")[0][1]


def test_a_database_that_does_not_exist_is_told(doctor: Doctor, redis_server: Server) -> None:
    found = doctor(url=f"redis://127.0.0.1:{redis_server.port}/99")
    assert "no such database" in found.of("connection")[0][1]


@pytest.mark.needs("redis-server")
def test_the_master_that_sentinels_name_is_examined(doctor: Doctor, tmp_path: Path) -> None:
    watched = Watched(tmp_path / "watched").start()
    try:
        found = doctor(url=watched.url, before_deploy=True, REDIS_SENTINEL_PASSWORD=SENTINEL_PASSWORD)
        refused = doctor(url=watched.url, before_deploy=True, REDIS_SENTINEL_PASSWORD="another")
    finally:
        watched.end()
    assert found.of("role") == [("ok", "master with 2 replicas")]
    assert "REDIS_SENTINEL_PASSWORD" in refused.one("authentication", "failure").remedy


@pytest.mark.needs("redis-server")
def test_the_doctor_knocks_as_rq_would_where_a_worker_is_meant(
    doctor: Doctor, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = lab.server(program="redis-server", arguments=("--rename-command", "HELLO", ""))
    assert "clock, worker, web reach" in doctor(url=server.url, before_deploy=True).of("connection")[0][1]
    newer = {"REDIS_URL": f"{server.url}?protocol=3", "SENTINEL": None}
    monkeypatch.setattr("rqclock.connection.through_rq.rq_config", lambda settings: newer)
    [failed, others] = [what for _, what in doctor(url=server.url, before_deploy=True).of("connection")]
    assert failed.startswith("worker: ") and "HELLO" in failed
    assert others.startswith("clock, web reach")
