"""The provider's answer to a batch: each line with its outcome, each written exactly once."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from openpyxl import Workbook

from panel.commands.errors import Denied
from panel.commands.submit import submit
from panel.models import AuditEntry, ChangeRequest, Platform, Policy, Status, User
from payments.desk.payout import PayOut
from payments.models import (
    Payment,
    PayoutAnswer,
    PayoutAnswerLine,
    PayoutBatch,
    Stage,
    Withdrawal,
)
from payments.payouts import outcome
from payments.payouts.failing import FailBatchPayout
from payments.payouts.making import CancelBatch
from payments.payouts.sending import make_file
from tests.core.conftest import Cast
from tests.core.money import approve_as
from tests.factories import actor, make_user
from tests.payments.paying import batch_of, owed, payer, refusal, request_of, states
from tests.payments.test_desk import do, stage, steps
from tests.payments.test_pages import as_user
from tests.payments.test_returns import take_back

pytestmark = pytest.mark.django_db(transaction=True)
HEAD = "reference,provider_reference,status,amount,currency,reason"


def sent_batch(platform: Platform, cast: Cast, person: User, number: int = 1) -> PayoutBatch:
    """A batch of so many withdrawals of 80.00, whose file the bank has."""
    batch = batch_of(person, *(owed(platform, cast) for _ in range(number)))
    make_file(batch, "csv", actor(person))
    batch.refresh_from_db()
    return batch


def references(batch: PayoutBatch) -> list[str]:
    """Our references of a batch, in its order."""
    rows = batch.lines.order_by("number")
    return list(rows.values_list("withdrawal__payment__reference", flat=True))


def post(client: Client, batch: PayoutBatch, *lines: str, head: str = HEAD) -> Any:
    """Upload an answer as a file."""
    file = SimpleUploadedFile("answer.csv", "\n".join((head, *lines, "")).encode())
    return client.post(reverse("payout_answer_upload", args=(batch.reference,)), {"file": file})


def answered(person: User, batch: PayoutBatch, *lines: str) -> PayoutAnswer:
    """An answer that was uploaded and read."""
    assert post(as_user(person), batch, *lines).status_code == 302
    return PayoutAnswer.objects.latest("pk")


def confirmed(person: User, answer: PayoutAnswer) -> None:
    """Press the button on the answer's page."""
    write = reverse("payout_answer_write", args=(answer.batch.reference, answer.pk))
    assert as_user(person).post(write).status_code == 302
    answer.refresh_from_db()


def seconded(person: User) -> None:
    """A second person confirms whatever is called failed."""
    for change in ChangeRequest.objects.filter(command=FailBatchPayout.name, status=Status.PENDING):
        approve_as(person, change)


def outcomes(answer: PayoutAnswer) -> list[str]:
    """What each line means."""
    return list(answer.lines.order_by("number").values_list("outcome", flat=True))


def stages(batch: PayoutBatch) -> list[str]:
    """Where the withdrawals of a batch stand."""
    rows = batch.lines.order_by("number")
    return list(rows.values_list("withdrawal__stage", flat=True))


def test_the_outcome_of_each_line_is_shown_before_anything_is_written(
    platform: Platform, cast: Cast
) -> None:
    person = payer()
    batch = sent_batch(platform, cast, person, 5)
    one, two, three, four, five = references(batch)
    answer = answered(
        person,
        batch,
        f"{one},SEPA-1,paid,80.00,USD,",
        f"{two.replace(' ', '').lower()},SEPA-2,ACSC,,,",
        f"{three},SEPA-3,failed,80.00,USD,Account closed",
        f"{four},SEPA-4,paid,79.99,USD,",
        f"{five},SEPA-5,pending,,,",
        "WD 00000000,SEPA-6,paid,80.00,USD,",
        f"{five},,paid,,,",
    )
    assert outcomes(answer) == [
        *("paid", "paid", "failed", "differs", "pending", "unknown", "unreadable"),
    ]
    assert set(stages(batch)) == {Stage.TO_PAY}
    page = reverse("payout_answer", args=(batch.reference, answer.pk))
    shown = as_user(cast.carol).get(page).content.decode()
    for text in ("Account closed", "79.99 USD", "no payout of this reference", "is missing"):
        assert text in shown
    assert "Write 3 outcomes" not in shown
    assert "Write 3 outcomes" in as_user(person).get(page).content.decode()


