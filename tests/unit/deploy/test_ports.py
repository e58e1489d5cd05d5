"""Numbers that stand in two files are one number: where a process listens, and where it is asked and scraped."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.unit.deploy.places import (
    CLUSTER,
    DEPLOY,
    bicep,
    compose,
    documents,
    manifests,
    of_compose,
    of_kubernetes,
    of_terraform,
    pod,
    terraform,
)

LISTENS = {"clock": "HEALTH_PORT", "web": "PORT"}


def container(name: str) -> Any:
    (found,) = [one for one in manifests("Deployment") if one["metadata"]["name"] == name]
    return pod(found)["containers"][0]


def resource(name: str) -> str:
    return bicep().split(f"resource {name} ")[1].split("\nresource ")[0]


@pytest.mark.parametrize("name", LISTENS)
def test_kubernetes_asks_where_the_process_listens(name: str) -> None:
    (port,) = container(name)["ports"]
    asked = [probe["httpGet"]["port"] for key, probe in container(name).items() if "httpGet" in probe]
    assert str(port["containerPort"]) == of_kubernetes().told[LISTENS[name]]
    assert len(asked) >= 2 and set(asked) == {port["name"]}


@pytest.mark.parametrize("name", LISTENS)
def test_kubernetes_lets_in_and_scrapes_where_the_process_listens(name: str) -> None:
    (port,) = [port["name"] for port in container(name)["ports"]]
    (policy,) = [one for one in manifests("NetworkPolicy") if one["metadata"]["name"] == name]
    (scraped,) = [one["spec"] for one in documents(CLUSTER / "components/monitoring/pod-monitors.yaml")
                  if one["spec"]["selector"]["matchLabels"]["app.kubernetes.io/name"] == name]  # fmt: skip
    assert [one["port"] for rule in policy["spec"]["ingress"] for one in rule["ports"]] == [port]
    assert [(one["port"], one["path"]) for one in scraped["podMetricsEndpoints"]] == [(port, "/metrics")]


def test_the_service_the_ingress_and_the_gateway_lead_to_the_console() -> None:
    (service,) = manifests("Service")
    (ingress,) = documents(CLUSTER / "overlays/production/ingress.yaml")
    (backend,) = [path["backend"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]]
    _, route = documents(CLUSTER / "components/gateway/gateway.yaml")
    (port,) = service["spec"]["ports"]
    assert port["targetPort"] == container("web")["ports"][0]["name"]
    assert backend["service"] == {"name": service["metadata"]["name"], "port": {"name": port["name"]}}
    assert route["spec"]["rules"][0]["backendRefs"] == [{"name": service["metadata"]["name"], "port": port["port"]}]


@pytest.mark.parametrize("name", LISTENS)
def test_container_apps_ask_where_the_process_listens(name: str) -> None:
    (told,) = re.findall(rf"name: '{LISTENS[name]}'\n +value: '(\d+)'", bicep())
    assert set(re.findall(r"port: (\d+)", resource(name))) == {told}
    assert re.findall(r"targetPort: (\d+)", resource(name)) == ([told] if name == "web" else [])


def test_the_terraform_module_calls_and_scrapes_where_the_processes_listen() -> None:
    told = of_terraform().told
    assert re.findall(r"web_port +=\s(\d+)", terraform()) == [told["PORT"]]
    assert re.findall(r"worker_port +=\s(\d+)", terraform()) == [told["HEALTH_PORT"]] * 2


def test_prometheus_beside_compose_scrapes_where_the_processes_listen() -> None:
    jobs = {job["job_name"]: job for job in documents(DEPLOY / "monitoring/prometheus.yml")[0]["scrape_configs"]}
    (clocks,) = jobs["rqclock-clock"]["dns_sd_configs"]
    (consoles,) = jobs["rqclock-web"]["static_configs"]
    told = of_compose().told
    assert (clocks["names"], str(clocks["port"])) == (["clock"], told["HEALTH_PORT"])
    assert consoles["targets"] == [f"web:{told['PORT']}"]
    assert {"clock", "web"} <= set(compose()["services"])
