"""Wherever a transfer ends, the accounts add up, or what is missing is owed and people see it."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from panel import audit
from panel.commands.base import Invalid
from panel.commands.notices import tell_all
from panel.commands.submit import submit
from panel.models import ChangeRequest, Hold, Notice, Platform, Status, User
from panel.mt4.write import writer
from payments import owed
from payments.adjustments import Correction
from payments.models import Difference, Payment
from payments.reconciliation.explain import ExplainDifference
from payments.reconciliation.run import begin
from payments.reconciliation.run import carry_out as compare_books
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.core.test_reconcile import settle_down
from tests.factories import actor
from tests.harness.sandbox import SandboxProcess
from tests.pages.browsing import signed_in, text_of
from tests.payments.test_commands import ask, errors_of
from tests.payments.transferring import (
    REFUSE,
    approved_transfer,
    balances,
    in_doubt,
    run_with_fault_on_the_way_back,
    settle,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_waits")]
State = Difference.State
WHOLE = Decimal("1000.00")


@pytest.fixture
def lost(
    platform: Platform, cast: Cast, pair: tuple[int, int], sandbox: SandboxProcess
) -> ChangeRequest:
    """A transfer of 100.00 whose credit was refused, and whose way back was refused too."""
    request = approved_transfer(cast, *pair, "100.00")
    sandbox.fault("mt4_error", "TradeTransaction", login=pair[1], count=1, **REFUSE)
    return run_with_fault_on_the_way_back(sandbox, request, pair[0], "mt4_error", **REFUSE)


def way_back(request: ChangeRequest) -> Payment:
    """The payment that should have put it back."""
    return request.payments.get(kind="transfer_return")


def correction(request: ChangeRequest, amount: str = "100.00", direction: str = "in") -> Correction:
    """What puts it right."""
    back = way_back(request)
    return Correction(
        platform="demo",
        login=back.login,
        amount=Decimal(amount),
        direction=direction,
        corrects=back.reference,
    )


def explain(person: User, row: Difference) -> ChangeRequest:
    """Say that it was put right elsewhere."""
    command = ExplainDifference(difference=row.pk, finding="Booked by hand in the terminal.")
    return submit(command, actor=actor(person), source="test", reason="", key=str(uuid.uuid4()))


# Each row: the fault of each leg, the verdict of people on the leg that stays in doubt, where the
# transfer ends, what the accounts hold then, and what is owed.
ENDS = {
    "debit refused": (("mt4_error", "", ""), None, "failed", ("1000.00", "0.00"), 0),
    "debit lost, settled no": (("drop_before", "", ""), False, "failed", ("1000.00", "0.00"), 0),
    "debit in doubt, settled yes": (("drop_after", "", ""), True, "done", ("900.00", "100.00"), 0),
    "both done": (("", "", ""), None, "done", ("900.00", "100.00"), 0),
    "credit settled yes": (("", "drop_after", ""), True, "done", ("900.00", "100.00"), 0),
    "credit settled no": (("", "drop_before", ""), False, "failed", ("1000.00", "0.00"), 0),
    "put back": (("", "mt4_error", ""), None, "failed", ("1000.00", "0.00"), 0),
    "back settled yes": (
        ("", "mt4_error", "drop_after"),
        True,
        "failed",
        ("1000.00", "0.00"),
        0,
    ),
    "back settled no": (("", "mt4_error", "drop_before"), False, "failed", ("900.00", "0.00"), 1),
    "back refused": (("", "mt4_error", "mt4_error"), None, "failed", ("900.00", "0.00"), 1),
}


@pytest.mark.parametrize("end", ENDS)
def test_wherever_it_ends_the_accounts_add_up_or_the_rest_is_owed(
    platform: Platform, cast: Cast, pair: tuple[int, int], sandbox: SandboxProcess, end: str
) -> None:
    (debit, credit, back), verdict, status, held, number = ENDS[end]
    request = approved_transfer(cast, *pair, "100.00")
    for fault, login in ((debit, pair[0]), (credit, pair[1])):
        if fault:
            sandbox.fault(fault, "TradeTransaction", login=login, count=1, **refusal(fault))
    if back:
        run_with_fault_on_the_way_back(sandbox, request, pair[0], back, **refusal(back))
    else:
        carry_out(request)
    if verdict is not None:
        in_doubt(request)
        goes_on = end in ("debit in doubt, settled yes", "credit settled no", "back settled yes")
        settle(cast, request, happened=verdict, goes_on=goes_on)
        if goes_on:
            settle_down(request)
    request.refresh_from_db()
    assert request.status == status, request.outcome_text
    assert balances(platform, *pair) == [Decimal(amount) for amount in held]
    assert owed.open_owed().count() == number
    missing = sum((row.our_amount or 0 for row in owed.open_owed()), Decimal(0))
    assert sum(balances(platform, *pair)) + missing == WHOLE
    assert not Hold.objects.exists()
    assert audit.verify() is None


def refusal(fault: str) -> dict[str, str]:
    """What a refusal needs beside its name."""
    return REFUSE if fault == "mt4_error" else {}


def test_what_is_owed_is_told_and_shown_wherever_people_look(
    platform: Platform, cast: Cast, pair: tuple[int, int], lost: ChangeRequest
) -> None:
    assert "It is on neither account: 100.00 USD owed to" in lost.outcome_text
    row = owed.open_owed().get()
    page = reverse("difference_detail", args=(row.pk,))
    words = f"Money on neither account: 100.00 USD owed to {pair[0]}."
    olga = signed_in(cast.olga)
    for url in (
        reverse("request_detail", args=(lost.reference,)),
        reverse("payment_detail", args=(lost.reference,)),
        reverse("account", args=("demo", pair[0])),
        reverse("account_payments", args=("demo", pair[0])),
    ):
        shown = olga.get(url)
        assert words in text_of(shown), url
        assert page in shown.content.decode(), url
    overview = text_of(olga.get(reverse("dashboard")))
    assert "Money on no account" in overview
    assert f"owed to {pair[0]}" in overview
    listed = text_of(olga.get(reverse("reconciliation")))
    assert way_back(lost).reference in listed

    tell_all()
    notice = Notice.objects.get(kind="owed")
    assert (notice.person, notice.mail, notice.read) == (cast.olga, "due", None)
    assert notice.title.endswith("left money on no account: somebody must put it right")
    opened = olga.get(reverse("notice_open", args=[notice.pk]))
    assert opened["Location"] == page


def test_one_button_and_a_second_person_put_it_right(
    platform: Platform, cast: Cast, pair: tuple[int, int], lost: ChangeRequest
) -> None:
    tell_all()
    row = owed.open_owed().get()
    page = reverse("difference_detail", args=(row.pk,))
    olga = signed_in(cast.olga)
    html = olga.get(page).content.decode()
    assert f"Put 100.00 USD on {pair[0]}…" in html
    sent = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', html.split("<main")[1]))
    sent = {name: unescape(value) for name, value in sent.items()}
    form = reverse("payment_correction", args=("demo", pair[0]))
    preview = olga.post(form, sent)
    assert "Put in 100.00 USD" in text_of(preview)
    olga.post(form, {**sent, "step": "send", "key": str(uuid.uuid4())})
    request = ChangeRequest.objects.get(command="payments.correction")
    assert request.status == Status.PENDING
    waiting = text_of(olga.get(page))
    assert f"{request.reference} by Olga puts it right" in waiting
    assert "Put 100.00 USD on" not in waiting

    assert carry_out(approve_as(cast.bob, request)).status == Status.DONE
    assert balances(platform, *pair) == [WHOLE, Decimal("0.00")]
    row.refresh_from_db()
    assert (row.state, row.explanation) == (State.CORRECTED, request)
    assert request.payments.get().origin == way_back(lost)
    assert not Notice.objects.filter(kind="owed", read__isnull=True).exists()
    lost_page = text_of(olga.get(reverse("request_detail", args=(lost.reference,))))
    assert "Still open." not in lost_page
    assert audit.verify() is None


def test_it_is_put_right_whole_and_once(
    platform: Platform, cast: Cast, lost: ChangeRequest
) -> None:
    assert (
        "by putting 100.00 USD in" in errors_of(cast.olga, correction(lost, "99.00"))["amount"][0]
    )
    assert errors_of(cast.olga, correction(lost, direction="out"))["amount"]
    first = ask(cast.olga, correction(lost))
    assert (
        f"{first.reference} puts it right already" in errors_of(cast.olga, correction(lost))[""][0]
    )
    with pytest.raises(Invalid, match="puts it right already"):
        explain(cast.maya, owed.open_owed().get())
    assert carry_out(approve_as(cast.bob, first)).status == Status.DONE
    assert "Nothing is owed" in errors_of(cast.olga, correction(lost))["corrects"][0]


def test_what_two_people_explain_is_owed_no_more(
    platform: Platform, cast: Cast, lost: ChangeRequest
) -> None:
    tell_all()
    row = owed.open_owed().get()
    approve_as(cast.bella, explain(cast.maya, row))
    row.refresh_from_db()
    assert row.state == State.EXPLAINED
    assert "Nothing is owed" in errors_of(cast.olga, correction(lost))["corrects"][0]
    assert not Notice.objects.filter(kind="owed", read__isnull=True).exists()


def test_a_comparison_of_the_books_does_not_pay_what_is_owed(
    platform: Platform, cast: Cast, pair: tuple[int, int], lost: ChangeRequest
) -> None:
    compare(platform, cast)
    row = owed.open_owed().get()
    assert (row.kind, row.state, row.login) == ("owed", State.OPEN, pair[0])


def test_a_way_back_that_mt4_has_after_all_is_neither_owed_nor_taken_back(
    platform: Platform, cast: Cast, pair: tuple[int, int], lost: ChangeRequest
) -> None:
    writer(platform.connection).balance(
        pair[0],
        Decimal("100.00"),
        comment=f"{way_back(lost).reference} put back",
        key=str(uuid.uuid4()),
    )
    compare(platform, cast)
    row = Difference.objects.get(key=way_back(lost).reference)
    assert (row.kind, row.state) == ("theirs", State.OPEN)
    assert "Nothing is owed" in errors_of(cast.olga, correction(lost))["corrects"][0]
    page = signed_in(cast.olga).get(reverse("difference_detail", args=(row.pk,)))
    assert "Correct…" not in text_of(page)


def compare(platform: Platform, cast: Cast) -> None:
    """The daily comparison."""
    now, day = timezone.now(), timedelta(days=1)
    run = begin(platform, now - day, now + day, actor=actor(cast.olga), source="test")
    compare_books(run.pk)
