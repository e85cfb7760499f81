"""Checking: every line against accounts, scopes, rights, the past, live figures and limits."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from accounts.mirror import mirror_now as mirror_accounts
from panel.models import AuditEntry, Platform
from payments.bulk import check as checking
from payments.bulk import digest, store
from payments.bulk.check import check
from payments.bulk.findings import name_apart
from payments.bulk.tasks import sweep_bulk_checks
from payments.commands import Deposit
from payments.models import BulkFile, BulkItem, Kind, Payment, WithdrawalStop
from tests.core.conftest import Cast
from tests.factories import make_user
from tests.payments.bulk.bulk import checked, problems, submitted, upload
from tests.payments.bulk.files import TO, csv_of
from tests.payments.limiting import make_limit
from tests.payments.test_commands import ask, enabled_account, make

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_good_file_is_ready_with_its_lines_totals_and_digest(
    platform: Platform, cast: Cast
) -> None:
    anna, bernd = enabled_account(platform, name="Anna Kowalska"), enabled_account(platform)
    mirror_accounts(platform)
    file = checked(
        cast.olga,
        f"{anna},deposit,100.10,USD,SEPA-1,March",
        f"{bernd},deposit,50,usd,SEPA-2,",
        f"{anna},withdrawal,20,USD,,{TO}",
    )
    assert problems(file) == []
    assert (file.state, file.rows, file.errors) == (BulkFile.State.READY, 3, 0)
    assert file.totals == [
        {"kind": "deposit", "currency": "USD", "count": 2, "amount": "150.10", "largest": "100.10"},
        {
            "kind": "withdrawal",
            "currency": "USD",
            "count": 1,
            "amount": "20.00",
            "largest": "20.00",
        },
    ]
    first = file.items.get(line=2)
    assert (first.login, first.kind, first.amount) == (anna, Kind.DEPOSIT, Decimal("100.10"))
    assert (first.account_name, first.mt4_group) == ("Anna Kowalska", "real-std-usd")
    assert file.groups == ["real-std-usd"]
    assert len({item.reference for item in file.items.all()}) == 3
    assert file.items_sha256 == digest.of_file(file)
    assert AuditEntry.objects.get(action="bulk file checked").detail == (
        "3 rows; no error. Warnings: 1 line: deposit without trading; "
        "1 line: not a kept beneficiary."
    )


def test_a_reference_that_was_given_out_before_is_given_to_no_other_line(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform)
    known = checked(cast.olga, f"{login},deposit,100,USD,SEPA-1,").items.get().reference
    items = [
        BulkItem(reference=known),
        BulkItem(reference=known),
        BulkItem(reference="BD 00000000"),
    ]
    name_apart(items)
    assert len({known, *(item.reference for item in items)}) == 4
    assert items[2].reference == "BD 00000000"


def test_every_fault_is_named_by_line_and_column_and_nothing_is_kept(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "100.00")
    file = checked(
        cast.olga,
        "199,deposit,10,USD,,",
        f"{login},deposit,10,EUR,,",
        f"{login},deposit,1.234,USD,,",
        f"{login},deposit,10,USD,A,",
        f"{login},deposit,10,USD,A,",
        f"{login},deposit,11,USD,A,",
        f"{login},credit_in,5,USD,,",
    )
    assert file.state == BulkFile.State.HAS_ERRORS
    assert [found[:2] for found in problems(file)] == [
        (2, "login"),
        (3, "currency"),
        (4, "amount"),
        (6, "login"),
        (7, "reference"),
        (8, "kind"),
    ]
    said = " ".join(message for _, _, message in problems(file))
    for words in (
        "no account 199 on this platform",
        f"The account {login} is in USD.",
        "3 decimals",
        "the same as line 5",
        "already that of line 5",
        "needs its last day",
    ):
        assert words in said
    assert (file.rows, file.errors) == (7, 6)
    assert not BulkItem.objects.exists()


def test_what_is_wrong_with_the_account_of_a_faulty_line_is_named_with_the_rest(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform)
    file = checked(cast.olga, f"{login},gift,1,EUR,,", "199,deposit,1.234,USD,,")
    assert [found[:2] for found in problems(file)] == [
        (2, "kind"),
        (2, "currency"),
        (3, "amount"),
        (3, "login"),
    ]


def test_a_withdrawal_from_an_account_that_is_stopped_is_named(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform)
    stop = ask(cast.olga, make(Deposit, login, "1.00"))
    WithdrawalStop.objects.create(platform=platform, login=login, request=stop, why="fraud")
    file = checked(cast.olga, f"{login},withdrawal,1,USD,,{TO}", f"{login},deposit,2,USD,,")
    assert problems(file) == [(2, "login", "Withdrawals from this account are stopped.")]


def test_an_account_opened_since_the_mirror_was_read_is_known(
    platform: Platform, cast: Cast
) -> None:
    mirror_accounts(platform)
    login = enabled_account(platform)
    assert checked(cast.olga, f"{login},deposit,1,USD,,").state == BulkFile.State.READY


def test_an_account_outside_the_scope_is_told_like_one_that_is_not_there(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform)
    erik = make_user("Erik", "back-office", groups="real-std-eur")
    inside = problems(checked(erik, f"{login},deposit,1,USD,,"))[0][2]
    assert inside == f"There is no account {login} on this platform, or it is not in your scope."


def test_withdrawals_beyond_what_is_free_are_named_at_the_line_that_goes_beyond(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "100.00")
    file = checked(
        cast.olga,
        f"{login},deposit,500,USD,,",
        f"{login},withdrawal,60,USD,a,{TO}",
        f"{login},withdrawal,40.01,USD,b,{TO}",
        f"{login},credit_out,1,USD,c,",
    )
    assert [(line, column) for line, column, _ in problems(file)] == [(4, "amount"), (5, "amount")]
    assert "100.00 can be withdrawn" in problems(file)[0][2]
    assert "100.01 are asked" in problems(file)[0][2]
    assert "0.00 of credit is there" in problems(file)[1][2]


def test_many_withdrawals_are_held_against_their_margins_in_portions(
    platform: Platform, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.bulk.funds.LOGINS_PER_CALL", 1)
    rich, poor = enabled_account(platform, "100.00"), enabled_account(platform, "10.00")
    file = checked(cast.olga, f"{rich},withdrawal,50,USD,,{TO}", f"{poor},withdrawal,50,USD,,{TO}")
    assert [line for line, _, _ in problems(file)] == [3]


def test_what_was_asked_for_within_30_days_is_a_twin_and_older_things_are_not(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform)
    ask(cast.olga, make(Deposit, login, "10.00", external_reference="SEPA-1"))
    same, named, other = (
        f"{login},deposit,10.00,USD,SEPA-1,",
        f"{login},deposit,11.00,USD,SEPA-1,",
        f"{login},deposit,10.00,USD,SEPA-2,",
    )
    assert [found[:2] for found in problems(checked(cast.olga, same, other))] == [(2, "login")]
    assert [found[:2] for found in problems(checked(cast.olga, named))] == [(2, "reference")]
    Payment.objects.update(created=timezone.now() - timedelta(days=31))
    assert checked(cast.olga, same).state == BulkFile.State.READY


def test_lines_of_a_submitted_file_are_twins_and_those_of_a_file_in_a_drawer_are_not(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform)
    line = f"{login},deposit,10.00,USD,SEPA-1,"
    first, second = checked(cast.olga, line), checked(cast.olga, line)
    assert second.state == BulkFile.State.READY
    request = submitted(cast.olga, first)
    item = first.items.get()
    [(_, _, message)] = problems(checked(cast.olga, line))
    assert item.reference in message
    with pytest.raises(Exception, match="Since it was checked"):
        submitted(cast.olga, second)
    assert request.command == "payments.bulk_file"


def test_lines_over_a_limit_are_named(platform: Platform, cast: Cast) -> None:
    make_limit(person=cast.olga, once="100", day="150")
    login = enabled_account(platform)
    file = checked(
        cast.olga,
        f"{login},deposit,100,USD,a,",
        f"{login},deposit,101,USD,b,",
        f"{login},deposit,1,USD,c,",
    )
    said = problems(file)
    assert {line for line, _, _ in said} == {3}
    assert any("100.00 USD at once" in message for _, _, message in said)
    assert any("150.00 USD in 24 hours" in message for _, _, message in said)


def test_credit_in_takes_its_last_day_from_the_file(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform)
    day = platform.server_time().date()
    line = f"{login},credit_in,10,USD,,"
    assert (
        "is over"
        in problems(checked(cast.olga, line, credit_expires=day - timedelta(days=1)))[0][2]
    )
    file = checked(cast.olga, line, credit_expires=day + timedelta(days=9))
    assert file.items.get().expires == day + timedelta(days=9)


def test_kinds_need_the_rights_of_their_single_payments(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform)
    cast.olga.roles.update(permissions=["payments.view", "payments.bulk", "payments.deposit"])
    file = checked(cast.olga, f"{login},deposit,1,USD,,", f"{login},withdrawal,1,USD,,{TO}")
    assert [found[:2] for found in problems(file)] == [(3, "kind")]


def test_a_correction_takes_no_more_than_the_balance(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "100.00")
    line = f"{login},correction,"
    file = checked(cast.olga, f"{line}-60,USD,a,", f"{line}-40,USD,b,", f"{line}5,USD,c,")
    assert file.state == BulkFile.State.READY
    assert [(row["kind"], row["amount"]) for row in file.totals] == [
        ("correction_in", "5.00"),
        ("correction_out", "100.00"),
    ]
    file = checked(cast.olga, f"{line}-60,USD,a,", f"{line}-40.01,USD,b,")
    assert [found[:2] for found in problems(file)] == [(3, "amount")]
    assert "100.00 of balance is there" in problems(file)[0][2]


def test_with_mt4_away_the_file_says_so_and_can_be_checked_again(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform)
    mirror_accounts(platform)
    address = platform.api_base
    Platform.objects.update(authority="http://127.0.0.1:9", api_base="http://127.0.0.1:9")
    file = checked(cast.olga, f"{login},withdrawal,1,USD,,{TO}")
    [(line, _, message)] = problems(file)
    assert line == 0
    assert "check it again" in message
    Platform.objects.update(authority=address, api_base=address)
    BulkFile.objects.update(state=BulkFile.State.CHECKING)
    check(file.pk)
    file.refresh_from_db()
    assert (file.state, file.errors) == (BulkFile.State.READY, 0)


def test_bytes_that_changed_on_disk_are_not_checked(platform: Platform, cast: Cast) -> None:
    file = upload(cast.olga, csv_of("1,deposit,1,USD,,"))
    store.path_of(file.stored).write_bytes(csv_of("1,deposit,9,USD,,"))
    check(file.pk)
    assert "not those that were uploaded" in problems(file)[0][2]
    store.path_of(file.stored).unlink()
    BulkFile.objects.update(state=BulkFile.State.CHECKING)
    check(file.pk)
    assert "not those that were uploaded" in problems(file)[0][2]


def test_a_check_whose_worker_died_is_taken_up_again_and_the_dead_one_writes_nothing(
    platform: Platform, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = enabled_account(platform)
    file = upload(cast.olga, csv_of(f"{login},deposit,1,USD,,"))
    slow = checking._claim(file.pk)
    assert slow is not None
    check(file.pk)
    file.refresh_from_db()
    assert file.state == BulkFile.State.CHECKING
    BulkFile.objects.update(checking_until=timezone.now() - timedelta(seconds=1))
    sent: list[int] = []
    monkeypatch.setattr("payments.bulk.tasks.check_soon", sent.append)
    sweep_bulk_checks()
    assert sent == [file.pk]
    check(file.pk)
    with pytest.raises(checking.LostToAnother):
        checking._Check(slow).run()
    file.refresh_from_db()
    assert file.state == BulkFile.State.READY
    assert file.items.count() == 1


def test_checking_asks_the_database_by_portions_not_by_rows(platform: Platform, cast: Cast) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    login = enabled_account(platform)
    mirror_accounts(platform)

    def queries(rows: int) -> int:
        lines = [f"{login},deposit,{n + 1},USD,R{rows}-{n}," for n in range(rows)]
        file = upload(cast.olga, csv_of(*lines))
        with CaptureQueriesContext(
            connection,
        ) as seen:
            check(file.pk)
        told = [one for one in seen.captured_queries if "payments_bulkitem" not in one["sql"][:40]]
        return len(told)

    assert queries(300) <= queries(3) + 2
