"""Payments as the business knows them."""

from __future__ import annotations

from decimal import Decimal

from django.db import models
from django.db.models import Q

from panel.lib.keys import ComparableField
from panel.lib.money import ZERO
from panel.models import Status


class Kind(models.TextChoices):
    """What a payment does to the account."""

    DEPOSIT = "deposit", "deposit"
    WITHDRAWAL = "withdrawal", "withdrawal"
    CREDIT_IN = "credit_in", "credit in"
    CREDIT_OUT = "credit_out", "credit out"
    TRANSFER_OUT = "transfer_out", "transfer out"
    TRANSFER_IN = "transfer_in", "transfer in"
    # What a transfer puts back where it came from, when the other account refused it.
    TRANSFER_RETURN = "transfer_return", "transfer put back"
    CORRECTION_IN = "correction_in", "correction in"
    CORRECTION_OUT = "correction_out", "correction out"
    CHARGEBACK = "chargeback", "chargeback"
    NEGATIVE_RESET = "negative_reset", "negative balance reset"
    # What a provider could not pay out, credited back.
    WITHDRAWAL_RETURN = "withdrawal_return", "withdrawal returned"

    @property
    def is_credit(self) -> bool:
        """Whether it moves credit, not balance."""
        return self in (Kind.CREDIT_IN, Kind.CREDIT_OUT)

    @property
    def is_out(self) -> bool:
        """Whether it takes something from the account."""
        return self in (
            Kind.WITHDRAWAL,
            Kind.CREDIT_OUT,
            Kind.TRANSFER_OUT,
            Kind.CORRECTION_OUT,
            Kind.CHARGEBACK,
        )

    @property
    def is_client_money(self) -> bool:
        """Whether the client's own money comes from outside, or goes there."""
        return self in (
            Kind.DEPOSIT,
            Kind.WITHDRAWAL,
            Kind.CHARGEBACK,
            Kind.WITHDRAWAL_RETURN,
        )

    def signed(self, amount: Decimal) -> Decimal:
        """The amount as MT4 books it: what leaves the account is negative."""
        return -amount if self.is_out else amount


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

    Money that changes hands in another currency keeps what it was: `paid_amount` of
    `paid_currency`, worth `rate` of the account's currency each (`payments.conversion`).
    """

    request = models.ForeignKey(
        "panel.ChangeRequest", on_delete=models.PROTECT, related_name="payments"
    )
    reference = models.CharField(max_length=20, unique=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    method = models.CharField(max_length=12, choices=Method.choices)
    external_reference = models.CharField(max_length=64, blank=True)
    # By this one, spellings that people would take for the same are the same.
    external_reference_key = ComparableField("external_reference", db_index=True)
    amount = models.DecimalField(max_digits=18, decimal_places=2)
    currency = models.CharField(max_length=12)
    paid_amount = models.DecimalField(max_digits=22, decimal_places=8, null=True)
    paid_currency = models.CharField(max_length=12, blank=True)
    rate = models.DecimalField(max_digits=20, decimal_places=10, null=True)
    # What the broker keeps, in the account's currency: part of what was paid, not of `amount`.
    fee = models.DecimalField(max_digits=18, decimal_places=2, default=ZERO)
    # The payment that this one follows from: its deposit, its other leg, what it undoes.
    origin = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="consequences"
    )
    platform = models.ForeignKey(
        "panel.Platform", on_delete=models.PROTECT, related_name="payments"
    )
    login = models.IntegerField()
    account_name = models.CharField(max_length=128, blank=True)
    mt4_group = models.CharField(max_length=16)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.PENDING)
    # MT4's number of the balance or credit record, once it has been seen there.
    ticket = models.IntegerField(null=True)
    # MT4's newest ticket that was known when it was asked for: its own record has a higher one.
    asked_after = models.IntegerField(default=0)
    # The newest ticket of its account when it was read again once it was done: its own record is
    # not above it. Null where it was not read then.
    seen_through = models.IntegerField(null=True)
    comment = models.CharField(max_length=31, blank=True)
    created = models.DateTimeField(db_index=True)
    finished = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-created", "-pk")
        indexes = (
            models.Index(fields=("platform", "login", "-created"), name="payment_account"),
            models.Index(fields=("status", "-created"), name="payment_status"),
            models.Index(
                fields=("platform",),
                condition=Q(status="done", ticket__isnull=True),
                name="payment_without_ticket",
            ),
        )
        constraints = (
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_positive"),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="payment_kind_known"),
            models.UniqueConstraint(
                fields=("origin",),
                condition=Q(kind="withdrawal_return")
                & ~Q(status__in=["rejected", "withdrawn", "expired", "failed"]),
                name="withdrawal_is_returned_once",
            ),
            models.CheckConstraint(condition=Q(fee__gte=0), name="payment_fee_not_negative"),
            models.CheckConstraint(
                condition=Q(paid_amount__isnull=True, rate__isnull=True, paid_currency="")
                | Q(paid_amount__gt=0, rate__gt=0) & ~Q(paid_currency=""),
                name="payment_paid_whole",
            ),
        )

    def __str__(self) -> str:
        return self.reference

    @property
    def signed_amount(self) -> Decimal:
        """The amount as MT4 books it."""
        return Kind(self.kind).signed(self.amount)
