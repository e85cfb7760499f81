"""Open trades: the mirror, the lists, and the tabs of an account."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from panel.models import Platform, User
from panel.mt4.protocol.records import Trade as Record
from panel.mt4.read import reader
from tests.core.conftest import Cast
from tests.factories import make_user
from tests.harness.sandbox import SandboxProcess
from tests.pages.browsing import text_of
from tests.sandbox.api import Api
from trading.history import totals
from trading.mirror import mirror_now
from trading.models import Trade, TradeMirror
from trading.views import floating

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh(platform: Platform) -> None:
    """Nothing kept from an earlier test's platform."""
    cache.clear()


def as_user(user: User) -> Client:
    """A browser in which somebody has signed in."""
    client = Client()
    client.force_login(user)
    return client


def test_the_mirror_is_what_mt4_has_open(platform: Platform) -> None:
    records = [r for page in reader(platform.connection).open_trades() for r in page]
    assert mirror_now(platform) == len(records) > 0
    assert set(Trade.objects.values_list("ticket", flat=True)) == {r.order for r in records}
    first = records[0]
    row = Trade.objects.get(ticket=first.order)
    assert (row.symbol, row.volume, row.open_price) == (
        first.symbol,
        first.volume,
        first.open_price,
    )
    assert row.opened == platform.from_server_time(first.open_time)
    assert row.mt4_group == reader(platform.connection).account(row.login).group
    assert TradeMirror.objects.get().read_at is not None


def test_what_is_no_longer_open_goes_and_what_changed_is_written(platform: Platform) -> None:
    mirror_now(platform)
    real = Trade.objects.order_by("ticket").first()
    assert real is not None
    Trade.objects.filter(pk=real.pk).update(comment="changed by hand", volume=1)
    Trade.objects.create(
        **{
            field.name: getattr(real, field.name)
            for field in Trade._meta.fields
            if field.name not in ("id", "ticket")
        },
        ticket=2_000_000_000,
    )
    mirror_now(platform)
    assert not Trade.objects.filter(ticket=2_000_000_000).exists()
    assert Trade.objects.get(pk=real.pk).volume == real.volume


def test_two_readings_at_once_do_not_disturb_each_other(platform: Platform) -> None:
    cache.add(f"mirror-trades:{platform.pk}", True, 30)
    assert mirror_now(platform) == 0
    assert not TradeMirror.objects.exists()


def test_positions_and_orders_are_listed_apart_and_within_the_scopes(
    platform: Platform, cast: Cast
) -> None:
    mirror_now(platform)
    position = Trade.objects.filter(command__lte=1).order_by("-opened", "-ticket").first()
    order = Trade.objects.filter(command__gt=1).order_by("-opened", "-ticket").first()
    assert position is not None
    assert order is not None
    client = as_user(cast.alice)
    for name, there, not_there in (
        ("position_list", position, order),
        ("order_list", order, position),
    ):
        page = client.get(reverse(name)).content.decode()
        numbers = re.findall(r"\b\d+\b", re.sub(r"<[^>]+>", " ", page))
        assert str(there.ticket) in numbers
        assert str(not_there.ticket) not in numbers
        assert "as of" in page
        narrowed = client.get(reverse(name), {"symbol": there.symbol, "q": str(there.login)})
        assert str(there.ticket) in narrowed.content.decode()
    others = make_user("Erik", "dealer", groups="no-such-group")
    assert "No open positions" in as_user(others).get(reverse("position_list")).content.decode()
    assert as_user(cast.dave).get(reverse("position_list")).status_code == 403


def test_an_account_shows_its_open_trades_live(platform: Platform, cast: Cast) -> None:
    mirror_now(platform)
    trade = Trade.objects.filter(command__lte=1).first()
    assert trade is not None
    address = reverse("account_positions", args=("demo", trade.login))
    page = as_user(cast.alice).get(address).content.decode()
    assert str(trade.ticket) in page
    assert "Result if all closed now" in page
    part = as_user(cast.alice).get(address, headers={"HX-Target": "open-trades"})
    assert part.content.decode().lstrip().startswith('<div id="open-trades"')


def test_an_account_shows_the_mirror_when_mt4_is_away(platform: Platform, cast: Cast) -> None:
    from accounts.mirror import mirror_now as mirror_accounts

    mirror_accounts(platform)
    mirror_now(platform)
    trade = Trade.objects.filter(command__lte=1).first()
    assert trade is not None
    Platform.objects.update(authority="http://127.0.0.1:9", api_base="http://127.0.0.1:9")
    client = as_user(cast.alice)
    page = client.get(reverse("account_positions", args=("demo", trade.login))).content.decode()
    assert str(trade.ticket) in page
    assert "was not asked" in page
    history = client.get(reverse("account_history", args=("demo", trade.login)))
    assert history.status_code == 503
    assert "could not be read" in history.content.decode()


def test_the_history_keeps_to_the_days_asked_for(platform: Platform, cast: Cast) -> None:
    live = reader(platform.connection)
    users = (user for page in live.accounts() for user in page)
    user, records = next(
        (user, records) for user in users if len(records := live.history(user.login)) > 3
    )
    address = reverse("account_history", args=("demo", user.login))
    client = as_user(cast.carol)
    latest = max(records, key=lambda record: (record.close_time, record.order))
    oldest = min(records, key=lambda record: (record.close_time, record.order))
    day = latest.close_time.date()
    page = client.get(address, {"first": day.isoformat(), "last": day.isoformat()}).content.decode()
    assert f">{latest.order}<" in page
    assert f">{oldest.order}<" not in page
    whole = client.get(address, {"first": "2000-01-01"}).content.decode()
    assert f">{oldest.order}<" in whole
    tomorrow = (timezone.localdate() + timedelta(days=9)).isoformat()
    wrong = client.get(address, {"first": tomorrow})
    assert wrong.status_code == 422
    assert "lies before the first" in wrong.content.decode()


def test_taxes_have_a_column_and_count_in_the_result(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    mirror_now(platform)
    before = Trade.objects.filter(command=Trade.Command.BUY, currency="USD").latest("ticket")
    kept = {"storage": before.swap, "commission": before.commission, "comment": before.comment}
    fields = {name: float(v) if isinstance(v, Decimal) else v for name, v in kept.items()}
    api = Api(sandbox)
    address = f"AdmTradeRecordModify/{before.ticket}"
    assert api.post(address, {**fields, "taxes": -3.21}).code == "Ok"
    try:
        mirror_now(platform)
        row = Trade.objects.get(pk=before.pk)
        assert row.taxes == Decimal("-3.21")
        untaxed = Trade.objects.get(pk=before.pk)
        untaxed.taxes = Decimal(0)
        assert floating([untaxed]).result - floating([row]).result == Decimal("3.21")
        page = as_user(cast.alice).get(
            reverse("account_positions", args=(platform.slug, row.login))
        )
        assert "Swap, commission, taxes" in text_of(page)
    finally:
        assert api.post(address, fields).code == "Ok"


def test_taxes_count_in_the_result_of_the_history() -> None:
    record = Record(profit=Decimal(100), commission=Decimal(-7), taxes=Decimal("-3.21"))
    found = totals([record])
    assert (found.taxes, found.result) == (Decimal("-3.21"), Decimal("89.79"))
