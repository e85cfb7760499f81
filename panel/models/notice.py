"""Notices: what people are told, in the panel and by e-mail."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Happening(models.Model):
    """Something about a request that people are to hear of, written with the step itself.

    The worker turns it into notices and deletes it: whatever goes wrong there never touches the
    request.
    """

    class Event(models.TextChoices):
        """What happened: a step of the request, or that it waits for somebody."""

        ASKED = "asked", "waits for a decision"
        STUCK = "stuck", "waits for somebody to settle it"
        DIFFERENT = "different", "applied differently"
        APPROVED = "approved", "approved"
        REJECTED = "rejected", "rejected"
        WITHDRAWN = "withdrawn", "withdrawn"
        EXPIRED = "expired", "expired"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        UNKNOWN = "unknown", "outcome unknown"

    request = models.ForeignKey(
        "panel.ChangeRequest", on_delete=models.CASCADE, related_name="happenings"
    )
    event = models.CharField(max_length=12, choices=Event.choices)
    created = models.DateTimeField(auto_now_add=True)
    # Nothing is told before: an outcome that is unknown for seconds is nobody's concern.
    due = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return f"{self.request_id} {self.event}"


class Notice(models.Model):
    """One thing that one person is told about one request.

    `title` may go out by mail: no names, no contact details. `text` is for the panel alone.
    """

    class Kind(models.TextChoices):
        """Why this person is told; each can be had by mail or not."""

        DECIDE = "decide", "A request waits for my decision"
        SETTLE = "settle", "An unknown outcome waits for me to settle it"
        DIFFERENT = "different", "MT4 carried something out otherwise than it was asked"
        OWED = "owed", "Money is on no account and waits for me to put it right"
        PAY = "pay", "A withdrawal waits for me to pay it out"
        JOB = "job", "A request of a scheduled job failed"
        APPROVED = "approved", "My request was approved"
        REJECTED = "rejected", "My request was rejected"
        EXPIRED = "expired", "My request expired, as nobody decided"
        DONE = "done", "My request was carried out"
        FAILED = "failed", "My request failed"
        UNKNOWN = "unknown", "The outcome of my request is unknown"

    class Mail(models.TextChoices):
        """Whether it goes out by mail."""

        NONE = "none", "not by mail"
        DUE = "due", "to be mailed"
        SENT = "sent", "mailed"
        GIVEN_UP = "given_up", "could not be mailed"

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notices"
    )
    request = models.ForeignKey(
        "panel.ChangeRequest", on_delete=models.CASCADE, related_name="notices"
    )
    kind = models.CharField(max_length=12, choices=Kind.choices)
    title = models.CharField(max_length=200)
    text = models.TextField(blank=True)
    created = models.DateTimeField(auto_now_add=True)
    read = models.DateTimeField(null=True)
    mail = models.CharField(max_length=10, choices=Mail.choices, default=Mail.NONE)
    mail_tries = models.PositiveSmallIntegerField(default=0)
    # When to try (again); while a worker is at it, until when it may be.
    mail_after = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created", "-pk")
        indexes = (
            models.Index(fields=("person", "-created", "-id"), name="notice_person"),
            models.Index(fields=("person",), condition=Q(read__isnull=True), name="notice_unread"),
            models.Index(fields=("mail_after",), condition=Q(mail="due"), name="notice_to_mail"),
        )
        constraints = (
            models.UniqueConstraint(fields=("person", "request", "kind"), name="told_once"),
        )

    def __str__(self) -> str:
        return self.title
