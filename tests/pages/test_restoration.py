"""The page of a restored backup, the bar on every page, and the command for the night."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from panel.commands import restoration
from panel.models import AuditEntry, ChangeRequest, Platform, Restoration, Status
from panel.pages.tasks import watch_restoration
from tests.core.money import approve_as, ask_withdrawal, balance_of, carry_out, new_account
from tests.pages.browsing import page_url, poll, signed_in, text_of, version_on
from tests.pages.conftest import Cast
from tests.pages.test_administration import send

pytestmark = pytest.mark.django_db
BAR = "The panel’s database was put back from a backup."
FINDING = "The disk failed at noon; put back the copy of 11:00. All references were looked at."


@pytest.fixture
def row(db: None) -> Restoration:
    """A restored backup that was noticed and not looked into yet."""
    return Restoration.objects.create(remembered_seq=110, remembered_hash="a" * 64, found_seq=90)


@pytest.fixture
def waiting(platform: Platform, cast: Cast) -> ChangeRequest:
    """A withdrawal that was approved, and waits to be sent."""
    request = ask_withdrawal(cast.olga, new_account(platform, "1000.00"), "250.00")
    approve_as(cast.bob, request)
    return request


def test_the_bar_is_on_every_page_for_everybody_and_leads_administrators_on(
    row: Restoration, cast: Cast
) -> None:
    for person in (cast.olga, cast.bob, cast.carol, cast.dave, cast.ada):
        page = signed_in(person).get(reverse("me"))
        assert BAR in text_of(page)
        linked = f'href="{reverse("restoration")}"' in page.content.decode()
        assert linked == (person == cast.ada)
    Restoration.objects.update(acknowledged=timezone.now())
    assert BAR not in text_of(signed_in(cast.olga).get(reverse("me")))


def test_it_is_looked_up_once_for_a_page(row: Restoration, cast: Cast) -> None:
    with CaptureQueriesContext(connection) as asked:
        signed_in(cast.olga).get(reverse("me"))
    assert sum("panel_restoration" in one["sql"] for one in asked) == 1


def test_the_page_tells_what_was_noticed_and_that_mt4_is_still_asked(
    row: Restoration, cast: Cast
) -> None:
    ada = signed_in(cast.ada)
    text = text_of(ada.get(reverse("restoration")))
    assert "entry 110 of the audit log, aaaaaaaaaaaa…" in text
    assert "a log that ended at entry 90" in text
    assert "What is open is being looked for on MT4…" in text
    Restoration.objects.update(trouble="Sandbox: it does not answer.")
    text = text_of(ada.get(reverse("restoration")))
    assert "MT4 cannot be asked for what is open" in text
    assert "Sandbox: it does not answer." in text


def test_it_is_not_acknowledged_before_everything_open_was_looked_for(
    row: Restoration, cast: Cast
) -> None:
    address = reverse("restoration")
    fields = {"restoration": row.pk, "finding": FINDING, "key": "k"}
    answer = signed_in(cast.ada).post(address, {**fields, "step": "send"})
    assert answer.status_code == 422
    assert "still being looked for" in text_of(answer)
    assert FINDING in text_of(answer)  # nothing typed is lost
    assert restoration.is_open()


def test_what_is_open_is_shown_found_or_not_and_one_administrator_acknowledges_it(
    row: Restoration, waiting: ChangeRequest, platform: Platform, cast: Cast
) -> None:
    pending = ask_withdrawal(cast.olga, new_account(platform, "100.00"), "5.00")
    # MT4 has the one that was approved: it was paid after the copy was made.
    Restoration.objects.update(acknowledged=timezone.now())
    carry_out(waiting)
    ChangeRequest.objects.filter(pk=waiting.pk).update(status=Status.APPROVED, progress={})
    waiting.payments.update(status=Status.APPROVED, ticket=None)
    Restoration.objects.update(acknowledged=None)
    watch_restoration()

    ada = signed_in(cast.ada)
    page = ada.get(reverse("restoration"))
    text = text_of(page)
    found, left = text.split("Open here, and on MT4 already")[1].split("Open, and not found on MT4")
    assert waiting.reference in found
    assert "MT4 has it already: ticket" in found
    assert reverse("payment_detail", args=[waiting.reference]) in page.content.decode()
    assert "Payments, waiting 1" in left

    no_word = ada.post(reverse("restoration"), {"restoration": row.pk, "finding": "", "key": "k"})
    assert no_word.status_code == 422
    request = send(ada, reverse("restoration"), {"restoration": row.pk, "finding": FINDING})

    assert (request.command, request.status) == ("restorations.acknowledge", Status.DONE)
    row.refresh_from_db()
    assert row.acknowledged_by == cast.ada
    assert not restoration.is_open()
    done = AuditEntry.objects.get(reference=request.reference, action="request done")
    assert (done.before or {})["acknowledged"] is False
    assert (done.after or {})["acknowledged"] is True
    assert "Acknowledged before" in text_of(ada.get(reverse("restoration")))
    # What MT4 has is taken for the outcome, and not sent again.
    assert carry_out(waiting).status == Status.DONE
    assert balance_of(platform, waiting.login or 0) == 750
    assert pending.status == Status.PENDING


def test_a_request_that_would_be_sent_says_that_it_waits_and_keeps_its_buttons(
    row: Restoration, waiting: ChangeRequest, platform: Platform, cast: Cast
) -> None:
    assert carry_out(waiting).status == Status.APPROVED
    page = signed_in(cast.olga).get(page_url(waiting))
    assert "Waits: database was restored." in text_of(page)
    assert "Waits: the database was restored" in text_of(page)  # among its steps
    pending = ask_withdrawal(cast.olga, new_account(platform, "100.00"), "5.00")
    bob = signed_in(cast.bob)
    page = bob.get(page_url(pending))
    assert "Waits: database was restored." in text_of(page)
    assert 'value="approve"' in page.content.decode()
    # An open page hears of it when it is over.
    version = version_on(page)
    assert poll(bob, page_url(pending), version).status_code == 204
    Restoration.objects.update(acknowledged=timezone.now())
    after = poll(bob, page_url(pending), version)
    assert "database was restored" not in text_of(after)


def test_the_page_is_for_whoever_may_change_platforms(row: Restoration, cast: Cast) -> None:
    for person in (cast.olga, cast.bob, cast.carol, cast.dave):
        assert signed_in(person).get(reverse("restoration")).status_code == 403


def acknowledge(email: str, finding: str = FINDING) -> str:
    """The command; what it printed."""
    out = StringIO()
    call_command("acknowledge_restore", finding, "--as", email, stdout=out)
    return out.getvalue()


def test_the_command_looks_and_acknowledges_in_an_administrators_name(
    row: Restoration, waiting: ChangeRequest, cast: Cast
) -> None:
    printed = acknowledge(cast.ada.email.upper())
    assert "0 open operations are on MT4 already" in printed
    assert "Payments, approved: 1" in printed
    request = ChangeRequest.objects.get(command="restorations.acknowledge")
    assert (request.maker, request.source) == (cast.ada, "command")
    assert f"{request.reference}: done." in printed
    assert carry_out(waiting).status == Status.DONE


def test_the_command_refuses_others_and_what_says_nothing(row: Restoration, cast: Cast) -> None:
    for email, finding, why in (
        ("nobody@broker.test", FINDING, "may sign in"),
        (cast.olga.email, FINDING, "lacks the right"),
        (cast.ada.email, "ok", "Say what was restored"),
    ):
        with pytest.raises(CommandError, match=why):
            acknowledge(email, finding)
    assert AuditEntry.objects.filter(outcome="denied").count() == 1
    assert restoration.is_open()


def test_the_command_says_when_there_is_none_and_when_mt4_cannot_be_asked(
    platform: Platform, cast: Cast
) -> None:
    with pytest.raises(CommandError, match="No restored backup"):
        acknowledge(cast.ada.email)
    Restoration.objects.create(remembered_seq=110, remembered_hash="a" * 64, found_seq=90)
    Platform.objects.update(api_base="http://127.0.0.1:9", authority="http://127.0.0.1:9")
    with pytest.raises(CommandError, match=r"cannot be looked for yet\. Sandbox: "):
        acknowledge(cast.ada.email)
