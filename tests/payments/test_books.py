"""Our books beside MT4's, and the mirror that they are compared with."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from hypothesis import given
from hypothesis import strategies as st

from panel.models import Platform, Status
from panel.mt4.read import reader
from panel.mt4.write import writer
from payments.books import Books, Ours, Theirs, books, compare
from payments.commands import Deposit, Withdraw
from payments.ledger import ledger
from payments.mirror import mirror_now
from payments.models import MoneyMirror, MoneyRecord, Payment
from payments.queries import by_day, net_deposits
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.factories import make_user
from tests.payments.test_commands import ask, enabled_account, give_credit, make

NOW = datetime(2026, 11, 12, 12, tzinfo=UTC)
FIVE = Decimal("5.00")


def theirs(
    reference: str, amount: Decimal = FIVE, *, credit: bool = False, days: int = 0
) -> Theirs:
    """A record of MT4, some days after now."""
    return Theirs(1, reference, credit, amount, NOW + timedelta(days=days), "USD")


def ours(reference: str, amount: Decimal = FIVE) -> Ours:
    """A done payment of balance."""
    return Ours(reference, False, amount, "USD")


def test_a_payment_with_its_record_agrees() -> None:
    found = compare([ours("WD A")], [theirs("WD A")])
    assert found.agree
    assert len(found.matched) == 1
    assert found.our_total == found.their_total == FIVE


@pytest.mark.parametrize(
    ("payments", "records", "where"),
    [
        ([ours("A")], [], "ours_alone"),
        ([], [theirs("A")], "theirs_alone"),
        ([ours("A")], [theirs("A", Decimal("5.01"))], "different"),
        ([ours("A")], [theirs("A"), theirs("A")], "different"),
        ([ours("A")], [theirs("A", credit=True)], "different"),
    ],
)
def test_what_does_not_fit_is_told_apart(
    payments: list[Ours], records: list[Theirs], where: str
) -> None:
    found: Books = compare(payments, records)
    assert not found.agree
    assert len(getattr(found, where)) == 1


def test_what_others_booked_is_no_disagreement() -> None:
    found = compare([ours("A")], [theirs("A"), theirs(""), theirs("B", days=-1)], since=NOW)
    assert found.agree
    assert found.outside_total == Decimal("10.00")


def test_a_record_in_our_manner_that_we_do_not_know_is_one() -> None:
    assert not compare([], [theirs("B", days=1)], since=NOW).agree


@given(st.lists(st.decimals("-9999", "9999", places=2).filter(bool), max_size=20))
def test_books_of_the_same_payments_agree_to_the_cent(amounts: list[Decimal]) -> None:
    payments = [ours(str(number), amount) for number, amount in enumerate(amounts)]
    records = [theirs(str(number), amount) for number, amount in enumerate(amounts)]
    found = compare(payments, reversed(records))
    assert found.agree
    assert found.our_total == found.their_total == sum(amounts, Decimal(0))


@pytest.mark.django_db(transaction=True)
class TestMirror:
    """Against the sandbox."""

    @pytest.fixture(autouse=True)
    def fresh(self, platform: Platform) -> None:
        """Nothing kept from an earlier test's platform."""
        cache.clear()

    def test_the_mirror_holds_every_money_record_and_no_trade(
        self, platform: Platform, cast: Cast
    ) -> None:
        login = enabled_account(platform, "77.00")
        give_credit(platform, login, "5.00")
        assert mirror_now(platform) > 60
        rows = MoneyRecord.objects.filter(login=login).order_by("ticket")
        assert [(row.kind, row.amount, row.currency) for row in rows] == [
            ("balance", Decimal("77.00"), "USD"),
            ("credit", Decimal("5.00"), "USD"),
        ]
        assert {row.reference for row in rows} == {""}
        history = reader(platform.connection).history(login)
        assert [platform.from_server_time(trade.close_time) for trade in history] == [
            row.time for row in rows
        ]

    def test_the_second_reading_brings_only_what_is_new(
        self, platform: Platform, cast: Cast
    ) -> None:
        login = enabled_account(platform, "10.00")
        everything = mirror_now(platform)
        writer(platform.connection).balance(
            login, Decimal("3.00"), comment="later", key=str(uuid.uuid4())
        )
        assert mirror_now(platform) < everything
        assert MoneyRecord.objects.filter(login=login).count() == 2
        assert MoneyMirror.objects.get(platform=platform).read_at is not None

    def test_two_readings_at_once_do_not_disturb_each_other(self, platform: Platform) -> None:
        cache.add(f"mirror-money:{platform.pk}", True, 30)
        assert mirror_now(platform) == 0
        assert not MoneyMirror.objects.exists()

    def test_a_manager_without_the_right_to_reports_is_spared_them(
        self, platform: Platform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cache.set(f"money-reports:{platform.pk}", False, 60)
        login = enabled_account(platform, "12.00")
        assert mirror_now(platform) > 60
        assert MoneyRecord.objects.filter(login=login, amount=Decimal("12.00")).exists()

    def test_a_ticket_that_was_not_seen_in_time_is_found_by_the_mirror(
        self, platform: Platform, cast: Cast
    ) -> None:
        request = carry_out(ask(cast.olga, make(Deposit, enabled_account(platform), "8.00")))
        payment = Payment.objects.get(request=request)
        known = payment.ticket
        Payment.objects.filter(pk=payment.pk).update(ticket=None)
        MoneyRecord.objects.all().delete()
        mirror_now(platform)
        payment.refresh_from_db()
        assert payment.ticket == known is not None

    def test_the_books_agree_after_a_payment_and_not_after_somebody_booked_in_our_name(
        self, platform: Platform, cast: Cast
    ) -> None:
        login = enabled_account(platform, "100.00")
        carry_out(ask(cast.olga, make(Deposit, login, "8.00")))
        request = approve_as(cast.bob, ask(cast.olga, make(Withdraw, login, "3.00")))
        assert carry_out(request).status == Status.DONE
        live = reader(platform.connection)
        for found in (books(platform, login), books(platform, login, live)):
            assert found.agree
            assert found.our_total == found.their_total == Decimal("5.00")
        assert ledger(platform, login, live).difference == Decimal("0.00")

        writer(platform.connection).balance(
            login, Decimal("1.00"), comment="DP ZZZZZZZZ", key=str(uuid.uuid4())
        )
        found = books(platform, login, live)
        assert [record.reference for record in found.theirs_alone] == ["DP ZZZZZZZZ"]
        (line,) = ledger(platform, login, live).troubles
        assert "knows no payment" in line.trouble

    def test_net_deposits_are_summed_per_day_within_the_scopes(
        self, platform: Platform, cast: Cast
    ) -> None:
        login = enabled_account(platform, "100.00")
        approved = approve_as(cast.bob, ask(cast.olga, make(Withdraw, login, "30.00")))
        carry_out(approved)
        give_credit(platform, login, "5000.00")
        mirror_now(platform)
        MoneyRecord.objects.exclude(login=login).delete()
        (total,) = net_deposits(cast.olga, platform)
        assert (total.deposits, total.withdrawals) == (Decimal("100.00"), Decimal("30.00"))
        lines = by_day([total], 30)["USD"]
        assert len(lines) == 30
        assert lines[-1][1:] == (Decimal("100.00"), Decimal("30.00"))
        assert net_deposits(make_user("Erik", "manager", groups="real-std-eur"), platform) == []
