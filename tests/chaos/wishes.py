"""What the clients of a broker want in a day: payments of every kind, made up from a seed.

Each wish says beforehand what it is to do to which account, to the cent, in the test's own
arithmetic: what the panel and MT4 hold in the end is compared with that.
"""

from __future__ import annotations

import enum
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import partial

from django.utils import timezone

from panel.commands.base import Command
from panel.models import ChangeRequest
from payments.adjustments import Correction
from payments.commands import CreditIn, CreditOut, Deposit, Withdraw
from payments.transfers import Transfer
from tests.payments.bulk.files import TO

CENT = Decimal("0.01")
# More than anything here takes out: what is refused is refused on purpose.
OPENING = Decimal("50000.00")
# A poor account bears one withdrawal of this kind, and is asked for several at once.
POOR_OPENING, POOR_WITHDRAWAL, POOR_TRIES = Decimal("100.00"), Decimal("60.00"), 5
RATES = {("USD", "EUR"): Decimal("0.9173"), ("EUR", "USD"): Decimal("1.0906")}


class Fate(enum.Enum):
    """What must become of a wish."""

    # Carried out; or, where two people had to settle it, not at all.
    SURE = enum.auto()
    # The receiving account refuses it: what left the source comes back.
    REFUSED = enum.auto()
    # One of several that there is money for once.
    RACE = enum.auto()


@dataclass(frozen=True, order=True)
class Move:
    """A record that MT4 is to have: signed, in the account's currency."""

    login: int
    is_credit: bool
    amount: Decimal


@dataclass
class Wish:
    """A payment to be asked for. Chargebacks and returns look for what they undo when it is their
    turn; then `kind` alone is known beforehand.
    """

    kind: str
    fate: Fate = Fate.SURE
    command: Command | None = None
    moves: tuple[Move, ...] = ()
    request: ChangeRequest | None = None


@dataclass(frozen=True)
class Accounts:
    """Logins by what they are for; `currency` of each. The losing ones are among the rich: MT4 will
    lose one operation of each for good, without saying so.
    """

    rich: tuple[int, ...]
    poor: tuple[int, ...]
    refusing: tuple[int, ...]
    losing: tuple[int, ...]
    currency: dict[int, str]


@dataclass
class Plan:
    """Everything that is to be asked for, in the order in which it is asked."""

    accounts: Accounts
    chance: random.Random
    wishes: list[Wish] = field(default_factory=list)

    def fill(self, count: int) -> None:
        """So many wishes, mixed; what undoes something comes late."""
        early = [self._poor(login) for login in self.accounts.poor for _ in range(POOR_TRIES)]
        late = [Wish("chargeback") for _ in range(count // 25)]
        late += [Wish("return") for _ in range(count // 25)]
        ways: list[tuple[Callable[[], Wish], int]] = [
            (self._deposit, 30),
            (self._withdrawal, 24),
            (self._credit_in, 8),
            (self._credit_out, 8),
            (partial(self._transfer, same_currency=True), 9),
            (partial(self._transfer, same_currency=False), 7),
            (self._refused_transfer, 2),
            (self._correction, 12),
        ]
        makers = self.chance.choices(
            [way for way, _ in ways],
            weights=[weight for _, weight in ways],
            k=count - len(early) - len(late),
        )
        early += [make() for make in makers]
        self.chance.shuffle(early)
        half = len(early) // 2
        rest = early[half:] + late
        self.chance.shuffle(rest)
        self.wishes = early[:half] + rest

    def bulk_lines(self, count: int, name: str) -> tuple[list[str], list[Move]]:
        """The lines of a file, and what each does; the last two are refused by MT4."""
        lines, moves = [], []
        for number in range(count):
            kind, sign, is_credit = self.chance.choice(
                [
                    ("deposit", 1, False),
                    ("deposit", 1, False),
                    ("withdrawal", -1, False),
                    ("credit_in", 1, True),
                    ("credit_out", -1, True),
                ]
            )
            login, amount = self._rich(), self.amount()
            if number >= count - 2:
                login, kind, sign, is_credit = self.accounts.refusing[0], "deposit", 1, False
            currency = self.accounts.currency[login]
            to = TO if kind == "withdrawal" else ""
            lines.append(f"{login},{kind},{amount},{currency},{name}-{number},{to}")
            moves.append(Move(login, is_credit, sign * amount))
        return lines, moves

    def amount(self) -> Decimal:
        """Between a cent and two hundred."""
        return Decimal(self.chance.randint(1, 20_000)) / 100

    def _rich(self) -> int:
        return self.chance.choice(self.accounts.rich)

    def _deposit(self) -> Wish:
        login, amount = self._rich(), self.amount()
        method = self.chance.choice(["bank", "card", "wallet"])
        command = Deposit(platform="demo", login=login, amount=amount, method=method)
        return Wish("deposit", command=command, moves=(Move(login, False, amount),))

    def _withdrawal(self) -> Wish:
        login, amount = self._rich(), self.amount()
        command = Withdraw(platform="demo", login=login, amount=amount)
        return Wish("withdrawal", command=command, moves=(Move(login, False, -amount),))

    def _poor(self, login: int) -> Wish:
        command = Withdraw(platform="demo", login=login, amount=POOR_WITHDRAWAL, method="internal")
        return Wish("poor", Fate.RACE, command, (Move(login, False, -POOR_WITHDRAWAL),))

    def _credit_in(self) -> Wish:
        login, amount = self._rich(), self.amount()
        command = CreditIn(platform="demo", login=login, amount=amount, expiration=in_a_year())
        return Wish("credit in", command=command, moves=(Move(login, True, amount),))

    def _credit_out(self) -> Wish:
        login, amount = self._rich(), self.amount()
        command = CreditOut(platform="demo", login=login, amount=amount)
        return Wish("credit out", command=command, moves=(Move(login, True, -amount),))

    def _correction(self) -> Wish:
        login, amount = self._rich(), self.amount()
        direction, sign = self.chance.choice([("in", 1), ("out", -1)])
        command = Correction(platform="demo", login=login, amount=amount, direction=direction)
        return Wish("correction", command=command, moves=(Move(login, False, sign * amount),))

    def _transfer(self, *, same_currency: bool) -> Wish:
        source, amount = self._rich(), max(self.amount(), Decimal(1))
        money = self.accounts.currency
        target = self.chance.choice(
            [
                login
                for login in self.accounts.rich
                if login != source
                and (money[login] == money[source]) is same_currency
                # Two operations lost by one transfer would be money on neither account.
                and not {login, source} <= {*self.accounts.losing}
            ]
        )
        rate = None if same_currency else RATES[money[source], money[target]]
        gets = (amount * (rate or 1)).quantize(CENT, ROUND_HALF_UP)
        command = Transfer(platform="demo", login=source, to_login=target, amount=amount, rate=rate)
        moves = (Move(source, False, -amount), Move(target, False, gets))
        return Wish("transfer" if same_currency else "exchange", command=command, moves=moves)

    def _refused_transfer(self) -> Wish:
        refusing = self.chance.choice(self.accounts.refusing)
        money = self.accounts.currency
        source = self.chance.choice(
            [
                login
                for login in self.accounts.rich
                if money[login] == money[refusing] and login not in self.accounts.losing
            ]
        )
        amount = self.amount()
        command = Transfer(platform="demo", login=source, to_login=refusing, amount=amount)
        moves = (Move(source, False, -amount), Move(source, False, amount))
        return Wish("refused transfer", Fate.REFUSED, command, moves)


def in_a_year() -> date:
    """Until when credit is given."""
    return timezone.localdate() + timedelta(days=365)
