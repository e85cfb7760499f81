"""Figures as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.utils import timezone
from django.utils.html import strip_tags

from panel.ui import cells, figures
from panel.ui.columns import Column
from tests.factories import make_platform


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1204.1"), "1,204.10"),
        (Decimal("-1204.1"), "−1,204.10"),
        (Decimal("0"), "0.00"),
        (Decimal("-0.001"), "0.00"),
        (Decimal("12345678.9"), "12,345,678.90"),
        (None, "–"),
    ],
)
def test_money_reads_exactly(value: Decimal | None, text: str) -> None:
    assert figures.money_text(value) == text


def test_currency_stands_after_the_amount_and_not_after_an_unknown_one() -> None:
    assert figures.money_text(Decimal(5), "USD") == "5.00 USD"
    assert figures.money_text(None, "USD") == "–"


def test_negative_amount_has_its_sign_and_its_class() -> None:
    assert cells.money_html(Decimal("-5")) == '<span class="num neg">−5.00</span>'


def test_amount_that_rounds_to_zero_is_neither_red_nor_signed() -> None:
    assert cells.money_html(Decimal("-0.001")) == '<span class="num zero">0.00</span>'


def test_hundredths_become_lots() -> None:
    assert figures.lots_text(1) == "0.01"
    assert figures.lots_text(123456) == "1,234.56"


def test_price_has_its_symbols_digits_and_zero_means_none_set() -> None:
    assert figures.price_text(Decimal("1.1"), 5) == "1.10000"
    assert figures.price_text(Decimal("0"), 5) == "–"


def test_currency_from_elsewhere_is_escaped() -> None:
    assert "<b>" not in cells.money_html(Decimal(1), "<b>")


def test_login_from_elsewhere_is_escaped() -> None:
    shown = cells.copy_html('"><script>', "/accounts/")
    assert "<script>" not in shown
    assert 'data-copy="&quot;' in shown


def test_times_are_short_in_lists() -> None:
    now = datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    with timezone.override("UTC"):
        assert figures.when_short(datetime(2026, 11, 23, 14, 5, tzinfo=UTC), now) == "14:05"
        assert figures.when_short(datetime(2026, 11, 12, 14, 5, tzinfo=UTC), now) == "12 Nov"
        assert figures.when_short(datetime(2025, 11, 12, 14, 5, tzinfo=UTC), now) == "12 Nov 2025"


def test_today_is_the_readers_today() -> None:
    now = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
    late = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    with timezone.override("Europe/Warsaw"):
        assert figures.when_short(late, now) == "00:30"
        assert figures.when_whole(late) == "23 Nov 2026, 00:30:00 CET"


@pytest.mark.django_db
def test_server_time_stands_beside_the_readers_with_its_date_where_it_differs() -> None:
    platform = make_platform(clock_offset=2 * 3600)
    with timezone.override("UTC"):
        noon = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
        night = datetime(2026, 11, 23, 23, 0, tzinfo=UTC)
        assert figures.server_text(noon, platform) == "14:00:00"
        assert figures.server_text(night, platform) == "24 Nov 2026, 01:00:00"


def test_figures_older_than_they_should_be_say_so() -> None:
    assert "old" not in cells.as_of_html(timezone.now(), 60)
    stale = cells.as_of_html(timezone.now() - timedelta(minutes=5), 60)
    assert 'class="as-of old"' in stale
    assert "5\N{NO-BREAK SPACE}min old" in stale


@pytest.mark.parametrize(
    ("seconds", "text"), [(12, "12 s"), (180, "3 min"), (7_200, "2 h"), (345_600, "4 days")]
)
def test_spans_are_told_in_one_unit(seconds: int, text: str) -> None:
    assert figures.span_text(seconds).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (Decimal("1234.00"), "JPY", "1,234 JPY"),
        (Decimal("-1234.00"), "JPY", "−1,234 JPY"),
        (Decimal("0.00"), "JPY", "0 JPY"),
        (Decimal("100.55"), "JPY", "100.55 JPY"),  # it should not be there: it is seen
        (Decimal("1234"), "EUR", "1,234.00 EUR"),
    ],
)
def test_money_has_the_decimals_of_its_currency(value: Decimal, currency: str, text: str) -> None:
    assert figures.money_text(value, currency) == text
    assert figures.money_text(value, currency, named=False) == text.split()[0]
    named = f' <span class="cur">{currency}</span>'
    assert named in cells.money_html(value, currency)
    assert cells.money_html(value, currency, named=False) == cells.money_html(
        value, currency
    ).replace(named, "")


@pytest.mark.parametrize("named", [True, False])
def test_a_column_of_several_currencies_shows_each_by_its_own(named: bool) -> None:
    cell = Column("amount", "Amount", "money", currency="currency", named=named).cell()
    shown = [
        strip_tags(cell(SimpleNamespace(amount=Decimal("1234.00"), currency=currency)))
        for currency in ("JPY", "USD")
    ]
    assert shown == (["1,234 JPY", "1,234.00 USD"] if named else ["1,234", "1,234.00"])
