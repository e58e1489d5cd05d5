"""The proof, step by step: what is built, started, killed and stopped, and what is seen of it."""

from __future__ import annotations

import os
import signal
import time
from functools import partial
from http.client import HTTPConnection
from pathlib import Path

from deploy.proof.image import files
from deploy.proof.image.building import Builder
from deploy.proof.image.container import Container, Supervisor
from deploy.proof.image.report import expect, step, until
from deploy.proof.image.system import System, alive, leader, next_job, standbys, status

WORKER = ["rq", "worker"]
GRACE = {"clock": 10.0, "worker": 30.0, "web": 35.0}  # seconds, as in docker-compose.yml
DEAF = """
import json, os, time
rights = dict(line.split(":\\t") for line in open("/proc/self/status").read().splitlines() if line.startswith("Cap"))
places = [place for place in ("/", "/app", "/venv", "/app/var", "/tmp", "/dev/shm") if os.access(place, os.W_OK)]
facts = {"pid": os.getpid(), "user": os.getuid(), "rights": list(rights.values()), "writable": places}
print(json.dumps(facts), flush=True)
time.sleep(60)
"""
FORMAT = """
import sys, zlib
from rqclock.connection import application_connection
data = application_connection().hget("rq:job:" + sys.argv[1], "data")
print(zlib.decompress(data)[:1].decode())
"""


