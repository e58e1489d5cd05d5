"""What a doctor said, and whether it is what a file beside the test says, with figures that differ as placeholders."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).with_name("transcripts")
FIGURES = {
    "port": r"\d{5}",
    "version": r"\d[\w.]*",
    "size": r"[\d.]+ (?:B|KiB|MiB|GiB|TiB)",
    "share": r"\d+%",
    "number": r"\d+",
    "host": r"\S+",
    "time": r"(?:under 1 ms|\d+ ms|\d+\.\d s)",
    "source": r"\([^)]*\)",
}


@dataclass(frozen=True)
class Transcript:
    """Exit code and output, standard error included."""

    code: int
    output: str

    def must_be(self, name: str) -> None:
        """Fail, with the difference, unless it is that of `transcripts/NAME.txt`, every line of it."""
        expected = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        said = self.output.splitlines()
        pattern = [re.compile(_pattern(line)) for line in expected]
        agrees = len(said) == len(expected) and all(p.fullmatch(line) for p, line in zip(pattern, said, strict=True))
        assert agrees, "\n".join(difflib.unified_diff(expected, said, f"{name}.txt", "said", lineterm="", n=99))


def _pattern(line: str) -> str:
    """
    >>> _pattern("127.0.0.1:{port}/0")
    '127\\\\.0\\\\.0\\\\.1:\\\\d{5}/0'
    """
    parts = re.split(r"\{(\w+)\}", line)
    return "".join(FIGURES[part] if n % 2 else re.escape(part) for n, part in enumerate(parts))
