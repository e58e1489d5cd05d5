"""Settings: one table, all errors at once, no secret printed."""

from __future__ import annotations

from dataclasses import fields

import pytest

from rqclock.connection import address, connect, explain
from rqclock.errors import ConfigurationError
from rqclock.settings import Settings

SECRET = "s3cr3t"


def problems(**environ: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        Settings.read(environ)
    return str(caught.value).splitlines()


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
