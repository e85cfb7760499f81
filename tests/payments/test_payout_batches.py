"""Payout batches: who makes one, what its file says, and that nothing is paid by two ways."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import xmlschema
from django.db import IntegrityError, transaction
from django.urls import reverse
from sepaxml import validation

from panel.commands.base import Invalid
from panel.commands.errors import Denied
from panel.models import AuditEntry, Platform, Policy, Status
from payments.beneficiaries.commands import EndBeneficiary
from payments.desk.payout import PayOut
from payments.models import (
    PayingAccount,
    Payment,
    PayoutBatch,
    PayoutFile,
    PayoutLine,
    Stage,
    Withdrawal,
)
from payments.payouts.making import CancelBatch, MakeBatch
from payments.payouts.sending import make_file
from tests.core.conftest import Cast
from tests.core.money import approve_as
from tests.factories import actor, make_user
from tests.payments.paying import (
    HOUSE_BIC,
    HOUSE_IBAN,
    IBAN,
    batch_of,
    owed,
    payer,
    paying_account,
    refusal,
    request_of,
    states,
)
from tests.payments.test_desk import debited, do, stage
from tests.payments.test_pages import as_user
from tests.payments.test_returns import take_back

pytestmark = pytest.mark.django_db(transaction=True)
NAMESPACE = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


def making(*references: str, account: PayingAccount | None = None) -> MakeBatch:
    """A batch of these withdrawals."""
    return MakeBatch(
        platform="demo", account=(account or paying_account()).pk, withdrawals=references
    )


def csv_of(file: PayoutFile) -> list[dict[str, str]]:
    """The lines of a CSV file."""
    return list(csv.DictReader(io.StringIO(file.content)))


# --- Making ---------------------------------------------------------------------------------


def test_a_batch_has_the_withdrawals_with_the_details_they_were_approved_with(
    platform: Platform, cast: Cast
) -> None:
    first, second = owed(platform, cast, "80.00"), owed(platform, cast, "20.50")
    batch = batch_of(payer(), first, second)
    lines = list(batch.lines.order_by("number"))
    assert [line.amount for line in lines] == [Decimal("80.00"), Decimal("20.50")]
    assert lines[0].paid_to["iban"] == IBAN
    assert (batch.state, batch.currency, batch.method) == ("open", "USD", "bank")
    assert batch.request.amount == Decimal("100.50")
    assert stage(first) == Stage.TO_PAY


def test_nobody_makes_a_batch_of_what_they_asked_for_or_approved(
    platform: Platform, cast: Cast
) -> None:
    request = owed(platform, cast)
    assert "was asked for by you" in refusal(cast.olga, making(request.reference))
    both = make_user("Greta", "compliance", "back-office")
    payment = Payment.objects.get(reference=request.reference)
    payment.request.approvals.update(checker=both)
    assert "was approved by you" in refusal(both, making(request.reference))
    for person in (cast.bob, cast.maya, cast.alice, cast.carol, cast.ada):
        with pytest.raises(Denied):
            request_of(person, making(request.reference))
    outsider = make_user("Oskar", "back-office", groups="real-std-eur")
    with pytest.raises(Denied):
        request_of(outsider, making(request.reference))
    assert not PayoutBatch.objects.exists()


def test_a_withdrawal_is_in_one_open_batch_also_for_the_database(
    platform: Platform, cast: Cast
) -> None:
    request, person = owed(platform, cast), payer()
    batch = batch_of(person, request)
    assert f"is in {batch} already" in refusal(person, making(request.reference))
    row = Withdrawal.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        PayoutLine.objects.create(batch=batch, number=2, withdrawal=row, amount=1)


def test_what_does_not_fit_is_named(platform: Platform, cast: Cast) -> None:
    person, request = payer(), owed(platform, cast)
    euros = paying_account(currency="EUR")
    assert "is paid in USD" in refusal(person, making(request.reference, account=euros))
    card = paying_account(method="card", iban="", number="PSP 7")
    assert "by bank transfer" in refusal(person, making(request.reference, account=card))
    retired = paying_account(active=False)
    assert "in use" in refusal(person, making(request.reference, account=retired))
    assert "There is no withdrawal WD 00000000" in refusal(person, making("WD 00000000"))
    assert "at least one" in refusal(person, making())
    take_back(person, request)
    assert "is being returned" in refusal(person, making(request.reference))


def test_a_batch_pays_what_changes_hands_not_what_is_debited(
    platform: Platform, cast: Cast
) -> None:
    request = owed(
        platform,
        cast,
        "112.00",
        paid_amount=Decimal("100"),
        paid_currency="EUR",
        rate=Decimal("1.10"),
        fee=Decimal("2.00"),
    )
    person = payer()
    batch = batch_of(person, request, account=paying_account(currency="EUR"))
    (line,) = csv_of(make_file(batch, "csv", actor(person)))
    assert (line["amount"], line["currency"]) == ("100.00", "EUR")


def test_an_amount_that_the_currency_does_not_have_is_not_paid(
    platform: Platform, cast: Cast
) -> None:
    request = owed(platform, cast, "100.00")
    Payment.objects.filter(reference=request.reference).update(
        paid_amount=Decimal("15500.5"), paid_currency="JPY", rate=Decimal("0.00645141")
    )
    yen = paying_account(currency="JPY")
    assert "more decimals" in refusal(payer(), making(request.reference, account=yen))


def test_a_policy_may_ask_for_a_second_person(platform: Platform, cast: Cast) -> None:
    Policy.objects.create(command=MakeBatch.name, approvals=1, roles=["compliance"])
    request = owed(platform, cast)
    change = request_of(payer(), making(request.reference))
    assert change.status == Status.PENDING
    assert not PayoutBatch.objects.exists()
    approve_as(cast.bella, change)
    assert states(PayoutBatch.objects.get()) == ["listed"]


# --- The file -------------------------------------------------------------------------------


def test_the_csv_file_has_our_reference_and_the_whole_destination(
    platform: Platform, cast: Cast
) -> None:
    first, second = owed(platform, cast, "80.00"), owed(platform, cast, "1.00")
    person = payer()
    batch = batch_of(person, first, second)
    rows = csv_of(make_file(batch, "csv", actor(person)))
    assert [(row["reference"], row["amount"], row["iban"]) for row in rows] == [
        (first.reference, "80.00", IBAN),
        (second.reference, "1.00", IBAN),
    ]
    batch.refresh_from_db()
    assert batch.state == PayoutBatch.State.SENT
    entry = AuditEntry.objects.get(action="payout file made")
    assert "2 payouts, 81.00 USD" in entry.detail


def test_the_csv_file_runs_nothing_in_a_spreadsheet_and_stays_one_line_each(
    platform: Platform, cast: Cast
) -> None:
    request = debited(platform, cast, beneficiary='=HYPERLINK("http://x")\n,"9",')
    person = payer()
    (row,) = csv_of(make_file(batch_of(person, request), "csv", actor(person)))
    assert row["name"] == '\'=HYPERLINK("http://x") ,"9",'
    assert (row["iban"], row["external_reference"]) == ("", "")


def test_the_iso_file_is_valid_and_names_count_sum_debtor_and_our_references(
    platform: Platform, cast: Cast
) -> None:
    euros = paying_account(currency="EUR")
    fields: dict[str, Any] = {"paid_currency": "EUR", "rate": Decimal("1.1")}
    first = owed(platform, cast, "110.00", paid_amount=Decimal("100"), **fields)
    second = owed(platform, cast, "11.00", paid_amount=Decimal("10"), **fields)
    person = payer()
    batch = batch_of(person, first, second, account=euros)
    text = make_file(batch, "pain001", actor(person)).content
    schema = ET.fromstring(text)

    def at(path: str) -> list[str]:
        found = schema.findall(".//" + "/".join(f"p:{part}" for part in path.split("/")), NAMESPACE)
        return [node.text or "" for node in found]

    assert at("GrpHdr/MsgId") == [batch.reference]
    assert at("PmtInfId") == [f"{batch.reference}-1"]
    assert at("GrpHdr/NbOfTxs") == ["2"]
    assert at("GrpHdr/CtrlSum") == ["110.00"]
    assert at("DbtrAcct/Id/IBAN") == [HOUSE_IBAN]
    assert at("DbtrAgt/FinInstnId/BICFI") == [HOUSE_BIC]
    assert at("PmtId/EndToEndId") == [first.reference, second.reference]
    assert at("InstdAmt") == ["100.00", "10.00"]
    assert at("CdtrAcct/Id/IBAN") == [IBAN, IBAN]
    assert at("SvcLvl/Cd") == ["SEPA"]
    place = validation.__file__.replace("validation.py", "schemas/pain.001.001.09.xsd")
    xmlschema.XMLSchema(place).validate(text)


def test_outside_the_euro_the_iso_file_asks_for_no_sepa_transfer(
    platform: Platform, cast: Cast
) -> None:
    person = payer()
    text = make_file(batch_of(person, owed(platform, cast)), "pain001", actor(person)).content
    assert 'Ccy="USD">80.00<' in text
    assert "SEPA" not in text


def test_a_batch_that_the_iso_file_cannot_say_is_refused_and_stays_open(
    platform: Platform, cast: Cast
) -> None:
    person, typed = payer(), debited(platform, cast, beneficiary="Anna Kowalska")
    batch = batch_of(person, typed)
    with pytest.raises(Invalid, match="have no IBAN"):
        make_file(batch, "pain001", actor(person))
    batch.refresh_from_db()
    assert batch.state == PayoutBatch.State.OPEN
    bare = batch_of(person, owed(platform, cast), account=paying_account(bic=""))
    with pytest.raises(Invalid, match="needs an IBAN and a BIC"):
        make_file(bare, "pain001", actor(person))


def test_every_download_is_the_same_file_of_one_form_and_is_recorded(
    platform: Platform, cast: Cast
) -> None:
    person = payer()
    batch = batch_of(person, owed(platform, cast))
    client = as_user(person)
    address = reverse("payout_batch_file", args=(batch.reference,))
    assert client.get(address).status_code == 404
    assert client.post(address, {"form": "pain001"}).status_code == 302
    answers = [client.get(address) for _ in range(2)]
    assert answers[0].content == answers[1].content
    assert answers[0]["Cache-Control"] == "private, no-store"
    name = f"{batch.reference.replace(' ', '-')}-1-payouts-80.00-USD.xml"
    assert answers[0]["Content-Disposition"] == f'attachment; filename="{name}"'
    assert AuditEntry.objects.filter(action="payout file downloaded").count() == 2
    second = client.post(address, {"form": "csv"})
    assert second.status_code == 409
    assert "a second file could be paid once more" in second.content.decode()


def test_the_file_is_for_those_who_pay_and_may_read_whole_numbers(
    platform: Platform, cast: Cast
) -> None:
    batch = batch_of(payer(), owed(platform, cast))
    address = reverse("payout_batch_file", args=(batch.reference,))
    for person in (cast.bob, cast.alice, cast.carol, cast.ada):
        assert as_user(person).post(address, {"form": "csv"}).status_code == 403
    # Olga asked for the withdrawal: the file that pays it is not hers to make.
    answer = as_user(cast.olga).post(address, {"form": "csv"})
    assert answer.status_code == 409
    assert "was asked for by you" in answer.content.decode()
    page = as_user(cast.alice).get(reverse("payout_batch", args=(batch.reference,)))
    assert "•••• 3000" in page.content.decode()
    assert IBAN[-6:] not in page.content.decode().replace(" ", "")
    batch.refresh_from_db()
    assert batch.state == PayoutBatch.State.OPEN


def test_a_beneficiary_that_was_ended_stops_the_file(platform: Platform, cast: Cast) -> None:
    person, request = payer(), owed(platform, cast)
    batch = batch_of(person, request)
    row = Withdrawal.objects.get()
    end = EndBeneficiary(platform="demo", login=row.payment.login, beneficiary=row.kept_id)
    approve_as(cast.maya, request_of(cast.olga, end))
    with pytest.raises(Invalid, match="was ended"):
        make_file(batch, "csv", actor(person))
    assert not PayoutFile.objects.exists()


# --- One way only ---------------------------------------------------------------------------


def test_what_leaves_an_open_batch_is_not_in_its_file(platform: Platform, cast: Cast) -> None:
    person = payer()
    paid, returned, stays = (owed(platform, cast) for _ in range(3))
    batch = batch_of(person, paid, returned, stays)
    do(person, PayOut(withdrawal=paid.reference, provider_reference="SEPA-1"))
    take_back(person, returned)
    assert states(batch) == ["taken_out", "taken_out", "listed"]
    (row,) = csv_of(make_file(batch, "csv", actor(person)))
    assert row["reference"] == stays.reference


def test_what_the_bank_may_have_is_neither_paid_nor_returned_by_another_way(
    platform: Platform, cast: Cast
) -> None:
    person, request = payer(), owed(platform, cast)
    batch = batch_of(person, request)
    make_file(batch, "csv", actor(person))
    single = PayOut(withdrawal=request.reference, provider_reference="SEPA-1")
    assert "whose file may be with the bank" in refusal(person, single)
    with pytest.raises(Invalid, match="may be with the bank"):
        take_back(person, request)
    assert stage(request) == Stage.TO_PAY
    assert states(batch) == ["listed"]


def test_a_payout_that_waited_for_approval_does_not_pay_beside_a_batch(
    platform: Platform, cast: Cast
) -> None:
    Policy.objects.create(command=PayOut.name, approvals=1, roles=["compliance"])
    person, request = payer(), owed(platform, cast)
    single = do(person, PayOut(withdrawal=request.reference, provider_reference="SEPA-1"))
    batch = batch_of(person, request)
    make_file(batch, "csv", actor(person))
    with pytest.raises(Invalid, match="may be with the bank"):
        approve_as(cast.bella, single)
    assert stage(request) == Stage.TO_PAY


def test_an_open_batch_is_ended_by_one_and_one_with_a_file_by_two(
    platform: Platform, cast: Cast
) -> None:
    person, request = payer(), owed(platform, cast)
    batch = batch_of(person, request)
    assert request_of(person, CancelBatch(batch=batch.reference)).status == Status.DONE
    batch.refresh_from_db()
    assert (batch.state, states(batch)) == ("cancelled", ["taken_out"])
    with pytest.raises(Invalid, match="there is no file"):
        make_file(batch, "csv", actor(person))

    second = batch_of(person, request)
    make_file(second, "csv", actor(person))
    Policy.objects.create(command=CancelBatch.name, approvals=0)
    end = request_of(person, CancelBatch(batch=second.reference))
    assert end.status == Status.PENDING
    assert states(second) == ["listed"]
    assert any("paid twice" in check["text"] for check in end.preview["checks"])
    approve_as(cast.bella, end)
    assert states(second) == ["taken_out"]
    do(person, PayOut(withdrawal=request.reference, provider_reference="SEPA-1"))
    assert stage(request) == Stage.PAID
