"""The mirror: what MT4 has, kept up to date without writing what has not changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from accounts import tasks
from accounts.mirror import mirror_accounts_of, mirror_margins_of, mirror_now, refresh
from accounts.models import Account, Mirror
from panel.models import Platform
from panel.mt4.protocol.enums import UsersGroupCommand
from panel.mt4.protocol.records import UsersGroupOp
from panel.mt4.read import reader
from panel.mt4.write import writer
from tests.core.money import new_account
from tests.factories import make_platform
from tests.harness.sandbox import SandboxProcess

pytestmark = pytest.mark.django_db

Captured = Callable[..., Any]


def everybody(platform: Platform) -> dict[int, Any]:
    pages = reader(platform.connection).accounts()
    return {user.login: user for page in pages for user in page}


def test_the_mirror_holds_every_account_with_its_figures(platform: Platform) -> None:
    assert mirror_now(platform) == len(everybody(platform))
    levels = {level.login: level for level in reader(platform.connection).margin_levels()}
    for row in Account.objects.all():
        user = everybody(platform)[row.login] if row.login in levels else None
        if user is None:
            assert row.equity == row.balance + row.credit
            assert (row.margin, row.level) == (Decimal(0), None)
        else:
            assert (row.name, row.balance, row.leverage) == (user.name, user.balance, user.leverage)
            assert row.margin == levels[row.login].margin
    assert set(Account.objects.values_list("currency", flat=True)) >= {"USD", "EUR", "JPY"}


def test_a_second_pass_writes_no_figures_again(
    platform: Platform, django_assert_max_num_queries: Captured
) -> None:
    mirror_accounts_of(platform)
    with django_assert_max_num_queries(12) as captured:
        mirror_accounts_of(platform)
    written = [query["sql"] for query in captured.captured_queries]
    assert not [sql for sql in written if sql.startswith("INSERT") and "balance" in sql]


def test_changes_reach_the_mirror_and_vanished_accounts_are_marked(platform: Platform) -> None:
    login, leaving = new_account(platform, "10.00"), new_account(platform, "0")
    mirror_now(platform)
    pen = writer(platform.connection)
    pen.patch_account(login, {"name": "Émile Zola"}, key="rename")
    pen.balance(login, Decimal("5.00"), comment="more", key="more")
    pen.group_op(UsersGroupOp(command=UsersGroupCommand.Delete, logins=(leaving,)), key="leave")
    mirror_now(platform)

    row = Account.objects.get(login=login)
    assert (row.name, row.name_key, row.balance) == ("Émile Zola", "émile zola", Decimal("15.00"))
    assert row.equity == Decimal("15.00")
    gone = Account.objects.get(login=leaving)
    assert gone.gone is not None
    assert gone not in Account.objects.present()


def test_a_page_read_earlier_does_not_overwrite_what_was_read_since(platform: Platform) -> None:
    login = new_account(platform, "10.00")
    refresh(platform, login)
    later = timezone.now() + timedelta(minutes=1)
    Account.objects.filter(login=login).update(balance=Decimal("99.00"), synced_at=later)
    mirror_accounts_of(platform)
    assert Account.objects.get(login=login).balance == Decimal("99.00")


def test_an_account_that_is_gone_is_marked_when_it_is_read_on_its_own(platform: Platform) -> None:
    login = new_account(platform, "0")
    refresh(platform, login)
    leave = UsersGroupOp(command=UsersGroupCommand.Delete, logins=(login,))
    writer(platform.connection).group_op(leave, key="leave one")
    refresh(platform, login)
    assert Account.objects.get(login=login).gone is not None


def test_a_run_keeps_others_out_and_lets_them_in_afterwards(platform: Platform) -> None:
    cache.add(f"mirror-accounts:{platform.pk}", "another run", 60)
    tasks.mirror_accounts()
    assert not Mirror.objects.exists()
    cache.clear()
    tasks.mirror_accounts()
    tasks.mirror_margins()
    mirror = Mirror.objects.get()
    assert mirror.accounts_at is not None
    assert mirror.margins_at is not None
    assert cache.get(f"mirror-accounts:{platform.pk}") is None


def test_a_server_that_is_away_does_not_stop_the_next_one(
    platform: Platform, sandbox: SandboxProcess
) -> None:
    make_platform(slug="away", name="Away", platform_id="22222222-2222-4222-8222-222222222222")
    tasks.mirror_accounts()
    assert Account.objects.filter(platform=platform).exists()
    assert not Account.objects.exclude(platform=platform).exists()
    assert not Mirror.objects.exclude(platform=platform).exists()


@pytest.mark.usefixtures("sandbox")
def test_margins_follow_the_market(platform: Platform, sandbox: SandboxProcess) -> None:
    mirror_now(platform)
    before = dict(Account.objects.values_list("login", "equity"))
    sandbox.price("EURUSD", 1.5, 1.5002)
    assert mirror_margins_of(platform) > 0
    after = dict(Account.objects.values_list("login", "equity"))
    assert before != after
