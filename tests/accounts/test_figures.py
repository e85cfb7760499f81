"""The panel shows, previews and allows by the same figures as the server, to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.commands import ChangeGroup, ChangeLeverage
from accounts.figures import margin_with, terms_of
from panel.commands.base import Invalid, Preview
from panel.models import Platform, Status
from panel.mt4 import rules
from panel.mt4.protocol.records import MarginLevel
from panel.mt4.read import Reader, reader
from panel.ui.account import account_line
from panel.ui.figures import money_text, percent_text
from payments.standing import standing
from tests.accounts.making import done
from tests.core.conftest import Cast
from tests.factories import actor, make_platform
from tests.harness.sandbox import SandboxProcess
from tests.sandbox.api import Api
from tests.sandbox.orders import bid_ask, place

pytestmark = pytest.mark.django_db(transaction=True)

Order = tuple[str, str, int]


@dataclass(frozen=True)
class Shape:
    """An account: its group and money, and orders as command, symbol and volume."""

    group: str
    balance: float
    orders: tuple[Order, ...]
    credit: float = 0
    leverage: int = 100


@dataclass(frozen=True)
class Quoted:
    """A price as it was on the wire."""

    bid: Decimal
    ask: Decimal


SHAPES = {
    "one position": Shape("real-std-usd", 5_000, (("Buy", "EURUSD", 100),)),
    "hedged in part": Shape(
        "real-std-usd", 9_000, (("Buy", "EURUSD", 100), ("Sell", "EURUSD", 40))
    ),
    "a full lock": Shape(
        "real-ecn-usd", 9_000, (("Buy", "GBPUSD", 75), ("Sell", "GBPUSD", 75))
    ),
    "yen crosses": Shape(
        "real-std-usd",
        20_000,
        (("Sell", "GBPJPY", 33), ("Buy", "AUDJPY", 71), ("Buy", "CHFJPY", 7)),
    ),
    "deposit in euros": Shape(
        "real-std-eur",
        15_000,
        (("Buy", "GBPUSD", 31), ("Sell", "USDJPY", 17), ("Buy", "AUDCAD", 23)),
        leverage=200,
    ),
    "deposit in yen": Shape(
        "real-std-jpy", 3_000_000, (("Buy", "EURUSD", 50), ("Sell", "XAUUSD", 10))
    ),
    "metals, indices and a future": Shape(
        "real-ecn-usd",
        90_000,
        (
            ("Buy", "XAUUSD", 20), ("Sell", "XAGUSD", 11), ("Buy", "XPTUSD", 30),
            ("Buy", "DE40", 200), ("Sell", "JP225", 100), ("Buy", "ESFRONT", 100),
        ),
    ),
    "gold at twice the margin": Shape(
        "retail-eu", 80_000, (("Buy", "XAUUSD", 50), ("Buy", "EURUSD", 20)), leverage=30
    ),
    "gold, hedged, at twice the margin": Shape(
        "retail-eu", 80_000, (("Buy", "XAUUSD", 50), ("Sell", "XAUUSD", 20)), leverage=30
    ),
    "with credit": Shape(
        "real-vip-eur", 4_000, (("Sell", "EURCHF", 90),), credit=1_500.55
    ),
    "nothing open": Shape("real-std-gbp", 123.45, (), credit=10),
}  # fmt: skip


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A sandbox of this module: prices go somewhere once everybody holds what they hold."""
    with SandboxProcess(tmp_path_factory.mktemp("figures"), accounts=2) as sandbox:
        yield Api(sandbox)


@pytest.fixture(scope="module")
def logins(market: Api) -> dict[str, int]:
    """An account of each shape, after the prices moved and a group took profits out."""
    made = {name: _made(market, shape) for name, shape in SHAPES.items()}
    for symbol, percent in (("EURUSD", 0.31), ("USDJPY", -0.42), ("XAUUSD", 0.7), ("GBPUSD", -0.2)):
        tick = market.get(f"TickInfoLast/{symbol}").data
        digits = 5 if tick["bid"] < 10 else 3
        bid, ask = (round(tick[side] * (1 + percent / 100), digits) for side in ("bid", "ask"))
        market.sandbox.price(symbol, bid, ask)
    assert market.patch("GroupRecord/real-vip-eur", {"marginMode": "UseLoss"}).code == "Ok"
    return made


def _made(api: Api, shape: Shape) -> int:
    login = api.new_account(group=shape.group, leverage=shape.leverage)
    assert api.money(login, shape.balance).code == "Ok"
    if shape.credit:
        lent: dict[str, Any] = {"tradeCommand": "Credit", "expiration": "2100-01-01T00:00:00Z"}
        assert api.money(login, shape.credit, **lent).code == "Ok"
    for command, symbol, volume in shape.orders:
        place(api, login, command, symbol=symbol, volume=volume)
    return login


