"""Whoever has a hand in a file or in a line of it does not settle that line."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from panel.commands.base import Invalid
from panel.commands.settle import SettleUnknown, hands
from panel.commands.submit import submit
from panel.models import ChangeRequest, Platform, Role, Status, User
from payments.bulk.command import CarryOutRest
from payments.bulk.deciding import Decision
from payments.bulk.engine import lane
from payments.bulk.engine.line import BulkLine
from payments.desk.separation import deciders_of_lines, people_of_file
from payments.models import BulkFile
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out, new_account
from tests.factories import actor, make_user
from tests.harness.sandbox import SandboxProcess
from tests.payments.bulk.bulk import checked, submitted
from tests.payments.bulk.files import TO
from tests.payments.bulk.test_deciding import read_for, say
from tests.payments.bulk.test_engine import by_hand, short_times, states, through
from tests.payments.test_commands import enabled_account

__all__ = ["short_times"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("short_times")]


def settle(person: User, line: ChangeRequest) -> ChangeRequest:
    """Say that a line was not carried out."""
    command = SettleUnknown(reference=line.reference, happened=False, finding="Not there.")
    return submit(command, actor=actor(person), source="test", reason="", key=f"by {person.pk}")


def test_uploader_and_whoever_decided_on_the_line_have_a_hand_in_it(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    uploader = make_user("Ulla", "back-office", "manager")
    cast.bella.roles.add(Role.objects.get(slug="manager"))
    first, second = (enabled_account(platform, name="Anna Kowalska") for _ in range(2))
    file = checked(
        uploader, f"{first},withdrawal,8,USD,a,,Jan Nowak,x", f"{second},withdrawal,9,USD,b,{TO}"
    )
    run = submitted(cast.olga, file)
    read_for(run)
    # Of one line alone, and not of the file.
    say(cast.bella, run, 2, Decision.APPROVE)
    approve_as(cast.bob, run)
    carry_out(run)
    for login in (first, second):
        sandbox.fault("outcome_unknown_not_applied", "TradeTransaction", login=login, count=1)
    lane.work(file.pk)
    assert states(file) == ["unknown", "unknown"]
    lines = [ChangeRequest.objects.get(command=BulkLine.name, login=one) for one in (first, second)]
    ChangeRequest.objects.filter(command=BulkLine.name).update(needs_person=True)
    of_file = {uploader.pk, cast.olga.pk, cast.bob.pk}
    assert [hands(line) for line in lines] == [of_file | {cast.bella.pk}, of_file]
    for person in (uploader, User.objects.get(pk=cast.bella.pk)):
        with pytest.raises(Invalid, match="You made or decided"):
            settle(person, lines[0])
    assert settle(cast.maya, lines[0]).status == Status.PENDING


def test_makers_and_approvers_of_earlier_runs_have_a_hand_in_lines_of_a_later_one(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = new_account(platform, "100.00")
    file = checked(cast.olga, f"{login},withdrawal,80,USD,a,{TO}")
    run = submitted(cast.olga, file)
    approve_as(cast.bob, run)
    carry_out(run)
    by_hand(platform, login, "-50.00")
    through(BulkFile.objects.select_related("run", "platform").get(pk=file.pk))
    assert states(file) == ["rejected"]
    by_hand(platform, login, "50.00")
    otto = make_user("Otto", "back-office")
    file = BulkFile.objects.get(pk=file.pk)
    again = submit(CarryOutRest.of(file), actor=actor(otto), source="test", reason="", key="again")
    approve_as(cast.bella, again)
    carry_out(again)
    sandbox.fault("outcome_unknown_not_applied", "TradeTransaction", login=login, count=1)
    lane.work(file.pk)
    line = ChangeRequest.objects.get(command=BulkLine.name)
    assert hands(line) == {cast.olga.pk, cast.bob.pk, otto.pk, cast.bella.pk}


def test_the_people_of_many_lines_are_few_queries(cast: Cast, platform: Platform) -> None:
    file = checked(cast.olga, f"{new_account(platform)},deposit,8,USD,a,")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        people_of_file(file)
        deciders_of_lines(file, range(1, 1001))
    assert len(asked) == 4
