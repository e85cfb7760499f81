"""Tables: what a person sees of a list, and what not."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet
from pytest_django import DjangoAssertNumQueries

from accounts.models import Account
from panel.models import User
from panel.ui import counting
from panel.ui.columns import Column
from panel.ui.counting import count_of
from panel.ui.links import Link
from panel.ui.preferences import keep
from panel.ui.tables import Table
from tests.factories import make_platform, make_user
from tests.ui.accounts import look, make_accounts

pytestmark = pytest.mark.django_db


class AccountTable(Table):
    """A table with something of everything."""

    name = "test-accounts"
    columns = (
        Column("login", "Login", "copy", sort="login"),
        Column("name", "Name", sort="name_key"),
        Column("balance", "Balance", "money", sort="balance", total="balance"),
        Column("level", "Level", "percent", sort="level"),
        Column("email", "E-mail", permission="accounts.contact"),
        Column("country", "Country", shown=False),
    )
    default_sort = "login"
    key = "login"
    total_by = "currency"

    def link(self, row: Any) -> str:
        return f"/accounts/demo/{row.login}/"

    def actions(self, row: Any) -> Sequence[Link]:
        return [Link("Deposit", "/deposit/")] if self.may("payments.deposit") else []


@pytest.fixture
def olga() -> User:
    """Back office: sees contacts, makes deposits."""
    return make_user("Olga", "back-office")


@pytest.fixture
def dario() -> User:
    """A dealer: does neither."""
    return make_user("Dario", "dealer")


def table_of(person: User, address: str = "/accounts/") -> AccountTable:
    rows: QuerySet[Any] = Account.objects.all()
    return AccountTable(look(person, address), rows)


def names(table: Table) -> list[str]:
    return [column.name for column in table.visible]


def test_column_without_the_right_is_not_there(olga: User, dario: User) -> None:
    assert "email" in names(table_of(olga))
    assert "email" not in names(table_of(dario))


def test_chosen_columns_never_open_what_the_right_closes(dario: User) -> None:
    keep(dario, tables={"test-accounts": {"columns": ["email", "country"]}})
    dario.refresh_from_db()
    assert names(table_of(dario)) == ["login", "country"]


def test_row_menu_is_shown_only_to_those_who_may(olga: User, dario: User) -> None:
    make_accounts(make_platform(), [{}])
    assert "Deposit" in table_of(olga).body
    assert "Deposit" not in table_of(dario).body


def test_sort_that_the_table_does_not_offer_is_ignored(olga: User) -> None:
    assert str(table_of(olga, "/accounts/?sort=-balance").order) == "-balance"
    assert str(table_of(olga, "/accounts/?sort=platform__client_secret_sealed").order) == "login"


def test_hidden_column_cannot_be_sorted_by(dario: User) -> None:
    assert str(table_of(dario, "/accounts/?sort=email").order) == "login"


def test_sort_link_keeps_the_filters_and_leaves_the_place(olga: User) -> None:
    table = table_of(olga, "/accounts/?group=demo-usd&after=abc&sort=balance")
    balance = next(head for head in table.head if head.column.name == "balance")
    assert balance.sorted == "ascending"
    assert balance.url == "/accounts/?group=demo-usd&sort=-balance"


def test_text_from_the_trade_server_is_escaped(olga: User) -> None:
    make_accounts(make_platform(), [{"name": "<script>alert(1)</script>"}])
    assert "<script>" not in table_of(olga).body
    assert "&lt;script&gt;" in table_of(olga).body


def test_totals_never_add_two_currencies(olga: User) -> None:
    make_accounts(
        make_platform(),
        [
            {"balance": Decimal("10.10"), "currency": "USD"},
            {"balance": Decimal("5.05"), "currency": "USD"},
            {"balance": Decimal("1000"), "currency": "JPY"},
        ],
    )
    totals = {row.label: row.values["balance"] for row in table_of(olga).totals}
    assert totals == {"Total USD": Decimal("15.15"), "Total JPY": Decimal("1000")}


def test_totals_are_of_all_pages(olga: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AccountTable, "page_size", 2)
    make_accounts(make_platform(), [{"balance": Decimal(1)} for _ in range(5)])
    assert "5.00" in table_of(olga).foot


def test_count_is_exact_while_cheap_and_says_so_beyond(
    olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_accounts(make_platform(), [{} for _ in range(12)])
    assert str(count_of(Account.objects.all())) == "12"
    monkeypatch.setattr(counting, "EXACT_UP_TO", 10)
    if connection.vendor == "postgresql":
        # The planner's estimate is as good as its statistics.
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE accounts_account")
    assert str(count_of(Account.objects.all())) in {"more than 10", "about 12"}
    assert table_of(olga).totals == []


def test_a_hundred_rows_are_drawn_without_a_query_for_each(
    olga: User,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    monkeypatch.setattr(AccountTable, "page_size", 100)
    make_accounts(make_platform(), [{"name": f"Client {n}"} for n in range(100)])
    with django_assert_max_num_queries(4):
        table = table_of(olga)
        assert len(table.rows) == 100
        assert table.body.count("<tr") == 100


def test_rows_that_are_no_queryset_are_drawn_as_they_come(olga: User) -> None:
    account = Account(login=7, balance=Decimal(1), credit=Decimal(0), leverage=1)
    table = AccountTable(look(olga), [account], paged=False)
    assert str(table.count) == "1"
    assert all(not head.url for head in table.head)
    assert "/accounts/demo/7/" in table.body
