"""Eight Redis servers and what the doctor says of each, wholly, as in the file of that name in `transcripts/`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.acceptance.doctor.certificates import tls_port
from tests.acceptance.doctor.conftest import Doctor
from tests.support.certificates import Authority
from tests.support.lab import Lab
from tests.support.ports import any_free
from tests.support.processes import Launch
from tests.support.waiting import until

WORKER = ("rq", "worker", "-c", "rqclock.rq_settings", "-w", "rqclock.Worker", "-j", "rqclock.Job")
SECRET = "correct-horse"
WEB = {
    "RQCLOCK_SECRET_KEY": "5f0c1a" * 8,
    "RQCLOCK_OIDC_ISSUER": "https://login.example.org",
    "RQCLOCK_OIDC_CLIENT_ID": "clock",
}


def test_a_healthy_server_with_a_clock_and_a_worker_is_told_to_be_well(
    doctor: Doctor, lab: Lab, folder: Path, launch: Launch
) -> None:
    server = lab.server(append_only=True, arguments=("--maxmemory", "100mb"))
    env = {"REDIS_URL": server.url}
    launch(sys.executable, "clock.py", cwd=folder, env=env).wait_for("leading (epoch", 60)
    launch(*WORKER, cwd=folder, env=env).wait_for("Listening on", 60)
    found = doctor(server.url, **WEB)
    found.must_be("healthy")
    assert found.code == 0


def test_a_wrong_password_is_told_without_showing_it(doctor: Doctor, lab: Lab) -> None:
    server = lab.server()
    lab.client(server).config_set("requirepass", SECRET)
    found = doctor(f"redis://:not-{SECRET}@127.0.0.1:{server.port}/0")
    found.must_be("wrong-password")
    assert found.code == 2
    assert SECRET not in found.output


def test_an_evicting_policy_is_told_to_lose_jobs(doctor: Doctor, lab: Lab) -> None:
    server = lab.server(append_only=True, arguments=("--maxmemory", "100mb"))
    lab.client(server).config_set("maxmemory-policy", "allkeys-lru")
    found = doctor(server.url)
    found.must_be("evicting-policy")
    assert found.code == 2


@pytest.mark.needs("redis-server")
def test_cluster_mode_is_refused_with_the_reason(doctor: Doctor, lab: Lab) -> None:
    bus = str(any_free())  # by default 10,000 above the server's port, where there may be no port any more
    arguments = ("--cluster-enabled", "yes", "--cluster-port", bus)
    server = lab.server(program="redis-server", append_only=True, arguments=arguments)
    client = lab.client(server)
    client.execute_command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
    until(lambda: b"cluster_state:ok" in client.execute_command("CLUSTER", "INFO", NEVER_DECODE=True), 30)
    found = doctor(server.url)
    found.must_be("cluster-mode")
    assert found.code == 2


@pytest.mark.needs("redis-server")
def test_an_authority_that_nobody_knows_is_told_with_the_variable_that_names_it(
    doctor: Doctor, lab: Lab, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    port = tls_port(lab, authority)
    found = doctor(f"rediss://127.0.0.1:{port}/0")
    found.must_be("unknown-authority")
    assert found.code == 2
    assert doctor(f"rediss://127.0.0.1:{port}/0", "--before-deploy", REDIS_CA_FILE=str(authority.file)).code == 0


@pytest.mark.needs("redis-server")
def test_a_read_only_replica_is_told_with_its_master(doctor: Doctor, lab: Lab) -> None:
    master, replica = (lab.server(program="redis-server", append_only=True) for _ in range(2))
    client = lab.client(replica)
    client.replicaof("127.0.0.1", str(master.port))
    until(lambda: client.info("replication")["master_link_status"] == "up", 60)
    found = doctor(replica.url)
    found.must_be("replica")
    assert found.code == 2


def test_a_server_that_answers_in_two_seconds_is_told_with_the_figure(doctor: Doctor, lab: Lab) -> None:
    server = lab.server(append_only=True, arguments=("--maxmemory", "100mb"))
    proxy = lab.proxy(server.port)
    proxy.delay = 1.05  # each way
    found = doctor(proxy.url, REDIS_TIMEOUT="15")
    found.must_be("slow")
    assert found.code == 2


def test_nothing_listening_is_told(doctor: Doctor) -> None:
    found = doctor(f"redis://app:{SECRET}@127.0.0.1:{any_free()}/0")
    found.must_be("nothing-listens")
    assert found.code == 2
    assert SECRET not in found.output
