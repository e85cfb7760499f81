"""Approvals: who decided what about a request, and who may not."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from panel.models.change import ChangeRequest


class RequestAuthor(models.Model):
    """Everybody whose hand is in a request: its maker and the makers of what it supersedes."""

    request = models.ForeignKey(ChangeRequest, on_delete=models.CASCADE, related_name="authors")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("request", "user"), name="one_author_row_each"),
        )

    def __str__(self) -> str:
        return f"{self.user_id} in {self.request_id}"


class Approval(models.Model):
    """One person's decision. A trigger refuses one by an author of the request."""

    class Decision(models.TextChoices):
        APPROVE = "approve", "approved"
        REJECT = "reject", "rejected"

    request = models.ForeignKey(ChangeRequest, on_delete=models.PROTECT, related_name="approvals")
    checker = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="approvals"
    )
    # A copy of the request's maker, so that the database itself can compare the two.
    maker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=40)
    decision = models.CharField(max_length=10, choices=Decision.choices)
    reason = models.TextField(blank=True)
    seen_digest = models.CharField(max_length=64, blank=True)
    live = models.JSONField(default=dict)
    # What the person had before them (`panel.ui.shown`); None where no page showed it.
    shown = models.JSONField(null=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("created",)
        constraints = (
            models.UniqueConstraint(fields=("request", "checker"), name="one_decision_each"),
            models.CheckConstraint(condition=~Q(checker=F("maker")), name="maker_is_not_checker"),
            models.CheckConstraint(
                condition=~Q(decision="reject") | ~Q(reason=""), name="rejection_has_a_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.decision} {self.request_id} by {self.checker_id}"
