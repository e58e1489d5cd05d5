"""Faults wait more than they work, so they run beside each other: each in a lab of its own, several at once.

A test takes `lab` alone. The first one that pytest comes to starts them all; each later one finds its result there.
Those marked `alone` run before, one by one: they measure how fast something is.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.support.lab import Lab

HERE = Path(__file__).parent
AT_ONCE = int(os.environ.get("FAULTS_AT_ONCE", "12"))
RUNS = pytest.StashKey["Runs"]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "alone: not beside other faults, because it measures time")
    config.addinivalue_line("markers", "long: takes minutes, so it runs with `python -m bench.faults` only")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long ones are left out; those that run alone come first, among ours."""
    if "FAULTS_LONG" not in os.environ:
        left_out = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    places = [place for place, item in enumerate(items) if HERE in item.path.parents]
    ours = sorted((items[place] for place in places), key=lambda item: not item.get_closest_marker("alone"))
    for place, item in zip(places, ours, strict=True):
        items[place] = item


class Runs:
    """All faults that may run beside each other, started together."""

    def __init__(self, items: list[pytest.Item], folder: Path) -> None:
        self.labs: dict[str, Lab] = {}
        self._results: dict[str, Future[None]] = {}
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fault")
        for number, item in enumerate(items):
            if isinstance(item, pytest.Function) and may_run_beside(item):
                self.labs[item.nodeid] = Lab(folder / f"{number}")
                self._results[item.nodeid] = self._threads.submit(self._run, item)

    def _run(self, item: pytest.Function) -> None:
        lab = self.labs[item.nodeid]
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        began = time.monotonic()
        try:
            item.obj(lab=lab, **parameters)
        finally:
            lab.seconds = time.monotonic() - began
            lab.close()

    def result_of(self, item: pytest.Item) -> Future[None] | None:
        return self._results.get(item.nodeid)

    def end(self) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)


def may_run_beside(item: pytest.Item) -> bool:
    """Whether it is a fault that neither runs alone nor lacks a program."""
    needs = [name for marker in item.iter_markers("needs") for name in marker.args]
    return HERE in item.path.parents and not item.get_closest_marker("alone") and all(map(shutil.which, needs))


@pytest.fixture(scope="session")
def runs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    found = request.session.stash[RUNS] = Runs(request.session.items, tmp_path_factory.mktemp("faults"))
    yield found
    found.end()


@pytest.fixture
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    """Servers, proxies and clocks for one fault."""
    alone = None if may_run_beside(request.node) else Lab(tmp_path)
    lab = alone or request.getfixturevalue("runs").labs[request.node.nodeid]
    yield lab
    if alone:
        alone.close()
    request.node.user_properties += [("measured", f"{name} {value}") for name, value in lab.measured.items()]
    request.node.user_properties += [("seconds", lab.seconds)]


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """The test has run already, or does at this moment: take that result, instead of running it again."""
    runs = pyfuncitem.session.stash.get(RUNS, None)
    result = runs.result_of(pyfuncitem) if runs else None
    if result is None:
        return None
    result.result()
    return True
