"""Where alerts arrive in tests: a real HTTP endpoint, a real SMTP server, and addresses that answer badly."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.ports import any_free


@dataclass(frozen=True)
class Call:
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def notice(self) -> Any:
        return json.loads(self.body)


class Endpoint:
    """Answers every request with `status`, a redirect with `location`; `calls` came so far."""

    def __init__(self) -> None:
        self.status = 200
        self.location = ""
        self.calls: list[Call] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def notices(self, event: str = "alert") -> list[Any]:
        """What was posted of that event."""
        posted = [call.notice for call in list(self.calls) if call.method == "POST"]
        return [notice for notice in posted if notice["event"] == event]

    def paths(self) -> list[str]:
        """What was asked for with GET."""
        return [call.path for call in list(self.calls) if call.method == "GET"]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                endpoint.calls.append(Call(self.command, self.path, dict(self.headers), body))
                self.send_response(endpoint.status)
                if endpoint.location:
                    self.send_header("Location", endpoint.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            do_POST = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                """Nobody reads it."""

        return Handler


class Mailbox:
    """An SMTP server; `messages` came so far. With `password` it wants a user to sign in with it, over TLS."""

    def __init__(self, *, password: str = "", tls: ssl.SSLContext | None = None, at_once: bool = False) -> None:
        self.messages: list[EmailMessage] = []
        self.users: list[str] = []
        self.refused: list[str] = []
        self._password = password
        options: dict[str, Any] = {}
        if password:
            options = {"auth_required": True, "authenticator": self._check, "auth_require_tls": not at_once}
        if tls is not None and not at_once:
            options |= {"tls_context": tls, "require_starttls": True}
        self._controller = Controller(
            self,
            hostname="127.0.0.1",
            port=any_free(),
            ssl_context=tls if at_once else None,
            ready_timeout=60,
            **options,
        )
        self._controller.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._controller.port}"

    @property
    def url(self) -> str:
        return f"smtp://{self.address}"

    def titled(self, words: str) -> list[EmailMessage]:
        """Those whose subject holds these words."""
        return [message for message in list(self.messages) if words in str(message["Subject"])]

    def close(self) -> None:
        self._controller.stop()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.messages.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"

    def _check(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.users.append(data.login.decode())
        return AuthResult(success=data.password.decode() == self._password, handled=False)


class Dripping:
    """A mail server that answers well until it hears the word `at` ("" for its greeting, "." for the end of an e-mail),
    and from there says a letter now and then, without end. `taken` are the e-mails to which it has said yes;
    `hung_up` is set when the other side has left."""

    REPLIES: Mapping[str, bytes] = {
        "EHLO": b"250-here\r\n250 AUTH PLAIN\r\n",
        "AUTH": b"235 welcome\r\n",
        "DATA": b"354 go on\r\n",
    }
    BETWEEN = 0.02  # seconds

    def __init__(self, at: str, tls: ssl.SSLContext | None = None) -> None:
        self.taken: list[bytes] = []
        self.hung_up = threading.Event()
        self._at, self._tls = at, tls
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def url(self) -> str:
        return f"smtps://clock:hunter2@{self.address}" if self._tls else f"smtp://{self.address}"

    def close(self) -> None:
        self._server.close()

    def _listen(self) -> None:
        with suppress(OSError):  # closed
            while True:
                accepted, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(accepted,), daemon=True).start()

    def _serve(self, accepted: socket.socket) -> None:
        with suppress(OSError), accepted:
            self._talk(self._tls.wrap_socket(accepted, server_side=True) if self._tls else accepted)
        self.hung_up.set()

    def _talk(self, connection: socket.socket) -> None:
        self._say(connection, "", b"220 here\r\n")
        lines = connection.makefile("rb")
        for line in lines:
            word = line[:4].decode().strip().upper()
            self._say(connection, word, self.REPLIES.get(word, b"250 OK\r\n"))
            if word == "DATA":
                email = b"".join(iter(lines.readline, b".\r\n"))
                self._say(connection, ".", b"250 OK\r\n")
                self.taken.append(email)

    def _say(self, connection: socket.socket, word: str, reply: bytes) -> None:
        if word != self._at:
            connection.sendall(reply)
            return
        while not self.hung_up.wait(self.BETWEEN):
            connection.sendall(b"2")


@contextmanager
def black_hole() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]
