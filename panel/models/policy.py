"""Policies: how many people must approve what, who they may be, and what they keep apart."""

from __future__ import annotations

from django.db import models


class Policy(models.Model):
    """One rule. Of all that fit a request, the strictest (most approvals) counts."""

    command = models.CharField(max_length=60)
    platform = models.ForeignKey(
        "panel.Platform", null=True, blank=True, on_delete=models.CASCADE, related_name="policies"
    )
    group_masks = models.CharField(max_length=500, default="*")
    currency = models.CharField(max_length=12, blank=True)
    # The rule fits amounts above this, in the account's currency; empty fits every amount.
    over_amount = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    approvals = models.PositiveSmallIntegerField()
    # Slugs of the roles of which each approver must have one.
    roles = models.JSONField(default=list)
    active = models.BooleanField(default=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("command", "over_amount", "pk")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(approvals__lte=3), name="at_most_three_approvals"
            ),
        )

    def __str__(self) -> str:
        over = f" over {self.over_amount}" if self.over_amount is not None else ""
        return f"{self.command}{over}: {self.approvals}"


class Separation(models.Model):
    """Whether a rule on separated duties is in force; a rule without a row is."""

    name = models.CharField(max_length=60, unique=True)
    active = models.BooleanField(default=True)

    def __str__(self) -> str:
        return f"{self.name}: {'on' if self.active else 'off'}"
