"""Pages of transfers, corrections, chargebacks and resets of negative balances."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import DecimalField, F, Q, Sum, Value
from django.db.models.functions import Coalesce

from panel.commands.base import Command
from panel.models import Platform, Status
from panel.mt4.errors import MT4Error
from panel.mt4.read import reader
from panel.ui.account import AccountMixin
from panel.ui.administration import ReasonForm
from panel.ui.commands import CommandView
from panel.ui.figures import money_text, when_short
from payments.adjustments import Chargeback, Correction, NegativeReset
from payments.checks import NOT_MOVED
from payments.deed_forms import ChargebackForm, CorrectionForm, ResetForm, TransferForm
from payments.models import Kind, Payment
from payments.stops import SetWithdrawals, stop_of
from payments.transfers import Transfer
from payments.views import MoneyView

# Of an account's deposits, how many of the latest can be chosen to be charged back.
DEPOSITS = 200
_MONEY: DecimalField[Decimal, Decimal] = DecimalField(max_digits=18, decimal_places=2)


def deposits_left(platform: Platform, login: int) -> list[tuple[Payment, Decimal]]:
    """The account's done deposits of which something could be charged back, the latest first."""
    gone = Sum(
        "consequences__amount",
        filter=Q(consequences__kind=Kind.CHARGEBACK) & ~Q(consequences__status__in=NOT_MOVED),
    )
    rows = (
        Payment.objects.filter(
            platform=platform, login=login, kind=Kind.DEPOSIT, status=Status.DONE
        )
        .annotate(left=F("amount") - Coalesce(gone, Value(Decimal(0)), output_field=_MONEY))
        .filter(left__gt=0)
        .order_by("-created", "-pk")
    )
    return [(row, row.left) for row in rows[:DEPOSITS]]


def _choice(row: Payment, left: Decimal) -> str:
    """A deposit to choose: what is left of it, and of how much where some is gone."""
    text = money_text(left, row.currency)
    if left != row.amount:
        text += f" of {money_text(row.amount, row.currency, named=False)}"
    return f"{row.reference}: {text}, {row.get_method_display()}, {when_short(row.finished)}"


class TransferView(MoneyView):
    """From this account to another."""

    permission: ClassVar[str] = "payments.transfer"
    title: ClassVar[str] = "Transfer"
    command_class = Transfer
    form_class = TransferForm
    template_name = "payments/deed.html"

    def limit(self) -> str:
        """As for a withdrawal."""
        most = self.account.withdrawable
        if most is None:
            return ""
        return f"At most {money_text(most, self.account.currency)} can leave the account now."

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """With the currency that arrives, where it is another one."""
        if cleaned.get("rate") is not None:
            cleaned = {**cleaned, "to_currency": self._currency_of(cleaned["to_login"])}
        return super().get_command(cleaned)

    def _currency_of(self, login: int) -> str:
        """An account's currency, live; empty where that cannot be told: the command says why."""
        live = reader(self.account.platform.connection)
        try:
            return live.group(live.account(login).group).currency
        except MT4Error:
            return ""


class CorrectionView(MoneyView):
    """Puts a wrong booking right."""

    permission: ClassVar[str] = "payments.correct"
    title: ClassVar[str] = "Correction"
    command_class = Correction
    form_class = CorrectionForm
    template_name = "payments/deed.html"


class ChargebackView(MoneyView):
    """A deposit that the provider took back."""

    permission: ClassVar[str] = "payments.chargeback"
    title: ClassVar[str] = "Chargeback"
    command_class = Chargeback
    form_class = ChargebackForm
    template_name = "payments/deed.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """The deposits there are, each with what is left of it."""
        account = self.account
        return {
            **super().get_form_kwargs(),
            "deposits": [
                (row.reference, _choice(row, left))
                for row, left in deposits_left(account.platform, account.login)
            ],
        }

    def limit(self) -> str:
        """That there is nothing to charge back, where that is so."""
        account = self.account
        if deposits_left(account.platform, account.login):
            return ""
        return "The panel knows no deposit of this account of which anything is left."


class NegativeResetView(AccountMixin, CommandView):
    """Back to zero."""

    permission: ClassVar[str] = "payments.reset_negative"
    title: ClassVar[str] = "Reset negative balance"
    form_class = ResetForm
    template_name = "payments/reset.html"

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """What the account needs as it stands now."""
        return NegativeReset.of(self.account.platform, self.account.login)


class StopView(AccountMixin, CommandView):
    """Stopping withdrawals where they are allowed, allowing them where they are stopped."""

    permission: ClassVar[str] = "payments.hold"
    form_class = ReasonForm

    def is_allowed(self) -> bool:
        """Whether money may leave the account now."""
        return stop_of(self.account.platform, self.account.login) is None

    def get_title(self) -> str:
        """What is about to happen."""
        return "Stop withdrawals" if self.is_allowed() else "Allow withdrawals again"

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The other state."""
        account = self.account
        return SetWithdrawals(
            platform=account.platform.slug, login=account.login, allowed=not self.is_allowed()
        )
