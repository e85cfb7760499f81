"""Lines decided one by one: by whom, on what, and that what nobody approved is never sent."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from panel.commands.base import Invalid
from panel.commands.decide import approve, live_before, reject
from panel.commands.errors import AlreadyDecided, Denied, Stale
from panel.commands.submit import submit
from panel.lib.digest import sha256
from panel.models import AuditEntry, ChangeRequest, Platform, Policy, Role, Status, User
from payments.bulk import digest, readings, tasks
from payments.bulk.command import CarryOutRest
from payments.bulk.deciding import Decision, decide_line, flagged, leave_open_out
from payments.models import BulkFile, LineDecision, Payment, WarningCheck, WarningsShown, Withdrawal
from tests.core.conftest import Cast
from tests.core.money import approve_as, approve_lines, balance_of, carry_out, new_account
from tests.factories import actor
from tests.payments.bulk.bulk import checked, submitted
from tests.payments.bulk.files import TO
from tests.payments.bulk.test_engine import by_hand, short_times, states, through
from tests.payments.bulk.test_warnings import set_enabled
from tests.payments.test_commands import enabled_account
from tests.payments.test_pages import as_user

__all__ = ["short_times"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_times")]
OTHER_NAME = ",Jan Nowak,PL61109010140000071219812874"


@pytest.fixture
def login(platform: Platform) -> int:
    """An account with 1,000.00 USD that may be used."""
    return enabled_account(platform, name="Anna Kowalska")


def seen_of(request: ChangeRequest, line: int) -> str:
    """The digest of what a reviewer is shown of a line."""
    file = BulkFile.objects.get()
    check = readings.latest(file, request)
    assert check is not None
    return next(one.digest for one in flagged(request, file, check) if one.item.line == line)


def say(
    person: User, request: ChangeRequest, line: int, decision: Decision, reason: str = ""
) -> LineDecision:
    """Decide on a line as it is shown now."""
    seen = seen_of(request, line)
    by = actor(person)
    return decide_line(request, line, decision, actor=by, source="test", seen=seen, reason=reason)


def just_approve(person: User, request: ChangeRequest) -> ChangeRequest:
    """Approve the file as it is shown, without a look at its lines."""
    _, live = live_before(request)
    return approve(request, actor=actor(person), source="test", seen=sha256(live))


def read_for(request: ChangeRequest) -> None:
    """What opening the page does."""
    file = BulkFile.objects.select_related("platform").get()
    readings.read(file, readings.lines_of(file, request), request)


def asked(cast: Cast, *lines: str) -> ChangeRequest:
    """A file that waits for approval, its warnings read."""
    request = submitted(cast.olga, checked(cast.olga, *lines))
    read_for(request)
    return request


def test_a_doubtful_line_is_approved_by_itself_before_its_file_is(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = asked(cast, f"{login},deposit,5,USD,a,", f"{login},withdrawal,80,USD,b,{OTHER_NAME}")
    with pytest.raises(Invalid, match="1 line has to be decided one by one first"):
        just_approve(cast.bob, request)
    assert ChangeRequest.objects.get().status == Status.PENDING
    row = say(cast.bob, request, 3, Decision.APPROVE)
    entry = AuditEntry.objects.get(action="bulk line approved")
    assert (entry.actor_id, entry.reference) == (cast.bob.pk, row.shown["reference"])
    texts = [one["text"] for one in row.shown["warnings"]]
    assert "The beneficiary is Jan Nowak, the account belongs to Anna Kowalska." in texts
    assert (row.shown["destination"], row.checker, row.maker) == (
        "PL61109010140000071219812874", cast.bob, cast.olga,
    )  # fmt: skip
    just_approve(cast.bob, request)
    shown = WarningsShown.objects.get()
    assert (shown.checker, shown.request) == (cast.bob, request)
    assert texts[0] in shown.check_shown.warnings.values_list("text", flat=True)
    carry_out(request)
    file = BulkFile.objects.get()
    assert through(file).status == Status.DONE
    desk = Withdrawal.objects.get()
    assert (desk.beneficiary, desk.destination) == ("Jan Nowak", "PL61109010140000071219812874")
    page = as_user(cast.olga).get(reverse("withdrawal_stage", args=("to-pay",))).content.decode()
    assert "Jan Nowak" in page
    assert "PL61109010140000071219812874" in page


def test_a_line_left_out_is_rejected_and_the_others_go_on(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = asked(
        cast, f"{login},withdrawal,80,USD,a,{OTHER_NAME}", f"{login},withdrawal,9,USD,b,{TO}"
    )
    with pytest.raises(Invalid, match="Say why"):
        say(cast.bob, request, 2, Decision.LEAVE_OUT)
    say(cast.bob, request, 2, Decision.LEAVE_OUT, "Whose account is that?")
    say(cast.bob, request, 3, Decision.APPROVE)
    just_approve(cast.bob, request)
    carry_out(request)
    file = BulkFile.objects.get()
    # From the moment at which it runs no worker can take it.
    assert states(file) == ["rejected", "ready"]
    item = file.items.get(line=2)
    told = "Left out by Bob: Whose account is that? Nothing was sent."
    assert (item.text, item.attempt) == (told, 0)
    run = through(file)
    assert states(file) == ["rejected", "done"]
    assert run.outcome_text == "2 lines: 1 done, 1 rejected."
    assert balance_of(platform, login) == Decimal("991.00")
    assert Payment.objects.get().external_reference == "b"
    assert AuditEntry.objects.get(action="bulk line rejected").detail == told
    answer = as_user(cast.olga).get(reverse("bulk_result", args=(file.pk,)))
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"))))
    assert [row["message"] for row in rows] == [told, ""]
    assert [row["beneficiary"] for row in rows] == ["Jan Nowak", "Anna Kowalska"]
    assert rows[0]["destination"] == "PL61109010140000071219812874"


def test_what_was_left_out_can_be_asked_for_again_and_is_decided_anew(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = asked(cast, f"{login},deposit,5,USD,a,", f"{login},withdrawal,80,USD,b,{OTHER_NAME}")
    say(cast.bob, request, 3, Decision.LEAVE_OUT, "papers are missing")
    just_approve(cast.bob, request)
    carry_out(request)
    file = BulkFile.objects.get()
    through(file)
    again = submit(
        CarryOutRest.of(file), actor=actor(cast.olga), source="test", reason="came", key="again"
    )
    read_for(again)
    with pytest.raises(Invalid, match="1 line has to be decided one by one first"):
        just_approve(cast.bob, again)
    assert approve_lines(cast.bob, again) == [3]
    just_approve(cast.bob, again)
    carry_out(again)
    through(file)
    assert states(file) == ["done", "done"]


def test_neither_the_maker_nor_who_may_not_approve_the_file_decides_on_a_line(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = asked(cast, f"{login},withdrawal,80,USD,b,{OTHER_NAME}")
    cast.olga.roles.add(Role.objects.get(slug="compliance"))
    olga = User.objects.get(pk=cast.olga.pk)
    for person, why in ((olga, "You made or edited"), (cast.maya, "asks for compliance")):
        with pytest.raises(Denied, match=why):
            say(person, request, 2, Decision.APPROVE)
        with pytest.raises(Denied, match=why):
            say(person, request, 2, Decision.LEAVE_OUT, "because")
    denied = AuditEntry.objects.filter(action="bulk line decision", outcome="denied")
    assert denied.count() == 4
    assert not LineDecision.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        LineDecision.objects.create(
            request=request, line=2, checker=olga, maker=olga, decision=Decision.APPROVE
        )


def test_every_approver_decides_on_every_doubtful_line(
    platform: Platform, cast: Cast, login: int
) -> None:
    Policy.objects.create(command="payments.withdraw", approvals=2, roles=["compliance"])
    request = asked(cast, f"{login},withdrawal,80,USD,b,{OTHER_NAME}")
    say(cast.bob, request, 2, Decision.APPROVE)
    just_approve(cast.bob, request)
    request.refresh_from_db()
    assert request.status == Status.PENDING
    with pytest.raises(Invalid, match="1 line has to be decided"):
        just_approve(cast.bella, request)
    with pytest.raises(Denied, match="already decided"):
        say(cast.bob, request, 2, Decision.LEAVE_OUT, "second thoughts")
    # One of them is enough to keep it from being paid.
    say(cast.bella, request, 2, Decision.LEAVE_OUT, "not so")
    with pytest.raises(Invalid, match="reject the file instead"):
        just_approve(cast.bella, request)


def test_what_forbids_a_line_leaves_it_out_and_nothing_else(
    platform: Platform, cast: Cast, login: int
) -> None:
    other = enabled_account(platform)
    request = asked(cast, f"{login},withdrawal,900,USD,a,{TO}", f"{other},deposit,5,USD,b,")
    by_hand(platform, login, "-500.00")
    with pytest.raises(Stale):
        just_approve(cast.bob, request)
    with pytest.raises(Invalid, match="1 of them can only be left out"):
        just_approve(cast.bob, request)
    with pytest.raises(Invalid, match="leave it out"):
        say(cast.bob, request, 2, Decision.APPROVE)
    say(cast.bob, request, 2, Decision.LEAVE_OUT, "gone meanwhile")
    just_approve(cast.bob, request)
    carry_out(request)
    file = BulkFile.objects.get()
    through(file)
    assert states(file) == ["rejected", "done"]


def test_a_line_of_which_more_is_known_by_now_is_decided_anew(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = asked(cast, f"{login},withdrawal,80,USD,b,{OTHER_NAME}")
    say(cast.bob, request, 2, Decision.APPROVE)
    seen = seen_of(request, 2)
    set_enabled(platform, login, False)
    with pytest.raises(Stale):
        just_approve(cast.bob, request)
    with pytest.raises(Invalid, match="1 line has to be decided"):
        just_approve(cast.bob, request)
    with pytest.raises(Invalid, match="changed while you looked"):
        decide_line(request, 2, Decision.APPROVE, actor=actor(cast.bob), source="test", seen=seen)
    say(cast.bob, request, 2, Decision.APPROVE)
    assert just_approve(cast.bob, request).status == Status.APPROVED
    with pytest.raises(AlreadyDecided):
        say(cast.bella, request, 2, Decision.APPROVE)


def test_what_an_approver_was_shown_outlives_later_readings(
    platform: Platform, cast: Cast, login: int
) -> None:
    Policy.objects.create(command="payments.deposit", approvals=2)
    request = asked(cast, f"{login},deposit,5,USD,a,")
    just_approve(cast.bob, request)
    shown = WarningsShown.objects.get().check_shown
    assert shown.counts == []
    set_enabled(platform, login, False)
    for _ in range(2):
        read_for(request)
    assert WarningCheck.objects.filter(state="done").count() == 2
    say(cast.maya, request, 2, Decision.APPROVE)
    just_approve(cast.maya, request)
    assert {one.check_shown.to_decide for one in WarningsShown.objects.all()} == {0, 1}


def test_a_large_file_waits_for_its_warnings_and_for_fresh_ones(
    platform: Platform, cast: Cast, login: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    monkeypatch.setattr(readings, "AT_ONCE", 0)
    monkeypatch.setattr("payments.bulk.command.read_warnings_soon", sent.append)
    monkeypatch.setattr("payments.bulk.decide_views.read_warnings_soon", sent.append)
    request = submitted(cast.olga, checked(cast.olga, f"{login},deposit,5,USD,a,"))
    client, address = as_user(cast.maya), reverse("request_detail", args=(request.reference,))
    page = client.get(address).content.decode()
    assert sent == [request.pk]
    assert "A worker reads the warnings anew" in page
    with pytest.raises(Invalid, match="read anew first"):
        just_approve(cast.maya, request)
    waiting = reverse("bulk_reading", args=(BulkFile.objects.get().pk,))
    assert "every 2s" in client.get(waiting).content.decode()
    tasks.read_bulk_warnings(request.pk)
    done = client.get(waiting).content.decode()
    assert "The warnings were read at" in done
    assert "every 2s" not in done
    assert "A worker reads" not in client.get(address).content.decode()
    WarningCheck.objects.update(finished=timezone.now() - readings.FRESH)
    with pytest.raises(Invalid, match="read anew first"):
        just_approve(cast.maya, request)
    tasks.read_bulk_warnings(request.pk)
    assert just_approve(cast.maya, request).status == Status.APPROVED


def test_a_reading_whose_worker_died_is_taken_up_by_another(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = submitted(cast.olga, checked(cast.olga, f"{login},deposit,5,USD,a,"))
    file = BulkFile.objects.get()
    dead = WarningCheck.objects.create(
        file=file, request=request, until=timezone.now() + timedelta(seconds=60)
    )
    assert readings.read(file, file.items.all(), request) is None
    WarningCheck.objects.filter(pk=dead.pk).update(until=timezone.now())
    check = readings.read(file, file.items.all(), request)
    assert check is not None
    assert not WarningCheck.objects.filter(pk=dead.pk).exists()


def test_the_page_leads_from_line_to_line_and_keeps_what_was_typed(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = submitted(
        cast.olga,
        checked(
            cast.olga,
            f"{login},withdrawal,80,USD,a,{OTHER_NAME}",
            f"{login},withdrawal,70,USD,b,{OTHER_NAME}",
        ),
    )
    client, file = as_user(cast.bob), BulkFile.objects.get()
    page = _page(client, reverse("request_detail", args=(request.reference,)))
    assert "2 lines have to be decided one by one first." in page
    assert 'data-open-dialog="approve" aria-haspopup="dialog" disabled' in page
    address = reverse("bulk_decide", args=(file.pk,))
    assert address in page
    page = _page(client, address)
    assert "2</span> of" in page
    seen = seen_of(request, 2)
    form = {"line": "2", "seen": seen, "decision": "approve", "reason": "mine <b>"}
    wrong = client.post(address, {**form, "seen": "0" * 64})
    assert wrong.status_code == 409
    text = wrong.content.decode()
    assert "changed while you looked" in text
    assert 'value="mine &lt;b&gt;"' in text
    answer = client.post(address, form)
    assert answer["Location"] == f"{address}#line-3"
    leave = {"line": "3", "seen": "", "decision": "leave_out", "reason": ""}
    assert client.post(address, leave).status_code == 409
    answer = client.post(address, {**leave, "reason": "Not his account."})
    assert answer["Location"] == address
    page = _page(client, reverse("request_detail", args=(request.reference,)))
    assert 'data-open-dialog="approve" aria-haspopup="dialog">' in page
    assert "1 of 2 lines" in page
    reject(request, actor=actor(cast.bella), source="test", reason="no")
    late = client.post(address, form)
    assert late["Location"] == reverse("request_detail", args=(request.reference,))


def test_what_is_open_can_be_left_out_at_once_but_not_approved_at_once(
    platform: Platform, cast: Cast, login: int
) -> None:
    rows = [f"{login},withdrawal,{number},USD,r{number},{OTHER_NAME}" for number in (7, 8, 9)]
    request = asked(cast, *rows, f"{login},deposit,5,USD,a,")
    say(cast.bob, request, 2, Decision.APPROVE)
    client = as_user(cast.bob)
    address = reverse("bulk_decide", args=(BulkFile.objects.get().pk,))
    form = {"decision": "leave_all_out", "reason": ""}
    assert client.post(address, form).status_code == 409
    assert client.post(address, {**form, "decision": "approve"}).status_code == 404
    assert client.post(address, {**form, "reason": "Not now."})["Location"] == address
    kept = LineDecision.objects.order_by("line").values_list("line", "decision", "reason")
    assert list(kept) == [
        (2, "approve", ""), (3, "leave_out", "Not now."), (4, "leave_out", "Not now."),
    ]  # fmt: skip
    assert AuditEntry.objects.filter(action="bulk line left out").count() == 2
    with pytest.raises(Denied):
        leave_open_out(request, actor=actor(cast.maya), source="test", reason="no")
    just_approve(cast.bob, request)
    carry_out(request)
    assert states(BulkFile.objects.get()) == ["ready", "rejected", "rejected", "ready"]


def _page(client: Client, address: str) -> str:
    return str(client.get(address).content.decode())


def test_a_file_submitted_before_lines_had_a_beneficiary_is_carried_out(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = asked(cast, f"{login},withdrawal,80,USD,b,{TO}")
    file = BulkFile.objects.get()
    file.items.update(beneficiary="", destination="")
    old = digest.of_items(file.items.all(), 1)
    BulkFile.objects.update(digest_version=1, items_sha256=old)
    WarningCheck.objects.all().delete()
    payload = {**request.payload, "lines_sha256": old}
    ChangeRequest.objects.update(
        payload=payload, payload_digest=sha256(payload), before={"file": file.sha256, "rows": 1}
    )
    request.refresh_from_db()
    page = _page(as_user(cast.bob), reverse("request_detail", args=(request.reference,)))
    assert "Nobody says who is paid." in _page(
        as_user(cast.bob), reverse("bulk_warnings", args=(file.pk,))
    )
    assert "1 line has to be decided" in page
    approve_as(cast.bob, request)
    carry_out(request)
    file.refresh_from_db()
    assert through(file).status == Status.DONE


def test_who_is_paid_belongs_to_what_was_approved(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = asked(cast, f"{login},withdrawal,80,USD,b,{TO}")
    approve_as(cast.bob, request)
    BulkFile.objects.get().items.update(destination="PL61109010140000071219812874")
    assert carry_out(request).status == Status.FAILED
    assert balance_of(platform, login) == Decimal(1000)


def test_a_disabled_account_is_no_reason_to_lose_a_line_that_was_approved(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform, "0")
    request = asked(cast, f"{login},deposit,5,USD,a,")
    approve_as(cast.maya, request)
    carry_out(request)
    assert through(BulkFile.objects.get()).status == Status.DONE
    assert balance_of(platform, login) == Decimal(5)
