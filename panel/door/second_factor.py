"""Nothing before a second factor, for those whose role demands one and who have none yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from panel import audit
from panel.access.request import PanelRequest
from panel.models import User

NEEDED = "second-factor"
# Setting one up, proving who one is for that, and leaving.
OPEN = frozenset(
    {
        "account_logout",
        "account_reauthenticate",
        "health",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_index",
        "mfa_reauthenticate",
    }
)


class SecondFactorMiddleware:
    """Leads them to where they set one up; whatever they send elsewhere is refused, and recorded.

    Below `ActorMiddleware`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: PanelRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Let the request through, lead it away, or raise `PermissionDenied`."""
        user = request.user
        if not isinstance(user, User) or not user.lacks_factor:
            return None
        place = request.resolver_match
        if place is not None and place.url_name in OPEN:
            return None
        if request.method in ("GET", "HEAD") and not request.htmx:
            return HttpResponseRedirect(reverse("mfa_index"))
        if request.method not in ("GET", "HEAD"):
            what = f"{request.method} {request.path}"
            audit.record(
                request.actor,
                "denied",
                source="web",
                obj=("page", place.url_name if place and place.url_name else "", ""),
                outcome="denied",
                code=NEEDED,
                detail=f"{request.actor.label} needs a second factor and has none: {what}.",
            )
        raise PermissionDenied(NEEDED)
