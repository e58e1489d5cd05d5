"""`bin/proof image`: builds the image and runs clock, worker and web from it, as a container runtime would.

No daemon and no registry is needed. Everything happens in namespaces of its own, so that every process and every mount
ends with it, whatever ends it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from types import FrameType

from deploy.proof.image import machine
from deploy.proof.image.building import ROOT, Builder
from deploy.proof.image.report import Failed, print_ends
from deploy.proof.image.story import Story

KEPT = ROOT / "var" / "image"
FLEETING = KEPT / "now"  # removed at the end
INSIDE, TWICE = "--inside", "--twice"
USAGE = "usage: bin/proof image [--twice]      twice: build it again, and see that it comes out the same"


def main(arguments: list[str]) -> int:
    """The exit code: 0 proven, or left out for what this machine lacks (in CI that is a failure); 1 not proven."""
    if arguments[:1] == [INSIDE]:
        return inside(twice=TWICE in arguments)
    if set(arguments) - {TWICE}:
        print(USAGE, file=sys.stderr)
        return 2
    lack = machine.lacks()
    if lack:
        print(f"skipped  the image: {lack}")
        return int(os.environ.get("CI") == "true")
    return in_namespaces(arguments)


def in_namespaces(arguments: list[str]) -> int:
    """Run the proof where nothing outlives it: neither its end, nor Ctrl-C, nor kill -9 of this process."""
    KEPT.mkdir(parents=True, exist_ok=True)
    lock = os.open(KEPT, os.O_RDONLY)  # until this process ends
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"bin/proof image: another one runs in {KEPT}", file=sys.stderr)
        return 2
    shutil.rmtree(FLEETING, ignore_errors=True)  # of one that was killed
    FLEETING.mkdir()
    again = [sys.executable, "-m", "deploy.proof.image", INSIDE, *arguments]
    spaces = ["unshare", "--mount", "--pid", "--ipc", "--fork", "--kill-child=KILL", "--mount-proc"]
    started = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *spaces, *again], cwd=ROOT, start_new_session=True)

    def end(number: int, frame: FrameType | None) -> None:
        print("bin/proof image: stopped, and all that it had started", file=sys.stderr)
        started.kill()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    code = started.wait()
    shutil.rmtree(FLEETING)
    return code if code >= 0 else 130


def inside(*, twice: bool) -> int:
    """The proof itself."""
    began = time.monotonic()
    logs = FLEETING / "logs"
    try:
        builder = Builder(KEPT / "store", FLEETING)
        try:
            Story(FLEETING, builder).tell(twice=twice)
        finally:
            builder.end()
    except (Failed, OSError, subprocess.SubprocessError) as error:
        print_ends(logs if logs.exists() else FLEETING)  # before there are any, it is the build's
        print(f"bin/proof image: {error}")
        return 1
    print(f"The image is proven, in {time.monotonic() - began:.0f} s.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
