"""Holds: which accounts have money on its way, and whose."""

from __future__ import annotations

from django.db import models
from django.utils import timezone


class Hold(models.Model):
    """An account on which a request moves money: nothing else may, until its outcome is known.

    Taken in the transaction that claims the request, and given back in the one that writes the
    final outcome: money behind an unknown outcome waits. See `panel.commands.holds`.
    """

    platform = models.ForeignKey("panel.Platform", on_delete=models.PROTECT, related_name="holds")
    login = models.IntegerField()
    request = models.ForeignKey(
        "panel.ChangeRequest", on_delete=models.PROTECT, related_name="holds"
    )
    # The line of a bulk file that moves the money; empty where the request moves it as a whole.
    item = models.BigIntegerField(null=True)
    taken = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "panel_hold"
        constraints = (
            models.UniqueConstraint(fields=("platform", "login"), name="one_hold_per_account"),
        )

    def __str__(self) -> str:
        return f"{self.login} held by {self.request_id}"
