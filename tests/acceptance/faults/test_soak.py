"""All faults at once, at random."""

from __future__ import annotations

import random
import sys

import pytest

from tests.support.lab import ROOT, Lab
from tests.support.processes import Launch


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.fault("44", "60 s of everything at random, three clocks; the seed is printed")
def test_a_minute_of_all_faults_at_once_loses_and_doubles_nothing(lab: Lab, launch: Launch) -> None:
    seed = random.SystemRandom().randrange(10**6)
    soak = launch(sys.executable, "-m", "bench.soak", "--minutes", "1", "--seed", str(seed), cwd=ROOT)
    code = soak.wait(180)
    print(soak.output)
    lab.note("seed", seed, "")
    assert code == 0, f"python -m bench.soak --minutes 1 --seed {seed}"
    assert soak.output.endswith("0 lost, 0 twice\n")
