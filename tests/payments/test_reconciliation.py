"""The books of a whole platform: what matches, what does not, and how it is explained."""

from __future__ import annotations

import html
import re
import time
import uuid
from datetime import timedelta
from decimal import Decimal
from threading import Event, Thread

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from panel.commands.base import Invalid
from panel.commands.errors import Denied
from panel.commands.submit import submit
from panel.models import AuditEntry, ChangeRequest, Platform, Status
from panel.mt4.write import writer
from payments.models import Difference, MoneyRecord, Payment, Reconciliation
from payments.reconciliation.explain import ExplainDifference
from payments.reconciliation.run import Busy, begin, carry_out
from payments.tasks import reconcile_daily
from tests.core.conftest import Cast
from tests.core.money import approve_as, ask_deposit, new_account
from tests.core.money import carry_out as execute
from tests.factories import actor, make_user

pytestmark = pytest.mark.django_db(transaction=True)
Kind, State = Difference.Kind, Difference.State


def reconcile(platform: Platform, cast: Cast) -> Reconciliation:
    """A comparison of the last day, carried out."""
    now = timezone.now()
    run = begin(
        platform,
        now - timedelta(days=1),
        now + timedelta(days=1),
        actor=actor(cast.olga),
        source="test",
    )
    carry_out(run.pk)
    run.refresh_from_db()
    return run


def differences(login: int) -> list[Difference]:
    """Those of one account: the server remembers what other tests booked."""
    return list(Difference.objects.filter(login=login))


def deposit(cast: Cast, login: int, amount: str) -> Payment:
    """A deposit that was carried out."""
    request = execute(ask_deposit(cast.olga, login, amount))
    assert request.status == Status.DONE, request.outcome_text
    return Payment.objects.get(request=request)


def by_hand(platform: Platform, login: int, amount: str, comment: str = "by hand") -> None:
    """What somebody books in the terminal."""
    writer(platform.connection).balance(
        login, Decimal(amount), comment=comment, key=str(uuid.uuid4())
    )


def explain(row: Difference, correction: str = "") -> ExplainDifference:
    """The command that explains a difference."""
    return ExplainDifference(
        difference=row.pk,
        finding="The bank booked it twice, see its letter.",
        correction=correction,
    )


def test_what_was_carried_out_matches_its_record(platform: Platform, cast: Cast) -> None:
    login = new_account(platform, "0")
    deposit(cast, login, "10.00")
    deposit(cast, login, "12.50")
    run = reconcile(platform, cast)
    assert (run.state, run.matched, differences(login)) == ("done", 2, [])
    assert [total["ours"] for total in run.totals if total["currency"] == "USD"] == ["22.50"]


def test_each_side_alone_and_another_amount_are_found(platform: Platform, cast: Cast) -> None:
    login = new_account(platform, "0")
    lost, other = deposit(cast, login, "10.00"), deposit(cast, login, "20.00")
    by_hand(platform, login, "7.00")
    by_hand(platform, login, "8.00", "DP 22222222 unknown")
    # As if MT4 had lost the one, and booked the other otherwise.
    Payment.objects.filter(pk=lost.pk).update(reference="DP 11111111", ticket=None)
    Payment.objects.filter(pk=other.pk).update(amount=Decimal("20.01"))
    reconcile(platform, cast)
    found = {row.key: row for row in differences(login)}
    assert found["DP 11111111"].kind == Kind.OURS
    assert found[other.reference].kind == Kind.AMOUNT
    assert found[other.reference].their_amount == Decimal("20.00")
    assert found["DP 22222222"].kind == Kind.THEIRS
    assert found[lost.reference].kind == Kind.THEIRS
    hand = [row for row in found.values() if row.key.startswith("#")]
    assert [(row.kind, row.their_amount) for row in hand] == [(Kind.THEIRS, Decimal("7.00"))]
    assert len(found) == 5


def test_a_difference_that_fits_later_is_closed_by_itself(platform: Platform, cast: Cast) -> None:
    paid = deposit(cast, new_account(platform, "0"), "10.00")
    Payment.objects.filter(pk=paid.pk).update(amount=Decimal("11.00"))
    reconcile(platform, cast)
    assert differences(paid.login)[0].state == State.OPEN
    Payment.objects.filter(pk=paid.pk).update(amount=Decimal("10.00"))
    reconcile(platform, cast)
    assert differences(paid.login)[0].state == State.GONE


def test_money_whose_outcome_is_unknown_is_not_called_a_difference(
    platform: Platform, cast: Cast
) -> None:
    paid = deposit(cast, new_account(platform, "0"), "10.00")
    Payment.objects.filter(pk=paid.pk).update(status=Status.UNKNOWN, finished=None)
    reconcile(platform, cast)
    assert differences(paid.login) == []


def test_what_mt4_has_of_a_payment_that_failed_is_found(platform: Platform, cast: Cast) -> None:
    paid = deposit(cast, new_account(platform, "0"), "10.00")
    Payment.objects.filter(pk=paid.pk).update(status=Status.FAILED)
    reconcile(platform, cast)
    (row,) = differences(paid.login)
    assert (row.kind, row.our_amount, row.their_amount) == (Kind.THEIRS, None, Decimal("10.00"))
    assert "failed" in row.text


