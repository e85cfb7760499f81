"""Holds: one movement of money per account at a time, whatever asked for it.

A unique row per account stands while money is on its way there or its outcome is unknown. It is
taken in the transaction of the claim, before the audit entry, and given back by the step that
writes a final outcome. Rows are written in the order of logins, so that two workers that want the
same accounts wait for one another and never each for the other.
"""

from __future__ import annotations

from collections.abc import Iterable

from panel.models import ChangeRequest, Hold, Platform


class Held(RuntimeError):
    """An account is taken; `other` is the request that moves money there."""

    def __init__(self, other: ChangeRequest | None) -> None:
        self.other = other
        super().__init__(f"{other} is on the same account." if other else "The account is taken.")


def take(request: ChangeRequest, logins: Iterable[int]) -> None:
    """Hold all of these accounts for a request, or none: raises `Held` if one is taken.

    Call it inside `transaction.atomic()`; after `Held` the transaction has to be rolled back.
    """
    wanted = set(logins)
    if not wanted:
        return
    if request.platform_id is None:
        raise TypeError(f"{request.reference} is about no platform, so it holds no account.")
    Hold.objects.bulk_create(
        [
            Hold(platform_id=request.platform_id, login=login, request=request)
            for login in sorted(wanted)
        ],
        ignore_conflicts=True,
    )
    taken = Hold.objects.filter(platform_id=request.platform_id, login__in=wanted)
    others = taken.exclude(request=request, item__isnull=True).select_related("request")
    other = others.order_by("login").first()
    if other is not None:
        raise Held(other.request)
    if taken.count() != len(wanted):
        # Whoever held it gave it back between the two statements.
        raise Held(None)


def take_many(
    platform: Platform, wanted: Iterable[tuple[int, int]], request: ChangeRequest
) -> set[int]:
    """Hold accounts for the items of a request, as many as are free: `(login, item)` pairs.

    Answers with the logins that were got. Of two items on one account the first is taken, and the
    other has to come again. Call it inside `transaction.atomic()`.
    """
    pairs: dict[int, int] = {}
    for login, item in wanted:
        pairs.setdefault(login, item)
    if not pairs:
        return set()
    Hold.objects.bulk_create(
        [
            Hold(platform=platform, login=login, request=request, item=item)
            for login, item in sorted(pairs.items())
        ],
        ignore_conflicts=True,
    )
    mine = Hold.objects.filter(platform=platform, request=request, login__in=pairs)
    return {login for login, item in mine.values_list("login", "item") if pairs[login] == item}


def release(request: ChangeRequest) -> None:
    """Give back everything a request holds."""
    Hold.objects.filter(request=request).delete()


def release_accounts(request: ChangeRequest, logins: Iterable[int]) -> None:
    """Give back these accounts of a request."""
    Hold.objects.filter(request=request, login__in=list(logins)).delete()


def hand_over(request: ChangeRequest, to: dict[int, ChangeRequest]) -> None:
    """Let other requests hold accounts that this one holds: by login. No moment lies between.

    An account that another part of the same file has been handed already stays with that.
    """
    release_accounts(request, to)
    Hold.objects.bulk_create(
        [
            Hold(platform=other.platform, login=login, request=other)
            for login, other in sorted(to.items())
        ],
        ignore_conflicts=True,
    )
