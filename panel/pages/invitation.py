"""The mail with which a new person sets their password."""

from __future__ import annotations

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse

from panel.models import User


def password_link(person: User) -> str:
    """The address where the person sets their password; good once."""
    path = reverse(
        "account_reset_password_from_key",
        kwargs={
            "uidb36": user_pk_to_url_str(person),
            "key": default_token_generator.make_token(person),
        },
    )
    return str(settings.PANEL_URL).rstrip("/") + path


def send_invitation(person: User) -> None:
    """Send the link; it is good once, and for as long as PASSWORD_RESET_TIMEOUT says."""
    text = render_to_string(
        "pages/invitation.txt",
        {
            "person": person,
            "link": password_link(person),
            "days": settings.PASSWORD_RESET_TIMEOUT // 86_400,
        },
    )
    send_mail("Your access to the panel", text, settings.DEFAULT_FROM_EMAIL, [person.email])
