"""Notices: to those who must act and to the one who asked; a dead mail server changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from panel.commands import mail
from panel.commands.decide import reject
from panel.commands.mail import next_try, send_due
from panel.commands.notices import forget_old, tell_all, unread_count
from panel.commands.reconcile import look_into
from panel.commands.submit import withdraw
from panel.models import ChangeRequest, Happening, Notice, Platform, Status, User
from tests.core.conftest import Cast
from tests.core.money import approve_as, ask_deposit, ask_withdrawal, carry_out, new_account
from tests.factories import actor, make_user
from tests.harness.sandbox import SandboxProcess
from tests.harness.smtp import MailServer, mail_server
from tests.harness.waiting import free_port
from tests.pages.browsing import page_url, signed_in, text_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def login(platform: Platform) -> int:
    """An account with money."""
    return new_account(platform, "50000.00", name="Anna Kowalska")


@pytest.fixture
def post(settings: Settings) -> Iterator[MailServer]:
    """A mail server that is there, and mails that go at once."""
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def told(person: User, *, unread: bool = False) -> list[str]:
    """The kinds of notices that a person has."""
    tell_all()
    rows = Notice.objects.filter(person=person).order_by("pk")
    if unread:
        rows = rows.filter(read__isnull=True)
    return list(rows.values_list("kind", flat=True))


def due_now() -> None:
    """As if the time to gather, or the pause after a failure, were over."""
    Notice.objects.filter(mail="due").update(mail_after=timezone.now())


def test_a_request_is_told_to_those_who_may_decide_and_to_nobody_else(
    platform: Platform, cast: Cast, login: int
) -> None:
    far = make_user("Fay", "compliance", groups="vip*")
    ask_withdrawal(cast.olga, login, "100.00")
    assert told(cast.bob) == told(cast.bella) == ["decide"]
    for person in (cast.olga, cast.maya, cast.ada, cast.dave, cast.carol, far):
        assert told(person) == [], person
    assert told(cast.bob) == ["decide"], "told once, however often the worker looks"
    assert not Happening.objects.exists()


def test_a_decision_ends_the_notice_of_the_others_and_is_told_to_the_maker(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = ask_withdrawal(cast.olga, login, "100.00")
    tell_all()
    assert unread_count(cast.bella) == 1
    approve_as(cast.bob, request)
    assert told(cast.olga) == ["approved"]
    assert told(cast.bella, unread=True) == []
    carry_out(request)
    assert told(cast.olga) == ["approved", "done"], "whoever asked for it does not pay it out"
    assert told(cast.bob) == ["decide"], "nor does whoever approved it"


def test_a_rejection_is_told_with_its_reason(platform: Platform, cast: Cast, login: int) -> None:
    request = ask_withdrawal(cast.olga, login, "100.00")
    reject(request, actor=actor(cast.bob), source="test", reason="Third party: call +4912345")
    assert told(cast.olga) == ["rejected"]
    notice = Notice.objects.get(person=cast.olga)
    assert notice.text == "Bob: Third party: call +4912345"
    assert "+49" not in notice.title


def test_what_ran_at_once_needs_no_word_but_its_failure_does(
    platform: Platform, cast: Cast, login: int, sandbox: SandboxProcess
) -> None:
    assert carry_out(ask_deposit(cast.olga, login, "10.00")).status == Status.DONE
    assert told(cast.olga) == []
    late = ask_deposit(cast.olga, login, "10.00")
    ChangeRequest.objects.update(created=timezone.now() - timedelta(minutes=2))
    carry_out(late)
    assert told(cast.olga) == ["done"]
    sandbox.fault("mt4_error", "TradeTransaction", count=1, code="TradeNoMoney")
    assert carry_out(ask_deposit(cast.olga, login, "11.00")).status == Status.FAILED
    assert told(cast.olga) == ["done", "failed"]


def test_an_unknown_outcome_is_told_if_it_stays_and_then_to_those_who_may_settle_it(
    platform: Platform, cast: Cast, login: int, sandbox: SandboxProcess, settings: Settings
) -> None:
    settings.MT4_DEADLINE_MARGIN = settings.MT4_CHANGE_DEADLINE = 1.0
    sandbox.fault("drop_before", "TradeTransaction", count=1)
    request = carry_out(ask_deposit(cast.olga, login, "10.00"))
    assert request.status == Status.UNKNOWN
    assert told(cast.olga) == [], "it may be known in a moment"
    Happening.objects.update(due=timezone.now())
    assert told(cast.olga) == ["unknown"]
    assert told(cast.maya) == []
    settings.UNKNOWN_TO_PERSON = 0
    ChangeRequest.objects.update(next_check=timezone.now(), lease_until=None, call_until=None)
    look_into(request.pk)
    assert told(cast.maya) == ["settle"]
    assert told(cast.bob) == [], "compliance confirms, it does not propose"
    notice = Notice.objects.get(person=cast.maya)
    page = signed_in(cast.maya).get(reverse("notice_open", args=[notice.pk]))
    assert page["Location"] == reverse("unknown_detail", args=[request.reference])


def test_what_was_withdrawn_before_anybody_looked_is_told_to_nobody(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = ask_withdrawal(cast.olga, login, "100.00")
    withdraw(request, actor=actor(cast.olga), source="test", reason="")
    assert told(cast.bob) == told(cast.olga) == []


def test_two_workers_tell_once(platform: Platform, cast: Cast, login: int) -> None:
    for _ in range(3):
        ask_withdrawal(cast.olga, login, "100.00")
    barrier = threading.Barrier(3)

    def one() -> None:
        barrier.wait(10)
        try:
            tell_all()
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert unread_count(cast.bob) == 3
    assert not Happening.objects.exists()


# --- By mail --------------------------------------------------------------------------------


def test_a_mail_names_the_payment_and_its_page_and_no_client(
    platform: Platform, cast: Cast, login: int, post: MailServer, settings: Settings
) -> None:
    settings.PANEL_URL = "https://panel.example.com"
    request = ask_withdrawal(cast.olga, login, "100.00")
    told(cast.bob)
    assert send_due() == 0, "several within some seconds make one mail"
    due_now()
    assert send_due() == 2
    assert send_due() == 0
    assert {address for address, _ in post.mails} == {cast.bob.email, cast.bella.email}
    message = dict(post.mails)[cast.bob.email]
    assert message["Subject"] == (
        f"Withdrawal {request.reference} of 100.00 USD on {login} waits for your decision"
    )
    body = message.get_content()
    notice = Notice.objects.get(person=cast.bob)
    assert f"https://panel.example.com/notices/{notice.pk}/" in body
    assert "Kowalska" not in body + message["Subject"]
    assert notice.mail == "sent"


def test_many_notices_make_one_mail(
    platform: Platform, cast: Cast, login: int, post: MailServer
) -> None:
    for number in range(25):
        ask_withdrawal(cast.olga, login, f"{100 + number}.00")
    told(cast.bob)
    due_now()
    assert send_due() == 2
    message = dict(post.mails)[cast.bob.email]
    assert message["Subject"] == "25 notices from the panel"
    assert "And 5 more" in message.get_content()


def test_a_dead_mail_server_changes_nothing_for_the_payment_and_is_tried_again(
    platform: Platform, cast: Cast, login: int, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    request = ask_withdrawal(cast.olga, login, "100.00")
    told(cast.bob)
    due_now()
    assert send_due() == 0
    waiting = Notice.objects.get(person=cast.bob)
    assert (waiting.mail, waiting.mail_tries) == ("due", 1)
    assert waiting.mail_after
    assert waiting.mail_after > timezone.now() + timedelta(seconds=20)
    approve_as(cast.bob, request)
    assert carry_out(request).status == Status.DONE
    tell_all()
    due_now()
    assert send_due() == 0
    with mail_server() as server:
        settings.EMAIL_PORT = server.port
        ask_withdrawal(cast.olga, login, "7.00")
        tell_all()
        due_now()
        assert send_due() == 2
    assert Notice.objects.get(person=cast.bob, request=request).mail == "none", "read meanwhile"


def test_pauses_double_up_to_an_hour_and_after_a_day_it_is_given_up(
    platform: Platform, cast: Cast, login: int, settings: Settings
) -> None:
    now = timezone.now()
    pauses = [(next_try(now, tries) - now).total_seconds() for tries in range(9)]
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    ask_withdrawal(cast.olga, login, "100.00")
    told(cast.bob)
    Notice.objects.update(created=now - timedelta(hours=25), mail_after=now)
    send_due()
    assert set(Notice.objects.values_list("mail", flat=True)) == {"given_up"}


def test_one_address_that_is_refused_keeps_nobody_else_from_their_mail(
    platform: Platform, cast: Cast, login: int, post: MailServer
) -> None:
    post.refused.add(cast.bob.email)
    ask_withdrawal(cast.olga, login, "100.00")
    told(cast.bob)
    due_now()
    assert send_due() == 1
    assert [address for address, _ in post.mails] == [cast.bella.email]
    assert Notice.objects.get(person=cast.bob).mail == "due"


def test_a_worker_that_died_while_sending_is_made_up_for(
    platform: Platform, cast: Cast, login: int, post: MailServer
) -> None:
    ask_withdrawal(cast.olga, login, "100.00")
    told(cast.bob)
    due_now()
    assert len(mail._due()) == 2, "taken by a worker that dies now"
    assert send_due() == 0
    Notice.objects.update(mail_after=timezone.now())
    assert send_due() == 2


def test_everybody_chooses_what_comes_by_mail(
    platform: Platform, cast: Cast, login: int, post: MailServer
) -> None:
    client = signed_in(cast.bob)
    page = text_of(client.get(reverse("me")))
    assert "A request waits for my decision" in page
    form = {"time_zone": "UTC", "theme": "auto", "density": "compact", "mail": ["failed"]}
    assert client.post(reverse("me"), form).status_code == 302
    ask_withdrawal(cast.olga, login, "100.00")
    assert told(cast.bob) == ["decide"]
    due_now()
    send_due()
    assert [address for address, _ in post.mails] == [cast.bella.email]


# --- In the panel ---------------------------------------------------------------------------


def test_the_bell_counts_what_is_unread_and_the_list_leads_there(
    platform: Platform, cast: Cast, login: int
) -> None:
    request = ask_withdrawal(cast.olga, login, "100.00")
    tell_all()
    client = signed_in(cast.bob)
    assert "1 unread notice" in client.get(reverse("dashboard")).content.decode()
    assert "waits for your decision" in text_of(client.get(reverse("notice_list")))
    notice = Notice.objects.get(person=cast.bob)
    answer = client.get(reverse("notice_open", args=[notice.pk]))
    assert answer["Location"] == reverse("withdrawal", args=[request.reference])
    assert "nothing unread" in client.get(reverse("notice_bell")).content.decode()
    other = signed_in(cast.bella)
    assert other.get(reverse("notice_open", args=[notice.pk])).status_code == 404
    other.get(page_url(request))
    assert unread_count(cast.bella) == 0, "the page itself was opened"


def test_the_desks_page_reads_its_notice_too(platform: Platform, cast: Cast, login: int) -> None:
    request = ask_withdrawal(cast.olga, login, "100.00")
    tell_all()
    assert unread_count(cast.bella) == 1
    signed_in(cast.bella).get(reverse("withdrawal", args=[request.reference]))
    assert unread_count(cast.bella) == 0


def test_all_can_be_marked_as_read_and_only_ones_own(
    platform: Platform, cast: Cast, login: int
) -> None:
    ask_withdrawal(cast.olga, login, "100.00")
    tell_all()
    client = signed_in(cast.bob)
    assert "Mark 1 as read" in text_of(client.get(reverse("notice_list")))
    client.post(reverse("notice_list"))
    assert (unread_count(cast.bob), unread_count(cast.bella)) == (0, 1)
    unread = reverse("notice_list") + "?unread=yes"
    assert "waits for your decision" not in text_of(client.get(unread))


def test_old_notices_are_forgotten(platform: Platform, cast: Cast, login: int) -> None:
    ask_withdrawal(cast.olga, login, "100.00")
    tell_all()
    Notice.objects.filter(person=cast.bob).update(created=timezone.now() - timedelta(days=91))
    forget_old()
    assert told(cast.bob) == []
    assert told(cast.bella) == ["decide"]


def test_a_step_leaves_one_row_and_no_people_are_looked_up(
    platform: Platform, cast: Cast, login: int
) -> None:
    ask_withdrawal(cast.olga, login, "100.00")
    happening = Happening.objects.get()
    assert happening.event == "asked"
    assert happening.request.amount == Decimal("100.00")
    assert not Notice.objects.exists()
