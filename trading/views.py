"""Pages of open trades, and the trading tabs of an account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponse

from panel.access.request import PanelRequest
from panel.lib.money import ZERO
from panel.mt4.errors import MT4Error
from panel.mt4.read import reader
from panel.ui.account import AccountView
from panel.ui.owners import Owner
from panel.ui.views import OnPlatform, TableView
from trading import history, queries
from trading.filters import OrderFilter, PositionFilter
from trading.mirror import fields
from trading.models import Trade
from trading.tables import (
    AccountOrderTable,
    AccountPositionTable,
    HistoryTable,
    OrderTable,
    PositionTable,
)

# A history page draws this many records at the most; the days narrow it.
MOST_RECORDS = 1000
USUAL_DAYS = 30


class _TradeListView(OnPlatform, TableView):
    """Open trades of the platform in use."""

    permission: ClassVar[str] = "trading.view"
    search_words: ClassVar[str] = "Ticket, login, symbol or comment"
    as_of_limit: ClassVar[int] = 60

    def get_queryset(self) -> QuerySet[Trade]:
        """Within the person's scopes."""
        person = self.request.actor.person_or_fail()
        return queries.trades_of(person, self.platform)

    def search(self, queryset: QuerySet[Any], words: str) -> QuerySet[Any]:
        """Ticket, login, symbol, comment."""
        return queries.search(queryset, words)

    def as_of(self) -> datetime | None:
        """When the mirror was last read through."""
        return queries.mirrored_at(self.platform)


class PositionListView(_TradeListView):
    """Open positions."""

    title: ClassVar[str] = "Positions"
    table_class = PositionTable
    filterset_class = PositionFilter

    def get_queryset(self) -> QuerySet[Trade]:
        """Those that are open."""
        return queries.positions(super().get_queryset())


class OrderListView(_TradeListView):
    """Pending orders."""

    title: ClassVar[str] = "Pending orders"
    table_class = OrderTable
    filterset_class = OrderFilter

    def get_queryset(self) -> QuerySet[Trade]:
        """Those that wait for their price."""
        return queries.orders(super().get_queryset())


@dataclass(frozen=True, slots=True)
class Floating:
    """What open positions add up to, in the account's currency."""

    count: int
    volume: int
    profit: Decimal
    swap: Decimal
    commission: Decimal
    taxes: Decimal

    @property
    def costs(self) -> Decimal:
        """Swap, commission and taxes together."""
        return self.swap + self.commission + self.taxes

    @property
    def result(self) -> Decimal:
        """What closing all of them now would bring."""
        return self.profit + self.costs


def floating(rows: Iterable[Trade]) -> Floating:
    """The sums over open positions."""
    found = list(rows)
    return Floating(
        count=len(found),
        volume=sum(row.volume for row in found),
        profit=sum((row.profit for row in found), ZERO),
        swap=sum((row.swap for row in found), ZERO),
        commission=sum((row.commission for row in found), ZERO),
        taxes=sum((row.taxes for row in found), ZERO),
    )


class AccountPositionsView(AccountView):
    """What is open on one account, as the trade server has it now."""

    permission: ClassVar[str] = "trading.view"
    template_name = "trading/account_positions.html"

    def rows(self) -> tuple[list[Trade], datetime | None]:
        """The open trades; live, or from the mirror with its age."""
        account = self.account
        platform = account.platform
        if account.live:
            try:
                records = reader(platform.connection).trades_of(account.login, account.group)
            except MT4Error:
                pass
            else:
                owner = Owner(account.group, account.currency)
                known = [r for r in records if r.trade_command in Trade.Command.values]
                return [
                    Trade(platform=platform, ticket=r.order, **fields(platform, r, owner))
                    for r in known
                ], None
        mirrored = Trade.objects.filter(platform=platform, login=account.login)
        return list(mirrored.select_related("platform")), queries.mirrored_at(platform)

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The page, or its figures alone for htmx."""
        rows, as_of = self.rows()
        rows.sort(key=lambda row: row.ticket, reverse=True)
        positions = [row for row in rows if not row.is_pending]
        waiting = [row for row in rows if row.is_pending]
        alone = request.headers.get("HX-Target") == "open-trades"
        return self.render(
            template="trading/open_trades.html" if alone else "",
            floating=floating(positions),
            positions=AccountPositionTable(request, positions, paged=False),
            orders=AccountOrderTable(request, waiting, paged=False),
            as_of=as_of,
        )


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date", "class": "form-control"})


class DaysForm(forms.Form):
    """From one day to another, of the server's calendar, both included."""

    first = forms.DateField(label="From", widget=_day())
    last = forms.DateField(label="To", widget=_day())

    def clean(self) -> dict[str, Any]:
        """The first day comes first."""
        cleaned = super().clean() or {}
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and first > last:
            self.add_error("last", "This day lies before the first one.")
        return cleaned


class AccountHistoryView(AccountView):
    """What was closed on one account over some days, and the money that moved; live."""

    permission: ClassVar[str] = "trading.view"
    template_name = "trading/account_history.html"

    def get(self, request: PanelRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Read the days asked for, or the last 30."""
        today = self.account.server_time.date()
        usual = {"first": today - timedelta(days=USUAL_DAYS - 1), "last": today}
        asked = {name: request.GET[name] for name in usual if request.GET.get(name)}
        form = DaysForm({**usual, **asked})
        if not form.is_valid():
            return self.render(form=form, status=422)
        account = self.account
        try:
            records = reader(account.platform.connection).history(
                account.login,
                datetime.combine(form.cleaned_data["first"], time.min),
                datetime.combine(form.cleaned_data["last"], time(23, 59, 59)),
            )
        except MT4Error as error:
            return self.render(form=form, away=error.explain(), status=503)
        rows = history.closed(account.platform, records, account.currency)
        return self.render(
            form=form,
            totals=history.totals(records),
            table=HistoryTable(request, rows[:MOST_RECORDS], paged=False),
            target="history",
            cut=len(rows) - MOST_RECORDS if len(rows) > MOST_RECORDS else 0,
            shortcuts=shortcuts(today),
        )


def shortcuts(today: date) -> list[tuple[str, date, date]]:
    """Ranges that people ask for: words, first day, last day."""
    month = today.replace(day=1)
    before = month - timedelta(days=1)
    return [
        ("Today", today, today),
        ("30 days", today - timedelta(days=29), today),
        ("This month", month, today),
        ("Last month", before.replace(day=1), before),
        ("365 days", today - timedelta(days=364), today),
    ]
