"""Limits: how much money one person may move, and the row that counting waits on."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Limit(models.Model):
    """How much a person may move. Each person is counted by themselves; all that fit must hold.

    Without a person and a role it holds everybody. Amounts are in the accounts' currency and
    never added across currencies: without a currency each one is counted by itself. The kinds
    named are counted together; without any, all kinds are. `per_day` is the last 24 hours and
    `per_30_days` the last 30 × 24 hours, both up to the moment of asking.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="limits",
    )
    role = models.ForeignKey(
        "panel.Role", null=True, blank=True, on_delete=models.PROTECT, related_name="limits"
    )
    kinds = models.JSONField(default=list)
    platform = models.ForeignKey(
        "panel.Platform", null=True, blank=True, on_delete=models.PROTECT, related_name="limits"
    )
    group_masks = models.CharField(max_length=500, default="*")
    currency = models.CharField(max_length=12, blank=True)
    per_operation = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    per_day = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    per_30_days = models.DecimalField(max_digits=18, decimal_places=2, null=True, blank=True)
    active = models.BooleanField(default=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ("person__name", "role__name", "pk")
        constraints = (
            models.CheckConstraint(
                condition=Q(person__isnull=True) | Q(role__isnull=True),
                name="limit_names_person_or_role",
            ),
            models.CheckConstraint(
                condition=Q(per_operation__isnull=False)
                | Q(per_day__isnull=False)
                | Q(per_30_days__isnull=False),
                name="limit_limits_something",
            ),
        )

    def __str__(self) -> str:
        return f"limit {self.pk}"


class LimitTurn(models.Model):
    """One row for each person, locked while their payments are counted and the next one written.

    Two requests of a person are counted one after the other. Nothing else ever locks it, so that
    whoever holds it may safely wait for the head of the audit log.
    """

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="limit_turn"
    )

    def __str__(self) -> str:
        return f"turn of {self.person_id}"
