"""What is wrong with a file; where its money goes only for those who may see that."""

from __future__ import annotations

from collections.abc import Iterator

from panel.access import contact
from payments.beneficiaries.details import masked
from payments.models import BulkError, BulkFile


def faults_of(file: BulkFile, *, clear: bool, most: int | None = None) -> Iterator[BulkError]:
    """The first faults in the order of the lines, without contact details unless `clear`.

    A cell beyond the header is masked too: with a comma too many it is the account that is paid.
    """
    rows = BulkError.objects.filter(file=file).order_by("line", "pk")[:most]
    for one in rows.iterator(2_000):
        if not clear and (contact.is_contact(one.column) or (one.line and not one.column)):
            one.value = masked(one.value)
        yield one
