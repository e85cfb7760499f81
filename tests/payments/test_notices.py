"""Notices of payments: each kind to those whom it concerns, each leading to where they act."""

from __future__ import annotations

import pytest
from django.urls import reverse

from panel.commands.decide import reject
from panel.commands.machine import machine_actor
from panel.commands.notices import tell_all
from panel.commands.submit import submit
from panel.models import ChangeRequest, Notice, Platform, Status, User
from payments.adjustments import NegativeReset
from payments.commands import Withdraw
from payments.desk.payout import PayOut
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out
from tests.factories import actor, make_user
from tests.harness.sandbox import SandboxProcess
from tests.pages.browsing import page_url, signed_in
from tests.payments.test_adjustments import owing, sandbox_process
from tests.payments.test_commands import ask, enabled_account, make
from tests.payments.test_desk import do
from tests.payments.transferring import REFUSE

__all__ = ["sandbox_process"]
pytestmark = pytest.mark.django_db(transaction=True)


def notices(kind: str) -> dict[str, Notice]:
    """The notices of a kind by whose they are."""
    tell_all()
    return {row.person.name: row for row in Notice.objects.filter(kind=kind)}


def leads_to(person: User, notice: Notice) -> str:
    """Where a click on it leads; the page is there for this person."""
    client = signed_in(person)
    url = client.get(reverse("notice_open", args=[notice.pk]))["Location"]
    assert client.get(url).status_code == 200, url
    return str(url)


def desk(request: ChangeRequest) -> str:
    """The withdrawal's page on the desk."""
    return reverse("withdrawal", args=[request.reference])


def test_a_withdrawal_leads_the_checker_and_the_payer_to_the_desk_and_the_maker_to_the_request(
    platform: Platform, cast: Cast
) -> None:
    pia = make_user("Pia", "back-office")
    far = make_user("Fay", "back-office", groups="vip*")
    request = ask(cast.olga, make(Withdraw, enabled_account(platform), "80.00"))
    asked = notices("decide")
    assert set(asked) == {"Bob", "Bella"}
    assert leads_to(cast.bob, asked["Bob"]) == desk(request)

    assert carry_out(approve_as(cast.bob, request)).status == Status.DONE
    done = notices("done")
    assert set(done) == {"Olga"}
    assert leads_to(cast.olga, done["Olga"]) == page_url(request)
    pay = notices("pay")
    assert set(pay) == {"Pia"}, far
    assert pay["Pia"].title.endswith("waits to be paid out")
    assert leads_to(pia, pay["Pia"]) == desk(request)

    do(pia, PayOut(withdrawal=request.reference, provider_reference="SEPA 1"))
    assert not Notice.objects.filter(kind="pay", read__isnull=True).exists()
    assert leads_to(pia, pay["Pia"]) == page_url(request), "nothing to be done any more"


def test_what_is_rejected_leads_its_maker_to_the_request(platform: Platform, cast: Cast) -> None:
    request = ask(cast.olga, make(Withdraw, enabled_account(platform), "80.00"))
    reject(request, actor=actor(cast.bob), source="test", reason="Papers are missing.")
    told = notices("rejected")
    assert set(told) == {"Olga"}
    assert leads_to(cast.olga, told["Olga"]) == page_url(request)
    assert notices("pay") == {}


def test_a_failed_request_of_a_job_is_told_to_those_who_keep_the_jobs_or_would_decide(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = owing(platform, "80.00")
    request = submit(
        NegativeReset.of(platform, login),
        actor=machine_actor("negative_reset"),
        source="job",
        reason="Scheduled job",
        key="reset",
    )
    sandbox.fault("mt4_error", "TradeTransaction", login=login, count=1, **REFUSE)
    assert carry_out(request).status == Status.FAILED
    told = notices("job")
    assert set(told) == {"Bob", "Bella", "Maya", "Ada", "Adam"}
    assert {row.mail for row in told.values()} == {"due"}
    request.refresh_from_db()
    assert told["Ada"].text == request.outcome_text
    for person in (cast.ada, cast.bob):
        assert leads_to(person, told[person.name]) == page_url(request)
    assert not Notice.objects.filter(kind="failed").exists(), "the machine reads none"
