"""Middleware: who asks, under which request id, and in which time zone."""

from __future__ import annotations

import hashlib
import uuid
import zoneinfo
from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone

from panel.access.actor import Actor
from panel.access.request import PanelRequest
from panel.lib.text import clean, printable
from panel.models import User

Handler = Callable[[HttpRequest], HttpResponse]


def client_address(request: HttpRequest) -> str:
    """The caller's address; the proxy's word for it only where a proxy is declared."""
    if settings.BEHIND_PROXY:
        forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
        if forwarded:
            # The nearest proxy appends: only the last entry is its own word.
            return str(forwarded.split(",")[-1].strip())[:64]
    return str(request.META.get("REMOTE_ADDR", ""))[:64]


def actor_of(request: HttpRequest, user: User | None) -> Actor:
    """The actor behind a request; the session is named by a digest of its key."""
    key = getattr(getattr(request, "session", None), "session_key", None) or ""
    session = hashlib.sha256(key.encode()).hexdigest()[:16] if key else ""
    request_id = getattr(request, "panel_request_id", "")
    if user is None:
        return Actor.nobody(address=client_address(request), request_id=request_id)
    return Actor.person(
        user, session=session, address=client_address(request), request_id=request_id
    )


class NoNulMiddleware:
    """Refuses what has a NUL in its address or its fields: no person types one, and PostgreSQL
    fails on it in the middle of whatever it was for. Files are not looked at.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        fields = (*request.GET.lists(), *request.POST.lists())
        texts = (text for name, values in fields for text in (name, *values))
        if "\0" in request.path_info or any("\0" in text for text in texts):
            raise BadRequest("There is a NUL in the address or the form.")
        return self.get_response(request)


class PrivatePagesMiddleware:
    """No browser and no proxy keeps an answer of the panel: after signing out nobody finds a page
    of it with the back button, nor a download in a cache. Static files never come by here.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response["Cache-Control"] = "private, no-store"
        return response


class CleanTextMiddleware:
    """The one door for what people type: without what cannot be seen or turns the line around, in
    composed letters (`panel.lib.text`). So it holds for names, e-mail addresses, references,
    reasons, notes, filters and the names of uploaded files alike; only passwords stay as typed.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.GET = _cleaned(request.GET)  # type: ignore[assignment]
        if request.method == "POST":
            request.POST = _cleaned(request.POST)  # type: ignore[assignment]
            for _, files in request.FILES.lists():
                for file in files:
                    file.name = clean(file.name or "") or "unnamed"
        return self.get_response(request)


def _cleaned(sent: QueryDict) -> QueryDict:
    changed = {
        name: [printable(text) for text in values]
        for name, values in sent.lists()
        if "password" not in name and any(printable(text) != text for text in values)
    }
    if not changed:
        return sent
    cleaned = sent.copy()
    for name, values in changed.items():
        cleaned.setlist(name, values)
    return cleaned


class ActorMiddleware:
    """Puts `request.actor` on every request, and its id on every log line and answer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: PanelRequest) -> HttpResponse:
        bound = structlog.contextvars.get_contextvars().get("request_id")
        request.panel_request_id = str(bound or uuid.uuid4())
        user = request.user if isinstance(request.user, User) else None
        request.actor = actor_of(request, user)
        response = self.get_response(request)
        response["X-Request-Id"] = request.panel_request_id
        return response


class PersonTimeZoneMiddleware:
    """Shows times in the reader's zone."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        zone = request.user.time_zone if isinstance(request.user, User) else "UTC"
        try:
            timezone.activate(zoneinfo.ZoneInfo(zone))
        except zoneinfo.ZoneInfoNotFoundError:
            timezone.activate(zoneinfo.ZoneInfo("UTC"))
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()
