"""The form that asks for a withdrawal's return."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.shortcuts import get_object_or_404
from django.urls import reverse

from panel.commands.base import Command
from panel.models import Platform
from panel.ui.account import account_line
from panel.ui.commands import CommandView
from panel.ui.links import Link
from panel.ui.platform import at
from payments.desk.forms import ReturnForm
from payments.desk.queries import withdrawals_of
from payments.desk.returns import ReturnWithdrawal
from payments.models import Withdrawal


class ReturnView(CommandView):
    """Why it goes back; how much and where to is not a question."""

    permission: ClassVar[str] = "payments.payout"
    form_class = ReturnForm

    @cached_property
    def row(self) -> Withdrawal:
        """The withdrawal, if this person may see it."""
        rows = withdrawals_of(self.request.actor.person_or_fail())
        rows = rows.select_related("platform", "payment__request")
        return get_object_or_404(rows, payment__reference=self.kwargs["reference"])

    def get_page_platform(self) -> Platform:
        """The withdrawal's."""
        return self.row.platform

    def get_title(self) -> str:
        """Which one."""
        return f"Return {self.row} to the account"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the withdrawal."""
        reference = self.row.payment.reference
        return (
            Link("Withdrawals", at(reverse("withdrawal_list"), self.row.platform)),
            Link(reference, reverse("withdrawal", args=(reference,))),
        )

    def get_account(self) -> Any:
        """The account it goes back to."""
        return account_line(self.row.platform, self.row.payment.login, self.request.actor)

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The return of the whole."""
        return ReturnWithdrawal.of(self.row, cleaned["reason"], cleaned["comment"])
