"""Reconciliations: the panel's payments against MT4's records, and what did not fit."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import Q

from panel.lib.money import ZERO


class Reconciliation(models.Model):
    """One comparison of a platform's payments with MT4's money records, over a span of time.

    The span is in UTC, its end not included. Every record of the span was read from MT4 for it.
    """

    class State(models.TextChoices):
        """Where it stands."""

        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    platform = models.ForeignKey(
        "panel.Platform", on_delete=models.PROTECT, related_name="reconciliations"
    )
    since = models.DateTimeField()
    until = models.DateTimeField()
    # Nobody, where the daily schedule asked for it.
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    started = models.DateTimeField(auto_now_add=True)
    # The last sign of life of the worker; one that has fallen silent is given up.
    alive = models.DateTimeField(auto_now_add=True)
    finished = models.DateTimeField(null=True)
    trouble = models.CharField(max_length=300, blank=True)
    records = models.PositiveIntegerField(default=0)
    matched = models.PositiveIntegerField(default=0)
    found = models.PositiveIntegerField(default=0)
    # A list of {currency, ours, theirs}: sums of signed amounts within the span.
    totals = models.JSONField(default=list)

    class Meta:
        ordering = ("-started", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("platform",),
                condition=Q(state="running"),
                name="one_reconciliation_at_a_time",
            ),
        )

    def __str__(self) -> str:
        return f"{self.platform_id} {self.since:%Y-%m-%d} to {self.until:%Y-%m-%d}"

    @property
    def sums(self) -> list[tuple[str, Decimal, Decimal, Decimal]]:
        """Currency, our sum, theirs, and by how much theirs is the larger one."""
        sides = (
            (total["currency"], Decimal(total["ours"]), Decimal(total["theirs"]))
            for total in self.totals
        )
        return [(currency, ours, theirs, theirs - ours) for currency, ours, theirs in sides]

    @property
    def days(self) -> tuple[date, date]:
        """The first and the last day of the span, in UTC."""
        last = self.until - timedelta(microseconds=1)
        return self.since.astimezone(UTC).date(), last.astimezone(UTC).date()


class Difference(models.Model):
    """Something on one side of the books that the other side does not have, or has otherwise.

    Amounts are signed, in the account's currency; None where that side has nothing. `key` is the
    reference, or `#` and the ticket of a record without one: looked for again and again, a
    difference stays one row.
    """

    class Kind(models.TextChoices):
        """What does not fit."""

        OURS = "ours", "ours without theirs"
        THEIRS = "theirs", "theirs without ours"
        AMOUNT = "amount", "different"
        # Known without a comparison: a request ended with money taken and not brought anywhere.
        OWED = "owed", "owed"

    class State(models.TextChoices):
        """What became of it."""

        OPEN = "open", "open"
        EXPLAINED = "explained", "explained"
        CORRECTED = "corrected", "corrected"
        GONE = "gone", "fits now"

    platform = models.ForeignKey(
        "panel.Platform", on_delete=models.PROTECT, related_name="differences"
    )
    key = models.CharField(max_length=24)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    login = models.IntegerField()
    mt4_group = models.CharField(max_length=16)
    currency = models.CharField(max_length=12)
    is_credit = models.BooleanField(default=False)
    payment = models.ForeignKey(
        "payments.Payment", null=True, on_delete=models.PROTECT, related_name="differences"
    )
    our_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    their_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True)
    tickets = models.JSONField(default=list)
    comment = models.CharField(max_length=64, blank=True)
    text = models.CharField(max_length=300)
    # When the money moved, as far as is known, UTC.
    time = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    first_seen = models.DateTimeField(auto_now_add=True)
    last_seen = models.DateTimeField()
    # The request by which two people explained it.
    explanation = models.ForeignKey(
        "panel.ChangeRequest", null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("-time", "-pk")
        indexes = (models.Index(fields=("platform", "state", "-time"), name="difference_state"),)
        constraints = (
            models.UniqueConstraint(
                fields=("platform", "login", "key"), name="one_difference_per_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.key} on {self.login}"

    @property
    def excess(self) -> Decimal:
        """By how much MT4 holds more than the panel; below zero, less."""
        return (self.their_amount or ZERO) - (self.our_amount or ZERO)
