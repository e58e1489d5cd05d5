"""The pages of a Django project around ours."""

from __future__ import annotations

from django.contrib.auth import SESSION_KEY
from django.http import HttpRequest, HttpResponse
from django.urls import path


def enter(request: HttpRequest, name: str) -> HttpResponse:
    request.session[SESSION_KEY] = name
    return HttpResponse(f"hello {name}")


urlpatterns = [path("enter/<name>", enter)]
