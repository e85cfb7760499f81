"""Clocks and servers that move while a payment is unknown: it is looked for where it was sent."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from panel.commands.base import Command, Invalid
from panel.models import ChangeRequest, Platform, Status
from panel.mt4.read import reader
from panel.pages.commands.platforms import AddPlatform, ChangePlatform
from panel.pages.tasks import glance, keep
from payments.commands import Deposit
from payments.transfers import Transfer
from tests.chaos.conftest import KEY_MEMORY, demo, proxied
from tests.chaos.plugged import asked, settled_or_with_a_person
from tests.chaos.truth import booked
from tests.core.money import balance_of, new_account
from tests.harness.sandbox import SandboxProcess
from tests.harness.stack import Stack
from tests.harness.waiting import wait_until

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]
DAYS = 3 * 86_400
OTHER_ID = "22222222-1111-4111-8111-111111111111"
LONG = 90
# Longer than a key is remembered and than two looks at what is unknown are apart.
LONGER = KEY_MEMORY + 4


@contextmanager
def killed_with_the_answer_on_its_way(stack: Stack, login: int) -> Iterator[None]:
    """What is asked for within is carried out by MT4, and the worker dies before it hears so. It
    stays dead for as long as a key is remembered; a new one has started afterwards.
    """
    before = sum(map(len, booked(stack, [login]).values()))
    stack.proxy.rule("delay_answer", login=login, seconds=3, count=1)
    yield
    wait_until(lambda: sum(map(len, booked(stack, [login]).values())) > before, LONG, "the record")
    stack.workers[-1].kill()


def comes_to_an_end(request: ChangeRequest) -> ChangeRequest:
    """The request once it does not go on by itself, and a little later still."""
    wait_until(settled_or_with_a_person([request]), LONG, f"an end of {request.reference}")
    time.sleep(LONGER)
    return ChangeRequest.objects.get(pk=request.pk)


def look_at_the_platform() -> None:
    """What the watch does every few seconds: the offset of the server's clock is read anew."""
    platform = demo()
    keep(platform, glance(platform))


# --- The clock ----------------------------------------------------------------------------


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
@pytest.mark.parametrize("seconds", [DAYS, -DAYS], ids=["forwards", "back"])
def test_the_clock_moves_while_a_deposit_is_unknown(
    make_stack: Callable[..., Stack], database: str, seconds: int
) -> None:
    stack = proxied(make_stack, database)
    with stack.connected():
        login = new_account(demo(), "0")
        with killed_with_the_answer_on_its_way(stack, login):
            request = asked(Deposit(platform="demo", login=login, amount=Decimal("500.00")))
        stack.sandbox.jump(seconds)
        look_at_the_platform()
        time.sleep(KEY_MEMORY + 1)
        stack.start_worker()

        done = comes_to_an_end(request)

        assert len(booked(stack, [login])[request.reference]) == 1
        assert len(stack.proxy.sendings(login=login)) == 1
        assert done.status == Status.DONE, done.outcome_text
        assert balance_of(demo(), login) == Decimal("500.00")


@pytest.mark.parametrize("seconds", [DAYS, -DAYS], ids=["forwards", "back"])
def test_the_clock_moves_between_the_legs_of_a_transfer(
    make_stack: Callable[..., Stack], seconds: int
) -> None:
    stack = proxied(make_stack)
    with stack.connected():
        source, target = new_account(demo(), "1000.00"), new_account(demo(), "0")
        with killed_with_the_answer_on_its_way(stack, target):
            request = asked(
                Transfer(platform="demo", login=source, to_login=target, amount=Decimal("300.00"))
            )
        stack.sandbox.jump(seconds)
        look_at_the_platform()
        time.sleep(KEY_MEMORY + 1)
        stack.start_worker()
        done = comes_to_an_end(request)
        assert done.status == Status.DONE, done.outcome_text
        assert [balance_of(demo(), source), balance_of(demo(), target)] == [700, 300]
        assert len(stack.proxy.sendings(login=target)) == 1


# --- The address --------------------------------------------------------------------------


def changed(**fields: Any) -> ChangePlatform:
    """The demo platform with other fields."""
    platform = demo()
    values: dict[str, Any] = {
        "slug": platform.slug,
        "title": platform.name,
        "platform_id": str(platform.platform_id),
        "authority": platform.authority,
        "api_base": platform.api_base,
        "client_id": platform.client_id,
        "client_secret_sealed": "",
        "is_sandbox": True,
        **fields,
    }
    return ChangePlatform(**values)


@pytest.fixture
def other(tmp_path: Path) -> Iterator[SandboxProcess]:
    """Another server, with its own data."""
    with SandboxProcess(
        tmp_path / "other", accounts=20, seed=3, server_name="Other-Live", platform=OTHER_ID
    ) as sandbox:
        yield sandbox


def refused(command: Command) -> str:
    """Why an administrator's request is refused as it is made."""
    with pytest.raises(Invalid) as invalid:
        command.validate(None, None)
    return str(invalid.value)


