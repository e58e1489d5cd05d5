"""The scripts of a deploy, with programs in the place of kubectl and az that note how they were called: what the check
says decides, it is always waited for, and never for longer than it takes."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.deploy.places import CLUSTER, DEPLOY

NOTE = '#!/bin/sh\necho "$(basename "$0") $*" >>"$CALLS"\n'
# What the cluster says of the Job: one line of $STATES at each question, the last one for all further ones.
KUBECTL = (
    'case "$*" in "get job"*) head -n 1 "$STATES"; [ "$(wc -l <"$STATES")" -lt 2 ] || sed -i 1d "$STATES" ;; esac\n'
)
AZ = """case "$*" in
*"job list"*) [ "$THERE" = error ] && exit 1; echo "$THERE" ;;
*"job start"*) echo clock-release-abc ;;
*"execution show"*) head -n 1 "$STATES"; [ "$(wc -l <"$STATES")" -lt 2 ] || sed -i 1d "$STATES" ;;
esac
"""


class Desk:
    """A PATH that begins with those programs, and what they have noted."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.calls, self.states = folder, folder / "calls", folder / "states"
        for name, does in {"kubectl": KUBECTL, "az": AZ, "sleep": ""}.items():
            (folder / name).write_text(NOTE + does)
            (folder / name).chmod(0o755)
        self.calls.touch()

    def run(self, script: Path, *words: str, states: str, **environ: str) -> subprocess.CompletedProcess[str]:
        self.states.write_text(states)
        mine = {"PATH": f"{self.folder}:{os.environ['PATH']}", "CALLS": str(self.calls), "STATES": str(self.states)}
        command = ["sh", str(script), *words]
        return subprocess.run(command, env=mine | environ, cwd=self.folder, capture_output=True, text=True, timeout=60)

    def noted(self, words: str) -> list[str]:
        return [line for line in self.calls.read_text().splitlines() if line.startswith(words)]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def to_cluster(desk: Desk, states: str) -> subprocess.CompletedProcess[str]:
    return desk.run(CLUSTER / "deploy.sh", "overlays/production", states=states)


def to_azure(desk: Desk, states: str, *, there: str = "clock-release") -> subprocess.CompletedProcess[str]:
    return desk.run(DEPLOY / "azure/deploy.sh", "clock", "clock", states=states, THERE=there, IMAGE="sample:2")


def test_the_cluster_gets_the_rest_when_the_check_has_passed(desk: Desk) -> None:
    ended = to_cluster(desk, "\n\nSuccessCriteriaMet\nSuccessCriteriaMet Complete\n")
    assert ended.returncode == 0, ended.stderr
    assert desk.noted("kubectl apply") == [
        "kubectl apply --kustomize overlays/production --selector rqclock/stage=before",
        "kubectl apply --kustomize overlays/production",
    ]
    assert [line.split()[3] for line in desk.noted("kubectl rollout status")] == [
        "deployment/clock",
        "deployment/worker",
        "deployment/web",
    ]
    assert len(desk.noted("sleep")) == 3


def test_a_failed_check_ends_the_deploy_at_once_and_nothing_that_runs_is_changed(desk: Desk) -> None:
    ended = to_cluster(desk, "\nFailureTarget Failed\n")
    assert ended.returncode == 1
    assert "nothing that runs was changed" in ended.stderr
    assert len(desk.noted("kubectl apply")) == 1 and not desk.noted("kubectl rollout")
    assert len(desk.noted("sleep")) == 1
    assert desk.noted("kubectl logs job/rqclock-release")


def test_a_check_without_an_end_is_not_waited_for_for_ever_and_is_no_yes(desk: Desk) -> None:
    ended = to_cluster(desk, "\n")
    assert ended.returncode == 1
    assert len(desk.noted("kubectl apply")) == 1
    seconds = sum(int(line.split()[1]) for line in desk.noted("sleep"))
    deadline = re.search(r"activeDeadlineSeconds: (\d+)", (CLUSTER / "base/release.yaml").read_text())
    assert deadline and seconds > int(deadline[1])


