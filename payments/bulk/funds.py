"""Whether the accounts can bear what a file takes out of them, read live, many at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from decimal import ROUND_DOWN, Decimal

from panel.lib.money import ZERO, quantize, show
from panel.models import Platform
from panel.mt4 import rules
from panel.mt4.protocol.records import MarginLevel, User
from panel.mt4.read import reader
from panel.ui.owners import LOGINS_PER_CALL, portions
from payments.bulk.engine.threads import senders
from payments.bulk.rows import Entry, Fault, fault
from payments.models import Kind


class Funds:
    """Gathers what a file takes out, by account, and holds it against the accounts at the end.

    What the same file pays in does not count: which line comes first is not promised. The figures
    are looked at again right before each line is sent.
    """

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.currencies: dict[int, str] = {}
        self.taken: dict[Kind, dict[int, list[tuple[int, Decimal]]]] = {
            Kind.WITHDRAWAL: defaultdict(list),
            Kind.CREDIT_OUT: defaultdict(list),
            Kind.CORRECTION_OUT: defaultdict(list),
        }

    def note(self, entry: Entry) -> None:
        """Remember a line that takes something out."""
        if entry.kind in self.taken:
            self.taken[entry.kind][entry.login].append((entry.line, entry.amount))
            self.currencies[entry.login] = entry.currency

    def short(self, still_mine: Callable[[], None]) -> Iterator[Fault]:
        """The lines from which on an account has not enough. Raises the errors of
        `panel.mt4.errors`, and what `still_mine` raises, which is called between two portions.
        """
        live = reader(self.platform.connection)
        withdrawn, credit = self.taken[Kind.WITHDRAWAL], self.taken[Kind.CREDIT_OUT]
        corrected = self.taken[Kind.CORRECTION_OUT]
        for some in portions(sorted({*withdrawn, *credit, *corrected}), LOGINS_PER_CALL):
            still_mine()
            # Not in one answer with all accounts of the server: that would have no bounds.
            asked = [login for login in some if login in withdrawn]
            margins = live.margin_levels_of(asked, senders().slots)
            for user in live.accounts_of(some):
                currency = self.currencies[user.login]
                if user.login in withdrawn:
                    most = withdrawable(user, margins.get(user.login), currency)
                    words = "can be withdrawn from"
                    yield from _beyond(user.login, withdrawn[user.login], most, words, currency)
                if user.login in credit:
                    most, words = max(user.credit, ZERO), "of credit is there on"
                    yield from _beyond(user.login, credit[user.login], most, words, currency)
                if user.login in corrected:
                    most, words = max(user.balance, ZERO), "of balance is there on"
                    yield from _beyond(user.login, corrected[user.login], most, words, currency)


def withdrawable(user: User, margin: MarginLevel | None, currency: str) -> Decimal:
    """The most that can be withdrawn, in the account's currency; nothing without its margins."""
    if margin is None:
        return ZERO
    most = rules.withdrawable(
        balance=user.balance,
        credit=user.credit,
        equity=margin.equity,
        margin=margin.margin,
        currency=currency,
    )
    free = quantize(margin.free - user.credit, currency, rounding=ROUND_DOWN)
    return max(ZERO, min(most, free))


def _beyond(
    login: int, lines: list[tuple[int, Decimal]], most: Decimal, words: str, currency: str
) -> Iterator[Fault]:
    def text(amount: Decimal) -> str:
        return show(amount, currency, named=False)

    total = ZERO
    for line, amount in sorted(lines):
        total += amount
        if total > most:
            before = "" if len(lines) == 1 else f"; with the lines before, {text(total)} are asked"
            yield fault(line, "amount", f"{amount}", f"{text(most)} {words} {login}{before}.")
