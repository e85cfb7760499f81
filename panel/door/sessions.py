"""Ending sessions: an entry of the audit log, whoever ends them."""

from __future__ import annotations

from collections.abc import Sequence

from allauth.core import context
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from allauth.usersessions.models import UserSession

from panel import audit
from panel.middleware import actor_of
from panel.models import User

SESSIONS_ENDED = "sessions ended"


def ended_words(sessions: Sequence[UserSession]) -> str:
    """How many sessions were ended, and from which addresses they had come."""
    number = "1 session" if len(sessions) == 1 else f"{len(sessions)} sessions"
    addresses = ", ".join(sorted({str(session.ip) for session in sessions}))
    return f"{number} from {addresses}."


class RecordedSessions(DefaultUserSessionsAdapter):  # type: ignore[misc]
    """People end their own other sessions on a page of the sign-in library."""

    def end_sessions(self, sessions: Sequence[UserSession]) -> None:
        """End them and write that down."""
        super().end_sessions(sessions)
        request = context.request
        if not sessions or not isinstance(request.user, User):
            return
        audit.record(
            actor_of(request, request.user),
            SESSIONS_ENDED,
            source="web",
            obj=("staff", request.user.pk, request.user.email),
            detail=f"Their own others: {ended_words(sessions)}",
        )