def test_an_old_check_is_taken_away_before_the_new_one(desk: Desk) -> None:
    to_cluster(desk, "Complete\n")
    first = desk.calls.read_text().splitlines()[0]
    assert first == "kubectl delete job rqclock-release --namespace rqclock --ignore-not-found"


def test_azure_gets_the_rest_when_the_check_of_the_new_image_has_succeeded(desk: Desk) -> None:
    ended = to_azure(desk, "Running\nProcessing\nSucceeded\n")
    assert ended.returncode == 0, ended.stderr
    order = [line.split(" --")[0] for line in desk.noted("az")]
    assert order[:3] == ["az containerapp job list", "az containerapp job update", "az containerapp job start"]
    assert order[-1] == "az deployment group create" and len(desk.noted("sleep")) == 2
    assert "--image sample:2" in desk.noted("az containerapp job update")[0]
    assert all("--job-execution-name clock-release-abc" in line for line in desk.noted("az containerapp job execution"))


@pytest.mark.parametrize("status", ["Failed", "Stopped", "Degraded", "Running"])
def test_azure_keeps_the_old_release_when_the_check_has_not_succeeded(desk: Desk, status: str) -> None:
    ended = to_azure(desk, f"Running\n{status}\n")
    assert ended.returncode == 1
    assert not desk.noted("az deployment")
    assert status in ended.stderr and "nothing that runs was changed" in ended.stderr


def test_the_first_deploy_to_azure_makes_the_redis_before_it_can_be_asked(desk: Desk) -> None:
    ended = to_azure(desk, "Succeeded\n", there="")
    assert ended.returncode == 0, ended.stderr
    order = [line.split(" --")[0] for line in desk.noted("az")]
    assert order.index("az deployment group create") < order.index("az containerapp job start")


def test_a_first_deploy_to_azure_whose_check_fails_says_so(desk: Desk) -> None:
    assert to_azure(desk, "Failed\n", there="").returncode == 1


def test_an_azure_that_cannot_say_whether_there_is_a_release_gets_no_deploy(desk: Desk) -> None:
    assert to_azure(desk, "Succeeded\n", there="error").returncode == 1
    assert not desk.noted("az deployment")


def test_the_page_names_each_variable_that_the_deploy_to_azure_reads() -> None:
    read = re.findall(r"readEnvironmentVariable\('(\w+)'", (DEPLOY / "azure/main.bicepparam").read_text())
    page = (DEPLOY / "azure/README.md").read_text()
    table = set(re.findall(r"`([A-Z_]+)`", "".join(re.findall(r"^   \| `[A-Z_`, ]+ \|", page, re.MULTILINE))))
    assert table == set(read)


def test_only_what_azure_can_do_without_may_be_missing_in_the_shell() -> None:
    text = (DEPLOY / "azure/main.bicepparam").read_text()
    wanted = set(re.findall(r"readEnvironmentVariable\('(\w+)'\)", text))
    assert wanted == {"IMAGE", "RQCLOCK_SECRET_KEY", "DATABASE_URL"}


def test_the_network_of_azure_comes_whole_or_not_at_all() -> None:
    """A name that leads to an address which is switched off, or an endpoint that nobody finds, is no network."""
    text = (DEPLOY / "azure/main.bicep").read_text()
    page = (DEPLOY / "azure/README.md").read_text()
    parts = {"appsSubnet", "privateEndpointSubnet", "redisDnsZone"}
    assert (
        set(re.findall(r"network\.(\w+)", text))
        == parts
        == set(re.findall(r"^\| `(\w+)` \| id of", page, re.MULTILINE))
    )
    for resource in ("redisEndpoint", "redisName"):
        assert re.search(rf"^resource {resource} .* = if \(madeHere && private\) \{{$", text, re.MULTILINE)
    assert "publicNetworkAccess: private ? 'Disabled' : 'Enabled'" in text


def test_a_worker_on_azure_gets_all_the_time_that_the_platform_gives() -> None:
    text = (DEPLOY / "azure/main.bicep").read_text()
    (most, usual) = re.findall(r"@maxValue\((\d+)\)\nparam grace int = (\d+)", text)[0]
    assert int(usual) == int(most) == 600 - 5
