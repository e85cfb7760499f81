"""Payments as the business knows them."""

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
    """A movement of money on one account, with the change request that moves it.

    Most requests move one payment, which then has the request's own reference and status, written
    by the hooks of the payment commands in the same transaction. A request of several (a transfer,
    a file) gives each a reference of its own, under which MT4's records carry it. `amount` is
    positive, in the account's currency; `kind` tells the direction.
    """

    request = models.ForeignKey(
        "panel.ChangeRequest", on_delete=models.PROTECT, related_name="payments"
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
