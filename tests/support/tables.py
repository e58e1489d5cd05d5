"""The tables of the documentation, so that tests can hold them to what the code does."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"\| `(.*?)` \| (.*) \|")


def cells(heading: str, page: str = "rqclock/README.md") -> list[tuple[str, str]]:
    """The rows below a heading whose first cell is code: that code, and all that follows it."""
    section = re.split(r"\n#+ ", (ROOT / page).read_text(encoding="utf-8").split(f"# {heading}\n")[1])[0]
    return [(match[1], match[2]) for line in section.splitlines() if (match := ROW.fullmatch(line))]
