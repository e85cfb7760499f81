"""The first administrators come from the command line, and no third one does."""

from __future__ import annotations

import io

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from panel.models import AuditEntry, User

pytestmark = pytest.mark.django_db


def test_the_first_two_administrators_are_added_and_written_down() -> None:
    call_command("add_administrator", "Ada@broker.test", "Ada", stdout=io.StringIO())
    call_command("add_administrator", "adam@broker.test", "Adam", stdout=io.StringIO())

    assert [message.to for message in mail.outbox] == [["ada@broker.test"], ["adam@broker.test"]]
    ada = User.objects.get(email="ada@broker.test")
    assert ada.may("admin.approve")
    assert not ada.has_usable_password()
    assert AuditEntry.objects.filter(action="administrator added").count() == 2
    with pytest.raises(CommandError, match="two administrators already"):
        call_command("add_administrator", "third@broker.test", "Third")


def test_the_link_is_printed_where_no_mail_can_be_sent() -> None:
    out = io.StringIO()
    call_command("add_administrator", "ada@broker.test", "Ada", print_link=True, stdout=out)
    assert "/sign/password/reset/key/" in out.getvalue()
    assert mail.outbox == []


def test_a_wrong_or_known_address_is_refused() -> None:
    with pytest.raises(CommandError, match="no e-mail address"):
        call_command("add_administrator", "ada", "Ada")
    call_command("add_administrator", "ada@broker.test", "Ada", stdout=io.StringIO())
    with pytest.raises(CommandError, match="on the list already"):
        call_command("add_administrator", "ada@broker.test", "Ada")
