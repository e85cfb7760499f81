"""A filter that cannot be read shows its error beside its field, and no rows: never all of them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import django_filters
import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone

from accounts.models import Account
from panel.models import Platform, User
from panel.ui.filters import LoginFilter
from panel.ui.views import TableView
from payments.models import BulkFile, BulkItem, BulkWarning, Kind, Topic, WarningCheck
from tests.factories import make_platform, make_user
from tests.pages.browsing import signed_in
from tests.ui.accounts import make_accounts

pytestmark = pytest.mark.django_db


def listed() -> dict[str, type[TableView]]:
    """Every list that has filters, by the name of its address."""

    def walk(resolver: Any) -> Any:
        for entry in resolver.url_patterns:
            if hasattr(entry, "url_patterns"):
                yield from walk(entry)
            else:
                yield entry

    found = {}
    for pattern in walk(get_resolver()):
        view = getattr(pattern.callback, "view_class", None)
        if view and issubclass(view, TableView) and view.filterset_class:
            found[pattern.name] = view
    return found


LISTS = listed()
ARGS = {"withdrawal_stage": ("to-pay",)}


def bad_values(item: django_filters.Filter, name: str) -> list[tuple[str, str]]:
    """Parameters that the filter cannot read; none where every text is one."""
    match item:
        case django_filters.DateFromToRangeFilter():
            return [
                (f"{name}_after", "28/11/2026"),
                (f"{name}_before", "11/12/2026"),
                (f"{name}_after", "2026-02-30"),
                (f"{name}_before", "yesterday"),
            ]
        case django_filters.RangeFilter():
            return [
                (f"{name}_min", "1,234"),
                (f"{name}_max", "0,125"),
                (f"{name}_min", "1 234,567 890"),
                (f"{name}_max", "NaN"),
                (f"{name}_min", "\u0661\u0662"),
            ]
        case LoginFilter():
            return [(name, text) for text in ("x", "100 234", "1.5", "99999999999", "-1")]
        case (
            django_filters.ChoiceFilter()
            | django_filters.MultipleChoiceFilter()
            | django_filters.TypedChoiceFilter()
            | django_filters.ModelChoiceFilter()
        ):
            return [(name, "no such choice"), (name, "1' OR '1'='1")]
        case django_filters.CharFilter():
            return []
    raise AssertionError(f"{name}: how is {type(item).__name__} written wrongly?")


@pytest.fixture
def root(db: None) -> User:
    return make_user(
        "Root", "administrator", "compliance", "manager", "auditor", "back-office", "dealer"
    )


@pytest.fixture
def server(db: None) -> Platform:
    platform = make_platform()
    make_accounts(platform, [{"registered": timezone.now()} for _ in range(3)])
    return platform


def address_of(name: str, root: User, server: Platform) -> str:
    if name in ("bulk_lines", "bulk_warnings"):
        return reverse(name, args=(file_of(root, server).pk,))
    return reverse(name, args=ARGS.get(name, ()))


def file_of(person: User, platform: Platform) -> BulkFile:
    """A checked file: one line, with a warning."""
    file = BulkFile.objects.create(
        platform=platform,
        name="a.csv",
        sha256="0" * 64,
        size=1,
        stored="x",
        source=BulkFile.Source.CSV,
        uploaded_by=person,
        state=BulkFile.State.READY,
    )
    BulkItem.objects.create(
        file=file,
        line=2,
        login=1,
        kind=Kind.DEPOSIT,
        amount=Decimal(5),
        currency="USD",
        mt4_group="real-std-usd",
        reference="BD TESTLINE",
    )
    check = WarningCheck.objects.create(file=file, state=WarningCheck.State.DONE, lines=1)
    BulkWarning.objects.create(
        check_of=check,
        line=2,
        level="warn",
        topic=Topic.DISABLED,
        text="The account is disabled.",
        decide=True,
    )
    return file


def shown(client: Client, address: str, **parameters: str) -> tuple[int, str]:
    """How many rows a list shows, and its page."""
    answer = client.get(address, parameters)
    assert answer.status_code == 200, (address, parameters)
    table = answer.context["table"]
    assert table.count.number >= len(table.rows)
    return table.count.number, answer.content.decode()


@pytest.mark.parametrize("name", sorted(LISTS))
def test_no_list_ignores_a_filter_that_it_cannot_read(
    root: User, server: Platform, name: str
) -> None:
    view, client = LISTS[name], signed_in(root)
    address = address_of(name, root, server)
    assert view.filterset_class is not None
    shown(client, address)
    tried = 0
    for field, item in view.filterset_class.base_filters.items():
        for parameter, value in bad_values(item, field):
            number, page = shown(client, address, **{parameter: value})
            assert number == 0, (parameter, value)
            assert re.search(rf'id="id_{field}_error"', page), (parameter, value)
            assert "a filter cannot be read" in page
            assert "Take this filter away" in page
            tried += 1
    assert tried


def test_a_day_with_slashes_is_refused_where_all_rows_were_shown(
    root: User, server: Platform
) -> None:
    client, address = signed_in(root), reverse("account_list")
    assert shown(client, address)[0] == Account.objects.count() == 3
    number, page = shown(client, address, registered_after="28/11/2026")
    assert number == 0
    assert "Write a day as 2026-11-28 or 28 Nov 2026." in page
    assert 'data-bs-toggle="dropdown" data-bs-auto-close="outside" aria-expanded="true"' in page
    assert shown(client, address, registered_before="28 Nov 2027")[0] == 3


def test_an_amount_is_read_in_a_filter_as_it_is_in_a_form(root: User, server: Platform) -> None:
    client, address = signed_in(root), reverse("account_list")
    for text in ("1.00", "1", "\u00a01.0\u202f"):
        assert shown(client, address, balance_min=text)[0] == 2
    assert shown(client, address, balance_min="-1,234.50")[0] == 3
    number, page = shown(client, address, balance_min="1,234")
    assert number == 0
    assert "write 1234 or 1,234.00" in page
    assert 'value="1,234"' in page


def test_the_table_alone_tells_of_it_too(root: User, server: Platform) -> None:
    client, address = signed_in(root), reverse("account_list")
    part = {"HX-Request": "true", "HX-Target": "table-accounts"}
    polled = client.get(address, {"balance_min": "x"}, headers=part)
    assert "Nothing is shown" in polled.content.decode()
    sent = client.get(
        address, {"balance_min": "x"}, headers={**part, "HX-Trigger": "table-accounts-form"}
    )
    assert sent["HX-Redirect"] == f"{address}?balance_min=x"


@pytest.mark.parametrize("name", sorted(LISTS))
def test_unknown_sorts_and_places_are_harmless(root: User, server: Platform, name: str) -> None:
    client, address = signed_in(root), address_of(name, root, server)
    usual = shown(client, address)[0]
    for odd in ({"sort": "password"}, {"sort": "-"}, {"after": "%%%"}, {"before": "WyJ4Il0"}):
        assert shown(client, address, **odd)[0] >= min(usual, 1), odd
