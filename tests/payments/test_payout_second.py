"""A payout of a file that failed is paid again: that takes a second person, by whatever road."""

from __future__ import annotations

import pytest
from django.urls import reverse

from panel.commands.decide import reject, why_not
from panel.commands.errors import Denied
from panel.commands.inbox import visible_requests, waiting_for
from panel.models import AuditEntry, ChangeRequest, Platform, Policy, Status
from panel.pages.auditlog import visible_entries
from payments.desk.payout import FailPayout
from payments.models import PayoutBatch, Stage, Withdrawal
from payments.payouts import outcome
from payments.payouts.failing import FailBatchPayout
from payments.payouts.making import CancelBatch, MakeBatch
from payments.payouts.sending import make_file
from tests.core.conftest import Cast
from tests.core.money import approve_as
from tests.factories import actor, make_user
from tests.payments.paying import (
    batch_of,
    owed,
    payer,
    paying_account,
    refusal,
    request_of,
    states,
)
from tests.payments.test_pages import as_user
from tests.payments.test_payout_answers import answered, confirmed, references, sent_batch, stages

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_person_alone_gets_no_second_file_by_an_answer_of_their_own(
    platform: Platform, cast: Cast
) -> None:
    # Whatever rights one person has, the second is somebody else.
    person = make_user("Otto", "back-office", "compliance")
    Policy.objects.create(command=FailBatchPayout.name, approvals=0)
    batch = sent_batch(platform, cast, person)
    (reference,) = references(batch)
    answer = answered(person, batch, f"{reference},,failed,,,The bank says no")
    confirmed(person, answer)
    change = ChangeRequest.objects.get(command=FailBatchPayout.name)
    assert (change.status, stages(batch), states(batch)) == (
        *(Status.PENDING, [Stage.TO_PAY], ["listed"]),
    )
    assert any("paid twice" in check["text"] for check in change.preview["checks"])
    again = MakeBatch(platform="demo", account=paying_account().pk, withdrawals=(reference,))
    assert f"is in {batch} already" in refusal(person, again)
    with pytest.raises(Denied):
        approve_as(person, change)
    twice = answered(person, batch, f"{reference},,failed,,,The bank says no")
    confirmed(person, twice)
    assert f"{change.reference} waits for a second person already" in twice.lines.get().refused

    for page in (
        reverse("payout_answer", args=(batch.reference, answer.pk)),
        reverse("payout_batch", args=(batch.reference,)),
    ):
        shown = as_user(person).get(page).content.decode()
        assert "waits for a second person" in shown.replace("</a>", "")
        assert reverse("request_detail", args=(change.reference,)) in shown
    approve_as(cast.bella, change)
    assert (stages(batch), states(batch)) == ([Stage.BOUNCED], ["failed"])
    shown = as_user(person).get(page).content.decode()
    assert "waits for a second person" not in shown.replace("</a>", "")


def test_nobody_who_had_a_part_in_the_file_is_the_second_person(
    platform: Platform, cast: Cast
) -> None:
    maker, filer, uploader, confirmer = (
        make_user(name, "back-office", "compliance") for name in ("Mo", "Fia", "Uma", "Cai")
    )
    batch = batch_of(maker, owed(platform, cast))
    make_file(batch, "csv", actor(filer))
    batch.refresh_from_db()
    (reference,) = references(batch)
    confirmed(confirmer, answered(uploader, batch, f"{reference},,failed,,,Closed"))
    change = ChangeRequest.objects.get(command=FailBatchPayout.name)
    for person in (maker, filer, uploader):
        assert f"You made {batch} or its file" in why_not(change, person)
        assert change not in waiting_for(person)
    assert "You made or edited" in why_not(change, confirmer)
    # Bob approved the withdrawal.
    assert "You approved this withdrawal" in why_not(change, cast.bob)
    assert why_not(change, cast.bella) == ""


def test_what_a_second_person_rejects_still_waits_for_its_outcome(
    platform: Platform, cast: Cast
) -> None:
    person = payer()
    batch = sent_batch(platform, cast, person)
    (reference,) = references(batch)
    answer = answered(person, batch, f"{reference},,failed,,,Closed")
    confirmed(person, answer)
    change = ChangeRequest.objects.get(command=FailBatchPayout.name)
    reject(change, actor=actor(cast.bella), source="test", reason="The bank paid it.")
    assert (stages(batch), states(batch)) == ([Stage.TO_PAY], ["listed"])
    line = answer.lines.select_related("request").get()
    assert outcome.shown_state(line) == f"Not written: {change.reference} is rejected."
    confirmed(person, answered(person, batch, f"{reference},SEPA-1,paid,,,"))
    assert stages(batch) == [Stage.PAID]


