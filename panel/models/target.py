"""How long a piece of work may wait before it is late."""

from __future__ import annotations

from django.db import models


class AgeTarget(models.Model):
    """Hours within which requests of one command are decided; of a payout, paid out."""

    command = models.CharField(max_length=60, unique=True)
    hours = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ("command",)
        constraints = (
            models.CheckConstraint(condition=models.Q(hours__gt=0), name="age_target_positive"),
        )

    def __str__(self) -> str:
        return f"{self.command}: {self.hours} h"
