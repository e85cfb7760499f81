"""Taking lines: several lanes at once, by row locks that pass over each other's lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Min, Q
from django.utils import timezone

from panel.commands import holds, restoration
from panel.lib import rows
from panel.lib.clock import uptime
from panel.models import ChangeRequest
from payments.bulk.engine.chunk import OPEN, OUT, Chunk, State, call_over, new_token
from payments.models import BulkFile, BulkItem
from payments.watermark import Watermark

SIZE = 200
"""Lines in a chunk: few enough to stop soon, many enough to write their outcomes at once."""
WAIT = 2
"""Seconds after which a line is looked at again whose account is taken."""


def claim(file: BulkFile, run: ChangeRequest) -> Chunk | None:
    """The next lines of a file, their accounts held and the intent committed; None if there is
    nothing to take now. A chunk without lines found only accounts that are taken: ask again.
    """
    if restoration.is_open():
        return None
    begun, now = uptime(), timezone.now()
    chunk = Chunk(
        file=file,
        run=run,
        platform=file.platform,
        token=new_token(),
        lease_until=now + timedelta(seconds=settings.EXECUTION_LEASE),
        send_before=begun + settings.EXECUTION_LEASE,
    )
    with transaction.atomic():
        if not runs(file):
            return None
        items = list(
            BulkItem.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(Q(not_before__isnull=True) | Q(not_before__lte=now), file=file)
            .filter(state=State.READY)
            .order_by("line")[:SIZE]
        )
        if not items:
            return None
        accounts = _by_account(items)
        ours = _hold(chunk, accounts)
        chunk.accounts = {login: accounts[login] for login in accounts if login in ours}
        taken = {item.pk for item in chunk.items}
        left = [item for item in items if item.pk not in taken]
        if left:
            BulkItem.objects.filter(pk__in=[item.pk for item in left]).update(
                not_before=now + timedelta(seconds=WAIT)
            )
            chunk.later = [item.pk for item in left if item.login in chunk.accounts]
        _write(chunk)
    return chunk


def runs(file: BulkFile) -> bool:
    """Whether lines may be sent: neither was the file stopped, nor its platform switched off."""
    rows = BulkFile.objects.filter(pk=file.pk, state=BulkFile.State.RUNNING)
    return rows.filter(platform__enabled=True).exists()


def _by_account(items: list[BulkItem]) -> dict[int, list[BulkItem]]:
    """Lines by account: several in a row that put in, or a single one that takes out."""
    accounts: dict[int, list[BulkItem]] = {}
    closed: set[int] = set()
    for item in items:
        if item.login in closed:
            continue
        if item.kind in OUT:
            closed.add(item.login)
            if item.login in accounts:
                continue
        accounts.setdefault(item.login, []).append(item)
    return accounts


def _hold(chunk: Chunk, accounts: dict[int, list[BulkItem]]) -> set[int]:
    """The accounts that are ours now: free, and without an earlier line that is still open."""
    wanted = [(login, items[0].pk) for login, items in accounts.items()]
    got = holds.take_many(chunk.platform, wanted, chunk.run)
    rows = BulkItem.objects.filter(file=chunk.file, login__in=got, state__in=OPEN)
    first = dict(rows.order_by().values_list("login").annotate(Min("line")))
    early = {login for login in got if first[login] < accounts[login][0].line}
    if early:
        holds.release_accounts(chunk.run, early)
    return got - early


def _write(chunk: Chunk) -> None:
    """Commit the claim. Live figures are looked at next; nothing is announced yet."""
    items = [item.pk for item in chunk.items]
    if items:
        BulkItem.objects.filter(pk__in=items, state=State.READY).update(
            state=State.CLAIMED,
            attempt=F("attempt") + 1,
            worker=chunk.token,
            lease_until=chunk.lease_until,
            call_until=None,
            not_before=None,
        )


def announce(chunk: Chunk, marks: Mapping[int, Watermark]) -> set[int]:
    """Commit that these claimed lines are about to be sent, each with its watermark; those that
    still are ours."""
    if not marks:
        return set()
    with transaction.atomic():
        mine = BulkItem.objects.filter(
            pk__in=marks,
            worker=chunk.token,
            state=State.CLAIMED,
            lease_until__gt=timezone.now(),
        )
        ours = set(mine.select_for_update(no_key=True).values_list("pk", flat=True))
        BulkItem.objects.filter(pk__in=ours).update(
            state=State.SENDING, call_until=call_over(chunk.lease_until)
        )
        rows.set_values(BulkItem, "mark", {pk: marks[pk].as_json() for pk in ours})
    for item in chunk.items:
        if item.pk in ours:
            item.mark = marks[item.pk].as_json()
    return ours
