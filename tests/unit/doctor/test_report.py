"""What the doctor says is worst first, at most 100 columns wide, without passwords; and the exit codes."""

from __future__ import annotations

from rqclock.doctor import report
from rqclock.doctor.check import Check, failure, ok, unknown, warning

LONG = "this sentence is long enough to be wrapped somewhere " * 4
WARNING = warning("persistence", "none", why=LONG, remedy="do it")
LOSING = failure("maxmemory-policy", "allkeys-lru", why=LONG, remedy="do it")
HARMLESS = failure("connection", "slow", why="w", remedy="r", stops_deploy=False)
CHECKS = [ok("a", "fine"), unknown("b", "INFO is denied", remedy="look"), WARNING, LOSING]


def labels(checks: list[Check]) -> list[str]:
    lines = report.text(checks, "h:1/0").splitlines()[2:-2]
    return [line.split("  ")[0].strip() for line in lines if not line.startswith(" ")]


def test_the_worst_comes_first() -> None:
    assert labels(CHECKS) == ["FAILURE", "WARNING", "cannot tell b", "ok"]


def test_no_line_is_wider_than_100_columns_but_those_to_be_pasted() -> None:
    pasted = "clock.cron(…)" + "x" * 120
    checks = [*CHECKS, warning("c", LONG, why=LONG, remedy=LONG, paste=(pasted,))]
    lines = report.text(checks, "h:1/0").splitlines()
    assert [line.strip() for line in lines if len(line) > report.WIDTH] == [pasted]


def test_no_password_is_shown_in_text_or_json() -> None:
    checks = [failure("x", "redis://u:s3cret@h/0", why="rediss://:s3cret@h", remedy="r")]
    assert "s3cret" not in report.text(checks, "h")
    assert "s3cret" not in str(report.facts(checks, "h"))


def test_nothing_that_lies_in_redis_can_command_the_terminal() -> None:
    assert "\x1b" not in report.text([ok("quarantine", "reason \x1b[2J")], "h")


def test_exit_codes_are_0_1_2() -> None:
    assert report.exit_code(CHECKS) == 2
    assert report.exit_code([WARNING]) == 1
    assert report.exit_code([ok("a", "b"), unknown("b", "c", remedy="d")]) == 0


def test_before_a_deploy_only_what_loses_jobs_is_a_failure() -> None:
    def code(*checks: Check) -> int:
        return report.exit_code([check.before_deploy() for check in checks], before_deploy=True)

    assert code(WARNING, HARMLESS) == 0
    assert code(WARNING, LOSING) == 2


def test_json_has_the_same_fields_for_every_check() -> None:
    found = report.facts(CHECKS, "h:1/0")
    assert found["counts"] == {"failure": 1, "warning": 1, "cannot tell": 1, "ok": 1}
    names = ["name", "verdict", "what", "why", "remedy", "paste", "stops_deploy"]
    assert all(list(check) == names for check in found["checks"])
