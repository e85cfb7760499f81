"""One-time secrets: read once, by their maker, then gone."""

from __future__ import annotations

import uuid

import pytest

from accounts.commands import CreateAccount
from panel.commands.submit import submit
from panel.models import AuditEntry, ChangeRequest, Platform, Secret, Status
from panel.mt4.read import reader
from tests.core.money import carry_out
from tests.factories import actor
from tests.pages.browsing import page_url, signed_in, text_of
from tests.pages.conftest import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def opened(platform: Platform, cast: Cast) -> ChangeRequest:
    """An account that Olga has opened."""
    command = CreateAccount(
        platform="demo", group="real-std-usd", leverage=100, profile={"name": "New Client"}
    )
    request = submit(
        command, actor=actor(cast.olga), source="test", reason="", key=str(uuid.uuid4())
    )
    done = carry_out(request)
    assert done.status == Status.DONE
    return done


def _password_on(page: str) -> str:
    return page.split('data-copy="')[-1].split('"')[0]


def test_the_maker_reads_a_password_once(
    opened: ChangeRequest, platform: Platform, cast: Cast
) -> None:
    olga = signed_in(cast.olga)
    before = olga.get(page_url(opened))
    assert "Show once" in text_of(before)

    shown = olga.post(page_url(opened), {"step": "secret", "name": "Main password"})

    assert shown.status_code == 200
    assert "no-store" in shown["Cache-Control"]
    box = shown.content.decode().split("Shown once")[0]
    assert reader(platform.connection).check_password(opened.login or 0, _password_on(box))
    assert Secret.objects.get(request=opened, name="Main password").sealed == ""

    again = olga.post(page_url(opened), {"step": "secret", "name": "Main password"})
    assert "It was shown before and is gone" in text_of(again)
    assert Secret.objects.get(request=opened, name="Investor password").sealed != ""


def test_showing_is_written_down_without_the_secret(opened: ChangeRequest, cast: Cast) -> None:
    shown = signed_in(cast.olga).post(page_url(opened), {"step": "secret", "name": "Main password"})
    password = _password_on(shown.content.decode().split("Shown once")[0])
    entry = AuditEntry.objects.get(action="secret shown")
    assert entry.actor_id == cast.olga.pk
    whole = " ".join(str(value) for row in AuditEntry.objects.values() for value in row.values())
    assert password not in whole


def test_nobody_else_reads_it(opened: ChangeRequest, cast: Cast) -> None:
    bob = signed_in(cast.bob)
    assert "Show once" not in text_of(bob.get(page_url(opened)))

    answer = bob.post(page_url(opened), {"step": "secret", "name": "Main password"})

    assert answer.status_code == 409
    assert Secret.objects.filter(request=opened, sealed="").count() == 0
    assert AuditEntry.objects.filter(action="secret shown", outcome="denied").exists()
