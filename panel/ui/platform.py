"""The trade server in use: the one in the address, else the one chosen last, else the first."""

from __future__ import annotations

from panel.access.request import PanelRequest
from panel.models import Platform, User


def platforms_of(person: User) -> list[Platform]:
    """The platforms within a person's scopes."""
    enabled = Platform.objects.filter(enabled=True).defer("client_secret_sealed")
    return [platform for platform in enabled if person.sees_platform(platform.pk)]


def chosen(request: PanelRequest, seen: list[Platform]) -> Platform | None:
    """Which of the platforms this request is about."""
    match = request.resolver_match
    named = match.kwargs.get("platform") if match else None
    for slug in (named, request.session.get("platform")):
        for platform in seen:
            if platform.slug == slug:
                return platform
    return seen[0] if seen else None


def platform_of(request: PanelRequest) -> Platform | None:
    """The platform this person is working on; None where they see none."""
    return chosen(request, platforms_of(request.actor.person_or_fail()))
