"""What checking a file brings to light, written in portions: lines to be paid, and faults."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from panel.lib.references import new_reference
from payments.bulk.known import Known
from payments.bulk.rows import Entry, Fault
from payments.models import BulkError, BulkFile, BulkItem, Kind, WarningCheck

PREFIX = "BD"
AT_ONCE = 1_000
MOST_FAULTS = 100_000


class TooManyFaults(Exception):
    """The rest of the file is not looked at any more."""


@dataclass(slots=True)
class Sum:
    """One line of the totals."""

    count: int = 0
    amount: Decimal = Decimal(0)
    largest: Decimal = Decimal(0)


@dataclass(slots=True)
class Findings:
    """Writes lines and faults of one file as they are found, and adds them up."""

    file: BulkFile
    faults: int = 0
    # Lines looked at, whatever came of them.
    rows: int = 0
    sums: dict[tuple[str, str], Sum] = field(default_factory=lambda: defaultdict(Sum))
    groups: set[str] = field(default_factory=set)

    def begin(self) -> None:
        """Forget what an earlier check wrote."""
        BulkItem.objects.filter(file=self.file).delete()
        BulkError.objects.filter(file=self.file).delete()
        WarningCheck.objects.filter(file=self.file, shown_to__isnull=True).delete()

    def add_faults(self, faults: Iterable[Fault]) -> None:
        """Write faults; raises `TooManyFaults` once nobody would read on."""
        self._write(faults)
        if self.faults >= MOST_FAULTS:
            raise TooManyFaults

    def add_last(self, message: str) -> None:
        """Write why the file was not looked at to its end."""
        self._write([Fault(0, "", "", message)])

    def _write(self, faults: Iterable[Fault]) -> None:
        rows = [
            BulkError(
                file=self.file,
                line=fault.line,
                column=fault.column,
                value=fault.value,
                message=fault.message[:300],
            )
            for fault in faults
        ]
        BulkError.objects.bulk_create(rows, batch_size=AT_ONCE)
        self.faults += len(rows)

    def add_entries(self, entries: Iterable[tuple[Entry, Known]]) -> None:
        """Add lines up and, as long as the file is without fault, write them."""
        rows = []
        for entry, account in entries:
            total = self.sums[str(entry.kind), entry.currency]
            total.count += 1
            total.amount += entry.amount
            total.largest = max(total.largest, entry.amount)
            self.groups.add(account.group)
            if not self.faults:
                rows.append(self._item(entry, account))
        name_apart(rows)
        BulkItem.objects.bulk_create(rows, batch_size=AT_ONCE)

    def _item(self, entry: Entry, account: Known) -> BulkItem:
        lent = entry.kind is Kind.CREDIT_IN
        return BulkItem(
            file=self.file,
            line=entry.line,
            login=entry.login,
            kind=entry.kind,
            amount=entry.amount,
            currency=entry.currency,
            external_reference=entry.reference,
            comment=entry.comment,
            beneficiary=entry.beneficiary,
            destination=entry.destination,
            expires=self.file.credit_expires if lent else None,
            account_name=account.name,
            mt4_group=account.group,
            reference=new_reference(PREFIX),
        )

    @property
    def totals(self) -> list[dict[str, Any]]:
        """By kind and currency; amounts as text, so that JSON rounds nothing."""
        return [
            {
                "kind": kind,
                "currency": currency,
                "count": one.count,
                "amount": format(one.amount, "f"),
                "largest": format(one.largest, "f"),
            }
            for (kind, currency), one in sorted(self.sums.items())
        ]


def name_apart(items: list[BulkItem]) -> None:
    """Give another reference to a line whose own was given out before: among millions of lines one
    file in a few meets that, and it would have to be checked once more."""
    names = [item.reference for item in items]
    taken = set(
        BulkItem.objects.filter(reference__in=names).order_by().values_list("reference", flat=True)
    )
    for item in items:
        while item.reference in taken:
            item.reference = new_reference(PREFIX)
        taken.add(item.reference)
