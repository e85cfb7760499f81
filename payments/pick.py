"""A new payment begins with its account: found by login, name or e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.apps import apps
from django.db.models import Q
from django.http import HttpResponse
from django.urls import reverse

from panel.access.masks import visible
from panel.access.request import PanelRequest
from panel.ui.account import PAYMENT_DEEDS
from panel.ui.columns import Column
from panel.ui.links import Link
from panel.ui.platform import at
from panel.ui.tables import Empty, Table
from panel.ui.views import OnPlatform

MOST = 20


class FoundTable(Table):
    """Accounts that a payment could be for."""

    name = "payment-accounts"
    label = "Accounts found"
    url_name = "payment_deposit"
    columns = (
        Column("login", "Login", "copy", strong=True),
        Column("name", "Name", "clip"),
        Column("group", "Group"),
        Column("currency", "Currency"),
        Column("balance", "Balance", "money", currency="currency", named=False),
        Column("credit", "Credit", "money", currency="currency", named=False),
        Column("free", "Free margin", "money", currency="currency", named=False),
    )
    empty = Empty(
        "No account matches",
        "Look for another login, name or e-mail. A new account can be searched for half a minute "
        "after it was opened.",
        "user-search",
    )

    def link(self, row: Any) -> str:
        """The form of the chosen kind for this account."""
        return reverse(self.url_name, args=(row.platform.slug, row.login))

    def actions(self, row: Any) -> Sequence[Link]:
        """Every payment this person may make."""
        place = (row.platform.slug, row.login)
        return [
            Link(deed.label, reverse(deed.url_name, args=place), deed.icon)
            for deed in PAYMENT_DEEDS
            if self.may(deed.permission)
        ]


class NewPaymentView(OnPlatform):
    """Choose the kind, find the account, go to its form."""

    permission: ClassVar[str] = "payments.view"
    title: ClassVar[str] = "New payment"
    template_name = "payments/new.html"

    def may(self, request: PanelRequest) -> bool:
        """For those who may make a payment of any kind."""
        return super().may(request) and any(
            request.actor.may(deed.permission) for deed in PAYMENT_DEEDS
        )

    def get_crumbs(self) -> Sequence[Link]:
        """Below the list of payments."""
        return (Link("Payments", at(reverse("payment_list"), self.platform)),)

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, or for htmx the accounts found alone."""
        kinds = [deed for deed in PAYMENT_DEEDS if request.actor.may(deed.permission)]
        chosen = request.GET.get("kind", "")
        if chosen not in [deed.url_name for deed in kinds]:
            chosen = kinds[0].url_name
        words = request.GET.get("q", "").strip()
        table = FoundTable(request, self.found(words), paged=False)
        table.url_name = chosen
        alone = request.headers.get("HX-Target") == "found"
        return self.render(
            template="payments/new_found.html" if alone else "",
            kinds=kinds,
            chosen=chosen,
            asked=words,
            table=table,
        )

    def found(self, words: str) -> Sequence[Any]:
        """The first accounts that match, of those this person sees."""
        if not words:
            return []
        person = self.request.actor.person_or_fail()
        rows = apps.get_model("accounts", "Account").objects.filter(
            visible(person.scope_rows),
            gone__isnull=True,
            platform=self.platform,
        )
        lower = words.lower()
        fits = Q(name_key__contains=lower)
        if person.may("accounts.contact"):
            fits |= Q(email_key__contains=lower)
        if words.isdecimal() and len(words) < 10:
            fits |= Q(login=int(words))
        return list(rows.filter(fits).select_related("platform").order_by("login")[:MOST])
