"""The usual reasons, so that people read the same words for the same thing."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Purpose(models.TextChoices):
    """What a reason is given for."""

    REJECT = "reject", "rejecting a request"
    HOLD = "hold", "putting a withdrawal on hold"
    PAYOUT_FAILED = "payout_failed", "a payout that failed"
    RETURN = "return", "returning a withdrawal"


class Reason(models.Model):
    """A sentence that can be chosen for a purpose. Retired ones stay in the books they are in."""

    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    text = models.CharField(max_length=200)
    active = models.BooleanField(default=True)
    # Nobody for those that a new panel begins with.
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    added = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("purpose", "pk")
        constraints = (
            models.UniqueConstraint(fields=("purpose", "text"), name="one_reason_of_these_words"),
        )

    def __str__(self) -> str:
        return self.text
