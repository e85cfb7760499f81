"""Who has taken a piece of work in hand: advice to the others, never a lock."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Claim(models.Model):
    """Somebody works on deciding a request, or on paying a withdrawal out.

    `reference` is the request's or the withdrawal's own; a request has one claim for each task, so
    that whoever decided it does not stand there while it waits to be paid out. A release deletes
    the row; the audit log keeps every step.
    """

    class Task(models.TextChoices):
        """What is to be done with it."""

        DECIDE = "decide", "decision"
        PAY = "pay", "payout"

    reference = models.CharField(max_length=20)
    task = models.CharField(max_length=8, choices=Task.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="claims"
    )
    # The same person, unless it was assigned.
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("reference", "task"), name="one_claim_per_task"),
        )

    def __str__(self) -> str:
        return f"{self.reference} ({self.task}) with {self.person_id}"
