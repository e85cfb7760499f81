"""The request for a file: who approves it, and that the file approved is the file carried out."""

from __future__ import annotations

import uuid

import pytest
from django.utils import timezone

from panel.commands import executor
from panel.commands.base import Invalid
from panel.commands.decide import reject, why_not
from panel.commands.submit import submit, withdraw
from panel.models import ChangeRequest, Platform, Policy, Status, User
from payments.bulk import store
from payments.bulk.command import CarryOutFile, CarryOutRest
from payments.commands import Deposit
from payments.models import BulkFile, BulkItem
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.factories import actor, make_user
from tests.payments.bulk.bulk import checked, submitted
from tests.payments.limiting import make_limit
from tests.payments.test_commands import ask, enabled_account, make

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def login(platform: Platform) -> int:
    """An account with 1,000.00 USD."""
    return enabled_account(platform)


def test_a_file_needs_a_second_person_and_then_runs(
    platform: Platform, cast: Cast, login: int
) -> None:
    file = checked(cast.olga, f"{login},deposit,10,USD,a,", f"{login},deposit,20,USD,b,")
    request = submitted(cast.olga, file)
    assert (request.status, request.approvals_needed) == (Status.PENDING, 1)
    assert (str(request.amount), request.currency) == ("30.00", "USD")
    assert not request.moves_money
    assert "2 payments of march.csv: 2 deposits of 30.00 USD in all" in request.preview["sentence"]
    file.refresh_from_db()
    assert (file.state, file.request) == (BulkFile.State.SUBMITTED, request)
    assert "made or edited" in why_not(request, cast.olga)

    approve_as(cast.maya, request)
    request = carry_out(request)
    file.refresh_from_db()
    assert (request.status, request.lease_until) == (Status.EXECUTING, None)
    assert (file.state, file.run) == (BulkFile.State.RUNNING, request)
    assert file.begun is not None


def test_a_file_asks_for_no_fewer_approvals_than_its_lines_would(
    platform: Platform, cast: Cast, login: int
) -> None:
    Policy.objects.create(command="payments.deposit", over_amount="1000", approvals=2)
    small = submitted(cast.olga, checked(cast.olga, f"{login},deposit,10,USD,a,"))
    large = submitted(cast.olga, checked(cast.olga, f"{login},deposit,1000.01,USD,b,"))
    out = submitted(cast.olga, checked(cast.olga, f"{login},withdrawal,5,USD,c,"))
    assert (small.approvals_needed, small.approver_roles) == (1, [])
    assert (large.approvals_needed, large.approver_roles) == (2, [])
    assert (out.approvals_needed, out.approver_roles) == (1, ["compliance"])
    assert why_not(small, cast.maya) == ""
    assert "compliance" in why_not(out, cast.maya)
    assert why_not(out, cast.bob) == ""


def test_corrections_in_a_file_need_a_reason_and_whom_single_ones_need(
    platform: Platform, cast: Cast, login: int
) -> None:
    Policy.objects.create(command="payments.correction", approvals=2, roles=["compliance"])
    file = checked(cast.olga, f"{login},correction,-10,USD,a,", f"{login},correction,4,USD,b,")
    command = CarryOutFile.of(file)
    with pytest.raises(Invalid, match="Say why"):
        submit(command, actor=actor(cast.olga), source="test", reason=" ", key=str(uuid.uuid4()))
    request = submitted(cast.olga, file)
    assert (request.approvals_needed, request.approver_roles) == (2, ["compliance"])
    assert "1 correction in of 4.00 USD, 1 correction out of 10.00 USD" in str(request.preview)
    cast.bob.roles.update(permissions=["payments.view", "payments.approve_bulk"])
    assert "your roles do not decide on those" in why_not(request, cast.bob)


def test_who_does_not_see_every_account_of_a_file_does_not_decide_on_it(
    platform: Platform, cast: Cast, login: int
) -> None:
    other = enabled_account(platform, group="real-std-eur")
    file = checked(cast.olga, f"{login},deposit,10,USD,a,", f"{other},deposit,20,EUR,b,")
    request = submitted(cast.olga, file)
    assert (request.amount, request.currency, request.mt4_group) == (None, "", "")
    erik = make_user("Erik", "compliance", groups="real-std-eur")
    assert "outside your scopes" in why_not(request, erik)
    assert why_not(request, cast.bob) == ""


def test_who_uploaded_a_file_does_not_decide_on_it(
    platform: Platform, cast: Cast, login: int
) -> None:
    file = checked(cast.olga, f"{login},deposit,10,USD,a,")
    BulkFile.objects.update(uploaded_by=cast.bob)
    assert "You uploaded this file" in why_not(submitted(cast.olga, file), cast.bob)


