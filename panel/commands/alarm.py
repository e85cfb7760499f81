"""A restored backup, told by mail to everybody who can do something about it.

Notices are about requests; this is about none, and in the panel the bar on every page tells it.
"""

from __future__ import annotations

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from panel.commands import restoration
from panel.commands.mail import ALONE, REFUSED
from panel.models import Restoration, User

log = structlog.get_logger(__name__)
RIGHT = "platforms.change"
SUBJECT = "The panel's database was put back from a backup: nothing is sent to MT4"
_LOCK = "restoration-mail"


def tell_of_restoration() -> int:
    """Mail whoever may acknowledge it, once; how many mails went out.

    If the mail server is away nothing is kept, and the next round tries again: people may then get
    it twice, which is better than not at all.
    """
    row = restoration.present()
    if row is None or row.told is not None or not cache.add(_LOCK, True, ALONE):
        return 0
    try:
        sent = _send(administrators())
        Restoration.objects.filter(pk=row.pk).update(told=timezone.now())
    except OSError as error:
        log.warning("the mail server cannot be used", what="restored backup", why=str(error))
        return 0
    finally:
        cache.delete(_LOCK)
    return sent


def administrators() -> list[User]:
    """Everybody who may acknowledge a restored backup."""
    people = User.objects.filter(is_active=True).prefetch_related("roles").order_by("pk")
    return [person for person in people if person.may(RIGHT)]


def _send(people: list[User]) -> int:
    sent = 0
    connection: BaseEmailBackend = get_connection()
    connection.open()
    for person in people:
        text = render_to_string(
            "pages/restoration.txt",
            {"person": person, "address": settings.PANEL_URL + reverse("restoration")},
        )
        letter = EmailMessage(
            SUBJECT, text, settings.DEFAULT_FROM_EMAIL, [person.email], connection=connection
        )
        try:
            sent += letter.send()
        except REFUSED as refused:
            log.warning("mail refused by the mail server", person=person.pk, why=str(refused))
    connection.close()
    return sent
