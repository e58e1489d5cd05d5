"""The runbook has an answer for each alert, and names only commands and files that there are."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from rqclock.alerts.kinds import KINDS
from rqclock.cli import commands
from tests.unit.deploy.places import DEPLOY, ROOT, documents

PAGES = sorted(DEPLOY.rglob("*.md"))
PAGE_NAMES = [str(page.relative_to(DEPLOY)) for page in PAGES]
RULES = documents(DEPLOY / "monitoring/alerts.yml")[0]["groups"]


def anchors(page: Path) -> set[str]:
    """The places of a page, as web sites of repositories name them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("slug", KINDS)
def test_every_alert_of_ours_has_its_place(slug: str) -> None:
    assert f"alert-{slug}" in anchors(DEPLOY / "README.md")


@pytest.mark.parametrize("rule", [rule for group in RULES for rule in group["rules"]], ids=lambda rule: rule["alert"])
def test_every_alert_of_prometheus_has_its_place(rule: dict[str, dict[str, str]]) -> None:
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor in anchors(ROOT / page)


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_every_command_that_a_page_names_can_be_typed(page: Path) -> None:
    for line in typed(page.read_text()):
        words = re.split(r"\s{2,}|&&", line)[0].split()[1:]
        known = options(commands, words, line)
        assert {word for word in words if word.startswith("--")} <= known, line


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_a_command_that_acts_on_one_or_on_all_says_which(page: Path) -> None:
    """Without it there is a usage error at the worst moment."""
    for line in typed(page.read_text()):
        words = re.split(r"\s{2,}|&&", line)[0].split()[1:]
        if "--all" in options(commands, words, line):  # which takes the command's own words away
            assert words, line


def typed(text: str) -> list[str]:
    """The lines of ours that are set as code: spans, which may be wrapped, and indented blocks."""
    spans = [" ".join(span.split()) for span in re.findall(r"`([^`]+)`", text)]
    return [line for line in (*spans, *re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE)) if line.startswith("rqclock ")]


def options(group: click.Group, words: list[str], line: str) -> set[str]:
    """What may follow; the words of the command are taken away."""
    context = click.Context(group, **commands.context_settings)  # what a command first learns of `-h`, it remembers
    command = group.get_command(context, words.pop(0)) if words else group
    assert command is not None, line
    if isinstance(command, click.Group) and words:
        return options(command, words, line)
    return {option for one in command.get_params(context) for option in one.opts}


@pytest.mark.parametrize("page", PAGES, ids=PAGE_NAMES)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(\s*([^)\s]+)\)", page.read_text()):
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_compose_gives_prometheus_and_grafana_what_lies_in_the_monitoring_folder() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    services = yaml.safe_load(text)["services"]
    for name in ("prometheus", "grafana"):
        sources = [shlex.split(volume)[0].split(":")[0] for volume in services[name]["volumes"]]
        assert all((ROOT / source).is_dir() for source in sources if source.startswith("./"))
    scraping = documents(DEPLOY / "monitoring/prometheus.yml")[0]["scrape_configs"]
    (token,) = [job["authorization"]["credentials_file"] for job in scraping if "authorization" in job]
    assert token in {config["target"] for config in services["prometheus"]["configs"]}
