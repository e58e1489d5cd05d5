"""Cut the reference answers down to what the suite needs: `python tests/conformance/reduce_data.py FOLDER`.

FOLDER holds the full files (see README.md beside this one). An answer keeps its count and the sha256 of its times,
one line each: enough to prove equality. The times themselves stay only where a rule has to be checked time by time.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"


def clockwork(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers of clockwork 3 and 4; those of 4 are left out where they are the same."""
    wanted = ("key", "period", "at", "zone", "if", "skip_first_run", "used_by")
    return [{name: case[name] for name in wanted} | {"spans": spans(case["spans"])} for case in cases]


def spans(full: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {key: span[key] for key in ("sim_start", "rec_from", "rec_to", "tick")}
        | {version: answer(span[version]) for version in ("v3", "v4") if span[version] != "same"}
        for name, span in full.items()
    }


def answer(full: dict[str, Any]) -> dict[str, Any]:
    return {"count": full["count"], "sha256": full["sha256"]}


def cron(cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers of the libraries and of the daemon."""
    wanted = ("key", "schedule", "zone", "used_by", "debian_cron", "debian_days")
    return [
        {name: case[name] for name in wanted if name in case} | {"windows": windows(case["windows"])} for case in cases
    ]


def windows(full: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"from": window["from"], "to": window["to"], "answers": answers(window["answers"])}
        for name, window in full.items()
    }


def answers(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each answer, with the times that not all of them have."""
    all_have = set.intersection(*(times(answer) for answer in given))
    return [
        {"by": found["by"]} | answer(found) | ({"extra": sorted(times(found) - all_have)} if len(given) > 1 else {})
        for found in given
    ]


def times(answer: dict[str, Any]) -> set[int]:
    return {first + step * index for first, step, count in answer["runs"] for index in range(count)}


def main(folder: Path) -> None:
    read = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    events = [
        {name: event[name] for name in ("id", "name", "period", "at", "tz_iana", "if")}
        for event in read["clockwork_facts"]["events"]
    ]
    entries = [
        {name: entry[name] for name in ("id", "name", "kind", "schedule", "every", "queue", "args")}
        for entry in read["cron_facts"]["entries"]
    ]
    reduced = {
        "clockwork": clockwork(read["clockwork_expected"]["cases"]),
        "clockwork_events": events,
        "clockwork_at": read["clockwork_scenarios"]["at_strings"],
        "cron": cron(read["cron_expected"]["cases"]),
        "cron_entries": entries,
        "cron_syntax": read["cron_syntax"]["strings"],
        "must_express": [item["id"] for item in read["must_express"]["items"]],
    }
    for name, value in reduced.items():
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        (DATA / f"{name}.json").write_text(text.replace("},{", "},\n{") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
