"""MT4's own money records, as mirrored beside the panel's payments."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class MoneyRecord(models.Model):
    """A balance or credit record of MT4, as mirrored. MT4 never changes one, and never loses one.

    `amount` is signed, in the account's currency. `time` is UTC, worked out from the server's
    clock; `server_time` is what MT4 holds: its own clock written as if it were UNIX time.
    """

    class Kind(models.TextChoices):
        """Which of the account's two purses."""

        BALANCE = "balance", "balance"
        CREDIT = "credit", "credit"

    platform = models.ForeignKey(
        "panel.Platform", on_delete=models.CASCADE, related_name="money_records"
    )
    ticket = models.IntegerField()
    login = models.IntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=12)
    mt4_group = models.CharField(max_length=16)
    comment = models.CharField(max_length=64, blank=True)
    # The panel's reference in the comment, empty for what others booked.
    reference = models.CharField(max_length=20, blank=True)
    time = models.DateTimeField()
    server_time = models.BigIntegerField()
    # Until when a credit is good, as MT4 holds it; 0 for none. MT4 itself does nothing then.
    expires_server_time = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("-time", "-ticket")
        indexes = (
            models.Index(fields=("platform", "login", "-time"), name="money_record_account"),
            models.Index(fields=("kind", "time"), name="money_record_time"),
            models.Index(
                fields=("platform", "expires_server_time"),
                condition=Q(expires_server_time__gt=0, amount__gt=0),
                name="money_record_expires",
            ),
            models.Index(
                fields=("platform", "reference"),
                condition=~Q(reference=""),
                name="money_record_reference",
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("platform", "ticket"), name="one_money_record_per_ticket"
            ),
        )

    def __str__(self) -> str:
        return f"{self.ticket} {self.kind} {self.amount}"


class MoneyMirror(models.Model):
    """How far the mirror of a platform's money records reaches."""

    platform = models.OneToOneField(
        "panel.Platform", on_delete=models.CASCADE, related_name="money_mirror"
    )
    # When it was last read through to the end, UTC.
    read_at = models.DateTimeField()
    # The server's clock at that reading, as MT4 writes times: the next one starts before it.
    read_through = models.BigIntegerField()

    def __str__(self) -> str:
        return f"money records of {self.platform} as of {self.read_at}"
