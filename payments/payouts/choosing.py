"""Which withdrawals may be paid by a batch, what the client is paid, and by whom it is made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from panel.access.separation import holds
from panel.lib.money import has_too_many_decimals
from panel.models import User
from payments.desk.separation import MAKER, people_of
from payments.desk.stages import OWED
from payments.models import Method, PayingAccount, PayoutBatch, PayoutLine, Withdrawal

# Chain currencies have as many decimals as a payment keeps; banks take those of ISO 4217.
COARSE = (Method.BANK, Method.CARD, Method.WALLET)


def rows_of(references: Iterable[str]) -> QuerySet[Withdrawal]:
    """The withdrawals of references, the one asked for first at the head."""
    rows = Withdrawal.objects.filter(payment__reference__in=list(references))
    return rows.select_related("payment__request", "platform", "kept").order_by("asked", "pk")


def to_client(row: Withdrawal) -> tuple[Decimal, str]:
    """What the client is paid, and in which currency: not what is debited where a fee is kept."""
    payment = row.payment
    if payment.paid_amount is not None:
        return payment.paid_amount, payment.paid_currency
    return payment.amount, payment.currency


def where_to(row: Withdrawal) -> dict[str, Any]:
    """The details as they were approved; the name alone where nothing else is known."""
    if row.paid_to:
        return dict(row.paid_to)
    return {"holder": row.beneficiary or row.payment.account_name}


def not_by(rows: Sequence[Withdrawal], person: User) -> dict[int, str]:
    """Why a person may not send the money of withdrawals, by primary key; none if they may."""
    makers_too, people, found = holds(MAKER), people_of(rows), {}
    for row in rows:
        if not person.sees(row.platform_id, row.mt4_group):
            found[row.pk] = "is outside your scopes"
        elif person.pk in people[row.pk].approved:
            found[row.pk] = "was approved by you"
        elif makers_too and person.pk in people[row.pk].asked:
            found[row.pk] = "was asked for by you"
    return found


def problems(
    rows: Sequence[Withdrawal], account: PayingAccount | None, person: User | None
) -> dict[int, str]:
    """Why withdrawals cannot be in a batch paid from the account, by primary key.

    Without an account everything else is looked at; without a person, not by whom.
    """
    lines = PayoutLine.objects.filter(withdrawal__in=rows, state=PayoutLine.State.LISTED)
    listed = dict(lines.values_list("withdrawal", "batch__reference"))
    found = not_by(rows, person) if person else {}
    for row in rows:
        if row.pk in listed:
            found[row.pk] = f"is in {listed[row.pk]} already"
        elif text := _problem(row, account):
            found[row.pk] = text
    return found


def _problem(row: Withdrawal, account: PayingAccount | None) -> str:
    if row.stage not in OWED:
        return f"is {row.get_stage_display()}"
    if row.kept is not None and not row.kept.active:
        return "goes to a beneficiary that was ended"
    amount, currency = to_client(row)
    if row.payment.method in COARSE and has_too_many_decimals(amount, currency):
        return f"pays {amount.normalize():f} {currency}: more decimals than the currency has"
    if account is None:
        return ""
    if row.payment.method != account.method:
        return f"is paid by {row.payment.get_method_display()}"
    return "" if currency == account.currency else f"is paid in {currency}"


def in_sentences(rows: Sequence[Withdrawal], found: dict[int, str]) -> list[str]:
    """What is wrong with each, in the order of the rows."""
    return [f"{row} {found[row.pk]}." for row in rows if row.pk in found]


def batches_of(person: User) -> QuerySet[PayoutBatch]:
    """The batches of which a person sees every line."""
    rows = PayoutBatch.objects.all()
    # A JSON list cannot be searched alike on SQLite and PostgreSQL; the distinct lists are few.
    hidden = Q(pk__in=[])
    for platform, groups in rows.order_by().values_list("platform_id", "groups").distinct():
        if not all(person.sees(platform, group) for group in groups):
            hidden |= Q(platform=platform, groups=groups)
    return rows.exclude(hidden)
