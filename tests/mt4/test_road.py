"""The road to MT4 and back: reader and writer against a real sandbox process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from panel.lib.clock import uptime
from panel.mt4.client import Connection
from panel.mt4.errors import LeaseLost, OutcomeUnknown, Rejected, Unavailable
from panel.mt4.protocol.enums import TradeCommand, TradeRecordState, UsersGroupCommand
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.protocol.records import User, UserCreate, UsersGroupOp
from panel.mt4.read import Reader, reader
from panel.mt4.write import Writer, writer
from tests.harness.sandbox import CLIENT_ID, CLIENT_SECRET, PLATFORM, SandboxProcess


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A seeded server with 120 accounts that remembers a key for a second."""
    folder = tmp_path_factory.mktemp("sandbox")
    with SandboxProcess(folder, accounts=120, key_memory=1) as process:
        yield process


@pytest.fixture(scope="module")
def connection(sandbox: SandboxProcess) -> Connection:
    """How the panel would reach it, with little patience."""
    return Connection(
        authority=sandbox.url,
        api_base=sandbox.url,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        platform_id=PLATFORM,
        deadline_margin=2,
    )


@pytest.fixture
def mt4(connection: Connection) -> Reader:
    return reader(connection)


@pytest.fixture
def change(connection: Connection) -> Writer:
    return writer(connection)


@pytest.fixture
def account(mt4: Reader, change: Writer) -> User:
    """A new account with both passwords and 1,000.00 on it."""
    group = next(group.group for group in mt4.groups() if group.currency == "USD")
    user = change.create_account(
        UserCreate(
            group=group,
            name="Alice Road",
            leverage=100,
            enable_flags=EnableFlags.Enabled | EnableFlags.ChangePassword,
        ),
        key=key(),
    )
    change.set_password(user.login, "Alice123", key=key())
    change.set_password(user.login, "Alice456", investor=True, key=key())
    change.balance(user.login, Decimal("1000.00"), "DP FIRST", key=key())
    return mt4.account(user.login)


@pytest.fixture
def fault(sandbox: SandboxProcess) -> Iterator[Any]:
    """Set a fault of the sandbox; all are cleared afterwards."""

    def set_fault(kind: str, operation: str, **rule: Any) -> None:
        sandbox.fault(kind, operation, count=1, **rule)

    yield set_fault
    sandbox.clear_faults()


def key() -> str:
    return str(uuid4())


def found(mt4: Reader, login: int, reference: str) -> list[Decimal]:
    """Amounts of the records in the account's history that carry this reference."""
    return [trade.profit for trade in mt4.history(login) if trade.comment == reference]


def test_platform_is_listed_without_an_envelope(mt4: Reader) -> None:
    (platform,) = mt4.platforms()
    assert platform.id == PLATFORM
    assert platform.login


def test_server_tells_its_time_name_and_rights(mt4: Reader) -> None:
    assert abs(mt4.server_time() - mt4.server_time()) < timedelta(seconds=5)
    assert mt4.common().name
    assert any(manager.money for manager in mt4.manager_rights())


def test_groups_and_symbols_are_read(mt4: Reader) -> None:
    groups = mt4.groups()
    assert mt4.group(groups[0].group) == groups[0]
    assert any(symbol.symbol == "EURUSD" for symbol in mt4.symbols())
    with pytest.raises(Rejected):
        mt4.group("no-such-group")


def test_accounts_come_in_pages_by_login(mt4: Reader) -> None:
    pages = list(mt4.accounts(limit=50))
    logins = [user.login for page in pages for user in page]
    assert len(pages) > 2
    assert logins == sorted(set(logins))
    assert mt4.accounts_of(logins[:3])[0].login == logins[0]
    first = mt4.account(logins[0])
    assert first.login in [user.login for user in mt4.group_accounts(first.group)]


def test_margins_and_trades_agree_with_the_accounts(mt4: Reader) -> None:
    trades = [trade for page in mt4.open_trades(limit=40) for trade in page]
    assert trades
    trade = trades[0]
    assert mt4.trade(trade.order).login == trade.login
    owner = mt4.account(trade.login)
    assert trade.order in [each.order for each in mt4.trades_of(owner.login, owner.group)]
    level = mt4.margin_level(owner.login)
    assert level.balance == owner.balance + owner.credit
    assert owner.login in [each.login for each in mt4.margin_levels()]


def test_an_account_that_does_not_exist_is_rejected(mt4: Reader) -> None:
    with pytest.raises(Rejected) as caught:
        mt4.account(99_999_999)
    assert caught.value.explain()


def test_account_is_created_with_both_passwords_and_money(mt4: Reader, account: User) -> None:
    assert account.balance == Decimal("1000.00")
    assert account.enable_flags == EnableFlags.Enabled | EnableFlags.ChangePassword
    assert mt4.check_password(account.login, "Alice123")
    assert not mt4.check_password(account.login, "Wrong123")
    assert mt4.balance_check(account.login).diff == 0
    assert mt4.balance_checks([account.login]) == []


def test_patch_changes_what_it_names_and_nothing_else(
    mt4: Reader, change: Writer, account: User
) -> None:
    change.patch_account(account.login, {"city": "Wien", "leverage": 200}, key=key())
    after = mt4.account(account.login)
    assert (after.city, after.leverage) == ("Wien", 200)
    assert (after.name, after.balance) == (account.name, account.balance)


def test_group_operation_moves_and_disables(mt4: Reader, change: Writer, account: User) -> None:
    change.group_op(
        UsersGroupOp(command=UsersGroupCommand.Disable, logins=(account.login,)), key=key()
    )
    assert EnableFlags.Enabled not in mt4.account(account.login).enable_flags


