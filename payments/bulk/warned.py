"""The warnings of a file's lines: what a single payment says, told of each of many.

The words are those of the single commands and of the desk (`payments.checks`, `payments.desk`);
here the facts are read for a portion of accounts at a time, and a line counts for those after it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from django.db.models import QuerySet

from panel.commands.base import Check
from panel.ui.owners import LOGINS_PER_CALL, portions
from payments.bulk.live import Live, LiveAccounts
from payments.bulk.single import single
from payments.desk.money import Way, source_checks, velocity_checks, ways_of
from payments.desk.trading import Trading, trading_checks
from payments.facts import Asked, Facts, facts_of
from payments.models import NEEDS_DECISION, BulkFile, BulkItem, Kind, Method, Payment, Topic
from payments.standing import Standing

LONGEST = 400


@dataclass(frozen=True, slots=True)
class Warned:
    """One thing to be known of a line, as it is stored."""

    line: int
    level: str
    topic: str
    text: str
    decide: bool


def warnings_of(
    file: BulkFile, items: QuerySet[BulkItem], *, exclude: str
) -> Iterator[tuple[int, list[Warned]]]:
    """By portions of accounts: how many lines were looked at, and what is to be known of them.

    `exclude` is the reference of the request that carries the file out, if there is one: what it
    moves does not count against itself. Raises the errors of `panel.mt4.errors`.
    """
    accounts = LiveAccounts(file.platform)
    logins = items.order_by("login").values_list("login", flat=True).distinct()
    for some in portions(logins, LOGINS_PER_CALL):
        lines = defaultdict[int, list[BulkItem]](list)
        for item in items.filter(login__in=some).order_by("login", "line"):
            lines[item.login].append(item)
        portion = _Portion(file, lines, exclude, accounts)
        yield sum(map(len, lines.values())), list(portion.warnings())


class _Portion:
    """Some accounts with their lines, and everything that is known of them."""

    def __init__(
        self, file: BulkFile, lines: dict[int, list[BulkItem]], exclude: str, accounts: LiveAccounts
    ) -> None:
        self.file = file
        self.lines = lines
        kinds = {login: {item.kind for item in items} for login, items in lines.items()}
        self.live: Live = accounts.read(kinds)
        references = [item.external_reference for items in lines.values() for item in items]
        self.facts: Facts = facts_of(file.platform, lines, references, exclude=exclude)
        withdrawn = [login for login, asked in kinds.items() if Kind.WITHDRAWAL in asked]
        self.ways: dict[int, list[Way]] = {}
        if withdrawn:
            rows = Payment.objects.filter(platform=file.platform, login__in=withdrawn)
            self.ways = ways_of(rows.exclude(request__reference=exclude))

    def warnings(self) -> Iterator[Warned]:
        """What is to be known of each line, account by account."""
        for login, items in self.lines.items():
            standing = self.live.standings.get(login)
            if standing is None:
                gone = Check("stop", f"There is no account {login} any more.", Topic.GONE)
                yield from (_warned(item, gone) for item in items)
                continue
            account = _Account(
                self.file,
                self.facts,
                standing,
                standing,
                self.ways.get(login, []),
                self.live.trading.get(login),
            )
            for item in items:
                for check in account.checks(item):
                    if check.level != "ok":
                        yield _warned(item, check)
                account.count(item)


@dataclass(slots=True)
class _Account:
    """One account while its lines are looked at: `now` is what the lines before leave of it."""

    file: BulkFile
    facts: Facts
    live: Standing
    now: Standing
    ways: list[Way]
    trading: Trading | None
    before: list[BulkItem] = field(default_factory=list)

    def checks(self, item: BulkItem) -> Iterator[Check]:
        """Everything that the single payment and the desk would tell of the line."""
        command = single(item, self.file)
        if self.now.currency != item.currency:
            text = f"The account is in {self.now.currency or 'an unknown currency'} now."
            yield Check("stop", text, Topic.CURRENCY)
        for check in command.account_checks(self.now, command.then_of(self.now)):
            counted = self.now is not self.live and check.about in (Topic.FUNDS, Topic.MARGIN)
            yield replace(check, text=f"{check.text} {BEFORE}") if counted else check
        yield from command.panel_checks(self.live, self.facts)
        if item.kind == Kind.WITHDRAWAL:
            yield from self._desk(item)

    def _desk(self, item: BulkItem) -> Iterator[Check]:
        if self.file.method != Method.INTERNAL and not item.beneficiary.strip():
            yield Check("warn", "Nobody says who is paid.", Topic.BENEFICIARY)
        yield from source_checks(self.file.method, item.amount, item.currency, self.ways)
        day = self.facts.of(item.login).withdrawn
        yield from velocity_checks(day.number + 1, day.total + item.amount, item.currency)
        if self.trading is None:
            yield Check("warn", "MT4 did not tell what the account traded.", Topic.UNREAD)
        else:
            yield from trading_checks(self.trading, item.currency)

    def count(self, item: BulkItem) -> None:
        """From here on the line counts as asked for: for the next ones of its account."""
        kind, facts = Kind(item.kind), self.facts.of(item.login)
        place = f"line {item.line} of this file"
        asked = Asked(item.reference, item.login, item.kind, item.amount, place)
        facts.asked_lately(asked)
        if kind is Kind.WITHDRAWAL:
            facts.leaving.add(item.amount)
            self._gone(item.amount)
        if kind.is_out:
            # What the file puts in does not count: which line comes first is not promised.
            self.now = single(item, self.file).then_of(self.now)

    def _gone(self, amount: Decimal) -> None:
        method = Method(self.file.method)
        for way in self.ways:
            if way.method == method:
                way.went += amount
                return
        self.ways.append(Way(method, method.label, went=amount))


BEFORE = "The lines before it are counted."


def _warned(item: BulkItem, check: Check) -> Warned:
    topic = Topic(check.about) if check.about else Topic.OTHER
    decide = check.level == "stop" or topic in NEEDS_DECISION
    return Warned(item.line, check.level, topic, check.text[:LONGEST], decide)
