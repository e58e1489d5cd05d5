"""A session with a mail server that ends at an instant, however slowly its replies come."""

from __future__ import annotations

import io
import smtplib
import socket
import time
from typing import Any

TIMEOUT = 10.0  # seconds for each piece of a reply


class Replies(io.RawIOBase):
    """What the server says until an instant (monotonic). Raises TimeoutError afterwards."""

    def __init__(self, connection: socket.socket, until: float) -> None:
        self._connection = connection
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(min(TIMEOUT, left))  # what we send next, and a handshake, go by it too
        return self._connection.recv_into(buffer)


class Session(smtplib.SMTP):
    """`until` is the monotonic instant after which nothing is read any more, and so nothing new is begun."""

    def __init__(self, host: str, port: int, *, until: float, **options: Any) -> None:
        self._until = until
        super().__init__(host, port, timeout=TIMEOUT, **options)

    def getreply(self) -> tuple[int, bytes]:
        """As smtplib does, which makes a file of its own unless there is one: at the beginning, and after STARTTLS."""
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(Replies(self.sock, self._until))
        return super().getreply()

    def leave(self) -> None:
        """Say good-bye. Whatever is answered, what was sent is sent."""
        try:
            self.quit()
        except (OSError, smtplib.SMTPException):
            self.close()


class TlsSession(Session, smtplib.SMTP_SSL):
    """Likewise, with TLS from the first byte."""
