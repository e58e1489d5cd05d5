"""What `rqclock dev` runs, with what around it, and what it does when something ends by itself."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import redis as redis_py

from tests.acceptance.dev.conftest import Project
from tests.support.ports import any_free
from tests.support.processes import Launched, all_gone
from tests.support.server import Server
from tests.support.waiting import until

PidOf = Callable[[Launched, str], int]
SHOW_ENVIRONMENT = "import json, os, time; print(json.dumps(dict(os.environ)), flush=True); time.sleep(600)"
SEED = """
import os, pathlib, sys
print("seeding", os.environ["DATABASE_URL"])
sys.exit(5 if pathlib.Path("broken").exists() else 0)
"""


def environment_of(process: Launched) -> dict[str, str]:
    process.wait_for("}\n")
    line = next(line for line in process.output.splitlines() if line.endswith("}"))
    return dict(json.loads(line[line.index("{") :]))


def embedded_redis(process: Launched) -> redis_py.Redis:
    found = re.search(r"redis://127\.0\.0\.1:\d+/0", process.wait_for("Redis: "))
    assert found
    return redis_py.Redis.from_url(found.group(), protocol=2)


def test_a_shell_with_productions_addresses_does_not_lead_there(project: Project) -> None:
    project.procfile(f'clock: python -c "{SHOW_ENVIRONMENT}"')
    process = project.dev(
        REDIS_URL="redis://live.example:6379/0",
        RQ_REDIS_URL="redis://live.example:6379/0",
        DATABASE_URL="postgresql://live.example/app",
        SMTP_URL="smtp://live.example",
        RQCLOCK_ENVIRONMENT="production",
    )
    environment = environment_of(process)
    assert not [name for name, value in environment.items() if "live.example" in value]
    assert environment["RQCLOCK_ENVIRONMENT"] == "development"
    assert environment["REDIS_URL"].startswith("redis://127.0.0.1:")
    assert environment["RQCLOCK_DEVELOPMENT"] == "1"
    assert environment["PATH"].split(":")[0] == str(Path(sys.executable).parent)
    assert environment["GUNICORN_CMD_ARGS"] == f"--bind 127.0.0.1:{environment['PORT']}"


def test_gunicorn_listens_on_this_machine_alone_though_PORT_is_set(project: Project) -> None:
    (project.folder / "page.py").write_text("def app(environ, start):\n    start('200 OK', [])\n    return [b'here']\n")
    project.procfile("web: gunicorn --no-control-socket page:app")
    process = project.dev()
    process.wait_for("the page is up")
    assert re.search(r"Listening at: http://127\.0\.0\.1:\d+ ", process.wait_for("Listening at: "))


def test_an_address_for_containers_in_the_procfile_becomes_this_machines(project: Project) -> None:
    project.procfile("web: python -m http.server --bind 0.0.0.0 $PORT")
    assert "Serving HTTP on 127.0.0.1" in project.dev().wait_for("Serving HTTP")


def test_the_release_line_is_not_run_and_counts_multiply_a_line(project: Project, pid_of: PidOf) -> None:
    project.procfile("clock: python actor.py clock", "worker: python actor.py worker", "release: touch released")
    process = project.dev("--clocks", "2", "--workers", "3")
    until(lambda: process.output.count(" is ") == 5, 60)
    for name in ("clock.1", "clock.2", "worker.1", "worker.2", "worker.3"):
        assert re.search(rf"{re.escape(name)} +\| ", process.output)
    assert not (project.folder / "released").exists()


def test_a_crashed_process_starts_again_after_growing_pauses(project: Project) -> None:
    project.procfile("clock: python actor.py clock", "worker: python actor.py worker crash")
    process = project.dev()
    process.wait_for("worker ended with 3; it starts again in 1 s")
    process.wait_for("worker ended with 3; it starts again in 2 s")
    assert process.output.count("clock is ") == 1, "the others are left alone"
    assert process.stop() == 143


def test_a_program_that_does_not_exist_ends_everything_with_its_code(project: Project, pid_of: PidOf) -> None:
    project.procfile("clock: python actor.py clock", "worker: no-such-program --at-all")
    process = project.dev()
    assert process.wait() == 127
    assert "no-such-program" in process.output
    if "clock is " in process.output:
        all_gone([pid_of(process, "clock")])


def test_what_is_in_redis_is_there_after_a_restart_and_gone_after_reset(project: Project) -> None:
    project.procfile("clock: python actor.py clock")
    first = project.dev()
    first.wait_for("clock is ")
    connection = embedded_redis(first)
    port = connection.get_connection_kwargs()["port"]
    connection.set("kept", "yes")
    assert first.stop() == 143

    second = project.dev()
    second.wait_for("clock is ")
    assert embedded_redis(second).get("kept") == b"yes"
    assert embedded_redis(second).get_connection_kwargs()["port"] == port, "what another terminal exported stays right"
    assert second.stop() == 143

    third = project.dev("--reset")
    third.wait_for("clock is ")
    assert embedded_redis(third).get("kept") is None


def test_the_sample_database_is_made_once_and_again_when_it_failed(project: Project) -> None:
    project.procfile("clock: python actor.py clock")
    (project.folder / "services").mkdir()
    (project.folder / "services" / "__init__.py").touch()
    (project.folder / "services" / "seed.py").write_text(SEED)
    (project.folder / "broken").touch()
    failed = project.dev()
    assert failed.wait() == 5
    assert f"seeding sqlite:///{project.folder}/var/sample.db" in failed.output
    assert "clock is " not in failed.output

    (project.folder / "broken").unlink()
    mended = project.dev()
    assert "seeding" in mended.wait_for("clock is ")
    mended.stop()
    again = project.dev()
    assert "seeding" not in again.wait_for("clock is ")


def test_another_terminal_sees_the_same_redis_and_the_same_commands(project: Project) -> None:
    project.procfile(f'clock: python -c "{SHOW_ENVIRONMENT}"')
    environment = environment_of(project.dev())
    until((project.folder / "var" / "env").exists)
    other = project.launch("sh", "-c", f". var/env && exec python -c '{SHOW_ENVIRONMENT}'", cwd=project.folder)
    seen = environment_of(other)
    for name in ("REDIS_URL", "RQCLOCK_DEVELOPMENT"):
        assert seen[name] == environment[name]
    assert seen["PATH"].split(":")[0] == str(Path(sys.executable).parent)


def test_a_redis_of_ones_own_is_used_and_not_stopped(project: Project, redis_server: Server) -> None:
    project.procfile(f'clock: python -c "{SHOW_ENVIRONMENT}"')
    process = project.dev("--redis", redis_server.url)
    assert environment_of(process)["REDIS_URL"] == redis_server.url
    assert process.stop() == 143
    assert redis_server.client().ping()


def test_the_page_takes_the_next_port_when_its_own_is_in_use(project: Project) -> None:
    project.procfile("web: python -m http.server --bind 127.0.0.1 $PORT")
    first = project.dev()
    first.wait_for("the page is up")
    other = Project(project.folder.parent / "other", project.launch)
    shutil.copy(project.folder / "Procfile", other.folder)
    second = other.dev()
    second.wait_for("the page is up")
    addresses = [re.findall(r"the page: http://127\.0\.0\.1:(\d+)/", run.output) for run in (first, second)]
    assert addresses[0] != addresses[1]


def test_every_start_prints_a_new_sign_in_link_for_the_web_process(project: Project) -> None:
    project.procfile(f'web: python -c "{SHOW_ENVIRONMENT}"')
    tokens = []
    keys = []
    for _ in range(2):
        process = project.dev()
        environment = environment_of(process)
        link = re.search(r"sign in, once: http://127\.0\.0\.1:(\d+)/sign-in/dev\?token=(\S+)", process.output)
        assert link
        assert link.groups() == (environment["PORT"], environment["RQCLOCK_DEV_SIGN_IN"])
        tokens.append(link.group(2))
        keys.append(environment["RQCLOCK_SECRET_KEY"])
        process.stop()
    assert tokens[0] != tokens[1]
    assert keys[0] == keys[1], "sessions outlive a restart"
    assert (project.folder / "var" / "secret_key").stat().st_mode & 0o077 == 0


def test_a_second_runner_in_the_same_folder_is_refused(project: Project) -> None:
    project.procfile("clock: python actor.py clock")
    first = project.dev()
    first.wait_for("clock is ")
    second = project.dev()
    assert second.wait() == 2
    assert second.output == (
        f"rqclock dev: it runs in this folder already (process {first.pid}): stop that one first\n"
    )


def test_refusals_are_one_line_and_exit_2(project: Project, redis_server: Server) -> None:
    nobody = any_free()
    refusals = {
        ("--port", str(redis_server.port)): "--port",
        ("--redis-port", str(redis_server.port)): "--redis-port",
        ("--redis", "redis://:secret@production.example:6379/0"): "--yes-remote",
        ("--redis", f"redis://127.0.0.1:{nobody}/0"): f"127.0.0.1:{nobody}",
        ("--redis", "http://127.0.0.1/"): "redis://",
        ("--clocks", "2"): "clock",
    }
    project.procfile("web: python actor.py web")
    for options, remedy in refusals.items():
        process = project.dev(*options)
        assert process.wait() == 2, options
        assert process.output.count("\n") == 1, process.output
        assert remedy in process.output
        assert "secret" not in process.output
    (project.folder / "Procfile").unlink()
    nothing = project.dev()
    assert nothing.wait() == 2
    assert "no Procfile in" in nothing.output
