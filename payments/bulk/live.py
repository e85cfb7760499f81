"""What MT4 says of the accounts of a file's lines, read live, many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from panel.models import Platform
from panel.mt4.protocol.records import Trade, User
from panel.mt4.read import Reader, reader
from payments.bulk.engine.threads import senders
from payments.desk.money import LAST
from payments.desk.trading import Trading, not_new, trading_from
from payments.evidence import DOUBT
from payments.models import Kind
from payments.standing import Standing, standing_from


@dataclass(slots=True)
class Live:
    """Accounts by login; one that is missing here is not there any more.

    `trading` is read for accounts of withdrawals; None where MT4 would not tell.
    """

    standings: dict[int, Standing] = field(default_factory=dict)
    trading: dict[int, Trading | None] = field(default_factory=dict)


class LiveAccounts:
    """Reads accounts of one platform. The groups are read once, when it is made.

    One call for each portion of accounts; for each account that money leaves one more for its
    margins, and for each with a withdrawal two for its trading. Raises the errors of
    `panel.mt4.errors`.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._reader: Reader = reader(platform.connection)
        self._currencies = {group.group: group.currency for group in self._reader.groups()}

    def read(self, kinds: Mapping[int, Iterable[str]]) -> Live:
        """The accounts of these logins, as far as the kinds of their lines ask for it."""
        users = self._reader.accounts_of(kinds)
        out = [user.login for user in users if any(Kind(kind).is_out for kind in kinds[user.login])]
        margins = self._reader.margin_levels_of(out, senders().slots) if out else {}
        withdrawn = [user for user in users if Kind.WITHDRAWAL in kinds[user.login]]
        return Live(
            {
                user.login: standing_from(
                    user, self._currencies.get(user.group, ""), margins.get(user.login)
                )
                for user in users
            },
            self._trading(withdrawn) if withdrawn else {},
        )

    def _trading(self, users: Iterable[User]) -> dict[int, Trading | None]:
        now = self._platform.server_time()
        accounts = {user.login: user.group for user in users}
        told = self._reader.trading_of_many(
            accounts.items(), now - LAST, now + DOUBT, senders().slots
        )
        found = self._found(told)
        # Where the last trade lies further back, so may deposits that came after it.
        older = [(login, group) for login, group in accounts.items() if _is_older(found.get(login))]
        whole = self._reader.trading_of_many(older, None, None, senders().slots) if older else {}
        for login, trading in self._found(whole).items():
            found[login] = found[login].with_older(trading)
        return {login: found.get(login) for login in accounts}

    def _found(self, told: Mapping[int, tuple[list[Trade], list[Trade]]]) -> dict[int, Trading]:
        records = [trade for _, history in told.values() for trade in history]
        skipped = not_new(self._platform, records)
        return {
            login: trading_from(opened, history, skipped)
            for login, (opened, history) in told.items()
        }


def _is_older(trading: Trading | None) -> bool:
    return trading is not None and trading.traded is None