def test_confirming_marks_the_paid_ones_as_paid_and_the_failed_ones_as_failed(
    platform: Platform, cast: Cast
) -> None:
    person = payer()
    batch = sent_batch(platform, cast, person, 4)
    one, two, three, four = references(batch)
    answer = answered(
        person,
        batch,
        f"{one},SEPA-1,paid,80.00,USD,",
        f"{two},SEPA-2,failed,80.00,USD,Account closed",
        f"{three},,failed,,,Name wrong",
        f"{four},SEPA-4,paid,8.00,USD,",
    )
    confirmed(person, answer)
    assert answer.state == PayoutAnswer.State.FINISHED
    assert stages(batch) == [Stage.PAID, Stage.TO_PAY, Stage.TO_PAY, Stage.TO_PAY]
    assert states(batch) == ["paid", "listed", "listed", "listed"]
    seconded(cast.bella)
    assert stages(batch) == [Stage.PAID, Stage.BOUNCED, Stage.BOUNCED, Stage.TO_PAY]
    assert states(batch) == ["paid", "failed", "failed", "listed"]
    paid = Withdrawal.objects.get(payment__reference=one)
    assert (paid.provider_reference, paid.paid_by) == ("SEPA-1", person)
    rows = {row.payment.reference: row for row in Withdrawal.objects.select_related("payment")}
    assert rows[two].provider_reference == "SEPA-2"
    assert rows[three].provider_reference == batch.reference
    request = ChangeRequest.objects.get(command=PayOut.name)
    assert request.payload["batch"] == batch.reference
    assert steps(ChangeRequest.objects.get(reference=one))[-1] == "paid out"
    assert steps(ChangeRequest.objects.get(reference=two))[-1] == "payout failed"
    batch.refresh_from_db()
    assert batch.state == PayoutBatch.State.SENT
    later = answered(person, batch, f"{four},SEPA-4,paid,80.00,USD,", f"{one},SEPA-1,paid,,,")
    assert outcomes(later) == ["paid", "already"]
    confirmed(person, later)
    batch.refresh_from_db()
    assert batch.state == PayoutBatch.State.CLOSED
    assert AuditEntry.objects.filter(action="payout answer confirmed").count() == 2


def test_a_failed_one_is_paid_by_a_new_batch_or_returned(platform: Platform, cast: Cast) -> None:
    person = payer()
    batch = sent_batch(platform, cast, person, 2)
    one, two = references(batch)
    confirmed(person, answered(person, batch, f"{one},,failed,,,Closed", f"{two},,failed,,,Closed"))
    seconded(cast.bella)
    first = ChangeRequest.objects.get(reference=one)
    second = batch_of(person, first)
    make_file(second, "csv", actor(person))
    answer = answered(person, second, f"{one},SEPA-9,paid,,,")
    confirmed(person, answer)
    assert stage(first) == Stage.PAID
    other = ChangeRequest.objects.get(reference=two)
    take_back(person, other)
    assert stage(other) == Stage.RETURNING


def test_a_provider_reference_is_used_once(platform: Platform, cast: Cast) -> None:
    person = payer()
    batch = sent_batch(platform, cast, person, 4)
    one, two, three, four = references(batch)
    other = owed(platform, cast)
    do(person, PayOut(withdrawal=other.reference, provider_reference="SEPA-1"))
    answer = answered(
        person,
        batch,
        f"{one},SEPA-1,paid,,,",
        f"{two},SEPA-2,paid,,,",
        f"{three},SEPA-2,paid,,,",
        f"{four},SEPA-4,paid,,,",
        f"{four},SEPA-5,paid,,,",
    )
    assert outcomes(answer) == ["duplicate"] * 5
    texts = " ".join(answer.lines.values_list("text", flat=True))
    assert f"{other.reference} was paid out under" in texts
    page = reverse("payout_answer", args=(batch.reference, answer.pk))
    assert "Nothing of it would be written" in as_user(person).get(page).content.decode()


def test_two_answers_of_the_same_payouts_write_each_once(platform: Platform, cast: Cast) -> None:
    person, other = payer(), make_user("Oskar", "back-office")
    batch = sent_batch(platform, cast, person, 2)
    one, two = references(batch)
    first = answered(person, batch, f"{one},SEPA-1,paid,,,", f"{two},SEPA-2,paid,,,")
    second = answered(other, batch, f"{one},SEPA-8,paid,,,", f"{two},SEPA-2,failed,,,Closed")
    confirmed(person, first)
    confirmed(other, second)
    assert stages(batch) == [Stage.PAID, Stage.PAID]
    assert set(Withdrawal.objects.values_list("provider_reference", flat=True)) == {
        *("SEPA-1", "SEPA-2")
    }
    assert all(line.refused for line in second.lines.all())
    assert second.state == PayoutAnswer.State.FINISHED
    assert ChangeRequest.objects.filter(command=PayOut.name).count() == 2
    assert not ChangeRequest.objects.filter(command=FailBatchPayout.name).exists()


