"""Staff, roles, policies, platforms: one administrator asks, another one confirms."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from panel.access.roles import ROLES
from panel.lib import vault
from panel.models import (
    AuditEntry,
    ChangeRequest,
    Platform,
    PlatformState,
    Policy,
    Role,
    Status,
    User,
)
from tests.factories import make_platform, make_user
from tests.harness.sandbox import SandboxProcess
from tests.pages.browsing import page_url, seen_on, signed_in, text_of
from tests.pages.conftest import Cast

pytestmark = pytest.mark.django_db

INVITATION = {
    "email": "new@broker.test",
    "full_name": "Nora New",
    "roles": ["dealer"],
    "scope_": "real*",
    "time_zone": "Europe/Berlin",
    "reason": "Starts on Monday.",
}


def send(client: Client, address: str, fields: dict[str, Any]) -> ChangeRequest:
    """Fill in a form, look at the preview, press its button; the request that it made."""
    preview = client.post(address, {**fields, "key": "k" + address, "step": "preview"})
    assert preview.status_code == 200, text_of(preview)
    page = preview.content.decode()
    kept: dict[str, list[str]] = {}
    form = page.split('class="ui-preview"')[1].split("</form>")[0]
    for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form):
        kept.setdefault(name, []).append(value)
    answer = client.post(address, {**kept, "step": "send"})
    assert answer.status_code == 302, text_of(answer)
    return ChangeRequest.objects.latest("pk")


def approve_on_page(person: User, request: ChangeRequest) -> Any:
    """Approve on the page; the answer."""
    client = signed_in(person)
    seen = seen_on(client.get(page_url(request)))
    return client.post(page_url(request), {"step": "approve", "seen": seen})


def test_an_invitation_waits_for_a_second_administrator(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    request = send(signed_in(cast.ada), reverse("staff_invite"), INVITATION)
    assert (request.command, request.status) == ("staff.invite", Status.PENDING)
    assert not User.objects.filter(email="new@broker.test").exists()
    own = signed_in(cast.ada).post(page_url(request), {"step": "approve", "seen": "0" * 64})
    assert own.status_code == 409
    outsider = signed_in(cast.bob).post(page_url(request), {"step": "approve", "seen": "0" * 64})
    assert outsider.status_code == 409

    with django_capture_on_commit_callbacks(execute=True):
        assert approve_on_page(cast.adam, request).status_code == 302

    nora = User.objects.get(email="new@broker.test")
    assert not nora.has_usable_password()
    assert nora.role_slugs == {"dealer"}
    assert nora.scope_rows == [(None, "real*")]
    assert [message.to for message in mail.outbox] == [["new@broker.test"]]


def test_the_link_of_the_invitation_sets_the_password(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    request = send(signed_in(cast.ada), reverse("staff_invite"), INVITATION)
    with django_capture_on_commit_callbacks(execute=True):
        approve_on_page(cast.adam, request)
    link = re.search(r"https?://[^/]+(/\S+)", str(mail.outbox[0].body))
    assert link

    client = Client()
    form = client.get(link[1], follow=True)
    address = form.redirect_chain[-1][0]
    client.post(
        address, {"password1": "correct horse battery", "password2": "correct horse battery"}
    )

    assert User.objects.get(email="new@broker.test").check_password("correct horse battery")


def test_a_lone_administrator_cannot_make_a_second_one(cast: Cast) -> None:
    User.objects.filter(pk=cast.adam.pk).update(is_active=False)
    ada = signed_in(cast.ada)
    request = send(ada, reverse("staff_invite"), {**INVITATION, "roles": ["administrator"]})
    ada.post(page_url(request), {"step": "approve", "seen": "0" * 64})
    request.refresh_from_db()
    assert request.status == Status.PENDING


def test_two_administrators_must_remain(cast: Cast) -> None:
    fields = {"full_name": "Adam", "roles": ["dealer"], "active": "on", "scope_": "*"}
    answer = signed_in(cast.ada).post(
        reverse("staff_change", args=[cast.adam.pk]),
        {**fields, "time_zone": "UTC", "reason": "Moves.", "step": "preview"},
    )
    assert answer.status_code == 422
    assert "Two active administrators must remain" in text_of(answer)


def test_who_is_deactivated_is_signed_out_everywhere(
    cast: Cast, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    alice = signed_in(cast.alice)
    assert alice.get(reverse("dashboard")).status_code == 200
    assert UserSession.objects.filter(user=cast.alice).exists()
    fields = {"full_name": "Alice", "roles": ["dealer"], "scope_": "*", "time_zone": "UTC"}
    request = send(
        signed_in(cast.ada),
        reverse("staff_change", args=[cast.alice.pk]),
        {**fields, "reason": "Has left."},
    )
    assert request.command == "staff.change"
    with django_capture_on_commit_callbacks(execute=True):
        approve_on_page(cast.adam, request)

    assert not UserSession.objects.filter(user=cast.alice).exists()
    assert alice.get(reverse("dashboard")).status_code == 302


def test_a_policy_changes_only_with_a_second_administrator(cast: Cast) -> None:
    policy = Policy.objects.get(command="payments.withdraw", over_amount=None)
    fields = {
        "about": "payments.withdraw",
        "approvals": "2",
        "roles": ["compliance"],
        "group_masks": "*",
        "active": "on",
        "reason": "The auditors asked for it.",
    }
    request = send(signed_in(cast.ada), reverse("policy_change", args=[policy.pk]), fields)
    policy.refresh_from_db()
    assert (request.command, request.status) == ("policies.set", Status.PENDING)
    assert policy.approvals == 1
    assert "waits for a second administrator" in text_of(
        signed_in(cast.ada).get(reverse("policy_list"))
    )

    approve_on_page(cast.adam, request)

    policy.refresh_from_db()
    assert policy.approvals == 2
    done = AuditEntry.objects.get(reference=request.reference, action="request done")
    assert done.before
    assert done.after
    assert (done.before["approvals"], done.after["approvals"]) == (1, 2)


def test_removing_a_policy_takes_two_as_well(cast: Cast) -> None:
    policy = Policy.objects.get(command="payments.credit_in")
    request = send(
        signed_in(cast.ada), reverse("policy_remove", args=[policy.pk]), {"reason": "Not needed."}
    )
    assert request.command == "policies.remove"
    assert Policy.objects.filter(pk=policy.pk).exists()
    approve_on_page(cast.adam, request)
    assert not Policy.objects.filter(pk=policy.pk).exists()


def test_a_policy_that_nobody_could_satisfy_is_refused(cast: Cast) -> None:
    answer = signed_in(cast.ada).post(
        reverse("policy_add"),
        {
            "about": "payments.deposit",
            "approvals": "3",
            "roles": ["compliance"],
            "group_masks": "*",
            "reason": "More care.",
            "step": "preview",
        },
    )
    assert answer.status_code == 422
    assert "Only 2 active people could approve" in text_of(answer)


def test_a_new_role_comes_with_two_signatures(cast: Cast) -> None:
    fields = {"slug": "night-desk", "title": "Night desk", "description": "", "reason": "New desk."}
    rights = ["home.view", "accounts.view"]
    request = send(signed_in(cast.ada), reverse("role_add"), {**fields, "rights": rights})
    assert request.command == "roles.change"
    approve_on_page(cast.adam, request)
    assert Role.objects.get(slug="night-desk").permissions == rights


def test_administrators_keep_what_they_need(cast: Cast) -> None:
    answer = signed_in(cast.ada).post(
        reverse("role_change", args=["administrator"]),
        {"title": "Administrator", "rights": ["home.view"], "reason": "Less.", "step": "preview"},
    )
    assert answer.status_code == 422
    assert "Administrators must keep" in text_of(answer)


def test_the_matrix_shows_every_role(cast: Cast) -> None:
    text = text_of(signed_in(cast.carol).get(reverse("role_list")))
    assert all(role.name in text for role in ROLES)
    assert "Add a role" not in text


PLATFORM = {
    "slug": "second",
    "title": "Second",
    "platform_id": "22222222-2222-4222-8222-222222222222",
    "authority": "https://mt4.broker.test",
    "api_base": "https://mt4.broker.test",
    "client_id": "panel",
    "client_secret": "hush-hush-secret",
    "enabled": "on",
    "reason": "The second server.",
}


def test_a_platforms_secret_is_never_seen_again(cast: Cast) -> None:
    ada = signed_in(cast.ada)
    address = reverse("platform_add")
    preview = ada.post(address, {**PLATFORM, "key": "k", "step": "preview"})
    assert "hush-hush-secret" not in preview.content.decode()

    request = send(ada, address, PLATFORM)

    assert request.command == "platforms.add"
    assert "hush-hush-secret" not in str(request.payload)
    assert vault.open_text(request.payload["client_secret_sealed"]) == "hush-hush-secret"
    for person in (cast.ada, cast.adam, cast.carol):
        page = signed_in(person).get(page_url(request)).content.decode()
        assert "hush-hush-secret" not in page
        assert request.payload["client_secret_sealed"] not in page
    entry = AuditEntry.objects.get(reference=request.reference)
    assert entry.after
    assert entry.after["client_secret_sealed"] == "***"
    approve_on_page(cast.adam, request)
    assert Platform.objects.get(slug="second").client_secret == "hush-hush-secret"

    # A change that leaves the secret's field empty keeps it.
    fields = {**PLATFORM, "title": "Second server", "client_secret": ""}
    change = send(ada, reverse("platform_change", args=["second"]), fields)
    assert change.command == "platforms.change"
    approve_on_page(cast.adam, change)
    platform = Platform.objects.get(slug="second")
    assert (platform.name, platform.client_secret) == ("Second server", "hush-hush-secret")


def test_sending_the_form_twice_makes_one_request(cast: Cast) -> None:
    ada = signed_in(cast.ada)
    send(ada, reverse("platform_add"), PLATFORM)
    first = ChangeRequest.objects.latest("pk")
    again = ada.post(
        reverse("platform_add"),
        {
            **PLATFORM,
            "client_secret": "sealed:" + first.payload["client_secret_sealed"],
            "key": first.idempotency_key,
            "step": "send",
        },
    )
    assert again.status_code == 302
    assert ChangeRequest.objects.count() == 1


def test_testing_a_connection_names_missing_rights(
    platform: Platform, sandbox: SandboxProcess, cast: Cast
) -> None:
    address = reverse("platform_detail", args=["demo"])
    text = text_of(signed_in(cast.ada).post(address))
    assert "The connection works" in text
    assert AuditEntry.objects.get(action="platform tested").outcome == "ok"


def test_a_connection_that_does_not_work_is_told(cast: Cast) -> None:
    make_platform(state=PlatformState.AWAY)
    address = reverse("platform_detail", args=["demo"])
    text = text_of(signed_in(cast.ada).post(address))
    assert "The connection does not work" in text


def test_staff_pages_are_closed_to_others(cast: Cast) -> None:
    nobody = make_user("Nobody", "back-office")
    for name in ("staff_list", "role_list", "policy_list", "platform_list", "staff_invite"):
        assert signed_in(nobody).get(reverse(name)).status_code == 403
