"""The desk: withdrawals by stage."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.http import Http404
from django.urls import reverse

from panel.models import Platform, User
from panel.ui import search
from panel.ui.links import Link
from panel.ui.platform import at
from panel.ui.tables import Table
from panel.ui.views import OnPlatform, TableView
from payments.desk.queries import CLOSED, TABS, Tab, counts, tab_of, withdrawals_of
from payments.desk.tables import ClosedTable, HeldTable, WithdrawalFilter, WithdrawalTable
from payments.models import Withdrawal


@dataclass(frozen=True, slots=True)
class ShownTab:
    """A tab as it is drawn."""

    label: str
    url: str
    number: int
    current: bool


def tab_url(tab: Tab) -> str:
    """The address of a tab."""
    return reverse("withdrawal_stage", args=(tab.slug,)) if tab.slug else reverse("withdrawal_list")


class WithdrawalListView(OnPlatform, TableView):
    """One tab of the desk; the tabs and their counts follow by themselves."""

    permission: ClassVar[str] = "payments.view"
    title: ClassVar[str] = "Withdrawals"
    template_name = "payments/desk.html"
    table_template: ClassVar[str] = "payments/desk_table.html"
    table_class = WithdrawalTable
    filterset_class = WithdrawalFilter
    search_words: ClassVar[str] = "Reference, login, name, provider’s reference"
    refresh: ClassVar[int] = 5

    @cached_property
    def tab(self) -> Tab:
        """The tab of the address; raises `Http404`."""
        found = tab_of(self.kwargs.get("stage", ""))
        if found is None:
            raise Http404("The desk has no such tab.")
        return found

    @cached_property
    def place(self) -> tuple[User, Platform | None]:
        """Who looks, and at which platform."""
        return self.request.actor.person_or_fail(), self.platform

    def get_queryset(self) -> QuerySet[Withdrawal]:
        """Those that stand under the tab."""
        person, platform = self.place
        rows = withdrawals_of(person).filter(platform=platform, stage__in=self.tab.stages)
        return rows.select_related("platform", "payment__request__maker")

    def get_table_class(self) -> type[Table]:
        """What is closed is looked up from its end."""
        if self.tab.slug == "on-hold":
            return HeldTable
        return ClosedTable if self.tab.slug in CLOSED else WithdrawalTable

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """A login exactly, a reference from its start, anything else anywhere."""
        return queryset.filter(
            search.by_reference("payment__reference", words)
            | search.by_key("payment__external_reference_key", words)
            | search.by_key("provider_reference_key", words)
            | search.by_login("payment__login", words)
            | Q(payment__account_name__icontains=words)
            | Q(beneficiary__icontains=words)
        )

    def get_primary(self) -> Link | None:
        """A new one, for those who may ask."""
        if not self.request.actor.may("payments.withdraw"):
            return None
        place = at(reverse("payment_new"), self.platform, kind="payment_withdraw")
        return Link("New withdrawal", place, "plus")

    def get_context(self, **extra: Any) -> dict[str, Any]:
        """The tabs beside the table."""
        number = counts(*self.place)
        tabs = [
            ShownTab(tab.label, at(tab_url(tab), self.platform), number[tab.slug], tab is self.tab)
            for tab in TABS
        ]
        return super().get_context(stages=tabs, **extra)
