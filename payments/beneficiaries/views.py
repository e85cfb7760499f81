"""Pages of beneficiaries: an account's, the forms that change one, and the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.apps import apps
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from panel.access import contact
from panel.access.masks import visible
from panel.access.request import PanelRequest
from panel.commands.base import Command
from panel.commands.inbox import visible_requests
from panel.models import Status, User
from panel.ui.account import AccountLine, AccountMixin, AccountView
from panel.ui.administration import ReasonForm
from panel.ui.commands import CommandView
from panel.ui.figures import when_whole
from panel.ui.links import Link
from payments.beneficiaries import details
from payments.beneficiaries.commands import EndBeneficiary, SetBeneficiary
from payments.beneficiaries.forms import BeneficiaryForm, PayoutRulesForm
from payments.beneficiaries.settings import FIELDS, SetPayoutRules
from payments.models import Beneficiary, PayoutRules

CHANGE = "payments.beneficiaries"
MOST = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """A beneficiary as a page shows it: the number masked for those who may not read it."""

    row: Beneficiary
    number: str
    more: str
    # From when on it may be used; empty where that is past.
    cools: str


def shown(row: Beneficiary, *, clear: bool) -> Shown:
    """The beneficiary for a reader; `clear` for those with the contact right."""
    kept = row.details
    number = details.spaced(kept) if clear else details.masked(details.number_of(kept))
    more = " · ".join(filter(None, (row.bic, row.bank_code, row.network, row.country)))
    cools = row.active and row.usable_from > timezone.now()
    return Shown(row, number, more, when_whole(row.usable_from) if cools else "")


def of_other_accounts(account: AccountLine, person: User) -> list[Beneficiary]:
    """Those kept for the client's other accounts: same e-mail address, within the scopes.

    They are shown and not offered: an e-mail address is changed by one person alone.
    """
    accounts: Any = apps.get_model("accounts", "Account").objects.filter(platform=account.platform)
    keys = accounts.filter(login=account.login).exclude(email_key="").values("email_key")
    logins = accounts.filter(email_key__in=keys).exclude(login=account.login).values("login")
    rows = Beneficiary.objects.filter(visible(person.scope_rows, "mt4_group"))
    rows = rows.filter(platform=account.platform, login__in=logins, active=True)
    return list(rows[:MOST])


class BeneficiaryListView(AccountView):
    """The beneficiaries of one account, and those of the client's other accounts."""

    permission: ClassVar[str] = "payments.view"
    template_name = "payments/beneficiaries/list.html"

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """In use first, then those that wait for a second person, then the ended ones."""
        account, actor = self.account, self.request.actor
        person, clear = actor.person_or_fail(), actor.may(contact.RIGHT)
        mine = Beneficiary.objects.filter(platform=account.platform, login=account.login)
        waiting = visible_requests(person).filter(
            command__in=[SetBeneficiary.name, EndBeneficiary.name],
            platform=account.platform,
            login=account.login,
            status=Status.PENDING,
        )
        return super().get_context(
            kept=[shown(row, clear=clear) for row in mine.filter(active=True)],
            ended=[shown(row, clear=clear) for row in mine.filter(active=False)[:MOST]],
            others=[shown(row, clear=clear) for row in of_other_accounts(account, person)],
            waiting=list(waiting.select_related("maker")[:MOST]),
            rules=PayoutRules.current(),
            may_change=actor.may(CHANGE),
            **extra,
        )


class BeneficiaryFormView(AccountMixin, CommandView):
    """What the forms have in common: the account, and the way back."""

    permission: ClassVar[str] = CHANGE
    form_class: ClassVar[type[forms.Form]] = BeneficiaryForm
    template_name = "payments/beneficiaries/form.html"

    @property
    def list_url(self) -> str:
        """The account's beneficiaries."""
        return reverse(
            "account_beneficiaries", args=(self.account.platform.slug, self.account.login)
        )

    @cached_property
    def row(self) -> Beneficiary:
        """The beneficiary of the address."""
        rows = Beneficiary.objects.filter(platform=self.account.platform, login=self.account.login)
        found: Beneficiary = get_object_or_404(rows, pk=self.kwargs["pk"])
        return found

    def get_crumbs(self) -> Sequence[Link]:
        """Below the account's beneficiaries."""
        return (*super().get_crumbs(), Link("Beneficiaries", self.list_url))

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The details as they are to be kept."""
        return SetBeneficiary(
            platform=self.account.platform.slug,
            login=self.account.login,
            beneficiary=self.kwargs.get("pk"),
            **details.cleaned(cleaned),
        )


class BeneficiaryAddView(BeneficiaryFormView):
    """A new one; `from` in the address takes the details of another account's over."""

    permission: ClassVar[str] = CHANGE
    title: ClassVar[str] = "Keep a beneficiary"

    def get_initial(self) -> dict[str, Any]:
        """The client themselves; or what is kept for another account of theirs."""
        actor, given = self.request.actor, self.request.GET.get("from", "")
        if given and actor.may(contact.RIGHT):
            for row in of_other_accounts(self.account, actor.person_or_fail()):
                if str(row.pk) == given:
                    return row.details
        return {"kind": "bank", "holder": self.account.name}


class BeneficiaryChangeView(BeneficiaryFormView):
    """Other details for an existing one."""

    permission: ClassVar[str] = CHANGE
    title: ClassVar[str] = "Change a beneficiary"

    def may(self, request: PanelRequest) -> bool:
        """The form shows the numbers: only for those who may read them."""
        return super().may(request) and request.actor.may(contact.RIGHT)

    def get_initial(self) -> dict[str, Any]:
        """As it is."""
        return self.row.details


class BeneficiaryEndView(BeneficiaryFormView):
    """Taking one out of use."""

    permission: ClassVar[str] = CHANGE
    title: ClassVar[str] = "End a beneficiary"
    form_class = ReasonForm
    template_name = "ui/command.html"
    dangerous = True

    def get_initial(self) -> dict[str, Any]:
        """Nothing; but it must be this account's."""
        _ = self.row
        return {}

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """The end."""
        return EndBeneficiary(
            platform=self.account.platform.slug,
            login=self.account.login,
            beneficiary=self.row.pk,
        )


class PayoutRulesView(CommandView):
    """The rules of beneficiaries and payouts."""

    permission: ClassVar[str] = "payments.paying_accounts"
    title: ClassVar[str] = "Rules of payouts"
    form_class = PayoutRulesForm

    def get_crumbs(self) -> Sequence[Link]:
        """Below the paying accounts."""
        return (Link("Paying accounts", reverse("paying_account_list")),)

    def get_initial(self) -> dict[str, Any]:
        """As they are."""
        now = PayoutRules.current()
        return {name: getattr(now, name) for name in FIELDS}

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        """As they are to be."""
        return SetPayoutRules(**{name: cleaned[name] for name in FIELDS})
