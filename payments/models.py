"""Payments as the business knows them, and MT4's own money records beside them."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q

from panel.models import Status


class Kind(models.TextChoices):
    """What a payment does to the account."""

    DEPOSIT = "deposit", "deposit"
    WITHDRAWAL = "withdrawal", "withdrawal"
    CREDIT_IN = "credit_in", "credit in"
    CREDIT_OUT = "credit_out", "credit out"

    @property
    def is_credit(self) -> bool:
        """Whether it moves credit, not balance."""
        return self in (Kind.CREDIT_IN, Kind.CREDIT_OUT)

    def signed(self, amount: Decimal) -> Decimal:
        """The amount as MT4 books it: what leaves the account is negative."""
        return amount if self in (Kind.DEPOSIT, Kind.CREDIT_IN) else -amount


class Method(models.TextChoices):
    """The way the money comes or goes outside MT4."""

    BANK = "bank", "bank transfer"
    CARD = "card", "card"
    WALLET = "wallet", "e-wallet"
    CRYPTO = "crypto", "crypto"
    INTERNAL = "internal", "internal"


class Payment(models.Model):
    """A deposit, withdrawal or credit, with the change request that moves it.

    `status` is always its request's: the hooks of the payment commands write it in the same
    transaction. `amount` is positive, in the account's currency; `kind` tells the direction.
    """

    request = models.OneToOneField(
        "panel.ChangeRequest", on_delete=models.PROTECT, related_name="payment"
    )
    reference = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    method = models.CharField(max_length=12, choices=Method.choices)
    external_reference = models.CharField(max_length=64, blank=True, db_index=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=12)
    platform = models.ForeignKey(
        "panel.Platform", on_delete=models.PROTECT, related_name="payments"
    )
    login = models.IntegerField()
    account_name = models.CharField(max_length=128, blank=True)
    mt4_group = models.CharField(max_length=16)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PENDING)
    # MT4's number of the balance or credit record, once it has been seen there.
    ticket = models.IntegerField(null=True)
    comment = models.CharField(max_length=31, blank=True)
    created = models.DateTimeField(db_index=True)
    finished = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created", "-pk")
        indexes = (
            models.Index(fields=("platform", "login", "-created"), name="payment_account"),
            models.Index(fields=("status", "-created"), name="payment_status"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="payment_kind_known"),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def signed_amount(self) -> Decimal:
        """The amount as MT4 books it."""
        return Kind(self.kind).signed(self.amount)


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

    class Meta:
        ordering = ("-time", "-ticket")
        indexes = (
            models.Index(fields=("platform", "login", "-time"), name="money_record_account"),
            models.Index(fields=("kind", "time"), name="money_record_time"),
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
