"""Sessions of a person: how many there are, and ending them."""

from __future__ import annotations

from allauth.usersessions.models import UserSession

from panel import audit
from panel.access.actor import Actor
from panel.door.sessions import SESSIONS_ENDED, ended_words
from panel.models import ChangeRequest, User


def sessions_of(person: User) -> list[UserSession]:
    """The person's sessions that are still good."""
    return list(UserSession.objects.purge_and_list(person))


def end_sessions(person: User, *, request: ChangeRequest) -> int:
    """Sign the person out everywhere for a request; how many sessions that were."""
    sessions = list(UserSession.objects.filter(user=person))
    for session in sessions:
        session.end()
    if sessions:
        audit.record(
            Actor.person(request.maker, request_id=request.request_id),
            SESSIONS_ENDED,
            source=request.source,
            request=request,
            obj=("staff", person.pk, person.email),
            detail=f"{ended_words(sessions)} By {request.reference}.",
        )
    return len(sessions)
