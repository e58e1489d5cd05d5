"""Redis that speaks TLS alone, and what each setting makes of its certificate."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.platform.conftest import Sail, Serve
from tests.support.certificates import Authority
from tests.support.fleet import PATIENCE, Fleet
from tests.support.sentinel import PASSWORD

pytestmark = pytest.mark.needs("redis-server")
ELSEWHERE = ("redis.example.org",)


def is_refused(fleet: Fleet, *words: str) -> None:
    """Clock, workers and command end with 2 and one line that has these words, and not the password."""
    for process in (fleet.clock(), fleet.worker(), fleet.stock(), fleet.command("status")):
        assert process.wait(PATIENCE) == 2, process.output
        assert len(process.output.splitlines()) == 1, process.output
        assert not [word for word in words if word not in process.output], process.output
        assert PASSWORD not in process.output


def mounted(folder: Path, url: str) -> dict[str, str]:
    """The URL as a platform mounts a secret."""
    file = folder / "redis-url"
    file.write_text(f"{url}\n")
    return {"REDIS_URL_FILE": str(file)}


def test_all_processes_work_over_tls_with_a_password_in_a_file(
    serve: Serve, sail: Sail, authority: Authority, tmp_path: Path
) -> None:
    server = serve(authority=authority)
    fleet = sail("", REDIS_CA_FILE=str(authority.file), **mounted(tmp_path, server.url))
    fleet.works()
    assert PASSWORD not in fleet.said()


def test_a_certificate_for_another_name_is_refused_and_taken_with_its_chain_alone(
    serve: Serve, sail: Sail, authority: Authority
) -> None:
    server = serve(authority=authority, names=ELSEWHERE)
    trust = {"REDIS_CA_FILE": str(authority.file)}
    is_refused(sail(server.url, **trust), "not valid for '127.0.0.1'", "REDIS_VERIFY=chain")
    sail(server.url, REDIS_VERIFY="chain", **trust).works_in_short()


def test_an_unknown_signer_is_refused_and_taken_where_nothing_is_verified(
    serve: Serve, sail: Sail, authority: Authority
) -> None:
    server = serve(authority=authority, names=ELSEWHERE)
    is_refused(sail(server.url), "is not accepted", "REDIS_CA_FILE")
    is_refused(sail(server.url, REDIS_VERIFY="chain"), "is not accepted", "REDIS_CA_FILE")
    sail(server.url, REDIS_VERIFY="none").works_in_short()


def test_a_server_that_wants_our_certificate_gets_it_and_its_absence_is_told(
    serve: Serve, sail: Sail, authority: Authority
) -> None:
    server = serve(authority=authority, arguments=("--tls-auth-clients", "yes"))
    trust = {"REDIS_CA_FILE": str(authority.file)}
    clock = sail(server.url, **trust).clock()
    assert clock.wait(PATIENCE) == 2 and "set REDIS_CERT_FILE and REDIS_KEY_FILE" in clock.output, clock.output
    certificate, key = authority.certificate("our.service")
    sail(server.url, REDIS_CERT_FILE=str(certificate), REDIS_KEY_FILE=str(key), **trust).works_in_short()
