"""Secrets of the sample may be mounted as files; what cannot be read is told, and is not the default in silence."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from services import database, mail, seed
from services.environment import BadSetting, secret


@pytest.fixture
def mounted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that DATABASE_URL_FILE names."""
    path = tmp_path / "database_url"
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("DATABASE_URL_FILE", str(path))
    return path


def test_the_database_may_be_named_in_a_mounted_file(mounted: Path) -> None:
    mounted.write_text("postgres://u:p%40ss@db.example/app\n")
    address = database.url()
    assert (address.drivername, address.password, address.host) == ("postgresql+psycopg", "p@ss", "db.example")


def test_a_variable_that_stands_twice_is_refused(mounted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounted.write_text("sqlite://")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///elsewhere.db")
    with pytest.raises(BadSetting, match="DATABASE_URL is set, and DATABASE_URL_FILE too"):
        database.url()


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"", "is empty"), (b" \n", "is empty"), (b"\xff\xfe", "it is no text")],
)
def test_a_file_that_says_nothing_is_refused_and_not_the_default(
    mounted: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        mounted.write_bytes(content)
    with pytest.raises(BadSetting, match=f"DATABASE_URL_FILE: .*{said}"):
        database.url()


def test_the_release_command_tells_it_in_one_line(mounted: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert seed.main() == 2
    assert (
        capsys.readouterr().err
        == f"services.seed: DATABASE_URL_FILE: {mounted} cannot be read: No such file or directory\n"
    )


def test_what_is_not_set_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "DATABASE_URL_FILE"):
        monkeypatch.delenv(name, raising=False)
    assert secret("DATABASE_URL") == ""


def test_the_mail_server_may_be_named_in_a_mounted_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "smtp_url"
    file.write_text("http://no.mail.server\n")
    monkeypatch.delenv("SMTP_URL", raising=False)
    monkeypatch.setenv("SMTP_URL_FILE", str(file))
    with pytest.raises(ValueError, match="smtps://host:465"):
        mail.send(EmailMessage())
