"""Pages of the accounts that pay."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from panel.access.request import PanelRequest
from panel.commands.base import Command
from panel.models import ChangeRequest, Status
from panel.ui.commands import CommandView
from panel.ui.links import Link
from panel.ui.views import PanelView
from payments.beneficiaries.settings import SetPayoutRules
from payments.models import PayingAccount, PayoutRules
from payments.payouts.accounts import FIELDS, SetPayingAccount, state
from payments.payouts.forms import PayingAccountForm

CHANGE = "payments.paying_accounts"


class AccountListView(PanelView):
    """Every paying account, and the rules of payouts."""

    permission: ClassVar[str] = "payments.view"
    title: ClassVar[str] = "Paying accounts"
    template_name = "payments/payouts/accounts.html"

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list of batches."""
        return (Link("Payout batches", reverse("payout_batch_list")),)

    def get_primary(self) -> Link | None:
        """A new one."""
        if not self.request.actor.may(CHANGE):
            return None
        return Link("Add a paying account", reverse("paying_account_add"), "plus")

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The accounts, and the changes of them that wait for somebody."""
        waiting = ChangeRequest.objects.filter(
            command__in=[SetPayingAccount.name, SetPayoutRules.name], status=Status.PENDING
        )
        return self.render(
            accounts=list(PayingAccount.objects.order_by("-active", "name")),
            rules=PayoutRules.current(),
            waiting=list(waiting.select_related("maker")),
            may_change=request.actor.may(CHANGE),
        )


class AccountAddView(CommandView):
    """A new paying account."""

    permission: ClassVar[str] = CHANGE
    title: ClassVar[str] = "Add a paying account"
    form_class = PayingAccountForm

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list."""
        return (Link("Paying accounts", reverse("paying_account_list")),)

    def get_initial(self) -> dict[str, Any]:
        """In use."""
        return {"active": True}

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The account as it is to be."""
        fields = {name: cleaned[name] for name in FIELDS}
        return SetPayingAccount(account=self.kwargs.get("pk"), **fields)


class AccountChangeView(AccountAddView):
    """An existing one, written anew."""

    permission: ClassVar[str] = CHANGE
    title: ClassVar[str] = "Change a paying account"

    @cached_property
    def row(self) -> PayingAccount:
        """The account of the address."""
        found: PayingAccount = get_object_or_404(PayingAccount, pk=self.kwargs["pk"])
        return found

    def get_initial(self) -> dict[str, Any]:
        """As it is."""
        return state(self.row)
