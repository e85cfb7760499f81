"""The audit log's rows. They are written by `panel.audit` alone and never change."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models

# The group of an entry that only those may read who see every group of its platform: it names what
# may belong to any of them.
EVERY_GROUP = "*"


class AppendOnlyError(RuntimeError):
    """Somebody tried to change or delete an entry of the audit log."""


class AuditEntry(models.Model):
    """One thing that happened. Names are kept as text, so that they outlive what they name."""

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    actor_id = models.BigIntegerField(null=True, db_index=True)
    actor = models.CharField(max_length=200)
    roles = models.CharField(max_length=300, blank=True)
    session = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=20)
    action = models.CharField(max_length=80, db_index=True)
    platform_id = models.BigIntegerField(null=True)
    platform = models.CharField(max_length=80, blank=True)
    object_kind = models.CharField(max_length=40, blank=True)
    object_key = models.CharField(max_length=100, blank=True)
    object_text = models.CharField(max_length=200, blank=True)
    mt4_group = models.CharField(max_length=16, blank=True)
    reference = models.CharField(max_length=20, blank=True, db_index=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    activity_id = models.CharField(max_length=64, blank=True)
    code = models.CharField(max_length=60, blank=True)
    outcome = models.CharField(max_length=20)
    detail = models.TextField(blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ("-seq",)
        indexes = (models.Index(fields=("object_kind", "object_key"), name="audit_object"),)

    def __str__(self) -> str:
        return f"{self.seq} {self.action}"

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: entries are appended by `panel.audit.record`."""
        raise AppendOnlyError("Audit entries are appended by panel.audit.record only.")

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: nothing is ever taken out of the log."""
        raise AppendOnlyError("Audit entries are never deleted.")


class AuditHead(models.Model):
    """The end of the chain: one row, locked while an entry is appended."""

    seq = models.BigIntegerField()
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.seq} {self.hash[:12]}"
