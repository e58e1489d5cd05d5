"""What `bin/proof image` believes of this machine, and what it refuses in an image. The proof itself needs root."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.proof.image import files, machine
from deploy.proof.image.building import BAIT, Image
from deploy.proof.image.container import Container, Host
from deploy.proof.image.report import Failed

PACKAGES = "venv/lib/python3.11/site-packages"


@pytest.fixture
def container(tmp_path: Path) -> Container:
    image = Image(root=tmp_path, base=tmp_path, config={}, id="")
    return Container(Host(image, data=tmp_path, logs=tmp_path, env={}), "web", ["gunicorn"])


def test_pip_is_told_in_the_build_what_it_is_told_here_and_variables_win_over_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://file.example/simple\nretries = 7\n[install]\nretries = 8\nuser = yes\n"
    )
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.example/simple")
    told = machine.pip_configuration()
    assert (told["index-url"], told["retries"]) == ("https://variable.example/simple", "8")
    assert "user" not in told, "where pip puts things is the Dockerfile's business"


def test_folders_of_this_machine_that_pip_is_told_of_are_mounted_and_addresses_are_not(tmp_path: Path) -> None:
    wheels, index = tmp_path / "wheels", tmp_path / "index" / "simple"
    wheels.mkdir()
    index.mkdir(parents=True)
    told = {
        "find-links": f"{wheels} {tmp_path / 'missing'}",
        "extra-index-url": f"https://index.example/simple file://{index}",
        "retries": "7",
    }
    assert list(machine.local_paths(told)) == [wheels, index.parent]


@pytest.mark.parametrize("path", [f"app/{name}" for name in BAIT])
def test_each_of_the_baits_is_found_wherever_it_is_in_the_application(path: str) -> None:
    assert files.is_unwanted(path)


@pytest.mark.parametrize(
    ("path", "unwanted"),
    [
        ("app/tests/test_a.py", True),
        (f"{PACKAGES}/rqclock/.env", True),
        (f"{PACKAGES}/rqclock/clock.py", False),
        (f"{PACKAGES}/tests", True),
        (f"{PACKAGES}/sqlalchemy/tests", False),
        (f"{PACKAGES}/pip", True),
        ("venv/bin/pip", True),
        ("venv/bin/rq", False),
        ("app/services/mail.py", False),
        ("root/.cache", True),
    ],
)
def test_what_does_not_belong_in_an_image(path: str, unwanted: bool) -> None:
    assert files.is_unwanted(path) is unwanted


def test_a_line_that_is_no_json_object_is_told_and_one_that_is_being_written_is_left(container: Container) -> None:
    container.log.write_text('{"message": "hello"}\n{"mess')
    assert container.lines() == [{"message": "hello"}]
    container.log.write_text('{"message": "hello"}\nTraceback (most recent call last):\n')
    with pytest.raises(Failed, match="web wrote a line that is no JSON object: Traceback"):
        container.lines()


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("true", 1)])
def test_what_this_machine_lacks_is_told_with_its_remedy_and_is_a_failure_in_ci(
    ci: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from deploy.proof.image.__main__ import main

    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "")
    assert main([]) == code
    said = capsys.readouterr().out
    assert said.startswith("skipped  the image: needs programs: apt-get install --yes buildah mmdebstrap")
