"""The list of accounts, and the changes of one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, cast

from django.db.models import QuerySet
from django.urls import reverse
from django_filters import FilterSet

from accounts.filters import AccountFilter
from accounts.models import Account, Mirror
from accounts.queries import AccountQuerySet
from accounts.tables import AccountTable, ChangeTable
from panel.commands.inbox import visible_requests
from panel.models import ChangeRequest
from panel.ui.account import AccountTableView
from panel.ui.links import Link
from panel.ui.tables import Empty, Table
from panel.ui.views import OnPlatform, TableView


class AccountListView(OnPlatform, TableView):
    """The accounts of the trade server in use."""

    permission = "accounts.view"
    title = "Accounts"
    template_name = "accounts/list.html"
    table_class = AccountTable
    filterset_class = AccountFilter
    search_words = "Login, name or e-mail"

    def get_queryset(self) -> AccountQuerySet:
        """Those within the person's scopes."""
        person = self.request.actor.person_or_fail()
        rows = Account.objects.visible_to(person).filter(platform=self.platform)
        return rows.select_related("platform")

    def search(self, queryset: QuerySet[Any], words: str) -> AccountQuerySet:
        """By the beginning of a login, or a part of a name or an e-mail."""
        rows = cast(AccountQuerySet, queryset)
        return rows.search(words, contact=self.request.actor.may("accounts.contact"))

    def as_of(self) -> datetime | None:
        """When the older of accounts and margins was read."""
        mirror = Mirror.objects.filter(platform=self.platform).first()
        times = (mirror.accounts_at, mirror.margins_at) if mirror else (None,)
        return None if None in times else min(time for time in times if time)

    def get_table(self) -> tuple[Table, FilterSet | None]:
        """The table, with words for an empty one that fit the reason."""
        table, filters = super().get_table()
        if self.platform is None:
            table.empty = Empty(  # type: ignore[misc]
                "No trade server",
                "None is set up, or none lies within your scopes: ask an administrator.",
                icon="server-2",
            )
        elif not Mirror.objects.filter(platform=self.platform).exists():
            table.empty = Empty(  # type: ignore[misc]
                "Not read yet",
                f"The accounts of {self.platform.name} appear here as soon as it was read once: "
                "half a minute after it is connected.",
                icon="refresh",
            )
        return table, filters

    def get_primary(self) -> Link | None:
        """Opening an account."""
        if self.platform is None or not self.request.actor.may("accounts.create"):
            return None
        url = reverse("account_create", args=(self.platform.slug,))
        return Link("Open account", url, "user-plus")


class AccountChangesView(AccountTableView):
    """What was asked for on one account, and what became of it."""

    permission = "accounts.view"
    table_class: ClassVar[type[Table]] = ChangeTable

    def get_queryset(self) -> QuerySet[ChangeRequest]:
        """The account's requests, as far as the person may see them."""
        rows = visible_requests(self.request.actor.person_or_fail())
        rows = rows.filter(platform=self.account.platform, login=self.account.login)
        return rows.select_related("maker")