def test_a_platform_with_open_payments_cannot_be_pointed_elsewhere(
    make_stack: Callable[..., Stack], other: SandboxProcess
) -> None:
    stack = proxied(make_stack)
    with stack.connected():
        login = new_account(demo(), "0")
        with killed_with_the_answer_on_its_way(stack, login):
            request = asked(Deposit(platform="demo", login=login, amount=Decimal("500.00")))
        for fields in (
            {"api_base": other.url, "authority": other.url},
            {"api_base": other.url},
            {"platform_id": OTHER_ID},
        ):
            assert request.reference in refused(changed(**fields))
        # A new name, or another secret, is no other server.
        changed(title="Another name").validate(None, None)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_payment_is_looked_for_at_the_server_that_it_was_sent_to(
    make_stack: Callable[..., Stack], database: str, tmp_path: Path
) -> None:
    """The address is changed in the database itself, past every check, to a copy of the server."""
    stack = proxied(make_stack, database)
    with stack.connected():
        login = new_account(demo(), "0")
        stack.sandbox.stop()
        shutil.copytree(stack.sandbox.data_dir, tmp_path / "copy")
        stack.sandbox.start()
        with SandboxProcess(tmp_path / "copy", key_memory=KEY_MEMORY) as copy:
            with killed_with_the_answer_on_its_way(stack, login):
                request = asked(Deposit(platform="demo", login=login, amount=Decimal("500.00")))
            Platform.objects.update(authority=copy.url, api_base=copy.url)
            time.sleep(KEY_MEMORY + 1)
            stack.start_worker()

            done = comes_to_an_end(request)

            assert len(booked(stack, [login])[request.reference]) == 1
            assert balance_of(demo(), login) == 0
            assert copy.calls("TradeTransaction") == []
            assert done.status == Status.DONE or done.needs_person, done.outcome_text


def test_another_server_that_stands_at_the_old_address_is_sent_nothing(
    make_stack: Callable[..., Stack], tmp_path: Path
) -> None:
    """The name in the network leads elsewhere, and the panel's own rows have not changed."""
    stack = proxied(make_stack)
    with stack.connected():
        login = new_account(demo(), "0")
        with SandboxProcess(
            tmp_path / "other", accounts=60, seed=3, server_name="Other-Live"
        ) as another:
            with killed_with_the_answer_on_its_way(stack, login):
                request = asked(Deposit(platform="demo", login=login, amount=Decimal("500.00")))
            waits = asked(Deposit(platform="demo", login=login, amount=Decimal("7.00")))
            stack.proxy.point_to(another.url)
            time.sleep(KEY_MEMORY + 1)
            stack.start_worker()
            time.sleep(LONGER + 6)
            assert another.calls("TradeTransaction") == []
            for one in (request, waits):
                one.refresh_from_db()
                assert one.status not in (Status.DONE, Status.FAILED), one.outcome_text
            stack.proxy.point_to(stack.sandbox.url)
            assert len(booked(stack, [login])[request.reference]) == 1


# --- One server, two platforms -----------------------------------------------------------


def added(**fields: Any) -> AddPlatform:
    """The server of the demo platform once more, under another short name."""
    platform = demo()
    values: dict[str, Any] = {
        "slug": "second",
        "title": "Second",
        "platform_id": str(platform.platform_id),
        "authority": platform.authority,
        "api_base": platform.api_base,
        "client_id": platform.client_id,
        "client_secret_sealed": platform.client_secret_sealed,
        "is_sandbox": True,
        **fields,
    }
    return AddPlatform(**values)


def test_one_server_is_one_platform_by_whatever_road_it_is_reached(
    make_stack: Callable[..., Stack], other: SandboxProcess
) -> None:
    stack = proxied(make_stack)
    with stack.connected():
        straight = stack.sandbox.url
        local = straight.replace("127.0.0.1", "localhost")
        for fields in (
            {"api_base": straight, "authority": straight},
            {"api_base": local, "authority": local},
            {"platform_id": str(demo().platform_id).upper()},
        ):
            assert demo().name in refused(added(**fields))
        added(api_base=other.url, authority=other.url, platform_id=OTHER_ID).validate(None, None)


# --- MT4 restored from a backup ------------------------------------------------------------


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_nothing_is_repeated_on_a_restored_server_without_a_person(
    make_stack: Callable[..., Stack], database: str
) -> None:
    stack = proxied(make_stack, database)
    with stack.connected():
        login, second = new_account(demo(), "1000.00"), new_account(demo(), "1000.00")
        backup = stack.sandbox.back_up()
        busy = asked(Deposit(platform="demo", login=second, amount=Decimal("20.00")))
        wait_until(settled_or_with_a_person([busy]), LONG, "the payment before")
        with killed_with_the_answer_on_its_way(stack, login):
            request = asked(Deposit(platform="demo", login=login, amount=Decimal("500.00")))
        stack.sandbox.restore(backup)
        stack.sandbox.forget_keys()
        sent = len(stack.proxy.passed)
        stack.start_worker()

        unknown = comes_to_an_end(request)

        assert (unknown.status, unknown.needs_person) == (Status.UNKNOWN, True)
        assert len(stack.proxy.passed) == sent
        assert balance_of(demo(), login) == Decimal("1000.00")


def test_a_transfer_between_whose_legs_the_server_was_restored_goes_to_a_person(
    make_stack: Callable[..., Stack],
) -> None:
    stack = proxied(make_stack)
    with stack.connected():
        source, target = new_account(demo(), "1000.00"), new_account(demo(), "0")
        backup = stack.sandbox.back_up()
        with killed_with_the_answer_on_its_way(stack, target):
            request = asked(
                Transfer(platform="demo", login=source, to_login=target, amount=Decimal("300.00"))
            )
        stack.sandbox.restore(backup)
        stack.sandbox.forget_keys()
        sent = len(stack.proxy.passed)
        stack.start_worker()
        unknown = comes_to_an_end(request)
        assert (unknown.status, unknown.needs_person) == (Status.UNKNOWN, True)
        assert len(stack.proxy.passed) == sent
        live = reader(demo().connection)
        assert [live.account(login).balance for login in (source, target)] == [1000, 0]