@pytest.mark.parametrize("what", ["bytes", "line", "added"])
def test_the_file_approved_is_the_file_carried_out(
    platform: Platform, cast: Cast, login: int, what: str
) -> None:
    file = checked(cast.olga, f"{login},deposit,10,USD,a,")
    request = submitted(cast.olga, file)
    approve_as(cast.maya, request)
    if what == "bytes":
        store.path_of(file.stored).write_bytes(b"other")
    elif what == "line":
        BulkItem.objects.update(amount="1000.00")
    else:
        item = file.items.get()
        item.pk, item.line, item.reference = None, 3, "BD 00000000"
        item.save()
    request = carry_out(request)
    assert request.status == Status.FAILED
    assert "Nothing was sent" in request.outcome_text
    file.refresh_from_db()
    assert file.state == BulkFile.State.READY


def test_a_request_that_came_to_nothing_leaves_the_file_ready_for_another(
    platform: Platform, cast: Cast, login: int
) -> None:
    file = checked(cast.olga, f"{login},deposit,10,USD,a,")
    reject(submitted(cast.olga, file), actor=actor(cast.maya), source="test", reason="no")
    file.refresh_from_db()
    assert file.state == BulkFile.State.READY
    withdraw(submitted(cast.olga, file), actor=actor(cast.olga), source="test", reason="")
    file.refresh_from_db()
    assert file.state == BulkFile.State.READY
    assert ChangeRequest.objects.count() == 2
    assert submitted(cast.olga, file).status == Status.PENDING


def test_a_file_is_submitted_once(platform: Platform, cast: Cast, login: int) -> None:
    file = checked(cast.olga, f"{login},deposit,10,USD,a,")
    command = CarryOutFile.of(file)
    submitted(cast.olga, file)
    with pytest.raises(Invalid, match="is submitted"):
        submit(command, actor=actor(cast.olga), source="test", reason="", key=str(uuid.uuid4()))
    assert ChangeRequest.objects.count() == 1


def test_limits_count_every_line_when_the_file_is_submitted(
    platform: Platform, cast: Cast, login: int
) -> None:
    make_limit(person=cast.olga, day="100")
    file = checked(cast.olga, f"{login},deposit,60,USD,a,")
    ask(cast.olga, make(Deposit, login, "50.00"))
    with pytest.raises(Invalid, match=r"50\.00 USD is left"):
        submitted(cast.olga, file)


def rest(cast: Cast, file: BulkFile) -> ChangeRequest:
    """The request for what is left of a file."""
    return submit(
        CarryOutRest.of(file),
        actor=actor(cast.olga),
        source="test",
        reason="",
        key=f"{uuid.uuid4()}",
    )


def test_what_was_rejected_is_tried_again_only_when_it_is_approved_again(
    platform: Platform, cast: Cast, login: int
) -> None:
    file = checked(cast.olga, f"{login},deposit,10,USD,a,", f"{login},deposit,20,USD,b,")
    approve_as(cast.maya, submitted(cast.olga, file))
    executor.run(ChangeRequest.objects.get().pk)
    with pytest.raises(Invalid, match="wait until it has ended"):
        rest(cast, file)
    BulkFile.objects.update(state=BulkFile.State.FINISHED)
    file.items.filter(line=2).update(state=BulkItem.State.DONE)
    file.items.filter(line=3).update(state=BulkItem.State.REJECTED, text="No money")
    file.refresh_from_db()

    request = rest(cast, file)
    assert (request.command, request.payload["rows"]) == ("payments.bulk_again", 1)
    assert request.status == Status.PENDING
    with pytest.raises(Invalid, match="already asks for the rest"):
        rest(cast, file)
    approve_as(cast.maya, request)
    carry_out(request)
    file.refresh_from_db()
    assert (file.state, file.run_id, file.final_before) == (BulkFile.State.RUNNING, request.pk, 1)
    assert [item.state for item in file.items.order_by("line")] == ["done", "ready"]


def test_an_approved_file_past_its_time_or_without_its_voter_is_not_started(
    platform: Platform, cast: Cast, login: int
) -> None:
    late_file = checked(cast.olga, f"{login},deposit,10,USD,a,")
    late = approve_as(cast.maya, submitted(cast.olga, late_file))
    ChangeRequest.objects.filter(pk=late.pk).update(expires=timezone.now())
    assert carry_out(late).status == Status.EXPIRED
    late_file.refresh_from_db()
    assert late_file.state == BulkFile.State.READY

    file = checked(cast.olga, f"{login},deposit,11,USD,b,")
    request = approve_as(cast.maya, submitted(cast.olga, file))
    User.objects.filter(pk=cast.maya.pk).update(is_active=False)
    assert carry_out(request).status == Status.PENDING
    file.refresh_from_db()
    assert file.state == BulkFile.State.SUBMITTED
    assert not BulkItem.objects.exclude(state=BulkItem.State.READY).exists()
