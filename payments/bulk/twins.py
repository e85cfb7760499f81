"""Lines that were there before: in the same file, or in payments and files of the last 30 days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from functools import cache

from django.db.models import Q, QuerySet
from django.utils import timezone

from panel.lib.keys import key_of
from panel.ui.owners import portions
from payments.bulk.rows import Entry, Fault, fault
from payments.facts import NOT_MOVED
from payments.models import BulkFile, BulkItem, Kind, Payment

WITHIN = timedelta(days=30)
# A file whose lines were sent, or may yet be.
COUNTED = ("submitted", "running", "cancelling", "cancelled", "finished")
NOT_SENT = ("rejected", "cancelled")
HIDDEN = "a payment of an account outside your scopes"

Same = tuple[int, str, Decimal, str]
Name = tuple[str, str]


class Twins:
    """Remembers the lines of a file, and asks the database about many at a time.

    A twin has login, kind, amount and reference in common, or kind and external reference;
    references are the same by their comparable form, however they are spelt.
    """

    def __init__(self, file: BulkFile) -> None:
        self.file = file
        self.same: dict[Same, int] = {}
        self.named: dict[Name, int] = {}

    def within(self, entry: Entry) -> Fault | None:
        """The line's twin further up in the file."""
        key = key_of(entry.reference)
        same = (entry.login, str(entry.kind), entry.amount, key)
        name = (str(entry.kind), key)
        line = self.same.setdefault(same, entry.line)
        if line != entry.line:
            return fault(
                entry.line,
                "login",
                str(entry.login),
                f"Is the same as line {line}: if both are meant, give each a reference of its own.",
            )
        if key:
            line = self.named.setdefault(name, entry.line)
            if line != entry.line:
                return fault(
                    entry.line,
                    "reference",
                    entry.reference,
                    f"The reference is already that of line {line}, a {entry.kind.label} too.",
                )
        return None

    def before(self, entries: Sequence[Entry]) -> Iterator[Fault]:
        """Twins of these lines among what was asked for within 30 days."""
        logins = {entry.login for entry in entries}
        keys = {entry.reference: key_of(entry.reference) for entry in entries}
        same, _ = earlier(self.file, Q(login__in=logins))
        _, named = earlier(
            self.file, Q(external_reference_key__in=set(filter(None, keys.values())))
        )
        for entry in entries:
            key = keys[entry.reference]
            name = (str(entry.kind), key)
            other = same.get((entry.login, str(entry.kind), entry.amount, key))
            if other:
                yield fault(
                    entry.line,
                    "login",
                    str(entry.login),
                    f"The same was asked for within 30 days: {other}. If this is another payment, "
                    "give it a reference of its own.",
                )
            elif key and name in named:
                yield fault(
                    entry.line,
                    "reference",
                    entry.reference,
                    f"The reference was used within 30 days: {named[name]}.",
                )


def earlier(file: BulkFile, about: Q) -> tuple[dict[Same, str], dict[Name, str]]:
    """Recent payments and lines of other files, by what a twin has in common; the values say
    which they are: of several one that whoever uploaded the file may see, if there is one.
    `about` narrows by `login` and `external_reference_key`.
    """
    since = timezone.now() - WITHIN
    payments: QuerySet[Payment] = Payment.objects.filter(
        about, platform=file.platform_id, created__gte=since
    ).exclude(status__in=NOT_MOVED)
    files = BulkFile.objects.filter(
        platform=file.platform_id, created__gte=since, state__in=COUNTED
    ).exclude(pk=file.pk)
    items = BulkItem.objects.filter(about, file__in=list(files.values_list("pk", flat=True)))
    same: dict[Same, str] = {}
    named: dict[Name, str] = {}
    columns = ("login", "kind", "amount", "external_reference_key", "reference", "mt4_group")
    sees = cache(lambda group: file.uploaded_by.sees(file.platform_id, group))
    for rows in (payments, items.exclude(state__in=NOT_SENT)):
        found = rows.order_by().values_list(*columns)
        for login, kind, amount, key, reference, group in found.iterator(chunk_size=2000):
            shown = reference if sees(group) else ""
            twin, name = (login, kind, amount, key), (kind, key)
            same[twin] = shown or same.get(twin, HIDDEN)
            if key:
                named[name] = shown or named.get(name, HIDDEN)
    return same, named


def twins_of(file: BulkFile, items: QuerySet[BulkItem]) -> list[Fault]:
    """Twins, asked for elsewhere, of lines that are stored already."""
    found: list[Fault] = []
    rows = items.order_by("line").values_list(*_ENTRY)
    twins = Twins(file)
    for some in portions(rows.iterator(chunk_size=AT_ONCE), AT_ONCE):
        entries = [
            Entry(line, login, Kind(kind), amount, currency, reference)
            for line, login, kind, amount, currency, reference in some
        ]
        found += twins.before(entries)
    return found


_ENTRY = ("line", "login", "kind", "amount", "currency", "external_reference")
AT_ONCE = 2_000
