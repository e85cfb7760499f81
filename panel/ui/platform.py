"""The trade server that a page, a form or a button is about.

The one *in use* is kept in the session and changed in the top bar, in any tab at any time. So
nothing acts on it: every form carries its server, in its address or in the field `server`, and
every list says in its address which server it shows. What a page is about wins over what is in
use, and where the two differ the page says so (`panel.navigation`).
"""

from __future__ import annotations

from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import Http404

from panel.access.request import PanelRequest
from panel.models import Platform, User

FIELD = "server"


def platforms_of(person: User) -> list[Platform]:
    """The platforms within a person's scopes."""
    enabled = Platform.objects.filter(enabled=True).defer("client_secret_sealed")
    return [platform for platform in enabled if person.sees_platform(platform.pk)]


def in_use(request: PanelRequest, seen: list[Platform]) -> Platform | None:
    """The platform that was chosen last, else the first."""
    return _named(request.session.get("platform"), seen) or (seen[0] if seen else None)


def shown(request: PanelRequest, seen: list[Platform]) -> Platform | None:
    """The platform that this request's page is about, else the one in use."""
    about: Platform | None = getattr(request, "page_platform", None)
    return about or _named(_told(request), seen) or in_use(request, seen)


def platform_of(request: PanelRequest) -> Platform | None:
    """The platform that this request reads or acts on; None where the person sees none.

    Raises `Http404` where the request names one that this person does not see, and `BadRequest`
    where a form that changes something names none of several: it is never guessed from the
    session.
    """
    seen = platforms_of(request.actor.person_or_fail())
    told = _told(request)
    if told:
        found = _named(told, seen)
        if found is None:
            raise Http404("There is no such platform.")
        return found
    if request.method not in ("GET", "HEAD") and len(seen) > 1:
        raise BadRequest("The form does not say which trade server it is for: open it again.")
    return in_use(request, seen)


def at(address: str, platform: Platform | None, **more: str) -> str:
    """An address that says which server it is about, with further parameters."""
    named = {FIELD: platform.slug} if platform else {}
    query = urlencode({**more, **named})
    return f"{address}?{query}" if query else address


def _told(request: PanelRequest) -> str:
    match = request.resolver_match
    by_address = match.kwargs.get("platform") if match else None
    sent = request.GET if request.method in ("GET", "HEAD") else request.POST
    return str(by_address or sent.get(FIELD, ""))


def _named(slug: object, seen: list[Platform]) -> Platform | None:
    return next((platform for platform in seen if platform.slug == slug), None)
