"""Settings: one table, all errors at once, no secret printed."""

from __future__ import annotations

import os
from dataclasses import fields
from pathlib import Path

import pytest
from redis.sentinel import SentinelConnectionPool

from rqclock import Worker
from rqclock.connection import address, connect, connect_as_rq, explain
from rqclock.errors import ConfigurationError
from rqclock.settings import Settings, unknown

SECRET = "s3cr3t"


def problems(**environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        Settings.read(environ)
    return str(caught.value).splitlines()


def test_with_a_long_lease_a_clock_is_not_silent_between_two_beats() -> None:
    assert Settings.read({"RQCLOCK_SILENT_AFTER": "5", "RQCLOCK_LEASE": "60"}).silence == 120
    assert Settings.read({"RQCLOCK_SILENT_AFTER": "40", "RQCLOCK_LEASE": "2"}).silence == 40


def test_an_empty_environment_gives_settings_that_work_on_a_laptop() -> None:
    settings = Settings.read({})
    assert (settings.redis_url, settings.key_prefix, settings.file) == ("redis://127.0.0.1:6379/0", "rq", "clock.py")


def test_an_empty_variable_counts_as_unset() -> None:
    assert Settings.read({"REDIS_URL": "", "RQCLOCK_LEASE": ""}) == Settings.read({})


def test_variables_of_others_are_not_ours() -> None:
    assert Settings.read({"PATH": "/bin", "REDIS_HOST": "elsewhere"}) == Settings.read({})


def test_all_errors_are_told_at_once_each_with_its_variable() -> None:
    found = problems(REDIS_URL="http://x", RQ_KEY_PREFIX="a b", RQCLOCK_LEASE="soon", RQCLOCK_QUEUES=",")
    assert [line.split()[0] for line in found] == ["REDIS_URL", "RQ_KEY_PREFIX", "RQCLOCK_LEASE", "RQCLOCK_QUEUES"]


@pytest.mark.parametrize("lease", ["0.4", "61", "-1", "nan", "inf", "two"])
def test_a_lease_that_no_one_could_keep_is_refused(lease: str) -> None:
    assert problems(RQCLOCK_LEASE=lease)[0].startswith(f"RQCLOCK_LEASE '{lease}'")


@pytest.mark.parametrize(
    "url",
    [
        "localhost:6379",
        "http://localhost",
        "redis://",
        "redis://:6379",
        "redis://host:port",
        "redis://host:99999",
        "redis://[::1",
        "redis://a..b/0",
        "sentinel://a",
    ],
)
def test_an_address_that_is_none_of_redis_is_refused(url: str) -> None:
    assert len(problems(REDIS_URL=url)) == 1


@pytest.mark.parametrize(
    "url",
    [
        "redis://h",
        "rediss://user:p%40ss@h:6380/2?ssl_cert_reqs=none",
        "unix:///run/redis.sock?db=1",
        "redis://[::1]:6379/0",
    ],
)
def test_every_form_of_address_that_redis_knows_is_taken(url: str) -> None:
    assert Settings.read({"REDIS_URL": url}).redis_url == url


@pytest.mark.parametrize(
    "url",
    [
        f"http://:{SECRET}@h",
        f"redis://:{SECRET}#1@h:6379",
        f"redis://:{SECRET}/1@h:6379",
        f"redis://:{SECRET}?x@h",
        f"redis://u:{SECRET}@h:port",
        f"redis://:{SECRET}@[h",
        f"redis:{SECRET}",
    ],
)
def test_no_error_tells_the_password_of_an_address_that_cannot_be_read(url: str) -> None:
    assert SECRET not in "\n".join(problems(REDIS_URL=url))


def test_settings_printed_by_accident_do_not_tell_secrets() -> None:
    settings = Settings.read({"REDIS_URL": f"redis://:{SECRET}@h", "RQCLOCK_SECRET_KEY": SECRET})
    assert SECRET not in repr(settings)
    assert SECRET not in f"{settings}"


def test_the_shown_address_leaves_out_user_and_password() -> None:
    settings = Settings.read({"REDIS_URL": f"redis://user:{SECRET}@h:6380/2"})
    assert address(settings) == "h:6380/2"


def test_an_error_of_redis_is_one_line_without_the_password() -> None:
    import redis

    settings = Settings.read({"REDIS_URL": f"redis://user:{SECRET}@h:6380/2"})
    for error in (redis.AuthenticationError("invalid username-password pair"), redis.ConnectionError("refused\n")):
        line = str(explain(error, settings))
        assert SECRET not in line and "\n" not in line and "h:6380/2" in line


def test_what_redis_refuses_is_not_said_to_be_out_of_reach() -> None:
    import redis

    line = str(explain(redis.ResponseError("Invalid stream ID specified"), Settings()))
    assert line == "Redis at 127.0.0.1:6379/0 refused what it was asked for (Invalid stream ID specified)"
    assert "cannot be reached" in str(explain(redis.ConnectionError("refused"), Settings()))


def test_a_worker_that_code_makes_raises_where_rqs_command_would_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RQCLOCK_GRACE", "soon")
    with pytest.raises(ConfigurationError, match="RQCLOCK_GRACE 'soon' is not a number of seconds"):
        Worker(["default"], connection=connect(Settings(), "worker"))


def test_an_option_of_the_address_that_cannot_be_read_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        connect(Settings.read({"REDIS_URL": "redis://h/0?socket_timeout=soon"}), "clock")


def test_a_lost_reply_is_never_sent_again_by_the_client_library() -> None:
    connection = connect(Settings(), "clock")
    assert connection.get_connection_kwargs()["retry"]._retries == 0


def test_every_setting_says_its_variable_and_what_it_is_for() -> None:
    for setting in fields(Settings):
        assert setting.metadata["name"].isupper()
        assert setting.metadata["help"]


def test_what_kubernetes_says_of_a_service_called_like_us_is_no_mistyped_setting() -> None:
    links = {"PORT": "tcp://10.0.0.1:80", "SERVICE_HOST": "10.0.0.1", "SERVICE_PORT": "80", "SERVICE_PORT_HTTP": "80"}
    links |= {f"PORT_80_TCP{part}": "10.0.0.1" for part in ("", "_ADDR", "_PORT", "_PROTO")}
    for service in ("RQCLOCK_", "RQCLOCK_WEB_"):
        assert unknown({service + name: value for name, value in links.items()}) == []
    assert len(unknown({"RQCLOCK_HEALTH_PORT": "8080"})) == 1


def test_an_unknown_variable_that_looks_like_ours_is_told_with_the_nearest_name() -> None:
    assert unknown({"RQCLOCK_LEESE": "3", "PATH": "/bin", "RQCLOCK_LEASE": "2"}) == [
        'RQCLOCK_LEESE is no setting; did you mean "RQCLOCK_LEASE"?'
    ]


# --- secrets in files


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://:pass@h:6380/1\n")
    assert Settings.read({"REDIS_URL_FILE": str(tmp_path / "url")}).redis_url == "redis://:pass@h:6380/1"


def test_a_setting_that_is_no_secret_has_no_such_file(tmp_path: Path) -> None:
    (tmp_path / "prefix").write_text("other")
    assert Settings.read({"RQ_KEY_PREFIX_FILE": str(tmp_path / "prefix")}).key_prefix == "rq"
    assert unknown({"RQCLOCK_SERVICE_FILE": "x"})


@pytest.mark.parametrize(
    ("content", "said"), [(None, "No such file"), (b"", "empty"), (b"\xff\xfe", "UTF-8"), ("folder", "directory")]
)
def test_a_secret_whose_file_cannot_be_used_is_one_line_with_both_names(
    tmp_path: Path, content: bytes | str | None, said: str
) -> None:
    path = tmp_path / "key"
    if content == "folder":
        path.mkdir()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    [line] = problems(RQCLOCK_SECRET_KEY_FILE=str(path))
    assert line.startswith("RQCLOCK_SECRET_KEY ") and "RQCLOCK_SECRET_KEY_FILE" in line and said in line


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    [line] = problems(RQCLOCK_SECRET_KEY=SECRET, RQCLOCK_SECRET_KEY_FILE=str(tmp_path / "key"))
    assert "too" in line and SECRET not in line


# --- Sentinel and TLS


def test_an_address_of_sentinels_names_them_the_service_and_the_database() -> None:
    found = Settings.read({"REDIS_URL": "rediss+sentinel://user:p%40ss@s1,s2:26380/main/3"}).redis
    assert (found.hosts, found.service, found.database) == ((("s1", 26379), ("s2", 26380)), "main", 3)
    assert (found.username, found.password, found.tls) == ("user", "p@ss", True)
    assert found.shown == "s1:26379,s2:26380/main/3"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("redis+sentinel://s1,s2", "names no service"),
        ("redis+sentinel:///main", "names no host"),
        ("redis+sentinel://s1/main/three", "no number of a database"),
        ("redis+sentinel://s1/main/0?socket_timeout=1", "REDIS_ variables"),
        ("redis://h1,h2", "is not a URL"),
        ("redis://h/one", "no number of a database"),
    ],
)
def test_an_address_that_names_too_little_or_too_much_says_so(url: str, said: str) -> None:
    [line] = problems(REDIS_URL=url)
    assert said in line


