"""Runs a clock file whose process kills or stops itself at a named point: `python saboteur.py clock.py`.

The plan is the file SABOTAGE, read at each call of one of our scripts. Who carries it out leaves its pid in the file
`fallen`, which nobody else then can, so that of several processes one falls:

    {"script": "fire", "moment": "before" | "sent" | "answered", "signal": 9, "leading": true, "fallen": "…"}

`before` the request is sent, when it is `sent` and not answered, or `answered` and nothing else done yet; `leading`
spares processes that stand by. The product knows nothing of this: its classes are wrapped from outside.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import threading
from contextlib import suppress
from typing import Any

from redis.connection import Connection

from rqclock.store import scripts

PLACE_OF_EPOCH = {"fire": 3, "beat": 2, "release": 2, "publish": 2, "enforce": 2}
here = threading.local()
call, send = scripts.Scripts.call, Connection.send_packed_command


def plan(name: str, args: tuple[Any, ...]) -> dict[str, Any] | None:
    """The plan, if it is meant for this call."""
    try:
        with open(os.environ["SABOTAGE"]) as file:
            found: dict[str, Any] = json.load(file)
    except (OSError, ValueError):
        return None
    leads = bool(args[PLACE_OF_EPOCH[name]]) if name in PLACE_OF_EPOCH else False
    return found if found["script"] == name and (leads or not found.get("leading")) else None


def carry_out(found: dict[str, Any] | None, moment: str) -> None:
    """Fall, if this is the moment and no other process was first."""
    if found is None or found["moment"] != moment:
        return
    with suppress(FileExistsError):
        with open(found["fallen"], "x") as file:
            file.write(str(os.getpid()))
        os.kill(os.getpid(), found["signal"])


def call_script(self: scripts.Scripts, name: str, *args: Any) -> Any:
    found = plan(name, args)
    carry_out(found, "before")
    if found and found["moment"] == "sent":
        self._connection.script_load(scripts._source(name))  # else the first request would bring no more than NOSCRIPT
        here.plan = found
    answer = call(self, name, *args)
    carry_out(found, "answered")
    return answer


def send_command(self: Connection, command: Any, check_health: bool = True) -> Any:
    done = send(self, command, check_health)
    found, here.plan = getattr(here, "plan", None), None
    carry_out(found, "sent")
    return done


if __name__ == "__main__":
    scripts.Scripts.call = call_script  # type: ignore[method-assign]
    Connection.send_packed_command = send_command  # type: ignore[method-assign, assignment]
    sys.argv = sys.argv[1:]
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name="__main__")
