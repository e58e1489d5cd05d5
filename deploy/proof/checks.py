"""The checks of `bin/proof`. Each shows what its validator says, answers a note for the table, or raises Failed."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hcl2  # type: ignore[import-not-found]
import yaml
from lark.exceptions import LarkError  # type: ignore[import-not-found]
from pycep import BicepParser  # type: ignore[import-not-found]

from deploy.proof import rules
from deploy.proof.cluster import kubernetes, systemd
from deploy.proof.running import DEPLOY, ROOT, Failed, files, need, run

PROCESSES = ["clock", "worker", "web", "release"]
YAMLLINT = """
extends: default
rules:
  braces: {max-spaces-inside: 1}
  comments: {min-spaces-from-content: 1}
  document-start: disable
  indentation: {indent-sequences: consistent}
  line-length: {max: 120, ignore: [deploy/monitoring/, deploy/kubernetes/components/monitoring/rules.yaml]}
  truthy: {check-keys: false}
"""


def procfile() -> str:
    """Procfile: the four names, each once, with a command that a shell can read"""
    lines = [line for line in (ROOT / "Procfile").read_text().splitlines() if line.strip()]
    found = [re.fullmatch(r"([a-z]+): (\S.*)", line) for line in lines]
    if None in found:
        raise Failed(f"not `name: command`: {lines[found.index(None)]!r}")
    names = [match[1] for match in found if match]
    if names != PROCESSES:
        raise Failed(f"it names {' '.join(names)}, not {' '.join(PROCESSES)}")
    for match in filter(None, found):
        print(f"{match[1]}: {shlex.split(match[2])}")
    return ", ".join(names)


def compose() -> str:
    """docker-compose.yml: Compose itself, without a profile and with each, and the specification's schema"""
    path = ROOT / "docker-compose.yml"
    profiles = sorted(
        {name for one in yaml.safe_load(path.read_text())["services"].values() for name in one.get("profiles", [])}
    )
    run("docker-compose", "version")
    for profile in ("", *profiles):
        chosen = ["--profile", profile] if profile else []
        run("docker-compose", "--file", path, *chosen, "config", "--quiet")
        run("docker-compose", "--file", path, *chosen, "config", "--services")
    run("check-jsonschema", "--builtin-schema", "vendor.compose-spec", path)
    return f"profiles: none, {', '.join(profiles)}"


def dockerfile() -> str:
    """deploy/Dockerfile: hadolint"""
    run("hadolint", "--version")
    run("hadolint", DEPLOY / "Dockerfile")
    return ""


def parsed(path: Path, parse: Callable[[str], dict[str, Any]]) -> dict[str, Any]:
    """What both parsers make of a file; what they trip over is one line, not a traceback."""
    try:
        return parse(path.read_text())
    except LarkError as error:
        print(f"{path.relative_to(ROOT)}: {error}")
        raise Failed(f"{path.name}: {str(error).splitlines()[0]}") from None


def bicep() -> str:
    """deploy/azure: pycep parses the template, its words are those of the API, and its parameters are all given"""
    resources, vocabulary = 0, head(DEPLOY / "azure/vocabulary.yml")
    for path in files("deploy/azure/*.bicep"):
        tree = parsed(path, lambda text: BicepParser().parse(text=text))
        print(f"{path.relative_to(ROOT)}: {', '.join(f'{len(part)} {name}' for name, part in tree.items())}")
        for name, one in tree["resources"].items():
            kind = f"{one['type']}@{one['api_version']}"
            print(f"  {name}: {kind}")
            speak(
                one["config"].get("config", one["config"]), vocabulary.get(kind, {}), name
            )  # that of `if (…)` lies deeper
        resources += len(tree["resources"])
        given = set(re.findall(r"^param (\w+) =", path.with_suffix(".bicepparam").read_text(), re.MULTILINE))
        wanted = {name for name, one in tree["parameters"].items() if one.get("default") is None}
        if not wanted <= given <= set(tree["parameters"]):
            raise Failed(f"{path.stem}.bicepparam: missing {wanted - given}, unknown {given - set(tree['parameters'])}")
    return f"{resources} resources"


def speak(said: Any, known: Any, where: str) -> None:
    """Raises Failed with the first property, or value of a few possible ones, that the API does not know."""
    if isinstance(said, list):
        for one in said:
            speak(one, known, where)
    elif isinstance(said, dict) and isinstance(known, dict):
        for name, value in said.items():
            if name not in known:
                raise Failed(f"{where}: no property {name!r}; there are {', '.join(known) or 'none that are known'}")
            speak(value, known[name], f"{where}.{name}")
    elif isinstance(known, list) and isinstance(said, str) and said not in map(str, known):
        raise Failed(f"{where}: {said!r} is none of {', '.join(map(str, known))}")


