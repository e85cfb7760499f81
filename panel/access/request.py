"""The request as every view of the panel gets it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from panel.access.actor import Actor

if TYPE_CHECKING:
    from panel.models import Platform


class PanelRequest(HttpRequest):
    """A request that `panel.middleware` and htmx's middleware have been at."""

    actor: Actor
    htmx: HtmxDetails
    panel_request_id: str
    # What the view says its page is about; absent where it is about no platform.
    page_platform: Platform | None
