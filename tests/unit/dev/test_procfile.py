"""The Procfile is read line by line, and every mistake is named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from rqclock.dev.procfile import Line, read_procfile
from rqclock.errors import ConfigurationError


def read(folder: Path, text: str, **counts: int) -> list[tuple[str, str]]:
    (folder / "Procfile").write_text(text)
    return [(line.name, line.command) for line in read_procfile(folder / "Procfile", counts)]


def test_comments_empty_lines_and_the_release_line_are_left_out(tmp_path: Path) -> None:
    text = "# ours\n\nclock: python clock.py\nrelease: migrate\n  worker:   rq worker  \n"
    assert read(tmp_path, text) == [("clock", "python clock.py"), ("worker", "rq worker")]


def test_a_count_multiplies_its_line_and_zero_takes_it_away(tmp_path: Path) -> None:
    text = "clock: c\nworker: w\nweb: p\n"
    assert read(tmp_path, text, clock=2, worker=0) == [("clock.1", "c"), ("clock.2", "c"), ("web", "p")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("clock python\n", "Procfile:1: 'clock python' is not `name: command`"),
        ("clock: a\n\nclock: b\n", "Procfile:3: a second line named 'clock'"),
        ("release: a\n", "Procfile lists no process, as in `clock: python clock.py`"),
        ("cloc: a\n", "Procfile has no line 'clock'; did you mean \"cloc\"?"),
    ],
)
def test_a_mistake_is_one_line_that_names_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read(tmp_path, text, clock=2)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("command", "replaces_the_shell"),
    [
        ("python clock.py", True),
        ("gunicorn 'rqclock.web:create_app()'", True),
        ("python -m http.server $PORT", True),
        ('python -c "import a; b()"', True),
        ("LEVEL=debug python clock.py", False),
        ("cd app && python clock.py", False),
        ("python clock.py | tee log", False),
    ],
)
def test_the_shell_steps_aside_for_one_plain_command(command: str, replaces_the_shell: bool) -> None:
    shell, option, words = Line("clock", command).arguments
    assert (shell, option) == ("/bin/sh", "-c")
    assert words == (f"exec {command}" if replaces_the_shell else command)


def test_an_open_quote_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="Procfile: web: No closing quotation"):
        _ = Line("web", "gunicorn 'app").arguments
