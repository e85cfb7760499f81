"""Error pages: what happened, whether anything changed, what to do, the request's number."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from panel.access.permissions import PERMISSIONS
from panel.door.second_factor import NEEDED

NOTHING = "Nothing was changed."


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of failure in words."""

    title: str
    happened: str
    changed: str
    todo: str
    status: int


def _page(request: HttpRequest, trouble: Trouble, *, framed: bool = True) -> HttpResponse:
    """The page; in the panel's frame only for a signed-in person and a database that works."""
    number = getattr(request, "panel_request_id", "")
    if getattr(request, "htmx", False):
        text = f"{trouble.happened} {trouble.changed} {trouble.todo} Number {number}."
        return HttpResponse(text, status=trouble.status, content_type="text/plain; charset=utf-8")
    actor = getattr(request, "actor", None)
    framed = framed and actor is not None and actor.user is not None
    content = render_to_string(
        "pages/trouble.html",
        {
            "frame": "base.html" if framed else "base_bare.html",
            "framed": framed,
            "title": trouble.title,
            "trouble": trouble,
            "number": number,
        },
        request=request if framed else None,
    )
    return HttpResponse(content, status=trouble.status)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    return _page(
        request,
        Trouble(
            "This request was not understood",
            "The address or the form held something that the panel does not accept.",
            NOTHING,
            "Go back, reload the page, and try once more.",
            400,
        ),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403; the refusal is in the audit log already. Names the right that is missing."""
    if str(exception or "") == NEEDED:
        return _page(
            request,
            Trouble(
                "Set up a second factor first",
                "Your role demands one, and you have none yet.",
                NOTHING,
                "Open Second factors at your name, set one up, and do it again.",
                403,
            ),
        )
    known = PERMISSIONS.get(str(exception or ""))
    right = f" It needs the right “{known.label}”." if known else ""
    return _page(
        request,
        Trouble(
            "This is not open to you",
            f"Your roles do not carry the right for this page or action.{right}",
            f"{NOTHING} The attempt is in the audit log.",
            "If you need it for your work, ask an administrator for the role.",
            403,
        ),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404; also for what lies outside a person's scopes."""
    return _page(
        request,
        Trouble(
            "There is nothing here",
            "The address is wrong, what was here is gone, or it lies outside your scopes.",
            NOTHING,
            "Search for the login or the reference at the top, or go back.",
            404,
        ),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500; without the frame, since what failed may be what the frame needs."""
    return _page(
        request,
        Trouble(
            "The panel failed here",
            "An error of the panel itself; it has been written to its log.",
            "What you were doing may or may not have been kept. Whatever reached the trade server "
            "is followed up by itself and never sent twice.",
            "Look at your last requests before you do it again, and give an administrator the "
            "number below.",
            500,
        ),
        framed=False,
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form without a good token: an old page, or a form of another site."""
    # Told by the one line of the log that says how the request ended.
    structlog.contextvars.bind_contextvars(csrf=reason)
    return _page(
        request,
        Trouble(
            "This form is too old",
            "You signed in anew, or out, after the page was opened, so its form is not accepted.",
            NOTHING,
            "Reload the page and send the form again.",
            403,
        ),
    )