def test_a_confirmation_that_died_half_way_goes_on_where_it_stood(
    platform: Platform, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    person, other = payer(), make_user("Oskar", "back-office")
    batch = sent_batch(platform, cast, person, 3)
    lines = [f"{ref},SEPA-{at},paid,,," for at, ref in enumerate(references(batch))]
    answer = answered(person, batch, *lines)

    class Killed(BaseException):
        """The process is gone."""

    calls: list[ChangeRequest] = []

    def dies(*args: Any, **kwargs: Any) -> ChangeRequest:
        made = submit(*args, **kwargs)
        calls.append(made)
        if len(calls) == 2:
            raise Killed
        return made

    monkeypatch.setattr(outcome, "submit", dies)
    outcome.confirm(answer, actor(person))
    answer.refresh_from_db()
    with pytest.raises(Killed):
        outcome.write(answer, actor(person))
    monkeypatch.undo()
    assert stages(batch) == [Stage.PAID, Stage.PAID, Stage.TO_PAY]
    answer.refresh_from_db()
    assert outcome.resumable(answer) == 2
    page = reverse("payout_answer", args=(batch.reference, answer.pk))
    assert "Write the 2 left" in as_user(other).get(page).content.decode()
    confirmed(other, answer)
    assert stages(batch) == [Stage.PAID] * 3
    assert ChangeRequest.objects.filter(command=PayOut.name).count() == 3
    assert not answer.lines.exclude(refused="").exists()
    assert answer.state == PayoutAnswer.State.FINISHED


def test_a_second_click_writes_nothing_more(platform: Platform, cast: Cast) -> None:
    person = payer()
    batch = sent_batch(platform, cast, person)
    (one,) = references(batch)
    answer = answered(person, batch, f"{one},SEPA-1,paid,,,")
    confirmed(person, answer)
    confirmed(person, answer)
    assert ChangeRequest.objects.filter(command=PayOut.name).count() == 1
    assert AuditEntry.objects.filter(action="payout answer confirmed").count() == 1


def test_the_rules_of_a_single_payout_hold_for_each_line(platform: Platform, cast: Cast) -> None:
    person = payer()
    batch = sent_batch(platform, cast, person)
    (one,) = references(batch)
    both = make_user("Greta", "compliance", "back-office")
    payment = Payment.objects.get(reference=one)
    payment.request.approvals.update(checker=both)
    answer = answered(both, batch, f"{one},SEPA-1,paid,,,")
    confirmed(both, answer)
    assert "somebody else pays it out" in answer.lines.get().refused
    assert stages(batch) == [Stage.TO_PAY]
    failed = FailBatchPayout(withdrawal=one, batch=batch.reference, because="Closed")
    with pytest.raises(Denied, match="somebody else pays it out"):
        request_of(both, failed)

    Policy.objects.create(command=PayOut.name, approvals=1, roles=["compliance"])
    second = answered(person, batch, f"{one},SEPA-1,paid,,,")
    confirmed(person, second)
    line = second.lines.get()
    assert line.request is not None
    assert "waits for a second person" in outcome.shown_state(line)
    assert stages(batch) == [Stage.TO_PAY]
    approve_as(cast.bella, line.request)
    assert (stages(batch), states(batch)) == ([Stage.PAID], ["paid"])


def test_only_those_who_pay_upload_and_confirm(platform: Platform, cast: Cast) -> None:
    person = payer()
    batch = sent_batch(platform, cast, person)
    (one,) = references(batch)
    answer = answered(person, batch, f"{one},SEPA-1,paid,,,")
    page = reverse("payout_answer", args=(batch.reference, answer.pk))
    write = reverse("payout_answer_write", args=(batch.reference, answer.pk))
    for someone in (cast.bob, cast.carol, cast.alice):
        assert post(as_user(someone), batch, f"{one},SEPA-1,paid,,,").status_code == 403
        assert as_user(someone).get(page).status_code == 200
        assert as_user(someone).post(write).status_code == 403
    outsider = make_user("Oskar", "back-office", groups="real-std-eur")
    assert post(as_user(outsider), batch, f"{one},SEPA-1,paid,,,").status_code == 404
    assert as_user(outsider).post(write).status_code == 404
    assert stages(batch) == [Stage.TO_PAY]


def test_what_is_in_no_batch_cannot_fail_in_one(platform: Platform, cast: Cast) -> None:
    person, request = payer(), owed(platform, cast)
    alone = FailBatchPayout(withdrawal=request.reference, batch="PB 00000000", because="Closed")
    assert "waits for no outcome" in refusal(person, alone)
    paid = PayOut(withdrawal=request.reference, provider_reference="S-1", batch="PB 00000000")
    assert "waits for no outcome" in refusal(person, paid)


@pytest.mark.parametrize(
    ("head", "line", "says"),
    [
        ("reference,provider_reference", "x,y", "status is missing"),
        ("reference,provider_reference,status,sum", "x,y,paid,1", "is called “sum”"),
        ("reference,reference,provider_reference,status", "x,x,y,paid", "there twice"),
        (HEAD, "", "no answers in it"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_beside_its_field(
    platform: Platform, cast: Cast, head: str, line: str, says: str
) -> None:
    person = payer()
    batch = sent_batch(platform, cast, person)
    answer = post(as_user(person), batch, line, head=head)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not PayoutAnswer.objects.exists()


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ("{},SEPA-1,perhaps,,,", "The status is paid, failed or pending"),
        ('{},SEPA-1,paid,"80,00",,', "The amount cannot be read"),
        ("{},=1+1,paid,,,", "begins like a formula"),
        ("{},SEPA-1,paid,80.00,EUR,", "The provider says EUR"),
        (",SEPA-1,paid,,,", "The reference is missing"),
        ("{}," + "9" * 65 + ",paid,,,", "longer than 64"),
    ],
)
def test_a_line_that_says_something_odd_changes_nothing(
    platform: Platform, cast: Cast, cells: str, says: str
) -> None:
    person = payer()
    batch = sent_batch(platform, cast, person)
    answer = answered(person, batch, cells.format(references(batch)[0]))
    line = answer.lines.get()
    assert says in line.text
    assert line.outcome in (PayoutAnswerLine.Outcome.UNREADABLE, PayoutAnswerLine.Outcome.DIFFERS)
    confirmed(person, answer)
    assert stages(batch) == [Stage.TO_PAY]


def test_an_answer_comes_as_a_workbook_or_pasted_too(platform: Platform, cast: Cast) -> None:
    person = payer()
    batch = sent_batch(platform, cast, person, 2)
    one, two = references(batch)
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Reference", "Provider reference", "Status", "Amount", "Date"])
    sheet.append([one, "SEPA-1", "Paid", 80, "2026-11-30"])
    out = io.BytesIO()
    book.save(out)
    upload = reverse("payout_answer_upload", args=(batch.reference,))
    file = SimpleUploadedFile("answer.xlsx", out.getvalue())
    client = as_user(person)
    assert client.post(upload, {"file": file}).status_code == 302
    confirmed(person, PayoutAnswer.objects.latest("pk"))
    rows = f"reference\tstatus\tprovider_reference\n{two}\trejected\tSEPA-2"
    assert client.post(upload, {"rows": rows}).status_code == 302
    confirmed(person, PayoutAnswer.objects.latest("pk"))
    seconded(cast.bella)
    assert stages(batch) == [Stage.PAID, Stage.BOUNCED]
    empty = client.post(upload, {})
    assert (empty.status_code, "Choose a file" in empty.content.decode()) == (422, True)


def test_a_batch_without_a_file_or_at_its_end_takes_no_answer(
    platform: Platform, cast: Cast
) -> None:
    person, request = payer(), owed(platform, cast)
    batch = batch_of(person, request)
    line = f"{request.reference},SEPA-1,paid,,,"
    assert post(as_user(person), batch, line).status_code == 422
    make_file(batch, "csv", actor(person))
    answer = answered(person, batch, line)
    end = request_of(person, CancelBatch(batch=batch.reference))
    approve_as(cast.bella, end)
    confirmed(person, answer)
    assert "waits for no outcome" in answer.lines.get().refused
    assert stage(request) == Stage.TO_PAY
    assert end.status in (Status.PENDING, Status.DONE)


def test_the_amount_is_held_against_what_the_batch_pays(platform: Platform, cast: Cast) -> None:
    person = payer()
    batch = sent_batch(platform, cast, person)
    (one,) = references(batch)
    for text, meaning in (("80", "paid"), ("80.000", "paid"), ("80.01", "differs")):
        answer = answered(person, batch, f"{one},SEPA-1,paid,{text},usd,")
        assert outcomes(answer) == [meaning], text
    assert batch.lines.get().amount == Decimal(80)
