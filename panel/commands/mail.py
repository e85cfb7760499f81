"""Notices by e-mail: gathered for each person, retried with growing pauses, then given up.

One worker at a time sends, over one connection, and stops at the first sign that the mail server
is away. It does so beside its tasks (see `send_notices`): no payment ever waits for a mail.
"""

from __future__ import annotations

import smtplib
from collections import defaultdict
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from panel.models import Notice, User

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=5)
"""For which notices that a worker took are left to it."""
ALONE = 60
"""Seconds without a mail after which a worker that sends is taken for dead by the others."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=24)
LISTED = 20
PEOPLE_AT_ONCE = 200
# About one mail only: the next one may go through. Every other trouble is the server's.
REFUSED = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
_LOCK = "notices-mail"


def send_due() -> int:
    """Send what is due; how many mails went out. Returns at once if another worker is sending."""
    if not cache.add(_LOCK, True, ALONE):
        return 0
    try:
        return _send_due()
    finally:
        cache.delete(_LOCK)


def _due() -> dict[User, list[Notice]]:
    """Take what is due, by person; what was read meanwhile needs no mail."""
    now = timezone.now()
    due = Notice.objects.filter(mail=Notice.Mail.DUE, mail_after__lte=now)
    due.filter(read__isnull=False).update(mail=Notice.Mail.NONE)
    due.exclude(person__is_active=True).update(mail=Notice.Mail.NONE)
    found: dict[User, list[Notice]] = defaultdict(list)
    with transaction.atomic():
        for notice in (
            due.select_for_update(of=("self",), no_key=True).select_related("person").order_by("pk")
        ):
            if notice.person in found or len(found) < PEOPLE_AT_ONCE:
                found[notice.person].append(notice)
        taken = [notice.pk for notices in found.values() for notice in notices]
        rows = Notice.objects.filter(pk__in=taken)
        rows.update(mail_after=now + LEASE, mail_tries=F("mail_tries") + 1)
    return found


def _send_due() -> int:
    due = _due()
    if not due:
        return 0
    sent, trouble = 0, ""
    connection: BaseEmailBackend = get_connection()
    try:
        connection.open()
        for person, notices in list(due.items()):
            try:
                letter(person, notices, connection).send()
            except REFUSED as refused:
                log.warning("notice refused by the mail server", person=person.pk, why=str(refused))
                _put_off(notices)
            else:
                _mark(notices, Notice.Mail.SENT)
                sent += 1
            cache.touch(_LOCK, ALONE)
            del due[person]
        connection.close()
    except OSError as error:
        trouble = str(error)
    for notices in due.values():
        _put_off(notices)
    if trouble:
        log.warning("the mail server cannot be used", waiting=len(due), why=trouble)
    return sent


def _mark(notices: list[Notice], state: Notice.Mail) -> None:
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(mail=state)


def _put_off(notices: list[Notice]) -> None:
    """Try again after a pause that doubles; after a day it is given up."""
    now = timezone.now()
    late = [notice for notice in notices if notice.created < now - GIVE_UP_AFTER]
    _mark(late, Notice.Mail.GIVEN_UP)
    for notice in notices:
        Notice.objects.filter(pk=notice.pk, mail=Notice.Mail.DUE).update(
            mail_after=next_try(now, notice.mail_tries)
        )


def next_try(now: datetime, tries: int) -> datetime:
    """After the first failure 30 seconds, then twice as long each time, an hour at the most."""
    return now + min(FIRST_PAUSE * (1 << min(tries, 10)), LONGEST_PAUSE)


def letter(person: User, notices: list[Notice], connection: BaseEmailBackend) -> EmailMessage:
    """One mail with everything that is due: titles and addresses, nothing else."""
    shown = notices[:LISTED]
    lines = [
        (notice.title, settings.PANEL_URL + reverse("notice_open", args=[notice.pk]))
        for notice in shown
    ]
    text = render_to_string(
        "pages/notices.txt",
        {
            "person": person,
            "lines": lines,
            "more": len(notices) - len(shown),
            "all": settings.PANEL_URL + reverse("notice_list"),
            "settings": settings.PANEL_URL + reverse("me"),
        },
    )
    subject = notices[0].title if len(notices) == 1 else f"{len(notices)} notices from the panel"
    return EmailMessage(
        subject, text, settings.DEFAULT_FROM_EMAIL, [person.email], connection=connection
    )
