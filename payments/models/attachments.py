"""Files that belong to a payment: statements, identity papers, the client's own words."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from payments.models.payment import Payment


class Attachment(models.Model):
    """A file. Its content lies in the data folder under a random name, outside the web root.

    `content_type` is what the content itself says it is, not what was claimed; `size` in bytes;
    `sha256` of the content as it came.
    """

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="attachments")
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    added = models.DateTimeField(auto_now_add=True)
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    stored = models.CharField(max_length=40, unique=True)

    class Meta:
        ordering = ("added", "pk")

    def __str__(self) -> str:
        return self.name
