"""Builds the image with buildah: no daemon, no registry, everything it keeps in one folder."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.proof.image import machine
from deploy.proof.image.report import Failed

ROOT = Path(__file__).resolve().parents[3]
OFFICIAL = "python:3.11-slim-bookworm"  # what the Dockerfile is built upon: a Debian with its Python stands in for it
CODENAME = "bookworm"
INCLUDED = "ca-certificates,python3,python3-venv"
TAG = "rqclock-proof"
RELEASE = "proof"
PIP = Path("/etc/pip.conf")
HOSTS = Path("/etc/hosts")
# None of these may be found in the image; they are laid into the folder that it is built from.
BAIT = (
    ".git/config",
    ".env",
    "services/.env",
    "workers/server.pem",
    "rqclock/var.sqlite3",
    "tests/bait.py",
    "bait.txt",
)


@dataclass(frozen=True)
class Image:
    """A built image: its configuration, its files, and those of its base."""

    root: Path
    base: Path
    config: dict[str, Any]
    id: str


class Builder:
    """Buildah with its storage in `kept`, which survives, and its state and logs in `fleeting`, which does not."""

    def __init__(self, kept: Path, fleeting: Path) -> None:
        self._fleeting = fleeting
        self._log = fleeting / "build.log"
        self._pip = machine.pip_configuration()
        self._volumes = sorted(set(machine.local_paths(self._pip)))
        driver = "overlay" if self._works("overlay", kept) else "vfs"
        self._start = self._command(driver, kept)
        self.end()  # what a run that was killed has left

    def base(self) -> str:
        """Make the stand-in unless this week's is there already."""
        sources = machine.debian_sources(CODENAME)
        facts = [Path(__file__).read_text(), time.strftime("%G-W%V"), *sources, *map(str, self._volumes)]
        key = hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]
        if self._label(OFFICIAL) == key:
            return f"{OFFICIAL} is kept from before (this week's; made anew after: rm -r var/image)"
        self._make_base(sources, key)
        return f"{OFFICIAL}, made of Debian {CODENAME} with its own Python"

    def build(self) -> Image:
        """The image of deploy/Dockerfile, as it stands in this folder. The second time it must come out the same."""
        context = self._fleeting / "context"
        if not context.exists():
            self._lay_out(context)
        (self._fleeting / "pip.conf").write_text(
            "[global]\n" + "".join(f"{name} = {value}\n" for name, value in self._pip.items())
        )
        mounts = [f"{self._fleeting / 'pip.conf'}:{PIP}:ro", *(f"{path}:{path}:ro" for path in self._volumes)]
        self._run(
            *("build", "--isolation", "chroot", "--pull-never", "--no-cache", "--timestamp", "1"),
            *(part for mount in mounts for part in ("--volume", mount)),
            *("--build-arg", f"RELEASE={RELEASE}", "--file", str(context / "deploy/Dockerfile"), "--tag", TAG),
            str(context),
        )
        facts = json.loads(self._run("inspect", "--type", "image", TAG))
        roots = {name: self._mount(name) for name in (TAG, OFFICIAL)}
        return Image(roots[TAG], roots[OFFICIAL], facts["OCIv1"]["config"], facts["FromImageID"])

    def end(self) -> None:
        """Unmount all, and keep nothing but the base."""
        self._run("rm", "--all")
        self._run("rmi", "--prune")

    def _make_base(self, sources: list[str], key: str) -> None:
        container = self._run("from", "scratch")
        root = self._run("mount", container)
        points = [PIP, HOSTS, *(path for path in self._volumes if path.is_file())]
        folders = [path for path in self._volumes if path.is_dir()]
        # Mount points of the build belong to the stand-in: a build leaves those that it has to make in the image.
        hooks = [f'mkdir -p "$1{path}"' for path in folders]
        hooks += [f'mkdir -p "$1{path.parent}" && touch "$1{path}"' for path in points]
        hooks.append('for name in python python3; do ln -s /usr/bin/python3 "$1/usr/local/bin/$name"; done')
        command = ["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={INCLUDED}"]
        command += [f"--customize-hook={hook}" for hook in hooks]
        self._do([*command, CODENAME, root, *sources])
        path = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
        settings = ("--env", f"PATH={path}", "--env", "LANG=C.UTF-8", "--label", f"proof={key}", "--cmd", "python3")
        self._run("config", *settings, container)
        self._run("commit", "--quiet", "--rm", container, OFFICIAL)

    def _lay_out(self, context: Path) -> None:
        """A copy of this folder, so that nothing changes during the build, with things in it that must stay out."""
        heavy = shutil.ignore_patterns("var", ".git", ".venv", ".mypy_cache", ".ruff_cache", ".hypothesis")
        shutil.copytree(ROOT, context, symlinks=True, ignore=heavy)
        for name in BAIT:
            (context / name).parent.mkdir(exist_ok=True)
            (context / name).write_text("this must not be in the image\n")

    def _mount(self, image: str) -> Path:
        return Path(self._run("mount", self._run("from", "--pull-never", image)))

    def _label(self, image: str) -> str:
        command = [*self._start, "inspect", "--type", "image", "--format", "{{.OCIv1.Config.Labels.proof}}", image]
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    def _run(self, *arguments: str) -> str:
        return self._do([*self._start, *arguments])

    def _do(self, command: list[str]) -> str:
        with self._log.open("a") as log:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
            log.write(done.stdout)
        if done.returncode:
            raise Failed(f"{command[0]} ended with {done.returncode}")
        return done.stdout.strip()

    def _works(self, driver: str, kept: Path) -> bool:
        return subprocess.run([*self._command(driver, kept), "info"], capture_output=True).returncode == 0

    def _command(self, driver: str, kept: Path) -> list[str]:
        places = ["--root", str(kept / driver), "--runroot", str(self._fleeting / f"run-{driver}")]
        return ["buildah", *places, "--storage-driver", driver]
