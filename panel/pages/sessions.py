"""Sessions of a person: how many there are, and ending them."""

from __future__ import annotations

from allauth.usersessions.models import UserSession

from panel.models import User


def sessions_of(person: User) -> list[UserSession]:
    """The person's sessions that are still good."""
    return list(UserSession.objects.purge_and_list(person))


def end_sessions(person: User) -> int:
    """Sign the person out everywhere; how many sessions that were."""
    sessions = UserSession.objects.filter(user=person)
    for session in sessions:
        session.end()
    return len(sessions)
