"""Whose trade records are these: an account's group and currency, which the records leave out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.apps import apps

from panel.models import Platform
from panel.mt4.protocol.records import User
from panel.mt4.read import reader
from panel.ui.account import groups_of

T = TypeVar("T")

# Logins travel in the address of a call, and proxies refuse addresses beyond some 8 kB.
LOGINS_PER_CALL = 250


@dataclass(frozen=True, slots=True)
class Owner:
    """What a person's scopes and every amount depend on."""

    group: str
    currency: str


def portions(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of `size`, the last one shorter."""
    remaining = iter(items)
    while portion := list(islice(remaining, size)):
        yield portion


def all_owners(platform: Platform) -> dict[int, Owner]:
    """Every account by login, from the mirror of accounts; live as long as that is empty.

    Raises the errors of `panel.mt4.errors`.
    """
    known = _mirrored(platform)
    if known:
        return known
    return _owners(
        platform, (user for page in reader(platform.connection).accounts() for user in page)
    )


def owners_of(platform: Platform, logins: Iterable[int]) -> dict[int, Owner]:
    """Some accounts by login; those the mirror does not know yet are read live.

    What MT4 does not know either is left out. Raises the errors of `panel.mt4.errors`.
    """
    known = _mirrored(platform)
    missing = sorted(set(logins) - known.keys())
    for some in portions(missing, LOGINS_PER_CALL):
        known |= _owners(platform, reader(platform.connection).accounts_of(some))
    return known


def _mirrored(platform: Platform) -> dict[int, Owner]:
    rows = apps.get_model("accounts", "Account").objects.filter(
        platform=platform, gone__isnull=True
    )
    return {
        login: Owner(group, currency)
        for login, group, currency in rows.values_list("login", "group", "currency")
    }


def _owners(platform: Platform, users: Iterable[User]) -> dict[int, Owner]:
    currencies = {name: group.currency for name, group in groups_of(platform).items()}
    return {user.login: Owner(user.group, currencies.get(user.group, "")) for user in users}
