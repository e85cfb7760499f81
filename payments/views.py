"""Pages of payments: the list, an account's ledger, and the forms that move money."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db.models import Q, QuerySet
from django.urls import reverse

from panel.commands.base import Command
from panel.mt4.read import reader
from panel.ui import books, search
from panel.ui.account import PAYMENT_DEEDS, AccountMixin, AccountView
from panel.ui.commands import CommandView
from panel.ui.figures import money_text
from panel.ui.links import Link
from panel.ui.platform import at
from panel.ui.tables import Table
from panel.ui.views import OnPlatform, TableView
from payments import commands, limits
from payments.checks import NOT_MOVED
from payments.filters import PaymentFilter
from payments.flows import signed
from payments.forms import CreditForm, CreditInForm, PaidForm, PaymentForm, WithdrawForm
from payments.ledger import ledger
from payments.models import Kind, Payment
from payments.operation import MoneyCommand
from payments.queries import payments_of
from payments.stops import stop_of, words
from payments.tables import FutilePaymentTable, LedgerTable, PaymentTable


class PaymentListView(OnPlatform, TableView):
    """Every payment of the platform in use."""

    permission: ClassVar[str] = "payments.view"
    title: ClassVar[str] = "Payments"
    table_class: ClassVar[type[Table]] = PaymentTable
    filterset_class = PaymentFilter
    search_words: ClassVar[str] = "Reference, login, name, external reference"

    def get_queryset(self) -> QuerySet[Payment]:
        """Within the person's scopes."""
        rows = payments_of(self.request.actor.person_or_fail())
        rows = rows.filter(platform=self.platform)
        return rows.select_related("platform", "request__maker").annotate(signed=signed())

    def get_table_class(self) -> type[Table]:
        """What came to nothing is listed, and adds up to nothing unless it was asked for."""
        asked = set(self.request.GET.getlist("status"))
        return FutilePaymentTable if asked & set(NOT_MOVED) else PaymentTable

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """A login exactly, a reference from its start, anything else anywhere."""
        return queryset.filter(
            search.by_reference("reference", words)
            | search.by_key("external_reference_key", words)
            | search.by_login("login", words)
            | Q(account_name__icontains=words)
        )

    def get_primary(self) -> Link | None:
        """A new payment, for those who may make one of any kind."""
        if any(self.request.actor.may(deed.permission) for deed in PAYMENT_DEEDS):
            return Link("New payment", at(reverse("payment_new"), self.platform), "plus")
        return None


class AccountPaymentsView(AccountView):
    """One account: the panel's payments beside MT4's records."""

    permission: ClassVar[str] = "payments.view"
    template_name = "payments/account.html"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """The ledger, live where MT4 answers."""
        account = self.account
        live = reader(account.platform.connection) if account.live else None
        found = ledger(account.platform, account.login, live)
        lines = [replace(line, currency=account.currency) for line in found.lines]
        return super().get_context(
            ledger=found,
            stop=stop_of(account.platform, account.login),
            owed=books.owed_to(
                self.request.actor.person_or_fail(), account.platform, account.login
            ),
            table=LedgerTable(self.request, lines, paged=False),
            target="ledger",
            **extra,
        )


class MoneyView(AccountMixin, CommandView):
    """A form that moves money on the account of the address."""

    command_class: ClassVar[type[MoneyCommand]]
    form_class: ClassVar[type[forms.Form]] = PaymentForm
    template_name = "payments/form.html"

    def limit(self) -> str:
        """How much is possible at the most, in words; empty where nothing limits it."""
        return ""

    def own_limit(self) -> str:
        """What the limits leave to the person at the form, in words; empty without any."""
        account = self.account
        kind = getattr(self.command_class, "kind", None)
        if not isinstance(kind, Kind):
            return ""
        one = limits.Movement(
            account.platform.pk, account.group, kind.value, account.currency, Decimal(0)
        )
        return limits.room(self.request.actor.person_or_fail(), one)

    def get_form_kwargs(self) -> dict[str, Any]:
        """Amounts are read in the account's currency."""
        return {**super().get_form_kwargs(), "currency": self.account.currency}

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The command of the form's values."""
        values = {name: value for name, value in cleaned.items() if name != "reason"}
        return self.command_class(
            platform=self.account.platform.slug, login=self.account.login, **values
        )


class PaidView(MoneyView):
    """A form of money from outside, or to it."""

    def get_form_kwargs(self) -> dict[str, Any]:
        """Whether money leaves."""
        return {**super().get_form_kwargs(), "out": Kind(self.command_class.kind).is_out}

    def get_initial(self) -> dict[str, Any]:
        """What was worked out is worked out again."""
        initial = super().get_initial()
        return {**initial, "amount": ""} if initial.get("paid_amount") else initial


class DepositView(PaidView):
    """Money in."""

    permission: ClassVar[str] = "payments.deposit"
    title: ClassVar[str] = "Deposit"
    command_class = commands.Deposit
    form_class = PaidForm


class WithdrawView(PaidView):
    """Money out."""

    permission: ClassVar[str] = "payments.withdraw"
    title: ClassVar[str] = "Withdrawal"
    command_class = commands.Withdraw
    form_class = WithdrawForm

    def get_initial(self) -> dict[str, Any]:
        """The client themselves, until somebody else is named."""
        return {"beneficiary": self.account.name, **super().get_initial()}

    def limit(self) -> str:
        """What is free without the credit; the command asks again, live, when it is sent."""
        stop = stop_of(self.account.platform, self.account.login)
        if stop is not None:
            return words(stop)
        most = self.account.withdrawable
        if most is None:
            return ""
        return f"At most {money_text(most, self.account.currency)} can be withdrawn now."


class CreditInView(MoneyView):
    """Credit in."""

    permission: ClassVar[str] = "payments.credit"
    title: ClassVar[str] = "Give credit"
    command_class = commands.CreditIn
    form_class = CreditInForm


class CreditOutView(MoneyView):
    """Credit out."""

    permission: ClassVar[str] = "payments.credit"
    title: ClassVar[str] = "Take credit back"
    command_class = commands.CreditOut
    form_class = CreditForm

    def limit(self) -> str:
        """What there is."""
        return (
            f"The account has a credit of {money_text(self.account.credit, self.account.currency)}."
        )
