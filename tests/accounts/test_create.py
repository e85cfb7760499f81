"""Opening an account: three steps that each happen once, and passwords that nobody reads twice."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.commands import CreateAccount
from accounts.mirror import mirror_now
from accounts.models import Account
from panel.celery import app
from panel.commands import reconcile
from panel.commands.base import Invalid
from panel.commands.errors import Denied
from panel.lib import vault
from panel.models import ChangeRequest, Platform, Secret, Status
from panel.mt4.limits import check_password
from panel.mt4.read import reader
from panel.mt4.write import writer
from tests.accounts.making import ask, carry_out, done, live, login_of
from tests.core.conftest import Cast
from tests.factories import make_user
from tests.harness.sandbox import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


def command(**fields: Any) -> CreateAccount:
    profile = {"name": "Anna Kowalska", "email": "anna@example.com", "comment": "walked in"}
    given = {"group": "real-std-usd", "leverage": 100, "profile": profile, **fields}
    return CreateAccount(platform="demo", **given)


def with_reference(platform: Platform, request: ChangeRequest) -> list[int]:
    pages = reader(platform.connection).accounts()
    return [
        user.login for page in pages for user in page if user.comment.startswith(request.reference)
    ]


def test_accounts_create_opens_an_account_whose_two_passwords_work(
    platform: Platform, cast: Cast
) -> None:
    request = done(cast.olga, command())

    assert request.status == Status.DONE, request.outcome_text
    assert request.login == request.result["create"]["login"]
    record = live(platform, login_of(request))
    assert (record.name, record.group, record.leverage) == ("Anna Kowalska", "real-std-usd", 100)
    assert record.comment == f"{request.reference} walked in"
    passwords = {
        secret.name: vault.open_text(secret.sealed)
        for secret in Secret.objects.filter(request=request)
    }
    assert passwords.keys() == {"Main password", "Investor password"}
    main, investor = passwords["Main password"], passwords["Investor password"]
    assert check_password(main, investor) == []
    assert reader(platform.connection).check_password(login_of(request), main)
    assert reader(platform.connection).check_password(login_of(request), investor)


def test_no_password_is_in_the_row_of_the_request(platform: Platform, cast: Cast) -> None:
    request = done(cast.olga, command())
    row = str(ChangeRequest.objects.filter(pk=request.pk).values().get())
    for secret in Secret.objects.filter(request=request):
        assert vault.open_text(secret.sealed) not in row


@pytest.mark.parametrize("operation", ["UserRecordNew", "UserPasswordSet"])
def test_an_answer_that_got_lost_opens_no_second_account(
    platform: Platform, cast: Cast, sandbox: SandboxProcess, settings: Any, operation: str
) -> None:
    settings.RECONCILE_PAUSE = 0
    settings.MT4_CHANGE_DEADLINE = 1
    settings.MT4_DEADLINE_MARGIN = 0.5
    sandbox.fault("drop_after", operation, count=1)
    request = done(cast.olga, command())
    assert request.status == Status.UNKNOWN

    for _ in range(2):
        reconcile.look_into(request.pk)
    request.refresh_from_db()

    assert request.status == Status.DONE, request.outcome_text
    assert with_reference(platform, request) == [request.login]


def test_a_request_that_never_arrived_is_sent_again_and_opens_one_account(
    platform: Platform, cast: Cast, sandbox: SandboxProcess, settings: Any
) -> None:
    settings.RECONCILE_PAUSE = 0
    sandbox.fault("drop_before", "UserRecordNew", count=1)
    request = done(cast.olga, command())
    assert request.status == Status.UNKNOWN

    reconcile.look_into(request.pk)
    request.refresh_from_db()

    assert request.status == Status.DONE, request.outcome_text
    assert with_reference(platform, request) == [request.login]


def test_the_account_is_found_even_if_somebody_moved_it_to_another_group_meanwhile(
    platform: Platform, cast: Cast, sandbox: SandboxProcess, settings: Any
) -> None:
    settings.RECONCILE_PAUSE = 0
    sandbox.fault("drop_after", "UserRecordNew", count=1)
    request = done(cast.olga, command())
    (login,) = with_reference(platform, request)
    writer(platform.connection).patch_account(login, {"group": "real-ecn-usd"}, key="moved")

    reconcile.look_into(request.pk)
    request.refresh_from_db()

    assert request.status == Status.DONE
    assert with_reference(platform, request) == [request.login]
    assert "group" in request.outcome_text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"profile": {"name": " "}}, "name"),
        ({"profile": {"name": "A" * 128}}, "name"),
        ({"profile": {"name": "Anna", "email": "not an address"}}, "email"),
        ({"profile": {"name": "Anna", "phone": "4" * 32}}, "phone"),
        ({"profile": {"name": "Анна"}}, "name"),
        ({"profile": {"name": "Anna", "comment": "c" * 52}}, "comment"),
        ({"leverage": 0}, "leverage"),
        ({"leverage": 5001}, "leverage"),
        ({"group": "no-such-group"}, "group"),
    ],
)
def test_what_mt4_would_not_take_is_refused_beside_its_field(
    platform: Platform, cast: Cast, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        ask(cast.olga, command(**fields))
    assert field in refused.value.errors
    assert not ChangeRequest.objects.exists()


def test_nobody_opens_an_account_in_a_group_outside_their_scopes(platform: Platform) -> None:
    narrow = make_user("Nora", "back-office", groups="real-ecn-*")
    with pytest.raises(Denied):
        ask(narrow, command())


def test_the_mirror_reads_the_new_account_at_once(platform: Platform, cast: Cast) -> None:
    app.conf.task_always_eager = True
    try:
        request = carry_out(ask(cast.olga, command()))
    finally:
        app.conf.task_always_eager = False
    assert Account.objects.get(login=login_of(request)).name == "Anna Kowalska"


def test_the_preview_warns_of_an_e_mail_that_is_known_already(
    platform: Platform, cast: Cast
) -> None:
    done(cast.olga, command())
    mirror_now(platform)
    preview = command().preview(reader(platform.connection))
    assert any("this e-mail address already" in check.text for check in preview.checks)
