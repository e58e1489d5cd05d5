"""Handing letters to a real SMTP conversation, on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_string
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from services import mail


class MailServer(ThreadingTCPServer):
    """Takes letters for everybody but `nobody@…`, and keeps them."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.letters: list[str] = []


class Conversation(StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        self.say("220 ready")
        for line in self.rfile:
            command = line.decode().strip()
            if command.upper() == "QUIT":
                return self.say("221 bye")
            if command.upper() == "DATA":
                self.say("354 go on")
                self.server.letters.append("".join(iter(lambda: self.rfile.readline().decode(), ".\r\n")))
            self.say("550 no such mailbox" if command.lower().startswith("rcpt to:<nobody@") else "250 fine")

    def say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    with MailServer() as made:
        Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{made.server_address[1]}")
        yield made
        made.shutdown()


def letter(to: str) -> EmailMessage:
    message = EmailMessage()
    message["Message-ID"] = "<A1-chase@deadlines.example>"
    message["From"], message["To"], message["Subject"] = "a@deadlines.example", to, "A1"
    message.set_content("Please answer.\n")
    return message


def test_a_letter_reaches_the_mail_server(server: MailServer) -> None:
    assert mail.send(letter("admissions@aire.example")) == "A1-chase@deadlines.example by 127.0.0.1"
    [received] = server.letters
    assert message_from_string(received)["Message-ID"] == "<A1-chase@deadlines.example>"


def test_an_address_that_the_server_refuses_is_told_apart_from_a_server_that_is_gone(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(mail.Refused, match="no such mailbox"):
        mail.send(letter("nobody@aire.example"))
    monkeypatch.setenv("SMTP_URL", "smtp://127.0.0.1:1")
    with pytest.raises(OSError):
        mail.send(letter("admissions@aire.example"))


def test_a_password_is_never_sent_to_a_server_without_encryption(
    server: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMTP_URL", f"smtp://name:secret@127.0.0.1:{server.server_address[1]}")
    with pytest.raises(OSError, match="STARTTLS"):
        mail.send(letter("admissions@aire.example"))
    assert server.letters == []