@pytest.fixture
def platform(db: None, market: Api) -> Platform:
    return make_platform(market.sandbox.url)


def _own_figures(api: Api, reading: Reader, level: MarginLevel) -> rules.Figures:
    """The account's figures by the panel's arithmetic, from settings and records alone."""
    user, group = reading.account(level.login), reading.group(level.group)
    symbols = {symbol.symbol: symbol for symbol in reading.symbols()}

    def quote(name: str) -> rules.TwoSided | None:
        tick = api.get(f"TickInfoLast/{name}").data
        return Quoted(Decimal(repr(tick["bid"])), Decimal(repr(tick["ask"]))) if tick else None

    return rules.figures(
        terms_of(reading, group, user.leverage),
        balance=user.balance,
        credit=user.credit,
        trades=reading.trades_of(user.login, user.group),
        market=rules.Market(symbols, quote),
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_the_panels_arithmetic_is_the_servers_to_the_cent(
    market: Api, logins: dict[str, int], platform: Platform, shape: str
) -> None:
    reading = reader(platform.connection)
    level = reading.margin_level(logins[shape])
    figures = _own_figures(market, reading, level)
    assert bool(figures.margin) is bool(SHAPES[shape].orders)
    assert (figures.equity, figures.margin) == (level.equity, level.margin)
    assert (figures.free, figures.level, figures.state) == (
        level.free, level.level, level.level_type,
    )  # fmt: skip
    terms = terms_of(reading, reading.group(level.group), SHAPES[shape].leverage)
    trades = reading.trades_of(level.login, level.group)
    assert margin_with(terms, trades, reading.symbols()) == level.margin


@pytest.mark.parametrize("shape", SHAPES)
def test_the_account_page_shows_the_servers_figures(
    logins: dict[str, int], platform: Platform, cast: Cast, client: Client, shape: str
) -> None:
    client.force_login(cast.olga)
    reading = reader(platform.connection)
    level = reading.margin_level(logins[shape])
    currency = reading.group(level.group).currency
    page = client.get(reverse("account", args=("demo", level.login))).content.decode()
    for figure in (level.equity, level.margin, level.free):
        shown = money_text(figure, currency, named=False)
        assert f">{shown}<" in page.replace("\n", ""), figure
    shown = percent_text(level.level, 2) if level.margin else "no margin in use"
    assert shown in page


@pytest.mark.parametrize("shape", SHAPES)
def test_no_more_can_be_withdrawn_on_the_page_than_the_server_has_free(
    logins: dict[str, int], platform: Platform, cast: Cast, shape: str
) -> None:
    reading = reader(platform.connection)
    line = account_line(platform, logins[shape], actor(cast.olga))
    assert line.withdrawable == standing(reading, line.login).withdrawable
    assert line.withdrawable is not None
    assert line.free is not None
    assert line.withdrawable <= max(Decimal(0), line.free - line.credit)


def _told(preview: Preview, label: str) -> str:
    return next(change.after for change in preview.changes if change.label == label)


@pytest.mark.parametrize("shape", ["gold, hedged, at twice the margin", "deposit in euros"])
def test_a_preview_of_a_leverage_tells_the_figures_that_the_server_then_has(
    logins: dict[str, int], platform: Platform, cast: Cast, shape: str
) -> None:
    reading = reader(platform.connection)
    command = ChangeLeverage(platform="demo", login=logins[shape], leverage=50)
    preview = command.preview(reading)
    assert done(cast.olga, command).status == Status.DONE
    level = reading.margin_level(logins[shape])
    assert _told(preview, "Margin") == money_text(level.margin)
    assert _told(preview, "Free margin") == money_text(level.free)
    assert _told(preview, "Margin level") == percent_text(level.level, 2)


def test_a_preview_of_a_group_tells_the_margin_that_the_server_then_has(
    logins: dict[str, int], platform: Platform, cast: Cast
) -> None:
    reading, login = reader(platform.connection), logins["gold at twice the margin"]
    command = ChangeGroup(platform="demo", login=login, group="real-std-eur")
    preview = command.preview(reading)
    assert done(cast.olga, command).status == Status.DONE
    assert _told(preview, "Margin") == money_text(reading.margin_level(login).margin)


def test_a_group_whose_margins_would_stop_the_account_out_is_refused(
    market: Api, platform: Platform, cast: Cast
) -> None:
    login = _made(market, Shape("real-std-eur", 2_250, (("Buy", "XAUUSD", 100),)))
    bid, ask = bid_ask(market, "XAUUSD")
    market.sandbox.price("XAUUSD", bid - 1, ask - 1)
    command = ChangeGroup(platform="demo", login=login, group="retail-eu")
    with pytest.raises(Invalid, match="stopped out at once"):
        command.validate(reader(platform.connection), actor(cast.olga))