def test_deposit_and_withdrawal_stand_in_the_history(
    mt4: Reader, change: Writer, account: User
) -> None:
    change.balance(account.login, Decimal("-400.10"), "WD 7Q2K9F31", key=key())
    assert mt4.account(account.login).balance == Decimal("599.90")
    (record,) = [t for t in mt4.history(account.login) if t.comment == "WD 7Q2K9F31"]
    assert record.profit == Decimal("-400.10")
    assert record.trade_command is TradeCommand.Balance
    assert record.trade_record_state is TradeRecordState.ClosedNormal
    now = mt4.server_time()
    hour = timedelta(hours=1)
    assert record in mt4.history(account.login, now - hour, now + hour)
    assert mt4.history(account.login, now - 3 * hour, now - 2 * hour) == []
    assert record in mt4.reports([account.login], now - hour, now + hour)


def test_credit_goes_in_with_an_expiration_and_out_without(
    mt4: Reader, change: Writer, account: User
) -> None:
    later = mt4.server_time() + timedelta(days=30)
    credit = TradeCommand.Credit
    login = account.login
    change.balance(login, Decimal(200), "CR IN", kind=credit, expiration=later, key=key())
    assert mt4.account(login).credit == Decimal("200.00")
    change.balance(login, Decimal(-150), "CR OUT", kind=credit, key=key())
    after = mt4.account(login)
    assert (after.balance, after.credit) == (Decimal("1000.00"), Decimal("50.00"))


def test_withdrawal_of_more_than_there_is_is_refused_with_words(
    change: Writer, account: User
) -> None:
    with pytest.raises(Rejected) as caught:
        change.balance(account.login, Decimal("-1000.01"), "WD TOO MUCH", key=key())
    assert caught.value.manager_code == "TradeNoMoney"
    assert "enough free money" in caught.value.explain()


def test_same_key_pays_once(mt4: Reader, change: Writer, account: User) -> None:
    same = key()
    for _ in range(3):
        change.balance(account.login, Decimal(10), "DP ONCE", key=same)
    assert found(mt4, account.login, "DP ONCE") == [Decimal("10.00")]


@pytest.mark.parametrize("kind", ["drop_after", "html_502_after", "outcome_unknown_applied"])
def test_applied_change_without_an_answer_is_unknown_and_the_evidence_is_there(
    kind: str, mt4: Reader, change: Writer, account: User, fault: Any
) -> None:
    fault(kind, "TradeTransaction")
    with pytest.raises(OutcomeUnknown):
        change.balance(account.login, Decimal(-50), "WD EVIDENCE", key=key())
    assert found(mt4, account.login, "WD EVIDENCE") == [Decimal("-50.00")]


@pytest.mark.parametrize("kind", ["drop_before", "html_502", "outcome_unknown_not_applied"])
def test_change_that_never_arrived_is_unknown_too_and_leaves_no_evidence(
    kind: str, mt4: Reader, change: Writer, account: User, fault: Any
) -> None:
    fault(kind, "TradeTransaction")
    with pytest.raises(OutcomeUnknown):
        change.balance(account.login, Decimal(-50), "WD NOTHING", key=key())
    assert found(mt4, account.login, "WD NOTHING") == []


def test_busy_server_has_done_nothing(
    mt4: Reader, change: Writer, account: User, fault: Any
) -> None:
    fault("busy", "TradeTransaction")
    with pytest.raises(Unavailable):
        change.balance(account.login, Decimal(-50), "WD BUSY", key=key())
    assert found(mt4, account.login, "WD BUSY") == []


@pytest.mark.parametrize("kind", ["drop_before", "html_502", "busy", "read_timeout"])
def test_read_that_fails_is_unavailable_and_the_next_one_works(
    kind: str, mt4: Reader, account: User, fault: Any
) -> None:
    fault(kind, "UserRecordRequest")
    with pytest.raises(Unavailable):
        mt4.account(account.login)
    assert mt4.account(account.login).login == account.login


def test_slow_change_is_unknown_and_its_repeat_is_in_progress(
    mt4: Reader, change: Writer, account: User, fault: Any
) -> None:
    same = key()
    fault("delay", "TradeTransaction", seconds=3)
    with pytest.raises(OutcomeUnknown):
        change.balance(account.login, Decimal(-50), "WD SLOW", key=same, deadline=1)
    with pytest.raises(OutcomeUnknown) as caught:
        change.balance(account.login, Decimal(-50), "WD SLOW", key=same, deadline=1)
    assert caught.value.in_progress
    time.sleep(2.5)
    assert found(mt4, account.login, "WD SLOW") == [Decimal("-50.00")]


def test_lease_that_is_over_sends_nothing(mt4: Reader, change: Writer, account: User) -> None:
    with pytest.raises(LeaseLost):
        change.balance(account.login, Decimal(-50), "WD LATE", key=key(), send_before=uptime())
    assert found(mt4, account.login, "WD LATE") == []


def test_wrong_secret_is_unavailable(connection: Connection) -> None:
    stranger = Connection(
        authority=connection.authority,
        api_base=connection.api_base,
        client_id=CLIENT_ID,
        client_secret="wrong",
        platform_id=PLATFORM,
    )
    with pytest.raises(Unavailable):
        reader(stranger).server_time()


def test_one_writer_serves_many_threads(mt4: Reader, change: Writer, account: User) -> None:
    def pay(number: int) -> None:
        change.balance(account.login, Decimal("0.01"), f"DP {number}", key=key())

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(pay, range(64)))
    assert mt4.account(account.login).balance == Decimal("1000.64")
    assert mt4.balance_check(account.login).diff == 0
