"""Signed-in clients and what is read from pages."""

from __future__ import annotations

import re
from typing import Any

from django.test import Client
from django.urls import reverse

from panel.models import ChangeRequest, User


def signed_in(person: User) -> Client:
    """A client with a session of this person."""
    client = Client()
    client.force_login(person)
    return client


def page_url(request: ChangeRequest) -> str:
    """The page of a request."""
    return reverse("request_detail", args=[request.reference])


def text_of(response: Any) -> str:
    """The page's text, with blanks put together."""
    without_tags = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(without_tags.split())


def seen_on(response: Any) -> str:
    """What the decision page showed, sealed."""
    found = re.search(r'name="seen" value="([^"]+)"', response.content.decode())
    assert found, "The page offers no decision."
    return found[1]


def version_on(response: Any) -> str:
    """The version that the page sends with its polls."""
    found = re.search(r"\?version=([0-9a-f]+)", response.content.decode())
    assert found, "The page does not poll."
    return found[1]


def poll(client: Client, url: str, version: str) -> Any:
    """What the page asks every two seconds."""
    return client.get(url, {"version": version}, headers={"HX-Request": "true"})
