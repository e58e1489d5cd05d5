"""What runs before a release on a machine and on Fly, and that what runs has the packages that settings ask for."""

from __future__ import annotations

import re

from tests.unit.deploy.places import DEPLOY, ROOT, UNITS, fly, procfile, unit

RELEASE = "rqclock-release.service"
VENV = "/opt/rqclock/venv/bin/"


def release_line() -> str:
    return " ".join(procfile()["release"])


def test_the_unit_of_a_release_is_the_line_of_the_procfile() -> None:
    commands = [command.removeprefix(VENV) for command in unit(RELEASE)["ExecStart"]]
    assert " && ".join(commands) == release_line()
    assert unit(RELEASE)["Type"] == ["oneshot"]  # whose second command runs only if the first ended well


def test_the_target_starts_it_first_and_no_process_is_kept_from_starting_by_it() -> None:
    assert RELEASE in unit("rqclock.target")["Wants"][0].split()
    for file in UNITS.values():
        assert RELEASE in unit(file)["After"][0].split()
        assert not any(RELEASE in " ".join(unit(file).get(key, [])) for key in ("Requires", "BindsTo", "Wants"))


def test_the_unit_may_do_as_much_as_a_worker_and_no_more() -> None:
    worker, release = unit(UNITS["worker"]), unit(RELEASE)
    told = set(worker) - {"KillMode", "TimeoutStopSec", "Restart", "RestartSec", "WantedBy"}
    different = {"Description", "Type", "ExecStart", "After", "PartOf", "StartLimitIntervalSec"}
    assert {key: release.get(key) for key in told - different} == {key: worker[key] for key in told - different}


def test_a_machine_gets_all_folders_of_the_application_and_is_asked_before_it_starts() -> None:
    page = (DEPLOY / "systemd/README.md").read_text()
    [copied] = re.findall(r"^ +cp -r (.+) \S+$", page, re.MULTILINE)
    assert copied.split() == ["clock.py", "workers", "services", "rqclock"]
    assert all((ROOT / name).exists() for name in copied.split())
    assert page.index("systemctl start rqclock-release") < page.index("enable --now")
    for wanted in ("config set appendonly yes", "createuser rqclock", "createdb --owner=rqclock rqclock"):
        assert wanted in page


def test_a_command_by_hand_sees_what_the_clock_sees() -> None:
    page = (DEPLOY / "systemd/README.md").read_text()
    [command] = re.findall(r"^ +(systemd-run (?:.*\\\n)+.*)$", page, re.MULTILINE)
    told = unit(UNITS["clock"])
    assert f"--property=EnvironmentFile={told['EnvironmentFile'][0]} " in command
    assert re.findall(r"--setenv=(\S+)", command) == told["Environment"]


def test_fly_builds_the_image_that_there_is_and_listens_where_it_does() -> None:
    file = fly()
    dockerfile = (ROOT / file["build"]["dockerfile"]).read_text()
    assert f"PORT={file['http_service']['internal_port']}" in dockerfile
    assert file["deploy"]["release_command"] == f"sh -c '{release_line()}'"
    assert file["http_service"]["processes"] == ["web"]
    assert (file["kill_signal"], file["env"]["RQCLOCK_PROXIES"]) == ("SIGTERM", "1")
    assert file["kill_timeout"] >= int(file["env"]["RQCLOCK_GRACE"]) + 5


def test_every_extra_that_a_setting_asks_for_is_in_the_lock_of_what_is_deployed() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    wanted = set(re.findall(r"needs rqclock\[(\w+)\]", (ROOT / ".env.example").read_text()))
    assert wanted == {"sentry"}
    for extra in wanted:
        [package] = re.findall(rf'^{extra} = \["([\w-]+)', project, re.MULTILINE)
        assert re.search(rf"^{package}==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    assert "-r requirements.lock" in (ROOT / "requirements.txt").read_text()
    assert "--requirement requirements.lock" in (DEPLOY / "Dockerfile").read_text()
