"""An entry says what happened and no more: what nobody approved, and whose sessions were ended."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from panel.commands.submit import submit
from panel.models import AuditEntry, Platform, Status, User
from panel.pages.commands.staff import ChangeStaff, scopes_of
from tests.core.money import approve_as, ask_deposit, carry_out, new_account
from tests.factories import PASSWORD, actor
from tests.pages.browsing import page_url, signed_in, text_of
from tests.pages.conftest import Cast

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_no_policy_held_was_approved_by_nobody(platform: Platform, cast: Cast) -> None:
    request = ask_deposit(cast.olga, new_account(platform), "10.00")
    assert carry_out(request).status == Status.DONE

    entries = AuditEntry.objects.filter(reference=request.reference).order_by("seq")
    assert [(entry.action, entry.actor.partition(" <")[0]) for entry in entries] == [
        ("request payments.deposit", "Olga"),
        ("request needed no approval", "panel: policy"),
        ("request executing", "panel: worker"),
        ("request done", "panel: worker"),
    ]
    entry = entries[1]
    assert entry.actor_id is None
    assert entry.detail == f"No approval needed: {request.policy_text}"
    assert entry.request_id == request.request_id
    assert not request.approvals.exists()

    steps = text_of(signed_in(cast.olga).get(page_url(request))).partition("Steps")[2]
    assert "Needed no approval" in steps
    assert "Approved" not in steps
    carol = signed_in(cast.carol)
    told = text_of(carol.get(reverse("audit_entry", args=[entry.seq])))
    assert "No approval needed: " in told
    assert "pproved" not in told.replace("Approvals", "")
    log = text_of(carol.get(reverse("audit_list"), {"reference": request.reference}))
    assert "Request needed no approval" in log
    assert "Request approved" not in log


def sign_in(person: User) -> Client:
    """A session by the sign-in page, as people have it."""
    client = Client()
    form = {"login": person.email, "password": PASSWORD}
    assert client.post(reverse("account_login"), form).status_code == 302
    return client


def test_ending_ones_other_sessions_is_an_entry(cast: Cast) -> None:
    here, _, _ = sign_in(cast.olga), sign_in(cast.olga), sign_in(cast.olga)
    assert here.post(reverse("usersessions_list")).status_code == 302
    assert UserSession.objects.filter(user=cast.olga).count() == 1
    entry = AuditEntry.objects.get(action="sessions ended")
    assert (entry.actor_id, entry.object_key) == (cast.olga.pk, str(cast.olga.pk))
    assert entry.detail == "Their own others: 2 sessions from 127.0.0.1."
    # With no other there is nothing to tell.
    here.post(reverse("usersessions_list"))
    assert AuditEntry.objects.filter(action="sessions ended").count() == 1


def test_an_administrator_who_ends_somebodys_sessions_is_in_the_log(cast: Cast) -> None:
    hers = sign_in(cast.olga)
    command = ChangeStaff(
        person=cast.olga.pk,
        full_name="Olga",
        active=False,
        roles=("back-office",),
        scopes=scopes_of(cast.olga),
        time_zone="UTC",
    )
    request = submit(command, actor=actor(cast.ada), source="web", reason="Left.", key="k")
    approve_as(cast.adam, request)
    assert hers.get(reverse("dashboard")).status_code == 302
    entry = AuditEntry.objects.get(action="sessions ended")
    assert (entry.actor_id, entry.object_key) == (cast.ada.pk, str(cast.olga.pk))
    assert entry.detail == f"1 session from 127.0.0.1. By {request.reference}."
    page = text_of(signed_in(cast.ada).get(reverse("staff_detail", args=[cast.olga.pk])))
    assert "Sessions ended" in page
