"""Holds: whose money is on its way on which account, and for how long."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor

from panel.commands import executor, holds
from panel.models import ChangeRequest, Hold, Platform, Status
from tests.core.conftest import Cast
from tests.core.money import ask_deposit, balance_of, carry_out, new_account
from tests.core.test_reconcile import settle_down
from tests.harness.at_once import at_once
from tests.harness.sandbox import SandboxProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def held(platform: Platform) -> list[int]:
    """The logins that are held."""
    return list(Hold.objects.filter(platform=platform).values_list("login", flat=True))


def test_an_account_is_held_from_the_claim_to_the_final_outcome(
    platform: Platform, cast: Cast
) -> None:
    login = new_account(platform)
    request = ask_deposit(cast.olga, login, "10.00")
    assert held(platform) == []
    claimed = executor.claim(request.pk)
    assert claimed is not None
    assert held(platform) == [login]
    executor.attempt(*executor.open_call(claimed))
    assert ChangeRequest.objects.get(pk=request.pk).status == Status.DONE
    assert held(platform) == []


def test_an_account_stays_held_while_the_outcome_is_unknown(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = new_account(platform)
    first = ask_deposit(cast.olga, login, "10.00")
    sandbox.fault("drop_after", "TradeTransaction", login=login, count=1)
    assert carry_out(first).status == Status.UNKNOWN
    assert held(platform) == [login]

    second = carry_out(ask_deposit(cast.olga, login, "5.00"))
    assert second.status == Status.APPROVED
    assert second.waiting_for == f"Waits for {first.reference} on the same account."

    assert settle_down(first).status == Status.DONE
    assert held(platform) == []
    assert carry_out(second).status == Status.DONE
    assert balance_of(platform, login) == Decimal("1015.00")


def test_a_request_that_found_mt4_away_gives_its_account_back(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = new_account(platform)
    request = ask_deposit(cast.olga, login, "10.00")
    sandbox.fault("busy", "TradeTransaction", login=login, count=1)
    assert carry_out(request).status == Status.APPROVED
    assert held(platform) == []


def test_all_of_several_accounts_are_taken_or_none(platform: Platform, cast: Cast) -> None:
    one, two = (ask_deposit(cast.olga, new_account(platform), "1.00") for _ in range(2))
    with transaction.atomic():
        holds.take(one, [7])
    with pytest.raises(holds.Held) as refused, transaction.atomic():
        holds.take(two, [9, 8, 7])
    assert refused.value.other == one
    assert held(platform) == [7]


def test_items_get_the_accounts_that_are_free_and_one_each(platform: Platform, cast: Cast) -> None:
    one, two = (ask_deposit(cast.olga, new_account(platform), "1.00") for _ in range(2))
    with transaction.atomic():
        holds.take(one, [7])
        assert holds.take_many(platform, [(7, 1), (8, 2), (8, 3), (9, 4)], two) == {8, 9}
        assert holds.take_many(platform, [(8, 3), (9, 4)], two) == {9}
    holds.release_accounts(two, [8])
    assert sorted(held(platform)) == [7, 9]
    holds.release(two)
    assert held(platform) == [7]


@pytest.mark.parametrize("again", range(5))
def test_two_that_want_the_same_accounts_in_another_order_have_one_winner(
    platform: Platform, cast: Cast, again: int
) -> None:
    one, two = (ask_deposit(cast.olga, new_account(platform), "1.00") for _ in range(2))

    def take(request: ChangeRequest, logins: list[int]) -> str:
        with transaction.atomic():
            holds.take(request, logins)
        return request.reference

    answers = at_once(lambda: take(one, [7, 8]), lambda: take(two, [8, 7]))
    assert sorted(isinstance(answer, holds.Held) for answer in answers) == [False, True], answers
    assert sorted(held(platform)) == [7, 8]


def test_the_migration_carries_over_what_is_under_way(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    logins = [new_account(platform) for _ in range(3)]
    unknown, running, waiting = (ask_deposit(cast.olga, login, "10.00") for login in logins)
    sandbox.fault("drop_after", "TradeTransaction", login=logins[0], count=1)
    assert carry_out(unknown).status == Status.UNKNOWN
    assert executor.claim(running.pk)
    Hold.objects.all().delete()
    carry_over = MigrationExecutor(connection).loader.get_migration("panel", "0004_holds")
    apps = MigrationExecutor(connection).loader.project_state([("panel", "0004_holds")]).apps
    carry_over.operations[-1].code(apps, connection.schema_editor())  # type: ignore[attr-defined]
    assert sorted(held(platform)) == sorted(logins[:2])
    assert ChangeRequest.objects.get(pk=waiting.pk).status == Status.APPROVED
