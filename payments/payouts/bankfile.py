"""The file of a batch for the bank: CSV, or ISO 20022 pain.001. Pure: a batch in, text out."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from sepaxml import SepaTransfer
from sepaxml.validation import ValidationError

from panel.commands.base import Invalid
from panel.lib.money import decimals
from panel.lib.text import cell_problem
from payments.models import Method, PayoutBatch, PayoutLine

SCHEMA = "pain.001.001.09"
COLUMNS = (
    *("reference", "amount", "currency", "name", "iban", "bic", "account_number", "bank_code"),
    *("country", "wallet", "network", "card_reference", "external_reference"),
)
_DETAILS = ("iban", "bic", "account_number", "bank_code", "country", "wallet", "network", "token")


def amount_text(amount: Decimal, currency: str, method: str) -> str:
    """`1234.50`: a point, no separators; on a chain as many decimals as matter."""
    if method == Method.CRYPTO:
        text = f"{amount:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{amount:.{decimals(currency)}f}"


def csv_text(batch: PayoutBatch, lines: Iterable[PayoutLine]) -> str:
    """One line for each payout, in the batch's order; nothing that a spreadsheet would run.

    Raises `Invalid` with the line and column of a cell that a spreadsheet would run, or that would
    not stay on its line: a cell that was rewritten could pay somebody else.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        payment = line.withdrawal.payment
        cells = [
            payment.reference,
            amount_text(line.amount, batch.currency, batch.method),
            batch.currency,
            line.paid_to.get("holder", ""),
            *(line.paid_to.get(name, "") for name in _DETAILS),
            payment.external_reference,
        ]
        texts = [str(cell) for cell in cells]
        for name, text in zip(COLUMNS, texts, strict=True):
            if problem := cell_problem(text):
                raise Invalid.of(
                    f"Line {line.number}, {payment.reference}, {name}: {problem} No file is made: "
                    "pay this one by itself, which takes it out of the batch."
                )
        writer.writerow(texts)
    return out.getvalue()


def no_pain001(batch: PayoutBatch, lines: Sequence[PayoutLine]) -> str:
    """Why the batch cannot be a pain.001 file; empty if it can."""
    if batch.method != Method.BANK:
        return "Only bank transfers are paid by an ISO 20022 file."
    if not batch.account.iban or not batch.account.bic:
        return f"{batch.account} needs an IBAN and a BIC for an ISO 20022 file."
    if decimals(batch.currency) != 2:
        return f"An ISO 20022 file of {batch.currency} is not made: use the CSV file."
    bare = [line for line in lines if not line.paid_to.get("iban")]
    if bare:
        some = ", ".join(str(line.withdrawal) for line in bare[:5])
        return f"{len(bare)} of its payouts have no IBAN ({some}): use the CSV file."
    return ""


class _Transfer(SepaTransfer):  # type: ignore[misc]  # the library has no types
    """The library's file under our own numbers instead of random ones.

    A bank knows a file that it gets twice by its `MsgId`: another one on each download would have
    it paid twice.
    """

    def _create_header(self) -> None:
        self.msg_id = self._config["reference"]
        super()._create_header()

    def _finalize_batch(self) -> None:
        super()._finalize_batch()
        for number, node in enumerate(self._xml.iter("PmtInfId"), start=1):
            node.text = f"{self.msg_id}-{number}"


def pain001_text(batch: PayoutBatch, lines: Sequence[PayoutLine], day: date) -> str:
    """The file, valid by the schema of the ISO; raises `Invalid` where it cannot be made.

    Each payout carries our reference as `EndToEndId`. `day` is when the bank is to pay.
    """
    why_not = no_pain001(batch, lines)
    if why_not:
        raise Invalid.of(why_not)
    transfer = _Transfer(
        {
            "reference": batch.reference,
            "name": batch.account.holder,
            "IBAN": batch.account.iban,
            "BIC": batch.account.bic,
            "batch": True,
            "currency": batch.currency,
            # Without it the file asks for a SEPA transfer, which is in euros alone.
            "domestic": batch.currency != "EUR",
        },
        schema=SCHEMA,
    )
    for line in lines:
        reference = line.withdrawal.payment.reference
        payment = {
            "name": line.paid_to["holder"],
            "IBAN": line.paid_to["iban"],
            # In hundredths, as the library counts.
            "amount": int(line.amount * 100),
            "execution_date": day,
            "description": reference,
            "endtoend_id": reference,
        }
        if line.paid_to.get("bic"):
            payment["BIC"] = line.paid_to["bic"]
        transfer.add_payment(payment)
    try:
        made: bytes = transfer.export(validate=True)
    except ValidationError as error:
        raise Invalid.of(
            "The file would not be valid: a name or a number of a payout does not fit ISO 20022."
        ) from error
    return made.decode()
