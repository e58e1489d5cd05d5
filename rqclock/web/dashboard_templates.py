"""rq-dashboard's own templates, mended as they are loaded.

They write values from Redis into HTML unescaped, know no roles and no nonce, and have their own bar at the top. Each
mend names the text that it replaces and fails loudly when a new version no longer has it.
"""

from __future__ import annotations

import re
from importlib.resources import files

from jinja2 import BaseLoader, ChoiceLoader, FunctionLoader

from rqclock.errors import ConfigurationError

FOLDER = "rq_dashboard/"
# `<%= value %>` is raw in underscore's templates, `<%- value %>` is escaped. Expressions that begin with `$` escape
# their value themselves and would be escaped twice.
RAW_VALUE = re.compile(r"<%=(?=\s*(?!\s|\$))")

MENDS: dict[str, list[tuple[str, str]]] = {
    "base.html": [
        ('<script type="text/javascript">', '<script type="text/javascript" nonce="{{ csp_nonce() }}">'),
        ("<body>", "<body class=\"rq role-{{ role }}\">{% include 'bar.html' %}"),
        (
            "<link rel=\"shortcut icon\" href=\"{{ url_for('static', filename='favicon.ico') }}\">",
            "<link rel=\"icon\" href=\"{{ url_for('static', filename='clock.svg') }}\">",
        ),
        ("</head>", "<link rel=\"stylesheet\" href=\"{{ url_for('static', filename='rq.css') }}\"></head>"),
    ],
    "jobs.html": [("{% if enable_delete %}", "{% if allowed('rq_dashboard.delete_job_view') %}")],
    "scripts/jobs.js": [("'{{ queue.name }}'", "{{ queue.name|tojson }}")],
}


def loader(own: BaseLoader | None) -> BaseLoader:
    """Our templates first, then rq-dashboard's, mended."""
    return ChoiceLoader([*([own] if own else []), FunctionLoader(_mended)])


def _mended(name: str) -> str | None:
    if not name.startswith(FOLDER):
        return None
    path = files("rq_dashboard") / "templates" / name
    if ".." in name or not path.is_file():
        return None
    return mend(name.removeprefix(FOLDER), text=path.read_text(encoding="utf-8"))


def mend(name: str, *, text: str) -> str:
    """The template `name` with its mends. Raises ConfigurationError where there is nothing to mend any more."""
    for old, new in MENDS.get(name, ()):
        if old not in text:
            raise ConfigurationError(f"this version of rq-dashboard has another {name}: {old!r} is not in it")
        text = text.replace(old, new)
    return RAW_VALUE.sub("<%-", text)