def terraform() -> str:
    """deploy/aks: python-hcl2 reads it; `terraform fmt` where there is one"""
    for path in files("deploy/aks/*.tf"):
        tree = parsed(path, hcl2.loads)
        blocks = {name: len(part) for name, part in tree.items() if isinstance(part, list) and name.isalpha()}
        print(f"{path.relative_to(ROOT)}: {', '.join(f'{count} {name}' for name, count in blocks.items())}")
    if shutil.which("terraform") is None:
        return "read by python-hcl2"
    run("terraform", "fmt", "-check", "-diff", DEPLOY / "aks")
    return "read by python-hcl2, formatted as terraform fmt does it"


def prometheus() -> str:
    """deploy/monitoring: promtool on the configuration, the rules, and the tests of the alerts; the operator's copy"""
    need("promtool", "prometheus")
    folder = DEPLOY / "monitoring"
    tops = {path: head(path) for path in files("deploy/monitoring/**/*.y*ml")}
    found = [path for path, top in tops.items() if "groups" in top]
    tests = [path for path, top in tops.items() if "tests" in top]
    run("promtool", "check", "config", "--syntax-only", folder / "prometheus.yml", cwd=folder)
    run("promtool", "check", "rules", *found, cwd=folder)
    if not tests:
        raise Failed("no tests of the alerts")
    for path in tests:
        run("promtool", "test", "rules", path, cwd=path.parent)
    if not rules.are_current():
        raise Failed(f"{rules.RULES.relative_to(ROOT)} is not what alerts.yml says: bin/proof --rules")
    return f"{len(found)} files of rules, {len(tests)} of tests"


def head(path: Path) -> dict[str, Any]:
    """The top of a YAML file that holds a mapping."""
    content = yaml.safe_load(path.read_text())
    return content if isinstance(content, dict) else {}


def workflows() -> str:
    """.github/workflows: GitHub's schema, a time limit for each job, and zizmor's security rules"""
    found = files(".github/workflows/*.y*ml")
    for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
        run("check-jsonschema", "--builtin-schema", schema, *found)
    run("zizmor", "--offline", "--no-progress", *found)
    return f"{len(found)} workflows"


def platforms() -> str:
    """app.json and render.yaml: our own narrow schemas of what Heroku and Render document"""
    for path, schema in (("app.json", "app.schema.json"), ("render.yaml", "render.schema.json")):
        run("check-jsonschema", "--schemafile", DEPLOY / "schemas" / schema, ROOT / path)
    return ""


def shell() -> str:
    """Every shell script: shellcheck"""
    scripts = [
        path for path in files("bin/*", ".ci/*", "deploy/**/*.sh") if re.match(rb"#!.*\b(ba)?sh\b", path.read_bytes())
    ]
    run("shellcheck", "--version")
    run("shellcheck", "--exclude=SC2329", *scripts)  # functions that only a trap calls
    return f"{len(scripts)} scripts"


def yaml_files() -> str:
    """Every YAML file of the deployment: yamllint"""
    found = files("[!.]*.y*ml", ".github/**/*.y*ml", "deploy/**/*.y*ml")
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as wanted:
        wanted.write(YAMLLINT)
        wanted.flush()
        run("yamllint", "--strict", "--config-file", wanted.name, *(path.relative_to(ROOT) for path in found))
    return f"{len(found)} files"


def dashboards() -> str:
    """deploy/monitoring: Grafana's dashboards are JSON, with panels that ask for something"""
    panels = 0
    for path in files("deploy/monitoring/**/*.json"):
        board = json.loads(path.read_text())
        asking = [panel for panel in board.get("panels", []) if panel.get("targets")]
        if not asking or not board.get("uid"):
            raise Failed(f"{path.name}: no panel with a query, or no uid")
        print(f"{path.relative_to(ROOT)}: {board['title']}, {len(asking)} panels")
        panels += len(asking)
    return f"{panels} panels"


CHECKS: dict[str, Callable[[], str]] = {
    "procfile": procfile,
    "compose": compose,
    "dockerfile": dockerfile,
    "kubernetes": kubernetes,
    "bicep": bicep,
    "terraform": terraform,
    "systemd": systemd,
    "prometheus": prometheus,
    "dashboards": dashboards,
    "workflows": workflows,
    "platforms": platforms,
    "shell": shell,
    "yaml": yaml_files,
}
