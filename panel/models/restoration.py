"""A database that was put back from a backup, as the panel noticed it."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Restoration(models.Model):
    """The audit log remembered outside the database has an entry that the database's own lacks.

    Until an administrator has looked at it nothing is sent to MT4: what this database holds to be
    open may have been carried out since the backup was made.
    """

    noticed = models.DateTimeField(auto_now_add=True)
    # The entry that was remembered, and the newest one that was found.
    remembered_seq = models.BigIntegerField()
    remembered_hash = models.CharField(max_length=64)
    found_seq = models.BigIntegerField()
    # When every open operation had been looked for on MT4, and what was found there of them: a list
    # of {reference, platform, text}.
    looked = models.DateTimeField(null=True)
    findings = models.JSONField(default=list)
    # Why MT4 could not be asked; empty if it could.
    trouble = models.TextField(blank=True)
    # When the administrators were told by mail; null until the mail server took it.
    told = models.DateTimeField(null=True)
    acknowledged = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ("-noticed",)
        constraints = (
            models.UniqueConstraint(
                fields=("remembered_seq", "remembered_hash"), name="restoration_noticed_once"
            ),
        )

    def __str__(self) -> str:
        return f"restoration noticed {self.noticed:%Y-%m-%d %H:%M}"
