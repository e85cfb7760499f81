"""Deposit without trading: the sum of all that came since the last trade, however it came."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from panel.models import Platform
from panel.mt4.protocol.enums import TradeCommand
from panel.mt4.protocol.records import Trade
from panel.mt4.write import writer
from payments.commands import Deposit, Withdraw
from payments.desk.trading import not_new, trading_checks, trading_from, trading_of
from payments.models import Payment
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.payments.bulk.test_engine import running, short_times, through
from tests.payments.test_commands import ask, enabled_account, make
from tests.payments.test_desk import debited, payer
from tests.payments.test_desk_money import row_of
from tests.payments.test_returns import take_back

__all__ = ["short_times"]
# The server’s clock has no zone of its own.
NOON = datetime(2026, 11, 2, 12)  # noqa: DTZ001


def money(days: float, amount: str, order: int = 0, login: int = 7) -> Trade:
    """Money that came so many days after the second of November."""
    moment = NOON + timedelta(days=days)
    return Trade(
        order=order or int(days * 100) + 1,
        login=login,
        trade_command=TradeCommand.Balance,
        profit=Decimal(amount),
        open_time=moment,
        close_time=moment,
    )


def trade(opened: float, closed: float | None = None, volume: int = 10) -> Trade:
    """A position, opened and perhaps closed so many days after the second of November."""
    return Trade(
        order=90_000 + int(opened * 100),
        login=7,
        symbol="EURUSD",
        trade_command=TradeCommand.Buy,
        volume=volume,
        open_time=NOON + timedelta(days=opened),
        close_time=NOON + timedelta(days=opened if closed is None else closed),
    )


def told(*records: Trade, opened: tuple[Trade, ...] = (), skipped: Any = ()) -> tuple[str, str]:
    """The level and the words of the one check."""
    (check,) = trading_checks(trading_from(opened, records, skipped), "USD")
    return check.level, check.text


def test_a_small_deposit_does_not_hide_a_large_one() -> None:
    level, text = told(trade(0, 1), money(2, "20867.00"), money(5, "77.00"))
    assert level == "warn"
    assert text == (
        "Deposit without trading: 20,944.00 USD in 2 deposits, the last 77.00 USD on 7 Nov 2026, "
        "and no trade since 2 Nov 2026."
    )


def test_what_came_before_the_last_trade_was_traded_with() -> None:
    level, text = told(money(0, "500.00"), money(1, "80.00"), trade(2, 3), trade(4, 5, volume=3))
    assert (level, text) == (
        "ok",
        "2 trades of 0.13 lots since the last deposit (80.00 USD on 3 Nov 2026).",
    )
    # A trade that was open before the money came is none with it, whenever it was closed.
    level, text = told(trade(0, 9), money(3, "50.00"))
    assert (level, "50.00 USD" in text) == ("warn", True)
    assert told(money(3, "50.00"), opened=(trade(4),))[0] == "ok"


def test_money_that_leaves_and_credit_are_no_deposits() -> None:
    credit = Trade(order=5, trade_command=TradeCommand.Credit, profit=Decimal(900), close_time=NOON)
    _, text = told(money(1, "10.00"), money(2, "-5.00"), credit)
    assert text.startswith("Deposit without trading: 10.00 USD on 3 Nov 2026, and no trade since")
    assert trading_checks(trading_from((), (credit,)), "USD") == []


def test_skipped_records_do_not_count() -> None:
    records = (money(1, "10.00", order=1), money(2, "80.00", order=2))
    assert "10.00 USD on 3 Nov" in told(*records, skipped={2})[1]


@pytest.mark.django_db(transaction=True)
def test_live_deposits_add_up_by_whichever_road_they_came(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "1000.00", name="Anna Kowalska")
    source = enabled_account(platform, "500.00", name="Anna Kowalska")
    carry_out(ask(cast.olga, make(Deposit, login, "20.00", method="card")))
    pen = writer(platform.connection)
    pen.balance(login, Decimal("300.00"), comment="by hand", key=str(uuid.uuid4()))
    assert source
    row = row_of(ask(cast.olga, make(Withdraw, login, "30.00")))
    found, (check,) = trading_of(row, "USD")
    assert (found.untraded, found.deposits) == (Decimal("1320.00"), 3)
    assert check.text.startswith("Deposit without trading: 1,320.00 USD in 3 deposits")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("short_times")
def test_deposits_by_files_count_too(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "100.00")
    through(running(cast, f"{login},deposit,40,USD,a,", f"{login},deposit,2,USD,b,"))
    row = row_of(ask(cast.olga, make(Withdraw, login, "30.00")))
    found, _ = trading_of(row, "USD")
    assert (found.untraded, found.deposits) == (Decimal("142.00"), 3)


@pytest.mark.django_db(transaction=True)
def test_what_was_on_the_account_before_is_no_new_money(platform: Platform, cast: Cast) -> None:
    request = debited(platform, cast)
    back = take_back(payer(), request)
    approve_as(cast.bob, back)
    carry_out(back)
    row = row_of(request)
    found, _ = trading_of(row, "USD")
    assert (found.untraded, found.deposits) == (Decimal("100.00"), 1)
    # Also where a plug-in has taken our mark away: the ticket tells.
    payment = Payment.objects.get(reference=back.reference)
    Payment.objects.filter(pk=payment.pk).update(ticket=4711)
    unmarked = money(1, "80.00", order=4711, login=payment.login)
    assert not_new(platform, [unmarked]) == {4711}
