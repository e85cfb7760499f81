"""A line of a file as the command that it would be if it were asked for by itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from payments.adjustments import IN, OUT, Correction
from payments.commands import LAST_DAY, CreditIn, CreditOut, Deposit, Withdraw
from payments.models import BulkFile, BulkItem, Kind
from payments.operation import MoneyCommand

SINGLE: dict[Kind, type[MoneyCommand]] = {
    Kind.DEPOSIT: Deposit,
    Kind.WITHDRAWAL: Withdraw,
    Kind.CREDIT_IN: CreditIn,
    Kind.CREDIT_OUT: CreditOut,
    Kind.CORRECTION_IN: Correction,
    Kind.CORRECTION_OUT: Correction,
}
"""The command of a line's kind: a file asks for no fewer approvals than its lines would."""


def single(item: BulkItem, file: BulkFile) -> MoneyCommand:
    """The line by itself. What is told of it, is told of the line."""
    kind = Kind(item.kind)
    fields: dict[str, Any] = {
        "platform": file.platform.slug,
        "login": item.login,
        "amount": Decimal(item.amount),
        "external_reference": item.external_reference,
        "comment": item.comment,
    }
    if kind in (Kind.CORRECTION_IN, Kind.CORRECTION_OUT):
        fields["direction"] = OUT if kind.is_out else IN
    else:
        fields["method"] = file.method
    if kind is Kind.CREDIT_IN:
        fields["expiration"] = item.expires or LAST_DAY
    if kind is Kind.WITHDRAWAL:
        fields["beneficiary"] = item.beneficiary
    return SINGLE[kind](**fields)