def test_each_way_of_verifying_reaches_the_connection(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("PEM")
    given = {"REDIS_URL": "rediss://h", "REDIS_CA_FILE": str(authority)}
    full, chain, none = (
        connect(Settings.read(given | {"REDIS_VERIFY": word}), "clock").get_connection_kwargs()
        for word in ("full", "chain", "none")
    )
    assert full["ssl_ca_certs"] == str(authority) and "ssl_check_hostname" not in full
    assert chain["ssl_check_hostname"] is False and "ssl_cert_reqs" not in chain
    assert none["ssl_cert_reqs"] == "none"


def test_a_certificate_that_is_not_there_is_told_before_anything_connects() -> None:
    assert problems(REDIS_CA_FILE="/nowhere/ca.pem") == ["REDIS_CA_FILE '/nowhere/ca.pem' is no file that can be read"]


def test_a_stock_worker_gets_the_same_connection_from_our_rq_settings(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("PEM")
    tls = Settings.read({"REDIS_URL": "rediss://h/1", "REDIS_CA_FILE": str(authority), "REDIS_VERIFY": "chain"})
    options = connect_as_rq(tls).get_connection_kwargs()
    assert (options["host"], options["db"], options["ssl_ca_certs"]) == ("h", 1, str(authority))
    assert options["ssl_check_hostname"] is False


def test_a_stock_worker_asks_the_sentinels_too() -> None:
    settings = Settings.read({"REDIS_URL": "redis+sentinel://:pw@s1:1,s2:2/main/4", "REDIS_SENTINEL_PASSWORD": "sp"})
    pool = connect_as_rq(settings).connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    assert (pool.service_name, pool.connection_kwargs["db"], pool.connection_kwargs["password"]) == ("main", 4, "pw")
    asked = [sentinel.get_connection_kwargs() for sentinel in pool.sentinel_manager.sentinels]
    assert [options["password"] for options in asked] == ["sp", "sp"]
    assert [options["protocol"] for options in asked] == [2, 2]


@pytest.mark.parametrize("url", ["redis://h/1", "rediss://h?db=1", "unix:///h", "redis+sentinel://h/main/4"])
def test_protocol_name_and_patience_are_those_of_every_process(url: str) -> None:
    settings = Settings.read({"REDIS_URL": url, "REDIS_CONNECT_TIMEOUT": "7", "REDIS_TIMEOUT": "8"})
    shared = {"protocol": 2, "socket_connect_timeout": 7, "socket_timeout": 8, "client_name": "rqclock-worker"}
    for client in (connect(settings, "worker"), connect_as_rq(settings)):
        options = client.get_connection_kwargs()
        assert {name: options[name] for name in shared} == shared


def test_a_secret_comes_from_a_regular_file_of_one_line_and_from_nothing_else(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")  # that nobody writes to
    (tmp_path / "long").write_text("x" * 65_537)
    (tmp_path / "lines").write_text("one\ntwo\n")
    said = {
        name: problems(RQCLOCK_SECRET_KEY_FILE=str(path))[0]
        for name, path in {
            "pipe": tmp_path / "pipe",
            "device": Path("/dev/zero"),
            "long": tmp_path / "long",
            "lines": tmp_path / "lines",
        }.items()
    }
    assert "no regular file" in said["pipe"] and "no regular file" in said["device"]
    assert "longer than 64 KiB" in said["long"] and "several lines" in said["lines"]


@pytest.mark.parametrize("option", ["foo=1", "retry=5", "decode_responses=true", "ssl_cert_reqs=none"])
def test_an_option_that_no_process_could_use_is_refused_with_its_name(option: str) -> None:
    [line] = problems(REDIS_URL=f"redis://h/0?{option}")
    assert option.partition("=")[0] in line
