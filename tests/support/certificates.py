"""An authority of the tests' own, and the certificates that it signs."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from pathlib import Path

import trustme


class Authority:
    """Writes PEM files into `folder`; `file` holds its own certificate, by which others trust it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "authority.pem"
        self._folder = folder
        self._numbers = count(1)
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(str(self.file))

    def certificate(self, *names: str, until: datetime | None = None) -> tuple[Path, Path]:
        """A certificate for these host names and addresses, and its key; `until`: when it expires."""
        made, number = self._authority.issue_cert(*names, not_after=until), next(self._numbers)
        certfile, keyfile = self._folder / f"certificate-{number}.pem", self._folder / f"key-{number}.pem"
        certfile.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
        made.private_key_pem.write_to_path(str(keyfile))
        return certfile, keyfile
