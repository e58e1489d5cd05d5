"""The files of the image: nothing that does not belong there, nothing that its processes could change."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from deploy.proof.image.building import BAIT, Image
from deploy.proof.image.report import expect

OURS = ("app", "venv")
DATA = "app/var"
# The user that the Dockerfile adds is written into these.
ACCOUNTS = {
    f"etc/{name}{end}" for name in ("group", "gshadow", "passwd", "shadow", "subuid", "subgid") for end in ("", "-")
}
UNWANTED = {".git", ".env", ".github", "Dockerfile", "tests", "deploy", "bench", "docs", "pip", "pip3", "hatchling"}
LEAVINGS = {"root/.cache", "app/.cache", "src", "build", "wheels", "var/cache/pip"}
WORLD = stat.S_IWOTH | stat.S_ISVTX


def check(image: Image) -> str:
    """What was seen. Raises Failed at the first file that should not be there, or not so."""
    user = int(str(image.config["User"]).partition(":")[0])
    found, base = dict(_files(image.root)), dict(_files(image.base))
    added = {path: facts for path, facts in found.items() if path not in base}
    strangers = [path for path in added if path.split("/")[0] not in OURS and path not in ACCOUNTS]
    expect(not strangers, f"outside of /app and /venv there are {strangers[:5]}")
    odd = [path for path in added if is_unwanted(path)]
    expect(not odd, f"in the image and should not be: {odd[:5]}")
    owned = [path for path, facts in added.items() if (facts.st_uid or facts.st_gid) and path not in ACCOUNTS]
    expect(owned == [DATA], f"not root's: {owned[:5]}")
    writable = sorted(path for path, facts in found.items() if _may_write(facts, user))
    expect(DATA in writable, f"{user} cannot write to /{DATA}")
    expect(not [path for path in writable if path in added and path != DATA], f"{user} may write to {writable}")
    free = [path for path in writable if path in base and found[path].st_mode & WORLD != WORLD]
    expect(not free, f"everybody may write to {free}")
    rights = [path for path, facts in added.items() if stat.S_ISREG(facts.st_mode) and facts.st_mode & 0o6000]
    expect(not rights, f"with the rights of another user: {rights}")
    size = sum(facts.st_size for facts in added.values()) / 2**20
    return f"{len(added)} over the base, {size:.0f} MiB, all root's; {user} may write to /{', /'.join(writable)} alone"


def _files(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    for folder, folders, names in os.walk(root):
        for name in folders + names:
            path = os.path.join(folder, name)
            yield os.path.relpath(path, root), os.lstat(path)


def is_unwanted(path: str) -> bool:
    parts = path.split("/")
    ours = parts[0] == "app" or "rqclock" in parts or path.startswith("venv/bin/")
    bait = {name.rpartition("/")[2] for name in BAIT}
    if path in LEAVINGS or (parts[-1] in bait and ours):
        return True
    # Other people's packages may well have a folder of that name; there only what stands at the top counts.
    at_top = len(parts) == 5 and parts[3] == "site-packages"
    return bool(UNWANTED & set(parts)) if ours else at_top and parts[-1] in UNWANTED


def _may_write(facts: os.stat_result, user: int) -> bool:
    if not (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)):
        return False  # a link's own rights mean nothing, and /dev is the runtime's
    owner = facts.st_uid == user and facts.st_mode & stat.S_IWUSR
    group = facts.st_gid == user and facts.st_mode & stat.S_IWGRP
    return bool(owner or group or facts.st_mode & stat.S_IWOTH)