def test_calling_a_paid_payout_of_a_file_failed_takes_a_second_person_too(
    platform: Platform, cast: Cast
) -> None:
    person = make_user("Otto", "back-office", "compliance")
    batch = sent_batch(platform, cast, person)
    (reference,) = references(batch)
    confirmed(person, answered(person, batch, f"{reference},SEPA-1,paid,,,"))
    assert stages(batch) == [Stage.PAID]
    other = make_user("Oskar", "back-office")
    change = request_of(other, FailPayout(withdrawal=reference, because="It came back."))
    assert (change.status, stages(batch)) == (Status.PENDING, [Stage.PAID])
    assert f"You made {batch} or its file" in why_not(change, person)
    approve_as(cast.bella, change)
    assert stages(batch) == [Stage.BOUNCED]


def test_an_answer_is_written_also_while_another_server_answers(
    platform: Platform, cast: Cast
) -> None:
    """What the provider has paid is paid: it asks MT4 nothing, and waits for no server."""
    person = payer()
    batch = sent_batch(platform, cast, person, 2)
    one, two = references(batch)
    answer = answered(person, batch, f"{one},SEPA-1,paid,,,", f"{two},SEPA-2,paid,,,")
    Platform.objects.update(other_server="Another server answers at its address.")
    write = reverse("payout_answer_write", args=(batch.reference, answer.pk))
    assert as_user(person).post(write, follow=True).status_code == 200
    assert stages(batch) == [Stage.PAID] * 2


def two_groups(platform: Platform, cast: Cast) -> tuple[ChangeRequest, ChangeRequest]:
    """Two withdrawals, the second of a VIP account."""
    one, two = owed(platform, cast), owed(platform, cast)
    Withdrawal.objects.filter(payment__reference=two.reference).update(mt4_group="vip-usd")
    return one, two


def test_a_batch_of_several_groups_is_seen_by_those_who_see_all_of_them(
    platform: Platform, cast: Cast
) -> None:
    person = payer()
    batch = batch_of(person, *two_groups(platform, cast))
    make_file(batch, "csv", actor(person))
    batch.refresh_from_db()
    (one, _) = references(batch)
    client = as_user(person)
    assert client.get(reverse("payout_batch_file", args=(batch.reference,))).status_code == 200
    confirmed(person, answered(person, batch, f"{one},SEPA-1,pending,,,"))
    end = request_of(person, CancelBatch(batch=batch.reference))
    told = {"payout file made", "payout file downloaded", "payout answer uploaded",
            "payout answer confirmed"}  # fmt: skip
    entries = AuditEntry.objects.filter(action__in=told)
    assert set(entries.values_list("action", flat=True)) == told
    for groups in ("real-std-eur", "real-std-usd", "vip-usd"):
        outsider = make_user(f"Oskar {groups}", "compliance", "auditor", groups=groups)
        seen = visible_requests(outsider).filter(pk__in=[batch.request_id, end.pk])
        assert not seen.exists(), groups
        assert not (visible_entries(outsider) & entries).exists(), groups
        page = reverse("request_detail", args=(batch.reference,))
        assert as_user(outsider).get(page).status_code == 404
        assert batch.reference not in as_user(outsider).get("/audit/").content.decode()
        assert why_not(end, outsider) == "The batch has accounts outside your scopes."
        with pytest.raises(Denied):
            approve_as(outsider, end)
    assert states(batch) == ["listed", "listed"]
    insider = make_user("Ina", "compliance", "auditor", groups="real-std-usd,vip-usd")
    assert visible_requests(insider).filter(pk__in=[batch.request_id, end.pk]).count() == 2
    assert (visible_entries(insider) & entries).count() == 4
    approve_as(insider, end)
    ended = AuditEntry.objects.get(action="payout batch ended")
    assert not visible_entries(outsider).filter(pk=ended.pk).exists()
    assert PayoutBatch.objects.get().state == PayoutBatch.State.CANCELLED


def test_ending_a_batch_outside_ones_scopes_is_denied_and_recorded(
    platform: Platform, cast: Cast
) -> None:
    batch = batch_of(payer(), *two_groups(platform, cast))
    narrow = make_user("Nora", "back-office", groups="real-std-usd")
    with pytest.raises(Denied, match="outside your scopes"):
        request_of(narrow, CancelBatch(batch=batch.reference))
    denied = AuditEntry.objects.get(action=f"request {CancelBatch.name}", outcome="denied")
    assert denied.mt4_group == "vip-usd"
    assert states(batch) == ["listed", "listed"]
