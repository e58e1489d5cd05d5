"""What Kubernetes is told beside the commands: two of a kind stand apart, a drain takes one, nobody calls a worker."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

import clock
from deploy.proof import rules
from tests.unit.deploy.places import BASE, CLUSTER, SECRETS, documents, manifests, of_azure_overlay, pod, told_by

ROOTS = {path.parent.name: path for path in CLUSTER.glob("overlays/*/kustomization.yaml")}
NAME = "app.kubernetes.io/name"


def kustomization(overlay: str) -> Any:
    return documents(ROOTS[overlay])[0]


def counts(overlay: str) -> dict[str, int]:
    """How many pods each workload has there, where it is not one."""
    below = [resource.removeprefix("../") for resource in kustomization(overlay)["resources"]]
    inherited = {name: count for base in below if base in ROOTS for name, count in counts(base).items()}
    return inherited | {one["name"]: one["count"] for one in kustomization(overlay).get("replicas", [])}


def named(kind: str, name: str) -> Any:
    (found,) = [one for one in manifests(kind) if one["metadata"]["name"] == name]
    return found


def apart(name: str) -> Any:
    """The rules by which pods of a workload are spread: of the base, or those that the standby adds."""
    (standby,) = documents(CLUSTER / "overlays/standby/apart.yaml")
    specs = [pod(named("Deployment", name))] + ([pod(standby)] if standby["metadata"]["name"] == name else [])
    return [rule for spec in specs for rule in spec.get("topologySpreadConstraints", [])]


def test_the_standby_is_a_second_clock_and_one_of_two_stays_in_a_drain() -> None:
    assert counts("standby") == {"clock": 2, "worker": 2, "web": 2}
    (budget,) = documents(CLUSTER / "overlays/standby/keep-one.yaml")
    assert budget["metadata"]["name"] == "clock" and budget["spec"] == {"maxUnavailable": None, "minAvailable": 1}


@pytest.mark.parametrize("name", ["clock", "worker", "web"])
def test_two_of_a_kind_are_on_two_nodes_and_in_two_zones(name: str) -> None:
    assert counts("standby")[name] == 2
    assert {rule["topologyKey"] for rule in apart(name)} == {"kubernetes.io/hostname", "topology.kubernetes.io/zone"}
    for rule in apart(name):
        assert rule["labelSelector"] == {"matchLabels": {NAME: name}}
        assert rule["whenUnsatisfiable"] == "ScheduleAnyway"  # on the last node both are better than one
        assert rule["matchLabelKeys"] == ["pod-template-hash"]  # else the pods of the old release count, too


def test_a_drain_takes_one_of_each_and_is_never_held_up() -> None:
    budgets = {one["metadata"]["name"]: one["spec"] for one in manifests("PodDisruptionBudget")}
    assert set(budgets) == {one["metadata"]["name"] for one in manifests("Deployment")}
    for name, spec in budgets.items():
        assert spec["selector"]["matchLabels"] == {NAME: name}
        assert spec["maxUnavailable"] == 1
        assert spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow"


def test_nobody_calls_a_worker_and_only_monitoring_calls_a_clock() -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in manifests("NetworkPolicy")}
    assert set(policies) == {"rqclock", "clock", "web"}
    assert policies["rqclock"]["podSelector"]["matchLabels"] == {"app.kubernetes.io/part-of": "rqclock"}
    assert "ingress" not in policies["rqclock"]  # which is a no to all that no other policy allows
    assert policies["web"]["ingress"] == [{"ports": [{"port": "http"}]}]
    assert policies["clock"]["ingress"] == [{"from": namespaces("monitoring"), "ports": [{"port": "health"}]}]
    assert all(spec["policyTypes"] == ["Ingress"] for spec in policies.values())


def test_on_azure_the_managed_prometheus_calls_a_clock_as_well() -> None:
    (policy,) = documents(CLUSTER / "overlays/azure/network.yaml")
    allowed = {"from": namespaces("monitoring", "kube-system"), "ports": [{"port": "health"}]}
    assert (policy["metadata"]["name"], policy["spec"]["ingress"]) == ("clock", [allowed])


def namespaces(*names: str) -> Any:
    among = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": list(names)}
    return [{"namespaceSelector": {"matchExpressions": [among]}}]


def test_no_overlay_wants_kinds_that_a_cluster_may_lack() -> None:
    assert [name for name in ROOTS if "components" in kustomization(name)] == []


def test_a_worker_lets_the_longest_job_of_the_timetable_end() -> None:
    longest = max(schedule.target.options.timeout for schedule in clock.clock.timetable().schedules)
    grace = int(told_by("base", "overlays/production", "overlays/azure")["RQCLOCK_GRACE"])
    assert longest >= 600  # or this says nothing
    assert grace >= longest
    assert pod(named("Deployment", "worker"))["terminationGracePeriodSeconds"] == grace + 5


def test_new_settings_are_a_new_config_map_that_only_the_new_release_reads() -> None:
    """An old pod that restarts before the check has passed must not get them."""
    (made,) = documents(BASE / "kustomization.yaml")[0]["configMapGenerator"]
    assert made == {"name": "rqclock", "envs": ["settings.env"], "options": {"labels": {"rqclock/stage": "before"}}}
    for path in CLUSTER.glob("*/*/kustomization.yaml"):
        (content,) = documents(path)
        assert "generatorOptions" not in content
        for one in content.get("configMapGenerator", []):
            assert (one["name"], one["behavior"]) == ("rqclock", "merge") and "options" not in one
    assert not manifests("ConfigMap")


def test_what_runs_before_a_deploy_finds_all_that_it_refers_to() -> None:
    (job,) = manifests("Job")
    (container,) = pod(job)["containers"]
    account = named("ServiceAccount", pod(job)["serviceAccountName"])
    assert container["envFrom"][0]["configMapRef"]["name"] == "rqclock"
    assert [one["metadata"]["labels"]["rqclock/stage"] for one in (job, account)] == ["before", "before"]
    assert job["spec"]["activeDeadlineSeconds"] == 300  # the end of what deploy.sh waits for


def test_links_lead_to_the_host_that_leads_to_the_console() -> None:
    host = urlsplit(told_by("overlays/production")["RQCLOCK_PUBLIC_URL"]).hostname
    (ingress,) = documents(CLUSTER / "overlays/production/ingress.yaml")
    gateway, route = documents(CLUSTER / "components/gateway/gateway.yaml")
    assert [rule["host"] for rule in ingress["spec"]["rules"]] == ingress["spec"]["tls"][0]["hosts"] == [host]
    assert [one["hostname"] for one in gateway["spec"]["listeners"]] == route["spec"]["hostnames"] == [host]


def test_an_authority_of_ones_own_is_mounted_where_the_setting_says() -> None:
    (component,) = documents(CLUSTER / "components/redis-ca/kustomization.yaml")
    volume, mount = (one["value"] for one in documents(CLUSTER / "components/redis-ca/mount.yaml")[0])
    assert component["configMapGenerator"][0]["literals"] == [f"REDIS_CA_FILE={mount['mountPath']}/ca.pem"]
    assert mount["name"] == volume["name"]
    assert {patch["target"]["kind"] for patch in component["patches"]} == {"Deployment", "Job"}


def vault(text: str) -> dict[str, str]:
    """The files that are mounted, by the name of the secret in the vault."""
    (content,) = yaml.safe_load_all(text)
    objects = yaml.safe_load(content["spec"]["parameters"]["objects"])["array"]
    return {one["objectName"]: one["objectAlias"] for one in map(yaml.safe_load, objects)}


@pytest.mark.parametrize("every", [False, True], ids=["as it is", "with all that stands as a comment"])
def test_each_file_that_a_setting_names_comes_from_the_vault(every: bool) -> None:
    folder = CLUSTER / "overlays/azure"
    mounts, names = (folder / "key-vault.yaml").read_text(), (folder / "settings.env").read_text()
    if every:
        mounts = re.sub(r"(?m)^( +)# (?=[ s])", r"\1", mounts)
        names = re.sub(r"(?m)^#(?=[A-Z_]+=)", "", names)
    files = dict(re.findall(r"(?m)^(\w+)_FILE=/secrets/(\w+)$", names))
    assert sorted(vault(mounts).values()) == sorted(files)
    assert all(name == file for name, file in files.items())
    assert set(files) <= SECRETS | {"DATABASE_URL"}
    assert len(files) > 9 or not every


def test_a_process_on_azure_has_no_secret_in_its_environment() -> None:
    """One that comes both ways would end every process; one that is copied late would be missed."""
    patches = documents(CLUSTER / "overlays/azure/mount.yaml")[0]
    assert {"op": "remove", "path": "/spec/template/spec/containers/0/envFrom/1"} in patches
    assert SECRETS & of_azure_overlay().told.keys() == set()


def test_the_operator_gets_the_alerts_that_prometheus_gets() -> None:
    assert rules.are_current(), "bin/proof --rules"
    (rule,) = documents(rules.RULES)
    assert rule["spec"] == documents(rules.ALERTS)[0]
