"""The accounts that a file speaks of, many at a time: from the mirror, else live."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps

from panel.models import Platform
from panel.mt4.read import reader
from panel.ui.account import groups_of
from panel.ui.owners import LOGINS_PER_CALL, portions

# Logins that the mirror does not have are asked for live, but not a whole file of wrong ones.
ASK_AT_MOST = 1_000


@dataclass(frozen=True, slots=True)
class Known:
    """An account as far as a line of a file depends on it."""

    group: str
    currency: str
    name: str


class Accounts:
    """Looks up accounts of one platform; the mirror may be half a minute behind."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.asked = 0

    def of(self, logins: Iterable[int]) -> dict[int, Known]:
        """Those of the logins that exist. Raises the errors of `panel.mt4.errors`."""
        wanted = set(logins)
        rows = apps.get_model("accounts", "Account").objects.filter(
            platform=self.platform, login__in=wanted, gone__isnull=True
        )
        found = {
            login: Known(group, currency, name)
            for login, group, currency, name in rows.values_list(
                "login", "group", "currency", "name"
            )
        }
        missing = sorted(wanted - found.keys())[: ASK_AT_MOST - self.asked]
        self.asked += len(missing)
        for some in portions(missing, LOGINS_PER_CALL):
            found |= self._live(some)
        return found

    def _live(self, logins: list[int]) -> dict[int, Known]:
        currencies = {name: group.currency for name, group in groups_of(self.platform).items()}
        return {
            user.login: Known(user.group, currencies.get(user.group, ""), user.name)
            for user in reader(self.platform.connection).accounts_of(logins)
        }