def test_a_mirrored_record_that_mt4_no_longer_has_leaves_the_mirror(
    platform: Platform, cast: Cast
) -> None:
    paid = deposit(cast, new_account(platform, "0"), "10.00")
    reconcile(platform, cast)
    record = MoneyRecord.objects.get(reference=paid.reference)
    ghost = 2_000_000_000
    MoneyRecord.objects.create(
        platform=platform,
        ticket=ghost,
        login=record.login,
        kind=record.kind,
        amount=1,
        currency="USD",
        mt4_group=record.mt4_group,
        time=timezone.now() - timedelta(minutes=2),
        server_time=record.server_time,
    )
    Payment.objects.filter(pk=paid.pk).update(created=timezone.now() - timedelta(hours=1))
    reconcile(platform, cast)
    assert not MoneyRecord.objects.filter(ticket=ghost).exists()
    assert MoneyRecord.objects.filter(pk=record.pk).exists()


def test_an_explanation_takes_two_and_stays_as_long_as_the_amounts_do(
    platform: Platform, cast: Cast
) -> None:
    manager, checker = make_user("Mona", "manager"), make_user("Carl", "compliance")
    paid = deposit(cast, new_account(platform, "0"), "10.00")
    Payment.objects.filter(pk=paid.pk).update(amount=Decimal("11.00"))
    reconcile(platform, cast)
    (row,) = differences(paid.login)
    request = submit(explain(row), actor=actor(manager), source="test", reason="", key="one")
    assert request.status == Status.PENDING
    row.refresh_from_db()
    assert row.state == State.OPEN
    approve_as(checker, request)
    row.refresh_from_db()
    assert (row.state, row.explanation) == (State.EXPLAINED, request)
    reconcile(platform, cast)
    row.refresh_from_db()
    assert row.state == State.EXPLAINED
    Payment.objects.filter(pk=paid.pk).update(amount=Decimal("12.00"))
    reconcile(platform, cast)
    row.refresh_from_db()
    assert (row.state, row.explanation) == (State.OPEN, None)


def explained(row: Difference) -> ChangeRequest:
    """What was asked to explain a difference, and waits for a second person."""
    manager = make_user("Mona", "manager")
    return submit(explain(row), actor=actor(manager), source="test", reason="", key=f"{row.pk}")


def test_another_record_of_the_same_amount_is_explained_anew(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform, "0")
    deposit(cast, login, "10.00")
    by_hand(platform, login, "7.00", "DP 22222222 unknown")
    reconcile(platform, cast)
    (row,) = differences(login)
    approve_as(make_user("Carl", "compliance"), explained(row))
    # What was explained is gone from MT4, and this one was booked in its place.
    Difference.objects.filter(pk=row.pk).update(tickets=[1])
    reconcile(platform, cast)
    row.refresh_from_db()
    assert (row.state, row.explanation) == (State.OPEN, None)


@pytest.mark.postgres
def test_an_explanation_confirmed_during_a_comparison_is_kept(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform, "0")
    deposit(cast, login, "10.00")
    by_hand(platform, login, "7.00")
    reconcile(platform, cast)
    (row,) = differences(login)
    request, checker = explained(row), make_user("Carl", "compliance")
    now = timezone.now()
    span = (now - timedelta(days=1), now + timedelta(days=1))
    run = begin(platform, *span, actor=actor(cast.olga), source="test")
    confirmed = Event()

    def confirm() -> None:
        with transaction.atomic():
            approve_as(checker, request)
            confirmed.set()
            time.sleep(1)
        connection.close()

    other = Thread(target=confirm)
    other.start()
    assert confirmed.wait(10)
    carry_out(run.pk)
    other.join()
    row.refresh_from_db()
    assert (row.state, row.explanation) == (State.EXPLAINED, request)


def test_nobody_explains_a_payment_that_went_through_their_hands(
    platform: Platform, cast: Cast
) -> None:
    both = make_user("Otto", "back-office", "manager")
    login = new_account(platform, "0")
    request = execute(ask_deposit(both, login, "10.00"))
    Payment.objects.filter(request=request).update(amount=Decimal("11.00"))
    reconcile(platform, cast)
    (row,) = differences(login)
    with pytest.raises(Invalid, match="somebody else explains"):
        submit(explain(row), actor=actor(both), source="test", reason="", key="one")
    with pytest.raises(Denied):
        submit(explain(row), actor=actor(cast.olga), source="test", reason="", key="two")


def test_a_correction_must_be_a_done_payment_of_the_same_account(
    platform: Platform, cast: Cast
) -> None:
    manager = make_user("Mona", "manager")
    login = new_account(platform, "0")
    paid, right = deposit(cast, login, "10.00"), deposit(cast, login, "1.00")
    elsewhere = deposit(cast, new_account(platform, "0"), "1.00")
    Payment.objects.filter(pk=paid.pk).update(amount=Decimal("11.00"))
    reconcile(platform, cast)
    (row,) = differences(paid.login)
    for wrong in ("DP 00000000", elsewhere.reference):
        with pytest.raises(Invalid):
            explain(row, correction=wrong).validate(None, actor(manager))
    request = submit(
        explain(row, correction=right.reference),
        actor=actor(manager),
        source="test",
        reason="",
        key="one",
    )
    approve_as(make_user("Carl", "compliance"), request)
    row.refresh_from_db()
    assert row.state == State.CORRECTED


