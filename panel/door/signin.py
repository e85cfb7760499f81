"""Sign-in: who may, and the log entries of every attempt."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.signals import password_changed, password_reset, password_set
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from panel import audit
from panel.access.actor import Actor
from panel.models import User


class StaffAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Nobody signs up: administrators add staff."""

    error_messages: ClassVar[dict[str, str]] = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": "The e-mail address or the password is wrong.",
        "incorrect_password": "The password is wrong.",
        "too_many_login_attempts": "Too many attempts have failed. Try again in five minutes.",
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whose failures are counted: behind a proxy not its own address, by which one stranger
        would lock everybody out.
        """
        from panel.middleware import client_address

        return client_address(request) or str(super().get_client_ip(request))

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Closed."""
        return False


def _actor(request: HttpRequest | None, user: User | None) -> Actor:
    from panel.middleware import actor_of

    if request is None:
        return Actor.person(user) if user else Actor.nobody()
    return actor_of(request, user)


@receiver(user_logged_in)
def _signed_in(request: HttpRequest, user: User, **_: Any) -> None:
    _tell(request, user, "sign-in")


@receiver(user_logged_out)
def _signed_out(request: HttpRequest, user: User | None, **_: Any) -> None:
    if user is not None:
        _tell(request, user, "sign-out")


@receiver(user_login_failed)
def _refused(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    tried = str(credentials.get("email") or credentials.get("username") or "")[:100]
    audit.record(
        _actor(request, None),
        "sign-in",
        source="web",
        obj=("staff", "", tried),
        outcome="denied",
        detail="Wrong address or password.",
    )


@receiver(password_changed)
@receiver(password_set)
def _password_changed(request: HttpRequest, user: User, **_: Any) -> None:
    _tell(request, user, "password change")


@receiver(password_reset)
def _password_reset(request: HttpRequest, user: User, **_: Any) -> None:
    _tell(request, user, "password reset", detail="By the link that was sent by e-mail.")


@receiver(authenticator_added)
def _factor_added(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _tell(request, user, "second factor added", detail=authenticator.get_type_display())


@receiver(authenticator_removed)
def _factor_removed(
    request: HttpRequest, user: User, authenticator: Authenticator, **_: Any
) -> None:
    _tell(request, user, "second factor removed", detail=authenticator.get_type_display())


@receiver(authenticator_reset)
def _factor_reset(request: HttpRequest, user: User, authenticator: Authenticator, **_: Any) -> None:
    _tell(request, user, "second factor made anew", detail=authenticator.get_type_display())


@receiver(authentication_failed)
def _factor_refused(request: HttpRequest, user: User, **_: Any) -> None:
    _tell(request, user, "sign-in", outcome="denied", detail="Wrong second factor.")


def _tell(request: HttpRequest, user: User, action: str, **told: Any) -> None:
    """An entry about somebody's own way in."""
    who = ("staff", user.pk, user.email)
    audit.record(_actor(request, user), action, source="web", obj=who, **told)
