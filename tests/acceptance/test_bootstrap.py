"""`bin/dev` and `bin/test` in a folder that is not ready: each obstacle is one line with its remedy."""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.support.processes import Launch

FILES = ("pyproject.toml", "requirements-dev.lock", "README.md", "LICENSE")
NEEDED = (
    "async-timeout=",
    "click=",
    "editables=",
    "hatchling=",
    "packaging=",
    "pathspec=",
    "pluggy=",
    "redis=",
    "tomlkit=",
    "trove-",
)
TOOLS = ("sh", "dirname", "uname", "cat")
AS_NOBODY = "import os, sys; os.setgroups([]); os.setgid(65534); os.setuid(65534); os.execv(sys.argv[1], sys.argv[1:])"
NO_NETWORK = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "0"}


@pytest.fixture
def clone() -> Iterator[Path]:
    """A copy of what bin/ needs, in a place that anybody may enter."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        shutil.copytree(ROOT / "bin", folder / "bin", ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "rqclock", folder / "rqclock", ignore=shutil.ignore_patterns("__pycache__"))
        for file in FILES:
            shutil.copy(ROOT / file, folder / file)
        yield folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A folder to be PATH, with the shell's own tools and no Python."""
    folder = tmp_path / "path"
    folder.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    return folder


def program(folder: Path, name: str, script: str) -> Path:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return file


def refusal(launch: Launch, clone: Path, **env: str) -> str:
    process = launch(clone / "bin" / "dev", cwd=clone, env=env)
    assert process.wait(300) == 2, process.output
    return process.output


@pytest.mark.parametrize("old", ["3.9", None])
def test_without_a_new_enough_python_one_line_says_what_to_install(
    launch: Launch, clone: Path, path: Path, old: str | None
) -> None:
    if old:
        program(path, "python3", f"echo old {old}")
    line = refusal(launch, clone, PATH=str(path))
    found = f" ({path}/python3 is 3.9)" if old else ""
    assert line.startswith(f"bin/dev: Python 3.11 or newer is needed{found}; ")
    assert line.count("\n") == 1


def test_without_ensurepip_one_line_names_the_package(launch: Launch, clone: Path, path: Path) -> None:
    program(path, "python3", 'case "$*" in *ensurepip*) echo "bare $0";; *) echo python3.11;; esac')
    line = refusal(launch, clone, PATH=str(path))
    assert line == (
        f"bin/dev: {path}/python3 cannot make environments (no ensurepip);"
        " on Debian and Ubuntu: apt-get install python3.11-venv\n"
    )


def test_an_old_python_and_a_broken_shim_are_passed_over_and_no_network_is_one_line(
    launch: Launch, clone: Path, path: Path
) -> None:
    program(path, "python3", "exit 127")
    program(path, "python3.13", "echo old 3.10")
    (path / "python3.12").symlink_to(getattr(sys, "_base_executable", sys.executable))
    output = refusal(launch, clone, PATH=str(path), **NO_NETWORK)
    *progress, line = output.splitlines()
    assert [words.split()[1] for words in progress] == ["made", "installing"]
    assert line.startswith("bin/dev: packages could not be fetched (")
    assert "pip config list" in line


def test_uv_is_asked_for_a_python_when_path_has_none(launch: Launch, clone: Path, path: Path) -> None:
    program(path, "uv", f'echo "$@" > {path}/asked; echo {getattr(sys, "_base_executable", sys.executable)}')
    output = refusal(launch, clone, PATH=str(path), **NO_NETWORK)
    assert "made .venv with Python" in output
    assert "--no-python-downloads" in (path / "asked").read_text()


def test_a_folder_that_cannot_be_written_to_is_one_line(launch: Launch, clone: Path) -> None:
    clone.chmod(0o555)
    command: list[str | Path] = [clone / "bin" / "dev"]
    if os.getuid() == 0:  # root may write anywhere
        command = [sys.executable, "-c", AS_NOBODY, *command]
    process = launch(*command, cwd=clone)
    assert process.wait() == 2, process.output
    assert process.output == (
        f"bin/dev: {clone.resolve()} cannot be written to (Permission denied); clone it into a folder of your own\n"
    )


def shorten(lock: Path) -> None:
    """Leave what `rqclock dev` cannot do without: fetching all packages four times would tell no more of bin/."""
    blocks = re.split(r"^(?=\w)", lock.read_text(), flags=re.MULTILINE)
    lock.write_text("".join(block for block in blocks if block.startswith(NEEDED)))


@pytest.mark.slow
def test_an_environment_is_made_once_mended_when_broken_and_made_anew_when_moved(launch: Launch, clone: Path) -> None:
    shorten(clone / "requirements-dev.lock")

    def dev(folder: Path) -> str:
        process = launch(folder / "bin" / "dev", "--no-such-option", cwd=folder)
        assert process.wait(600) == 2
        assert "No such option" in process.output, process.output
        return process.output

    assert "made .venv" in dev(clone)
    assert "bin/dev: " not in dev(clone), "nothing to do"
    shutil.rmtree(next((clone / ".venv" / "lib").glob("python*/site-packages/click")))
    assert "made .venv" in dev(clone)
    with (clone / "requirements-dev.lock").open("a") as lock:
        lock.write("# changed\n")
    assert "bringing .venv up to date" in dev(clone)
    moved = clone / "moved"
    moved.mkdir()
    for name in ("bin", "rqclock", ".venv", *FILES):
        shutil.move(clone / name, moved / name)
    assert "made .venv" in dev(moved)
