"""The tables of forms in the library's README are what the code does."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import rqclock.triggers as language
from rqclock.errors import TriggerError
from rqclock.triggers import Rules, Trigger, from_spec

README = Path(__file__).parents[3] / "rqclock" / "README.md"
ROW = re.compile(r"\| `((?:every|cron|natural)\(.*?\))` \| (.*) \|")


def rows(heading: str) -> list[tuple[str, str]]:
    section = README.read_text(encoding="utf-8").split(f"### {heading}\n")[1].split("\n### ")[0]
    return [(match[1], match[2]) for line in section.splitlines() if (match := ROW.fullmatch(line))]


def read(form: str) -> Trigger:
    """The trigger of a row; words that are not the language's own go into the rules."""

    def reader(function: Any) -> Any:
        def call(text: Any, *, at: Any = None, on: Any = None, tz: str = "Europe/London", **chosen: Any) -> Trigger:
            said = {name: value for name, value in (("at", at), ("on", on)) if value is not None}
            trigger: Trigger = function(text, **said, rules=Rules(tz=tz, **chosen))
            return trigger

        return call

    names = {name: reader(getattr(language, name)) for name in ("every", "cron", "natural")}
    trigger: Trigger = eval(form, {"__builtins__": {}}, names | {"timedelta": timedelta})
    return trigger


@pytest.mark.parametrize(("form", "words"), rows("Forms that are accepted"))
def test_an_accepted_form_is_read_as_the_readme_says(form: str, words: str) -> None:
    assert read(form).words == words


@pytest.mark.parametrize(("form", "words"), rows("Forms that are accepted"))
def test_an_accepted_form_survives_its_spec(form: str, words: str) -> None:
    trigger = read(form)
    again = from_spec(trigger.spec())
    assert again == trigger
    assert [again.after(1_774_656_000), again.period] == [trigger.after(1_774_656_000), trigger.period]


@pytest.mark.parametrize(("form", "answer"), rows("Forms that are refused"))
def test_a_refused_form_gets_the_answer_of_the_readme(form: str, answer: str) -> None:
    with pytest.raises(TriggerError) as refusal:
        read(form)
    assert str(refusal.value) == answer


def test_both_tables_were_found() -> None:
    assert len(rows("Forms that are accepted")) > 60
    assert len(rows("Forms that are refused")) > 45
