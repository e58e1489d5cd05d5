"""What `bin/bootstrap.py` refuses before it installs anything."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

BOOTSTRAP = Path(__file__).resolve().parents[3] / "bin" / "bootstrap.py"


@pytest.fixture(scope="module")
def bootstrap() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", BOOTSTRAP)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("system", "machine", "libc"),
    [
        ("linux", "x86_64", "2.36"),
        ("linux", "aarch64", "2.28"),
        ("darwin", "arm64", ""),
        ("darwin", "x86_64", ""),
    ],
)
def test_a_platform_with_a_valkey_wheel_is_taken(bootstrap: ModuleType, system: str, machine: str, libc: str) -> None:
    bootstrap.check_platform(system, machine=machine, libc=libc)


@pytest.mark.parametrize(
    ("system", "machine", "libc", "reason"),
    [
        ("linux", "x86_64", "", "Alpine"),
        ("linux", "x86_64", "2.27", "glibc 2.28"),
        ("linux", "armv7l", "2.36", "armv7l"),
        ("win32", "AMD64", "", "win32"),
        ("cygwin", "x86_64", "", "cygwin"),
    ],
)
def test_a_platform_without_one_is_sent_to_docker(
    bootstrap: ModuleType, system: str, machine: str, libc: str, reason: str
) -> None:
    with pytest.raises(bootstrap.Refusal) as refused:
        bootstrap.check_platform(system, machine=machine, libc=libc)
    assert reason in str(refused.value)
    assert str(refused.value).endswith("use docker compose up")


def test_of_pips_output_the_last_error_is_shown(bootstrap: ModuleType) -> None:
    output = "Collecting a\nERROR: first\nERROR: No matching distribution found for a==1\nhint: look elsewhere\n"
    assert bootstrap.last_line(output) == "No matching distribution found for a==1"
    assert bootstrap.last_line("Killed\n\n") == "Killed"
    assert bootstrap.last_line("") == "no word of why"
