"""What a restricted user may not do is told; what it may not ask is no crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import redis as redis_py

from tests.integration.doctor.conftest import Doctor
from tests.support.server import Server

User = Callable[..., str]


@pytest.fixture
def user(redis: redis_py.Redis, redis_server: Server) -> Iterator[User]:
    """`user("-info")` is the URL of a user with all rights but those."""

    def make(*rules: str, keys: str = "~rq:*", channels: str = "&rq:*") -> str:
        everything = ("reset", "on", ">pw", keys, "resetchannels", channels, "+@all")
        redis.execute_command("ACL", "SETUSER", "app", *everything, *rules)
        return f"redis://app:pw@127.0.0.1:{redis_server.port}/0"

    yield make
    redis.execute_command("ACL", "DELUSER", "app")


def test_info_and_config_denied_is_cannot_tell_and_where_to_look(doctor: Doctor, user: User) -> None:
    found = doctor(url=user("-info", "-config"), before_deploy=True, RQCLOCK_SECRET_KEY="for tests")
    untold = {check.name: check for check in found if check.verdict == "cannot tell"}
    assert set(untold) == {"queues", "version", "connections", "maxmemory-policy", "memory", "evictions", "persistence"}
    assert all(check.remedy for check in untold.values())
    assert not [check for check in found if check.verdict == "failure"]


def test_what_was_tried_tells_role_and_mode_where_info_is_denied(doctor: Doctor, user: User) -> None:
    found = doctor(url=user("-info"))
    assert found.of("role") == [("ok", "it takes writes (INFO is denied)")]
    assert found.of("standalone")[0][0] == "ok"


def test_a_command_that_is_denied_is_named_with_the_line_that_allows_it(doctor: Doctor, user: User) -> None:
    check = doctor(url=user("-lmove", "-evalsha"), before_deploy=True).one("commands", "failure")
    assert check.what == "user app may not send LMOVE, EVALSHA"
    assert check.remedy == "ACL SETUSER app +lmove +evalsha"


def test_that_line_is_right(doctor: Doctor, user: User, redis: redis_py.Redis) -> None:
    url = user("-lmove", "-copy", "-publish", "-script|load")
    redis.script_flush()  # that the script is not there for EVALSHA comes of the refused LOAD: no failure of its own
    line = doctor(url=url).one("commands", "failure").remedy
    redis.execute_command(*line.split())
    assert doctor(url=url).of("commands")[0][0] == "ok"


def test_keys_and_channels_beyond_its_rights_are_told_with_the_prefix(doctor: Doctor, user: User) -> None:
    check = doctor(url=user(keys="~other:*", channels="&other:*")).one("commands", "failure")
    assert check.remedy == "ACL SETUSER app ~rq:* &rq:*"


def test_a_user_who_may_not_even_name_itself_is_told_so(doctor: Doctor, user: User) -> None:
    check = doctor(url=user("-@connection", "+auth")).one("authentication", "failure")
    assert check.remedy == "ACL SETUSER app +@connection"


def test_what_was_tried_leaves_nothing_behind(doctor: Doctor, redis: redis_py.Redis) -> None:
    doctor()
    assert redis.dbsize() == 0


def test_everything_is_tried_under_the_prefix(doctor: Doctor, user: User) -> None:
    found = doctor(url=user(keys="~mine:*", channels="&mine:*"), RQ_KEY_PREFIX="mine", before_deploy=True)
    assert found.of("commands")[0][0] == "ok"
