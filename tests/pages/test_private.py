"""Pages are kept by nobody, a refusal is one line of the log, and whose role demands a second
factor does nothing before they have one."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from panel.access.permissions import FACTOR_RIGHTS
from panel.commands.decide import approve, live_before, reject
from panel.commands.errors import Denied
from panel.commands.submit import submit
from panel.lib.digest import sha256
from panel.models import AuditEntry, Platform, Role, Status, User
from panel.pages.commands.roles import ChangeRole
from tests.core.money import ask_withdrawal, new_account
from tests.core.test_permissions import TABLE
from tests.factories import PASSWORD, actor, make_user
from tests.pages.browsing import page_url, seen_on, signed_in, text_of
from tests.pages.conftest import Cast
from tests.pages.test_second_factor import code_of

pytestmark = pytest.mark.django_db(transaction=True)


# --- Kept by nobody --------------------------------------------------------------------------


def test_no_answer_of_the_panel_is_kept_by_anybody(platform: Platform, cast: Cast) -> None:
    client = signed_in(cast.carol)
    addresses = [reverse(name, kwargs=place) for name, (_, place) in TABLE.items()]
    # Also where nothing is, what is no good address, and what is asked for without signing in.
    addresses += ["/nothing/here/", "/payments/?q=%00", reverse("account_login"), "/sign/2fa/"]
    seen = set()
    for address in addresses:
        for who in (client, Client()):
            answer = who.get(address)
            seen.add(answer.status_code)
            assert answer["Cache-Control"] == "private, no-store", address
    assert {200, 302, 400, 403, 404} <= seen


def test_static_files_may_be_kept(settings: Settings) -> None:
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = True
    answer = Client().get("/static/panel.css")
    answer.close()
    assert answer.status_code == 200
    assert "no-store" not in answer["Cache-Control"]


# --- One line --------------------------------------------------------------------------------


def lines_about(caplog: pytest.LogCaptureFixture, path: str) -> list[logging.LogRecord]:
    """What the log has of a request."""
    return [record for record in caplog.records if path in record.getMessage()]


def test_a_refusal_is_one_line_of_the_log(
    cast: Cast, caplog: pytest.LogCaptureFixture, settings: Settings
) -> None:
    caplog.set_level(logging.INFO)
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.olga)
    paths: dict[str, Callable[[str], Any]] = {
        reverse("staff_list"): signed_in(cast.olga).get,
        reverse("payments_net_deposits"): signed_in(cast.dave).get,
        reverse("ui-preferences"): strict.post,
    }
    for path, ask in paths.items():
        assert ask(path).status_code == 403
        [line] = lines_about(caplog, path)
        assert line.levelno == logging.WARNING
        assert line.exc_info is None
        assert "403" in line.getMessage()
        assert "Traceback" not in line.getMessage()
    assert "CSRF" in lines_about(caplog, reverse("ui-preferences"))[0].getMessage()
    settings.DEMO = False
    caplog.clear()
    assert signed_in(cast.ada).post(reverse("role_add")).status_code == 403
    assert len(lines_about(caplog, reverse("role_add"))) == 1


# --- Second factors --------------------------------------------------------------------------


@pytest.fixture
def serious(settings: Settings) -> None:
    """A panel that is no demo."""
    settings.DEMO = False


def with_factor(person: User) -> User:
    """The person with an authenticator app."""
    auth.TOTP.activate(person, auth.generate_totp_secret())
    return person


def test_administrators_and_approvers_of_money_need_one_and_others_do_not(db: None) -> None:
    needed = {role.slug for role in Role.objects.all() if role.needs_factor}
    assert needed == {"administrator", "compliance", "manager"}
    approving = {"payments.approve_withdrawal", "payments.approve_bulk", "unknown.approve"}
    assert approving | {"staff.change", "policies.change", "admin.approve"} <= FACTOR_RIGHTS


@pytest.mark.usefixtures("serious")
def test_without_one_every_page_leads_to_setting_it_up_and_nothing_else_is_taken(
    platform: Platform, cast: Cast
) -> None:
    client, setting_up = signed_in(cast.bob), reverse("mfa_index")
    for name, (_, place) in TABLE.items():
        address = reverse(name, kwargs=place)
        answer = client.get(address)
        assert (answer.status_code, answer.get("Location")) == (302, setting_up), name
        assert client.get(address, headers={"HX-Request": "true"}).status_code == 403, name
        assert client.post(address).status_code == 403, name
    for name in ("account_change_password", "usersessions_list", "mfa_view_recovery_codes"):
        assert client.get(reverse(name)).get("Location") == setting_up
    denied = AuditEntry.objects.filter(code="second-factor", actor_id=cast.bob.pk)
    assert denied.count() == len(TABLE)

    page = text_of(client.get(setting_up))
    assert "Your role demands a second factor." in page
    assert "Approvals" not in page
    assert "Sign out" in page
    assert client.post(reverse("account_logout")).status_code == 302


@pytest.mark.usefixtures("serious")
def test_setting_one_up_opens_the_panel_and_taking_it_off_closes_it_again(cast: Cast) -> None:
    client, address = Client(), reverse("mfa_activate_totp")
    client.post(reverse("account_login"), {"login": cast.bob.email, "password": PASSWORD})
    assert client.get(reverse("dashboard"))["Location"] == reverse("mfa_index")
    page = client.get(address, follow=True)
    if "password" in page.content.decode():
        client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
        page = client.get(address)
    secret = re.search(r"\b[A-Z2-7]{32}\b", page.content.decode())
    assert secret
    assert client.post(address, {"code": code_of(secret[0])}).status_code == 302
    assert client.get(reverse("dashboard")).status_code == 200
    Authenticator.objects.filter(user=cast.bob, type="totp").delete()
    # Recovery codes alone are no second factor.
    assert Authenticator.objects.filter(user=cast.bob).exists()
    assert client.get(reverse("dashboard"))["Location"] == reverse("mfa_index")


@pytest.mark.usefixtures("serious")
def test_nobody_decides_or_asks_without_one_by_any_road(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    seen = sha256(live_before(request)[1])
    bob = actor(cast.bob)
    with pytest.raises(Denied, match="second factor"):
        approve(request, actor=bob, source="test", seen=seen)
    with pytest.raises(Denied, match="second factor"):
        reject(request, actor=bob, source="test", reason="no papers")
    assert AuditEntry.objects.filter(outcome="denied", reference=request.reference).count() == 2
    change = ChangeRole(slug="new", title="New", description="", rights=("home.view",))
    with pytest.raises(Denied, match="second factor"):
        submit(change, actor=actor(cast.ada), source="test", reason="", key="k")

    approve(request, actor=actor(with_factor(cast.bob)), source="test", seen=seen)
    request.refresh_from_db()
    assert request.status == Status.APPROVED


@pytest.mark.usefixtures("serious")
def test_those_whose_role_demands_none_work_without(platform: Platform, cast: Cast) -> None:
    request = ask_withdrawal(cast.olga, new_account(platform), "10.00")
    assert signed_in(cast.olga).get(page_url(request)).status_code == 200


def test_on_a_demo_nobody_needs_one(cast: Cast) -> None:
    for person in (cast.bob, cast.ada, cast.maya):
        assert signed_in(person).get(reverse("dashboard")).status_code == 200


@pytest.mark.usefixtures("serious")
def test_two_administrators_demand_one_of_a_role(cast: Cast) -> None:
    ada, adam = signed_in(with_factor(cast.ada)), signed_in(with_factor(cast.adam))
    dealer = Role.objects.get(slug="dealer")
    url = reverse("role_change", args=["dealer"])
    assert "Needs a second factor" in text_of(ada.get(url))
    form = {
        "title": dealer.name,
        "description": dealer.description,
        "rights": dealer.permissions,
        "second_factor": "on",
        "reason": "They see every position.",
        "key": "one",
    }
    preview = text_of(ada.post(url, {**form, "step": "preview"}))
    assert "Second factor not needed needed" in preview
    assert "led to set one up before anything else: Alice." in preview
    sent = ada.post(url, {**form, "step": "send"})
    assert signed_in(cast.alice).get(reverse("dashboard")).status_code == 200
    page = adam.get(sent["Location"])
    adam.post(sent["Location"], {"step": "approve", "seen": seen_on(page)})
    assert Role.objects.get(slug="dealer").second_factor
    led = signed_in(cast.alice).get(reverse("dashboard"))
    assert led["Location"] == reverse("mfa_index")
    roles = ada.get(reverse("role_list")).content.decode()
    line = roles.partition("Needs a second factor")[2].partition("</tr>")[0]
    assert line.count(">yes<") == 4


@pytest.mark.usefixtures("serious")
def test_a_role_that_is_given_a_right_to_approve_money_needs_one_from_then_on(db: None) -> None:
    role = Role.objects.create(slug="clerk", name="Clerk", permissions=["home.view"])
    clerk = make_user("Clara", "clerk")
    assert not clerk.lacks_factor
    role.permissions = ["home.view", "payments.approve_deposit"]
    role.save()
    assert User.objects.get(pk=clerk.pk).lacks_factor
