"""A person who opens a form, fills it in and presses its button."""

from __future__ import annotations

import re
from html import unescape

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

HERE = {"Origin": "http://localhost"}


def hidden(page: str, *, last: bool = True) -> dict[str, str]:
    """The hidden fields of the page's last form (or its first after the bar's)."""
    form = page.split("<form")[-1 if last else 2]
    pairs = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
    return {name: unescape(value) for name, value in pairs}


def press(person: FlaskClient, path: str, **fields: str) -> TestResponse:
    """Open the page, fill in the fields, send the form. The answer is what the browser is sent to, not yet followed."""
    return person.post(path, data=hidden(person.get(path).text) | fields, headers=HERE)


def said(person: FlaskClient, answer: TestResponse) -> str:
    """What the page says was done, to which the answer leads."""
    assert answer.status_code == 302, answer.text
    found = re.search(r'class="said".*?<p>(.*?)</p>', person.get(answer.location).text, re.DOTALL)
    assert found
    return unescape(found[1])
