"""What a single payment says, a file says of each line: when checked, and again for approval."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from panel.commands.submit import live_reader, withdraw
from panel.models import ChangeRequest, Platform, Status
from panel.mt4.errors import Unavailable
from panel.mt4.protocol.flags import EnableFlags
from panel.mt4.write import writer
from payments.adjustments import Correction
from payments.bulk import readings
from payments.commands import CreditIn, CreditOut, Deposit, Withdraw
from payments.desk.money import money_of
from payments.desk.trading import trading_of
from payments.models import BulkFile, BulkItem, Payment, Topic, WarningCheck, Withdrawal
from payments.operation import MoneyCommand
from tests.core.conftest import Cast
from tests.core.money import approve_as, carry_out, new_account
from tests.factories import actor
from tests.harness.sandbox import SandboxProcess
from tests.payments.bulk.bulk import checked, problems, submitted
from tests.payments.bulk.files import TO
from tests.payments.test_commands import NEXT_YEAR, ask, enabled_account, give_credit, make
from tests.payments.test_pages import as_user

pytestmark = pytest.mark.django_db(transaction=True)


def told(file: BulkFile, line: int | None = None) -> Counter[str]:
    """The words of the latest reading; of one line, or of all."""
    check = readings.latest(file, file.run)
    assert check is not None
    rows = check.warnings.all()
    return Counter(
        (rows if line is None else rows.filter(line=line)).values_list("text", flat=True)
    )


def said_singly(cast: Cast, command: MoneyCommand) -> Counter[str]:
    """The warnings of the single payment: of its preview and, of a withdrawal, of its review."""
    found = list(command.preview(live_reader(command)).checks)
    if isinstance(command, Withdraw):
        request = ask(cast.olga, command)
        row = Withdrawal.objects.select_related("payment__request", "platform").get(
            payment__request=request
        )
        found += money_of(row).checks + trading_of(row, "USD")[1]
        withdraw(request, actor=actor(cast.olga), source="test", reason="")
    return Counter(check.text for check in found if check.level != "ok")


def set_enabled(platform: Platform, login: int, enabled: bool) -> None:
    """Somebody enables or disables an account in the terminal."""
    flags = EnableFlags.Enabled if enabled else EnableFlags(0)
    writer(platform.connection).patch_account(login, {"enable_flags": flags}, key=str(uuid.uuid4()))


def busy(platform: Platform, cast: Cast) -> int:
    """A disabled account of which there is a lot to know: credit, deposits by card, withdrawals."""
    login = new_account(platform, "500.00", name="Anna Kowalska")
    give_credit(platform, login, "20.00")
    carry_out(ask(cast.olga, make(Deposit, login, "60.00", method="card")))
    carry_out(ask(cast.olga, make(Deposit, login, "40.00", method="card", external_reference="E")))
    for amount in ("11.00", "12.00"):
        ask(cast.olga, make(Withdraw, login, amount, method="bank"))
    return login


LINES: dict[str, tuple[str, Callable[[int], MoneyCommand]]] = {
    "deposit": ("deposit,40,USD,,", lambda login: make(Deposit, login, "40.00")),
    "reference": (
        "deposit,41,USD,E,",
        lambda login: make(Deposit, login, "41.00", external_reference="E"),
    ),
    "withdrawal": (
        "withdrawal,11,USD,W,,Jan Nowak,PL61109010140000071219812874",
        lambda login: make(
            Withdraw, login, "11.00", beneficiary="Jan Nowak", external_reference="W"
        ),
    ),
    "credit_in": (
        "credit_in,5,USD,,",
        lambda login: make(CreditIn, login, "5.00", expiration=NEXT_YEAR),
    ),
    "credit_out": ("credit_out,5,USD,,", lambda login: make(CreditOut, login, "5.00")),
    "correction": (
        "correction,-595,USD,,",
        lambda login: make(Correction, login, "595.00", direction="out"),
    ),
}


@pytest.mark.parametrize("kind", LINES)
def test_a_line_says_what_the_single_payment_and_its_review_say(
    platform: Platform, cast: Cast, kind: str
) -> None:
    login = busy(platform, cast)
    row, command = LINES[kind]
    if kind == "reference":
        # Within 30 days it would not only be told, but refused.
        Payment.objects.update(created=timezone.now() - timedelta(days=40))
    file = checked(cast.olga, f"{login},{row}", credit_expires=NEXT_YEAR)
    assert problems(file) == []
    single = said_singly(cast, command(login))
    assert "The account is disabled." in single
    assert told(file) == single


def test_an_account_disabled_after_the_upload_is_told_at_the_approval(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform)
    file = checked(cast.olga, f"{login},deposit,10,USD,a,")
    page = as_user(cast.olga).get(reverse("bulk_file", args=(file.pk,))).content.decode()
    assert "nothing stands out" in page
    request = submitted(cast.olga, file)
    set_enabled(platform, login, False)
    answer = as_user(cast.maya).get(reverse("request_detail", args=(request.reference,)))
    text = answer.content.decode()
    assert "Account disabled: 1 line." in text
    assert "1 line has to be decided one by one first." in text
    file.refresh_from_db()
    assert told(file) == Counter({"The account is disabled.": 1})
    set_enabled(platform, login, True)
    as_user(cast.maya).get(reverse("request_detail", args=(request.reference,)))
    assert told(file) == Counter()


def test_an_account_that_is_gone_or_moved_to_another_currency_is_told(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform)
    file = checked(cast.olga, f"{login},deposit,10,USD,a,", f"{login},deposit,20,USD,b,")
    request = submitted(cast.olga, file)
    writer(platform.connection).patch_account(
        login, {"group": "real-std-eur"}, key=str(uuid.uuid4())
    )
    file.items.filter(line=3).update(login=2_000_000_000)
    readings.read(file, file.items.all(), request)
    file.refresh_from_db()
    assert told(file, 2) == Counter({"The account is in EUR now.": 1})
    assert told(file, 3) == Counter({"There is no account 2000000000 any more.": 1})
    assert set(WarningCheck.objects.get(request=request).warnings.values_list("level")) == {
        ("stop",)
    }


def test_a_line_counts_for_the_next_ones_of_its_account(platform: Platform, cast: Cast) -> None:
    login = enabled_account(platform, "100.00", name="Anna Kowalska")
    lines = [f"{login},withdrawal,30,USD,{number},{TO}" for number in "abc"]
    file = checked(cast.olga, *lines)
    assert not [text for text in told(file, 2) if "asked for" in text or "within" in text]
    reference = file.items.get(line=3).reference
    assert told(file, 4)[
        f"The same amount was asked for within 24 hours: {reference}, line 3 of this file."
    ]
    assert told(file, 4)["3 withdrawals of 90.00 USD in all within 24 hours."]
    assert told(file, 4)[
        "2 other withdrawals or transfers of 60.00 USD in all are still open; 100.00 USD can be "
        "withdrawn now."
    ]
    writer(platform.connection).balance(
        login, Decimal(-20), comment="by hand", key=str(uuid.uuid4())
    )
    request = submitted(cast.olga, file)
    readings.read(file, file.items.all(), request)
    file.refresh_from_db()
    [short] = [text for text in told(file, 4) if text.startswith("At most")]
    assert short.startswith("At most 20.00 USD can be withdrawn now")
    assert short.endswith("The lines before it are counted.")
    assert not [text for text in told(file, 3) if text.startswith("At most")]


def test_a_line_of_a_file_that_waits_is_told_to_single_payments(
    platform: Platform, cast: Cast
) -> None:
    login = enabled_account(platform, "100.00", name="Anna Kowalska")
    file = checked(cast.olga, f"{login},withdrawal,30,USD,a,{TO}")
    submitted(cast.olga, file)
    single = make(Withdraw, login, "30.00", beneficiary="Anna Kowalska")
    found = {check.text for check in single.preview(live_reader(single)).checks}
    reference = file.items.get().reference
    assert (
        f"The same amount was asked for within 24 hours: {reference}, line 2 of march.csv, waiting."
    ) in found
    assert any(text.startswith("1 other withdrawal or transfer of 30.00 USD") for text in found)


@pytest.mark.parametrize(
    ("method", "row", "wrong"),
    [
        ("bank", "withdrawal,1,USD,,", ["beneficiary", "destination"]),
        ("bank", "withdrawal,1,USD,,,Anna Kowalska,", ["destination"]),
        ("bank", "withdrawal,1,USD,,,Anna Kowalska,DE88370400440532013000", ["destination"]),
        ("bank", "withdrawal,1,USD,,,Anna Kowalska,de89 3704 0044 0532 0130 00", []),
        (
            "crypto",
            "withdrawal,1,USD,,,Anna Kowalska,bc1qar0srrr7xfkvy5l643lydnw9re59gtzz",
            [],
        ),
        ("internal", "withdrawal,1,USD,,", []),
        ("internal", "withdrawal,1,USD,,,Anna Kowalska,x", ["beneficiary", "destination"]),
        ("bank", "deposit,1,USD,,,Anna Kowalska,", ["beneficiary"]),
    ],
)
def test_what_leaves_the_house_goes_to_somebody_and_to_a_place(
    platform: Platform, cast: Cast, method: str, row: str, wrong: list[str]
) -> None:
    login = enabled_account(platform, name="Anna Kowalska")
    file = checked(cast.olga, f"{login},{row}", method=method)
    assert [column for _, column, _ in problems(file)] == wrong


def test_the_list_of_warnings_is_filtered_by_what_they_are_about(
    platform: Platform, cast: Cast
) -> None:
    login, other = new_account(platform), enabled_account(platform)
    file = checked(
        cast.olga, f"{login},deposit,1,USD,a,", f"{other},credit_in,2,USD,b,",
        credit_expires=NEXT_YEAR,
    )  # fmt: skip
    address = reverse("bulk_warnings", args=(file.pk,))
    page = as_user(cast.carol).get(address).content.decode()
    assert "The account is disabled." in page
    assert "MT4 does not take the credit back" in page
    page = as_user(cast.carol).get(f"{address}?topic={Topic.EXPIRY}").content.decode()
    assert "The account is disabled." not in page
    assert str(other) in page


def test_what_is_asked_of_database_and_mt4_does_not_grow_with_the_lines(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    logins = [enabled_account(platform, "100.00", name="Anna Kowalska") for _ in range(9)]

    def cost(some: list[int]) -> tuple[int, Counter[str]]:
        rows = [f"{login},deposit,{n}.{login % 100:02},USD,,{{}}" for n in (1, 2) for login in some]
        rows = [row.format("") for row in rows]
        rows += [f"{login},withdrawal,3,USD,,{TO}" for login in some[:2]]
        file = checked(cast.olga, *rows)
        assert problems(file) == []
        last = sandbox.calls()[-1]
        with CaptureQueriesContext(connection) as queries:
            readings.read(file, BulkItem.objects.filter(file=file), None)
        every = sandbox.calls()
        calls = every[every.index(last) + 1 :]
        return len(queries), Counter(call["operation"] for call in calls)

    few, many = cost(logins[:3]), cost(logins)
    assert few == many
    assert many[1] == {
        "GroupsRequest": 1,
        "UserRecordsRequest": 1,
        "MarginLevelRequest": 2,
        # Both accounts never traded: their last days first, then the whole of their history.
        "TradesGetByLogin": 4,
        "TradesUserHistory": 4,
    }


def test_a_file_that_mt4_cannot_be_asked_about_is_not_approved(
    platform: Platform, cast: Cast, sandbox: SandboxProcess
) -> None:
    login = enabled_account(platform)
    request = submitted(cast.olga, checked(cast.olga, f"{login},deposit,10,USD,a,"))
    sandbox.fault("drop_before", "UserRecordsRequest")
    page = as_user(cast.maya).get(reverse("request_detail", args=(request.reference,)))
    text = page.content.decode()
    assert "Approving waits until it is back" in text
    assert WarningCheck.objects.get(request=request).state == WarningCheck.State.FAILED
    with pytest.raises(Unavailable):
        approve_as(cast.maya, request)
    assert ChangeRequest.objects.get().status == Status.PENDING
