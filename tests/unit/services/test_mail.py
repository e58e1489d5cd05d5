"""One e-mail, one file: however often it is written."""

from __future__ import annotations

from email.message import EmailMessage
from pathlib import Path

import pytest

from services import mail


@pytest.fixture(autouse=True)
def outbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / mail.OUTBOX


def letter(identity: str) -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = f"<{identity}@deadlines.example>"
    message.set_content("Please answer.")
    return message


def test_the_same_letter_sent_twice_is_one_file(outbox: Path) -> None:
    assert mail.send(letter("A1-chase")) == mail.send(letter("A1-chase")) == "var/outbox/A1-chase.eml"
    assert [path.name for path in outbox.iterdir()] == ["A1-chase.eml"]


@pytest.mark.parametrize("address", ["mail.example:25", "http://mail.example", "smtp://"])
def test_an_address_that_is_no_mail_server_is_refused_with_the_right_form(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_URL", address)
    with pytest.raises(ValueError, match="smtp://name:password@host:587"):
        mail.send(letter("A1-chase"))
