"""Limits: what counts, whom they hold, and that two requests at once cannot both slip under."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from panel.commands.base import Invalid
from panel.commands.decide import reject, why_not
from panel.commands.errors import Denied
from panel.commands.submit import submit, withdraw
from panel.models import AuditEntry, ChangeRequest, Platform, Status, User
from payments.adjustments import Correction
from payments.bulk.command import CarryOutRest
from payments.commands import CreditIn, Deposit, Withdraw
from payments.limits import Movement, check_many
from payments.limits.commands import RemoveLimit, SetLimit
from payments.models import BulkFile, BulkItem, Limit, Payment
from payments.transfers import Transfer
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.factories import actor, make_user
from tests.pages.browsing import signed_in, text_of
from tests.payments.bulk.files import TO
from tests.payments.bulk.test_engine import running, states, through
from tests.payments.limiting import make_limit
from tests.payments.test_adjustments import book
from tests.payments.test_commands import ask, enabled_account, errors_of, make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def login(platform: Platform) -> int:
    """A rich account in USD, in the group real-std-usd."""
    return enabled_account(platform, "90000.00")


def test_one_payment_over_the_limit_is_refused_beside_its_amount(cast: Cast, login: int) -> None:
    make_limit(role="back-office", once="500")
    ask(cast.olga, make(Deposit, login, "500"))
    errors = errors_of(cast.olga, make(Deposit, login, "500.01"))
    assert errors == {"amount": ["Your limit is 500.00 USD at once."]}


def test_the_day_adds_up_and_the_message_says_what_is_left(cast: Cast, login: int) -> None:
    make_limit(role="back-office", day="1000")
    ask(cast.olga, make(Deposit, login, "700"))
    errors = errors_of(cast.olga, make(Deposit, login, "300.01"))
    assert errors == {
        "amount": ["Your limit is 1,000.00 USD in 24 hours: 700.00 is used, 300.00 USD is left."]
    }
    assert Payment.objects.count() == ChangeRequest.objects.count() == 1
    ask(cast.olga, make(Deposit, login, "300"))


def test_a_payment_leaves_the_day_after_24_hours_and_the_month_after_30_days(
    cast: Cast, login: int
) -> None:
    make_limit(role="back-office", day="1000", month="1500")
    ask(cast.olga, make(Deposit, login, "1000"))
    Payment.objects.update(created=timezone.now() - timedelta(hours=24, minutes=1))
    errors = errors_of(cast.olga, make(Deposit, login, "500.01"))
    assert errors["amount"] == [
        "Your limit is 1,500.00 USD in 30 days: 1,000.00 is used, 500.00 USD is left."
    ]
    ask(cast.olga, make(Deposit, login, "500"))
    Payment.objects.update(created=timezone.now() - timedelta(days=30, minutes=1))
    ask(cast.olga, make(Deposit, login, "1000"))


def test_all_limits_that_fit_must_hold(cast: Cast, login: int) -> None:
    make_limit(day="2000")
    make_limit(role="back-office", day="1000")
    make_limit(person=cast.olga, day="1500")
    errors = errors_of(cast.olga, make(Deposit, login, "1600"))
    assert len(errors["amount"]) == 2
    assert errors_of(cast.olga, make(Deposit, login, "1200"))


@pytest.mark.parametrize(
    "fields",
    [
        {"kinds": ["withdrawal"]},
        {"currency": "EUR"},
        {"group_masks": "demo*"},
        {"role": "manager"},
        {"active": False},
    ],
)
def test_a_limit_about_something_else_does_not_hold(
    cast: Cast, login: int, fields: dict[str, Any]
) -> None:
    make_limit(**fields, once="1", day="1")
    ask(cast.olga, make(Deposit, login, "100"))


def test_kinds_of_one_limit_are_counted_together(cast: Cast, login: int) -> None:
    make_limit(kinds=["deposit", "credit_in"], day="100")
    ask(cast.olga, make(Deposit, login, "60"))
    soon = timezone.localdate() + timedelta(days=9)
    assert "amount" in errors_of(cast.olga, make(CreditIn, login, "60", expiration=soon))
    ask(cast.olga, make(Withdraw, login, "60"))


def test_each_person_is_counted_by_themselves(cast: Cast, login: int) -> None:
    make_limit(day="100")
    ask(cast.olga, make(Deposit, login, "100"))
    ask(make_user("Otto", "back-office"), make(Deposit, login, "100"))
    assert "amount" in errors_of(cast.olga, make(Deposit, login, "1"))


def test_each_currency_is_counted_by_itself(platform: Platform, cast: Cast, login: int) -> None:
    make_limit(day="100")
    ask(cast.olga, make(Deposit, login, "100"))
    ask(cast.olga, make(Deposit, enabled_account(platform, group="real-std-eur"), "100"))


def test_what_was_rejected_withdrawn_or_failed_does_not_count_and_unknown_does(
    cast: Cast, login: int
) -> None:
    make_limit(kinds=["withdrawal"], day="100")
    first = ask(cast.olga, make(Withdraw, login, "100"))
    reject(first, actor=actor(cast.bob), source="test", reason="no")
    second = ask(cast.olga, make(Withdraw, login, "100"))
    withdraw(second, actor=actor(cast.olga), source="test", reason="")
    third = ask(cast.olga, make(Withdraw, login, "100"))
    for status, counts in [("failed", False), ("expired", False), ("unknown", True)]:
        ChangeRequest.objects.filter(pk=third.pk).update(status=status)
        asked = make(Withdraw, login, "1")
        if counts:
            assert "amount" in errors_of(cast.olga, asked)
        else:
            withdraw(ask(cast.olga, asked), actor=actor(cast.olga), source="test", reason="")


def test_a_transfer_counts_once_and_where_the_money_leaves(
    platform: Platform, cast: Cast, login: int
) -> None:
    make_limit(day="100")
    make_limit(kinds=["transfer_out"], once="90")
    other = enabled_account(platform)
    transfer = Transfer(platform="demo", login=login, to_login=other, amount=Decimal(80))
    ask(cast.olga, transfer)
    assert (
        "80.00 is used, 20.00 USD is left."
        in errors_of(cast.olga, make(Deposit, login, "21"))["amount"][0]
    )
    assert "amount" in errors_of(cast.olga, replace(transfer, amount=Decimal(91)))


def test_a_correction_counts_too(cast: Cast, login: int) -> None:
    make_limit(kinds=["correction_in"], once="10")
    correction = Correction(platform="demo", login=login, amount=Decimal(11), direction="in")
    assert "amount" in errors_of(cast.olga, correction)


def test_a_changed_request_counts_once(cast: Cast, login: int) -> None:
    make_limit(kinds=["withdrawal"], day="100")
    first = ask(cast.olga, make(Withdraw, login, "80"))
    second = submit(
        make(Withdraw, login, "90"),
        actor=actor(cast.olga),
        source="test",
        reason="",
        key="changed",
        supersedes=first,
    )
    assert second.status == Status.PENDING
    assert "amount" in errors_of(cast.olga, make(Withdraw, login, "11"))


def test_the_form_says_it_before_anything_is_sent(cast: Cast, login: int) -> None:
    make_limit(role="back-office", day="1000")
    ask(cast.olga, make(Deposit, login, "700"))
    address = reverse("payment_deposit", args=("demo", login))
    answer = signed_in(cast.olga).post(
        address, {"key": "k", "step": "preview", "amount": "400", "method": "bank"}
    )
    assert answer.status_code == 422
    assert "700.00 is used, 300.00 USD is left." in text_of(answer)


def test_the_empty_form_says_what_the_tightest_limit_leaves(cast: Cast, login: int) -> None:
    address = reverse("payment_deposit", args=("demo", login))
    client = signed_in(cast.olga)
    assert "Your limit" not in text_of(client.get(address))
    make_limit(role="back-office", once="500", day="1000", month="9000")
    assert "Your limit is 500.00 USD at once." in text_of(client.get(address))
    ask(cast.olga, make(Deposit, login, "500"))
    ask(cast.olga, make(Deposit, login, "100"))
    page = text_of(client.get(address))
    assert "Your limit leaves 400.00 USD of 1,000.00 USD in 24 hours." in page


def test_a_limit_holds_on_a_done_payment_too(cast: Cast, login: int) -> None:
    make_limit(day="100")
    assert carry_out(ask(cast.olga, make(Deposit, login, "100"))).status == Status.DONE
    assert "amount" in errors_of(cast.olga, make(Deposit, login, "1"))


def test_the_lines_of_a_file_are_checked_in_their_order(platform: Platform, cast: Cast) -> None:
    make_limit(once="60", day="100")
    line = Movement(platform.pk, "real-std-usd", "deposit", "USD", Decimal(40))
    large = Movement(platform.pk, "real-std-usd", "deposit", "USD", Decimal(61))
    found = check_many(cast.olga, [line, line, line, large])
    assert [(breach.index, breach.period) for breach in found] == [(2, "day"), (3, "operation")]
    assert (found[0].asked, found[0].left) == (Decimal(120), Decimal(100))


def test_the_lines_of_a_submitted_file_count_until_they_come_to_nothing(
    platform: Platform, cast: Cast, login: int
) -> None:
    make_limit(kinds=["deposit"], day="100")
    anchor = ask(cast.olga, make(Withdraw, login, "1"))
    file = BulkFile.objects.create(
        request=anchor, platform=platform, name="a.csv", sha256="", size=1, source="csv",
        uploaded_by=cast.olga,
    )  # fmt: skip
    for number, state in enumerate(["ready", "done", "rejected", "cancelled"], 1):
        BulkItem.objects.create(
            file=file, line=number, login=login, kind="deposit", amount=30, currency="USD",
            mt4_group="real-std-usd", reference=f"BD 0000000{number}", state=state,
        )  # fmt: skip
    assert errors_of(cast.olga, make(Deposit, login, "40.01"))["amount"] == [
        "Your limit is 100.00 USD in 24 hours: 60.00 is used, 40.00 USD is left."
    ]
    reject(anchor, actor=actor(cast.bob), source="test", reason="no")
    ask(cast.olga, make(Deposit, login, "70"))


def test_what_is_taken_up_again_counts_for_whoever_asked_and_from_then_on(
    platform: Platform, cast: Cast, login: int
) -> None:
    otto = make_user("Otto", "back-office")
    poor = enabled_account(platform, "30.00")
    lines = [f"{login},withdrawal,30.00,USD,a,{TO}", f"{poor},withdrawal,30.00,USD,b,{TO}"]
    file = running(cast, *lines)
    book(platform, poor, "-1.00")
    through(file)
    assert states(file) == ["done", "rejected"]
    ChangeRequest.objects.update(created=timezone.now() - timedelta(days=31))
    book(platform, poor, "1.00")
    make_limit(day="50")

    again = submit(CarryOutRest.of(file), actor=actor(otto), source="test", reason="", key="again")
    used = "Your limit is 50.00 USD in 24 hours: 30.00 is used, 20.00 USD is left."
    assert errors_of(otto, make(Deposit, login, "21"))["amount"] == [used]
    approve_as(cast.bob, again)
    carry_out(again)
    assert errors_of(otto, make(Deposit, login, "21"))["amount"] == [used]
    through(file)
    assert states(file) == ["done", "done"]
    assert errors_of(otto, make(Deposit, login, "21"))["amount"] == [used]
    ask(cast.olga, make(Deposit, login, "50"))


# --- Changing limits ------------------------------------------------------------------------


def set_limit(maker: User, **fields: Any) -> ChangeRequest:
    """A request to set a limit."""
    values = {"role": "back-office", "per_day": Decimal(1000), **fields}
    return submit(
        SetLimit(**values),
        actor=actor(maker),
        source="test",
        reason="as agreed",
        key=str(values),
    )


def test_a_limit_takes_a_second_person_and_is_audited(cast: Cast, db: None) -> None:
    request = set_limit(cast.ada)
    assert request.status == Status.PENDING
    assert not Limit.objects.exists()
    assert why_not(request, cast.ada)
    approve_as(cast.bob, request)
    limit = Limit.objects.get()
    assert (limit.per_day, limit.role and limit.role.slug) == (Decimal(1000), "back-office")
    changed = set_limit(cast.ada, limit=limit.pk, per_day=Decimal(5000))
    assert "More can be moved than before." in str(changed.preview)
    approve_as(cast.adam, changed)
    limit.refresh_from_db()
    assert limit.per_day == Decimal(5000)
    last = AuditEntry.objects.filter(action="request done").latest("seq")
    assert last.before
    assert last.after
    assert (last.before["per_day"], last.after["per_day"]) == ("1000.00", "5000.00")
    gone = submit(
        RemoveLimit(limit=limit.pk), actor=actor(cast.adam), source="test", reason="", key="x"
    )
    approve_as(cast.ada, gone)
    assert not Limit.objects.exists()


def test_nobody_changes_or_decides_on_what_holds_themselves(cast: Cast, db: None) -> None:
    with pytest.raises(Invalid, match="holds you"):
        set_limit(cast.ada, role="administrator")
    assert "holds you" in why_not(set_limit(cast.ada, role="compliance"), cast.bob)
    named = set_limit(cast.ada, role="", person=cast.bob.email)
    assert "holds you" in why_not(named, cast.bob)
    assert not why_not(named, cast.bella)


def test_only_those_with_the_right_change_limits(cast: Cast, db: None) -> None:
    with pytest.raises(Denied):
        set_limit(cast.olga)
    assert why_not(set_limit(cast.ada), cast.maya)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"per_day": None}, "per_operation"),
        ({"per_operation": Decimal(2000)}, "per_day"),
        ({"per_day": Decimal("0.001")}, "per_day"),
        ({"role": "nobody"}, "role"),
        ({"person": "who@broker.test", "role": ""}, "person"),
        ({"kinds": ("gift",)}, "kinds"),
        ({"currency": "US"}, "currency"),
        ({"group_masks": "!demo"}, "group_masks"),
        ({"platform": "nowhere"}, "platform"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(
    cast: Cast, db: None, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        set_limit(cast.ada, **fields)
    assert field in refused.value.errors


def test_the_pages_show_what_is_used_and_how_it_came_about(cast: Cast, login: int) -> None:
    approve_as(cast.bob, set_limit(cast.ada, currency="USD", note="per contract"))
    ask(cast.olga, make(Deposit, login, "250"))
    limit = Limit.objects.get()
    client = signed_in(cast.bob)
    listed = text_of(client.get(reverse("limit_list")))
    assert "each of Back office" in listed
    assert "Olga: 25&nbsp;% (USD)" in listed
    page = text_of(client.get(reverse("limit_detail", args=[limit.pk])))
    for words in ("250.00", "750.00", "per contract", "as agreed", "request done"):
        assert words in page
    waiting = set_limit(cast.ada, limit=limit.pk, per_day=Decimal(2))
    assert waiting.reference in text_of(client.get(reverse("limit_list")))


def test_the_form_makes_the_command(cast: Cast, db: None) -> None:
    client = signed_in(cast.ada)
    form = {
        "role": "back-office", "kinds": ["deposit", "withdrawal"], "per_day": "1000",
        "group_masks": "real*", "active": "on", "reason": "agreed", "key": "k",
    }  # fmt: skip
    address = reverse("limit_add")
    preview = client.post(address, {**form, "step": "preview"})
    assert (
        "Hold each of Back office to 1,000.00 in 24 hours: deposit, withdrawal together"
        in text_of(preview)
    )
    assert client.post(address, {**form, "step": "send"}).status_code == 302
    assert ChangeRequest.objects.get().payload["kinds"] == ["deposit", "withdrawal"]
    make_limit(role="back-office", day="5")
    assert client.get(reverse("limit_change", args=[Limit.objects.get().pk])).status_code == 200


@pytest.mark.postgres
@pytest.mark.parametrize("again", range(3))
def test_two_at_once_do_not_both_slip_under(
    platform: Platform, cast: Cast, login: int, again: int
) -> None:
    make_limit(day="100")
    barrier = threading.Barrier(4)
    answers: list[Any] = []

    def one() -> None:
        try:
            command = make(Deposit, login, "60")
            person = User.objects.get(pk=cast.olga.pk)
            barrier.wait(10)
            answers.append(ask(person, command))
        except Invalid as error:
            answers.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(isinstance(answer, Invalid) for answer in answers) == [False, True, True, True]
    assert Payment.objects.count() == 1
