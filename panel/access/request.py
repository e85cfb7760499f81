"""The request as every view of the panel gets it."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from panel.access.actor import Actor


class PanelRequest(HttpRequest):
    """A request that `panel.middleware` and htmx's middleware have been at."""

    actor: Actor
    htmx: HtmxDetails
    panel_request_id: str
