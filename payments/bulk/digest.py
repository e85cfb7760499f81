"""The digest over a file's lines: the lines approved are the lines carried out."""

from __future__ import annotations

import hashlib

from django.db.models import QuerySet

from panel.lib.digest import canonical
from payments.models import BulkFile, BulkItem

# Whatever decides what happens on MT4, under which name, and to whom the money goes; never written
# again once stored.
_FIRST = (
    "line",
    "login",
    "kind",
    "amount",
    "currency",
    "external_reference",
    "comment",
    "expires",
    "mt4_group",
    "reference",
)
# By version: files that were stored before lines had a beneficiary keep their digests.
FIXED = {1: _FIRST, 2: (*_FIRST, "beneficiary", "destination")}


def of_items(items: QuerySet[BulkItem], version: int) -> str:
    """The SHA-256 over these lines of a file, in their order, in hexadecimal."""
    digest = hashlib.sha256()
    rows = items.order_by("line").values_list(*FIXED[version])
    for row in rows.iterator(chunk_size=2000):
        digest.update(canonical(row).encode())
        digest.update(b"\n")
    return digest.hexdigest()


def of_file(file: BulkFile) -> str:
    """The SHA-256 over all lines of a file."""
    return of_items(BulkItem.objects.filter(file=file), file.digest_version)
