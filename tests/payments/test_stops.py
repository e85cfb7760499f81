"""Stopping the withdrawals of one account: nothing leaves it, whichever way, until two allow it."""

from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.urls import reverse

from panel.commands.base import Invalid
from panel.commands.decide import why_not
from panel.commands.errors import Denied
from panel.commands.submit import submit
from panel.models import ChangeRequest, Platform, Status, User
from payments.commands import Deposit, Withdraw
from payments.models import WithdrawalStop
from payments.stops import SetWithdrawals
from payments.transfers import Transfer
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.factories import actor
from tests.pages.browsing import signed_in, text_of
from tests.payments.bulk.bulk import checked, problems
from tests.payments.bulk.files import TO
from tests.payments.bulk.test_engine import running, states, through
from tests.payments.test_commands import ask, enabled_account, errors_of, make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def login(platform: Platform) -> int:
    """An account with money."""
    return enabled_account(platform, "1000.00")


def change(maker: User, login: int, *, allowed: bool) -> ChangeRequest:
    """A request to stop or allow."""
    return submit(
        SetWithdrawals(platform="demo", login=login, allowed=allowed),
        actor=actor(maker),
        source="test",
        reason="fraud is looked into",
        key=str(uuid.uuid4()),
    )


def stop(cast: Cast, login: int) -> ChangeRequest:
    """Withdrawals are stopped."""
    return approve_as(cast.bella, change(cast.bob, login, allowed=False))


def test_it_takes_two_people_and_the_right(platform: Platform, cast: Cast, login: int) -> None:
    with pytest.raises(Denied):
        change(cast.olga, login, allowed=False)
    request = change(cast.bob, login, allowed=False)
    assert request.status == Status.PENDING
    assert not WithdrawalStop.objects.exists()
    assert why_not(request, cast.bob)
    approve_as(cast.bella, request)
    assert WithdrawalStop.objects.get().why == "fraud is looked into"
    with pytest.raises(Invalid, match="stopped already"):
        change(cast.bob, login, allowed=False)


def test_nothing_leaves_a_stopped_account_and_deposits_go_on(
    platform: Platform, cast: Cast, login: int
) -> None:
    reference = stop(cast, login).reference
    other = enabled_account(platform)
    transfer = Transfer(platform="demo", login=login, to_login=other, amount=Decimal(1))
    for command in (make(Withdraw, login, "1"), transfer):
        (said,) = errors_of(cast.olga, command)[""]
        assert said == (
            f"Withdrawals from this account are stopped by {reference}: fraud is looked into"
        )
    assert carry_out(ask(cast.olga, make(Deposit, login, "1"))).status == Status.DONE
    approve_as(cast.bella, change(cast.bob, login, allowed=True))
    assert ask(cast.olga, make(Withdraw, login, "1")).status == Status.PENDING


def test_what_was_asked_or_approved_before_is_refused_too(
    platform: Platform, cast: Cast, login: int
) -> None:
    waiting = ask(cast.olga, make(Withdraw, login, "10"))
    approved = approve_as(cast.bob, ask(cast.olga, make(Withdraw, login, "20")))
    stop(cast, login)
    with pytest.raises(Invalid, match="stopped"):
        approve_as(cast.bob, waiting)
    failed = carry_out(approved)
    assert failed.status == Status.FAILED
    assert "Nothing was sent." in failed.outcome_text


def test_the_pages_say_so(platform: Platform, cast: Cast, login: int) -> None:
    compliance = signed_in(cast.bob)
    address = reverse("payment_stop", args=["demo", login])
    form = {"reason": "court order", "key": "k", "step": "preview"}
    assert f"Stop withdrawals and transfers from {login}" in text_of(compliance.post(address, form))
    assert compliance.post(address, {**form, "step": "send"}).status_code == 302
    approve_as(cast.bella, ChangeRequest.objects.get())
    clerk = signed_in(cast.olga)
    for name in ("account_payments", "payment_withdraw"):
        page = text_of(clerk.get(reverse(name, args=["demo", login])))
        assert "court order" in page, name
    assert "Allow withdrawals again" in text_of(compliance.get(address))


def test_a_bulk_file_takes_nothing_from_it_either(
    platform: Platform, cast: Cast, login: int
) -> None:
    other = enabled_account(platform, "1000.00")
    lines = [f"{login},withdrawal,10.00,USD,,{TO}", f"{other},withdrawal,10.00,USD,,{TO}"]
    file = running(cast, *lines)
    stop(cast, login)
    through(file)
    assert states(file) == ["rejected", "done"]
    assert file.items.get(line=2).text == (
        f"Nothing was sent: withdrawals from {login} are stopped."
    )
    again = checked(cast.olga, f"{login},withdrawal,11.00,USD,,{TO}")
    assert problems(again) == [(2, "login", "Withdrawals from this account are stopped.")]
