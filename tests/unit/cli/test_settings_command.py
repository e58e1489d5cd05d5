"""`rqclock settings`: the table, the values in force, and the example file."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rqclock.cli.settings import OF_GUNICORN, settings_
from rqclock.settings import Settings

ROOT = Path(__file__).parents[3]
SECRETS = [setting.metadata["name"] for setting in fields(Settings) if setting.metadata["secret"]]
VALID = {"SMTP_URL": "smtp://n:TOPSECRET@h", "RQCLOCK_PING_URL": "https://h/TOPSECRET/{schedule}"}
VALID |= {"REDIS_URL": "redis://:TOPSECRET@h:6380/2"} | {
    name: "https://TOPSECRET@h" for name in ("SENTRY_DSN", "RQCLOCK_ALERT_WEBHOOK")
}


def run(*arguments: str, **environ: str) -> Result:
    return CliRunner().invoke(settings_, arguments, env=environ)


def test_every_setting_is_shown_with_its_value_in_force() -> None:
    rows = json.loads(run("--json", RQCLOCK_LEASE="3.5", RQCLOCK_ADMINS="a@b.c,d@e.f").stdout)
    values = {row["name"]: row["value"] for row in rows}
    assert set(values) == {setting.metadata["name"] for setting in fields(Settings)}
    assert (values["RQCLOCK_LEASE"], values["RQCLOCK_ADMINS"], values["RQCLOCK_GRACE"]) == ("3.5", "a@b.c,d@e.f", "25")


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_no_secret_is_shown_only_whether_it_is_set(form: list[str]) -> None:
    shown = run(*form, **{name: VALID.get(name, "TOPSECRET") for name in SECRETS}).output
    assert "TOPSECRET" not in shown
    assert shown.count("(set)") == len(SECRETS) - 1
    assert "redis://[masked]@h:6380/2" in shown


def test_a_typing_error_in_a_name_is_a_warning() -> None:
    found = run(RQCLOCK_GRASE="3")
    assert 'RQCLOCK_GRASE is no setting; did you mean "RQCLOCK_GRACE"?' in found.stderr


def given(lines: list[str]) -> list[str]:
    """The names that stand in those lines of an example file."""
    return [line[1:].partition("=")[0] for line in lines if "=" in line and not line.startswith("# ")]


def test_the_example_file_of_the_repository_is_the_tables_and_then_the_samples_own() -> None:
    generated, example = run("--example").stdout, (ROOT / ".env.example").read_text()
    assert example.startswith(generated), "rqclock settings --example makes all of it but the last block"
    code = "".join(path.read_text() for path in sorted((ROOT / "services").glob("*.py")))
    read = set(re.findall(r'(?:secret|environ\.get)\("([A-Z_]+)"', code))
    names = {setting.metadata["name"] for setting in fields(Settings)}
    assert set(given(example.removeprefix(generated).splitlines())) == read - names


def test_the_example_file_sets_nothing_and_gives_every_name_once() -> None:
    lines = run("--example").stdout.splitlines()
    assert all(line.startswith("#") or not line for line in lines)
    assert given(lines) == [*(setting.metadata["name"] for setting in fields(Settings)), *OF_GUNICORN]
