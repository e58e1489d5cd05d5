from __future__ import annotations

import re
from importlib.resources import files

import pytest

from rqclock.errors import ConfigurationError
from rqclock.web import create_app
from rqclock.web.dashboard_templates import MENDS, mend

NOWHERE = {"REDIS_URL": "redis://127.0.0.1:1/0", "RQCLOCK_SECRET_KEY": "for tests"}
THEIRS = files("rq_dashboard") / "templates" / "rq_dashboard"


def test_every_template_that_we_mend_still_has_what_we_mend() -> None:
    for name in MENDS:
        mend(name, text=(THEIRS / name).read_text(encoding="utf-8"))


def test_a_template_without_the_expected_text_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"another base\.html"):
        mend("base.html", text="<html></html>")


@pytest.mark.parametrize("name", ["queues.html", "jobs.html", "workers.html"])
def test_no_value_from_redis_is_written_as_html(name: str) -> None:
    """`<%=` writes raw. What is left of it escapes its value itself, by way of a text node."""
    text = mend(name, text=(THEIRS / name).read_text(encoding="utf-8"))
    raw = re.findall(r"<%=\s*(.*?)\s*%>", text)
    assert all(re.fullmatch(r"\$\('<div/>'\)\.text\(d\.\w+\)\.html\(\)", expression) for expression in raw), raw


def test_flask_serves_the_mended_ones() -> None:
    app = create_app(NOWHERE)
    source = app.jinja_env.get_template("rq_dashboard/queues.html").filename
    loaded = app.jinja_env.loader.get_source(app.jinja_env, "rq_dashboard/queues.html")[0]  # type: ignore[union-attr]
    assert "<%- d.name %>" in loaded and "<%= d.name" not in loaded
    assert source is None or "rq_dashboard/templates" not in source
