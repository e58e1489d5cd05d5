"""Running other people's programs for `bin/proof`, and saying what they are wanted for when they are not there."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"


class Failed(Exception):
    """What is wrong, in one line; the validator has said the rest."""


class Lacking(Exception):
    """Which program this machine lacks, and the command that adds it."""


def run(*command: str | Path, cwd: Path = ROOT, only: str = "") -> str:
    """Show the command and what it says (with `only`, the lines that hold one of its characters); its standard error is
    given back. Raises Failed when it does not end with 0."""
    words = [str(word) for word in command]
    print("$", shlex.join(word.replace(f"{ROOT}/", "") for word in words), flush=True)
    ended = subprocess.run(words, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    said = (ended.stdout + ended.stderr).splitlines()
    print(*(line.rstrip() for line in said if not only or set(only) & set(line)), sep="\n", flush=True)
    if ended.returncode:
        raise Failed(f"{Path(words[0]).name} ended with {ended.returncode}")
    return ended.stderr


def need(program: str, package: str) -> None:
    """Raises Lacking unless the program is there."""
    if shutil.which(program) is None:
        raise Lacking(f"no {program} here: apt-get install {package}")


def files(*patterns: str) -> list[Path]:
    """What is there. Raises Failed when nothing is."""
    found = sorted({path for pattern in patterns for path in ROOT.glob(pattern) if path.is_file()})
    if not found:
        raise Failed(f"nothing to check: {' '.join(patterns)}")
    return found
