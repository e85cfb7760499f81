"""Changes of an account: each is done, checked, and found again when its answer got lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from accounts.commands import (
    ChangeAccess,
    ChangeGroup,
    ChangeLeverage,
    ChangeProfile,
    ResetPassword,
)
from panel.commands import reconcile
from panel.commands.base import Command, Invalid
from panel.commands.errors import Denied
from panel.lib import vault
from panel.models import Platform, Secret, Status
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.read import reader
from panel.mt4.write import writer
from tests.accounts.making import ask, carry_out, done, in_the_market, live
from tests.core.conftest import Cast
from tests.core.money import new_account
from tests.factories import make_user
from tests.harness.sandbox import SandboxProcess

pytestmark = pytest.mark.django_db(transaction=True)


def changes(login: int) -> list[Command]:
    aim: dict[str, Any] = {"platform": "demo", "login": login}
    return [
        ChangeProfile(**aim, changes={"city": "Gdynia", "phone": "+48 22 123 45 67"}),
        ChangeLeverage(**aim, leverage=200),
        ChangeGroup(**aim, group="real-ecn-usd"),
        ChangeAccess(**aim, enabled=True, read_only=True),
    ]


# accounts.change_profile, accounts.change_leverage, accounts.change_group, accounts.change_access
@pytest.mark.parametrize("number", range(4))
def test_a_change_is_done_and_read_again(platform: Platform, cast: Cast, number: int) -> None:
    login = new_account(platform, enable_flags=EnableFlags.Enabled)
    command = changes(login)[number]
    request = done(cast.olga, command)

    assert request.status == Status.DONE, request.outcome_text
    assert request.outcome_text == ""
    record = live(platform, login)
    assert command.now(record) == command.aims()  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("fault", ["drop_after", "drop_before", "outcome_unknown_applied"])
def test_a_change_whose_answer_got_lost_is_found_or_sent_again(
    platform: Platform,
    cast: Cast,
    sandbox: SandboxProcess,
    settings: Any,
    number: int,
    fault: str,
) -> None:
    settings.RECONCILE_PAUSE = 0
    login = new_account(platform, enable_flags=EnableFlags.Enabled)
    command = changes(login)[number]
    request = ask(cast.olga, command)
    sandbox.fault(fault, "UserRecord", count=1)
    assert carry_out(request).status == Status.UNKNOWN

    reconcile.look_into(request.pk)
    request.refresh_from_db()

    assert request.status == Status.DONE, request.outcome_text
    assert command.now(live(platform, login)) == command.aims()  # type: ignore[attr-defined]


def test_what_is_neither_as_before_nor_as_asked_goes_to_a_person(
    platform: Platform, cast: Cast, sandbox: SandboxProcess, settings: Any
) -> None:
    settings.RECONCILE_PAUSE = 0
    login = new_account(platform)
    request = ask(cast.olga, ChangeLeverage(platform="demo", login=login, leverage=200))
    sandbox.fault("drop_before", "UserRecord", count=1)
    assert carry_out(request).status == Status.UNKNOWN
    writer(platform.connection).patch_account(login, {"leverage": 50}, key="somebody else")

    reconcile.look_into(request.pk)
    request.refresh_from_db()

    assert (request.status, request.needs_person) == (Status.UNKNOWN, True)
    assert live(platform, login).leverage == 50


def test_an_account_that_changed_after_the_request_is_left_alone(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform)
    request = ask(cast.olga, ChangeLeverage(platform="demo", login=login, leverage=200))
    writer(platform.connection).patch_account(login, {"leverage": 50}, key="another")

    assert carry_out(request).status == Status.FAILED
    assert live(platform, login).leverage == 50


def test_flags_that_were_not_asked_about_stay(platform: Platform, cast: Cast) -> None:
    flags = EnableFlags.Enabled | EnableFlags.ChangePassword | EnableFlags.OneTimePassword
    login = new_account(platform, enable_flags=flags)
    done(cast.olga, ChangeAccess(platform="demo", login=login, enabled=False, read_only=True))
    expected = EnableFlags.ChangePassword | EnableFlags.OneTimePassword | EnableFlags.ReadOnly
    assert live(platform, login).enable_flags == expected


@pytest.mark.parametrize("which", ["main", "investor"])
def test_accounts_reset_password_sets_a_new_one_that_is_sealed(
    platform: Platform, cast: Cast, which: str
) -> None:
    login = new_account(platform, enable_flags=EnableFlags.Enabled)
    request = done(cast.olga, ResetPassword(platform="demo", login=login, which=which))

    assert request.status == Status.DONE, request.outcome_text
    secret = Secret.objects.get(request=request)
    assert reader(platform.connection).check_password(login, vault.open_text(secret.sealed))


def test_a_password_whose_answer_got_lost_is_the_sealed_one_in_the_end(
    platform: Platform, cast: Cast, sandbox: SandboxProcess, settings: Any
) -> None:
    settings.RECONCILE_PAUSE = 0
    login = new_account(platform, enable_flags=EnableFlags.Enabled)
    request = ask(cast.olga, ResetPassword(platform="demo", login=login, which="main"))
    sandbox.fault("drop_after", "UserPasswordSet", count=1)
    assert carry_out(request).status == Status.UNKNOWN

    reconcile.look_into(request.pk)
    request.refresh_from_db()

    assert request.status == Status.DONE
    sealed = Secret.objects.get(request=request).sealed
    assert reader(platform.connection).check_password(login, vault.open_text(sealed))


def test_another_currency_is_refused_while_the_account_holds_anything(
    platform: Platform, cast: Cast
) -> None:
    euros = next(
        group.group
        for group in reader(platform.connection).groups()
        if group.currency == "EUR" and group.enable
    )
    rich, empty = new_account(platform, "10.00"), new_account(platform, "0")
    with pytest.raises(Invalid) as refused:
        ask(cast.olga, ChangeGroup(platform="demo", login=rich, group=euros))
    assert "group" in refused.value.errors
    assert done(cast.olga, ChangeGroup(platform="demo", login=empty, group=euros)).status == "done"


def test_the_leverage_preview_tells_the_margin_that_mt4_then_has(
    platform: Platform, cast: Cast
) -> None:
    level = in_the_market(platform)
    command = ChangeLeverage(platform="demo", login=level.login, leverage=level.leverage * 2)
    preview = command.preview(reader(platform.connection))
    told = next(change.after for change in preview.changes if change.label == "Margin")

    assert done(cast.olga, command).status == Status.DONE
    after = reader(platform.connection).margin_level(level.login).margin
    assert Decimal(told.replace(",", "")) == after
    assert after <= level.margin


def test_a_leverage_that_would_close_positions_at_once_is_refused(
    platform: Platform, cast: Cast
) -> None:
    levels = reader(platform.connection).margin_levels()
    tight = min((level for level in levels if level.margin), key=lambda level: level.level)
    with pytest.raises(Invalid) as refused:
        ask(cast.olga, ChangeLeverage(platform="demo", login=tight.login, leverage=1))
    assert "leverage" in refused.value.errors


@pytest.mark.parametrize(
    "command",
    [
        ChangeProfile(platform="demo", login=1, changes={"phone": "1" * 32}),
        ChangeLeverage(platform="demo", login=1, leverage=0),
        ResetPassword(platform="demo", login=1, which="third"),
        ChangeLeverage(platform="demo", login=1, leverage=100),
    ],
)
def test_nonsense_is_refused_before_anything_is_sent(
    platform: Platform, cast: Cast, command: Command
) -> None:
    with pytest.raises(Invalid):
        ask(cast.olga, command)


def test_a_change_that_changes_nothing_is_refused(platform: Platform, cast: Cast) -> None:
    login = new_account(platform)
    with pytest.raises(Invalid, match="nothing to change"):
        ask(cast.olga, ChangeLeverage(platform="demo", login=login, leverage=100))


def test_nobody_changes_accounts_outside_their_scopes_or_without_the_right(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform)
    command = ChangeLeverage(platform="demo", login=login, leverage=200)
    for person in (cast.carol, make_user("Nora", "dealer", groups="real-ecn-*")):
        with pytest.raises(Denied):
            ask(person, command)


def test_nobody_moves_an_account_into_a_group_outside_their_scopes(platform: Platform) -> None:
    narrow = make_user("Nora", "dealer", groups="real-std-usd")
    with pytest.raises(Invalid) as refused:
        ask(narrow, ChangeGroup(platform="demo", login=new_account(platform), group="real-ecn-usd"))
    assert "group" in refused.value.errors
