"""The three processes are the same everywhere, get the time they need to end, and come back when they end."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.deploy.places import (
    PROCESSES,
    READERS,
    UNITS,
    bicep,
    commands,
    compose,
    manifests,
    of_compose,
    of_kubernetes,
    of_render,
    of_systemd,
    of_terraform,
    pod,
    procfile,
    render,
    terraform,
    unit,
)

MARGIN = 5  # seconds between the end of a job's grace and SIGKILL, in which what is left of it is put back


def seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def workload(name: str) -> Any:
    (found,) = [one for one in manifests("Deployment") if one["metadata"]["name"] == name]
    return found


@pytest.mark.parametrize("place", READERS)
def test_each_place_starts_what_the_procfile_says(place: str) -> None:
    said = procfile()
    assert commands(place) == {name: said[name] for name in PROCESSES}


def test_each_deploy_begins_with_what_the_release_line_says() -> None:
    line = " ".join(procfile()["release"])
    assert line.startswith("python -m rqclock doctor --before-deploy && ")
    (job,) = manifests("Job")
    (arguments,) = re.findall(r'commands +=\s+\["sh", "-c"\]\s+arguments +=\s+\["(.*)"\]', terraform())
    (clock,) = [one for one in render()["services"] if one["name"] == "rqclock-clock"]
    assert pod(job)["containers"][0]["command"] == ["sh", "-c", line]
    assert compose()["services"]["release"]["command"] == f'sh -c "{line}"'
    assert clock["preDeployCommand"] == f'sh -c "{line}"'
    assert f"command: ['sh', '-c', '{line}']" in bicep()
    assert arguments == line


def test_a_worker_is_killed_only_after_its_jobs_had_their_grace() -> None:
    services = {one["name"]: one for one in render()["services"]}
    assert seconds(compose()["services"]["worker"]["stop_grace_period"]) >= grace(of_compose().told) + MARGIN
    assert pod(workload("worker"))["terminationGracePeriodSeconds"] >= grace(of_kubernetes().told) + MARGIN
    assert seconds(unit(UNITS["worker"])["TimeoutStopSec"][0]) >= grace(of_systemd().told) + MARGIN
    assert services["rqclock-worker"]["maxShutdownDelaySeconds"] >= grace(of_render().told) + MARGIN
    assert f"terminationGracePeriodSeconds: grace + {MARGIN}" in bicep()
    assert grace(of_terraform().told) + MARGIN <= 30  # Kubernetes's own limit, which the module leaves as it is


def grace(told: dict[str, str]) -> int:
    return int(told["RQCLOCK_GRACE"])


def test_every_process_comes_back_however_it_ended() -> None:
    assert {compose()["services"][name]["restart"] for name in (*PROCESSES, "redis")} == {"always"}
    assert [unit(file)["Restart"] for file in UNITS.values()] == [["always"]] * 3
    assert [unit(file)["StartLimitIntervalSec"] for file in UNITS.values()] == [["0"]] * 3


def test_compose_can_start_a_second_clock() -> None:
    clock = compose()["services"]["clock"]
    assert not {"container_name", "ports", "hostname"} & set(clock)


def test_all_of_compose_has_one_environment() -> None:
    services = compose()["services"]
    assert all(
        services[name]["environment"] == services["clock"]["environment"] for name in ("worker", "web", "release")
    )


def test_a_new_clock_is_ready_before_the_old_one_goes() -> None:
    strategy = workload("clock")["spec"]["strategy"]
    assert strategy == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}


def test_a_clock_is_probed_and_no_probe_of_life_asks_redis() -> None:
    (clock,) = pod(workload("clock"))["containers"]
    assert clock["startupProbe"]["exec"]["command"] == ["rqclock", "alive"]
    assert clock["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "health"}
    assert clock["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "health"}
    assert [str(port["containerPort"]) for port in clock["ports"]] == [of_kubernetes().told["HEALTH_PORT"]]


def test_azure_keeps_a_clock_running_without_anything_that_would_wake_it() -> None:
    clock = bicep().split("resource clock ")[1].split("\nresource ")[0]
    assert "minReplicas: clocks" in clock
    assert "ingress" not in clock.replace("ingress Container Apps", "").replace("No ingress", "")
    assert re.findall(r"path: '(\S+)'", clock) == ["/livez", "/livez", "/readyz"]
    assert "@minValue(1)\n@maxValue(5)\nparam clocks int = 1" in bicep()


def test_no_pod_may_do_more_than_it_must() -> None:
    for one in manifests("Deployment", "Job"):
        inside = pod(one)
        assert inside["automountServiceAccountToken"] is False
        assert inside["securityContext"]["runAsNonRoot"] and inside["securityContext"]["runAsUser"] == 10001
        assert inside["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in inside["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["requests"] and container["resources"]["limits"]["memory"]


def test_systemd_stops_a_worker_without_its_jobs_noticing() -> None:
    assert [unit(file)["KillMode"] for file in UNITS.values()] == [["mixed"]] * 3
    clock = unit(UNITS["clock"])
    assert clock["Type"] == ["notify"] and clock["TimeoutStartSec"] == ["infinity"]
    assert int(clock["WatchdogSec"][0]) > 15  # a clock ends by itself when its loop stalls for so long


def test_no_redis_that_we_ask_for_evicts_forgets_or_is_split() -> None:
    redis = compose()["services"]["redis"]["command"]
    (store,) = [one for one in render()["services"] if one["type"] == "keyvalue"]
    assert "--maxmemory-policy noeviction" in redis and "--appendonly yes" in redis
    assert store["maxmemoryPolicy"] == "noeviction" and store["plan"] != "free"
    kept = ("aofEnabled: true", "highAvailability: 'Enabled'", "clientProtocol: 'Encrypted'")
    for wanted in ("evictionPolicy: 'NoEviction'", "clusteringPolicy: 'NoCluster'", *kept):
        assert wanted in bicep()