def test_one_comparison_at_a_time_and_a_silent_one_is_given_up(
    platform: Platform, cast: Cast
) -> None:
    now = timezone.now()
    span = (now - timedelta(days=1), now)
    first = begin(platform, *span, actor=actor(cast.olga), source="test")
    with pytest.raises(Busy):
        begin(platform, *span, actor=actor(cast.olga), source="test")
    Reconciliation.objects.filter(pk=first.pk).update(alive=now - timedelta(hours=1))
    begin(platform, *span, actor=actor(cast.olga), source="test")
    first.refresh_from_db()
    assert first.state == "failed"
    assert "silent" in first.trouble


def test_mt4_away_fails_the_comparison_in_words(platform: Platform, cast: Cast) -> None:
    deposit(cast, new_account(platform, "0"), "10.00")
    Platform.objects.filter(pk=platform.pk).update(api_base="http://127.0.0.1:9")
    platform.refresh_from_db()
    run = reconcile(platform, cast)
    assert run.state == "failed"
    assert run.trouble
    assert AuditEntry.objects.filter(action="reconciliation finished", outcome="failed").exists()


def test_each_night_every_platform_is_compared(platform: Platform) -> None:
    reconcile_daily()
    assert Reconciliation.objects.get().platform == platform
    assert Reconciliation.objects.get().asked_by is None


def test_the_pages_show_the_differences_of_ones_own_groups_only(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform, "0")
    deposit(cast, login, "10.00")
    by_hand(platform, login, "7.00")
    reconcile(platform, cast)
    (row,) = differences(login)
    client = Client()
    client.force_login(make_user("Mona", "manager"))
    page = client.get(reverse("reconciliation")).content.decode()
    assert row.key in page
    assert (
        "Booked past the panel"
        in client.get(reverse("difference_detail", args=[row.pk])).content.decode()
    )
    client.force_login(make_user("Demo Mona", "manager", groups="demo*"))
    assert row.key not in client.get(reverse("reconciliation")).content.decode()
    assert client.get(reverse("difference_detail", args=[row.pk])).status_code == 404


def test_the_list_says_whether_the_books_were_compared_at_all(
    platform: Platform, cast: Cast
) -> None:
    client = Client()
    client.force_login(make_user("Mona", "manager"))
    address = reverse("reconciliation")
    assert "Not compared yet" in client.get(address).content.decode()

    login = new_account(platform, "0")
    deposit(cast, login, "10.00")
    by_hand(platform, login, "7.00")
    run = reconcile(platform, cast)
    page = client.get(address).content.decode()
    assert ">MT4 has more<" in page
    assert run.days == (run.since.date(), run.until.date())

    Difference.objects.update(state=State.EXPLAINED)
    page = client.get(address).content.decode()
    assert "Nothing is left to explain" in page
    assert "Not compared yet" not in page
    assert "only in MT4" in client.get(address, {"state": "explained"}).content.decode()

    Reconciliation.objects.create(
        platform=platform,
        since=run.since,
        until=run.until,
        state=Reconciliation.State.FAILED,
        finished=timezone.now(),
        trouble="The trade server does not answer.",
    )
    page = client.get(address).content.decode()
    assert "The last comparison failed" in page
    assert ">MT4 has more<" in page


def test_a_comparison_is_asked_for_on_the_page(platform: Platform, cast: Cast) -> None:
    client = Client()
    client.force_login(make_user("Mona", "manager"))
    address = reverse("reconciliation_run")
    wrong = client.post(address, {"first": "2026-11-02", "last": "2026-11-01"})
    assert wrong.status_code == 422
    assert not Reconciliation.objects.exists()
    today = timezone.now().date().isoformat()
    assert client.post(address, {"first": today, "last": today}).status_code == 302
    assert Reconciliation.objects.count() == 1
    assert AuditEntry.objects.filter(action="reconciliation started").exists()


def test_the_back_office_is_led_to_the_correction_that_a_difference_asks_for(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform, "0")
    deposit(cast, login, "10.00")
    by_hand(platform, login, "7.00")
    reconcile(platform, cast)
    (row,) = differences(login)
    client = Client()
    client.force_login(cast.olga)
    page = client.get(reverse("difference_detail", args=[row.pk])).content.decode()
    found = re.search(r'href="([^"]*/correction/[^"]*)"', page)
    assert found is not None
    form = client.get(html.unescape(found[1])).content.decode()
    assert 'value="7.00"' in form
    assert re.search(r'value="out"[^>]*checked', form)
    client.force_login(make_user("Mona", "manager"))
    page = client.get(reverse("difference_detail", args=[row.pk])).content.decode()
    assert "/correction/" not in page
