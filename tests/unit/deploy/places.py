"""What the deployment files say, read as plainly as can be: which variables they set, which commands they start."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from rqclock.cli.settings import OF_GUNICORN
from rqclock.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
CLUSTER = DEPLOY / "kubernetes"
BASE = CLUSTER / "base"
PROCESSES = ("clock", "worker", "web")
SECRETS = {one.metadata["name"] for one in fields(Settings) if one.metadata["secret"]}
NAMES = {one.metadata["name"] for one in fields(Settings)} | {f"{name}_FILE" for name in SECRETS}
# gunicorn's, and the sample's own.
FOREIGN = {*OF_GUNICORN, "DATABASE_URL", "DATABASE_URL_FILE", "BANK_HOLIDAYS_URL"}
NEEDED = {"REDIS_URL", "RQCLOCK_SECRET_KEY", "DATABASE_URL"}


@dataclass(frozen=True)
class Environment:
    """The variables that a platform gives to our processes: `told` with a value, `names` with and without."""

    told: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    @property
    def all(self) -> set[str]:
        return self.names | set(self.told)


def documents(path: Path) -> list[Any]:
    return [one for one in yaml.safe_load_all(path.read_text()) if one]


def manifests(*kinds: str) -> list[Any]:
    """The objects of the Kubernetes base of those kinds."""
    return [one for path in sorted(BASE.glob("*.yaml")) for one in documents(path) if one["kind"] in kinds]


def pod(workload: Any) -> Any:
    return workload["spec"]["template"]["spec"]


def compose() -> Any:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


def render() -> Any:
    return yaml.safe_load((ROOT / "render.yaml").read_text())


def bicep() -> str:
    return (DEPLOY / "azure/main.bicep").read_text()


def terraform() -> str:
    return (DEPLOY / "aks/rqclock.tf").read_text()


def unit(name: str) -> dict[str, list[str]]:
    """The keys of a systemd unit with their values."""
    found: dict[str, list[str]] = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", (DEPLOY / "systemd" / name).read_text(), re.MULTILINE):
        found.setdefault(key, []).append(value)
    return found


UNITS = {"clock": "rqclock-clock.service", "worker": "rqclock-worker@.service", "web": "rqclock-web.service"}


def of_compose() -> Environment:
    """With the defaults that stand for what neither the shell nor .env sets, where everything else may stand, too."""
    told = {name: value for name, value in compose()["services"]["clock"]["environment"].items() if value is not None}
    return Environment(
        {name: re.sub(r"\$\{\w+:-(.*?)\}", r"\1", value) for name, value in told.items()},
        set(compose()["services"]["clock"]["environment"]),
    )


def told_by(*folders: str) -> dict[str, str]:
    """The files settings.env of those folders of deploy/kubernetes, the later ones over the earlier."""
    texts = [(CLUSTER / folder / "settings.env").read_text() for folder in folders]
    return {name: value for text in texts for name, value in re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE)}


def of_kubernetes() -> Environment:
    secret = documents(CLUSTER / "secret.example.yaml")[0]["stringData"]
    return Environment(
        told_by("base", "overlays/production")
        | {name: value for name, value in secret.items() if value != "replace-me"},
        set(secret),
    )


def of_azure_overlay() -> Environment:
    """Secrets come as files there."""
    told = told_by("base", "overlays/production", "overlays/azure")
    return Environment(told, {name.removesuffix("_FILE") for name in told})


def of_bicep() -> Environment:
    return Environment({}, set(re.findall(r"(?:name|variable): '([A-Z_]{4,})'", bicep())))


def of_app_json() -> Environment:
    app = json.loads((ROOT / "app.json").read_text())
    told = {name: one["value"] for name, one in app["env"].items() if "value" in one}
    return Environment(told, set(app["env"]) | {f"{one['as']}_URL" for one in app["addons"]})


def of_render() -> Environment:
    (group,) = render()["envVarGroups"]
    own = [one for service in render()["services"] for one in service.get("envVars", []) if "key" in one]
    everything = [*group["envVars"], *own]
    return Environment({one["key"]: one["value"] for one in everything if "value" in one},
                       {one["key"] for one in everything})  # fmt: skip


def of_systemd() -> Environment:
    """What is a comment there has to be filled in."""
    text = (DEPLOY / "systemd/rqclock.env.example").read_text()
    told = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))
    named = re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)
    return Environment(
        told, {name.removesuffix("_FILE") if name.removesuffix("_FILE") in SECRETS else name for name in named}
    )


def fly() -> dict[str, Any]:
    """The file `fly.toml` of the page."""
    [block] = re.findall(r"```toml\n(.*?)```", (DEPLOY / "paas.md").read_text(), re.DOTALL)
    return tomllib.loads(block)


def of_fly() -> Environment:
    lines = re.findall(r"^    fly secrets set (.*)$", (DEPLOY / "paas.md").read_text(), re.MULTILINE)
    return Environment(fly()["env"], {word for line in lines for word in re.findall(r"\b([A-Z_]+)=", line)})


def of_terraform() -> Environment:
    return Environment(dict(re.findall(r'^ +([A-Z_]{4,}) += "(.*?)"', terraform(), re.MULTILINE)),
                       set(re.findall(r"^ +([A-Z_]{4,}) += ", terraform(), re.MULTILINE)))  # fmt: skip


PLACES = {
    "docker-compose.yml": of_compose,
    "Kubernetes": of_kubernetes,
    "Azure's Bicep": of_bicep,
    "Kubernetes on Azure": of_azure_overlay,
    "app.json": of_app_json,
    "render.yaml": of_render,
    "systemd": of_systemd,
    "Fly": of_fly,
    "AKS by Terraform": of_terraform,
}


def procfile() -> dict[str, list[str]]:
    """The words of each process's command."""
    lines = (line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    return {name: shlex.split(command) for name, command in lines}


def commands(place: str) -> dict[str, list[str]]:
    """The words of each process's command, as that place starts it."""
    return READERS[place]()


def _lists(text: str, before: str) -> list[list[str]]:
    """Lists of quoted words, as Bicep and Terraform write them."""
    quoted = re.findall(rf"{before}\s*\[(.*)\]", text)
    return [re.findall(r"""['"](.*?)['"]""", words) for words in quoted]


def _named(all_of_them: Iterable[list[str]]) -> dict[str, list[str]]:
    programs = {"python": "clock", "rq": "worker", "gunicorn": "web"}
    return {programs[words[0]]: words for words in all_of_them if words[0] in programs}


READERS = {
    "docker-compose.yml": lambda: {name: shlex.split(compose()["services"][name]["command"]) for name in PROCESSES},
    "Kubernetes": lambda: {
        one["metadata"]["name"]: pod(one)["containers"][0]["command"] for one in manifests("Deployment")
    },
    "Azure's Bicep": lambda: _named(_lists(bicep(), "command:")),
    "render.yaml": lambda: _named(
        shlex.split(one["dockerCommand"]) for one in render()["services"] if one["type"] != "keyvalue"
    ),
    "systemd": lambda: {
        name: shlex.split(unit(file)["ExecStart"][0].removeprefix("/opt/rqclock/venv/bin/"))
        for name, file in UNITS.items()
    },
    "AKS by Terraform": lambda: _named(_lists(terraform(), r"\bcommand +=")),
    "Fly": lambda: {name: shlex.split(line) for name, line in fly()["processes"].items()},
}
