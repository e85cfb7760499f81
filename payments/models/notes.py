"""What people wrote down about a withdrawal."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models

from payments.models.desk import Withdrawal


class Note(models.Model):
    """A note. It is written once: the database refuses to change or delete one."""

    withdrawal = models.ForeignKey(Withdrawal, on_delete=models.PROTECT, related_name="notes")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    text = models.TextField()
    written = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("written", "pk")

    def __str__(self) -> str:
        return f"note {self.pk} on {self.withdrawal_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write it; raises `TypeError` for one that is already written."""
        if not self._state.adding:
            raise TypeError("A note is never changed: write another one.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refused."""
        raise TypeError("A note is never deleted.")
