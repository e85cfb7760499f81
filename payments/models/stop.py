"""Accounts from which no money may leave for now."""

from __future__ import annotations

from django.db import models


class WithdrawalStop(models.Model):
    """No withdrawals and no transfers out of this account until two people allow them again."""

    platform = models.ForeignKey(
        "panel.Platform", on_delete=models.PROTECT, related_name="withdrawal_stops"
    )
    login = models.IntegerField()
    why = models.TextField()
    request = models.OneToOneField(
        "panel.ChangeRequest", on_delete=models.PROTECT, related_name="withdrawal_stop"
    )
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("platform", "login"), name="one_stop_per_account"),
        )

    def __str__(self) -> str:
        return f"no withdrawals from {self.login}"
