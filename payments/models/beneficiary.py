"""Kept beneficiaries: where a client's money may go, added and changed by two people."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from payments.models.payment import Method

DETAILS = (
    *("kind", "holder", "country", "currency", "iban", "bic", "account_number", "bank_code"),
    *("wallet", "network", "token"),
)
"""The fields that say where the money goes; a withdrawal keeps a copy of them."""


class Beneficiary(models.Model):
    """A bank account, wallet or card of a client, kept for one of their MT4 accounts.

    Written by `beneficiaries.set` and `beneficiaries.end` alone, each confirmed by a second person.
    A withdrawal keeps the details with which it was asked for; a later change does not reach it.
    """

    platform = models.ForeignKey(
        "panel.Platform", on_delete=models.PROTECT, related_name="beneficiaries"
    )
    login = models.IntegerField()
    mt4_group = models.CharField(max_length=16)
    account_name = models.CharField(max_length=128, blank=True)
    # The way of paying for which it can be used; never `internal`.
    kind = models.CharField(max_length=12, choices=Method.choices)
    holder = models.CharField(max_length=128)
    # ISO 3166 and ISO 4217; the currency is empty where any is taken.
    country = models.CharField(max_length=2, blank=True)
    currency = models.CharField(max_length=12, blank=True)
    iban = models.CharField(max_length=34, blank=True)
    bic = models.CharField(max_length=11, blank=True)
    # For countries without IBAN: the account, and the bank's own number (sort code, routing).
    account_number = models.CharField(max_length=34, blank=True)
    bank_code = models.CharField(max_length=35, blank=True)
    # An e-wallet's name for the client with the provider in `network`, or an address on a chain.
    wallet = models.CharField(max_length=128, blank=True)
    network = models.CharField(max_length=40, blank=True)
    # What the card provider calls the card; never a card number.
    token = models.CharField(max_length=64, blank=True)

    active = models.BooleanField(default=True)
    created = models.DateTimeField(default=timezone.now)
    changed = models.DateTimeField(default=timezone.now)
    # The end of the cooling-off time after it was added or changed.
    usable_from = models.DateTimeField()

    class Meta:
        ordering = ("platform", "login", "pk")
        verbose_name_plural = "beneficiaries"
        indexes = (
            models.Index(fields=("platform", "login"), name="beneficiary_account"),
            models.Index(fields=("iban",), condition=~Q(iban=""), name="beneficiary_iban"),
            models.Index(fields=("wallet",), condition=~Q(wallet=""), name="beneficiary_wallet"),
        )
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=[method for method in Method.values if method != "internal"]),
                name="beneficiary_kind_known",
            ),
        )

    def __str__(self) -> str:
        return f"beneficiary {self.pk} of {self.login}"

    @property
    def details(self) -> dict[str, Any]:
        """Where the money goes, as a withdrawal keeps it."""
        return {name: getattr(self, name) for name in DETAILS}


class BeneficiaryChange(models.Model):
    """A change of a beneficiary that was carried out: its request tells the people involved."""

    beneficiary = models.ForeignKey(Beneficiary, on_delete=models.PROTECT, related_name="changes")
    request = models.OneToOneField(
        "panel.ChangeRequest", on_delete=models.PROTECT, related_name="beneficiary_change"
    )
    made = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("made", "pk")

    def __str__(self) -> str:
        return f"{self.request} of {self.beneficiary}"


class PayoutRules(models.Model):
    """The rules of beneficiaries and payouts: one row, changed by two administrators."""

    # Hours after it was added or changed in which a beneficiary cannot be used.
    cooling_off_hours = models.PositiveSmallIntegerField(default=24)
    # Days for which whoever changed or confirmed a beneficiary approves no withdrawal to it.
    separation_days = models.PositiveSmallIntegerField(default=30)
    # Whether a withdrawal out of the house needs a kept beneficiary.
    require_kept = models.BooleanField(default=False)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="payout_rules_are_one_row"),)

    def __str__(self) -> str:
        return "rules of payouts"

    @classmethod
    def current(cls) -> PayoutRules:
        """The rules that hold; the usual ones until somebody changes them."""
        return cls.objects.first() or cls(pk=1)