class Story:
    """Told once; raises Failed at the first thing that is not as it should be."""

    def __init__(self, folder: Path, builder: Builder) -> None:
        self._folder = folder
        self._builder = builder

    def tell(self, *, twice: bool) -> None:
        step("the base", self._builder.base)
        step("the image", self._build)
        if twice:
            step("the same again", self._build_again)
        step("its files", lambda: files.check(self._image))
        self._system = System(self._image, self._folder)
        step("Redis", lambda: f"{self._system.start_redis()} on port {self._system.redis_port}, noeviction")
        step("a program without a signal handler", self._see_deafness)
        step("release", self._release)
        self._start()
        self._kill()
        self._stop()

    def _start(self) -> None:
        step("clock, alone", self._start_clock)
        step("worker", self._start_worker)
        step("web", self._start_web)

    def _kill(self) -> None:
        step("clock, kill -9", self._kill_only_clock)
        step("a second clock", self._start_second_clock)
        step("clock that leads, kill -9", self._kill_leader)
        step("worker, kill -9", self._kill_worker)
        step("web, kill -9", self._kill_web)
        step("a process of web, kill -9", self._kill_child_of_web)
        step("processes that lost their parent", self._orphan)

    def _stop(self) -> None:
        step("web, SIGTERM", self._stop_web)
        step("worker, SIGTERM", lambda: _stopped(self._worker, GRACE["worker"]))
        step("standby, SIGTERM", self._stop_standby)
        step("leader, SIGTERM", self._stop_leader)
        step("their lines", self._read_lines)

    # --- what it is made of

    def _build(self) -> str:
        self._image = self._builder.build()
        config = self._image.config
        expect(config.get("User") == "10001:10001", f"its user is {config.get('User')}")
        expect(config.get("Cmd") == ["python", "clock.py"], f"its command is {config.get('Cmd')}")
        return f"{self._image.id[:12]}, user {config['User']}, command {' '.join(config['Cmd'])}"

    def _build_again(self) -> str:
        before, self._image = self._image, self._builder.build()
        expect(self._image.id == before.id, f"it is {self._image.id[:12]} now, from the same files")
        return "built anew from the same files it has the same id"

    def _see_deafness(self) -> str:
        """The control: without it, nobody knows that the stops below could fail."""
        container = self._system.container("control", ["python", "-c", DEAF]).start()
        (facts,) = until(container.lines, what="its start", seconds=20)
        expect((facts["pid"], facts["user"]) == (1, 10001), f"it runs as {facts}")
        expect(not any(int(right, 16) for right in facts["rights"]), f"it has rights of root: {facts['rights']}")
        expect(facts["writable"] == ["/app/var", "/tmp", "/dev/shm"], f"it may write to {facts['writable']}")
        container.signal(signal.SIGTERM)
        time.sleep(1)
        expect(container.running, "it ended on SIGTERM, so it was not process 1")
        container.signal(signal.SIGKILL)
        container.wait(5)
        return "10001, process 1, no rights, read-only files; it does not notice SIGTERM, so the stops below can fail"

    def _release(self) -> str:
        line = self._system.line("release")
        container = self._system.container("release", ["sh", "-c", line]).start()
        expect(container.wait(60) == 0, "it did not end with 0")
        return f"`{line}` ended with 0"

    # --- they work

    def _start_clock(self) -> str:
        self._clock = Supervisor(self._system.clock("clock-1"))
        return self._leads("clock-1")

    def _start_worker(self) -> str:
        variables = dict(line.split("=", 1) for line in self._image.config["Env"])
        expect(variables["RQ_WORKER_CLASS"] == "rqclock.Worker", "the image does not name our worker")
        self._worker = Supervisor(self._system.container("worker", WORKER))
        line = next_job(self._worker.container)
        expect(line["logger"] == "rqclock.worker", f"another worker class runs the jobs: {line['logger']}")
        form = self._clock.container.execute("python", "-c", FORMAT, line["job_id"]).stdout.strip()
        expect(form in ("{", "["), f"the job is no JSON but begins with {form!r}")
        return f"bare `rq worker` is rqclock.Worker; ran {line['job_id']}, which is JSON, in {line['duration']:.3f} s"

    def _start_web(self) -> str:
        self._web = Supervisor(self._system.web())
        until(self._system.lives, what="/livez")
        expect("Sign in" in self._system.page("/sign-in"), "/sign-in shows no way to sign in")
        first = self._system.page(f"/sign-in/dev?token={self._system.token}")
        expect("running on <strong>clock-1</strong>" in first, "the first page does not name the clock that leads")
        return "/livez answers, /sign-in shows the sign-in, behind it: Clock: running on clock-1"

    # --- they come back

    def _kill_only_clock(self) -> str:
        self._clock.kill()
        return f"came back; {self._leads('clock-1')}; {self._goes_on()}"

    def _start_second_clock(self) -> str:
        self._second = Supervisor(self._system.clock("clock-2"))
        until(lambda: standbys(self._clock.container) == ["clock-2"], what="a standby")
        expect(leader(self._clock.container) == "clock-1", "the second took the lead")
        return "stands by, clock-1 leads"

    def _kill_leader(self) -> str:
        began = time.monotonic()
        self._clock.kill()
        # Asked in the one that was not killed: the other may be between its two lives.
        until(lambda: leader(self._second.container) == "clock-2", what="the standby to lead")
        took = time.monotonic() - began
        until(lambda: standbys(self._second.container) == ["clock-1"], what="the killed one to stand by")
        return f"clock-2 was seen to lead after {took:.1f} s, clock-1 came back and stands by; {self._goes_on()}"

    def _kill_worker(self) -> str:
        self._worker.kill()
        return f"came back; {self._goes_on()}"

    def _kill_web(self) -> str:
        self._web.kill()
        until(self._system.lives, what="/livez")
        return "came back, /livez answers"

    def _kill_child_of_web(self) -> str:
        container = self._web.container
        (child,) = container.children()
        os.kill(child, signal.SIGKILL)
        until(lambda: container.children() and child not in container.children(), what="another process")
        until(self._system.lives, what="/livez")
        expect(len(self._web.ends) == 1, "process 1 ended too")
        return "gunicorn as process 1 has started another, /livez answers"

    def _orphan(self) -> str:
        """Whose parent ends becomes a child of process 1, and stays as a zombie for ever if that does not care."""
        for container in (self._worker.container, self._web.container):
            container.execute("sh", "-c", "sleep 3 >/dev/null 2>&1 &")
            expect("sleep" in container.children().values(), f"it did not become a child of {container.name}")
            until(partial(_has_none, container, "sleep"), what=f"{container.name} to bury it", seconds=10)
        return "worker and web bury those of others too"

    # --- they stop

    def _stop_web(self) -> str:
        kept = HTTPConnection("127.0.0.1", self._system.port, timeout=10)
        kept.request("GET", "/livez")
        kept.getresponse().read()
        seen = _stopped(self._web, GRACE["web"])
        kept.close()
        return f"{seen}, with a connection kept open by a load balancer"

    def _stop_standby(self) -> str:
        expect(leader(self._clock.container) == "clock-2", "another one leads by now")
        return f"{self._clock.name} {_stopped(self._clock, GRACE['clock'])}"

    def _stop_leader(self) -> str:
        return f"{self._second.name} {_stopped(self._second, GRACE['clock'])}"

    def _read_lines(self) -> str:
        containers = [one.container for one in (self._clock, self._second, self._worker, self._web)]
        counts = [f"{container.name} {len(container.lines())}" for container in containers]
        told = "".join(container.log.read_text() for container in containers)
        expect(self._system.token not in told, "the token of the sign-in is in the log")
        return f"all are JSON ({', '.join(counts)}), no secret in them"

    # --- looks

    def _leads(self, host: str) -> str:
        until(lambda: leader(self._clock.container) == host, what=f"{host} to lead")
        facts = status(self._clock.container)
        return f"leads, {len(facts['schedules'])} schedules; rqclock alive says {alive(self._clock.container)!r}"

    def _goes_on(self) -> str:
        return f"then ran {next_job(self._worker.container)['job_id']}"


def _has_none(container: Container, name: str) -> bool:
    return name not in container.children().values()


def _stopped(supervisor: Supervisor, grace: float) -> str:
    return f"ended with 0 after {supervisor.stop(grace):.1f} s of {grace:.0f}"
